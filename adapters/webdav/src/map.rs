//! From their shape to ours: pure functions.

use portico_contract::access::Facts;
use portico_contract::documents::{DocumentRecord, SourceVersion};
use portico_contract::{Error, ErrorKind};
use portico_schemas::ObjectType;

use crate::propfind::{Entry, Properties};

/// The canonical record of an entry.
///
/// # Errors
/// `InvalidResponse` when the path is too long to be a native id; listings leave such things out before.
pub(crate) fn record(entry: Entry) -> Result<DocumentRecord, Error> {
    let Entry { location, properties } = entry;
    let too_long =
        || Error::new(ErrorKind::InvalidResponse, "The document store gave a path longer than 2,048 octets.");
    let id = location.id().ok_or_else(too_long)?;
    let parent = match location.parent() {
        Some(parent) => Some(parent.id().ok_or_else(too_long)?),
        None => None,
    };
    let folder = properties.folder;
    Ok(DocumentRecord {
        id,
        parent,
        name: location.name().to_owned(),
        path: location.as_str().to_owned(),
        object_type: if folder { ObjectType::Folder } else { ObjectType::Document },
        version: version(&properties),
        content_length: properties.length.filter(|_| !folder),
        media_type: properties.media_type.as_deref().filter(|_| !folder).and_then(media_type),
        created_at: properties.created,
        updated_at: properties.modified,
        locked: properties.locked,
        facts: Facts::default(),
    })
}

/// The version: the tag, or, for a thing without one (folders of WsgiDAV), when it was changed and how long it is.
/// Weakness is no part of it: Apache's tags turn from weak to strong within seconds while the content stays.
pub(crate) fn version(properties: &Properties) -> Option<SourceVersion> {
    if let Some(tag) = &properties.tag {
        return Some(SourceVersion(tag.opaque.clone()));
    }
    let modified = properties.modified?;
    Some(SourceVersion(format!("mtime:{}:{}", modified.as_second(), properties.length.unwrap_or(0))))
}

/// The essence of a media type (RFC 9110, section 8.3.1) in lower case; `None` when it is none.
pub(crate) fn media_type(text: &str) -> Option<String> {
    let essence = text.split(';').next()?.trim();
    let (top, sub) = essence.split_once('/')?;
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    (token(top) && token(sub)).then(|| essence.to_ascii_lowercase())
}
