//! One person of a snapshot.

use std::fmt;

use portico_contract::NativeId;
use portico_contract::access::Facts;
use portico_contract::people::PersonRecord;
use portico_schemas::Classification;

use super::record::native;
use super::segment::Segment;

/// One person of a [`PeopleIndex`](super::PeopleIndex): a view into the snapshot that costs nothing to copy.
///
/// What returns a `&str` or a number is cheap enough to be asked for each candidate of a search (some 50 ns);
/// [`PersonEntry::record`] and [`PersonEntry::facts`] build owned values.
#[derive(Clone, Copy)]
pub struct PersonEntry<'a> {
    pub(super) segment: &'a Segment,
    pub(super) row: u16,
}

impl<'a> PersonEntry<'a> {
    /// The directory's stable key, as text.
    pub fn id(self) -> &'a str {
        self.segment.reader(self.row).id()
    }

    /// The directory's stable key.
    pub fn native_id(self) -> NativeId {
        native(self.id())
    }

    /// The name to show.
    pub fn display_name(self) -> &'a str {
        self.segment.reader(self.row).head().display
    }

    /// The name to sign in with.
    pub fn user_name(self) -> Option<&'a str> {
        self.segment.reader(self.row).head().user_name
    }

    /// Whether the account can be used.
    pub fn active(self) -> bool {
        self.segment.reader(self.row).head().active()
    }

    /// The directory's key for whom the person reports to.
    pub fn manager_id(self) -> Option<&'a str> {
        self.segment.reader(self.row).head().manager
    }

    /// The native id of whose entry it is, from the facts.
    pub fn owner_native_id(self) -> Option<&'a str> {
        self.segment.reader(self.row).head().owner_native_id()
    }

    /// The unit of the facts.
    pub fn unit(self) -> Option<&'a str> {
        self.segment.reader(self.row).head().unit
    }

    /// The classification of the facts.
    pub fn classification(self) -> Option<Classification> {
        self.segment.reader(self.row).head().classification
    }

    /// The facts for authorisation, as they were told.
    pub fn facts(self) -> Facts {
        self.segment.reader(self.row).head().facts()
    }

    /// The whole record, equal to the one that was told.
    pub fn record(self) -> PersonRecord {
        self.segment.reader(self.row).record()
    }
}

/// Who it is, is personal.
impl fmt::Debug for PersonEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonEntry(row {})", self.row)
    }
}
