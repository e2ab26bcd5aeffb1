//! GET and HEAD: conditions, ranges, content.

use crate::answer::{Refusal, answer, etag_header, http_date};
use crate::condition::TagList;
use crate::content::Content;
use crate::exchange::{Exchange, Outcome};
use crate::flavour::wsgidav;
use crate::tree::Kind;

pub(super) fn get(exchange: &Exchange<'_>) -> Outcome {
    let missing = || Refusal::NotFound(exchange.path.clone());
    let node = exchange.node().ok_or_else(missing)?;
    let content = match &node.kind {
        // mod_dav serves no listing of its own.
        Kind::Folder(_) if exchange.is_apache() => return Err(missing()),
        Kind::Folder(members) => {
            let names: Vec<String> = members.keys().map(|name| name.to_string()).collect();
            return Ok(wsgidav::index(&exchange.path, &names));
        }
        Kind::File(content) => content,
    };
    let tag = exchange.rule.tag(node, exchange.now);
    let modified = http_date(node.modified);
    let mut headers: Vec<(&'static str, String)> = vec![("last-modified", modified)];
    headers.extend(etag_header(tag.as_ref()));
    headers.push(("accept-ranges", "bytes".to_owned()));
    if exchange.conditional {
        let list = |name| exchange.header(name).map(|value| TagList::parse(value, !exchange.is_apache()));
        if list("if-match").is_some_and(|list| !list.matches_strongly(tag.as_ref())) {
            return Err(Refusal::Precondition("If-Match"));
        }
        let unchanged = match list("if-none-match") {
            Some(list) => list.matches_weakly(tag.as_ref()),
            None => not_modified_since(exchange, node.modified),
        };
        if unchanged {
            // WsgiDAV says nothing about what has not changed.
            return Ok(answer(304, if exchange.is_apache() { &headers } else { &[] }, ""));
        }
    }
    let media_type = exchange.path.name().and_then(|name| exchange.flavour.media_type(name));
    headers.extend(media_type.map(|kind| ("content-type", kind.to_owned())));
    match range(exchange, content)? {
        None => Ok(answer(200, &headers, content.octets())),
        Some((first, last)) => {
            headers.push(("content-range", format!("bytes {first}-{last}/{}", content.length())));
            let octets = content.octets();
            let part = usize::try_from(first).ok().zip(usize::try_from(last).ok());
            let (first, last) = part.ok_or_else(|| Refusal::RangeOutside(content.length()))?;
            Ok(answer(206, &headers, octets.slice(first..=last)))
        }
    }
}

fn not_modified_since(exchange: &Exchange<'_>, modified: jiff::Timestamp) -> bool {
    let since = exchange.header("if-modified-since").and_then(|value| httpdate::parse_http_date(value).ok());
    let since = since.and_then(|since| jiff::Timestamp::try_from(since).ok());
    // A date in the future is not a date that was ever given out (RFC 9110 section 13.1.3).
    since.is_some_and(|since| since <= exchange.now && modified.as_second() <= since.as_second())
}

/// The first and last octet that are asked for. `None` for all: no range, one that is not understood, several of them,
/// an empty file, or an `If-Range` that does not hold (RFC 9110 section 14.2).
fn range(exchange: &Exchange<'_>, content: &Content) -> Result<Option<(u64, u64)>, Refusal> {
    let length = content.length();
    let spec = exchange.header("range").and_then(|value| value.strip_prefix("bytes="));
    let Some((first, last)) = spec.and_then(|spec| spec.split_once('-')) else { return Ok(None) };
    if length == 0 || !if_range_holds(exchange) {
        return Ok(None);
    }
    let (first, last) = (first.trim(), last.trim());
    let end = length - 1;
    if first.is_empty() {
        let Ok(suffix) = last.parse::<u64>() else { return Ok(None) };
        return Ok((suffix > 0).then(|| (length.saturating_sub(suffix), end)));
    }
    let Ok(first) = first.parse::<u64>() else { return Ok(None) };
    let last = if last.is_empty() { end } else { last.parse::<u64>().map_or(0, |last| last.min(end)) };
    if first > end {
        return Err(Refusal::RangeOutside(length));
    }
    Ok((first <= last).then_some((first, last)))
}

fn if_range_holds(exchange: &Exchange<'_>) -> bool {
    let Some(value) = exchange.header("if-range") else { return true };
    if let Ok(date) = httpdate::parse_http_date(value) {
        let date = jiff::Timestamp::try_from(date).map(|date| date.as_second()).ok();
        return exchange.node().map(|node| node.modified.as_second()) == date;
    }
    let tag = exchange.tag_of(&exchange.path);
    TagList::parse(value, !exchange.is_apache()).matches_strongly(tag.as_ref()) && value.trim() != "*"
}
