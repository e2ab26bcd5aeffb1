//! Expense reports in every state.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Span, Timestamp};

use super::{Account, Maker, finance, seeded};
use crate::value::Value;

/// What one person claims in turn: the state of the report.
const STATES: [&str; 8] = ["draft", "submit", "approve", "post", "done", "cancel", "submit", "none"];

const PURPOSES: [&str; 6] = [
    "Site visit",
    "Regional meeting in Cardiff",
    "Conference in Birmingham",
    "Home visits",
    "Training day in Swansea",
    "Interview panel",
];

const NOTES: [&str; 4] =
    ["Return", "Car share with a colleague", "Receipt in Welsh: ymweliad â’r safle", "No café open"];

pub(super) fn fill(maker: &mut Maker<'_>, accounts: &[Account]) {
    for account in accounts {
        // In the three months before: the later the person came, the later the claim.
        let ago = i64::try_from(account.index * 37 % 90).unwrap_or_default();
        let at = seeded().checked_sub(SignedDuration::from_hours(24 * ago)).unwrap_or(seeded());
        // Many records of one second, as a busy morning has them, at different microseconds.
        let micros = i64::try_from(account.index * 7_919 % 3_000_000).unwrap_or_default();
        maker.at(at.checked_add(SignedDuration::from_micros(micros)).unwrap_or(at));
        report(maker, account, at);
    }
    maker.at(seeded());
}

fn report(maker: &mut Maker<'_>, account: &Account, at: Timestamp) {
    let state = STATES[account.index % STATES.len()];
    let lines = 1 + account.index % 4;
    let purpose = PURPOSES[account.index % PURPOSES.len()];
    let sheet = (state != "none").then(|| {
        maker.make(
            "hr.expense.sheet",
            [("name", Value::str(purpose)), ("employee_id", Value::Int(account.employee))],
        )
    });
    for number in 0..lines {
        line(maker, account, sheet, number, at);
    }
    let Some(sheet) = sheet.filter(|_| state != "draft") else { return };
    let manager = maker.env.db.get("hr.expense.sheet", sheet, "user_id").clone();
    let day = at.strftime("%Y-%m-%d").to_string();
    let decided = state != "submit";
    let (approval, entry) = match state {
        "submit" => ("submit", Value::FALSE),
        "approve" => ("approve", Value::str("draft")),
        "cancel" => ("cancel", Value::FALSE),
        _ => ("approve", Value::str("posted")),
    };
    maker.set(
        "hr.expense.sheet",
        sheet,
        [
            ("approval_state", Value::str(approval)),
            ("_move", entry),
            ("payment_state", Value::str(if state == "done" { "paid" } else { "not_paid" })),
            ("user_id", if manager.is_null() && decided { Value::Int(2) } else { manager }),
        ],
    );
    if approval == "approve" {
        maker.set(
            "hr.expense.sheet",
            sheet,
            [("approval_date", Value::Str(format!("{day} 00:00:00"))), ("accounting_date", Value::str(&day))],
        );
    }
    crate::action::sheet::recompute(&mut maker.env, sheet);
}

fn line(maker: &mut Maker<'_>, account: &Account, sheet: Option<i64>, number: usize, at: Timestamp) {
    let pick = account.index * 5 + number;
    let product = i64::try_from(pick % finance::COUNT).unwrap_or_default() + 1;
    let day =
        at.checked_sub(Span::new().hours(24 * (i64::try_from(number).unwrap_or_default() + 2))).unwrap_or(at);
    let mileage = product == 1;
    // Pounds and pence without a pattern that rounding could hide behind.
    #[expect(clippy::cast_precision_loss, reason = "an amount below a thousand pounds")]
    let amount = ((pick * 7_919 + 463) % 24_973 + 250) as f64 / 100.0;
    #[expect(clippy::cast_precision_loss, reason = "some miles")]
    let quantity = if mileage { (pick * 31 % 180 + 3) as f64 } else { 1.0 };
    let centre = i64::try_from(account.index % 10).unwrap_or_default() + 1;
    let expense = maker.make(
        "hr.expense",
        [
            ("name", Value::Str(format!("{} {}", PURPOSES[account.index % PURPOSES.len()], number + 1))),
            ("employee_id", Value::Int(account.employee)),
            ("product_id", Value::Int(product)),
            ("date", Value::Str(day.strftime("%Y-%m-%d").to_string())),
            ("quantity", Value::Float(quantity)),
            ("sheet_id", sheet.map_or(Value::FALSE, Value::Int)),
            ("description", Value::str(NOTES[pick % NOTES.len()])),
            ("analytic_distribution", Value::Map(vec![(centre.to_string(), Value::Float(100.0))])),
        ],
    );
    if !mileage {
        let amount = Value::map([("total_amount_currency", Value::Float(amount))]);
        let done = crate::orm::write::write_all(&mut maker.env, "hr.expense", &[expense], &amount);
        debug_assert!(done.is_ok(), "{done:?}");
    }
    // Every third line has a receipt.
    if pick.is_multiple_of(3) {
        let text = format!("Receipt {pick}\nAmount £{amount:.2}\n");
        maker.make(
            "ir.attachment",
            [
                ("name", Value::Str(format!("receipt {pick} – £.txt"))),
                ("res_model", Value::str("hr.expense")),
                ("res_id", Value::Int(expense)),
                ("datas", Value::Str(STANDARD.encode(text))),
            ],
        );
    }
}
