//! What the suites have to know of a simulated Odoo, and how things are changed in it past the adapter.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use portico_contract::NativeId;
use portico_contract_suite::{Hooked, LosesAnswers, LostWrite, NativeWork, WorkTarget};
use portico_odoo_sim::{Account, Fault, On, Sim};
use portico_schemas::Currency;
use serde_json::{Value, json};

const REPORT: &str = "hr.expense.sheet";
const LEAVE: &str = "hr.leave";

fn native(id: i64) -> NativeId {
    NativeId::new(&id.to_string()).unwrap()
}

fn number(id: &NativeId) -> i64 {
    id.as_str().parse().unwrap()
}

/// How much of everything there is that the suites make.
pub fn counts(sim: &Sim) -> Vec<usize> {
    let models = [
        REPORT,
        "hr.expense",
        LEAVE,
        "ir.attachment",
        "hr.employee",
        "hr.leave.type",
        "hr.leave.allocation",
        "res.partner",
        "res.partner.bank",
    ];
    models.iter().map(|model| sim.count(model, &json!([])).unwrap()).collect()
}

/// A Monday in the next weeks.
pub fn monday() -> Date {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let ahead = 14 - i64::from(today.weekday().to_monday_zero_offset());
    today.checked_add(Span::new().days(ahead)).unwrap()
}

pub fn target(sim: &Arc<Sim>) -> WorkTarget {
    // Somebody with a manager who has a login, and a bank account.
    let can_decide = |id: i64| sim.accounts.iter().any(|other| other.employee == id && other.uid.is_some());
    let whole = |account: &&Account| account.bank_account && account.manager.is_some_and(can_decide);
    let mut some = sim.accounts.iter().rev().filter(whole);
    let (employee, colleague) = (some.next().unwrap(), some.next().unwrap());
    let unpayable = sim.accounts.iter().find(|account| !account.bank_account).unwrap();
    // The weeks in which the suite works are free.
    let monday = monday();
    for one in [employee, colleague] {
        for leave in sim.find(LEAVE, &json!([["employee_id", "=", one.employee]])).unwrap() {
            purge_absence(sim, leave).unwrap();
        }
    }
    let find = |model: &str, domain: Value| native(sim.find(model, &domain).unwrap()[0]);
    let category = |code: &str| find("product.product", json!([["default_code", "=", code]]));
    let kind = |name: &str| find("hr.leave.type", json!([["name", "=", name]]));
    let lieu = kind("Parental leave");
    // As much as the suite needs, whatever year it is.
    let balanced = sim
        .create(
            "hr.leave.type",
            &json!({
                "name": "Leave of the suite", "requires_allocation": "yes", "request_unit": "day",
                "leave_validation_type": "hr",
            }),
        )
        .unwrap();
    let day = |days: i64| monday.checked_add(Span::new().days(days)).unwrap().to_string();
    let allocation = json!({
        "holiday_status_id": balanced, "employee_id": employee.employee, "number_of_days": 20,
        "date_from": day(-40), "date_to": day(320), "state": "validate",
    });
    let allocation = sim.create("hr.leave.allocation", &allocation).unwrap();
    sim.force("hr.leave.allocation", allocation, &json!({ "state": "validate" })).unwrap();
    let hand = Arc::new(Hand(Arc::clone(sim)));
    let count = |model: &str, domain: Value| sim.count(model, &domain).unwrap();
    // In 17 what was cancelled is archived, and shown nowhere.
    let active = json!(["active", "=", true]);
    let shown: Vec<Value> = sim.count(LEAVE, &json!([active])).ok().map(|_| active).into_iter().collect();
    // Whatever was handed in, or asked for and needs somebody to agree.
    let mut asked = shown.clone();
    asked.push(json!(["state", "!=", "draft"]));
    asked.push(json!(["holiday_status_id.leave_validation_type", "!=", "no_validation"]));
    let tasks = count(REPORT, json!([["state", "!=", "draft"]])) + count(LEAVE, json!(asked));
    let counts = BTreeMap::from([
        ("expenses list_reports", count(REPORT, json!([]))),
        ("expenses list_categories", count("product.product", json!([["can_be_expensed", "=", true]]))),
        ("expenses list_tax_rates", count("account.tax", json!([["type_tax_use", "=", "purchase"]]))),
        ("absences list", count(LEAVE, json!(shown))),
        ("absences list_types", count("hr.leave.type", json!([]))),
        ("tasks list", tasks),
    ]);
    WorkTarget {
        read_only: false,
        counts,
        employee: Some(native(employee.employee)),
        colleague: Some(native(colleague.employee)),
        approver: employee.manager.map(native),
        unpayable: Some(native(unpayable.employee)),
        currency: Currency::new("GBP"),
        category: Some(category("RAIL")),
        priced_category: Some(category("MILE")),
        absence_type: Some(kind("Sickness")),
        absence_type_of_two: Some(lieu),
        balanced_type: Some(native(balanced)),
        monday: Some(monday),
        native: Some(Arc::clone(&hand) as Arc<dyn NativeWork>),
        losses: Some(hand),
    }
}

