//! Fills a directory with the people, departments and groups of a council.

pub(crate) mod active_directory;
mod openldap;
mod photo;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use portico_simkit::council::{Council, DEPARTMENTS, Person};
use uuid::Uuid;

use crate::Dialect;
use crate::directory::Directory;
use crate::entry::{Held, Value, value};
use crate::schema::Attr;

/// Everybody's number; the range is reserved for fiction, and the extension makes the difference.
const SWITCHBOARD: &str = "+44 1632 960000";

/// Whether somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Yes.
    Enabled,
    /// Switched off by an administrator.
    Disabled,
    /// Too many wrong passwords.
    Locked,
    /// Past its last day.
    Expired,
}

/// What is set up besides the people.
pub(crate) struct Plan<'a> {
    pub dialect: Dialect,
    pub base: &'a str,
    pub seed: u64,
    pub people: usize,
    /// Write memberOf.
    pub member_of: bool,
}

/// The instant at which everything was set up, the same in every run.
pub(crate) fn seeded() -> Timestamp {
    Timestamp::constant(1_793_520_000, 0)
}

/// A directory full of people.
pub(crate) fn directory(plan: &Plan<'_>) -> Directory {
    let council = Council::generate(plan.seed, plan.people);
    let mut directory = Directory::new(plan.dialect, plan.base, seeded());
    match plan.dialect {
        Dialect::OpenLdap => openldap::fill(&mut directory, plan, &council),
        Dialect::ActiveDirectory => active_directory::fill(&mut directory, plan, &council),
    }
    directory.open();
    directory
}

/// The state of a person's account. The people who came last, so that no manager is locked out; every council of ten or
/// more has each kind.
pub(crate) fn account(index: usize, people: usize) -> Account {
    let from_end = people - 1 - index;
    match from_end {
        _ if people < 10 => Account::Enabled,
        end if end % 97 == 3 => Account::Disabled,
        end if end % 211 == 5 => Account::Locked,
        end if end % 307 == 7 => Account::Expired,
        _ => Account::Enabled,
    }
}

/// A group in both dialects, by what it is for.
struct Group {
    name: String,
    description: String,
    /// Names of entries: people, or other groups.
    members: Vec<Value>,
}

/// The groups: one of everybody, one of the managers, one for each department and one of those groups. `names` are the
/// people's, and `of` says what a group of this name will be called.
fn groups(council: &Council, names: &[Value], of: impl Fn(&str) -> Value) -> Vec<Group> {
    let pick = |wanted: &dyn Fn(&Person) -> bool| -> Vec<Value> {
        let people = council.people.iter().zip(names);
        people.filter(|(person, _)| wanted(person)).map(|(_, name)| Arc::clone(name)).collect()
    };
    let mut managers = vec![false; council.people.len()];
    for person in &council.people {
        if let Some(manager) = person.manager {
            managers[manager] = true;
        }
    }
    let mut groups = vec![
        Group { name: "All Staff".into(), description: "Everybody".into(), members: names.to_vec() },
        Group {
            name: "Managers".into(),
            description: "Everybody who manages somebody".into(),
            members: pick(&|person| managers[person.index]),
        },
    ];
    let mut nested = Vec::new();
    for department in DEPARTMENTS {
        let members = pick(&|person| person.department == department);
        if members.is_empty() {
            continue;
        }
        nested.push(of(department));
        groups.push(Group {
            name: department.into(),
            description: format!("Everybody in {department}"),
            members,
        });
    }
    groups.push(Group {
        name: "Departments".into(),
        description: "The groups of the departments".into(),
        members: nested,
    });
    groups.retain(|group| !group.members.is_empty());
    groups
}

/// The teams of the departments that have people, in order.
fn teams(council: &Council) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut teams: Vec<(&str, Vec<&str>)> =
        DEPARTMENTS.iter().map(|department| (*department, Vec::new())).collect();
    for person in &council.people {
        if let Some((_, known)) = teams.iter_mut().find(|(name, _)| *name == person.department)
            && !known.contains(&person.team)
        {
            known.push(person.team);
        }
    }
    teams.retain(|(_, teams)| !teams.is_empty());
    teams
}

/// Numbers that entries other than people get, the same in every run.
struct Numbers {
    seed: u64,
    next: u64,
}

impl Numbers {
    fn new(seed: u64) -> Self {
        Self { seed, next: 0 }
    }

    fn uuid(&mut self) -> Uuid {
        self.next += 1;
        let spread = |value: u64| value.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31) ^ self.seed;
        let bits =
            (u128::from(spread(self.next)) << 64) | u128::from(spread(self.next.wrapping_add(1 << 40)));
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

/// Values that many share, made once.
#[derive(Default)]
struct Pool(HashMap<String, Value>);

impl Pool {
    fn get(&mut self, text: &str) -> Value {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let made = value(text);
        self.0.insert(text.to_owned(), Arc::clone(&made));
        made
    }
}

fn shared(attributes: &[(Attr, &[&str])]) -> Arc<[Held]> {
    let held = attributes.iter().map(|(attr, values)| {
        let values: Vec<Value> = values.iter().map(value).collect();
        Held { attr: *attr, usn: 0, values: values.into() }
    });
    held.collect()
}

fn one(attr: Attr, text: impl AsRef<[u8]>) -> (Attr, Vec<Value>) {
    (attr, vec![value(text)])
}

/// When the entry of a number was made: a microsecond apart each.
fn made(number: u32) -> Timestamp {
    seeded() + SignedDuration::from_micros(i64::from(number))
}

fn telephone(person: &Person) -> String {
    format!("{SWITCHBOARD} ext. {}", person.extension)
}

/// Every third person has a mobile number, out of the range that is reserved for fiction.
fn mobile(person: &Person) -> Option<String> {
    person.index.is_multiple_of(3).then(|| format!("+44 7700 900{:03}", person.index / 3 % 1_000))
}

fn room(person: &Person) -> String {
    format!("{}.{:02}", 1 + person.index % 4, 1 + person.index % 37)
}

/// Every eighth person has a photo.
fn photo(person: &Person) -> Option<Vec<u8>> {
    let shade = u8::try_from(person.index / 8 % 64).unwrap_or_default();
    person.index.is_multiple_of(8).then(|| photo::jpeg(shade, &person.username))
}

/// `Jones, Siân`, as sorted lists have it.
fn listed(person: &Person) -> String {
    format!("{}, {}", person.family_name, person.given_name)
}
