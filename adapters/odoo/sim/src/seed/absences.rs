//! Time off: kinds, allocations and requests in every state.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span};

use super::{Account, Maker, group, seeded};
use crate::Version;
use crate::value::Value;

const STATES: [&str; 6] = ["validate", "confirm", "validate1", "refuse", "cancel", "validate"];

pub(super) fn fill(maker: &mut Maker<'_>, accounts: &[Account]) {
    kinds(maker);
    for account in accounts {
        let minutes = i64::try_from(account.index % 4_000).unwrap_or_default();
        let at = seeded().checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(seeded());
        maker.at(at);
        allocations(maker, account);
        requests(maker, account);
    }
    maker.at(seeded());
}

fn kinds(maker: &mut Maker<'_>) {
    let kinds = [
        ("Annual leave", "yes", "manager", "day", 1),
        ("Sickness", "no", "hr", "day", 2),
        ("Parental leave", "no", "both", "day", 3),
        ("Time off in lieu", "yes", "manager", "hour", 4),
        ("Jury service", "no", "no_validation", "day", 5),
        ("Unpaid leave", "no", "both", "half_day", 6),
    ];
    for (name, allocation, validation, unit, sequence) in kinds {
        maker.make(
            "hr.leave.type",
            [
                ("name", Value::str(name)),
                ("requires_allocation", Value::str(allocation)),
                ("leave_validation_type", Value::str(validation)),
                ("allocation_validation_type", Value::str("hr")),
                ("request_unit", Value::str(unit)),
                ("time_type", Value::str("leave")),
                ("sequence", Value::Int(sequence)),
                ("unpaid", Value::Bool(name == "Unpaid leave")),
            ],
        );
    }
}

fn allocations(maker: &mut Maker<'_>, account: &Account) {
    let mut make = |kind: i64, days: f64, year: i16, state: &str| {
        maker.make(
            "hr.leave.allocation",
            [
                ("holiday_status_id", Value::Int(kind)),
                ("employee_id", Value::Int(account.employee)),
                ("number_of_days", Value::Float(days)),
                ("date_from", Value::Str(format!("{year}-01-01"))),
                ("date_to", Value::Str(format!("{year}-12-31"))),
                ("state", Value::str(state)),
            ],
        );
    };
    #[expect(clippy::cast_precision_loss, reason = "some days")]
    let days = 25.0 + (account.index % 6) as f64;
    make(1, days, 2026, "validate");
    make(1, days, 2027, "validate");
    if account.index % 7 == 3 {
        make(4, 2.5, 2026, "confirm");
    }
}

/// One request in the past and one in the future, neither on a weekend.
fn requests(maker: &mut Maker<'_>, account: &Account) {
    let weeks = i64::try_from(account.index % 12).unwrap_or_default();
    // Mondays.
    let past = date(2026, 8, 3).checked_add(Span::new().weeks(weeks)).unwrap_or_default();
    let next = date(2026, 11, 30).checked_add(Span::new().weeks(weeks)).unwrap_or_default();
    let length = i64::try_from(account.index % 4).unwrap_or_default();
    let kind = if account.index.is_multiple_of(5) { 2 } else { 1 };
    request(maker, account, kind, past, length, "validate");
    let state = STATES[account.index % STATES.len()];
    let kind = if state == "validate1" { 3 } else { 1 };
    request(maker, account, kind, next, length, state);
}

fn request(maker: &mut Maker<'_>, account: &Account, kind: i64, from: Date, length: i64, state: &str) {
    let to = from.checked_add(Span::new().days(length)).unwrap_or(from);
    let leave = maker.make(
        "hr.leave",
        [
            ("holiday_status_id", Value::Int(kind)),
            ("employee_id", Value::Int(account.employee)),
            ("request_date_from", Value::Str(from.to_string())),
            ("request_date_to", Value::Str(to.to_string())),
            ("name", Value::str(if account.index % 9 == 4 { "Gwyliau teuluol" } else { "Family holiday" })),
        ],
    );
    let old = maker.env.db.version == Version::V17;
    let approver = account.manager.map_or(Value::FALSE, Value::Int);
    if old {
        // Cancelled is archived there.
        maker.set("hr.leave", leave, [("active", Value::Bool(state != "cancel"))]);
    }
    let state = if old && state == "cancel" { "validate" } else { state };
    maker.set("hr.leave", leave, [("state", Value::str(state))]);
    match state {
        "validate" | "validate1" | "cancel" => {
            maker.set("hr.leave", leave, [("first_approver_id", approver)]);
        }
        "refuse" => maker.set("hr.leave", leave, [("second_approver_id", approver)]),
        _ => {}
    }
    debug_assert!(crate::orm::access::has_group(maker.env.db, 2, group::SYSTEM));
}
