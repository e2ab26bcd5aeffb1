//! Attributes that follow from what an entry is.

use super::{Directory, Values, implied_classes, rdn};
use crate::Dialect;
use crate::dn;
use crate::entry::{Entry, State, Value, value};
use crate::schema::Attr;
use crate::time;

impl Directory {
    /// The values of an attribute; empty when the entry does not have it.
    pub(crate) fn values(&self, id: u32, attr: Attr) -> Values<'_> {
        let entry = self.entry(id);
        let made = match self.dialect {
            Dialect::OpenLdap => self.of_openldap(entry, attr),
            Dialect::ActiveDirectory => self.of_active_directory(entry, attr),
        };
        made.map_or_else(|| Values::Held(entry.held(attr)), Values::Made)
    }

    /// Everything that an equality or presence test of `attr` may see: at OpenLDAP, the classes that are implied.
    pub(crate) fn tested(&self, id: u32, attr: Attr) -> Values<'_> {
        if attr != Attr::OBJECT_CLASS || self.dialect != Dialect::OpenLdap {
            return self.values(id, attr);
        }
        let entry = self.entry(id);
        let mut classes = entry.held(attr).to_vec();
        classes.extend(implied_classes(entry).map(value));
        Values::Made(classes)
    }

    /// All attributes that an entry has, derived ones included.
    pub(crate) fn attributes(&self, id: u32) -> Vec<Attr> {
        let held = self.entry(id).all().filter(|held| !held.values.is_empty()).map(|held| held.attr);
        let mut all: Vec<Attr> = held.collect();
        let derived: &[Attr] = match self.dialect {
            Dialect::OpenLdap => &OPENLDAP,
            Dialect::ActiveDirectory => &ACTIVE_DIRECTORY,
        };
        all.extend(derived.iter().filter(|attr| !self.values(id, **attr).is_empty()));
        all
    }

    fn of_openldap(&self, entry: &Entry, attr: Attr) -> Option<Vec<Value>> {
        let text = match attr {
            Attr::STRUCTURAL_OBJECT_CLASS => structural(entry)?.to_owned(),
            Attr::ENTRY_UUID => entry.uuid.to_string(),
            Attr::ENTRY_CSN => time::csn(entry.changed),
            Attr::ENTRY_DN => entry.dn.to_string(),
            Attr::CREATORS_NAME | Attr::MODIFIERS_NAME => format!("cn=admin,{}", self.base),
            Attr::CREATE_TIMESTAMP => time::generalized(entry.created),
            Attr::MODIFY_TIMESTAMP => time::generalized(entry.changed),
            Attr::SUBSCHEMA_SUBENTRY => "cn=Subschema".to_owned(),
            Attr::HAS_SUBORDINATES => truth(entry.children > 0).to_owned(),
            Attr::CONTEXT_CSN if entry.parent.is_none() => time::csn(self.last()),
            _ => return None,
        };
        Some(vec![value(text)])
    }

    fn of_active_directory(&self, entry: &Entry, attr: Attr) -> Option<Vec<Value>> {
        let text = match attr {
            Attr::NAME => rdn(&entry.dn)?.1,
            Attr::DISTINGUISHED_NAME => entry.dn.to_string(),
            Attr::OBJECT_GUID => return Some(vec![value(entry.uuid.to_bytes_le())]),
            Attr::WHEN_CREATED | Attr::CREATE_TIMESTAMP => time::generalized_ad(entry.created),
            Attr::WHEN_CHANGED | Attr::MODIFY_TIMESTAMP => time::generalized_ad(entry.changed),
            Attr::USN_CREATED => entry.usn_created.to_string(),
            Attr::USN_CHANGED => entry.usn_changed.to_string(),
            Attr::IS_DELETED if entry.state == State::Tombstone => "TRUE".to_owned(),
            Attr::DIRECT_REPORTS => return Some(self.reports(entry)),
            _ => return None,
        };
        Some(vec![value(text)])
    }

    fn reports(&self, entry: &Entry) -> Vec<Value> {
        let name = dn::normal_octets(entry.dn.as_bytes());
        let live = self.candidates(Attr::MANAGER, &name).iter().map(|id| self.entry(*id));
        let live = live.filter(|report| report.state == State::Live);
        live.map(|report| value(report.dn.as_bytes())).collect()
    }
}

const OPENLDAP: [Attr; 11] = [
    Attr::STRUCTURAL_OBJECT_CLASS,
    Attr::ENTRY_UUID,
    Attr::ENTRY_CSN,
    Attr::ENTRY_DN,
    Attr::CREATORS_NAME,
    Attr::MODIFIERS_NAME,
    Attr::CREATE_TIMESTAMP,
    Attr::MODIFY_TIMESTAMP,
    Attr::SUBSCHEMA_SUBENTRY,
    Attr::HAS_SUBORDINATES,
    Attr::CONTEXT_CSN,
];

const ACTIVE_DIRECTORY: [Attr; 9] = [
    Attr::NAME,
    Attr::DISTINGUISHED_NAME,
    Attr::OBJECT_GUID,
    Attr::WHEN_CREATED,
    Attr::WHEN_CHANGED,
    Attr::USN_CREATED,
    Attr::USN_CHANGED,
    Attr::IS_DELETED,
    Attr::DIRECT_REPORTS,
];

fn truth(it: bool) -> &'static str {
    if it { "TRUE" } else { "FALSE" }
}

fn structural(entry: &Entry) -> Option<&str> {
    let classes = entry.held(Attr::OBJECT_CLASS).iter().filter_map(|class| std::str::from_utf8(class).ok());
    let mut structural = classes.filter(|class| !matches!(*class, "top" | "dcObject"));
    structural.next()
}
