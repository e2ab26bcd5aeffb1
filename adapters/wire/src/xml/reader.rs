//! The pull reader.

use std::borrow::Cow;

use portico_contract::Error;
use quick_xml::events::Event as Token;

use super::chars::{Fault, is_ncname, is_space, line_ends, reference};
use super::decode::fault;
use super::namespaces::Namespaces;
use super::tag::{self, Attribute};
use super::{Limits, declaration};

/// The name of an element: namespace (empty when it has none) and local name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name<'x> {
    /// The namespace name.
    pub namespace: Cow<'x, str>,
    /// The local name.
    pub local: &'x str,
}

impl Name<'_> {
    /// Whether this is the element of that namespace and local name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }
}

/// What an element holds that may hold either text or elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'x> {
    /// Its text, empty for an empty element.
    Text(Cow<'x, str>),
    /// Its first child, which is now open.
    Child(Name<'x>),
}

enum Event<'x> {
    Start(Name<'x>),
    End,
    Text(Cow<'x, str>),
    Eof,
}

/// Reads a document from start to end, element by element. After [`Reader::root`] or [`Reader::child`] has opened an
/// element, read all of it: its children with [`Reader::child`] until that gives `None`, or its text with
/// [`Reader::text`], or nothing of it with [`Reader::skip`].
///
/// What is skipped is checked like everything else. After an error the reader gives only errors.
pub struct Reader<'x> {
    source: &'x str,
    tokens: quick_xml::Reader<&'x [u8]>,
    limits: Limits,
    known: &'static [&'static str],
    open: Vec<(&'x str, &'x str)>,
    namespaces: Namespaces<'x>,
    attributes: Vec<Attribute<'x>>,
    /// The element just opened was `<a/>`: its end comes next.
    ends: bool,
    root_seen: bool,
    failed: bool,
}

impl<'x> Reader<'x> {
    pub(super) fn new(source: &'x str, limits: Limits, known: &'static [&'static str]) -> Self {
        let mut tokens = quick_xml::Reader::from_str(source);
        // Ends are matched here, where the path for messages is kept anyway.
        tokens.config_mut().check_end_names = false;
        tokens.config_mut().allow_unmatched_ends = true;
        Self {
            source,
            tokens,
            limits,
            known,
            open: Vec::with_capacity(8),
            namespaces: Namespaces::default(),
            attributes: Vec::new(),
            ends: false,
            root_seen: false,
            failed: false,
        }
    }

    /// Opens the root element, which has to have this name.
    ///
    /// # Errors
    /// `InvalidResponse` when it has another one, and for every broken rule up to there.
    pub fn root(&mut self, namespace: &str, local: &str) -> Result<(), Error> {
        match self.next()? {
            Event::Start(name) if name.is(namespace, local) => Ok(()),
            Event::Start(_) => Err(self.expected(&format!("the element {local}"), "another element")),
            _ => Err(self.expected(&format!("the element {local}"), "no element")),
        }
    }

    /// Opens the next child of the open element. `None` when there is none left; the element is then closed. Text between
    /// children is passed over.
    ///
    /// # Errors
    /// `InvalidResponse` for every broken rule up to there.
    pub fn child(&mut self) -> Result<Option<Name<'x>>, Error> {
        loop {
            match self.next()? {
                Event::Start(name) => return Ok(Some(name)),
                Event::End => return Ok(None),
                Event::Text(_) => {}
                Event::Eof => return Err(self.expected("an open element", "the end of the document")),
            }
        }
    }

