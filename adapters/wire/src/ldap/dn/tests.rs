//! Names: the examples of RFC 4514, what real directories send, and properties.

use proptest::prelude::*;

use super::*;

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap_or_else(|why| panic!("{text:?}: {why}"))
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    // RFC 4514, section 4.
    assert_eq!(dn("UID=jsmith,DC=example,DC=net").depth(), 3);
    assert_eq!(dn("OU=Sales+CN=J.  Smith,DC=example,DC=net").rdn_value().as_deref(), Some("Sales"));
    assert_eq!(
        dn(r#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#).rdn_value().as_deref(),
        Some("James \"Jim\" Smith, III")
    );
    assert_eq!(dn(r"CN=Before\0dAfter,DC=example,DC=net").rdn_value().as_deref(), Some("Before\rAfter"));
    assert_eq!(dn("1.3.6.1.4.1.1466.0=#04024869").rdn_value().as_deref(), Some("Hi"));
    assert_eq!(dn(r"CN=Lu\C4\8Di\C4\87").rdn_value().as_deref(), Some("Lučić"));
}

#[test]
fn names_of_real_directories_are_read() {
    let soren = dn("cn=Brown\\2C Søren 0005,ou=people,dc=example,dc=org");
    assert_eq!(soren.rdn_value().as_deref(), Some("Brown, Søren 0005"));
    assert_eq!(soren, dn("CN=brown\\, S\\C3\\B8ren  0005 , OU=People,DC=EXAMPLE,DC=org"));
    let deleted =
        dn("CN=Čapek\\, Øyvind 0033\\0ADEL:c5c58ff1-f9e7-44dc-bece-b553fb450ab0,CN=Deleted Objects,DC=corp");
    assert!(deleted.rdn_value().is_some_and(|value| value.contains("\nDEL:c5c58ff1")));
    assert!(deleted.is_under(&dn("cn=deleted objects,dc=corp")));
    assert_eq!(
        dn("CN=O'Neil\\, Anna 0513,OU=Staff,DC=corp").rdn_value().as_deref(),
        Some("O'Neil, Anna 0513")
    );
}

#[test]
fn equal_names_are_equal_however_they_are_written() {
    let same = [
        ("CN=A,DC=b", "cn=a , dc = B"),
        ("2.5.4.3=A,0.9.2342.19200300.100.1.25=b", "cn=a,dc=b"),
        ("ou=x+cn=y,dc=b", "CN=Y+OU=X,dc=b"),
        ("cn=#0c0161,dc=b", "cn=A,dc=b"),
        ("oid.2.5.4.3=a", "cn=a"),
        ("cn=\\ a\\ ", "cn=a"),
    ];
    for (one, other) in same {
        assert_eq!(dn(one), dn(other), "{one} {other}");
    }
    for (one, other) in [
        ("cn=a,dc=b", "cn=a\\,dc\\=b"),
        ("cn=a+ou=b", "cn=a\\+ou\\=b"),
        ("cn=a", "ou=a"),
        ("cn=ab", "cn=a b"),
    ] {
        assert_ne!(dn(one), dn(other), "{one} {other}");
    }
}

#[test]
fn names_have_parents() {
    let name = dn("cn=a\\,b, ou=people,dc=example");
    let parent = name.parent().expect("a parent");
    assert_eq!((parent.as_str(), parent.depth()), ("ou=people,dc=example", 2));
    assert_eq!(parent, dn("OU=People,dc=example"));
    assert_eq!(parent.parent().and_then(|p| p.parent()), Some(Dn::root()));
    assert_eq!((Dn::root().parent(), dn("").depth(), Dn::root().rdn_value()), (None, 0, None));
    assert!(name.is_under(&parent) && name.is_under(&name) && name.is_under(&Dn::root()));
    assert!(!parent.is_under(&name));
    assert!(!dn("cn=x,ou=other people,dc=example").is_under(&dn("ou=people,dc=example")));
    assert!(!dn("cn=x\\,ou\\=people,dc=example").is_under(&dn("ou=people,dc=example")));
    assert_eq!(name.rdn_attribute(), Some("cn"));
}

