//! Reading the XML bodies of requests (RFC 4918 section 14) with namespaces and limits.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// The namespace of the protocol's own elements.
pub(crate) const DAV: &str = "DAV:";
/// Deepest element of a request body.
const MAX_DEPTH: usize = 32;
/// Most elements of a request body.
const MAX_ELEMENTS: usize = 2_000;

/// A property's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PropName {
    pub ns: String,
    pub local: String,
}

impl PropName {
    pub fn dav(local: &str) -> Self {
        Self { ns: DAV.into(), local: local.into() }
    }

    pub fn is_dav(&self) -> bool {
        self.ns == DAV
    }
}

/// An element of a request body with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub name: PropName,
    pub children: Vec<Element>,
    /// Character data directly inside, in one piece.
    pub text: String,
}

impl Element {
    fn is(&self, local: &str) -> bool {
        self.name.is_dav() && self.name.local == local
    }

    fn child(&self, local: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(local))
    }

    fn has_dav_child(&self) -> bool {
        self.children.iter().any(|child| child.name.is_dav())
    }
}

/// The body is not XML that this server reads; why, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadXml(pub String);

fn bad(why: impl Into<String>) -> BadXml {
    BadXml(why.into())
}

/// Reads a whole document. A DOCTYPE is refused, as are entities that XML does not predefine.
pub(crate) fn parse(body: &[u8]) -> Result<Element, BadXml> {
    let text = std::str::from_utf8(body).map_err(|_| bad("The body is not UTF-8"))?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut elements = 0;
    loop {
        let (ns, event) = reader.read_resolved_event().map_err(|error| bad(error.to_string()))?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if root.is_some() || open.len() == MAX_DEPTH || elements > MAX_ELEMENTS {
                    return Err(bad("More than one document, or one that is too large"));
                }
                open.push(element(&ns, &start)?);
            }
            Event::Empty(start) => {
                elements += 1;
                if root.is_some() || elements > MAX_ELEMENTS {
                    return Err(bad("More than one document, or one that is too large"));
                }
                let done = element(&ns, &start)?;
                close(done, &mut open, &mut root);
            }
            Event::End(_) => {
                let done = open.pop().ok_or_else(|| bad("An end without a start"))?;
                close(done, &mut open, &mut root);
            }
            Event::Text(text) => push(&mut open, &text.xml10_content()),
            Event::CData(text) => push(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let known = match reference.resolve_char_ref().map_err(|error| bad(error.to_string()))? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())
                        .ok_or_else(|| bad("An entity that is not predefined"))?
                        .to_owned(),
                };
                push(&mut open, &known);
            }
            Event::DocType(_) => return Err(bad("A document type declaration is not accepted")),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err(bad("Premature end of data"));
    }
    root.ok_or_else(|| bad("The body is empty"))
}

fn element(ns: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<Element, BadXml> {
    let ns = match ns {
        ResolveResult::Bound(ns) => AsRef::<str>::as_ref(ns).to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => return Err(bad(format!("The prefix {prefix} is not declared"))),
    };
    let local = AsRef::<str>::as_ref(&start.local_name()).to_owned();
    Ok(Element { name: PropName { ns, local }, children: Vec::new(), text: String::new() })
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => *root = Some(done),
    }
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// What a PROPFIND asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Everything, with values.
    All,
    /// Everything, names only.
    Names,
    /// These.
    Props(Vec<PropName>),
}

/// Reads the body of a PROPFIND; an empty one asks for everything (RFC 4918 section 9.1). `Ok(None)` is a `propfind`
/// that asks for nothing.
pub(crate) fn propfind(body: &[u8]) -> Result<Option<Ask>, BadXml> {
    if body.is_empty() {
        return Ok(Some(Ask::All));
    }
    let root = parse(body)?;
    if !root.is("propfind") {
        return Err(bad("The body is not a propfind"));
    }
    if let Some(prop) = root.child("prop") {
        return Ok(Some(Ask::Props(prop.children.iter().map(|child| child.name.clone()).collect())));
    }
    if root.child("propname").is_some() {
        return Ok(Some(Ask::Names));
    }
    Ok(root.child("allprop").map(|_| Ask::All))
}

