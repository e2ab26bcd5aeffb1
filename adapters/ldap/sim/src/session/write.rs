//! Changes over the protocol (RFC 4511, sections 4.6 to 4.9): the administrator's alone.

use std::sync::Arc;

use ldap3_proto::LdapResultCode;
use ldap3_proto::proto::{LdapModifyType, LdapOp, LdapPartialAttribute, LdapResult};
use uuid::Uuid;

use super::{Session, refusal, success};
use crate::Dialect;
use crate::directory::{ChangeFault, Directory, Modification, New};
use crate::dn;
use crate::entry::{Value, value};
use crate::known;
use crate::schema::Attr;

impl Session {
    pub(super) fn change(&self, op: &LdapOp) -> LdapResult {
        if !self.who.admin {
            return refusal(LdapResultCode::InsufficentAccessRights, "");
        }
        let mut directory = self.shared.directory.write();
        match apply(&mut directory, op) {
            Ok(()) => success(),
            Err(result) => result,
        }
    }
}

fn apply(directory: &mut Directory, op: &LdapOp) -> Result<(), LdapResult> {
    match op {
        LdapOp::ModifyRequest(modify) => {
            let id = find(directory, &modify.dn)?;
            let changes: Result<Vec<_>, _> = modify
                .changes
                .iter()
                .map(|change| {
                    let (attr, values) = attribute(directory.dialect, &change.modification)?;
                    match change.operation {
                        LdapModifyType::Add => Ok(Modification::Add(attr, values)),
                        LdapModifyType::Delete => Ok(Modification::Delete(attr, values)),
                        LdapModifyType::Replace => Ok(Modification::Replace(attr, values)),
                        LdapModifyType::Increment => {
                            Err(refusal(LdapResultCode::ProtocolError, "increment is not offered"))
                        }
                    }
                })
                .collect();
            directory.modify(id, &changes?).map_err(told)
        }
        LdapOp::AddRequest(add) => {
            let own: Result<Vec<_>, _> =
                add.attributes.iter().map(|given| attribute(directory.dialect, given)).collect();
            let new = New { dn: add.dn.clone(), uuid: Uuid::new_v4(), own: own?, shared: Arc::from([]) };
            directory.create(new).map(drop).map_err(told)
        }
        LdapOp::DelRequest(name) => {
            let id = find(directory, name)?;
            directory.delete(id).map_err(told)
        }
        LdapOp::ModifyDNRequest(rename) => {
            let id = find(directory, &rename.dn)?;
            let above = rename.new_superior.as_deref().or_else(|| dn::parent(&rename.dn));
            let to = format!("{},{}", rename.newrdn, above.unwrap_or_default());
            directory.rename(id, &to).map_err(told)
        }
        LdapOp::CompareRequest(compare) => {
            let id = find(directory, &compare.dn)?;
            let attr = named(directory.dialect, &compare.atype)?;
            let wanted = attr.normal(&compare.val);
            let same = directory.tested(id, attr).iter().any(|held| attr.normal(held) == wanted);
            let code = if same { LdapResultCode::CompareTrue } else { LdapResultCode::CompareFalse };
            Err(refusal(code, ""))
        }
        _ => Err(refusal(LdapResultCode::ProtocolError, "unsupported operation")),
    }
}

fn find(directory: &Directory, name: &str) -> Result<u32, LdapResult> {
    directory.find(name).ok_or_else(|| refusal(LdapResultCode::NoSuchObject, ""))
}

fn named(dialect: Dialect, name: &str) -> Result<Attr, LdapResult> {
    Attr::named(name).filter(|attr| known(dialect, *attr)).ok_or_else(|| {
        refusal(LdapResultCode::UndefinedAttributeType, format!("{name}: attribute type undefined"))
    })
}

fn attribute(dialect: Dialect, given: &LdapPartialAttribute) -> Result<(Attr, Vec<Value>), LdapResult> {
    let attr = named(dialect, &given.atype)?;
    Ok((attr, given.vals.iter().map(value).collect()))
}

fn told(fault: ChangeFault) -> LdapResult {
    let code = match fault {
        ChangeFault::NoSuchEntry => LdapResultCode::NoSuchObject,
        ChangeFault::Exists => LdapResultCode::EntryAlreadyExists,
        ChangeFault::HasChildren => LdapResultCode::NotAllowedOnNonLeaf,
        ChangeFault::BadName => LdapResultCode::InvalidDNSyntax,
        ChangeFault::Value => LdapResultCode::NoSuchAttribute,
    };
    refusal(code, fault.to_string())
}
