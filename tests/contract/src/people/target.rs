//! What the suite has to know of a directory beyond what its adapter says.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::Hooked;

/// One person, as whoever filled the directory knows them. What is `None` the person does not have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownPerson {
    /// Unique.
    pub user_name: String,
    /// The name to show.
    pub display_name: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// What the person does.
    pub title: Option<String>,
    /// The department, as the adapter is configured to read it.
    pub department: Option<String>,
    /// The number that personnel uses.
    pub employee_number: Option<String>,
    /// The primary mail address.
    pub email: Option<String>,
    /// One of the telephone numbers.
    pub telephone: Option<String>,
    /// Whether the account can be used.
    pub active: bool,
    /// The user name of the manager.
    pub manager: Option<String>,
    /// The photo.
    pub photo: KnownPhoto,
    /// The names of all groups, those reached through others included.
    pub groups: BTreeSet<String>,
    /// The name of the unit that the entry lies in.
    pub unit: Option<String>,
}

/// What is known of a photo.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KnownPhoto {
    /// There is none.
    #[default]
    None,
    /// There is one.
    Some,
    /// There is this one.
    Octets(Vec<u8>),
}

/// Changes the directory past the adapter, as an administrator with a native client would. Each returns when the directory
/// has confirmed the change.
pub trait NativeDirectory: Send + Sync {
    /// Adds a person: names, title, employee number, mail and telephone; the rest as the directory likes. The display name may
    /// hold characters that have to be escaped in the name of an entry.
    fn add<'a>(&'a self, person: &'a KnownPerson) -> Hooked<'a, ()>;

    /// Gives a person another title.
    fn edit_title<'a>(&'a self, user_name: &'a str, title: &'a str) -> Hooked<'a, ()>;

    /// Gives a person another user name and the entry another name, as after a marriage.
    fn rename<'a>(&'a self, user_name: &'a str, to: &'a str) -> Hooked<'a, ()>;

    /// Deletes a person. An error where there is none.
    fn delete<'a>(&'a self, user_name: &'a str) -> Hooked<'a, ()>;
}

/// What the suite may expect of a directory.
#[derive(Clone, Default)]
pub struct PeopleTarget {
    /// Everybody whom the adapter is to show.
    pub people: Vec<KnownPerson>,
    /// The names of all units, each with the name of the one it lies in.
    pub units: Vec<(String, Option<String>)>,
    /// A way to change the directory; without it the checks that need changes are not offered.
    pub native: Option<Arc<dyn NativeDirectory>>,
}

impl fmt::Debug for PeopleTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeopleTarget").field("people", &self.people.len()).finish_non_exhaustive()
    }
}
