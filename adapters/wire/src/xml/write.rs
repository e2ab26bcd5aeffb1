//! Writing request bodies: values only ever through escaping.

use std::io::Write as _;

use portico_contract::{Error, ErrorKind};
use quick_xml::Writer as Tokens;
use quick_xml::events::{BytesDecl, BytesEnd, BytesRef, BytesStart, BytesText, Event};

use super::chars::is_char;

/// Writes a document. Names are fixed words of the adapter; text and attribute values are escaped.
pub struct Writer {
    tokens: Tokens<Vec<u8>>,
    open: Vec<&'static str>,
    failed: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Starts a document with its declaration.
    pub fn new() -> Self {
        let mut writer =
            Self { tokens: Tokens::new(Vec::with_capacity(256)), open: Vec::new(), failed: false };
        writer.put(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)));
        writer
    }

    /// Opens an element.
    #[must_use]
    pub fn start(mut self, name: &'static str, attributes: &[(&'static str, &str)]) -> Self {
        self.open.push(name);
        let start = self.tag(name, attributes);
        self.put(Event::Start(start));
        self
    }

    /// Writes an element without content.
    #[must_use]
    pub fn empty(mut self, name: &'static str, attributes: &[(&'static str, &str)]) -> Self {
        let start = self.tag(name, attributes);
        self.put(Event::Empty(start));
        self
    }

    /// Writes text into the open element.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.check(text);
        let mut parts = text.split('\r');
        self.put(Event::Text(BytesText::new(parts.next().unwrap_or_default())));
        for part in parts {
            // Written as it is, a reader would take it for a line end (section 2.11).
            self.put(Event::GeneralRef(BytesRef::new("#13")));
            self.put(Event::Text(BytesText::new(part)));
        }
        self
    }

    /// How many octets are written: where a body that is streamed into the document has its place.
    pub fn written(&self) -> usize {
        self.tokens.get_ref().len()
    }

    /// Closes the open element.
    #[must_use]
    pub fn end(mut self) -> Self {
        match self.open.pop() {
            Some(name) => self.put(Event::End(BytesEnd::new(name))),
            None => self.failed = true,
        }
        self
    }

    /// Gives the document.
    ///
    /// # Errors
    /// `InvalidInput` when a text held a character that XML cannot carry. `Internal` when an element was left open.
    pub fn finish(mut self) -> Result<Vec<u8>, Error> {
        if self.failed {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "A value holds a control character, which the system behind cannot be sent.",
            ));
        }
        if !self.open.is_empty() || self.tokens.get_mut().flush().is_err() {
            return Err(Error::new(
                ErrorKind::Internal,
                "The gateway left a document open; please report this.",
            ));
        }
        Ok(self.tokens.into_inner())
    }

    fn tag(&mut self, name: &'static str, attributes: &[(&'static str, &str)]) -> BytesStart<'static> {
        let mut start = BytesStart::new(name);
        for (key, value) in attributes {
            self.check(value);
            start.push_attribute((*key, *value));
        }
        start
    }

    fn check(&mut self, text: &str) {
        self.failed |= !text.chars().all(is_char);
    }

    fn put(&mut self, event: Event<'_>) {
        self.failed |= self.tokens.write_event(event).is_err();
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("open", &self.open).finish_non_exhaustive()
    }
}
