//! XML-RPC (xmlrpc.com/spec, with `<nil/>` and `<i8>` of its common extensions), on the pull reader.
//!
//! Values are decoded straight into the type that the adapter wants: there is no tree in between, and text is borrowed
//! from the answer where it holds no references. Arguments reach XML through the escaping writer alone.
//!
//! What is refused beyond what the reader refuses: elements that XML-RPC does not have, a second value where one belongs,
//! text beside an element, and anything after the end. White space between elements is passed over, `<value>text</value>`
//! is text, and attributes and comments mean nothing.

mod de;
mod decode;
mod encode;

pub use decode::{decode, from_reader, value};
pub use encode::call;

/// The media type of a call.
pub const MEDIA_TYPE: &str = "text/xml; charset=utf-8";

#[cfg(test)]
mod tests;
