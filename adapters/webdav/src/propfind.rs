//! The wire model of a listing: `multistatus` (RFC 4918, section 14.16), strictly.

use jiff::Timestamp;
use portico_contract::Error;
use portico_wire::http::Base;
use portico_wire::path::{self, PathFault};
use portico_wire::xml::{Document, Encoding, Limits, Reader};
use url::Url;

use crate::location::Location;

const DAV: &str = "DAV:";

/// Element names that an error message may show.
const KNOWN: &[&str] = &[
    "multistatus",
    "response",
    "href",
    "propstat",
    "prop",
    "status",
    "getetag",
    "getlastmodified",
    "getcontentlength",
    "getcontenttype",
    "resourcetype",
    "collection",
    "creationdate",
    "lockdiscovery",
    "activelock",
];

/// Exactly the properties that the mapping needs.
pub(crate) const REQUEST: &str = concat!(
    r#"<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><getetag/><getlastmodified/>"#,
    r#"<getcontentlength/><getcontenttype/><resourcetype/><creationdate/><lockdiscovery/></prop></propfind>"#
);

/// An entity tag (RFC 9110, section 8.8.3), without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) opaque: String,
    pub(crate) weak: bool,
}

impl Tag {
    /// Reads a tag. WsgiDAV leaves the quotes away in listings and sets them in headers.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (rest, weak) = text.strip_prefix("W/").map_or((text, false), |rest| (rest, true));
        let opaque = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(rest);
        let etagc = |b: u8| b == 0x21 || (0x23..=0x7E).contains(&b);
        let good = !opaque.is_empty() && opaque.len() <= 512 && opaque.bytes().all(etagc);
        good.then(|| Self { opaque: opaque.to_owned(), weak })
    }
}

/// What the server says about one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Properties {
    pub(crate) tag: Option<Tag>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) length: Option<u64>,
    pub(crate) media_type: Option<String>,
    pub(crate) folder: bool,
    pub(crate) locked: Option<bool>,
}

/// One entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) location: Location,
    pub(crate) properties: Properties,
}

/// One listing.
#[derive(Debug, Default)]
pub(crate) struct Multistatus {
    pub(crate) entries: Vec<Entry>,
    /// Things that cannot be addressed; see [`is_unaddressable`].
    pub(crate) left_out: usize,
    /// Statuses of things that the operation failed for, in order (RFC 4918, section 9.6.1).
    pub(crate) failures: Vec<u16>,
}

/// Reads a listing.
///
/// # Errors
/// `InvalidResponse` when it is malformed, names a thing outside the base folder, or holds a value of the wrong type;
/// `LimitExceeded` when it has more than `max_entries`.
pub(crate) fn parse(
    octets: &[u8],
    charset: Option<&str>,
    base: &Base,
    max_entries: usize,
) -> Result<Multistatus, Error> {
    let document = Document::decode(octets, Encoding::Utf8, charset)?;
    let mut reader = document.reader(Limits::default(), KNOWN);
    let mut listing = Multistatus::default();
    reader.root(DAV, "multistatus")?;
    while let Some(child) = reader.child()? {
        if !child.is(DAV, "response") {
            reader.skip()?;
            continue;
        }
        if listing.entries.len() + listing.left_out >= max_entries {
            return Err(Error::new(
                portico_contract::ErrorKind::LimitExceeded,
                "A folder of the document store has more entries than `listing_max_entries` allows; raise it there.",
            ));
        }
        response(&mut reader, base, &mut listing)?;
    }
    reader.finish()?;
    Ok(listing)
}

fn response(reader: &mut Reader<'_>, base: &Base, listing: &mut Multistatus) -> Result<(), Error> {
    let mut properties = Properties::default();
    let mut place: Option<Result<Location, PathFault>> = None;
    let mut status = None;
    let mut described = false;
    while let Some(child) = reader.child()? {
        if child.is(DAV, "href") {
            let href = reader.text()?;
            place = Some(locate(reader, base, href.trim())?);
        } else if child.is(DAV, "propstat") {
            propstat(reader, &mut properties)?;
            described = true;
        } else if child.is(DAV, "status") {
            status = Some(read_status(reader)?);
        } else {
            reader.skip()?;
        }
    }
    let Some(place) = place else { return Err(reader.expected("an href", "none")) };
    if let Some(status) = status.filter(|status| !(200..300).contains(status)) {
        listing.failures.push(status);
        return Ok(());
    }
    match place {
        Ok(location) if location.id().is_some() && (described || status.is_some()) => {
            listing.entries.push(Entry { location, properties });
        }
        Ok(location) if location.id().is_some() => return Err(reader.expected("a propstat", "none")),
        _ => listing.left_out += 1,
    }
    Ok(())
}

/// Names that a file system can hold and we cannot address: leaving one out is better than losing the folder it is in.
fn is_unaddressable(fault: PathFault) -> bool {
    matches!(fault, PathFault::EscapedSlash | PathFault::ControlCharacter | PathFault::NotUtf8)
}

