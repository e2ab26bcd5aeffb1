//! Filters against the parser of the library underneath: what is put in is what it reads.

use ldap3::asn1::{ASNTag, PL, StructureTag, TagClass};
use ldap3::parse_filter;
use proptest::prelude::*;

use super::*;

const CN: AttributeName = AttributeName::known("cn");

/// What a server would be sent, by the library's parser of filter texts.
fn parsed(text: &str) -> StructureTag {
    parse_filter(text).unwrap_or_else(|()| panic!("the library does not read {text:?}")).into_structure()
}

fn tag(id: u64, class: TagClass, payload: PL) -> StructureTag {
    StructureTag { class, id, payload }
}

fn context(id: u64, parts: Vec<StructureTag>) -> StructureTag {
    tag(id, TagClass::Context, PL::C(parts))
}

fn text(octets: &[u8]) -> StructureTag {
    tag(4, TagClass::Universal, PL::P(octets.to_vec()))
}

fn piece(id: u64, value: &Value) -> StructureTag {
    tag(id, TagClass::Context, PL::P(value.0.clone()))
}

/// What RFC 4511, section 4.5.1, says a filter is sent as: written independently of the text.
fn expected(filter: &Filter) -> StructureTag {
    let compare = |id, name: &AttributeName, value: &Value| {
        context(id, vec![text(name.as_str().as_bytes()), text(&value.0)])
    };
    match filter {
        Filter::And(all) => context(0, all.iter().map(expected).collect()),
        Filter::Or(any) => context(1, any.iter().map(expected).collect()),
        Filter::Not(one) => context(2, vec![expected(one)]),
        Filter::Equal(name, value) => compare(3, name, value),
        Filter::AtLeast(name, value) => compare(5, name, value),
        Filter::AtMost(name, value) => compare(6, name, value),
        Filter::Present(name) => tag(7, TagClass::Context, PL::P(name.as_str().as_bytes().to_vec())),
        Filter::Substring { attribute, initial, any, last } => {
            let some = |value: &&Value| !value.0.is_empty();
            let mut pieces: Vec<_> = initial.iter().filter(some).map(|value| piece(0, value)).collect();
            pieces.extend(any.iter().filter(some).map(|value| piece(1, value)));
            pieces.extend(last.iter().filter(some).map(|value| piece(2, value)));
            if pieces.is_empty() {
                return expected(&Filter::Present(attribute.clone()));
            }
            let pieces = tag(16, TagClass::Universal, PL::C(pieces));
            context(4, vec![text(attribute.as_str().as_bytes()), pieces])
        }
        Filter::Extensible { attribute, rule, dn_attributes, value } => {
            let plain = |id, octets: &[u8]| tag(id, TagClass::Context, PL::P(octets.to_vec()));
            let mut parts = vec![
                plain(1, rule.as_str().as_bytes()),
                plain(2, attribute.as_str().as_bytes()),
                plain(3, &value.0),
            ];
            if *dn_attributes {
                parts.push(plain(4, &[0xff]));
            }
            context(9, parts)
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::octets),
        prop::sample::select(vec![
            "*",
            "*)(uid=*",
            "\\2a",
            "a)(|(uid=*))",
            "\0",
            "*)(&",
            "Søren",
            " ",
            "x)(!(cn=y)"
        ])
        .prop_map(Value::from),
    ]
}

fn attribute() -> impl Strategy<Value = AttributeName> {
    prop::sample::select(vec!["cn", "sn", "userCertificate;binary", "2.5.4.3", "x-y-z"])
        .prop_map(AttributeName::known)
}

fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        attribute().prop_map(Filter::Present),
        (attribute(), value()).prop_map(|(name, value)| Filter::Equal(name, value)),
        (attribute(), value()).prop_map(|(name, value)| Filter::AtLeast(name, value)),
        (attribute(), value()).prop_map(|(name, value)| Filter::AtMost(name, value)),
        (
            attribute(),
            prop::option::of(value()),
            prop::collection::vec(value(), 0..3),
            prop::option::of(value())
        )
            .prop_map(|(attribute, initial, any, last)| Filter::Substring {
                attribute,
                initial,
                any,
                last
            }),
        (attribute(), any::<bool>(), value()).prop_map(|(attribute, dn_attributes, value)| {
            Filter::Extensible {
                attribute,
                rule: AttributeName::known("1.2.840.113556.1.4.1941"),
                dn_attributes,
                value,
            }
        }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::Or),
            inner.prop_map(|one| Filter::Not(Box::new(one))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_put_in_is_what_is_sent(filter in filter()) {
        let text = filter.render().expect("a filter");
        prop_assert!(text.is_ascii());
        prop_assert_eq!(parsed(&text), expected(&filter));
    }

    #[test]
    fn a_shape_holds_no_value(filter in filter()) {
        let shape = filter.shape();
        let names = ["cn", "sn", "userCertificate;binary", "2.5.4.3", "x-y-z", "1.2.840.113556.1.4.1941", ":dn"];
        let mut rest = shape;
        for name in names {
            rest = rest.replace(name, "");
        }
        prop_assert!(rest.chars().all(|c| "()&|!=<>:?*…".contains(c) || c.is_ascii_alphanumeric()), "{}", rest);
        prop_assert!(rest.len() <= 260);
    }
}

