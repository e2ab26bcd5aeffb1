//! Content as a stream, whole or in part.

use bytes::Bytes;
use http::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE,
};
use http::{HeaderValue, StatusCode};
use portico_contract::access::Facts;
use portico_contract::documents::{ByteRange, ContentHead, ReadContent};
use portico_contract::{ByteStream, CallContext, Error, ErrorKind, Handler, Streamed};
use portico_wire::http::{Request, Response, Verb};

use crate::client::Dav;
use crate::location::{Location, not_found};
use crate::propfind::{Properties, Tag, http_date};
use crate::{fault, map};

impl Handler<ReadContent> for Dav {
    async fn handle(&self, context: &CallContext, op: &ReadContent) -> Result<Streamed<ContentHead>, Error> {
        let location = Location::of(&op.document)?;
        if location.is_root() {
            return Err(is_folder());
        }
        let response = self.content(context, &location, op, op.range).await?;
        let response = match self.part_is_usable(&response, op) {
            true => response,
            // A part of another version, or of one that the server does not name: all of it is asked for instead.
            false => {
                drop(response);
                Box::pin(self.content(context, &location, op, None)).await?
            }
        };
        answer(response, op, &location)
    }
}

impl Dav {
    async fn content(
        &self,
        context: &CallContext,
        location: &Location,
        op: &ReadContent,
        range: Option<ByteRange>,
    ) -> Result<Response, Error> {
        let path = location.encoded(false);
        let mut request = Request::new(Verb::GET, &path);
        if let Some(range) = range {
            request = request.header(RANGE, header(range_text(range))?);
            if let Some(version) = &op.range_if {
                request = request.header(IF_RANGE, header(format!("\"{}\"", version.0))?);
            }
        }
        if let Some(version) = &op.unless {
            request = request.header(IF_NONE_MATCH, header(format!("\"{}\"", version.0))?);
        }
        let response = self.client.send(context, request).await?;
        match response.status {
            StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => Ok(response),
            StatusCode::OK if response.headers.contains_key(ETAG) => Ok(response),
            // Everything else may be a folder, which servers answer with a page, a redirect or a refusal.
            status => {
                let suspicious = !matches!(
                    status,
                    StatusCode::UNAUTHORIZED
                        | StatusCode::RANGE_NOT_SATISFIABLE
                        | StatusCode::TOO_MANY_REQUESTS
                ) && !status.is_server_error();
                if suspicious {
                    // Boxed: every call would carry the room for this rare one.
                    match Box::pin(self.find(context, location)).await? {
                        None => return Err(not_found()),
                        Some(entry) if entry.properties.folder => return Err(is_folder()),
                        Some(_) if status == StatusCode::OK => return Ok(response),
                        Some(_) => {}
                    }
                }
                Err(Box::pin(fault::of(response, Verb::GET)).await)
            }
        }
    }

    fn part_is_usable(&self, response: &Response, op: &ReadContent) -> bool {
        let Some(wanted) = op.range_if.as_ref().filter(|_| response.status == StatusCode::PARTIAL_CONTENT)
        else {
            return true;
        };
        map::version(&properties(response)).as_ref() == Some(wanted)
    }
}

fn answer(response: Response, op: &ReadContent, location: &Location) -> Result<Streamed<ContentHead>, Error> {
    let described = properties(&response);
    let version = map::version(&described);
    let mut head = ContentHead {
        name: Some(location.name().to_owned()),
        media_type: response
            .header(&CONTENT_TYPE)
            .filter(|text| map::media_type(text).is_some())
            .map(str::to_owned),
        length: announced(&response)?,
        range: None,
        version: version.clone(),
        updated_at: described.modified,
        not_modified: false,
        facts: Facts::default(),
    };
    let unchanged = response.status == StatusCode::NOT_MODIFIED
        // A server may ignore the condition, or have no tags: what it says about the content decides.
        || (op.range.is_none() && op.unless.is_some() && version == op.unless);
    if unchanged {
        if op.unless.is_none() {
            return Err(fault::unexpected("200 or 206", response.status.as_u16()));
        }
        head.not_modified = true;
        head.length = None;
        head.version = version.or_else(|| op.unless.clone());
        return Ok(Streamed { head, body: ByteStream::once(Bytes::new()) });
    }
    if response.status == StatusCode::PARTIAL_CONTENT {
        let part = part(response.header(&CONTENT_RANGE), op.range, head.length);
        let (first, last, total) = part.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidResponse,
                "The document store answered with another range of octets than it was asked for.",
            )
        })?;
        head.range = Some((first, last, total));
        head.length = Some(last - first + 1);
    }
    Ok(Streamed { head, body: response.body.into_stream() })
}