/// Where an href leads: an absolute path, or an absolute address of this very server, below the base folder.
fn locate(reader: &mut Reader<'_>, base: &Base, href: &str) -> Result<Result<Location, PathFault>, Error> {
    let path = if href.starts_with('/') && !href.starts_with("//") {
        href
    } else {
        let url = Url::parse(href).ok().filter(|url| base.is_same_origin(url));
        // `Url` resolves dot segments: the path is taken from the text, where they can be seen and refused.
        let rest = url.and_then(|_| href.split_once("://")).map(|(_, rest)| rest);
        match rest.map(|rest| rest.find('/').map_or("/", |at| &rest[at..])) {
            Some(path) => path,
            None => return Err(reader.expected("an address on this server", "one elsewhere")),
        }
    };
    if path.contains(['?', '#']) {
        return Err(reader.expected("a path", "a query or a fragment"));
    }
    let segments = match path::decode(path) {
        Ok(segments) => segments,
        Err(fault) if is_unaddressable(fault) => return Ok(Err(fault)),
        Err(_) => return Err(reader.expected("an absolute, well-formed path", "another text")),
    };
    match segments.strip_prefix(base.segments()) {
        Some(below) => Ok(Ok(Location::from_segments(below))),
        None => Err(reader.expected("a path below the base folder", "one outside")),
    }
}

fn propstat(reader: &mut Reader<'_>, properties: &mut Properties) -> Result<(), Error> {
    let mut found = None;
    let mut status = None;
    while let Some(child) = reader.child()? {
        if child.is(DAV, "prop") {
            found = Some(prop(reader)?);
        } else if child.is(DAV, "status") {
            status = Some(read_status(reader)?);
        } else {
            reader.skip()?;
        }
    }
    match (found, status) {
        (Some(found), Some(200..=299)) => {
            merge(properties, found);
            Ok(())
        }
        (Some(_), Some(_)) => Ok(()),
        (None, _) => Err(reader.expected("a prop", "none")),
        (_, None) => Err(reader.expected("a status", "none")),
    }
}

fn merge(into: &mut Properties, from: Properties) {
    into.tag = from.tag.or(into.tag.take());
    into.modified = from.modified.or(into.modified);
    into.created = from.created.or(into.created);
    into.length = from.length.or(into.length);
    into.media_type = from.media_type.or(into.media_type.take());
    into.folder |= from.folder;
    into.locked = from.locked.or(into.locked);
}

/// Properties that were not found come as empty elements under another status: empty is never a value.
fn prop(reader: &mut Reader<'_>) -> Result<Properties, Error> {
    let mut properties = Properties::default();
    while let Some(child) = reader.child()? {
        let name = if child.namespace == DAV { child.local } else { "" };
        match name {
            "resourcetype" => properties.folder = holds(reader, "collection")?,
            "lockdiscovery" => properties.locked = Some(holds(reader, "activelock")?),
            "getetag" | "getlastmodified" | "getcontentlength" | "getcontenttype" | "creationdate" => {
                let text = reader.text()?;
                let text = text.trim();
                if !text.is_empty() {
                    value(reader, &mut properties, name, text)?;
                }
            }
            _ => reader.skip()?,
        }
    }
    Ok(properties)
}

fn value(reader: &mut Reader<'_>, properties: &mut Properties, name: &str, text: &str) -> Result<(), Error> {
    let expected = match name {
        "getetag" => {
            properties.tag = Tag::parse(text);
            properties.tag.is_none().then_some("a getetag that is an entity tag")
        }
        "getlastmodified" => {
            properties.modified = http_date(text);
            properties.modified.is_none().then_some("a getlastmodified that is an HTTP date")
        }
        "getcontentlength" => {
            properties.length = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
            properties.length.is_none().then_some("a getcontentlength that is a number")
        }
        "creationdate" => {
            properties.created = text.parse().ok();
            properties.created.is_none().then_some("a creationdate that is an RFC 3339 time")
        }
        _ => {
            properties.media_type = Some(text.to_owned());
            None
        }
    };
    expected.map_or(Ok(()), |expected| Err(reader.expected(expected, "another text")))
}

fn holds(reader: &mut Reader<'_>, local: &str) -> Result<bool, Error> {
    let mut found = false;
    while let Some(child) = reader.child()? {
        found |= child.is(DAV, local);
        reader.skip()?;
    }
    Ok(found)
}

/// `HTTP/1.1 200 OK`.
fn read_status(reader: &mut Reader<'_>) -> Result<u16, Error> {
    let text = reader.text()?;
    let mut words = text.split_ascii_whitespace();
    let version = words.next().filter(|word| word.starts_with("HTTP/"));
    let code = words.next().filter(|word| word.len() == 3).and_then(|word| word.parse().ok());
    match (version, code) {
        (Some(_), Some(code @ 100..=599)) => Ok(code),
        _ => Err(reader.expected("a status line", "another text")),
    }
}

/// The three forms of RFC 9110, section 5.6.7.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}
