//! The inside of a start tag: its name and attributes ([40] STag, [41] Attribute, [44] EmptyElemTag).

use std::borrow::Cow;

use super::chars::{Fault, attribute_value, is_space, qname};

/// An attribute as written; its namespace is resolved once all declarations of the tag are known.
#[derive(Debug)]
pub(super) struct Attribute<'x> {
    pub(super) prefix: &'x str,
    pub(super) local: &'x str,
    pub(super) value: Cow<'x, str>,
    pub(super) namespace: Cow<'x, str>,
}

/// A start tag taken apart.
pub(super) struct Tag<'x> {
    /// As written, to compare with the end tag.
    pub(super) raw: &'x str,
    pub(super) prefix: &'x str,
    pub(super) local: &'x str,
    /// `<a/>`.
    pub(super) empty: bool,
}

/// Takes `<name a="b">` apart and appends its attributes to `to`.
pub(super) fn parse<'x>(
    markup: &'x str,
    limit: usize,
    to: &mut Vec<Attribute<'x>>,
) -> Result<Tag<'x>, Fault> {
    let inner = markup.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let inner = inner.ok_or(("a tag", "something that is no tag"))?;
    let (inner, empty) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
    let end = inner.find(is_space).unwrap_or(inner.len());
    let (raw, mut rest) = inner.split_at(end);
    let (prefix, local) = qname(raw)?;
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Ok(Tag { raw, prefix, local, empty });
        }
        if trimmed.len() == rest.len() {
            return Err(("a space between attributes", "none"));
        }
        if to.len() >= limit {
            return Err(("fewer attributes", "more than the limit"));
        }
        rest = attribute(trimmed, to)?;
    }
}

fn attribute<'x>(text: &'x str, to: &mut Vec<Attribute<'x>>) -> Result<&'x str, Fault> {
    let (name, value) = text.split_once('=').ok_or(("an attribute", "a name without a value"))?;
    let (prefix, local) = qname(name.trim_end_matches(is_space))?;
    let value = value.trim_start_matches(is_space);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let quote = quote.ok_or(("a quoted value", "an unquoted one"))?;
    let (value, rest) = value[1..].split_once(quote).ok_or(("a quoted value", "one that does not end"))?;
    if to.iter().any(|there| there.prefix == prefix && there.local == local) {
        return Err(("an attribute once", "the same one twice"));
    }
    to.push(Attribute { prefix, local, value: attribute_value(value)?, namespace: Cow::Borrowed("") });
    Ok(rest)
}