/// One change of a PROPPATCH: a name, and the new value or `None` to remove it.
pub(crate) type Change = (PropName, Option<String>);

/// Reads the body of a PROPPATCH (RFC 4918 section 9.2). Of a value its character data is kept.
pub(crate) fn proppatch(body: &[u8]) -> Result<Vec<Change>, BadXml> {
    let root = parse(body)?;
    if !root.is("propertyupdate") {
        return Err(bad("The body is not a propertyupdate"));
    }
    let mut changes = Vec::new();
    for action in root.children.iter().filter(|child| child.is("set") || child.is("remove")) {
        for prop in action.child("prop").into_iter().flat_map(|prop| &prop.children) {
            let value = action.is("set").then(|| prop.text.clone());
            changes.push((prop.name.clone(), value));
        }
    }
    Ok(changes)
}

/// Who holds a lock, in the words of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Text(String),
    Href(String),
}

/// Reads the body of a LOCK (RFC 4918 section 9.10): whether it is shared, and its owner.
pub(crate) fn lockinfo(body: &[u8]) -> Result<(bool, Option<Owner>), BadXml> {
    let root = parse(body)?;
    let scope = root.child("lockscope").filter(|scope| scope.has_dav_child());
    let write = root.child("locktype").and_then(|kind| kind.child("write"));
    let (Some(scope), Some(_), true) = (scope, write, root.is("lockinfo")) else {
        return Err(bad("The body is not a lockinfo for a write lock"));
    };
    let owner = root.child("owner").map(|owner| match owner.child("href") {
        Some(href) => Owner::Href(href.text.clone()),
        None => Owner::Text(owner.text.clone()),
    });
    Ok((scope.child("shared").is_some(), owner))
}

/// Character data for an answer. Octets that XML 1.0 cannot carry are dropped.
pub(crate) fn escape(text: &str) -> String {
    let clean: String = text.chars().filter(|c| *c >= ' ' || "\t\n\r".contains(*c)).collect();
    quick_xml::escape::partial_escape(clean).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_by_namespace_and_not_by_prefix() {
        let body = br#"<?xml version="1.0"?><x:propfind xmlns:x="DAV:"><x:prop><getetag xmlns="DAV:"/><y xmlns="urn:x"/></x:prop></x:propfind>"#;
        let y = PropName { ns: "urn:x".into(), local: "y".into() };
        assert_eq!(propfind(body), Ok(Some(Ask::Props(vec![PropName::dav("getetag"), y]))));
        assert!(propfind(b"<propfind xmlns=\"urn:other\"><allprop/></propfind>").is_err());
        assert_eq!(propfind(b""), Ok(Some(Ask::All)));
        assert_eq!(propfind(b"<propfind xmlns=\"DAV:\"/>"), Ok(None));
    }

    #[test]
    fn what_is_not_well_formed_or_too_much_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(MAX_DEPTH + 1), "</a>".repeat(MAX_DEPTH + 1));
        let wide = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
        for body in [
            "<propfind xmlns=\"DAV:\"><prop>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><propfind xmlns=\"DAV:\"><allprop/></propfind>",
            "<a>&b;</a>",
            "<q:a/>",
            "<a/><a/>",
            "plain",
            deep.as_str(),
            wide.as_str(),
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body:.60}");
        }
    }

    #[test]
    fn values_of_a_proppatch_keep_their_characters() {
        let body = "<propertyupdate xmlns=\"DAV:\"><set><prop><c xmlns=\"u\">Stra&#xDF;e &amp; 42</c></prop></set><remove><prop><d xmlns=\"u\"/></prop></remove></propertyupdate>";
        let name = |local: &str| PropName { ns: "u".into(), local: local.into() };
        let expected = vec![(name("c"), Some("Straße & 42".into())), (name("d"), None)];
        assert_eq!(proppatch(body.as_bytes()), Ok(expected));
    }
}
