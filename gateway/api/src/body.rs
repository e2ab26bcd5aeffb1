//! Request bodies: small JSON, read strictly, and uploads, taken as a stream.

use axum::body::Body;
use http::{HeaderMap, header};
use portico_contract::{Error, ErrorKind, Upload};
use portico_schemas::FieldError;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

/// Octets that a JSON body may have.
const JSON_CAP: usize = 64 * 1024;

/// Reads a JSON body.
///
/// # Errors
/// [`ErrorKind::UnsupportedMediaType`] unless it is `application/json`; [`ErrorKind::ContentTooLarge`];
/// [`ErrorKind::InvalidInput`] naming the member: missing, unknown, repeated, or of the wrong type.
pub async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Error> {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Error::new(
            ErrorKind::UnsupportedMediaType,
            "Send the body as `Content-Type: application/json`.",
        ));
    }
    let bytes = portico_edge::body::collect(body, JSON_CAP).await?;
    // serde would also take a list of the values, in the order of the members.
    if bytes.trim_ascii_start().first().is_some_and(|first| *first == b'[') {
        return Err(invalid("/".to_owned(), "has the wrong type; it must be a JSON object".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| invalid(pointer(error.path()), describe(error.inner())))?;
    reader
        .end()
        .map_err(|_| invalid("/".to_owned(), "there is more after the end of the JSON value".to_owned()))?;
    Ok(value)
}

/// The place of a fault (RFC 6901); `/` for the whole body.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    });
    let pointer: String = segments.collect();
    if pointer.is_empty() { "/".to_owned() } else { pointer }
}

/// What serde says, without the values that it quotes.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let kept =
        ["missing field", "unknown field", "duplicate field"].iter().any(|start| text.starts_with(start));
    match error.classify() {
        _ if kept => text.split(" at line ").next().unwrap_or_default().to_owned(),
        serde_json::error::Category::Data => "has the wrong type; see /docs for the schema".to_owned(),
        _ => format!("is not well-formed JSON (line {}, column {})", error.line(), error.column()),
    }
}

fn invalid(pointer: String, detail: String) -> Error {
    Error::new(ErrorKind::InvalidInput, "The body cannot be used; `errors` says why.")
        .with_fields(vec![FieldError { detail, pointer }])
}

/// Takes the body of a request as an upload, without reading it.
pub fn upload(headers: &HeaderMap, body: Body) -> Upload {
    let number =
        headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
    Upload::new(portico_edge::body::stream(body), number, media_type)
}
