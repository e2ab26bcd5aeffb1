//! Reading XML from a back office: a pull reader that takes well-formed, namespaced XML 1.0 and nothing else.
//!
//! quick-xml finds where markup begins and ends; every rule that it leaves to its user is checked here: names,
//! attributes, references, characters, comments, the one root, the place of the declaration, and namespaces (Namespaces
//! in XML 1.0). A document type declaration is refused, so that there are no entities to expand and nothing outside
//! to fetch. Depth, attributes, namespaces in scope and text have limits.
//!
//! A failure names the path of elements down to it and what was expected against what was found. It never holds a
//! value, nor the name of an element that the adapter does not know.
//!
//! ```
//! use portico_wire::xml::{Document, Encoding, Limits};
//!
//! let bytes = b"<?xml version='1.0'?><d:a xmlns:d='DAV:'><d:href>/x&amp;y</d:href></d:a>";
//! let document = Document::decode(bytes, Encoding::Utf8, None)?;
//! let mut reader = document.reader(Limits::default(), &["a", "href"]);
//! reader.root("DAV:", "a")?;
//! while let Some(child) = reader.child()? {
//!     match child.is("DAV:", "href") {
//!         true => assert_eq!(reader.text()?, "/x&y"),
//!         false => reader.skip()?,
//!     }
//! }
//! reader.finish()?;
//! # Ok::<(), portico_contract::Error>(())
//! ```

mod chars;
mod declaration;
mod decode;
mod namespaces;
mod reader;
mod tag;
mod write;

pub use decode::{Document, Encoding};
pub use reader::{Content, Name, Reader};
pub use write::Writer;

/// Bounds of one document. Its size in octets is bounded before, where it is read into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Elements inside each other.
    pub depth: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Namespace declarations in scope at one place.
    pub namespaces: usize,
    /// Octets of the text of one element.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, attributes: 256, namespaces: 64, text: 1024 * 1024 }
    }
}

#[cfg(test)]
mod tests;
