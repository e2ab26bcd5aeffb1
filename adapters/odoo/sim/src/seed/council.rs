//! The people of the council: the same as in the directories, by user name, mail and employee number (`barcode`).

use std::collections::{HashMap, HashSet};

use portico_simkit::council::{Council, Person};

use super::{Account, Maker, Seeded, absences, claims, finance, group, seeded as begin};
use crate::sim::Options;
use crate::value::Value;

/// No larger council is made.
const MAX_PEOPLE: usize = 10_000;

/// Who has no login, and who no bank account: every so many-th person, never a manager.
const WITHOUT_LOGIN: usize = 47;
const WITHOUT_BANK: usize = 29;

pub(super) fn fill(maker: &mut Maker<'_>, options: &Options, seeded: &mut Seeded) {
    let council = Council::generate(options.seed, options.people.min(MAX_PEOPLE));
    maker.at(begin());
    maker.company("Council", ["GBP", "£", "Pound sterling"], seeded, options);
    seeded.gateway = gateway(maker, options, seeded);
    finance::fill(maker);
    let departments = departments(maker, &council);
    let managers: HashSet<usize> = council.people.iter().filter_map(|person| person.manager).collect();
    for person in &council.people {
        let account = person_of(maker, person, &departments, &managers, &seeded.accounts);
        if account.uid.is_some() {
            seeded.passwords.insert(person.username.clone(), options.person_password.clone());
        }
        seeded.accounts.push(account);
    }
    heads(maker, &council, &departments, &seeded.accounts);
    former(maker);
    claims::fill(maker, &seeded.accounts);
    absences::fill(maker, &seeded.accounts);
}

/// The account of the gateway: no employee, and all of expenses and time off.
fn gateway(maker: &mut Maker<'_>, options: &Options, seeded: &mut Seeded) -> i64 {
    let partner = maker.make("res.partner", [("name", Value::str("Portico"))]);
    let user =
        maker.make("res.users", [("login", Value::str(&options.login)), ("partner_id", Value::Int(partner))]);
    let groups = [
        group::USER,
        group::HR,
        group::EXPENSE_TEAM,
        group::EXPENSE_USER,
        group::EXPENSE_MANAGER,
        group::LEAVE_OFFICER,
        group::LEAVE_MANAGER,
    ];
    maker.set("res.users", user, [("groups_id", Value::ids(groups))]);
    seeded.passwords.insert(options.login.clone(), options.password.clone());
    user
}

/// Departments with their teams below them, by department and team.
fn departments(maker: &mut Maker<'_>, council: &Council) -> HashMap<(&'static str, &'static str), i64> {
    let mut all: HashMap<(&str, &str), i64> = HashMap::new();
    for person in &council.people {
        let above = *all.entry((person.department, "")).or_insert_with(|| {
            maker.make(
                "hr.department",
                [("name", Value::str(person.department)), ("company_id", Value::Int(1))],
            )
        });
        all.entry((person.department, person.team)).or_insert_with(|| {
            maker.make(
                "hr.department",
                [
                    ("name", Value::str(person.team)),
                    ("company_id", Value::Int(1)),
                    ("parent_id", Value::Int(above)),
                ],
            )
        });
    }
    all
}

fn person_of(
    maker: &mut Maker<'_>,
    person: &Person,
    departments: &HashMap<(&'static str, &'static str), i64>,
    managers: &HashSet<usize>,
    before: &[Account],
) -> Account {
    let manages = managers.contains(&person.index);
    let contact = maker.make(
        "res.partner",
        [("name", Value::str(&person.display_name)), ("email", Value::str(&person.mail))],
    );
    let login = manages || person.index % WITHOUT_LOGIN != WITHOUT_LOGIN - 1;
    let uid = login.then(|| user(maker, person, contact, manages));
    let manager = person.manager.and_then(|manager| before.get(manager));
    let or_nothing = |id: Option<i64>| id.map_or(Value::FALSE, Value::Int);
    let department = departments.get(&(person.department, person.team)).copied();
    let bank_account = manages || person.index % WITHOUT_BANK != WITHOUT_BANK - 1;
    let employee = maker.make(
        "hr.employee",
        [
            ("name", Value::str(&person.display_name)),
            ("job_title", Value::str(&person.title)),
            ("work_email", Value::str(&person.mail)),
            ("work_phone", Value::Str(format!("+44 1632 960000 ext. {}", person.extension))),
            ("barcode", Value::str(&person.employee_number)),
            ("work_contact_id", Value::Int(contact)),
            ("department_id", or_nothing(department)),
            ("parent_id", or_nothing(manager.map(|manager| manager.employee))),
            ("user_id", or_nothing(uid)),
            ("leave_manager_id", or_nothing(manager.and_then(|manager| manager.uid))),
            ("tz", Value::str("Europe/London")),
        ],
    );
    if bank_account {
        let number = format!("GB{:02}PRTC{:014}", 10 + person.index % 90, 20_000_000_000_000 + person.index);
        let account = maker.make(
            "res.partner.bank",
            [("acc_number", Value::Str(number)), ("partner_id", Value::Int(contact))],
        );
        maker.set("hr.employee", employee, [("bank_account_id", Value::Int(account))]);
    }
    Account {
        index: person.index,
        username: person.username.clone(),
        uid,
        employee,
        manager: manager.map(|manager| manager.employee),
        bank_account,
    }
}

fn user(maker: &mut Maker<'_>, person: &Person, contact: i64, manages: bool) -> i64 {
    let user = maker.make(
        "res.users",
        [
            ("login", Value::str(&person.username)),
            ("partner_id", Value::Int(contact)),
            ("lang", Value::str("en_GB")),
        ],
    );
    let mut groups = vec![group::USER];
    if manages {
        groups.push(group::EXPENSE_TEAM);
    }
    match person.team {
        // Those who look after everybody's.
        "Accountancy" => groups.extend([group::EXPENSE_TEAM, group::EXPENSE_USER, group::ACCOUNTANT]),
        "Human Resources" => groups.extend([group::HR, group::LEAVE_OFFICER]),
        _ => {}
    }
    groups.sort_unstable();
    groups.dedup();
    maker.set("res.users", user, [("groups_id", Value::ids(groups))]);
    user
}

/// Directors manage their departments.
fn heads(
    maker: &mut Maker<'_>,
    council: &Council,
    departments: &HashMap<(&'static str, &'static str), i64>,
    accounts: &[Account],
) {
    let directors = council.people.iter().filter(|person| person.manager == Some(0));
    for director in directors {
        let department = departments.get(&(director.department, "")).copied();
        if let (Some(department), Some(account)) = (department, accounts.get(director.index)) {
            maker.set("hr.department", department, [("manager_id", Value::Int(account.employee))]);
        }
    }
}

/// Two who left: archived, and in no directory any more.
fn former(maker: &mut Maker<'_>) {
    for (name, number) in [("Owen Former", "E000001"), ("Mair Former", "E000002")] {
        let mail = format!("{}@council.example", name.to_lowercase().replace(' ', "."));
        maker.make(
            "hr.employee",
            [
                ("name", Value::str(name)),
                ("work_email", Value::Str(mail)),
                ("barcode", Value::str(number)),
                ("active", Value::FALSE),
            ],
        );
    }
}
