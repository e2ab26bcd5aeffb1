//! An entry as the client gets to see it: the attributes asked for, their values in ranges, and what a control adds.

use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapMsg, LdapOp, LdapPartialAttribute, LdapSearchResultEntry, SyncStateValue};

use crate::Dialect;
use crate::directory::Directory;
use crate::entry::{State, Value};
use crate::known;
use crate::schema::Attr;

/// How found entries are shown.
#[derive(Debug)]
pub(super) struct Look {
    pub wanted: Wanted,
    pub types_only: bool,
    /// Values of one attribute at once.
    pub value_limit: usize,
    /// Names with GUID and SID in front (MS-ADTS, 3.1.1.3.4.1.5): hexadecimal (0) or as text (1).
    pub extended: Option<i32>,
    pub dressing: Dressing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dressing {
    Plain,
    /// With a sync state control (RFC 4533): "add", whatever happened.
    Sync,
    /// DirSync: only attributes that changed after this update sequence number.
    DirSync(u64),
}

/// The attributes that were asked for (RFC 4511, section 4.5.1.8).
#[derive(Debug, Default)]
pub(super) struct Wanted {
    user: bool,
    operational: bool,
    named: Vec<(Attr, Option<Range>)>,
}

/// `;range=first-last`, the last one included; no last: to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: usize,
    last: Option<usize>,
}

impl Wanted {
    pub(super) fn read(names: &[String], dialect: Dialect) -> Self {
        let mut wanted = Self { user: names.is_empty(), ..Self::default() };
        for name in names {
            match name.as_str() {
                "*" => wanted.user = true,
                "+" => wanted.operational = true,
                _ => {
                    let (name, options) = name.split_once(';').unwrap_or((name, ""));
                    if let Some(attr) = Attr::named(name).filter(|attr| known(dialect, *attr)) {
                        wanted.named.push((attr, range(options)));
                    }
                }
            }
        }
        wanted
    }

    fn has(&self, attr: Attr, dialect: Dialect) -> Option<Option<Range>> {
        if let Some((_, range)) = self.named.iter().find(|(named, _)| *named == attr) {
            return Some(*range);
        }
        let hidden =
            attr.kind().operational && !(attr == Attr::MEMBER_OF && dialect == Dialect::ActiveDirectory);
        let shown = if hidden { self.operational } else { self.user };
        shown.then_some(None)
    }

    /// Whether one that is no attribute of entries was asked for, by class or by name.
    pub(super) fn has_foreign(&self, names: &[String], name: &str, operational: bool) -> bool {
        let shown = if operational { self.operational } else { self.user };
        shown || names.iter().any(|asked| asked.eq_ignore_ascii_case(name))
    }
}

fn range(options: &str) -> Option<Range> {
    let bounds = options.split(';').find_map(|option| {
        let (name, bounds) = option.split_once('=')?;
        name.eq_ignore_ascii_case("range").then_some(bounds)
    })?;
    let (first, last) = bounds.split_once('-')?;
    let last = if last == "*" { None } else { Some(last.parse().ok()?) };
    Some(Range { first: first.parse().ok()?, last })
}

impl Look {
    /// The message with an entry; `None` when it went in the meantime.
    pub(super) fn render(&self, directory: &Directory, id: u32, msgid: i32) -> Option<LdapMsg> {
        let entry = directory.entry(id);
        if entry.state == State::Gone {
            return None;
        }
        let attributes = match self.dressing {
            Dressing::DirSync(since) => self.changed(directory, id, since)?,
            _ => self.attributes(directory, id),
        };
        let dn = self.name(directory, &entry.dn, Some(id));
        let op = LdapOp::SearchResultEntry(LdapSearchResultEntry { dn, attributes });
        let controls = if self.dressing == Dressing::Sync {
            let state = SyncStateValue::Add;
            vec![LdapControl::SyncState { state, entry_uuid: entry.uuid, cookie: None }]
        } else {
            Vec::new()
        };
        Some(LdapMsg::new_with_ctrls(msgid, op, controls))
    }

    fn attributes(&self, directory: &Directory, id: u32) -> Vec<LdapPartialAttribute> {
        let mut all = Vec::new();
        // Few names, many attributes: what was named is looked up, a whole entry is gone through.
        let present = if self.wanted.user || self.wanted.operational {
            directory.attributes(id)
        } else {
            self.wanted.named.iter().map(|(attr, _)| *attr).collect()
        };
        for attr in present {
            let Some(range) = self.wanted.has(attr, directory.dialect) else { continue };
            let values = directory.values(id, attr);
            if !values.is_empty() {
                self.push(&mut all, directory, attr, &values, range);
            }
        }
        all
    }

