//! Sorting on the server (RFC 2891).

use std::cmp::Ordering;

use ldap3_proto::LdapResultCode;
use ldap3_proto::control::{LdapControl, ServerSortRequet, ServerSortResult};
use ldap3_proto::proto::LdapResult;

use super::refusal;
use crate::Dialect;
use crate::directory::Directory;
use crate::filter::compare;
use crate::known;
use crate::schema::Attr;

/// The keys that were asked for: attribute, and whether from the end.
pub(super) fn keys(
    controls: &[LdapControl],
    dialect: Dialect,
) -> Result<Option<Vec<(Attr, bool)>>, LdapResult> {
    let asked = controls.iter().find_map(|control| match control {
        LdapControl::ServerSort { sort_requests } => Some(sort_requests),
        _ => None,
    });
    asked.map(|keys| keys.iter().map(|key| one(key, dialect)).collect()).transpose()
}

fn one(key: &ServerSortRequet, dialect: Dialect) -> Result<(Attr, bool), LdapResult> {
    let Some(attr) = Attr::named(&key.attribute_name).filter(|attr| known(dialect, *attr)) else {
        let message = "serverSort control: Unrecognized attribute type in sort key";
        return Err(refusal(LdapResultCode::NoSuchAttribute, message));
    };
    // Most attributes of OpenLDAP's schema have no ordering rule of their own: the client names one.
    if dialect == Dialect::OpenLdap && key.ordering_rule.is_none() && !attr.kind().ordered {
        let message = "serverSort control: No ordering rule";
        return Err(refusal(LdapResultCode::InappropriateMatching, message));
    }
    Ok((attr, key.reverse_order))
}

pub(super) fn sorted() -> LdapControl {
    let sort_result = ServerSortResult { result_code: LdapResultCode::Success, attribute_type: None };
    LdapControl::ServerSortResult { sort_result }
}

/// Sorts entries; who lacks the attribute comes last (RFC 2891, section 2.2), or first from the end.
pub(super) fn sort(ids: &mut [u32], keys: &[(Attr, bool)], directory: &Directory) {
    ids.sort_by_cached_key(|id| Key {
        parts: keys.iter().map(|(attr, reverse)| (*attr, *reverse, lowest(directory, *id, *attr))).collect(),
        id: *id,
    });
}

fn lowest(directory: &Directory, id: u32, attr: Attr) -> Option<Vec<u8>> {
    let values = directory.values(id, attr);
    let normal = values.iter().map(|value| attr.normal(value).into_owned());
    normal.min_by(|one, other| compare(attr, one, other))
}

#[derive(PartialEq, Eq)]
struct Key {
    parts: Vec<(Attr, bool, Option<Vec<u8>>)>,
    id: u32,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = self.parts.iter().zip(&other.parts).map(|((attr, reverse, one), (_, _, other))| {
            let order = match (one, other) {
                (Some(one), Some(other)) => compare(*attr, one, other),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            if *reverse { order.reverse() } else { order }
        });
        parts.fold(Ordering::Equal, Ordering::then).then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
