//! Operations on directories of people, in SCIM terms (RFC 7643).
//!
//! A native id is the directory's own stable key of an entry (`entryUUID`, `objectGUID`), never its name: people marry
//! and move.

use bytes::Bytes;
use jiff::Timestamp;
use portico_schemas::PersonProfile;
use tokio::sync::mpsc;

use crate::access::Facts;
use crate::documents::SourceVersion;
use crate::operation::operation;
use crate::paging::{ListQuery, Position, SourcePage};
use crate::{NativeId, Operation, OperationMeta, Output};

/// A person that a record points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLink {
    /// The directory's key for them.
    pub id: NativeId,
    /// The name to show.
    pub display: String,
}

/// A person as a directory gives them. Ids are native; the API seals them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// The directory's stable key.
    pub id: NativeId,
    /// Which version this is, if the directory says.
    pub version: Option<SourceVersion>,
    /// When the entry was made, if the directory says.
    pub created_at: Option<Timestamp>,
    /// When the entry was last changed, if the directory says.
    pub updated_at: Option<Timestamp>,
    /// What the directory says about the person.
    pub profile: PersonProfile,
    /// The account's state in the directory's words, for example `disabled`, `locked`, `expired`; `None` where it is an
    /// ordinary one or the directory does not say.
    pub native_status: Option<String>,
    /// Whether [`ReadPhoto`] has something to give.
    pub has_photo: bool,
    /// To whom the person reports. `None` at the top, where the directory does not say, and where it points at an entry
    /// that is not there.
    pub manager: Option<PersonLink>,
    /// The unit that the entry lies in.
    pub org_unit: Option<NativeId>,
    /// Facts for authorisation. The owner is the person; the unit is the department.
    pub facts: Facts,
}

impl Output for PersonRecord {}

/// Everybody in the directory, disabled accounts too.
///
/// Filters and sorts go by the members of [`PersonProfile`] as the API names them (`userName`, `displayName`, `title`,
/// `department`, `active` as the texts `true` and `false`, `employeeNumber`), `email`, `managerId`, `orgUnitId` (both
/// with native ids) and `updatedAt`.
#[derive(Debug, Clone)]
pub struct ListPeople {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListPeople -> SourcePage<PersonRecord>, "people list", Person);

/// One person. [`crate::ErrorKind::NotFound`] when there is no such entry, or it is not a person.
#[derive(Debug, Clone)]
pub struct GetPerson {
    /// Which.
    pub person: NativeId,
}
operation!(GetPerson -> PersonRecord, "people get", Person);

/// What people are looked up by when systems are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PersonKey {
    /// The name to sign in with, whatever the case.
    UserName,
    /// The number that personnel uses, exactly.
    EmployeeNumber,
    /// Any mail address, whatever the case.
    Email,
}

/// The people who have this key: none, one, or several, of which at most [`FindPeople::MOST`] are given.
#[derive(Debug, Clone)]
pub struct FindPeople {
    /// Which key.
    pub key: PersonKey,
    /// Its value. An empty one finds nobody.
    pub value: String,
}

impl FindPeople {
    /// How many people are given at most: enough to tell that a key is ambiguous.
    pub const MOST: usize = 10;
}

/// Several people at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People(pub Vec<PersonRecord>);
impl Output for People {}
operation!(FindPeople -> People, "people find", Person);

/// Those who report to a person directly. [`crate::ErrorKind::NotFound`] when there is no such person; an empty list when
/// nobody reports to them. Filters and sorts as [`ListPeople`].
#[derive(Debug, Clone)]
pub struct ListReports {
    /// To whom.
    pub manager: NativeId,
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListReports -> SourcePage<PersonRecord>, "people reports", Person);

/// A person's photo. [`crate::ErrorKind::NotFound`] when there is no such person or they have no photo.
#[derive(Debug, Clone)]
pub struct ReadPhoto {
    /// Whose.
    pub person: NativeId,
    /// Answer [`Photo::NotModified`] if the photo is still this one.
    pub unless: Option<SourceVersion>,
}
operation!(ReadPhoto -> Photo, "people photo", Person);

