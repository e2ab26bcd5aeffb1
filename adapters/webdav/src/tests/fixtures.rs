//! Recorded answers of the real products through the parser and the mapping.

use portico_contract::ErrorKind;
use portico_contract::documents::SourceVersion;
use portico_schemas::ObjectType;
use portico_wire::http::Base;

use crate::propfind::{Multistatus, Tag, parse};
use crate::{fault, map};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../fixtures/", $name))
    };
}

fn answer(recording: &str) -> (u16, &str) {
    let (_, answer) = recording.split_once("--- response").expect("a recording");
    let (_, answer) = answer.split_once('\n').expect("a status line");
    let (head, body) = answer.split_once("\n\n").expect("a head");
    let status = head.split_whitespace().nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, body.trim_end())
}

fn listing(recording: &str, port: u16) -> Multistatus {
    let (status, body) = answer(recording);
    assert_eq!(status, 207);
    let base = Base::parse(&format!("http://127.0.0.1:{port}/")).expect("a base");
    parse(body.as_bytes(), Some("utf-8"), &base, 100).expect("a listing")
}

const FOLDER: &str = "Verträge 2026";
const ODD: &str = "Verträge 2026/Müller & Söhne #1 100%.pdf";

#[test]
fn a_listing_of_apache() {
    let listing = listing(fixture!("apache/05-propfind-depth1.http"), 8085);
    assert_eq!(listing.left_out, 0);
    let find = |path: &str| {
        let entry = listing.entries.iter().find(|entry| entry.location.as_str() == path);
        map::record(entry.expect("an entry").clone()).expect("a record")
    };
    let folder = find(FOLDER);
    assert_eq!(
        (folder.object_type, folder.content_length, folder.media_type.clone()),
        (ObjectType::Folder, None, None)
    );
    assert_eq!(folder.parent.expect("a parent").as_str(), "");
    assert_eq!(folder.version, Some(SourceVersion("1000-660dcd449c93e".into())));
    let odd = find(ODD);
    assert_eq!((odd.object_type, odd.content_length), (ObjectType::Document, Some(14)));
    assert_eq!(odd.name, "Müller & Söhne #1 100%.pdf");
    assert_eq!(odd.parent.expect("a parent").as_str(), FOLDER);
    assert_eq!(odd.version, Some(SourceVersion("e-660dcd44986fb".into())));
    assert_eq!(odd.updated_at.map(|t| t.to_string()).as_deref(), Some("2026-11-22T12:43:50Z"));
    assert_eq!(odd.created_at.map(|t| t.to_string()).as_deref(), Some("2026-11-22T12:43:50Z"));
    let entry = listing.entries.iter().find(|entry| entry.location.as_str() == ODD).expect("an entry");
    assert!(entry.properties.tag.as_ref().is_some_and(|tag| tag.weak));
}

#[test]
fn a_listing_of_wsgidav() {
    let listing = listing(fixture!("wsgidav/05-propfind-depth1.http"), 8086);
    let find = |path: &str| {
        let entry = listing.entries.iter().find(|entry| entry.location.as_str() == path);
        map::record(entry.expect("an entry").clone()).expect("a record")
    };
    // Folders have no tag, and the missing one comes as an empty element under 404.
    let folder = find(FOLDER);
    assert_eq!(folder.version, Some(SourceVersion("mtime:1795351431:0".into())));
    let odd = find(ODD);
    assert_eq!(odd.version, Some(SourceVersion("10863609-1795351431-14".into())));
    assert_eq!(odd.content_length, Some(14));
}

#[test]
fn a_listing_of_wsgidav_with_everything() {
    let listing = listing(fixture!("wsgidav/06-propfind-infinity.http"), 8086);
    let file = listing.entries.iter().find(|entry| entry.location.as_str() == "Verträge 2026/doc 3.txt");
    let record = map::record(file.expect("an entry").clone()).expect("a record");
    assert_eq!(record.media_type.as_deref(), Some("text/plain"));
    assert_eq!(record.locked, Some(false));
    assert!(listing.entries.iter().any(|entry| entry.location.is_root()));
}

