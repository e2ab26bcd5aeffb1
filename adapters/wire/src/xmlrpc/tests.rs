//! Recorded answers, hostile ones, round trips, and Python's own codec.

mod hostile;
mod properties;
mod python;
mod recorded;

use portico_contract::Error;

use crate::rpc::{Answer, Fault, Limits, Value};

/// The body of a recorded answer.
fn body(recording: &str) -> &str {
    let (_, answer) = recording.split_once("--- response").expect("a recording");
    let (_, body) = answer.split_once("\n\n").expect("a head");
    body
}

fn read(document: &str) -> Result<Answer<Value>, Error> {
    super::value(document.as_bytes(), Some("utf-8"), &Limits::default())
}

fn value_of(document: &str) -> Value {
    match read(document) {
        Ok(Answer::Value(value)) => value,
        other => panic!("{other:?}"),
    }
}

fn fault_of(document: &str) -> Fault {
    match read(document) {
        Ok(Answer::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

/// An answer whose one value is this.
fn answer(value: &str) -> String {
    format!("<?xml version='1.0'?><methodResponse><params><param>{value}</param></params></methodResponse>")
}
