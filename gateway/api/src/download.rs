//! Octets on their way to a person: always a download, never a page of ours.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use portico_contract::documents::ContentHead;

/// RFC 8187 `attr-char`: what need not be escaped in an extended parameter.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// What a browser may keep it by.
pub fn validators(head: &ContentHead, tag: Option<&str>) -> HeaderMap {
    // Room for all of them at once, those of the edge included.
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Some(tag) = tag {
        set(&mut headers, header::ETAG, ["\"", tag, "\""].concat());
    }
    if let Some(at) = head.updated_at.map(std::time::SystemTime::from) {
        set(&mut headers, header::LAST_MODIFIED, httpdate::fmt_http_date(at));
    }
    headers
}

/// What is sent is always a download, never a page of ours: a document may hold script.
pub fn describe(headers: &mut HeaderMap, head: &ContentHead) {
    let media_type = head.media_type.as_deref().unwrap_or("application/octet-stream");
    set(headers, header::CONTENT_TYPE, media_type.to_owned());
    set(headers, header::CONTENT_DISPOSITION, disposition(head.name.as_deref()));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(length) = head.length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    if let Some((first, last, whole)) = head.range {
        let whole = whole.map_or_else(|| "*".to_owned(), |whole| whole.to_string());
        set(headers, header::CONTENT_RANGE, format!("bytes {first}-{last}/{whole}"));
    }
}

/// RFC 6266: an ASCII name for old clients and the true name for the others.
fn disposition(name: Option<&str>) -> String {
    let Some(name) = name else { return "attachment".to_owned() };
    let plain =
        |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' };
    let mut text = String::with_capacity(64 + 2 * name.len());
    text.push_str("attachment; filename=\"");
    text.extend(name.chars().map(plain));
    text.push_str("\"; filename*=UTF-8''");
    text.extend(utf8_percent_encode(name, ATTR_CHAR));
    text
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
