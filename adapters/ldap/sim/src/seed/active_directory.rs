//! As Active Directory would hold it: people below the unit of their department, groups, accounts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portico_simkit::council::{Council, Person};
use uuid::Uuid;

use super::{
    Account, Group, Numbers, Plan, Pool, account, groups, listed, made, mobile, one, photo, room, seeded,
};
use super::{shared, teams, telephone};
use crate::directory::{Directory, New};
use crate::dn::escape;
use crate::entry::{Held, Value, value};
use crate::schema::Attr;
use crate::time;

/// `512`: a normal account. `2` switches it off, `65536` keeps its password for ever.
const NORMAL: i64 = 0x200;
const DISABLED: i64 = 0x2;
const KEEPS_PASSWORD: i64 = 0x1_0000;
/// An account that never expires.
const NEVER: &str = "9223372036854775807";
/// The domain's part of a security identifier, and where people's numbers start.
const DOMAIN: [u32; 4] = [21, 2_779_467_904, 1_270_194_198, 3_068_740_194];
const FIRST_RELATIVE_ID: u32 = 1_103;

struct Filling<'a> {
    directory: &'a mut Directory,
    base: &'a str,
    numbers: Numbers,
    relative: u32,
    next: u32,
}

pub(super) fn fill(directory: &mut Directory, plan: &Plan<'_>, council: &Council) {
    let numbers = Numbers::new(plan.seed);
    let mut filling = Filling { directory, base: plan.base, numbers, relative: FIRST_RELATIVE_ID, next: 0 };
    filling.top();
    filling.units(council);
    filling.people(plan, council);
    filling.groups(council);
}

/// The binary security identifier (MS-DTYP, section 2.4.2.2) of a number in the domain.
fn sid(relative: u32) -> Vec<u8> {
    let mut octets = vec![1, 5, 0, 0, 0, 0, 0, 5];
    for part in DOMAIN.into_iter().chain([relative]) {
        octets.extend(part.to_le_bytes());
    }
    octets
}

/// The DNS name of the domain: `corp.example.org`.
pub(crate) fn domain(base: &str) -> String {
    let names = crate::dn::parse(base).unwrap_or_default();
    let parts: Vec<String> = names.into_iter().flatten().map(|(_, value)| value).collect();
    parts.join(".").to_lowercase()
}

