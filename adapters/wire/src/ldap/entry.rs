//! What a search found.

use std::fmt;

use super::ber::{OCTETS, Reader, SEQUENCE, SET, Writer};
use super::{Dn, ExtendedDn};

/// Attributes that an entry usually has.
const USUAL: usize = 24;

/// An entryUUID (RFC 4530) or the octets of an objectGUID, as the server sent them. The octets of an objectGUID are in
/// Microsoft's order: the first three groups of the usual text are reversed.
pub type Uuid = [u8; 16];

/// Whether a result is everything that matches. Whatever is not [`Completeness::Whole`] has to be shown as partial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// Everything, or a whole page.
    Whole,
    /// Cut at the caller's or the server's limit of entries (result 4).
    SizeLimit,
    /// Cut at the limit of time (result 3).
    TimeLimit,
    /// Cut by a limit of the administrator's (result 11). Without entries on a paged search: the page size is above the
    /// server's cap, ask for a smaller page.
    AdminLimit,
}

/// The result of one search. Everything in it came from the directory and may be personal.
#[derive(Debug)]
pub struct SearchResult {
    /// In the server's order.
    pub entries: Vec<Entry>,
    /// Addresses where more might be found. They are never followed.
    pub referrals: Vec<String>,
    /// For the next page, on the same session; `None` after the last and where no paging was asked for or understood.
    pub page_cookie: Option<Vec<u8>>,
    /// How many entries there are in all, where the server estimates it (RFC 2696; 0 is *unknown*).
    pub estimate: Option<u32>,
    /// Whether something was cut.
    pub complete: Completeness,
    /// End of a content synchronisation. Missing when the server cut the result: there is no cookie then.
    pub sync: Option<SyncDone>,
    /// End of Active Directory's change tracking.
    pub dir_sync: Option<DirSyncDone>,
}

/// What the server said about a content synchronisation (RFC 4533).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncDone {
    /// For the next run. `None` when nothing changed (OpenLDAP sends no cookie then): keep the one there is. OpenLDAP
    /// answers a garbage cookie with everything and an *empty* cookie: ask without one next time.
    pub cookie: Option<Vec<u8>>,
    /// Deletions were listed one by one. When false, everything that was neither returned nor listed in a set of
    /// [`IdSet::Present`] has gone from the directory.
    pub refresh_deletes: bool,
    /// A phase that lists what is present was closed by the server: as when `refresh_deletes` is false.
    pub present_phase: bool,
    /// Sets of entries, in the order they came.
    pub id_sets: Vec<IdSet>,
}

/// Entries named by entryUUID alone (RFC 4533, section 2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdSet {
    /// Still there and unchanged.
    Present(Vec<Uuid>),
    /// No longer there, or no longer matching.
    Deleted(Vec<Uuid>),
}

/// The end of a DirSync answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirSyncDone {
    /// There is more: ask again with the cookie.
    pub more: bool,
    /// For the next run.
    pub cookie: Vec<u8>,
}

/// State of an entry in a content synchronisation (RFC 4533, section 2.2). OpenLDAP says *add* for changes as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncState {
    /// Unchanged; the entry has no attributes.
    Present,
    /// New, or changed.
    Add,
    /// Changed.
    Modify,
    /// Gone; the entry has no attributes.
    Delete,
}

/// The state and the lasting id of an entry in a content synchronisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncEntry {
    /// What happened.
    pub state: SyncState,
    /// The entryUUID.
    pub uuid: Uuid,
}

/// One entry. `Debug` shows only how much there is of it.
pub struct Entry {
    /// Its name. A DN changes when people marry: key on entryUUID or objectGUID.
    pub dn: Dn,
    /// GUID and SID that came with the name, where it came in Active Directory's extended form.
    pub extended: Option<ExtendedDn>,
    /// In a content synchronisation: its state and id.
    pub sync: Option<SyncEntry>,
    /// The PartialAttributeList, as sent.
    octets: Box<[u8]>,
    /// Where in it each attribute stands.
    attributes: Vec<Attribute>,
}

/// Where the name of an attribute and its values stand in an entry.
struct Attribute {
    name: std::ops::Range<usize>,
    values: std::ops::Range<usize>,
}

/// The values of an attribute, in the server's order, which means nothing in LDAP.
#[derive(Debug, Clone, Default)]
pub struct Values<'a>(Reader<'a>);

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.0.expect(OCTETS)
    }
}

/// A slice of the values of an attribute (Active Directory's range retrieval).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Position of the first value returned.
    pub first: u32,
    /// Position of the last value returned; `None` when these are the last there are.
    pub last: Option<u32>,
}

impl Range {
    /// Where to go on, for [`super::AttributeName::from_position`]; `None` at the end.
    pub fn next(self) -> Option<u32> {
        self.last.and_then(|last| last.checked_add(1))
    }
}

