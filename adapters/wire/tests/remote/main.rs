//! What decoding a large answer keeps on the heap, beside the answer itself.

use allocation_counter::measure;
use portico_wire::rpc::{Answer, Decimal, Limits};
use portico_wire::xml::{Document, Encoding};
use portico_wire::{jsonrpc, xmlrpc};
use serde::Deserialize;

const MIB: u64 = 1024 * 1024;
const ROWS: usize = 48_000;

#[derive(Deserialize)]
struct Owned {
    id: i64,
    name: String,
    state: String,
    total_amount: Decimal,
}

#[derive(Deserialize)]
struct Borrowed<'x> {
    id: i64,
    #[serde(borrow)]
    name: std::borrow::Cow<'x, str>,
    state: &'x str,
    total_amount: Decimal,
}

fn xml() -> String {
    let member = |name: &str, kind: &str, value: &str| {
        format!("<member>\n<name>{name}</name>\n<value><{kind}>{value}</{kind}></value>\n</member>\n")
    };
    let rows = (0..ROWS).map(|id| {
        let members = [
            member("id", "int", &id.to_string()),
            member("name", "string", "Taxi Köln → Łódź and back again"),
            member("state", "string", "draft"),
            member("total_amount", "double", "33.34"),
        ];
        format!("<value><struct>\n{}</struct></value>\n", members.concat())
    });
    format!(
        "<?xml version=\"1.0\"?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n{}</data></array></value>\n\
         </param>\n</params>\n</methodResponse>\n",
        rows.collect::<String>()
    )
}

fn json() -> String {
    let row = |id| {
        format!(
            r#"{{"id": {id}, "name": "Taxi Köln → Łódź and back again", "state": "draft", "total_amount": 33.34, "note": "{}"}}"#,
            "x".repeat(200)
        )
    };
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    format!(r#"{{"jsonrpc": "2.0", "id": 7, "result": [{}]}}"#, rows.join(", "))
}

fn told(what: &str, held: &allocation_counter::AllocationInfo) {
    println!("{what}: {} KiB at most, {} allocations", held.bytes_max / 1024, held.count_total);
}

fn rows<T>(answer: Result<Answer<Vec<T>>, portico_contract::Error>) -> Vec<T> {
    match answer {
        Ok(Answer::Value(rows)) => rows,
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[test]
fn sixteen_mebibytes_of_xml_are_decoded_without_a_tree() {
    let answer = xml();
    assert!((15 * MIB..18 * MIB).contains(&(answer.len() as u64)), "{}", answer.len());
    let held = measure(|| {
        let rows: Vec<Owned> = rows(xmlrpc::decode(answer.as_bytes(), Some("utf-8"), &Limits::default()));
        assert_eq!((rows.len(), rows[7].id, rows[7].name.len()), (ROWS, 7, 37));
        assert_eq!(
            (rows[7].state.as_str(), rows[7].total_amount.0.to_string()),
            ("draft", "33.34".to_owned())
        );
    });
    told("XML into owned text", &held);
    // What was asked for, and at most as much again while the list grows.
    assert!(held.bytes_max < 20 * MIB, "{} octets", held.bytes_max);
    let held = measure(|| {
        let document = Document::decode(answer.as_bytes(), Encoding::Utf8, None).expect("XML");
        let reader = document.reader(portico_wire::xml::Limits::default(), &[]);
        let rows: Vec<Borrowed<'_>> = rows(xmlrpc::from_reader(reader, &Limits::default()));
        assert_eq!(
            (rows[9].id, &*rows[9].name, rows[9].state),
            (9, "Taxi Köln → Łódź and back again", "draft")
        );
        assert_eq!(rows[9].total_amount.0.to_string(), "33.34");
    });
    told("XML into borrowed text", &held);
    assert!(held.bytes_max < 12 * MIB, "{} octets", held.bytes_max);
    assert!(held.count_total < ROWS as u64 * 2, "{} allocations", held.count_total);
}

#[test]
fn sixteen_mebibytes_of_json_are_decoded_without_a_tree() {
    let answer = json();
    assert!((13 * MIB..18 * MIB).contains(&(answer.len() as u64)), "{}", answer.len());
    let held = measure(|| {
        let rows: Vec<Owned> = rows(jsonrpc::decode(answer.as_bytes(), 7, &Limits::default()));
        assert_eq!(
            (rows.len(), rows[7].id, rows[7].total_amount.0.to_string()),
            (ROWS, 7, "33.34".to_owned())
        );
    });
    told("JSON into owned text", &held);
    assert!(held.bytes_max < 20 * MIB, "{} octets", held.bytes_max);
}
