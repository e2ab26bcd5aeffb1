//! A council as LDIF (RFC 2849): what a real directory is loaded with, parents before children.
//!
//! Written without knowing any adapter or simulator, so that what a real server makes of it can be held against both.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Council, DEPARTMENTS, Person};

/// Whose schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// `inetOrgPerson` and `groupOfNames`: everybody in `ou=people`; units in `ou=departments`; groups in `ou=groups`,
    /// with names such as `all-staff`.
    OpenLdap,
    /// `user` and `group`: everybody in the unit of their team, below the department's, below `OU=Staff`; groups in
    /// `OU=Groups`, with names such as `All Staff`.
    ActiveDirectory,
}

/// Writes the council below `base`. With `member_of`, people carry their groups: a server that is loaded offline does not
/// work them out (OpenLDAP); Active Directory does, and does not let itself be told.
///
/// # Errors
/// Only those of `to`.
pub fn write(
    council: &Council,
    schema: Schema,
    base: &str,
    member_of: bool,
    to: &mut impl Write,
) -> io::Result<()> {
    let writer =
        Writer { council, schema, base, names: names(council, schema, base), managers: managers(council) };
    writer.units(to)?;
    for person in &council.people {
        writer.person(person, member_of && schema == Schema::OpenLdap, to)?;
    }
    writer.groups(to)
}

/// Every eighth person has a photo: a JPEG of one grey pixel, different for everybody.
pub fn photo(person: &Person) -> Option<Vec<u8>> {
    person.index.is_multiple_of(8).then(|| {
        let comment = person.username.as_bytes();
        let mut file = vec![0xFF, 0xD8, 0xFF, 0xFE, 0, u8::try_from(comment.len() + 2).unwrap_or(2)];
        file.extend_from_slice(comment);
        file.extend_from_slice(&[0xFF, 0xDB, 0, 67, 0]);
        file.extend_from_slice(&[8; 64]);
        file.extend_from_slice(&[0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
        for class in [0x00, 0x10] {
            file.extend_from_slice(&[
                0xFF, 0xC4, 0, 20, class, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ]);
        }
        file.extend_from_slice(&[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x3F, 0xFF, 0xD9]);
        file
    })
}

/// Whether the account can be used: the schema of Active Directory says so, that of OpenLDAP has no word for it.
pub fn active(council: &Council, schema: Schema, person: &Person) -> bool {
    // Those who came last, so that nobody's manager is gone.
    let from_end = council.people.len() - 1 - person.index;
    schema == Schema::OpenLdap || council.people.len() < 10 || !matches!(from_end % 97, 3 | 7)
}

/// The names of the groups that a person is in, directly or through another group.
pub fn groups_of(council: &Council, schema: Schema, person: &Person) -> BTreeSet<String> {
    let manager = council.people.iter().any(|other| other.manager == Some(person.index));
    let mut all: BTreeSet<String> = direct_groups(person, manager).map(|name| group(schema, name)).collect();
    all.insert(group(schema, "Departments"));
    all
}

fn direct_groups(person: &Person, manager: bool) -> impl Iterator<Item = &'static str> {
    ["All Staff", person.department].into_iter().chain(manager.then_some("Managers"))
}

/// The number at which a person is called.
pub fn telephone(person: &Person) -> String {
    format!("+44 1632 960000 ext. {}", person.extension)
}

/// The names of all units with the name of the one that each lies in.
pub fn units(council: &Council, schema: Schema) -> Vec<(String, Option<String>)> {
    let own = |name: &str| (name.to_owned(), None);
    let (mut all, top) = match schema {
        Schema::OpenLdap => (vec![own("people"), own("groups"), own("departments")], "departments"),
        Schema::ActiveDirectory => (vec![own("Staff"), own("Groups")], "Staff"),
    };
    for (department, teams) in teams(council) {
        all.push((department.to_owned(), Some(top.to_owned())));
        all.extend(teams.into_iter().map(|team| (team.to_owned(), Some(department.to_owned()))));
    }
    all
}

struct Writer<'a> {
    council: &'a Council,
    schema: Schema,
    base: &'a str,
    names: Vec<String>,
    managers: BTreeSet<usize>,
}

