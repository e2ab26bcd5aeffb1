//! Entity tags, preconditions and ranges (RFC 9110 sections 8.8, 13 and 14).
//!
//! A tag is `"<version>.<shape>"`: the sealed version of the source, and a hash over what else changes the bytes of
//! the answer (projection, permissions). Reads compare the whole tag; `If-Match` compares the version alone, so that a
//! write works whatever shape the writer had read.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, header};
use portico_compose::seal::Seals;
use portico_contract::documents::{ByteRange, Precondition, SourceVersion};
use portico_contract::{Error, ErrorKind};
use portico_schemas::FieldError;
use sha2::{Digest, Sha256};

/// The tag of one shape of a thing, without quotes.
pub fn tag(seals: &Seals, version: &SourceVersion, shape: &str) -> String {
    [&*seals.seal_version(version), ".", &*hash_of(shape)].concat()
}

/// The shape of content: its octets depend on the version alone.
pub const CONTENT: &str = "content";
/// Worked out once: every download needs it.
static CONTENT_HASH: LazyLock<String> = LazyLock::new(|| hash(CONTENT));

fn hash_of(shape: &str) -> Cow<'static, str> {
    if shape == CONTENT { Cow::Borrowed(&*CONTENT_HASH) } else { Cow::Owned(hash(shape)) }
}

fn hash(shape: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(shape.as_bytes())[..6])
}

/// A list of entity tags, or the asterisk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// `*`
    Any,
    /// Opaque tags without quotes; the flag says weak.
    Listed(Vec<(bool, String)>),
}

/// Reads `If-Match` or `If-None-Match`. `None` when the field is absent.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the field is malformed.
pub fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Error> {
    let mut text = String::new();
    for value in headers.get_all(name) {
        let value = value.to_str().map_err(|_| malformed(name))?;
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(value);
    }
    match text.trim() {
        "" if headers.contains_key(name) => Err(malformed(name)),
        "" => Ok(None),
        "*" => Ok(Some(Tags::Any)),
        listed => parse_tags(listed).map(|tags| Some(Tags::Listed(tags))).ok_or_else(|| malformed(name)),
    }
}

fn parse_tags(mut rest: &str) -> Option<Vec<(bool, String)>> {
    let mut tags = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return (!tags.is_empty()).then_some(tags);
        }
        let weak = rest.starts_with("W/");
        rest = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (tag, after) = rest.split_once('"')?;
        tags.push((weak, tag.to_owned()));
        rest = after.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

fn malformed(name: &HeaderName) -> Error {
    invalid(name, "must be `*` or a list of quoted entity tags (RFC 9110 section 8.8.3)")
}

fn invalid(name: &HeaderName, detail: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "A header field cannot be used; `errors` says why.")
        .with_fields(vec![FieldError { detail: detail.to_owned(), pointer: format!("#{name}") }])
}

/// Whether a read is answered with 304: the caller holds this tag already (weak comparison).
pub fn holds(none_match: Option<&Tags>, current: &str) -> bool {
    match none_match {
        None => false,
        Some(Tags::Any) => true,
        Some(Tags::Listed(tags)) => tags.iter().any(|(_, tag)| tag == current),
    }
}

/// The version behind the first listed tag of this shape, weak or strong: what a read may be answered with 304 for.
pub fn held(seals: &Seals, tags: Option<&Tags>, shape: &str) -> Option<SourceVersion> {
    let Some(Tags::Listed(tags)) = tags else { return None };
    let (sealed, _) =
        tags.iter().filter_map(|(_, tag)| tag.split_once('.')).find(|(_, hash)| *hash == hash_of(shape))?;
    seals.open_version(sealed)
}

/// The versions behind listed tags. Weak and foreign tags stand for none (strong comparison).
pub fn versions(seals: &Seals, tags: &[(bool, String)]) -> Vec<SourceVersion> {
    let mut versions: Vec<SourceVersion> = Vec::new();
    for (weak, tag) in tags {
        let sealed = tag.split_once('.').map_or(tag.as_str(), |(version, _)| version);
        match (!weak).then(|| seals.open_version(sealed)).flatten() {
            Some(version) if !versions.contains(&version) => versions.push(version),
            _ => {}
        }
    }
    versions
}

/// What must hold for a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteCondition {
    /// Known from the request alone.
    Known(Precondition),
    /// One of several versions; which one is current has to be read first.
    OneOf(Vec<SourceVersion>),
}

/// What a write must find. A write without a precondition is refused: it could undo somebody's work.
///
/// # Errors
/// [`ErrorKind::PreconditionRequired`] when there is none; [`ErrorKind::InvalidInput`] when there are two kinds, or a
/// malformed one; [`ErrorKind::PreconditionFailed`] when no listed tag can be current.
pub fn write_condition(headers: &HeaderMap, seals: &Seals) -> Result<WriteCondition, Error> {
    let if_match = tags(headers, &header::IF_MATCH)?;
    let none_match = tags(headers, &header::IF_NONE_MATCH)?;
    match (if_match, none_match) {
        (Some(_), Some(_)) => Err(invalid(&header::IF_MATCH, "give If-Match or If-None-Match, not both")),
        (None, None) => Err(Error::new(
            ErrorKind::PreconditionRequired,
            "Send `If-Match` with the entity tag that you read, or `If-None-Match: *` to create.",
        )),
        (None, Some(Tags::Any)) => Ok(WriteCondition::Known(Precondition::Absent)),
        (None, Some(Tags::Listed(_))) => {
            Err(invalid(&header::IF_NONE_MATCH, "only `*` works with a write; use If-Match for a version"))
        }
        (Some(Tags::Any), None) => Ok(WriteCondition::Known(Precondition::Exists)),
        (Some(Tags::Listed(tags)), None) => {
            let mut versions = versions(seals, &tags);
            match versions.len() {
                0 => Err(Error::new(
                    ErrorKind::PreconditionFailed,
                    "The entity tag is not the current one; read again.",
                )),
                1 => Ok(WriteCondition::Known(Precondition::Version(versions.swap_remove(0)))),
                _ => Ok(WriteCondition::OneOf(versions)),
            }
        }
    }
}

/// Reads `Range`. `None` when it is absent, of another unit, malformed or names several ranges: RFC 9110 section 14.2
/// lets a server ignore those and send everything.
pub fn range(headers: &HeaderMap) -> Option<ByteRange> {
    let text = headers.get(header::RANGE)?.to_str().ok()?;
    let (unit, set) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (first, last) {
        ("", last) => number(last).map(|length| ByteRange::Suffix { length }),
        (first, "") => number(first).map(|first| ByteRange::FromTo { first, last: None }),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(ByteRange::FromTo { first, last: Some(last) })
        }
    }
}

/// What `If-Range` asks for: `Ok(None)` without the field; a version to compare; or `Err(())` when the range must be
/// ignored because the field holds a date, a weak tag or a tag that was not made here.
pub fn range_if(headers: &HeaderMap, seals: &Seals) -> Result<Option<SourceVersion>, ()> {
    let Some(value) = headers.get(header::IF_RANGE) else { return Ok(None) };
    let tags = value.to_str().ok().and_then(parse_tags).ok_or(())?;
    versions(seals, &tags).pop().map(Some).ok_or(())
}

#[cfg(test)]
mod tests;
