//! What no honest system sends.

use portico_contract::ErrorKind;

use super::*;

fn refused(document: &str) -> ErrorKind {
    match read(document) {
        Err(error) => error.kind(),
        Ok(_) => panic!("taken: {document}"),
    }
}

#[test]
fn every_form_of_a_value_is_read() {
    let text = |text: &'static str| Value::Text(text.into());
    for (written, value) in [
        ("<value>plain &amp; bare</value>", text("plain & bare")),
        ("<value> two  spaces </value>", text(" two  spaces ")),
        ("<value/>", text("")),
        ("<value></value>", text("")),
        ("<value><string/></value>", text("")),
        ("<value>\n<string>a<!-- no -->b</string>\n</value>", text("ab")),
        ("<value><![CDATA[<x>]]></value>", text("<x>")),
        ("<value><nil/></value>", Value::Nil),
        ("<value><i4> -7 </i4></value>", Value::Int(-7)),
        ("<value><i8>9007199254740993</i8></value>", Value::Int(9_007_199_254_740_993)),
        ("<value><double>0.1</double></value>", Value::Decimal("0.1".parse().expect("a number"))),
        ("<value><double>1e-05</double></value>", Value::Decimal("0.00001".parse().expect("a number"))),
        ("<value><double>-12</double></value>", Value::Decimal((-12).into())),
        ("<value><base64>QmVs\nZWcg4oKs\n</base64></value>", Value::Octets("Beleg €".into())),
        (
            "<value><dateTime.iso8601>20261122T12:41:18</dateTime.iso8601></value>",
            Value::DateTime("20261122T12:41:18".into()),
        ),
        ("<value><array><data/></array></value>", Value::Array(vec![])),
        ("<value><struct/></value>", Value::Struct(vec![])),
    ] {
        assert_eq!(value_of(&answer(written)), value, "{written}");
    }
}

#[test]
fn what_is_no_answer_of_xml_rpc_is_refused() {
    for value in [
        "",
        "<value>1</value><value>2</value>",
        "<value><int>1</int><int>2</int></value>",
        "<value>text<int>1</int></value>",
        "<value><int>1</int>text</value>",
        "<value><int/></value>",
        "<value><int>1.0</int></value>",
        "<value><int>99999999999999999999</int></value>",
        "<value><boolean>true</boolean></value>",
        "<value><boolean>2</boolean></value>",
        "<value><double>nan</double></value>",
        "<value><double>1_000</double></value>",
        "<value><double/></value>",
        "<value><nil>x</nil></value>",
        "<value><base64>Qm=VsZQ==</base64></value>",
        "<value><unknown>1</unknown></value>",
        "<value><string><b>1</b></string></value>",
        "<value xmlns='urn:other'><int>1</int></value>",
        "<value><x:int xmlns:x='urn:x'>1</x:int></value>",
        "<value><array><value/></array></value>",
        "<value><array><data/><data/></array></value>",
        "<value><array><data><int>1</int></data></array></value>",
        "<value><struct><member><value/><name/></member></struct></value>",
        "<value><struct><member><name>a</name></member></struct></value>",
        "<value><struct><member><name>a</name><value/><value/></member></struct></value>",
        "<value><struct><name>a</name></struct></value>",
    ] {
        assert_eq!(refused(&answer(value)), ErrorKind::InvalidResponse, "{value}");
    }
    for document in [
        "",
        "<html><body>502 Bad Gateway</body></html>",
        "<methodCall><methodName>x</methodName></methodCall>",
        "<methodResponse/>",
        "<methodResponse><params/></methodResponse>",
        "<methodResponse><params><param><value/></param><param><value/></param></params></methodResponse>",
        "<methodResponse><params><param><value/></param></params><fault/></methodResponse>",
        "<methodResponse><params><param><value/></param></params></methodResponse><more/>",
        "<methodResponse><params><param><value/></param></params></methodResponse>garbage",
        "<methodResponse><params><param><value/></param></params>",
        "<methodResponse><fault><value><int>1</int></value></fault></methodResponse>",
        "<!DOCTYPE methodResponse [<!ENTITY a 'b'>]><methodResponse><params><param><value>&a;</value></param></params></methodResponse>",
        "<methodResponse><params><param><value>&a;</value></param></params></methodResponse>",
    ] {
        assert_eq!(refused(document), ErrorKind::InvalidResponse, "{document}");
    }
}

#[test]
fn bombs_meet_a_limit_before_they_cost() {
    for depth in [17, 1_000, 200_000] {
        let value = format!(
            "{}<value/>{}",
            "<value><array><data>".repeat(depth),
            "</data></array></value>".repeat(depth)
        );
        let kind = refused(&answer(&value));
        assert!(matches!(kind, ErrorKind::LimitExceeded | ErrorKind::InvalidResponse), "{depth}");
    }
    let nested = "<value><array><data>".repeat(15) + "<value/>" + &"</data></array></value>".repeat(15);
    assert!(read(&answer(&nested)).is_ok());
    let small = Limits { answer: 10_000, values: 100, text: 1_000, ..Limits::default() };
    for value in [
        format!("<value><array><data>{}</data></array></value>", "<value/>".repeat(101)),
        format!("<value>{}</value>", "x".repeat(1_001)),
        format!("<value><!--{}--></value>", "x".repeat(10_001)),
    ] {
        let failed =
            super::super::value(answer(&value).as_bytes(), None, &small).map(|_| ()).expect_err("too much");
        assert!(matches!(failed.kind(), ErrorKind::LimitExceeded | ErrorKind::InvalidResponse));
    }
}

#[test]
fn what_is_skipped_is_checked_too() {
    #[derive(serde::Deserialize)]
    struct Nothing {}
    let read = |value: &str| {
        super::super::decode::<Nothing>(answer(value).as_bytes(), None, &Limits::default()).map(|_| ())
    };
    let within =
        |value: &str| format!("<value><struct><member><name>x</name>{value}</member></struct></value>");
    assert!(read(&within("<value><array><data><value/></data></array></value>")).is_ok());
    assert!(read(&within("<value><unknown/></value>")).is_err());
    assert!(read(&within("<value><int>x</int></value>")).is_err());
}

#[test]
fn a_value_with_a_control_character_cannot_be_sent() {
    let refused = crate::xmlrpc::call("m", &["a\u{1}b".into()]).expect_err("no XML");
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}
