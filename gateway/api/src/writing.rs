//! What every write brings: its key, its dry run, and the digest that tells one request from another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, header};
use portico_compose::seal::Seals;
use portico_compose::writes::digest;
use portico_compose::{Asking, Expected};
use portico_contract::documents::Precondition;
use portico_contract::{Error, ErrorKind};
use portico_schemas::FieldError;
use serde::Serialize;

use crate::asked::Grammar;
use crate::conditions::{self, WriteCondition};
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

/// The request behind a POST that makes or decides something: it needs a key.
///
/// # Errors
/// As [`idempotency_key`].
pub fn keyed(
    headers: &HeaderMap,
    query: WriteQuery,
    route: &'static str,
    ids: &[&str],
    body: &impl Serialize,
) -> Result<Asking, Error> {
    let key = idempotency_key(headers)?;
    Ok(Asking { key: Some(key.into()), ..unkeyed(query, route, ids, body) })
}

/// The request behind a PUT or a DELETE: each is a write of its own.
pub fn unkeyed(query: WriteQuery, route: &'static str, ids: &[&str], body: &impl Serialize) -> Asking {
    // What was read from JSON can be written as JSON: the same however the caller wrote it.
    let canonical = serde_json::to_vec(body).unwrap_or_default();
    Asking { key: None, route, digest: digest(route, ids, &canonical), validate_only: query.validate_only }
}

/// Which version a change is meant for (`If-Match`).
///
/// # Errors
/// [`ErrorKind::PreconditionRequired`] without the field; [`ErrorKind::InvalidInput`] for a malformed one or `If-None-Match`;
/// [`ErrorKind::PreconditionFailed`] when no listed tag can be current.
pub fn expected(headers: &HeaderMap, seals: &Seals) -> Result<Expected, Error> {
    let required = || {
        Error::new(
            ErrorKind::PreconditionRequired,
            "Send `If-Match` with the entity tag that you read, or `If-Match: *` for whatever is there.",
        )
    };
    if !headers.contains_key(header::IF_MATCH) && !headers.contains_key(header::IF_NONE_MATCH) {
        return Err(required());
    }
    Ok(match conditions::write_condition(headers, seals)? {
        WriteCondition::Known(Precondition::Exists) => Expected::Any,
        WriteCondition::Known(Precondition::Version(version)) => Expected::OneOf(vec![version]),
        WriteCondition::OneOf(versions) => Expected::OneOf(versions),
        WriteCondition::Known(Precondition::Absent) => return Err(required()),
    })
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

    fn with(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_key_is_one_quoted_uuid_whatever_its_case() {
        let key = |values: &[&str]| idempotency_key(&with(&IDEMPOTENCY_KEY, values));
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
    fn the_digest_follows_what_is_asked_and_not_how_it_is_written() {
        let query = WriteQuery { validate_only: false };
        let of = |ids: &[&str], body: &str| {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            unkeyed(query, "PUT /v1/expense-reports/{id}", ids, &body).digest
        };
        assert_eq!(of(&["a"], r#"{"x":1}"#), of(&["a"], "{ \"x\" : 1 }"));
        assert_ne!(of(&["a"], r#"{"x":1}"#), of(&["b"], r#"{"x":1}"#));
        assert_ne!(of(&["a"], r#"{"x":1}"#), of(&["a"], r#"{"x":2}"#));
    }

    #[test]
    fn a_change_says_which_version_it_means() {
        let seals = Seals::new([1; 64], [2; 32]);
        let kind = |headers: &HeaderMap| expected(headers, &seals).unwrap_err().kind();
        assert_eq!(kind(&HeaderMap::new()), ErrorKind::PreconditionRequired);
        assert_eq!(kind(&with(&header::IF_NONE_MATCH, &["*"])), ErrorKind::PreconditionRequired);
        assert_eq!(kind(&with(&header::IF_MATCH, &["\"made.up\""])), ErrorKind::PreconditionFailed);
        assert_eq!(kind(&with(&header::IF_MATCH, &["unquoted"])), ErrorKind::InvalidInput);
        assert_eq!(expected(&with(&header::IF_MATCH, &["*"]), &seals).unwrap(), Expected::Any);
        let version = portico_contract::documents::SourceVersion("7".to_owned());
        let tag = format!("\"{}\"", conditions::tag(&seals, &version, "any shape"));
        let found = expected(&with(&header::IF_MATCH, &[&tag]), &seals).unwrap();
        assert_eq!(found, Expected::OneOf(vec![version]));
    }

    #[test]
    fn an_upload_says_what_it_is() {
        let sum = format!("sha-256=:{}:", STANDARD.encode([7; 32]));
        for good in [&[&*sum][..], &["sha-512=:AAAA:", &sum], &[&format!("md5=:AAAA:, {sum}")]] {
            assert_eq!(content_digest(&with(&CONTENT_DIGEST, good)).unwrap(), [7; 32], "{good:?}");
        }
        for bad in [&[][..], &["sha-512=:AAAA:"], &["sha-256=:AAAA:"], &["sha-256=AAAA"], &["sha-256=::"]] {
            assert!(content_digest(&with(&CONTENT_DIGEST, bad)).is_err(), "{bad:?}");
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