impl Filling<'_> {
    fn add(&mut self, dn: String, uuid: Uuid, own: Vec<(Attr, Vec<Value>)>, shared: &Arc<[Held]>) {
        let at = made(self.next);
        self.next += 1;
        self.directory.insert(New { dn, uuid, own, shared: Arc::clone(shared) }, at);
    }

    fn category(&self, class: &str) -> String {
        format!("CN={class},CN=Schema,CN=Configuration,{}", self.base)
    }

    fn kind(&self, classes: &[&str], category: &str, more: &[(Attr, &[&str])]) -> Arc<[Held]> {
        let category = self.category(category);
        let mut all: Vec<(Attr, &[&str])> = vec![(Attr::OBJECT_CLASS, classes)];
        let category: &[&str] = &[&category];
        all.push((Attr::OBJECT_CATEGORY, category));
        all.extend(more);
        shared(&all)
    }

    fn top(&mut self) {
        let base = self.base.to_owned();
        let name = crate::directory::rdn(&base).map(|(_, name)| name).unwrap_or_default();
        let domain =
            self.kind(&["top", "domain", "domainDNS"], "Domain-DNS", &[(Attr::INSTANCE_TYPE, &["5"])]);
        let uuid = self.numbers.uuid();
        let mut own = vec![one(Attr::DC, name)];
        let mut domain_sid = sid(0);
        domain_sid.truncate(24);
        domain_sid[1] = 4;
        own.push(one(Attr::OBJECT_SID, domain_sid));
        self.add(base.clone(), uuid, own, &domain);
        let container = self.kind(&["top", "container"], "Container", &[(Attr::INSTANCE_TYPE, &["4"])]);
        for name in ["Users", "Deleted Objects"] {
            let uuid = self.numbers.uuid();
            let mut own = vec![one(Attr::CN, name)];
            if name == "Deleted Objects" {
                own.push(one(Attr::IS_DELETED, "TRUE"));
            }
            self.add(format!("CN={name},{base}"), uuid, own, &container);
        }
        for name in ["Staff", "Groups", "Services"] {
            self.add_unit(name, &base);
        }
        for (name, user, above) in [
            ("Administrator", "Administrator", format!("CN=Users,{base}")),
            ("Gateway", "svc-gateway", format!("OU=Services,{base}")),
        ] {
            let own = self.service(name, user);
            let uuid = self.numbers.uuid();
            let user = self.user();
            self.add(format!("CN={name},{above}"), uuid, own, &user);
        }
    }

    fn service(&mut self, name: &str, user: &str) -> Vec<(Attr, Vec<Value>)> {
        let relative = if user == "Administrator" { 500 } else { self.relative() };
        vec![
            one(Attr::CN, name),
            one(Attr::SAM_ACCOUNT_NAME, user),
            one(Attr::USER_PRINCIPAL_NAME, format!("{user}@{}", domain(self.base))),
            one(Attr::OBJECT_SID, sid(relative)),
            one(Attr::USER_ACCOUNT_CONTROL, (NORMAL | KEEPS_PASSWORD).to_string()),
            one(Attr::ACCOUNT_EXPIRES, NEVER),
            one(Attr::PWD_LAST_SET, time::filetime(seeded()).to_string()),
        ]
    }

    fn relative(&mut self) -> u32 {
        self.relative += 1;
        self.relative - 1
    }

    fn add_unit(&mut self, name: &str, above: &str) {
        let classes = self.kind(
            &["top", "organizationalUnit"],
            "Organizational-Unit",
            &[(Attr::INSTANCE_TYPE, &["4"])],
        );
        let uuid = self.numbers.uuid();
        self.add(format!("OU={},{above}", escape(name, true)), uuid, vec![one(Attr::OU, name)], &classes);
    }

    fn units(&mut self, council: &Council) {
        let staff = format!("OU=Staff,{}", self.base);
        for (department, teams) in teams(council) {
            self.add_unit(department, &staff);
            let above = format!("OU={},{staff}", escape(department, true));
            for team in teams {
                self.add_unit(team, &above);
            }
        }
    }

    /// What every user has.
    fn user(&self) -> Arc<[Held]> {
        let constant: &[(Attr, &[&str])] = &[
            (Attr::INSTANCE_TYPE, &["4"]),
            (Attr::SAM_ACCOUNT_TYPE, &["805306368"]),
            (Attr::PRIMARY_GROUP_ID, &["513"]),
            (Attr::CODE_PAGE, &["0"]),
            (Attr::COUNTRY_CODE, &["0"]),
            (Attr::BAD_PWD_COUNT, &["0"]),
            (Attr::BAD_PASSWORD_TIME, &["0"]),
            (Attr::LAST_LOGON, &["0"]),
            (Attr::LAST_LOGOFF, &["0"]),
            (Attr::LOGON_COUNT, &["0"]),
        ];
        self.kind(&["top", "person", "organizationalPerson", "user"], "Person", constant)
    }

    fn people(&mut self, plan: &Plan<'_>, council: &Council) {
        let names = names(council, self.base);
        let mut pool = Pool::default();
        let user = self.user();
        let domain = domain(self.base);
        let member_of = if plan.member_of { belongs(council, &names, self.base) } else { Vec::new() };
        for person in &council.people {
            let state = account(person.index, council.people.len());
            let mut own = attributes(person, &names, &mut pool);
            own.push(one(Attr::USER_PRINCIPAL_NAME, format!("{}@{domain}", person.username)));
            own.push(one(Attr::OBJECT_SID, sid(self.relative())));
            own.extend(account_attributes(state, &mut pool));
            if let Some(groups) = member_of.get(person.index) {
                own.push((Attr::MEMBER_OF, groups.clone()));
            }
            let dn = String::from_utf8_lossy(&names[person.index]).into_owned();
            self.add(dn, Uuid::parse_str(&person.id).unwrap_or_default(), own, &user);
        }
    }

    fn groups(&mut self, council: &Council) {
        let names = names(council, self.base);
        let base = self.base.to_owned();
        let constant: &[(Attr, &[&str])] = &[
            (Attr::INSTANCE_TYPE, &["4"]),
            (Attr::SAM_ACCOUNT_TYPE, &["268435456"]),
            (Attr::GROUP_TYPE, &["-2147483646"]),
        ];
        let classes = self.kind(&["top", "group"], "Group", constant);
        let all = groups(council, &names, |name| group_name(name, &base));
        let parent = group_name("Departments", &base);
        let nested = all.last().map(|group| group.members.clone()).unwrap_or_default();
        for Group { name, description, members } in all {
            let dn = group_name(&name, &base);
            let mut own = vec![
                one(Attr::CN, &name),
                one(Attr::SAM_ACCOUNT_NAME, &name),
                one(Attr::DESCRIPTION, description),
                (Attr::MEMBER, members),
                one(Attr::OBJECT_SID, sid(self.relative())),
            ];
            if nested.contains(&dn) {
                own.push((Attr::MEMBER_OF, vec![Arc::clone(&parent)]));
            }
            let uuid = self.numbers.uuid();
            self.add(String::from_utf8_lossy(&dn).into_owned(), uuid, own, &classes);
        }
    }
}