impl Writer<'_> {
    fn is_ad(&self) -> bool {
        self.schema == Schema::ActiveDirectory
    }

    fn units(&self, to: &mut impl Write) -> io::Result<()> {
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        for (name, above) in units(self.council, self.schema) {
            let above =
                above.and_then(|above| places.get(&above).cloned()).unwrap_or_else(|| self.base.to_owned());
            let dn = format!("ou={},{above}", escape(&name));
            let mut entry = Entry::new(&dn);
            entry.add("objectClass", "organizationalUnit").add("ou", &name);
            // Teams of different departments may share a name; nothing lies below a team.
            places.insert(name, dn);
            entry.write(to)?;
        }
        Ok(())
    }

    fn person(&self, person: &Person, member_of: bool, to: &mut impl Write) -> io::Result<()> {
        let mut entry = Entry::new(&self.names[person.index]);
        entry.add("sn", &person.family_name).add("givenName", &person.given_name);
        entry.add("displayName", &person.display_name).add("title", &person.title).add("mail", &person.mail);
        entry.add("telephoneNumber", &telephone(person)).add("preferredLanguage", person.language);
        entry.add("employeeNumber", &person.employee_number);
        if let Some(manager) = person.manager {
            entry.add("manager", &self.names[manager]);
        }
        if self.is_ad() {
            let active = active(self.council, self.schema, person);
            entry.add("objectClass", "user").add("sAMAccountName", &person.username);
            entry.add("userPrincipalName", &format!("{}@{}", person.username, domain(self.base)));
            entry
                .add("department", person.department)
                .add("division", person.team)
                .add("company", "The Council");
            entry.add("employeeID", &person.employee_number).add("ipPhone", &person.extension);
            entry.add("userAccountControl", if active { "512" } else { "514" });
        } else {
            // So that every server that is loaded with it knows people by the same key, as replicas do.
            entry.add("entryUUID", &person.id);
            entry
                .add("objectClass", "inetOrgPerson")
                .add("uid", &person.username)
                .add("cn", &person.display_name);
            if self.names[person.index].starts_with("cn=") {
                entry.add("cn", &listed(person));
            }
            entry.add("ou", person.department).add("businessCategory", person.team);
        }
        if let Some(photo) = photo(person) {
            entry.octets(if self.is_ad() { "thumbnailPhoto" } else { "jpegPhoto" }, &photo);
        }
        if member_of {
            for name in direct_groups(person, self.managers.contains(&person.index)) {
                entry.add("memberOf", &self.group_dn(&group(self.schema, name)));
            }
        }
        entry.write(to)
    }

    fn group_dn(&self, name: &str) -> String {
        format!("cn={},ou=groups,{}", escape(name), self.base)
    }

    fn groups(&self, to: &mut impl Write) -> io::Result<()> {
        let mut departments = Vec::new();
        for department in DEPARTMENTS {
            let name = group(self.schema, department);
            let members = self.people(|person| person.department == department);
            if self.group(&name, &members, to)? {
                departments.push(self.group_dn(&name));
            }
        }
        self.group(&group(self.schema, "All Staff"), &self.people(|_| true), to)?;
        let managers = self.people(|person| self.managers.contains(&person.index));
        self.group(&group(self.schema, "Managers"), &managers, to)?;
        let departments: Vec<&str> = departments.iter().map(String::as_str).collect();
        self.group(&group(self.schema, "Departments"), &departments, to)?;
        Ok(())
    }

    fn people(&self, wanted: impl Fn(&Person) -> bool) -> Vec<&str> {
        let people = self.council.people.iter().filter(|person| wanted(person));
        people.map(|person| self.names[person.index].as_str()).collect()
    }

    /// Writes a group unless it would be empty, which a `groupOfNames` cannot be.
    fn group(&self, name: &str, members: &[&str], to: &mut impl Write) -> io::Result<bool> {
        if members.is_empty() {
            return Ok(false);
        }
        let mut entry = Entry::new(&self.group_dn(name));
        if self.is_ad() {
            entry.add("objectClass", "group").add("sAMAccountName", name);
        } else {
            entry.add("objectClass", "groupOfNames").add("cn", name);
        }
        for member in members {
            entry.add("member", member);
        }
        entry.write(to)?;
        Ok(true)
    }
}

