use proptest::prelude::*;

use super::*;

const SPEC: ListSpec = ListSpec {
    filters: &[
        ("name", FieldType::Text),
        ("objectTypeId", FieldType::Word(&["document", "folder"])),
        ("contentLength", FieldType::Number),
        ("updatedAt", FieldType::Time),
    ],
    sorts: &["name", "updatedAt"],
    search: true,
    members: Members::bare(&["id", "name", "source", "source.system", "extensions.*"]),
};

fn faults(query: &str) -> Vec<String> {
    let error = parse_list(Some(query), &SPEC).expect_err(query);
    error.fields().iter().map(|f| f.pointer.clone()).collect()
}

#[test]
fn an_empty_query_asks_for_the_first_25() {
    for query in [None, Some("")] {
        let parsed = parse_list(query, &SPEC).unwrap();
        assert_eq!(parsed.request.limit, 25);
        assert!(parsed.request.filters.is_empty());
    }
}

#[test]
fn values_and_ranges_are_typed() {
    let query =
        "name=a%5C,b,c&contentLength.gte=5&updatedAt.lt=2026-01-02T03:04:05%2B01:00&objectTypeId=folder";
    let filters = parse_list(Some(query), &SPEC).unwrap().request.filters;
    assert_eq!(filters[0].values, [Scalar::Text("a,b".into()), Scalar::Text("c".into())]);
    assert_eq!((filters[1].comparison, &filters[1].values[0]), (Comparison::Gte, &Scalar::Number(5)));
    assert_eq!(filters[2].values[0], Scalar::Time("2026-01-02T02:04:05Z".parse().unwrap()));
}

#[test]
fn every_fault_is_reported_at_once() {
    let query =
        "nmae=x&name=a&name=b&limit=0&sort=-size&contentLength=five&fields=secret&objectTypeId=link&q=";
    assert_eq!(
        faults(query),
        ["?name", "?nmae", "?limit", "?sort", "?contentLength", "?fields", "?objectTypeId", "?q"]
    );
}

#[test]
fn what_is_not_understood_is_never_silently_dropped() {
    for query in [
        "cursor=",
        "limit=201",
        "limit=1.0",
        "limit=",
        "name=",
        "name=a,,b",
        "name=a%5C",
        "name.gte=a",
        "updatedAt.near=2026-01-01T00:00:00Z",
        "updatedAt=yesterday",
        "sort=",
        "sort=name,-name",
        "source=Not_A_Key",
        "fields=source.bogus",
        "fields=name.system",
        "fields=extensions.",
        "%FF=1",
        "name=%FF",
        "Name=a",
        "q",
    ] {
        assert!(parse_list(Some(query), &SPEC).is_err(), "{query}");
    }
}

#[test]
fn a_single_resource_takes_fields_only() {
    const ID: Members = Members::bare(&["id"]);
    assert_eq!(parse_single(None, &ID).unwrap(), None);
    assert!(parse_single(Some("fields=id"), &ID).unwrap().is_some());
    assert!(parse_single(Some("limit=1"), &ID).is_err());
    assert!(
        parse_single(Some("fields=id"), &Members::NONE).is_err(),
        "a route without members takes no key at all"
    );
}

proptest! {
    #[test]
    fn no_query_panics(query in ".{0,200}") {
        let _ = parse_list(Some(&query), &SPEC);
    }

    #[test]
    fn any_text_survives_escaping(text in "[^,\\\\]{1,20}[,\\\\]?") {
        let escaped = text.replace('\\', "\\\\").replace(',', "\\,");
        prop_assert_eq!(split(&escaped).unwrap(), vec![text]);
    }
}
