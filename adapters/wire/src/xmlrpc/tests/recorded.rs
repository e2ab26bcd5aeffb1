//! What Odoo 18 was recorded to answer.

use serde::Deserialize;

use super::*;
use crate::rpc::Decimal;

macro_rules! recording {
    ($name:literal) => {
        body(include_str!(concat!("../../../fixtures/odoo/", $name, ".xml.http")))
    };
}

#[derive(Debug, Deserialize)]
struct Expense {
    id: i64,
    name: String,
    total_amount: Decimal,
    currency_id: (i64, String),
    date: String,
    sheet_id: bool,
    attachment_ids: Vec<i64>,
}

fn typed<T: for<'de> Deserialize<'de>>(document: &str) -> Result<T, Error> {
    match super::super::decode(document.as_bytes(), Some("utf-8"), &Limits::default())? {
        Answer::Value(value) => Ok(value),
        Answer::Fault(fault) => panic!("{fault:?}"),
    }
}

#[test]
fn a_record_is_decoded_into_a_type_and_money_keeps_its_digits() {
    let [expense] = typed::<[Expense; 1]>(recording!("08-expense-read")).expect("a record");
    assert_eq!((expense.id, expense.name.as_str()), (1, "Taxi Köln → Łódź 0"));
    assert_eq!(expense.total_amount.0.to_string(), "33.34");
    assert_eq!(expense.currency_id, (1, "USD".to_owned()));
    assert_eq!((expense.date.as_str(), expense.sheet_id), ("2026-10-01", false));
    assert!(expense.attachment_ids.is_empty());
}

#[test]
fn all_kinds_of_recorded_answers_are_read() {
    assert_eq!(value_of(recording!("02-auth-bad")), Value::Bool(false));
    assert_eq!(value_of(recording!("18-read-missing")), Value::Array(vec![]));
    assert!(matches!(value_of(recording!("80-fields-get")), Value::Struct(members) if members.len() == 3));
    let Value::Struct(version) = value_of(recording!("01-version")) else { panic!() };
    assert_eq!(version[0], ("server_version".into(), Value::Text("18.0".into())));
    let Value::Array(people) = value_of(recording!("05-employee-list")) else { panic!() };
    assert_eq!(people.len(), 3);
    let order =
        typed::<Vec<std::collections::BTreeMap<String, serde::de::IgnoredAny>>>(recording!("42-po-read"));
    assert_eq!(order.expect("a record")[0].len(), 11);
}

#[test]
fn a_fault_is_told_by_its_code_and_its_words_stay_inside() {
    let committed = fault_of(recording!("72-sheet-submit-fault-but-done"));
    assert_eq!(committed.code(), 1);
    assert_eq!(committed.last_line(), "TypeError: cannot marshal None unless allow_none is enabled");
    assert_eq!(committed.native(), "fault 1, TypeError");
    let other = fault_of(recording!("50-none-return"));
    assert_eq!(other.native(), "fault 1, AssertionError");
    assert!(!format!("{other:?}").contains("Access"));
}

#[test]
fn a_wrong_type_is_told_with_its_place_and_never_with_its_value() {
    #[derive(Debug, Deserialize)]
    struct Wrong {
        #[allow(dead_code, reason = "decoding it fails")]
        name: Decimal,
    }
    let error = typed::<Vec<Wrong>>(recording!("08-expense-read")).expect_err("text is no number");
    assert_eq!(
        error.detail(),
        "The answer of the system behind cannot be used at */name: expected a decimal number, found text."
    );
    #[derive(Debug, Deserialize)]
    struct Missing {
        #[allow(dead_code, reason = "decoding it fails")]
        renamed: i64,
    }
    let error = typed::<Vec<Missing>>(recording!("08-expense-read")).expect_err("a member is missing");
    assert_eq!(
        error.detail(),
        "The answer of the system behind cannot be used at *: expected the member renamed, found none."
    );
}