#[test]
fn the_examples_of_the_rfc_are_written() {
    // RFC 4515, section 4: the octets are the same, more of them are escaped.
    let o = AttributeName::known("o");
    assert_eq!(
        Filter::equal(&o, "Parens R Us (for all your parenthetical needs)").render().ok().as_deref(),
        Some("(o=Parens\\20R\\20Us\\20\\28for\\20all\\20your\\20parenthetical\\20needs\\29)")
    );
    assert_eq!(Filter::contains(&CN, "*").render().ok().as_deref(), Some("(cn=*\\2a*)"));
    let file = AttributeName::known("filename");
    assert_eq!(
        Filter::equal(&file, "C:\\MyFile").render().ok().as_deref(),
        Some("(filename=C\\3a\\5cMyFile)")
    );
    let bin = Filter::Equal(AttributeName::known("bin"), Value::octets([0, 0, 0, 4]));
    assert_eq!(bin.render().ok().as_deref(), Some("(bin=\\00\\00\\00\\04)"));
    assert_eq!(
        Filter::equal(&AttributeName::known("sn"), "Lučić").render().ok().as_deref(),
        Some("(sn=Lu\\c4\\8di\\c4\\87)")
    );
    let dn = Filter::Extensible {
        attribute: AttributeName::known("o"),
        rule: AttributeName::known("caseExactMatch"),
        dn_attributes: true,
        value: "Ace".into(),
    };
    assert_eq!(dn.render().ok().as_deref(), Some("(o:dn:caseExactMatch:=Ace)"));
}

#[test]
fn shapes_are_for_people() {
    let uid = AttributeName::known("uid");
    let filter = Filter::And(vec![
        Filter::equal(&AttributeName::known("objectClass"), "person"),
        Filter::Or(vec![
            Filter::equal(&uid, "jane"),
            Filter::contains(&CN, "Jane"),
            Filter::starts_with(&CN, "J"),
        ]),
        Filter::Not(Box::new(Filter::Present(CN))),
    ]);
    assert_eq!(filter.shape(), "(&(objectClass=?)(|(uid=?)(cn=*?*)(cn=?*))(!(cn=*)))");
    assert!(!format!("{filter:?}").contains("ane"));
    let long = Filter::Or(vec![Filter::equal(&uid, "x"); 100]);
    assert!(long.shape().ends_with('…') && long.shape().chars().count() == 256);
}

#[test]
fn a_filter_has_bounds() {
    let mut deep = Filter::Present(CN);
    for _ in 0..40 {
        deep = Filter::Not(Box::new(deep));
    }
    assert_eq!(deep.render().map_err(|e| e.kind()), Err(ErrorKind::InvalidInput));
    let long = Filter::equal(&CN, "x".repeat(300_000));
    assert_eq!(long.render().map_err(|e| e.kind()), Err(ErrorKind::InvalidInput));
}

#[test]
fn names_of_attributes_are_checked() {
    for good in ["cn", "sAMAccountName", "2.5.4.3", "userCertificate;binary", "cn;lang-de;x-a", "a-1", "1.1"]
    {
        assert!(AttributeName::new(good).is_some(), "{good}");
    }
    for bad in [
        "",
        "*",
        "+",
        "1",
        "1.",
        "1..2",
        ".1",
        "-a",
        "c n",
        "cn=",
        "cn)",
        "cn)(uid=*",
        "cn;",
        "cn;;x",
        "cn;a=b",
        "cn;range=0-*",
        "cn*",
        "c:n",
        "1a",
        "cñ",
        "cn\0",
    ] {
        assert!(AttributeName::new(bad).is_none(), "{bad:?}");
    }
    assert!(AttributeName::new(&"a".repeat(256)).is_none());
    let member = AttributeName::known("member").from_position(1_500);
    assert_eq!((member.selector().as_str(), member.as_str()), ("member;range=1500-*", "member"));
    assert_eq!(AttributeName::known("CN"), CN);
}
