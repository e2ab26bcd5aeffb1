//! One entry of the directory.

use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::schema::Attr;

/// Many entries share a value.
pub(crate) type Value = Arc<[u8]>;

/// A value from text.
pub(crate) fn value(text: impl AsRef<[u8]>) -> Value {
    Arc::from(text.as_ref())
}

/// One attribute of an entry, with the values in order.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub attr: Attr,
    /// The update sequence number of its last change.
    pub usn: u64,
    pub values: Values,
}

/// Nearly every attribute has one value: those need no list.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    One(Value),
    /// None at all says that they were removed, which DirSync reports.
    Many(Vec<Value>),
}

impl Deref for Values {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl From<Vec<Value>> for Values {
    fn from(mut values: Vec<Value>) -> Self {
        match values.pop() {
            Some(only) if values.is_empty() => Self::One(only),
            Some(last) => {
                values.push(last);
                Self::Many(values)
            }
            None => Self::Many(values),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub dn: Arc<str>,
    /// `None` for a naming context, and for an entry that is gone.
    pub parent: Option<u32>,
    /// Entries directly below.
    pub children: u32,
    pub uuid: Uuid,
    pub created: Timestamp,
    pub changed: Timestamp,
    pub usn_created: u64,
    pub usn_changed: u64,
    /// What only this entry has. It hides the shared attribute of the same type.
    pub own: Vec<Held>,
    /// What all entries of a kind have.
    pub shared: Arc<[Held]>,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    /// Deleted in Active Directory: still there for who asks for deleted entries.
    Tombstone,
    /// Deleted in OpenLDAP.
    Gone,
}

impl Entry {
    /// The values that the entry holds itself; empty when it has none.
    pub(crate) fn held(&self, attr: Attr) -> &[Value] {
        let own = self.own.iter().find(|held| held.attr == attr);
        own.or_else(|| self.shared.iter().find(|held| held.attr == attr)).map_or(&[], |held| &held.values)
    }

    /// All attributes that the entry holds itself, removed ones included.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Held> {
        let hidden = |held: &&Held| !self.own.iter().any(|own| own.attr == held.attr);
        self.own.iter().chain(self.shared.iter().filter(hidden))
    }

    /// Puts values in the place of those that are there; none removes the attribute.
    pub(crate) fn put(&mut self, attr: Attr, values: Vec<Value>, usn: u64) {
        let held = Held { attr, usn, values: values.into() };
        match self.own.iter_mut().find(|own| own.attr == attr) {
            Some(own) => *own = held,
            None => self.own.push(held),
        }
    }

    /// The first value as text.
    pub(crate) fn text(&self, attr: Attr) -> Option<&str> {
        self.held(attr).first().and_then(|value| std::str::from_utf8(value).ok())
    }
}
