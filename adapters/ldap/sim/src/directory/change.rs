//! Adding, changing, renaming and deleting.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Directory, New, SESSION_LOG};
use crate::Dialect;
use crate::dn;
use crate::entry::{State, Value, value};
use crate::schema::Attr;

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChangeFault {
    #[error("there is no entry of this name")]
    NoSuchEntry,
    #[error("there is an entry of this name already")]
    Exists,
    #[error("there are entries below it")]
    HasChildren,
    #[error("this is not the name of an entry")]
    BadName,
    #[error("the value is not there, or is there already")]
    Value,
}

/// What happens to the values of an attribute (RFC 4511, section 4.6).
#[derive(Debug, Clone)]
pub(crate) enum Modification {
    Add(Attr, Vec<Value>),
    /// No value: all of them.
    Delete(Attr, Vec<Value>),
    /// No value: none is left.
    Replace(Attr, Vec<Value>),
}

/// What a tombstone keeps; the rest, the category among it, is stripped.
const KEPT: [Attr; 5] = [
    Attr::OBJECT_CLASS,
    Attr::OBJECT_SID,
    Attr::SAM_ACCOUNT_NAME,
    Attr::INSTANCE_TYPE,
    Attr::USER_ACCOUNT_CONTROL,
];

impl Directory {
    /// The instant of a change: now, and after every one before, so that change numbers rise.
    fn tick(&mut self) -> Timestamp {
        self.usn += 1;
        let next = self.last + SignedDuration::from_micros(1);
        // Change numbers have microseconds; anything finer would be lost in a cookie.
        let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or(next);
        self.last = now.max(next);
        self.last
    }

    pub(crate) fn create(&mut self, new: New) -> Result<u32, ChangeFault> {
        let above = dn::normal(&new.dn).and_then(|_| dn::parent(&new.dn)).ok_or(ChangeFault::BadName)?;
        if self.find(above).is_none() {
            return Err(ChangeFault::NoSuchEntry);
        }
        if self.find(&new.dn).is_some() {
            return Err(ChangeFault::Exists);
        }
        let at = self.tick();
        // `insert` takes the next number itself.
        self.usn -= 1;
        Ok(self.insert(new, at))
    }

    pub(crate) fn modify(&mut self, id: u32, changes: &[Modification]) -> Result<(), ChangeFault> {
        let mut results: Vec<(Attr, Vec<Value>)> = Vec::new();
        for change in changes {
            let (Modification::Add(attr, _) | Modification::Delete(attr, _) | Modification::Replace(attr, _)) =
                change;
            let current = results.iter().find(|(done, _)| done == attr).map(|(_, values)| values.clone());
            let current = current.unwrap_or_else(|| self.entry(id).held(*attr).to_vec());
            let after = applied(change, current)?;
            results.retain(|(done, _)| done != attr);
            results.push((*attr, after));
        }
        let at = self.tick();
        self.reindex(id, false);
        let usn = self.usn;
        let entry = &mut self.entries[id as usize];
        for (attr, values) in results {
            entry.put(attr, values, usn);
        }
        (entry.changed, entry.usn_changed) = (at, usn);
        self.reindex(id, true);
        Ok(())
    }

    /// Gives an entry without children another name. The values of the naming attribute follow; in Active Directory
    /// everything that refers to the entry does, too.
    pub(crate) fn rename(&mut self, id: u32, to: &str) -> Result<(), ChangeFault> {
        let names = dn::parse(to).ok_or(ChangeFault::BadName)?;
        let above = dn::parent(to).ok_or(ChangeFault::BadName)?;
        let parent = self.find(above).ok_or(ChangeFault::NoSuchEntry)?;
        if self.entry(id).children > 0 {
            return Err(ChangeFault::HasChildren);
        }
        if self.find(to).is_some_and(|other| other != id) {
            return Err(ChangeFault::Exists);
        }
        let old = Arc::clone(&self.entry(id).dn);
        let at = self.tick();
        let usn = self.usn;
        self.reindex(id, false);
        self.adopt(id, Some(parent));
        let entry = &mut self.entries[id as usize];
        let before: Vec<dn::Pair> =
            dn::parse(&old).and_then(|names| names.into_iter().next()).unwrap_or_default();
        for (kind, name) in names.into_iter().next().unwrap_or_default() {
            let Some(attr) = Attr::named(&kind) else { return Err(ChangeFault::BadName) };
            let was =
                |held: &Value| before.iter().any(|(_, old)| attr.normal(old.as_bytes()) == attr.normal(held));
            let mut values = vec![value(&name)];
            let same = |held: &Value| attr.normal(held) == attr.normal(name.as_bytes());
            values.extend(entry.held(attr).iter().filter(|held| !was(held) && !same(held)).cloned());
            entry.put(attr, values, usn);
        }
        entry.dn = to.into();
        (entry.changed, entry.usn_changed) = (at, usn);
        self.reindex(id, true);
        if self.dialect == Dialect::ActiveDirectory {
            self.refer(&old, Some(to));
        }
        Ok(())
    }