fn managers(council: &Council) -> BTreeSet<usize> {
    council.people.iter().filter_map(|person| person.manager).collect()
}

/// Teams that have people, by department, in the order of the first of them.
fn teams(council: &Council) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for person in &council.people {
        let at = all.iter().position(|(name, _)| *name == person.department).unwrap_or_else(|| {
            all.push((person.department, Vec::new()));
            all.len() - 1
        });
        if !all[at].1.contains(&person.team) {
            all[at].1.push(person.team);
        }
    }
    all
}

fn group(schema: Schema, name: &str) -> String {
    match schema {
        Schema::OpenLdap => name.to_lowercase().replace(' ', "-"),
        Schema::ActiveDirectory => name.to_owned(),
    }
}

/// `Price, Siân`, as sorted lists have it.
fn listed(person: &Person) -> String {
    format!("{}, {}", person.family_name, person.given_name)
}

/// Most entries of OpenLDAP are named by user name, every seventh by the listed name; those of Active Directory all by the
/// listed name, with the user name where a team has it twice.
fn names(council: &Council, schema: Schema, base: &str) -> Vec<String> {
    let mut taken = HashSet::new();
    let name = |person: &Person| {
        let listed = listed(person);
        match schema {
            Schema::OpenLdap if person.index % 7 == 5 && taken.insert((listed.to_lowercase(), "")) => {
                format!("cn={},ou=people,{base}", escape(&listed))
            }
            Schema::OpenLdap => format!("uid={},ou=people,{base}", person.username),
            Schema::ActiveDirectory => {
                let unit = format!("OU={},OU={},OU=Staff", escape(person.team), escape(person.department));
                let first = taken.insert((listed.to_lowercase(), person.team));
                let common = if first { listed } else { format!("{listed} ({})", person.username) };
                format!("CN={},{unit},{base}", escape(&common))
            }
        }
    };
    council.people.iter().map(name).collect()
}

fn domain(base: &str) -> String {
    base.split(',')
        .filter_map(|part| part.split_once('='))
        .map(|(_, name)| name)
        .collect::<Vec<_>>()
        .join(".")
}

/// A value in a name (RFC 4514, section 2.4).
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for (at, letter) in value.char_indices() {
        let last = at + letter.len_utf8() == value.len();
        match letter {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => {
                let _ = write!(escaped, "\\{:02X}", u32::from(letter));
            }
            '#' | ' ' if at == 0 => escaped.extend(['\\', letter]),
            ' ' if last => escaped.push_str("\\ "),
            _ => escaped.push(letter),
        }
    }
    escaped
}

struct Entry(String);

impl Entry {
    fn new(dn: &str) -> Self {
        let mut entry = Self(String::new());
        entry.add("dn", dn);
        entry
    }

    fn add(&mut self, name: &str, value: &str) -> &mut Self {
        let safe = value.bytes().all(|octet| matches!(octet, b' '..=b'~'))
            && !value.starts_with([' ', ':', '<'])
            && !value.ends_with(' ');
        if !safe {
            return self.octets(name, value.as_bytes());
        }
        let _ = writeln!(self.0, "{name}: {value}");
        self
    }

    fn octets(&mut self, name: &str, value: &[u8]) -> &mut Self {
        let _ = writeln!(self.0, "{name}:: {}", base64(value));
        self
    }

    fn write(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{}", self.0)
    }
}

/// RFC 4648, section 4.
fn base64(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(octets.len() * 4 / 3 + 4);
    for group in octets.chunks(3) {
        let bits =
            group.iter().enumerate().fold(0, |bits, (at, octet)| bits | usize::from(*octet) << (16 - 8 * at));
        for at in 0..4 {
            text.push(if at <= group.len() { char::from(DIGITS[bits >> (18 - 6 * at) & 63]) } else { '=' });
        }
    }
    text
}
