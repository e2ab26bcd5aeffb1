//! As OpenLDAP would hold it: everybody in one place, departments and teams as units, groups of names.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portico_simkit::council::{Council, DEPARTMENTS, Person};
use uuid::Uuid;

use super::{
    Account, Group, Numbers, Plan, Pool, account, groups, listed, made, mobile, one, photo, room, shared,
};
use super::{teams, telephone};
use crate::directory::{Directory, New};
use crate::dn::escape;
use crate::entry::{Held, Value, value};
use crate::schema::Attr;

struct Filling<'a> {
    directory: &'a mut Directory,
    base: &'a str,
    numbers: Numbers,
    unit: Arc<[Held]>,
    next: u32,
}

pub(super) fn fill(directory: &mut Directory, plan: &Plan<'_>, council: &Council) {
    let unit = shared(&[(Attr::OBJECT_CLASS, &["organizationalUnit"])]);
    let numbers = Numbers::new(plan.seed);
    let mut filling = Filling { directory, base: plan.base, numbers, unit, next: 0 };
    filling.top();
    filling.people(plan, council);
    filling.units(council);
    filling.groups(council);
}

impl Filling<'_> {
    fn add(&mut self, dn: String, uuid: Uuid, own: Vec<(Attr, Vec<Value>)>, shared: &Arc<[Held]>) {
        let at = made(self.next);
        self.next += 1;
        self.directory.insert(New { dn, uuid, own, shared: Arc::clone(shared) }, at);
    }

    fn add_unit(&mut self, name: &str, above: &str, description: &str) {
        let uuid = self.numbers.uuid();
        let mut own = vec![one(Attr::OU, name)];
        if !description.is_empty() {
            own.push(one(Attr::DESCRIPTION, description));
        }
        let unit = Arc::clone(&self.unit);
        self.add(format!("ou={},{above}", escape(name, false)), uuid, own, &unit);
    }

    /// What is there before the first person: five entries, as in the recordings.
    fn top(&mut self) {
        let base = self.base.to_owned();
        let name = crate::directory::rdn(&base).map(|(_, name)| name).unwrap_or_default();
        let uuid = self.numbers.uuid();
        let classes = shared(&[(Attr::OBJECT_CLASS, &["dcObject", "organization"])]);
        self.add(base.clone(), uuid, vec![one(Attr::DC, name), one(Attr::O, "The Council")], &classes);
        for unit in ["people", "groups", "services"] {
            self.add_unit(unit, &base, "");
        }
        let classes = shared(&[(Attr::OBJECT_CLASS, &["organizationalRole", "simpleSecurityObject"])]);
        let uuid = self.numbers.uuid();
        let own = vec![one(Attr::CN, "gateway"), one(Attr::DESCRIPTION, "Reads the directory")];
        self.add(format!("cn=gateway,ou=services,{base}"), uuid, own, &classes);
    }

    fn people(&mut self, plan: &Plan<'_>, council: &Council) {
        let names = names(council, self.base);
        let classes = shared(&[
            (Attr::OBJECT_CLASS, &["inetOrgPerson"]),
            (Attr::POSTAL_ADDRESS, &["County Hall$High Street$Exampleton"]),
            (Attr::L, &["Exampleton"]),
        ]);
        let mut pool = Pool::default();
        let member_of = if plan.member_of { belongs(council, &names, self.base) } else { Vec::new() };
        for person in &council.people {
            let mut own = attributes(person, &names, &mut pool);
            if account(person.index, council.people.len()) == Account::Disabled {
                // What the password policy overlay writes to lock an account for good.
                own.push(one(Attr::PWD_ACCOUNT_LOCKED_TIME, "000001010000Z"));
            }
            if let Some(groups) = member_of.get(person.index) {
                own.push((Attr::MEMBER_OF, groups.clone()));
            }
            let dn = String::from_utf8_lossy(&names[person.index]).into_owned();
            self.add(dn, Uuid::parse_str(&person.id).unwrap_or_default(), own, &classes);
        }
    }

    fn units(&mut self, council: &Council) {
        let base = self.base.to_owned();
        self.add_unit("departments", &base, "");
        let above = format!("ou=departments,{base}");
        for (department, teams) in teams(council) {
            self.add_unit(department, &above, "Department");
            let above = format!("ou={},{above}", escape(department, false));
            for team in teams {
                self.add_unit(team, &above, "Team");
            }
        }
    }

    fn groups(&mut self, council: &Council) {
        let names = names(council, self.base);
        let base = self.base.to_owned();
        let classes = shared(&[(Attr::OBJECT_CLASS, &["groupOfNames"])]);
        for Group { name, description, members } in groups(council, &names, |name| group_name(name, &base)) {
            let slug = slug(&name);
            let own =
                vec![one(Attr::CN, &slug), one(Attr::DESCRIPTION, description), (Attr::MEMBER, members)];
            let uuid = self.numbers.uuid();
            self.add(format!("cn={slug},ou=groups,{base}"), uuid, own, &classes);
        }
    }
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn group_name(name: &str, base: &str) -> Value {
    value(format!("cn={},ou=groups,{base}", slug(name)))
}