#[test]
fn what_is_no_name_is_refused() {
    for bad in [
        "a",
        "=a",
        "cn",
        "cn=",
        "cn=a,",
        ",cn=a",
        "cn=a,,dc=b",
        "cn=a;dc=b",
        "cn=<a>",
        "cn=\"a\"",
        "cn=#0",
        "cn=#zz",
        "cn=a\\",
        "cn=a\\x",
        "cn=a\\1",
        "1=a",
        "-a=b",
        "cn=a\0",
        "c n=a",
        "1..2=a",
    ] {
        assert!(Dn::parse(bad).is_err(), "{bad:?}");
    }
    assert_eq!(Dn::parse(&"cn=a,".repeat(200)), Err(DnError::TooLong));
    assert_eq!(Dn::parse(&format!("cn={}", "a".repeat(20_000))), Err(DnError::TooLong));
}

#[test]
fn extended_names_are_read() {
    let text = "<GUID=c5c58ff1-f9e7-44dc-bece-b553fb450ab0>;<SID=S-1-5-21-2779467904-1270194198-3068740194-1135>;CN=Čapek\\, Øyvind 0033,OU=Staff,DC=corp";
    let extended = ExtendedDn::parse(text).expect("a name");
    let octets = b"\xf1\x8f\xc5\xc5\xe7\xf9\xdc\x44\xbe\xce\xb5\x53\xfb\x45\x0a\xb0";
    assert_eq!(extended.guid.as_ref(), Some(octets));
    assert!(extended.sid.as_deref().is_some_and(|sid| sid.starts_with("S-1-5-21-")));
    assert_eq!(extended.dn.rdn_value().as_deref(), Some("Čapek, Øyvind 0033"));
    let hex = ExtendedDn::parse("<GUID=f18fc5c5e7f9dc44beceb553fb450ab0>;CN=x").expect("a name");
    assert_eq!(hex.guid.as_ref(), Some(octets));
    assert_eq!(
        ExtendedDn::parse("CN=x").map(|name| (name.guid, name.sid, name.dn)),
        Ok((None, None, dn("cn=x")))
    );
    for bad in ["<GUID=x>;CN=x", "<GUID>;CN=x", "<GUID=c5c58ff1", "<CN=x"] {
        assert!(ExtendedDn::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn names_are_not_shown() {
    let name = dn("cn=Jane Doe,dc=example");
    assert!(!format!("{name:?} {:?}", ExtendedDn::parse("cn=Jane Doe")).contains("Jane"));
}

const CN: AttributeName = AttributeName::known("cn");

proptest! {
    #[test]
    fn no_value_leaves_its_part(value in "\\PC{1,40}|[,+\"\\\\<>;=# \u{0}a\n]{1,20}") {
        let base = dn("ou=people,dc=example");
        // Values that are nothing but spaces compare like nothing; they still are one part.
        let child = base.child(&CN, &value).expect("a name");
        prop_assert_eq!(child.depth(), 3);
        prop_assert!(child.is_under(&base));
        prop_assert_eq!(child.parent(), Some(base));
        prop_assert_eq!(child.rdn_value(), Some(value));
        prop_assert_eq!(Dn::parse(child.as_str()), Ok(child));
    }

    #[test]
    fn whatever_comes_is_read_without_a_panic(text in "([a-z]{0,3}[=,+\\\\#\" ]?){0,12}|\\PC{0,60}") {
        if let Ok(name) = Dn::parse(&text) {
            let mut at = Some(name.clone());
            let mut depth = 0;
            while let Some(parent) = at.as_ref().and_then(Dn::parent) {
                prop_assert!(name.is_under(&parent));
                prop_assert_eq!(Dn::parse(parent.as_str()), Ok(parent.clone()));
                depth += 1;
                at = Some(parent);
            }
            prop_assert_eq!(depth, name.depth());
        }
        drop(ExtendedDn::parse(&text));
    }
}