    /// What DirSync shows: always the GUID, and of the attributes asked for those that changed, removed ones without
    /// a value. `None` when none of them did.
    fn changed(&self, directory: &Directory, id: u32, since: u64) -> Option<Vec<LdapPartialAttribute>> {
        let entry = directory.entry(id);
        let mut all = Vec::new();
        let new = entry.usn_created > since;
        for attr in [Attr::OBJECT_GUID, Attr::INSTANCE_TYPE] {
            let values = directory.values(id, attr);
            self.push(&mut all, directory, attr, &values, None);
        }
        let mut told = new || entry.state == State::Tombstone;
        if entry.state == State::Tombstone {
            self.push(&mut all, directory, Attr::IS_DELETED, &directory.values(id, Attr::IS_DELETED), None);
        }
        for held in entry.all() {
            let changed = held.usn > since || new;
            let shown = self.wanted.has(held.attr, directory.dialect).is_some();
            let again = held.attr == Attr::INSTANCE_TYPE || held.attr == Attr::IS_DELETED;
            if changed && shown && !again && (!held.values.is_empty() || !new) {
                self.push(&mut all, directory, held.attr, &held.values, None);
                told = true;
            }
        }
        told.then_some(all)
    }

    fn push(
        &self,
        all: &mut Vec<LdapPartialAttribute>,
        directory: &Directory,
        attr: Attr,
        values: &[Value],
        range: Option<Range>,
    ) {
        let vals = |values: &[Value]| -> Vec<Vec<u8>> {
            if self.types_only {
                return Vec::new();
            }
            values.iter().map(|value| self.value(directory, attr, value)).collect()
        };
        let limited = values.len() > self.value_limit && self.dressing == Dressing::Plain;
        if range.is_none() && !limited {
            all.push(LdapPartialAttribute { atype: attr.name().to_owned(), vals: vals(values) });
            return;
        }
        let Range { first, last } = range.unwrap_or(Range { first: 0, last: None });
        let end = last.map_or(values.len(), |last| last.saturating_add(1)).min(values.len());
        let end = end.min(first.saturating_add(self.value_limit));
        if first >= end {
            return;
        }
        if range.is_none() {
            // The attribute itself comes without values, to say that there are more.
            all.push(LdapPartialAttribute { atype: attr.name().to_owned(), vals: Vec::new() });
        }
        let last = if end == values.len() { "*".to_owned() } else { (end - 1).to_string() };
        let atype = format!("{};range={first}-{last}", attr.name());
        all.push(LdapPartialAttribute { atype, vals: vals(&values[first..end]) });
    }

    fn value(&self, directory: &Directory, attr: Attr, value: &[u8]) -> Vec<u8> {
        if self.extended.is_none() || attr.kind().syntax != crate::schema::Syntax::Name {
            return value.to_vec();
        }
        let name = String::from_utf8_lossy(value);
        let id = directory.find(&name);
        self.name(directory, &name, id).into_bytes()
    }

    /// A name, with GUID and SID in front where they are wanted and known.
    fn name(&self, directory: &Directory, dn: &str, id: Option<u32>) -> String {
        let (Some(format), Some(id)) = (self.extended, id) else { return dn.to_owned() };
        let entry = directory.entry(id);
        let sid = entry.held(Attr::OBJECT_SID).first();
        let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
        let (guid, sid) = if format == 0 {
            (hex(&entry.uuid.to_bytes_le()), sid.map(|sid| hex(sid)))
        } else {
            (entry.uuid.to_string(), sid.map(|sid| sid_text(sid)))
        };
        let sid = sid.map(|sid| format!("<SID={sid}>;")).unwrap_or_default();
        format!("<GUID={guid}>;{sid}{dn}")
    }
}

/// `S-1-5-21-…` (MS-DTYP, section 2.4.2.1).
fn sid_text(sid: &[u8]) -> String {
    let [revision, _, rest @ ..] = sid else { return String::new() };
    let Some((authority, parts)) = rest.split_at_checked(6) else { return String::new() };
    let authority = authority.iter().fold(0_u64, |whole, octet| whole << 8 | u64::from(*octet));
    let parts = parts.chunks_exact(4).map(|part| {
        let part = part.iter().rev().fold(0_u32, |whole, octet| whole << 8 | u32::from(*octet));
        format!("-{part}")
    });
    format!("S-{revision}-{authority}{}", parts.collect::<String>())
}