/// The groups that each person is in.
fn belongs(council: &Council, names: &[Value], base: &str) -> Vec<Vec<Value>> {
    let mut all: Vec<Vec<Value>> = vec![Vec::new(); names.len()];
    let places: HashMap<*const u8, usize> = names.iter().map(|name| name.as_ptr()).zip(0..).collect();
    for group in groups(council, names, |name| group_name(name, base)) {
        let name = group_name(&group.name, base);
        for member in &group.members {
            if let Some(place) = places.get(&member.as_ptr()) {
                all[*place].push(Arc::clone(&name));
            }
        }
    }
    all
}

/// Most are named by user name; every seventh by family and given name, with a comma in it.
fn names(council: &Council, base: &str) -> Vec<Value> {
    let mut taken = HashSet::new();
    let mut name = |person: &Person| {
        let listed = listed(person);
        if person.index % 7 == 5 && taken.insert(listed.clone()) {
            value(format!("cn={},ou=people,{base}", escape(&listed, false)))
        } else {
            value(format!("uid={},ou=people,{base}", person.username))
        }
    };
    council.people.iter().map(&mut name).collect()
}

fn attributes(person: &Person, names: &[Value], pool: &mut Pool) -> Vec<(Attr, Vec<Value>)> {
    let mut common = vec![value(&person.display_name)];
    if names[person.index].starts_with(b"cn=") {
        common.insert(0, value(listed(person)));
    }
    let number = DEPARTMENTS.iter().position(|name| *name == person.department).unwrap_or_default();
    let mut own = vec![
        (Attr::CN, common),
        one(Attr::UID, &person.username),
        one(Attr::SN, &person.family_name),
        one(Attr::GIVEN_NAME, &person.given_name),
        one(Attr::DISPLAY_NAME, &person.display_name),
        one(Attr::EMPLOYEE_NUMBER, &person.employee_number),
        one(Attr::MAIL, &person.mail),
        (Attr::TITLE, vec![pool.get(&person.title)]),
        (Attr::OU, vec![pool.get(person.department)]),
        (Attr::DEPARTMENT_NUMBER, vec![pool.get(&format!("{:03}", number + 1))]),
        (Attr::BUSINESS_CATEGORY, vec![pool.get(person.team)]),
        one(Attr::TELEPHONE_NUMBER, telephone(person)),
        (Attr::ROOM_NUMBER, vec![pool.get(&room(person))]),
        (Attr::PREFERRED_LANGUAGE, vec![pool.get(person.language)]),
    ];
    own.extend(person.manager.map(|manager| (Attr::MANAGER, vec![Arc::clone(&names[manager])])));
    own.extend(mobile(person).map(|mobile| one(Attr::MOBILE, mobile)));
    own.extend(photo(person).map(|photo| one(Attr::JPEG_PHOTO, photo)));
    own
}