/// What the head of an answer says about the content.
fn properties(response: &Response) -> Properties {
    let length = response.header(&CONTENT_RANGE).map_or_else(
        || response.body.announced(),
        |range| range.rsplit_once('/').and_then(|(_, total)| total.parse().ok()),
    );
    Properties {
        tag: response.header(&ETAG).and_then(Tag::parse),
        modified: response.header(&LAST_MODIFIED).and_then(http_date),
        length,
        ..Properties::default()
    }
}

fn announced(response: &Response) -> Result<Option<u64>, Error> {
    match response.header(&CONTENT_LENGTH) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            Error::new(
                ErrorKind::InvalidResponse,
                "The document store gave a Content-Length that is no number.",
            )
        }),
    }
}

fn range_text(range: ByteRange) -> String {
    match range {
        ByteRange::FromTo { first, last: Some(last) } => format!("bytes={first}-{last}"),
        ByteRange::FromTo { first, last: None } => format!("bytes={first}-"),
        ByteRange::Suffix { length } => format!("bytes=-{length}"),
    }
}

/// Reads `bytes 0-2/5` (RFC 9110, section 14.4) and holds it against what was asked.
fn part(
    header: Option<&str>,
    asked: Option<ByteRange>,
    length: Option<u64>,
) -> Option<(u64, u64, Option<u64>)> {
    let (span, total) = header?.strip_prefix("bytes ")?.trim().split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let total: Option<u64> = if total == "*" { None } else { Some(total.parse().ok()?) };
    let whole = first <= last && total.is_none_or(|total| last < total);
    let octets = last.checked_sub(first)?.checked_add(1)?;
    let asked_for = match asked? {
        ByteRange::FromTo { first: from, last: to } => first == from && to.is_none_or(|to| last <= to),
        ByteRange::Suffix { length } => octets <= length && total.is_none_or(|total| last + 1 == total),
    };
    (whole && asked_for && length.is_none_or(|length| length == octets)).then_some((first, last, total))
}

fn header(text: String) -> Result<HeaderValue, Error> {
    HeaderValue::try_from(text).map_err(|_| {
        Error::new(ErrorKind::PreconditionFailed, "This is not a version that the document store gave out.")
    })
}

fn is_folder() -> Error {
    Error::new(ErrorKind::Conflict, "This is a folder; only a document has content.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_to_be_the_part_that_was_asked_for() {
        let from_to = |first, last| Some(ByteRange::FromTo { first, last });
        assert_eq!(part(Some("bytes 0-2/5"), from_to(0, Some(2)), Some(3)), Some((0, 2, Some(5))));
        assert_eq!(part(Some("bytes 0-4/5"), from_to(0, Some(99)), Some(5)), Some((0, 4, Some(5))));
        assert_eq!(
            part(Some("bytes 3-4/5"), Some(ByteRange::Suffix { length: 2 }), None),
            Some((3, 4, Some(5)))
        );
        assert_eq!(part(Some("bytes 2-4/*"), from_to(2, None), None), Some((2, 4, None)));
        for (header, asked, length) in [
            ("bytes 1-2/5", from_to(0, Some(2)), None),
            ("bytes 0-3/5", from_to(0, Some(2)), None),
            ("bytes 0-2/2", from_to(0, Some(2)), None),
            ("bytes 2-0/5", from_to(2, None), None),
            ("bytes 0-2/5", from_to(0, Some(2)), Some(5)),
            ("bytes 0-2/5", Some(ByteRange::Suffix { length: 3 }), None),
            ("bytes 0-18446744073709551615/*", from_to(0, None), None),
            ("octets 0-2/5", from_to(0, Some(2)), None),
            ("bytes */5", from_to(0, Some(2)), None),
        ] {
            assert_eq!(part(Some(header), asked, length), None, "{header}");
        }
        assert_eq!(part(None, from_to(0, Some(2)), Some(3)), None);
    }

    #[test]
    fn ranges_are_asked_as_given() {
        assert_eq!(range_text(ByteRange::FromTo { first: 5, last: None }), "bytes=5-");
        assert_eq!(range_text(ByteRange::Suffix { length: 7 }), "bytes=-7");
    }
}