impl Entry {
    /// An entry with these attributes, as if it had been read: for adapters' tests of their mapping.
    pub fn new(dn: Dn, attributes: Vec<(String, Vec<Vec<u8>>)>) -> Self {
        let mut list = Writer::default();
        for (name, values) in attributes {
            list.nested(SEQUENCE, |attribute| {
                attribute.octets(OCTETS, name.as_bytes());
                attribute.nested(SET, |set| values.iter().for_each(|value| set.octets(OCTETS, value)));
            });
        }
        let octets = list.into_octets().into_boxed_slice();
        Self { dn, extended: None, sync: None, attributes: places(&octets).unwrap_or_default(), octets }
    }

    /// Reads a SearchResultEntry (RFC 4511, section 4.5.2); `None` when it is none, or its name cannot be read.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut reader = Reader(content);
        let name = std::str::from_utf8(reader.expect(OCTETS)?).ok()?;
        let list = reader.expect(SEQUENCE).filter(|_| reader.is_done())?;
        let ExtendedDn { guid, sid, dn } = ExtendedDn::parse(name).ok()?;
        let extended = name.starts_with('<').then(|| ExtendedDn { guid, sid, dn: dn.clone() });
        Some(Self { dn, extended, sync: None, attributes: places(list)?, octets: list.into() })
    }

    /// The values of an attribute, as octets. The name is compared without regard to case; the options `binary` and
    /// `range` are ignored. Empty when there is no such attribute. Look at [`Entry::range`] where Active Directory may
    /// cut: it sends at most 1,500 values.
    pub fn octets(&self, name: &str) -> Values<'_> {
        self.attribute(name).map(|attribute| self.values(attribute)).unwrap_or_default()
    }

    /// The first value as octets.
    pub fn first_octets(&self, name: &str) -> Option<&[u8]> {
        self.octets(name).next()
    }

    /// The values that are UTF-8, in the server's order, which means nothing in LDAP.
    pub fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.octets(name).filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The first value that is UTF-8.
    pub fn first_text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// Which slice of the values was returned; `None` when all were.
    pub fn range(&self, name: &str) -> Option<Range> {
        range_of(std::str::from_utf8(self.name(self.attribute(name)?)).ok()?)
    }

    fn name(&self, attribute: &Attribute) -> &[u8] {
        &self.octets[attribute.name.clone()]
    }

    fn values(&self, attribute: &Attribute) -> Values<'_> {
        Values(Reader(&self.octets[attribute.values.clone()]))
    }

    /// Active Directory sends an empty `member` beside `member;range=0-1499`: the one with values counts.
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        let mut found =
            self.attributes.iter().filter(|attribute| same(self.name(attribute), name.as_bytes()));
        let first = found.next()?;
        if !first.values.is_empty() {
            return Some(first);
        }
        Some(found.find(|attribute| !attribute.values.is_empty()).unwrap_or(first))
    }
}

/// Where each attribute stands in a PartialAttributeList; `None` when it is none.
fn places(list: &[u8]) -> Option<Vec<Attribute>> {
    let mut reader = Reader(list);
    let mut places = Vec::with_capacity(USUAL);
    while !reader.is_done() {
        let mut attribute = Reader(reader.expect(SEQUENCE)?);
        let end = list.len() - reader.left();
        let name = attribute.expect(OCTETS).filter(|name| std::str::from_utf8(name).is_ok())?;
        let name_end = end - attribute.left();
        let values = attribute.expect(SET).filter(|_| attribute.is_done())?;
        let mut one = Reader(values);
        while !one.is_done() {
            one.expect(OCTETS)?;
        }
        places.push(Attribute { name: name_end - name.len()..name_end, values: end - values.len()..end });
    }
    Some(places)
}

/// Whether an attribute was sent under this name, with nothing but options that say how it was sent.
fn same(sent: &[u8], name: &[u8]) -> bool {
    let Some((head, options)) = sent.split_at_checked(name.len()) else { return false };
    let ignored = |option: &[u8]| {
        option.eq_ignore_ascii_case(b"binary")
            || option.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"range="))
    };
    let only_ignored = match options {
        [] => true,
        [b';', options @ ..] => options.split(|octet| *octet == b';').all(ignored),
        _ => false,
    };
    only_ignored && head.eq_ignore_ascii_case(name)
}

fn range_of(sent: &str) -> Option<Range> {
    let range = sent.split(';').skip(1).find_map(|option| {
        option.get(..6).filter(|start| start.eq_ignore_ascii_case("range="))?;
        option.get(6..)
    })?;
    let (first, last) = range.split_once('-')?;
    let last = if last == "*" { None } else { Some(last.parse().ok()?) };
    Some(Range { first: first.parse().ok()?, last })
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry(…{} attributes)", self.attributes.len())
    }
}