/// Somebody in the office, who has a screwdriver too.
struct Hand(Arc<Sim>);

impl LosesAnswers for Hand {
    fn lose_next(&self, write: LostWrite) {
        let (model, method) = match write {
            LostWrite::CreateReport => (REPORT, "load"),
            LostWrite::SubmitReport => (REPORT, "action_submit_sheet"),
            LostWrite::AttachReceipt => ("ir.attachment", "create"),
            LostWrite::RequestAbsence => (LEAVE, "load"),
            LostWrite::ApproveReport => (REPORT, "action_approve_expense_sheets"),
        };
        self.0.inject(On::method(model, method), Fault::DropAfter).times(1);
    }
}

impl NativeWork for Hand {
    fn retitle_report<'a>(&'a self, report: &'a NativeId, title: &'a str) -> Hooked<'a, ()> {
        let edited = self.0.edit(REPORT, number(report), &json!({ "name": title }));
        done(edited.map_err(|fault| fault.to_string()))
    }

    fn purge_report<'a>(&'a self, report: &'a NativeId) -> Hooked<'a, ()> {
        done(purge_report(&self.0, number(report)))
    }

    fn purge_absence<'a>(&'a self, absence: &'a NativeId) -> Hooked<'a, ()> {
        done(purge_absence(&self.0, number(absence)))
    }
}

fn done<'a>(result: Result<(), String>) -> Hooked<'a, ()> {
    Box::pin(std::future::ready(result))
}

fn purge_report(sim: &Sim, report: i64) -> Result<(), String> {
    let purge = || {
        if sim.count(REPORT, &json!([["id", "=", report]]))? == 0 {
            return Ok(());
        }
        let lines = sim.find("hr.expense", &json!([["sheet_id", "=", report]]))?;
        sim.force(REPORT, report, &json!({ "approval_state": false, "state": "draft" }))?;
        for line in &lines {
            sim.force("hr.expense", *line, &json!({ "state": "draft" }))?;
        }
        sim.delete(REPORT, report)?;
        for line in lines {
            sim.delete("hr.expense", line)?;
        }
        Ok(())
    };
    purge().map_err(|fault: portico_odoo_sim::EditFault| fault.to_string())
}

fn purge_absence(sim: &Sim, absence: i64) -> Result<(), String> {
    let purge = || {
        if sim.count(LEAVE, &json!([["id", "=", absence]]))? == 0 {
            return Ok(());
        }
        sim.force(LEAVE, absence, &json!({ "state": "confirm" }))?;
        sim.delete(LEAVE, absence)
    };
    purge().map_err(|fault: portico_odoo_sim::EditFault| fault.to_string())
}