    /// Reads the text of the open element and closes it. Borrowed unless it holds references or several parts.
    ///
    /// # Errors
    /// `InvalidResponse` when it holds an element or is longer than the limit, and for every broken rule.
    pub fn text(&mut self) -> Result<Cow<'x, str>, Error> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next()? {
                Event::Text(part) if text.is_empty() => text = part,
                Event::Text(part) => text.to_mut().push_str(&part),
                Event::End => return Ok(text),
                Event::Start(_) => return Err(self.expected("text", "an element")),
                Event::Eof => return Err(self.expected("text", "the end of the document")),
            }
            if text.len() > self.limits.text {
                return Err(self.expected("a shorter text", "one longer than the limit"));
            }
        }
    }

    /// Reads what the open element holds, if it is either text or elements: its text, and closes it; or opens the first
    /// child, before which only white space may stand.
    ///
    /// # Errors
    /// `InvalidResponse` when it holds both, when the text is longer than the limit, and for every broken rule.
    pub fn content(&mut self) -> Result<Content<'x>, Error> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next()? {
                Event::Text(part) if text.is_empty() => text = part,
                Event::Text(part) => text.to_mut().push_str(&part),
                Event::End => return Ok(Content::Text(text)),
                Event::Start(name) if text.chars().all(is_space) => return Ok(Content::Child(name)),
                Event::Start(_) => return Err(self.expected("text or an element", "both")),
                Event::Eof => return Err(self.expected("an open element", "the end of the document")),
            }
            if text.len() > self.limits.text {
                return Err(self.expected("a shorter text", "one longer than the limit"));
            }
        }
    }

    /// Closes the open element, in which nothing but white space may be left.
    ///
    /// # Errors
    /// `InvalidResponse` when there is more in it, and for every broken rule.
    pub fn close(&mut self) -> Result<(), Error> {
        loop {
            match self.next()? {
                Event::End => return Ok(()),
                Event::Text(text) if text.chars().all(is_space) => {}
                Event::Text(_) => return Err(self.expected("the end of the element", "text")),
                Event::Start(_) => return Err(self.expected("the end of the element", "another element")),
                Event::Eof => return Err(self.expected("an open element", "the end of the document")),
            }
        }
    }

    /// Passes over the open element and closes it.
    ///
    /// # Errors
    /// `InvalidResponse` for every broken rule in it.
    pub fn skip(&mut self) -> Result<(), Error> {
        let depth = self.open.len();
        while self.open.len() >= depth && depth > 0 {
            self.next()?;
        }
        Ok(())
    }

    /// Whether the open element ends here without any content. Only right after it was opened.
    pub fn is_empty_tag(&self) -> bool {
        self.ends
    }

    /// An attribute of the element that was opened last. An unprefixed attribute has no namespace: pass `""`.
    pub fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|a| a.local == local && a.namespace == namespace)?;
        Some(&found.value)
    }

    /// Reads what follows the root: comments and processing instructions, and nothing else.
    ///
    /// # Errors
    /// `InvalidResponse` when the document goes on.
    pub fn finish(mut self) -> Result<(), Error> {
        match self.next()? {
            Event::Eof => Ok(()),
            _ => Err(self.expected("the end of the document", "more of it")),
        }
    }

    /// An error at the place where the reader stands. `found` must be a kind of thing, never a value.
    pub fn expected(&mut self, expected: &str, found: &str) -> Error {
        self.failed = true;
        let known = |local: &str| self.known.iter().find(|known| **known == local).copied().unwrap_or("*");
        let path: Vec<_> = self.open.iter().map(|(_, local)| known(local)).collect();
        if path.is_empty() {
            fault("the top", expected, found)
        } else {
            fault(&path.join("/"), expected, found)
        }
    }

    fn next(&mut self) -> Result<Event<'x>, Error> {
        if self.failed {
            return Err(self.expected("nothing more", "a reader that failed before"));
        }
        self.step().map_err(|(expected, found)| self.expected(expected, found))
    }

    fn step(&mut self) -> Result<Event<'x>, Fault> {
        if std::mem::take(&mut self.ends) {
            self.leave();
            return Ok(Event::End);
        }
        loop {
            let from = self.position();
            let token =
                self.tokens.read_event().map_err(|_| ("well-formed XML", "markup that does not end"))?;
            let markup = self.source.get(from..self.position()).unwrap_or_default();
            match token {
                Token::Start(_) | Token::Empty(_) => return self.start(markup).map(Event::Start),
                Token::End(_) => return self.end(markup).map(|()| Event::End),
                Token::Text(_) => {
                    if let Some(text) = self.characters(markup)? {
                        return Ok(Event::Text(text));
                    }
                }
                Token::CData(_) => {
                    let text = markup.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>"));
                    let text = text.ok_or(("a CDATA section", "one that does not end"))?;
                    return self.inside().map(|()| Event::Text(line_ends(text)));
                }
                Token::GeneralRef(_) => {
                    let name = markup.strip_prefix('&').and_then(|name| name.strip_suffix(';'));
                    let character = reference(name.ok_or(("a reference", "a lone `&`"))?)?;
                    return self.inside().map(|()| Event::Text(Cow::Owned(character.into())));
                }
                Token::Comment(_) => comment(markup)?,
                Token::PI(_) => instruction(markup)?,
                Token::Decl(_) if from == 0 => drop(declaration::parse(markup)?),
                Token::Decl(_) => return Err(("content", "an XML declaration in the middle")),
                Token::DocType(_) => return Err(("no document type", "a document type declaration")),
                Token::Eof => return self.eof(),
            }
        }
    }

    fn position(&self) -> usize {
        // The source is in memory, so its length fits.
        usize::try_from(self.tokens.buffer_position()).unwrap_or(usize::MAX)
    }

    fn start(&mut self, markup: &'x str) -> Result<Name<'x>, Fault> {
        if self.open.is_empty() && std::mem::replace(&mut self.root_seen, true) {
            return Err(("one root element", "a second one"));
        }
        if self.open.len() >= self.limits.depth {
            return Err(("fewer elements inside each other", "more than the limit"));
        }
        self.attributes.clear();
        let tag = tag::parse(markup, self.limits.attributes, &mut self.attributes)?;
        let depth = self.open.len() + 1;
        for attribute in &self.attributes {
            let prefix = match (attribute.prefix, attribute.local) {
                ("", "xmlns") => "",
                ("xmlns", prefix) => prefix,
                _ => continue,
            };
            self.namespaces.declare(depth, prefix, attribute.value.clone(), self.limits.namespaces)?;
        }
        self.attributes.retain(|a| a.prefix != "xmlns" && (a.local != "xmlns" || !a.prefix.is_empty()));
        self.resolve_attributes()?;
        let namespace = self.namespaces.resolve(tag.prefix)?;
        self.open.push((tag.raw, tag.local));
        self.ends = tag.empty;
        Ok(Name { namespace, local: tag.local })
    }

    /// Resolves prefixes and refuses two attributes of one expanded name (Namespaces in XML, section 6.3).
    fn resolve_attributes(&mut self) -> Result<(), Fault> {
        for at in 0..self.attributes.len() {
            if self.attributes[at].prefix.is_empty() {
                continue;
            }
            let namespace = self.namespaces.resolve(self.attributes[at].prefix)?;
            let local = self.attributes[at].local;
            if self.attributes[..at].iter().any(|a| a.local == local && a.namespace == namespace) {
                return Err(("an attribute once", "the same one twice"));
            }
            self.attributes[at].namespace = namespace;
        }
        Ok(())
    }

    fn end(&mut self, markup: &str) -> Result<(), Fault> {
        let name = markup.strip_prefix("</").and_then(|name| name.strip_suffix('>'));
        let name = name.map(|name| name.trim_end_matches(is_space));
        match self.open.last() {
            Some((raw, _)) if name == Some(*raw) => {
                self.leave();
                Ok(())
            }
            Some(_) => Err(("the end tag of this element", "another end tag")),
            None => Err(("an element", "an end tag without one")),
        }
    }

    fn leave(&mut self) {
        self.namespaces.leave(self.open.len());
        self.open.pop();
    }

    /// Text between tags. `None` for the white space that may stand outside the root.
    fn characters(&self, raw: &'x str) -> Result<Option<Cow<'x, str>>, Fault> {
        if raw.contains("]]>") {
            return Err(("text", "`]]>` outside a CDATA section"));
        }
        if self.open.is_empty() {
            let blank = raw.chars().all(is_space);
            return if blank { Ok(None) } else { Err(("an element", "text outside the root")) };
        }
        Ok(Some(line_ends(raw)))
    }

    fn inside(&self) -> Result<(), Fault> {
        if self.open.is_empty() { Err(("an element", "text outside the root")) } else { Ok(()) }
    }

    fn eof(&self) -> Result<Event<'x>, Fault> {
        if !self.open.is_empty() {
            return Err(("the end tag of this element", "the end of the document"));
        }
        if self.root_seen { Ok(Event::Eof) } else { Err(("a root element", "the end of the document")) }
    }
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("depth", &self.open.len()).finish_non_exhaustive()
    }
}

/// [15] Comment.
fn comment(markup: &str) -> Result<(), Fault> {
    let inside = markup.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->"));
    match inside {
        Some(text) if !text.contains("--") && !text.ends_with('-') => Ok(()),
        _ => Err(("a comment", "one with two hyphens in it")),
    }
}

/// [16] PI; its target may not be `xml` in any case ([17]), nor hold a colon (Namespaces in XML, section 7).
fn instruction(markup: &str) -> Result<(), Fault> {
    let inside = markup.strip_prefix("<?").and_then(|rest| rest.strip_suffix("?>"));
    let inside = inside.ok_or(("a processing instruction", "one that does not end"))?;
    let target = inside.split(is_space).next().unwrap_or_default();
    if is_ncname(target) && !target.eq_ignore_ascii_case("xml") {
        Ok(())
    } else {
        Err(("a processing instruction", "one with a malformed target"))
    }
}
