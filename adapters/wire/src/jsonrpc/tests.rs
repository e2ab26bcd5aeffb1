//! Recorded answers, hostile ones, and what is sent.

use portico_contract::{Error, ErrorKind};
use proptest::prelude::*;
use rust_decimal::Decimal as Exact;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::rpc::{Answer, Decimal, Limits, Value};

macro_rules! recording {
    ($name:literal) => {{
        let recording = include_str!(concat!("../../fixtures/odoo/", $name, ".json.http"));
        let (_, answer) = recording.split_once("--- response").expect("a recording");
        answer.split_once("\n\n").expect("a head").1
    }};
}

fn read<T: for<'de> Deserialize<'de>>(answer: &str) -> Result<Answer<T>, Error> {
    super::decode(answer.as_bytes(), 7, &Limits::default())
}

#[derive(Debug, PartialEq, Deserialize)]
struct Expense {
    id: i64,
    name: String,
    total_amount: Decimal,
    description: bool,
}

#[test]
fn recorded_answers_are_read() {
    let Ok(Answer::Value(rows)) = read::<Vec<Expense>>(recording!("61-jsonrpc-read")) else { panic!() };
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows[0],
        Expense {
            id: 56,
            name: "Taxi Köln → Łódź 55".into(),
            total_amount: Decimal(Exact::new(88_34, 2)),
            description: false
        }
    );
    assert!(matches!(read::<i64>(recording!("60-jsonrpc-common-login")), Ok(Answer::Value(2))));
    let Ok(Answer::Fault(fault)) = read::<IgnoredAny>(recording!("64-call-kw-no-session")) else { panic!() };
    assert_eq!((fault.code(), fault.class()), (100, Some("odoo.http.SessionExpiredException")));
    assert_eq!(fault.native(), "fault 100, SessionExpiredException, \"… expired\"");
}

#[test]
fn numbers_keep_their_digits() {
    for digits in ["33.335", "0.1", "0.30000000000000004", "1234567890123456.78", "1e-05", "-7", "0", "1E3"] {
        let answer = format!(r#"{{"jsonrpc":"2.0","id":7,"result":[{digits}]}}"#);
        let Ok(Answer::Value([found])) = read::<[Decimal; 1]>(&answer) else { panic!("{digits}") };
        assert_eq!(Some(found), Decimal::parse(digits), "{digits}");
    }
    let digits = "0.12345678901234567890123456";
    let Ok(Answer::Value(found)) =
        read::<Decimal>(&format!(r#"{{"id":7,"jsonrpc":"2.0","result":{digits}}}"#))
    else {
        panic!()
    };
    assert_eq!(found.0.to_string(), digits);
}

#[test]
fn an_answer_with_neither_result_nor_error_is_nothing() {
    assert!(matches!(read::<Option<i64>>(r#"{"jsonrpc":"2.0","id":7}"#), Ok(Answer::Value(None))));
    assert!(matches!(
        read::<Option<i64>>(r#"{"jsonrpc":"2.0","id":7,"result":null}"#),
        Ok(Answer::Value(None))
    ));
    assert!(read::<i64>(r#"{"jsonrpc":"2.0","id":7}"#).is_err());
}

#[test]
fn what_is_no_answer_to_this_call_is_refused() {
    for answer in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"jsonrpc":"2.0","id":8,"result":1}"#,
        r#"{"jsonrpc":"2.0","id":null,"result":1}"#,
        r#"{"jsonrpc":"1.0","id":7,"result":1}"#,
        r#"{"id":7,"result":1}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":1,"error":{"code":1,"message":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":1,"result":2}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":1}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":1"#,
        r#"{"jsonrpc":"2.0","id":7,"error":"x"}"#,
    ] {
        let error = read::<i64>(answer).map(|_| ()).expect_err(answer);
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{answer}");
    }
}

#[test]
fn a_wrong_type_is_told_with_its_place_and_never_with_its_value() {
    let answer = r#"{"jsonrpc":"2.0","id":7,"result":[{"id":1,"name":"a","total_amount":"QQ, expected 123456C","description":false}]}"#;
    let error = read::<Vec<Expense>>(answer).expect_err("text is no number");
    assert_eq!(
        error.detail(),
        "The answer of the system behind cannot be used at result/*/total_amount: expected a decimal number, found text."
    );
    let answer = r#"{"jsonrpc":"2.0","id":7,"result":[{"id":"QQ, expected 123456C","Jane":1}]}"#;
    let error = read::<Vec<Expense>>(answer).expect_err("text is no number");
    assert_eq!(
        error.detail(),
        "The answer of the system behind cannot be used at result/*/id: expected i64, found text."
    );
}

#[test]
fn bombs_meet_a_limit() {
    let small = Limits { values: 100, text: 1_000, answer: 100_000, ..Limits::default() };
    let answer = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"result":{result}}}"#);
    for result in [
        "[".repeat(20) + &"]".repeat(20),
        "[".repeat(20_000) + &"]".repeat(20_000),
        format!("[{}1]", "1,".repeat(101)),
        format!("\"{}\"", "x".repeat(1_001)),
        format!("\"{}\"", "x".repeat(100_001)),
    ] {
        let failed = super::decode::<IgnoredAny>(answer(&result).as_bytes(), 7, &small).map(|_| ());
        assert_eq!(failed.expect_err("too much").kind(), ErrorKind::LimitExceeded);
    }
}

#[test]
fn a_call_is_as_the_recordings_have_it() {
    let args = Value::Array(vec![
        "odoo".into(),
        2_i64.into(),
        Exact::new(33_34, 2).into(),
        Value::Nil,
        Value::Array(vec![]),
    ]);
    let params = Value::members([("service", "object".into()), ("args", args)]);
    let call = super::call(7, "call", &params).expect("a call");
    assert_eq!(
        String::from_utf8(call.head).expect("UTF-8"),
        r#"{"jsonrpc":"2.0","method":"call","id":7,"params":{"service":"object","args":["odoo",2,33.34,null,[]]}}"#
    );
    assert!(call.tail.is_none());
}

proptest! {
    #[test]
    fn the_place_of_a_body_is_between_its_quotes(before in ".{0,20}", after in ".{0,20}") {
        let params = Value::Array(vec![before.clone().into(), Value::members([("datas", Value::Content)]), after.clone().into()]);
        let call = super::call(7, "call", &params).expect("a call");
        let text = [&call.head[..], b"QUJD", &call.tail.expect("a tail")].concat();
        let read: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        prop_assert_eq!(&read["params"], &json!([before, {"datas": "QUJD"}, after]));
    }

    #[test]
    fn whatever_comes_never_panics(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = super::decode::<Vec<Expense>>(&octets, 7, &Limits::default());
        let text = String::from_utf8_lossy(&octets).into_owned();
        let _ = read::<Vec<Expense>>(&format!(r#"{{"jsonrpc":"2.0","id":7,"result":{text}}}"#));
    }
}