/// What [`ReadPhoto`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Photo {
    /// It is still the one that the caller has.
    NotModified,
    /// The picture.
    Picture {
        /// The octets, at most [`Photo::MAX`].
        octets: Bytes,
        /// Media type, told from the octets themselves: directories do not say, and never anything but an image.
        media_type: &'static str,
        /// Which version this is: a digest of the octets.
        version: SourceVersion,
    },
}

impl Photo {
    /// Octets that a photo may have. A larger one is [`crate::ErrorKind::InvalidResponse`].
    pub const MAX: usize = 1024 * 1024;
}
impl Output for Photo {}

/// A group that a person belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupRecord {
    /// What the group is called (`cn`).
    pub name: String,
    /// The directory's stable key.
    pub id: NativeId,
}

/// Every group of a person, those reached through other groups included, by name and without repeats. At most
/// [`Groups::MAX`]; more is [`crate::ErrorKind::InvalidResponse`], because rights must not depend on which were left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Groups(pub Vec<GroupRecord>);

impl Groups {
    /// Groups that one person may be in.
    pub const MAX: usize = 2_000;
}
impl Output for Groups {}

/// The groups of one person. [`crate::ErrorKind::NotFound`] when there is no such person.
#[derive(Debug, Clone)]
pub struct GroupsOf {
    /// Whose.
    pub person: NativeId,
}
operation!(GroupsOf -> Groups, "people groups", Person);

/// A part of the organisation as a directory gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgUnitRecord {
    /// The directory's stable key.
    pub id: NativeId,
    /// Which version this is, if the directory says.
    pub version: Option<SourceVersion>,
    /// When the entry was made, if the directory says.
    pub created_at: Option<Timestamp>,
    /// When the entry was last changed, if the directory says.
    pub updated_at: Option<Timestamp>,
    /// What it is called.
    pub name: String,
    /// What it does, in words.
    pub description: Option<String>,
    /// The unit that it lies in; `None` at the top.
    pub parent: Option<NativeId>,
    /// Who leads it.
    pub manager: Option<PersonLink>,
    /// Facts for authorisation.
    pub facts: Facts,
}

impl Output for OrgUnitRecord {}

/// All units. Filters and sorts go by `name` and `parentId` (with native ids).
#[derive(Debug, Clone)]
pub struct ListOrgUnits {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListOrgUnits -> SourcePage<OrgUnitRecord>, "org_units list", OrgUnit);

/// One unit. [`crate::ErrorKind::NotFound`] when there is no such unit.
#[derive(Debug, Clone)]
pub struct GetOrgUnit {
    /// Which.
    pub unit: NativeId,
}
operation!(GetOrgUnit -> OrgUnitRecord, "org_units get", OrgUnit);

/// One step of what [`PeopleChanges`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonChange {
    /// The telling begins, perhaps again: forget what was told before it in this call. `whole` says that every person
    /// follows, so that whoever is not named is gone.
    Begin {
        /// Everybody follows.
        whole: bool,
    },
    /// This person is new or changed. Telling the same person twice is harmless; the later record holds.
    Put(Box<PersonRecord>),
    /// Nobody has this id any more.
    Gone(NativeId),
}

/// What changed since a position, told in batches while it is read, so that a directory of 100,000 never lies in memory
/// twice. Nothing told is to be used before the call has succeeded, and then all of it.
///
/// A directory that can no longer tell what changed since the position tells everything, with `whole`.
#[derive(Debug, Clone)]
pub struct PeopleChanges {
    /// Since when; `None` for everything.
    pub since: Option<Position>,
    /// Where to tell them, up to 1,000 steps a batch. Sending waits while the receiver is busy; when it is gone the call
    /// ends with [`crate::ErrorKind::Cancelled`].
    pub into: mpsc::Sender<Vec<PersonChange>>,
}
operation!(PeopleChanges -> ChangesTold, "people changes", Person, Read, None, ByNobody);

/// The end of the telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesTold {
    /// What to ask since, next time. `None` where the directory has no change detection: ask for everything again.
    pub next: Option<Position>,
}
impl Output for ChangesTold {}

/// Every operation of this domain, for catalogues.
pub const ALL: &[&OperationMeta] = &[
    &ListPeople::META,
    &GetPerson::META,
    &FindPeople::META,
    &ListReports::META,
    &ReadPhoto::META,
    &GroupsOf::META,
    &ListOrgUnits::META,
    &GetOrgUnit::META,
    &PeopleChanges::META,
];
