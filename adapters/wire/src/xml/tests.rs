//! Well-formed documents are read, malformed ones refused; every list is data run through one function.

mod corpus;
mod properties;

use portico_contract::{Error, ErrorKind};

use super::{Document, Encoding, Limits, Reader, Writer};

/// Reads everything and forgets it.
fn read_through(octets: &[u8]) -> Result<(), Error> {
    read_with(octets, Limits::default(), None)
}

fn read_with(octets: &[u8], limits: Limits, charset: Option<&str>) -> Result<(), Error> {
    let document = Document::decode(octets, Encoding::Utf8, charset)?;
    let mut reader = document.reader(limits, &["a", "b"]);
    let root = reader.child()?;
    assert!(root.is_some(), "a document starts with an element");
    reader.skip()?;
    reader.finish()
}

fn open<'x>(document: &'x Document<'_>) -> Reader<'x> {
    document.reader(Limits::default(), &["a", "b", "href"])
}

#[test]
fn names_are_resolved_and_prefixes_do_not_matter() -> Result<(), Error> {
    let text = br#"<x:a xmlns:x="DAV:" xmlns="urn:other" y:k="1" xmlns:y="DAV:" k="2"><b/><x:b xmlns:x="urn:z"/></x:a>"#;
    let document = Document::decode(text, Encoding::Utf8, None)?;
    let mut reader = open(&document);
    reader.root("DAV:", "a")?;
    assert_eq!(reader.attribute("DAV:", "k"), Some("1"));
    assert_eq!(reader.attribute("", "k"), Some("2"));
    assert_eq!(reader.attribute("", "xmlns"), None);
    let first = reader.child()?.ok_or_else(|| reader.expected("b", "nothing"))?;
    assert!(first.is("urn:other", "b") && reader.is_empty_tag());
    reader.skip()?;
    let second = reader.child()?.ok_or_else(|| reader.expected("b", "nothing"))?;
    assert!(second.is("urn:z", "b"));
    reader.skip()?;
    assert!(reader.child()?.is_none());
    reader.finish()
}

#[test]
fn text_is_put_together_from_its_parts() -> Result<(), Error> {
    let text = b"<a>M\xC3\xBCller &amp; S<![CDATA[<&]]><!-- c -->&#xF6;\r\nhne\r<?pi x?>&#13;</a>";
    let document = Document::decode(text, Encoding::Utf8, None)?;
    let mut reader = open(&document);
    reader.root("", "a")?;
    assert_eq!(reader.text()?, "Müller & S<&ö\nhne\n\r");
    reader.finish()
}

#[test]
fn plain_text_is_borrowed() -> Result<(), Error> {
    let document = Document::decode(b"<a>plain</a>", Encoding::Utf8, None)?;
    let mut reader = open(&document);
    reader.root("", "a")?;
    assert!(matches!(reader.text()?, std::borrow::Cow::Borrowed("plain")));
    Ok(())
}

#[test]
fn attribute_values_are_normalised() -> Result<(), Error> {
    let document = Document::decode(b"<a k='1\t2\r\n3&#10;&quot;\n'/>", Encoding::Utf8, None)?;
    let mut reader = open(&document);
    reader.root("", "a")?;
    assert_eq!(reader.attribute("", "k"), Some("1 2 3\n\" "));
    Ok(())
}

#[test]
fn an_error_names_the_path_and_never_a_value() {
    let text = b"<a><secret-Jane-Doe><b k='QQ123456C' k='2'>QQ123456C</b></secret-Jane-Doe></a>";
    let error = read_through(text).expect_err("an attribute twice");
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert_eq!(
        error.detail(),
        "The XML of the system behind cannot be used at a/*: expected an attribute once, found the same one twice."
    );
}

#[test]
fn an_error_stays() -> Result<(), Error> {
    let document = Document::decode(b"<a><b></a></b>", Encoding::Utf8, None)?;
    let mut reader = open(&document);
    reader.root("", "a")?;
    assert!(reader.child()?.is_some());
    assert!(reader.child().is_err());
    assert!(reader.child().is_err());
    assert!(reader.skip().is_err());
    Ok(())
}

#[test]
fn limits_hold_at_their_edge() {
    let limits = Limits { depth: 3, attributes: 2, namespaces: 2, text: 5 };
    for (text, good) in [
        ("<a><a><a/></a></a>", true),
        ("<a><a><a><a/></a></a></a>", false),
        ("<a x='' y=''/>", true),
        ("<a x='' y='' z=''/>", false),
        ("<a xmlns:p='1'><a xmlns:q='2'/><a xmlns:r='3'/></a>", true),
        ("<a xmlns:p='1'><a xmlns:q='2'><a xmlns:r='3'/></a></a>", false),
    ] {
        assert_eq!(read_with(text.as_bytes(), limits, None).is_ok(), good, "{text}");
    }
    for (text, good) in [("<a>12345</a>", true), ("<a>123456</a>", false), ("<a>123&amp;56</a>", false)] {
        let document = Document::decode(text.as_bytes(), Encoding::Utf8, None).expect("text");
        let mut reader = document.reader(limits, &[]);
        reader.root("", "a").expect("a root");
        assert_eq!(reader.text().is_ok(), good, "{text}");
    }
}

