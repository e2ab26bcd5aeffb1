//! Filters against codecs that are not ours: what is put in is what they read.

use ldap3_lber::common::TagClass;
use ldap3_lber::structure::{PL, StructureTag};
use ldap3_proto::proto::{LdapFilter, LdapOp, LdapSubstringFilter};
use proptest::prelude::*;

use super::*;
use crate::ldap::request::Request;
use crate::ldap::request::tests::received;
use crate::ldap::{Dn, Scope, Search};

const CN: AttributeName = AttributeName::known("cn");

fn octets(filter: &Filter) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::default();
    filter.write(&mut writer).map(|()| writer.into_octets())
}

/// What a server is sent, as a parser reads it that is not ours.
fn parsed(filter: &Filter) -> StructureTag {
    let octets = octets(filter).expect("a filter");
    let (rest, tag) = ldap3_lber::parse::parse_tag(&octets, 64).expect("an element");
    assert!(rest.is_empty());
    tag
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
        prop_assert_eq!(parsed(&filter), expected(&filter));
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

/// The filter that a server takes out of a request.
fn sent(filter: Filter) -> LdapFilter {
    let request = Request::search(&Search::new("people", Dn::root(), Scope::Subtree, filter), 1);
    match received(&request.expect("a request").message(1)).op {
        LdapOp::SearchRequest(search) => search.filter,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_examples_of_the_rfc_are_what_servers_read() {
    let name = AttributeName::known;
    let is = |name: &str, value: &str| LdapFilter::Equality(name.to_owned(), value.to_owned());
    let part = |name: &str, initial: Option<&str>, any: &[&str], last: Option<&str>| {
        let owned = |text: &str| text.to_owned();
        let any = any.iter().map(|text| owned(text)).collect();
        let pieces = LdapSubstringFilter { initial: initial.map(owned), any, final_: last.map(owned) };
        LdapFilter::Substring(name.to_owned(), pieces)
    };
    let person = Filter::And(vec![
        Filter::equal(&name("objectClass"), "Person"),
        Filter::Or(vec![Filter::equal(&name("sn"), "Jensen"), Filter::starts_with(&CN, "Babs J")]),
    ]);
    let babs = LdapFilter::Or(vec![is("sn", "Jensen"), part("cn", Some("Babs J"), &[], None)]);
    let univ = Filter::Substring {
        attribute: name("o"),
        initial: Some("univ".into()),
        any: vec!["of".into(), "".into()],
        last: Some("mich".into()),
    };
    let parens = "Parens R Us (for all your parenthetical needs)";
    // RFC 4515, section 4: what its texts mean.
    for (filter, read) in [
        (Filter::equal(&CN, "Babs Jensen"), is("cn", "Babs Jensen")),
        (
            Filter::Not(Box::new(Filter::equal(&CN, "Tim Howes"))),
            LdapFilter::Not(Box::new(is("cn", "Tim Howes"))),
        ),
        (person, LdapFilter::And(vec![is("objectClass", "Person"), babs])),
        (univ, part("o", Some("univ"), &["of"], Some("mich"))),
        (Filter::Present(name("seeAlso")), LdapFilter::Present("seeAlso".to_owned())),
        (Filter::equal(&name("o"), parens), is("o", parens)),
        (Filter::contains(&CN, "*"), part("cn", None, &["*"], None)),
        (Filter::equal(&name("filename"), "C:\\MyFile"), is("filename", "C:\\MyFile")),
        (Filter::equal(&name("sn"), "Lučić"), is("sn", "Lučić")),
    ] {
        assert_eq!(sent(filter), read);
    }
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
    assert_eq!(octets(&deep).map_err(|e| e.kind()), Err(ErrorKind::InvalidInput));
    let long = Filter::equal(&CN, "x".repeat(300_000));
    assert_eq!(octets(&long).map_err(|e| e.kind()), Err(ErrorKind::InvalidInput));
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
    assert_eq!((&*member.selector(), member.as_str()), ("member;range=1500-*", "member"));
    assert_eq!(AttributeName::known("CN"), CN);
}
