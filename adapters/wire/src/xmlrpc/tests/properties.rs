//! Whatever is sent is read again, and nothing that comes makes a panic.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::xml::Writer;
use crate::xmlrpc::encode;

pub(super) fn any_value() -> impl Strategy<Value = Value> {
    let text = "[\\x20-\\x7E\t\n\r\u{A0}-\u{2FF}\u{1F600}]{0,20}";
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (any::<i64>(), 0u32..9).prop_map(|(digits, scale)| Value::Decimal(Decimal::new(digits, scale))),
        text.prop_map(|text| Value::Text(text.into())),
        "20[0-9]{6}T[01][0-9]:[0-5][0-9]:[0-5][0-9]".prop_map(Value::DateTime),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Octets),
    ];
    leaf.prop_recursive(4, 30, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((text.prop_map(std::borrow::Cow::Owned), inner), 0..5)
                .prop_map(Value::Struct),
        ]
    })
}

/// The value in an answer, written by the code that writes calls.
pub(super) fn written(value: &Value) -> String {
    let writer = Writer::new().start("methodResponse", &[]).start("params", &[]).start("param", &[]);
    let writer = encode::value(writer, value, &mut None).expect("one body");
    String::from_utf8(writer.end().end().end().finish().expect("good characters")).expect("UTF-8")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read_again(value in any_value()) {
        prop_assert!(value_of(&written(&value)) == value);
    }

    #[test]
    fn a_mutilated_answer_never_panics(
        at in 0usize..1_500, cut in 0usize..30, insert in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut octets = body(include_str!("../../../fixtures/odoo/08-expense-read.xml.http")).as_bytes().to_vec();
        let at = at.min(octets.len());
        let end = (at + cut).min(octets.len());
        octets.splice(at..end, insert);
        let _ = crate::xmlrpc::value(&octets, None, &Limits::default());
    }

    #[test]
    fn tag_soup_never_panics(parts in prop::collection::vec(prop::sample::select(vec![
        "<value>", "</value>", "<value/>", "<array>", "</array>", "<data>", "</data>", "<struct>", "</struct>", "<member>",
        "</member>", "<name>", "</name>", "<int>", "</int>", "1", "x", " ", "<nil/>", "<double>", "</double>", "<string>",
        "</string>", "&amp;", "<base64>", "</base64>",
    ]), 0..24)) {
        let _ = read(&answer(&parts.concat()));
    }
}
