//! From their shape to ours: pure functions.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use portico_contract::access::Facts;
use portico_contract::documents::SourceVersion;
use portico_contract::people::{PersonLink, PersonRecord};
use portico_contract::{Error, ErrorKind, SystemKey};
use portico_schemas::{Address, ContactType, Email, PersonName, PersonProfile, PersonRef, PhoneNumber};
use portico_wire::ldap::{AttributeName, Dn, Entry};
use sha2::{Digest as _, Sha256};

use crate::account::Account;
use crate::id::Id;
use crate::settings::{Attributes, Dialect};
use crate::time;

/// Characters that one value keeps. A directory has no longer names; a hostile one may.
const MOST_CHARACTERS: usize = 1_000;
/// Values that a member keeps.
const MOST_VALUES: usize = 20;

/// A person's entry, read, before the names in it are looked up.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: Id,
    pub(crate) dn: Dn,
    /// Moves when the entry changes.
    pub(crate) stamp: Option<u64>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) updated: Option<Timestamp>,
    pub(crate) profile: PersonProfile,
    pub(crate) status: Option<&'static str>,
    /// To whom the person reports; never the person.
    pub(crate) manager: Option<Dn>,
}

/// Reads a person's entry.
///
/// # Errors
/// `InvalidResponse` for an entry without an id: everything else would be built on sand.
pub(crate) fn row(entry: &Entry, dialect: Dialect, names: &Attributes, now: Timestamp) -> Result<Row, Error> {
    let id = id(entry, dialect)?;
    let time = |name: AttributeName| entry.first_text(name.as_str()).and_then(time::generalized);
    let account = Account::of(entry, dialect, now);
    let manager = first(entry, &names.manager).and_then(|text| Dn::parse(&text).ok());
    Ok(Row {
        id,
        dn: entry.dn.clone(),
        stamp: stamp(entry, dialect),
        created: time(dialect.created()),
        updated: time(dialect.updated()),
        profile: profile(entry, names, account.active),
        status: account.status,
        manager: manager.filter(|manager| *manager != entry.dn && !manager.is_root()),
    })
}

/// The id of an entry.
pub(crate) fn id(entry: &Entry, dialect: Dialect) -> Result<Id, Error> {
    Id::of(entry, dialect).ok_or_else(|| {
        let name = dialect.id();
        Error::new(
            ErrorKind::InvalidResponse,
            format!(
                "The directory gave an entry without a readable `{name}`; let the service account read it, and check \
                 `dialect`."
            ),
        )
    })
}

fn stamp(entry: &Entry, dialect: Dialect) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    entry.first_octets(dialect.stamp().as_str())?.hash(&mut hasher);
    Some(hasher.finish())
}

fn profile(entry: &Entry, names: &Attributes, active: bool) -> PersonProfile {
    let user_name = first(entry, &names.user_name);
    let name = PersonName {
        formatted: full_name(entry, names),
        given_name: first(entry, &names.given_name),
        family_name: first(entry, &names.family_name),
    };
    PersonProfile {
        display_name: display_name(entry, names, user_name.as_deref()),
        name,
        title: first(entry, &names.title),
        active,
        emails: emails(entry, names),
        phone_numbers: phones(entry, names),
        addresses: addresses(entry, names),
        employee_number: first(entry, &names.employee_number),
        cost_center: first(entry, &names.cost_center),
        organization: first(entry, &names.organization),
        division: first(entry, &names.division),
        department: first(entry, &names.department),
        office: first(entry, &names.office),
        preferred_language: first(entry, &names.preferred_language).and_then(|text| language(&text)),
        timezone: first(entry, &names.timezone),
        user_name,
    }
}

/// The name to show of any entry.
pub(crate) fn display_name(entry: &Entry, names: &Attributes, user_name: Option<&str>) -> String {
    first(entry, &names.display_name)
        .or_else(|| full_name(entry, names))
        .or_else(|| user_name.map(str::to_owned))
        .or_else(|| first(entry, &names.user_name))
        .unwrap_or_else(|| "No name".to_owned())
}

/// An entry may have several whole names, in no order: the one that is put together from its parts is preferred, then
/// the first by its octets, so that it is the same each time.
fn full_name(entry: &Entry, names: &Attributes) -> Option<String> {
    let mut all: Vec<String> = names.full_name.iter().flat_map(|name| texts(entry, name)).collect();
    all.sort_unstable();
    let given = first(entry, &names.given_name).unwrap_or_default();
    let family = first(entry, &names.family_name).unwrap_or_default();
    let whole = format!("{given} {family}");
    match all.iter().position(|name| *name == whole) {
        Some(at) => Some(all.swap_remove(at)),
        None => all.into_iter().next(),
    }
}

/// The values of an attribute that can be shown: trimmed, not empty, not too long.
pub(crate) fn texts<'a>(entry: &'a Entry, name: &AttributeName) -> impl Iterator<Item = String> + use<'a> {
    entry.texts(name.as_str()).map(clean).filter(|text| !text.is_empty()).take(MOST_VALUES)
}