fn group_name(name: &str, base: &str) -> Value {
    value(format!("CN={},OU=Groups,{base}", escape(name, true)))
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

/// `CN=Jones\, Siân,OU=Payroll,…`; where a team has two of the same name, with the user name.
fn names(council: &Council, base: &str) -> Vec<Value> {
    let mut taken = HashSet::new();
    let mut name = |person: &Person| {
        let team = (escape(person.team, true), escape(person.department, true));
        let above = format!("OU={},OU={},OU=Staff,{base}", team.0, team.1);
        let mut common = listed(person);
        if !taken.insert((common.to_lowercase(), person.team)) {
            common = format!("{common} ({})", person.username);
        }
        value(format!("CN={},{above}", escape(&common, true)))
    };
    council.people.iter().map(&mut name).collect()
}

fn attributes(person: &Person, names: &[Value], pool: &mut Pool) -> Vec<(Attr, Vec<Value>)> {
    let dn = String::from_utf8_lossy(&names[person.index]);
    let common = crate::directory::rdn(&dn).map(|(_, name)| name).unwrap_or_default();
    let mut own = vec![
        one(Attr::CN, common),
        one(Attr::SN, &person.family_name),
        one(Attr::GIVEN_NAME, &person.given_name),
        one(Attr::DISPLAY_NAME, &person.display_name),
        (Attr::TITLE, vec![pool.get(&person.title)]),
        (Attr::DEPARTMENT, vec![pool.get(person.department)]),
        (Attr::DIVISION, vec![pool.get(person.team)]),
        (Attr::COMPANY, vec![pool.get("The Council")]),
        (Attr::OFFICE, vec![pool.get(&room(person))]),
        (Attr::PREFERRED_LANGUAGE, vec![pool.get(person.language)]),
        one(Attr::EMPLOYEE_ID, &person.employee_number),
        one(Attr::EMPLOYEE_NUMBER, &person.employee_number),
        one(Attr::SAM_ACCOUNT_NAME, &person.username),
        one(Attr::MAIL, &person.mail),
        one(Attr::TELEPHONE_NUMBER, telephone(person)),
        one(Attr::IP_PHONE, &person.extension),
    ];
    own.extend(person.manager.map(|manager| (Attr::MANAGER, vec![Arc::clone(&names[manager])])));
    own.extend(mobile(person).map(|mobile| one(Attr::MOBILE, mobile)));
    own.extend(photo(person).map(|photo| one(Attr::THUMBNAIL_PHOTO, photo)));
    own
}

fn account_attributes(state: Account, pool: &mut Pool) -> Vec<(Attr, Vec<Value>)> {
    let control = if state == Account::Disabled { NORMAL | DISABLED } else { NORMAL };
    let set_up = time::filetime(seeded()).to_string();
    let ends = if state == Account::Expired { set_up.as_str() } else { NEVER };
    let mut own = vec![
        (Attr::USER_ACCOUNT_CONTROL, vec![pool.get(&control.to_string())]),
        (Attr::ACCOUNT_EXPIRES, vec![pool.get(ends)]),
        (Attr::PWD_LAST_SET, vec![pool.get(&set_up)]),
    ];
    if state == Account::Locked {
        own.push((Attr::LOCKOUT_TIME, vec![pool.get(&set_up)]));
        own.push((Attr::USER_ACCOUNT_CONTROL_COMPUTED, vec![pool.get("16")]));
    }
    own
}