    pub(crate) fn delete(&mut self, id: u32) -> Result<(), ChangeFault> {
        if self.entry(id).children > 0 {
            return Err(ChangeFault::HasChildren);
        }
        let at = self.tick();
        let usn = self.usn;
        self.reindex(id, false);
        self.adopt(id, None);
        let (uuid, old) = (self.entry(id).uuid, Arc::clone(&self.entry(id).dn));
        if self.dialect == Dialect::OpenLdap {
            let entry = &mut self.entries[id as usize];
            entry.state = State::Gone;
            // The rest is no longer looked at; an entry of a big group is worth freeing.
            (entry.own, entry.shared) = (Vec::new(), Arc::new([]));
            self.remember(at, uuid);
            return Ok(());
        }
        self.bury(id, usn, at, &old, uuid);
        self.refer(&old, None);
        Ok(())
    }

    fn bury(&mut self, id: u32, usn: u64, at: Timestamp, old: &str, uuid: Uuid) {
        let graveyard = format!("CN=Deleted Objects,{}", self.base);
        let parent = self.find(&graveyard);
        let entry = &mut self.entries[id as usize];
        let kept: Vec<_> = entry.all().filter(|held| KEPT.contains(&held.attr)).cloned().collect();
        (entry.own, entry.shared) = (kept, Arc::new([]));
        let above = dn::parent(old).unwrap_or_default();
        entry.put(Attr::LAST_KNOWN_PARENT, vec![value(above)], usn);
        let name = super::rdn(old).map(|(_, name)| dn::escape(&name, true)).unwrap_or_default();
        entry.dn = format!("CN={name}\\0ADEL:{uuid},{graveyard}").into();
        (entry.changed, entry.usn_changed, entry.state) = (at, usn, State::Tombstone);
        entry.parent = parent;
        self.reindex(id, true);
    }

    fn remember(&mut self, at: Timestamp, uuid: Uuid) {
        if self.log.deleted.len() >= SESSION_LOG {
            let (when, _) = self.log.deleted.remove(0);
            self.log.since = when;
        }
        self.log.deleted.push((at, uuid));
    }

    fn adopt(&mut self, id: u32, parent: Option<u32>) {
        let before = std::mem::replace(&mut self.entries[id as usize].parent, parent);
        if let Some(before) = before {
            self.entries[before as usize].children -= 1;
        }
        if let Some(parent) = parent {
            self.entries[parent as usize].children += 1;
        }
    }

    /// Values that name an entry follow it, or go with it. What holds them does not count as changed.
    fn refer(&mut self, old: &str, new: Option<&str>) {
        let normal = dn::normal_octets(old.as_bytes()).into_owned();
        for attr in [Attr::MANAGER, Attr::MEMBER, Attr::MEMBER_OF] {
            for id in self.index.get(attr, &normal).to_vec() {
                let entry = &mut self.entries[id as usize];
                let Some(held) = entry.own.iter_mut().find(|held| held.attr == attr) else { continue };
                let mut values = held.values.to_vec();
                match new {
                    Some(new) => {
                        for held in values.iter_mut().filter(|held| attr.normal(held) == normal) {
                            *held = value(new);
                        }
                        self.index.insert(attr, &dn::normal_octets(new.as_bytes()), id);
                    }
                    None => values.retain(|held| attr.normal(held) != normal),
                }
                held.values = values.into();
                self.index.remove(attr, &normal, id);
            }
        }
    }

    /// Sets an attribute without that counting as a change: what a domain controller notes for itself.
    pub(crate) fn note(&mut self, id: u32, attr: Attr, values: Vec<Value>) {
        let usn = self.entry(id).usn_changed;
        self.entries[id as usize].put(attr, values, usn);
    }
}

fn applied(change: &Modification, mut current: Vec<Value>) -> Result<Vec<Value>, ChangeFault> {
    match change {
        Modification::Replace(_, values) => Ok(values.clone()),
        Modification::Add(attr, values) => {
            for value in values {
                let normal = attr.normal(value);
                if current.iter().any(|held| attr.normal(held) == normal) {
                    return Err(ChangeFault::Value);
                }
                current.push(value.clone());
            }
            Ok(current)
        }
        Modification::Delete(_, values) if values.is_empty() => {
            if current.is_empty() {
                Err(ChangeFault::Value)
            } else {
                Ok(Vec::new())
            }
        }
        Modification::Delete(attr, values) => {
            for value in values {
                let normal = attr.normal(value);
                let at = current.iter().position(|held| attr.normal(held) == normal);
                current.remove(at.ok_or(ChangeFault::Value)?);
            }
            Ok(current)
        }
    }
}