/// The first value of the first attribute that has one.
pub(crate) fn first(entry: &Entry, names: &[AttributeName]) -> Option<String> {
    names.iter().find_map(|name| texts(entry, name).next())
}

fn clean(text: &str) -> String {
    let text = text.trim();
    // Nearly all of them: nothing to leave out, and found out without looking at single characters.
    if text.len() <= MOST_CHARACTERS && text.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return text.to_owned();
    }
    let end = text.char_indices().nth(MOST_CHARACTERS).map_or(text.len(), |(end, _)| end);
    // A line feed separates the lines of an address; nothing else of the kind belongs into a name.
    text[..end].chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// Values of several attributes, in their order, without repeats.
fn all(entry: &Entry, names: &[AttributeName]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in names.iter().flat_map(|name| texts(entry, name)) {
        if found.len() < MOST_VALUES && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

fn emails(entry: &Entry, names: &Attributes) -> Vec<Email> {
    let values = all(entry, &names.email).into_iter().enumerate();
    values.map(|(at, value)| Email { value, kind: ContactType::Work, primary: at == 0 }).collect()
}

fn phones(entry: &Entry, names: &Attributes) -> Vec<PhoneNumber> {
    let kinds = [
        (ContactType::Work, &names.phone_work),
        (ContactType::Mobile, &names.phone_mobile),
        (ContactType::Home, &names.phone_home),
        (ContactType::Fax, &names.phone_fax),
    ];
    let of = |(kind, names): (ContactType, &Vec<AttributeName>)| {
        all(entry, names).into_iter().map(move |value| PhoneNumber { value, kind }).collect::<Vec<_>>()
    };
    kinds.into_iter().flat_map(of).collect()
}

fn addresses(entry: &Entry, names: &Attributes) -> Vec<Address> {
    let address = Address {
        formatted: first(entry, &names.postal_address).map(|text| postal_lines(&text)),
        street_address: first(entry, &names.street_address),
        locality: first(entry, &names.locality),
        region: first(entry, &names.region),
        postal_code: first(entry, &names.postal_code),
        country: first(entry, &names.country),
    };
    if address == Address::default() { Vec::new() } else { vec![address] }
}

/// Lines are separated by `$`; a `$` or a backslash in a line is `\24` or `\5C` (RFC 4517, section 3.3.28).
fn postal_lines(text: &str) -> String {
    let line = |line: &str| line.trim().replace("\\24", "$").replace("\\5C", "\\").replace("\\5c", "\\");
    text.split('$').map(line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The attribute holds what a browser sends (RFC 2798, section 2.7): the first language of it.
fn language(text: &str) -> Option<String> {
    let tag = text.split([',', ';']).next()?.trim();
    let good = (2..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    good.then(|| tag.to_owned())
}

/// Facts for authorisation: the owner is the person, the unit their department.
pub(crate) fn facts(system: &SystemKey, row: &Row) -> Facts {
    Facts {
        owner: Some(PersonRef {
            id: None,
            system: system.as_str().to_owned(),
            native_id: row.id.to_string(),
            display: row.profile.display_name.clone(),
        }),
        unit: row.profile.department.clone(),
        ..Facts::default()
    }
}

/// The finished record.
pub(crate) fn record(
    system: &SystemKey,
    row: Cow<'_, Row>,
    manager: Option<PersonLink>,
    org_unit: Option<Id>,
    has_photo: bool,
) -> PersonRecord {
    let mut record = PersonRecord {
        facts: facts(system, &row),
        id: row.id.native(),
        version: None,
        created_at: row.created,
        updated_at: row.updated,
        native_status: row.status.map(str::to_owned),
        profile: match row {
            Cow::Owned(row) => row.profile,
            Cow::Borrowed(row) => row.profile.clone(),
        },
        has_photo,
        manager,
        org_unit: org_unit.map(Id::native),
    };
    record.version = Some(version(&record));
    record
}

/// The version is a digest of what is shown: what a server counts moves without a change (uSNChanged) and differs between
/// the servers of one directory (whenChanged, uSNChanged).
fn version(record: &PersonRecord) -> SourceVersion {
    let mut digest = Sha256::new();
    let mut take = |text: &str| {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    };
    take(&serde_json::to_string(&record.profile).unwrap_or_default());
    take(record.native_status.as_deref().unwrap_or_default());
    take(if record.has_photo { "photo" } else { "" });
    let manager = record.manager.as_ref();
    take(manager.map_or("", |link| link.id.as_str()));
    take(manager.map_or("", |link| &link.display));
    take(record.org_unit.as_ref().map_or("", |unit| unit.as_str()));
    SourceVersion(short(&digest.finalize()))
}

/// 128 bits of a digest in hexadecimal digits: enough to tell versions of one thing apart.
pub(crate) fn short(digest: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    digest.iter().take(16).flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}
