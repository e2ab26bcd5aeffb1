//! Fills a database.

mod absences;
mod claims;
mod council;
mod finance;
mod recorded;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::database::Database;
use crate::orm::{Env, Who, write};
use crate::sim::Options;
use crate::value::Value;

pub use finance::categories;

/// The groups of users that rights hang on; their ids in `res.groups`.
pub(crate) mod group {
    /// `base.group_user`: everybody who works here.
    pub const USER: i64 = 1;
    /// `base.group_system`.
    pub const SYSTEM: i64 = 4;
    /// `hr.group_hr_user`.
    pub const HR: i64 = 17;
    /// `hr_expense.group_hr_expense_team_approver`.
    pub const EXPENSE_TEAM: i64 = 20;
    /// `hr_expense.group_hr_expense_user`, all approver.
    pub const EXPENSE_USER: i64 = 21;
    /// `hr_expense.group_hr_expense_manager`.
    pub const EXPENSE_MANAGER: i64 = 22;
    /// `hr_holidays.group_hr_holidays_user`.
    pub const LEAVE_OFFICER: i64 = 24;
    /// `hr_holidays.group_hr_holidays_manager`.
    pub const LEAVE_MANAGER: i64 = 25;
    /// `account.group_account_user`.
    pub const ACCOUNTANT: i64 = 30;

    pub const ALL: [(i64, &str); 9] = [
        (USER, "User types / Internal User"),
        (SYSTEM, "Administration / Settings"),
        (HR, "Employees / Officer: Manage all employees"),
        (EXPENSE_TEAM, "Expenses / Team Approver"),
        (EXPENSE_USER, "Expenses / All Approver"),
        (EXPENSE_MANAGER, "Expenses / Administrator"),
        (LEAVE_OFFICER, "Time Off / Officer: Manage all requests"),
        (LEAVE_MANAGER, "Time Off / Administrator"),
        (ACCOUNTANT, "Accounting / Show Full Accounting Features"),
    ];
}

/// What is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Content {
    /// The people of the demonstration's council, their departments, expense reports in every state, and time off.
    #[default]
    Council,
    /// What the recorded database held when the recording began: one administrator, in dollars.
    Recorded,
}

/// A person of the council, as Odoo knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The place in the council.
    pub index: usize,
    /// The user name in every directory, and the login here.
    pub username: String,
    /// The id in `res.users`; some people have none.
    pub uid: Option<i64>,
    /// The id in `hr.employee`.
    pub employee: i64,
    /// The id of the manager in `hr.employee`.
    pub manager: Option<i64>,
    /// Whether money can be sent to them: without, an approval fails.
    pub bank_account: bool,
}

/// What a seed leaves behind besides the records.
#[derive(Debug, Default)]
pub(crate) struct Seeded {
    pub passwords: HashMap<String, String>,
    pub accounts: Vec<Account>,
    /// The user that the gateway is.
    pub gateway: i64,
}

/// The instant at which everything was set up, the same in every run and in every simulator.
pub(crate) fn seeded() -> Timestamp {
    Timestamp::constant(1_793_520_000, 0)
}

/// Great Britain's time, with its summer.
pub(crate) fn british() -> TimeZone {
    TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").unwrap_or(TimeZone::UTC)
}

/// Fills a database that is empty.
pub(crate) fn fill(db: &mut Database, options: &Options) -> Seeded {
    let mut seeded = Seeded::default();
    let mut maker = Maker { env: Env { db, who: Who::root() } };
    maker.groups();
    match options.content {
        Content::Recorded => recorded::fill(&mut maker, options, &mut seeded),
        Content::Council => council::fill(&mut maker, options, &mut seeded),
    }
    maker.env.db.begin(options.clock.now());
    seeded
}

/// Makes records as the super user.
pub(crate) struct Maker<'a> {
    pub env: Env<'a>,
}

impl Maker<'_> {
    /// What is made from now on was made then.
    pub fn at(&mut self, now: Timestamp) {
        self.env.db.commit();
        self.env.db.now = now;
    }

    /// A record, by the rules of its model. What they refuse is a mistake of the seed: it is left out, and 0.
    pub fn make<const N: usize>(&mut self, model: &str, values: [(&str, Value); N]) -> i64 {
        let made = write::create_one(&mut self.env, model, Value::map(values));
        debug_assert!(made.is_ok(), "{model}: {made:?}");
        made.unwrap_or_default()
    }

    /// Writes fields as they are.
    pub fn set<const N: usize>(&mut self, model: &str, id: i64, values: [(&str, Value); N]) {
        for (key, value) in values {
            self.env.db.set(model, id, key, value);
        }
    }

    fn groups(&mut self) {
        for (id, name) in group::ALL {
            self.env.db.insert_at("res.groups", id);
            self.set("res.groups", id, [("name", Value::str(name))]);
        }
        for (at, module) in
            ["base", "hr", "hr_expense", "hr_holidays", "project", "account"].iter().enumerate()
        {
            let id = i64::try_from(at).unwrap_or_default() + 1;
            self.env.db.insert_at("ir.module.module", id);
            self.set(
                "ir.module.module",
                id,
                [("name", Value::str(*module)), ("state", Value::str("installed"))],
            );
        }
        let models: Vec<(&str, &str)> =
            self.env.db.registry.models.iter().map(|model| (model.name, model.label)).collect();
        for (name, label) in models {
            let id = self.env.db.insert("ir.model");
            self.set("ir.model", id, [("model", Value::str(name)), ("name", Value::str(label))]);
        }
    }

    /// The company and its currency, and the two users that every database has.
    pub fn company(&mut self, name: &str, currency: [&str; 3], seeded: &mut Seeded, options: &Options) {
        let [code, symbol, full] = currency;
        self.make(
            "res.currency",
            [
                ("name", Value::str(code)),
                ("symbol", Value::str(symbol)),
                ("full_name", Value::str(full)),
                ("rate", Value::Float(1.0)),
                ("rounding", Value::Float(0.01)),
                ("decimal_places", Value::Int(2)),
            ],
        );
        self.make("res.company", [("name", Value::str(name)), ("currency_id", Value::Int(1))]);
        self.make("res.partner", [("name", Value::str(name)), ("is_company", Value::TRUE)]);
        for (login, name, active) in [("__system__", "OdooBot", false), ("admin", "Administrator", true)] {
            let partner = self.make("res.partner", [("name", Value::str(name))]);
            let all = Value::ids(group::ALL.iter().map(|(id, _)| *id));
            let user = self.make(
                "res.users",
                [
                    ("login", Value::str(login)),
                    ("partner_id", Value::Int(partner)),
                    ("active", Value::Bool(active)),
                ],
            );
            self.set("res.users", user, [("groups_id", all)]);
        }
        seeded.passwords.insert("admin".to_owned(), options.password.clone());
    }
}