#[test]
fn recorded_refusals_get_their_kind() {
    for (recording, expected) in [
        (fixture!("apache/01-no-auth.http"), ErrorKind::CredentialsRefused),
        (fixture!("wsgidav/01-no-auth.http"), ErrorKind::CredentialsRefused),
        (fixture!("apache/06-propfind-infinity.http"), ErrorKind::BackendForbidden),
        (fixture!("apache/13-put-locked.http"), ErrorKind::Locked),
        (fixture!("wsgidav/13-put-locked.http"), ErrorKind::Locked),
        (fixture!("apache/20-get-404.http"), ErrorKind::NotFound),
        (fixture!("wsgidav/20-get-404.http"), ErrorKind::NotFound),
        (fixture!("apache/21-put-no-parent.http"), ErrorKind::Conflict),
        (fixture!("wsgidav/21-put-no-parent.http"), ErrorKind::Conflict),
        (fixture!("apache/03b-mkcol-again.http"), ErrorKind::Conflict),
        (fixture!("apache/24-bad-xml.http"), ErrorKind::BackendStatus),
    ] {
        assert_eq!(fault::kind(answer(recording).0), expected);
    }
}

#[test]
fn what_a_server_says_about_a_missing_file_never_reaches_the_log() {
    // WsgiDAV writes the path into its page.
    let (status, page) = answer(fixture!("wsgidav/20-get-404.http"));
    assert!(page.contains("Verträge"));
    let native = portico_wire::redact::native(status, "text/html", page.as_bytes());
    assert!(!native.contains("Vertr") && native.contains("404 Not Found"), "{native}");
}

fn one(href: &str, rest: &str) -> Result<Multistatus, ErrorKind> {
    let text = format!(
        r#"<d:multistatus xmlns:d="DAV:"><d:response><d:href>{href}</d:href>{rest}</d:response></d:multistatus>"#
    );
    let base = Base::parse("https://files.example.org/dav/Sales%20%26%20more").expect("a base");
    parse(text.as_bytes(), None, &base, 10).map_err(|error| error.kind())
}

const FOUND: &str = "<d:propstat><d:prop/><d:status>HTTP/1.1 200 OK</d:status></d:propstat>";

#[test]
fn hrefs_lead_below_the_base_folder_or_are_refused() {
    for (href, path) in [
        ("/dav/Sales%20%26%20more/", Some("")),
        ("/dav/Sales%20&amp;%20more/a%c3%a4", Some("aä")),
        ("https://files.example.org/dav/Sales%20%26%20more/a/b/", Some("a/b")),
        ("https://FILES.example.org:443/dav/Sales%20%26%20more/a", Some("a")),
        ("http://files.example.org/dav/Sales%20%26%20more/a", None),
        ("https://files.example.org:8443/dav/Sales%20%26%20more/a", None),
        ("https://evil.example.net/dav/Sales%20%26%20more/a", None),
        ("https://files.example.org@evil.example.net/dav/Sales%20%26%20more/a", None),
        ("//evil.example.net/dav/Sales%20%26%20more/a", None),
        ("/dav/Sales%20%26%20more/../../etc/passwd", None),
        ("https://files.example.org/dav/Sales%20%26%20more/%2e%2e/x", None),
        ("/dav/Sales%20%26%20moreover/a", None),
        ("/dav/a", None),
        ("/dav/Sales%20%26%20more//a", None),
        ("/dav/Sales%20%26%20more/a?b", None),
        ("/dav/Sales%20%26%20more/a#b", None),
        ("/dav/Sales%20%26%20more/a%zz", None),
        ("a", None),
        ("", None),
    ] {
        let found = one(href, FOUND).map(|listing| listing.entries[0].location.as_str().to_owned());
        assert_eq!(found, path.map(str::to_owned).ok_or(ErrorKind::InvalidResponse), "{href}");
    }
}