#[test]
fn the_promised_limits_are_the_default() {
    let nested = |count: usize| format!("{}{}", "<a>".repeat(count), "</a>".repeat(count));
    let many = |count: usize, name: &str| {
        let attributes: String = (0..count).map(|at| format!(" {name}{at}='u{at}'")).collect();
        format!("<a{attributes}/>")
    };
    for (good, bad) in [
        (nested(64), nested(65)),
        (many(256, "k"), many(257, "k")),
        (many(64, "xmlns:p"), many(65, "xmlns:p")),
    ] {
        assert!(read_through(good.as_bytes()).is_ok());
        assert!(read_through(bad.as_bytes()).is_err());
    }
}

#[test]
fn a_deep_bomb_is_refused_without_recursion() {
    let bomb = "<a>".repeat(200_000);
    assert!(read_through(bomb.as_bytes()).is_err());
}

#[test]
fn encodings_must_agree() {
    for (octets, charset, good) in [
        (&b"\xEF\xBB\xBF<a/>"[..], None, true),
        (b"<?xml version='1.0' encoding='UTF-8'?><a/>", Some("utf-8"), true),
        (b"<?xml version='1.0' encoding='us-ascii'?><a/>", None, true),
        (b"<?xml version='1.0' encoding='us-ascii'?><a>\xC3\xBC</a>", None, false),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><a/>", None, false),
        (b"\xEF\xBB\xBF<?xml version='1.0' encoding='utf-16'?><a/>", None, false),
        (b"<a/>", Some("iso-8859-1"), false),
        (b"<a>\xFC</a>", None, false),
        (b"\xFE\xFF\x00<\x00a\x00/\x00>", None, false),
        (b"\xFF\xFE<\x00a\x00/\x00>\x00", None, false),
        (b"<\x00a\x00/\x00>\x00", None, false),
        (b"\x00<\x00a\x00/\x00>", None, false),
        (b"\xEF\xBB\xBF\xEF\xBB\xBF<a/>", None, false),
    ] {
        assert_eq!(read_with(octets, Limits::default(), charset).is_ok(), good, "{octets:?} {charset:?}");
    }
    let latin =
        Document::decode(b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xFC</a>", Encoding::Latin1, None);
    let latin = latin.expect("the declared encoding");
    let mut reader = open(&latin);
    reader.root("", "a").expect("a root");
    assert_eq!(reader.text().expect("text"), "ü");
}

#[test]
fn what_is_written_is_escaped() -> Result<(), Error> {
    let written = Writer::new()
        .start("a", &[("k", "\"<&'>\u{e9}")])
        .text("</a>]]>&amp;")
        .empty("b", &[])
        .end()
        .finish()?;
    let document = Document::decode(&written, Encoding::Utf8, None)?;
    let mut reader = open(&document);
    reader.root("", "a")?;
    assert_eq!(reader.attribute("", "k"), Some("\"<&'>é"));
    assert!(reader.child()?.is_some_and(|b| b.is("", "b")));
    reader.skip()?;
    assert!(Writer::new().start("a", &[]).text("\0").end().finish().is_err());
    assert!(Writer::new().start("a", &[]).finish().is_err());
    assert!(Writer::new().end().finish().is_err());
    Ok(())
}

/// Nothing is declared, so nothing can be expanded or fetched; a bomb is as cheap as any other refusal.
#[test]
fn a_document_type_is_refused_at_once_and_nothing_is_expanded_or_fetched() {
    let mut laughs = String::from("<!DOCTYPE a [<!ENTITY l0 'lol'>");
    for level in 1..=30 {
        laughs.push_str(&format!("<!ENTITY l{level} '{}'>", format!("&l{};", level - 1).repeat(10)));
    }
    laughs.push_str("]><a>&l30;</a>");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let external = format!(
        "<!DOCTYPE a SYSTEM 'http://{address}/x.dtd' [<!ENTITY x SYSTEM 'http://{address}/x'>]><a>&x;</a>"
    );
    for text in [
        laughs.as_str(),
        external.as_str(),
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
    ] {
        let start = std::time::Instant::now();
        assert_eq!(
            read_through(text.as_bytes()).map_err(|error| error.kind()),
            Err(ErrorKind::InvalidResponse)
        );
        assert!(start.elapsed() < std::time::Duration::from_millis(50), "{:?}", start.elapsed());
    }
    assert!(listener.accept().is_err(), "something was fetched");
}
