//! Paths and names: whatever a name is made of, it comes back as it went out.

use portico_contract::ErrorKind;
use proptest::prelude::*;

use super::store::{id, open};
use crate::location::Location;

/// Names that have broken clients before.
pub(super) const NAMES: &[&str] = &[
    "plain.txt",
    "Müller & Söhne #1 100%.pdf",
    "what?.txt",
    "a;b,c=d.txt",
    "a+b c.txt",
    "100%20.txt",
    "%2e%2e",
    "%2F",
    "...",
    ".hidden",
    "it's \"quoted\".txt",
    "<tag>&amp;.txt",
    "[brackets]{braces}(parens).txt",
    "back\\slash.txt",
    "colon:star*pipe|.txt",
    "Cynllun Tŷ'r Ŵyl.docx",
    "e\u{301}te\u{301}.txt",
    "\u{e9}t\u{e9}.txt",
    "日本語.txt",
    "👩‍👧‍👦.txt",
    " leading",
    "trailing ",
    "-dash",
    "~tilde",
    "@at!",
    "\u{ff0f}full-width slash",
    "a\u{a0}no-break",
    "http:",
    "con.txt",
];

#[tokio::test]
async fn names_that_cannot_be_are_refused_with_a_reason() {
    let store = open("http://127.0.0.1:9/", None, serde_json::json!({}));
    for name in ["", ".", "..", "a/b", "a\0b", "a\nb", "\u{7f}", "\u{85}", &"x".repeat(256)] {
        let error = store.child("folder", name).await.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name:?}");
        assert_eq!(error.fields().len(), 1);
    }
    assert_eq!(store.child("", "a").await.expect("a name"), id("a"));
    assert_eq!(store.child("a/b", "c").await.expect("a name"), id("a/b/c"));
    // A path that would be too long to be a key.
    let deep = vec!["x".repeat(200); 10].join("/");
    assert_eq!(
        store.child(&deep, &"x".repeat(200)).await.map_err(|e| e.kind()),
        Err(ErrorKind::InvalidInput)
    );
}

#[tokio::test]
async fn ids_that_we_never_gave_out_name_nothing() {
    let store = open("http://127.0.0.1:9/", None, serde_json::json!({}));
    for path in ["/", "a/", "/a", "a//b", "../a", "a/..", "a/./b", "a\0", "a\n"] {
        assert_eq!(store.get(path).await.map_err(|e| e.kind()), Err(ErrorKind::NotFound), "{path:?}");
    }
}

proptest! {
    #[test]
    fn a_location_survives_the_wire(segments in prop::collection::vec("\\PC{1,12}", 0..5)) {
        prop_assume!(segments.iter().all(|s| portico_wire::path::check_segment(s).is_ok()));
        let location = Location::from_segments(&segments);
        prop_assert_eq!(Location::checked(location.as_str()), Some(location.clone()));
        for folder in [true, false] {
            let encoded = location.encoded(folder);
            prop_assert!(encoded.is_ascii() && !encoded.contains(['?', '#', ' ', '%']) || encoded.contains('%'));
            if encoded.is_empty() { continue; }
            prop_assert_eq!(&portico_wire::path::decode(&encoded).expect("our own"), &segments);
        }
    }

    #[test]
    fn order_by_key_is_order_by_segments(
        a in prop::collection::vec("[ -~]{1,4}", 1..4), b in prop::collection::vec("[ -~]{1,4}", 1..4),
    ) {
        prop_assume!(a.iter().chain(&b).all(|s| portico_wire::path::check_segment(s).is_ok()));
        let (left, right) = (Location::from_segments(&a), Location::from_segments(&b));
        prop_assert_eq!(left.sort_key().cmp(&right.sort_key()), a.cmp(&b));
    }
}
