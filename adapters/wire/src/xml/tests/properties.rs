//! Whatever comes: no panic, and nothing accepted that another parser finds malformed.

use proptest::prelude::*;

use super::{Writer, read_through};
use crate::xml::{Document, Encoding, Limits};

#[derive(Debug, Clone)]
enum Node {
    Text(String),
    Element(Vec<Node>, String),
}

fn tree() -> impl Strategy<Value = Node> {
    let text = "[\\x20-\\x7E\t\n\u{A0}-\u{2FF}\u{1F600}-\u{1F64F}]{1,12}";
    let leaf = prop_oneof![text.prop_map(Node::Text), Just(Node::Element(Vec::new(), String::new()))];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        (prop::collection::vec(inner, 0..5), text).prop_map(|(nodes, value)| Node::Element(nodes, value))
    })
}

fn write(writer: Writer, node: &Node) -> Writer {
    match node {
        Node::Text(text) => writer.text(text),
        Node::Element(nodes, value) => {
            let writer = writer.start("b", &[("k", value)]);
            nodes.iter().fold(writer, write).end()
        }
    }
}

fn flat(node: &Node, to: &mut String) {
    match node {
        Node::Text(text) => to.push_str(text),
        Node::Element(nodes, _) => nodes.iter().for_each(|node| flat(node, to)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read_again(text in "[\\x20-\\x7E\t\n\u{A0}-\u{2FF}\u{1F600}]{0,60}") {
        let written = Writer::new().start("a", &[("k", &text)]).text(&text).end().finish().expect("good characters");
        let document = Document::decode(&written, Encoding::Utf8, None).expect("UTF-8");
        let mut reader = document.reader(Limits::default(), &[]);
        reader.root("", "a").expect("the root");
        let attribute = reader.attribute("", "k").map(str::to_owned);
        // Tabs and line ends of an attribute are normalised unless they are written as references.
        prop_assert_eq!(attribute.map(|k| k.replace(['\t', '\n'], " ")), Some(text.replace(['\t', '\n'], " ")));
        prop_assert_eq!(reader.text().expect("text"), text);
    }

    #[test]
    fn trees_are_read_as_another_parser_reads_them(node in tree()) {
        let written = write(Writer::new().start("a", &[]), &node).end().finish().expect("good characters");
        prop_assert!(read_through(&written).is_ok());
        let text = String::from_utf8(written).expect("UTF-8");
        let other = roxmltree::Document::parse(&text).expect("well-formed");
        let theirs: String = other.root().descendants().filter_map(|n| n.is_text().then(|| n.text()).flatten()).collect();
        let mut ours = String::new();
        flat(&node, &mut ours);
        prop_assert_eq!(theirs, ours);
    }

    #[test]
    fn a_mutilated_document_never_panics_and_is_never_taken_wrongly(
        cut in 0usize..400, insert in prop::collection::vec(any::<u8>(), 0..4), at in 0usize..400,
    ) {
        let mut octets = br#"<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:"><D:response xmlns:lp1="DAV:"><D:href>/a%20b/&amp;c</D:href><D:propstat>
<D:prop><lp1:getetag>W/"1000-66"</lp1:getetag><lp1:resourcetype><D:collection/></lp1:resourcetype></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"#.to_vec();
        let cut = cut.min(octets.len());
        octets.drain(cut..(cut + 2).min(octets.len()));
        let at = at.min(octets.len());
        octets.splice(at..at, insert);
        agrees(&octets)?;
    }

    #[test]
    fn markup_soup_never_panics_and_is_never_taken_wrongly(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "/", "a", "b", ":", "=", "'", "\"", "&", ";", "#", "x", "1", "!", "-", "--", "[", "]", "?", " ", "\n",
            "<a>", "</a>", "<a/>", "<!--", "-->", "<![CDATA[", "]]>", "<?p", "?>", "xmlns", "xmlns:a", "&amp;", "\u{e9}",
        ]), 0..14),
    ) {
        agrees(parts.concat().as_bytes())?;
        agrees(format!("<a>{}</a>", parts.concat()).as_bytes())?;
    }
}

/// What we take, another parser takes too. (The other way round is not so: there are rules that it does not check.)
fn agrees(octets: &[u8]) -> Result<(), TestCaseError> {
    let Ok(text) = std::str::from_utf8(octets) else {
        prop_assert!(read_through(octets).is_err());
        return Ok(());
    };
    let started = text.trim_start_matches('\u{FEFF}').contains('<');
    if started && read_through(octets).is_ok() {
        prop_assert!(roxmltree::Document::parse(text).is_ok(), "taken wrongly: {:?}", text);
    }
    Ok(())
}
