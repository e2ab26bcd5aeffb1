//! What every write brings: its key, its dry run, and the digest that tells one request from another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use portico_contract::{Error, ErrorKind};
use portico_schemas::FieldError;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::asked::Grammar;
use crate::query;

/// The caller's key for a write (IETF draft-ietf-httpapi-idempotency-key-header).
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What the body of an upload is (RFC 9530).
pub const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// The query of a write, which takes `validateOnly` and nothing else.
#[derive(Debug)]
pub struct Write;

/// What the query of a write says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteQuery {
    /// Every check, permissions included, and nothing written.
    pub validate_only: bool,
}

impl Grammar for Write {
    type Parsed = WriteQuery;

    fn parse(raw: Option<&str>) -> Result<WriteQuery, Error> {
        let mut query = WriteQuery { validate_only: false };
        query::parse_named(raw, &["validateOnly"], |_, value| {
            query.validate_only = truth(&value)?;
            Ok(())
        })?;
        Ok(query)
    }
}

/// `true` or `false`.
///
/// # Errors
/// What it has to be, for a fault of the query.
pub fn truth(value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be `true` or `false`".to_owned()),
    }
}

/// The key of a write: a structured-field string that holds a UUID, in lower case.
///
/// # Errors
/// [`ErrorKind::IdempotencyKeyMissing`] when there is none, or several, or it is not such a string.
pub fn idempotency_key(headers: &HeaderMap) -> Result<String, Error> {
    let mut fields = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return Err(missing("Send one `Idempotency-Key: \"<UUID>\"`, a new one for each new request."));
    };
    let text = field.to_str().unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match key.filter(|key| is_uuid(key)) {
        Some(key) => Ok(key.to_ascii_lowercase()),
        None => Err(missing(
            "The `Idempotency-Key` has to be a UUID in quotes: `\"8e03978e-40d5-43e9-bc93-6a894a57f324\"`.",
        )),
    }
}

fn is_uuid(text: &str) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| if dash(at) { b == b'-' } else { b.is_ascii_hexdigit() })
}

fn missing(why: &'static str) -> Error {
    let field = FieldError { detail: why.to_owned(), pointer: format!("#{IDEMPOTENCY_KEY}") };
    Error::new(ErrorKind::IdempotencyKeyMissing, why).with_fields(vec![field])
}

/// What a request asks for, in 32 octets: the same for the same route, ids and body, however the body was written.
pub fn digest(route: &str, ids: &[&str], body: &impl Serialize) -> [u8; 32] {
    // A body that was read from JSON can be written as JSON.
    digest_octets(route, ids, &serde_json::to_vec(body).unwrap_or_default())
}

/// As [`digest`], for a body that is not JSON: of what stands for it, its own digest or its preconditions.
pub fn digest_octets(route: &str, ids: &[&str], body: &[u8]) -> [u8; 32] {
    let mut sum = Sha256::new();
    // Each part with its length, so that no two lists of parts give the same octets.
    for part in std::iter::once(route.as_bytes()).chain(ids.iter().map(|id| id.as_bytes())).chain([body]) {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part);
    }
    sum.finalize().into()
}

/// The SHA-256 that the caller says its upload has (RFC 9530, section 2).
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when there is none: without it a repeated key could not be told from another upload.
pub fn content_digest(headers: &HeaderMap) -> Result<[u8; 32], Error> {
    let fields = headers.get_all(CONTENT_DIGEST).iter().filter_map(|value| value.to_str().ok());
    let mut members = fields.flat_map(|field| field.split(',')).map(str::trim);
    let found = members.find_map(|member| member.strip_prefix("sha-256="));
    let octets = found
        .and_then(|value| value.strip_prefix(':')?.strip_suffix(':'))
        .and_then(|value| STANDARD.decode(value).ok())
        .and_then(|octets| <[u8; 32]>::try_from(octets).ok());
    octets.ok_or_else(|| {
        let detail = "must be `sha-256=:<base64>:`, the SHA-256 of the body (RFC 9530)".to_owned();
        Error::new(ErrorKind::InvalidInput, "Send the digest of the upload in `Content-Digest`.")
            .with_fields(vec![FieldError { detail, pointer: format!("#{CONTENT_DIGEST}") }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_key_is_one_quoted_uuid_whatever_its_case() {
        let key = |values: &[&str]| idempotency_key(&with(IDEMPOTENCY_KEY, values));
        let good = "8e03978e-40d5-43e9-bc93-6a894a57f324";
        assert_eq!(key(&[&format!("\"{good}\"")]).unwrap(), good);
        assert_eq!(key(&[&format!(" \"{}\" ", good.to_uppercase())]).unwrap(), good);
        let quoted = format!("\"{good}\"");
        let without_dashes = format!("\"{}\"", good.replace('-', ""));
        for bad in [
            &[][..],
            &[good],
            &["\"\""],
            &["\"8e03978e-40d5-43e9-bc93-6a894a57f32g\""],
            &[&without_dashes],
            &[&quoted, &quoted],
            &["\"8e03978e-40d5-43e9-bc93-6a894a57f324"],
        ] {
            assert_eq!(key(bad).unwrap_err().kind(), ErrorKind::IdempotencyKeyMissing, "{bad:?}");
        }
    }

    #[test]
    fn a_digest_tells_requests_apart_by_every_part() {
        let one = digest("POST /a/{id}", &["x"], &[1]);
        assert_eq!(one, digest("POST /a/{id}", &["x"], &[1]));
        for other in [
            digest("POST /b/{id}", &["x"], &[1]),
            digest("POST /a/{id}", &["y"], &[1]),
            digest("POST /a/{id}", &["x"], &[2]),
            digest("POST /a/{id}x", &[""], &[1]),
            digest("POST /a/{id}", &["x", ""], &[1]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn an_upload_says_what_it_is() {
        let sum = format!("sha-256=:{}:", STANDARD.encode([7; 32]));
        for good in [&[&*sum][..], &["sha-512=:AAAA:", &sum], &[&format!("md5=:AAAA:, {sum}")]] {
            assert_eq!(content_digest(&with(CONTENT_DIGEST, good)).unwrap(), [7; 32], "{good:?}");
        }
        for bad in [&[][..], &["sha-512=:AAAA:"], &["sha-256=:AAAA:"], &["sha-256=AAAA"], &["sha-256=::"]] {
            assert!(content_digest(&with(CONTENT_DIGEST, bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_write_takes_validate_only_and_nothing_else() {
        assert!(Write::parse(Some("validateOnly=true")).unwrap().validate_only);
        assert!(
            !Write::parse(None).unwrap().validate_only
                && !Write::parse(Some("validateOnly=false")).unwrap().validate_only
        );
        for bad in ["validateOnly=1", "validateOnly", "dryRun=true", "validateOnly=true&validateOnly=true"] {
            assert_eq!(Write::parse(Some(bad)).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }
}