#[test]
fn entries_that_cannot_be_addressed_are_left_out_and_counted() {
    for name in ["a%2Fb", "a%2fb", "a%00b", "a%0Ab", "caf%e9"] {
        let listing = one(&format!("/dav/Sales%20%26%20more/{name}"), FOUND).expect("a listing");
        assert_eq!((listing.entries.len(), listing.left_out), (0, 1), "{name}");
    }
}

#[test]
fn values_of_the_wrong_type_are_refused() {
    let prop = |prop: &str| {
        one(
            "/dav/Sales%20%26%20more/a",
            &format!("<d:propstat><d:prop>{prop}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"),
        )
    };
    assert!(prop("<d:getcontentlength>5</d:getcontentlength>").is_ok());
    assert!(prop("<d:getcontentlength/>").is_ok());
    assert!(prop("<d:unknown><d:x/></d:unknown>").is_ok());
    for bad in [
        "<d:getcontentlength>-5</d:getcontentlength>",
        "<d:getcontentlength>+5</d:getcontentlength>",
        "<d:getcontentlength>5.0</d:getcontentlength>",
        "<d:getcontentlength>99999999999999999999</d:getcontentlength>",
        "<d:getcontentlength><d:x/></d:getcontentlength>",
        "<d:getlastmodified>yesterday</d:getlastmodified>",
        "<d:creationdate>22.11.2026</d:creationdate>",
        "<d:getetag>\"a\"b\"</d:getetag>",
    ] {
        assert_eq!(prop(bad).err(), Some(ErrorKind::InvalidResponse), "{bad}");
    }
}

#[test]
fn statuses_are_needed_and_only_successes_count() {
    let not_found = "<d:propstat><d:prop><d:getcontentlength>7</d:getcontentlength></d:prop>\
                     <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>";
    let listing = one("/dav/Sales%20%26%20more/a", not_found).expect("a listing");
    assert_eq!(listing.entries[0].properties.length, None);
    assert_eq!(
        one("/dav/Sales%20%26%20more/a", "<d:propstat><d:prop/></d:propstat>").err(),
        Some(ErrorKind::InvalidResponse)
    );
    assert_eq!(one("/dav/Sales%20%26%20more/a", "").err(), Some(ErrorKind::InvalidResponse));
    let locked =
        one("/dav/Sales%20%26%20more/a", "<d:status>HTTP/1.1 423 Locked</d:status>").expect("a listing");
    assert_eq!(locked.failures, [423]);
}

#[test]
fn tags_in_either_form() {
    let tag = |opaque: &str, weak| Some(Tag { opaque: opaque.to_owned(), weak });
    assert_eq!(Tag::parse("\"a-1\""), tag("a-1", false));
    assert_eq!(Tag::parse("W/\"a-1\""), tag("a-1", true));
    assert_eq!(Tag::parse("10863613-1795351431-5"), tag("10863613-1795351431-5", false));
    for bad in ["", "\"\"", "a b", "a\"b", "ä", "\u{7f}"] {
        assert_eq!(Tag::parse(bad), None, "{bad:?}");
    }
}

proptest::proptest! {
    #[test]
    fn a_mutilated_listing_is_refused_or_still_makes_sense(
        at in 0usize..7_000, cut in 0usize..40, insert in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..6),
    ) {
        for recording in [fixture!("apache/05-propfind-depth1.http"), fixture!("wsgidav/05-propfind-depth1.http")] {
            let mut octets = answer(recording).1.as_bytes().to_vec();
            let at = at.min(octets.len());
            let end = (at + cut).min(octets.len());
            octets.splice(at..end, insert.iter().copied());
            let base = Base::parse("http://127.0.0.1:8085/").expect("a base");
            let Ok(listing) = parse(&octets, Some("utf-8"), &base, 100) else { continue };
            for entry in listing.entries {
                proptest::prop_assert!(crate::location::Location::checked(entry.location.as_str()).is_some());
                proptest::prop_assert!(map::record(entry).is_ok());
            }
        }
    }
}
