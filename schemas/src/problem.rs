//! Problems (RFC 9457): the one shape of every failure, from a closed catalogue.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::SourceReport;

/// Who has to act for the problem to go away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// The caller sent something that cannot be done.
    Caller,
    /// The gateway itself is at fault or at its limit.
    Gateway,
    /// The system behind the gateway failed.
    BackOffice,
}

/// What is known about the effect of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Nothing left the gateway: the system never heard of it.
    NotAttempted,
    /// The system was asked and did not do it.
    Failed,
    /// The system may or may not have done it.
    Unknown,
}

/// One fault in the caller's input. All of them are reported at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// What is wrong, and what would be right.
    pub detail: String,
    /// Where: a JSON Pointer (RFC 6901) into the body, or `?key` for a query key, or `#Header` for a header field.
    pub pointer: String,
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = ($code:literal, $status:literal, $origin:ident, $title:literal),)*) => {
        /// The closed catalogue of problems. Each has a page under `/docs/problems/`.
        // The schema generator does not see a rename that comes out of a macro; a test holds both to `as_str`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ProblemCode { $($(#[$doc])* $variant,)* }

        impl ProblemCode {
            /// Every problem there is, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word used in `code` and at the end of `type`.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $code,)* } }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status,)* } }

            /// Who has to act.
            pub const fn origin(self) -> Origin { match self { $(Self::$variant => Origin::$origin,)* } }

            /// The short, fixed summary.
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }
        }
    };
}

catalogue! {
    /// The request line, a query key, a header field or the body is not what the route takes.
    InvalidRequest = ("invalid_request", 400, Caller, "The request is not valid"),
    /// A cursor was altered, is too old, or belongs to another person, route or query.
    InvalidCursor = ("invalid_cursor", 400, Caller, "The cursor is not valid here"),
    /// No source can filter or sort as asked.
    UnsupportedQuery = ("unsupported_query", 400, Caller, "No system can answer this query"),
    /// A write that has to be told apart from others came without `Idempotency-Key`.
    IdempotencyKeyMissing = ("idempotency_key_missing", 400, Caller, "Send an Idempotency-Key"),
    /// No token, or one that does not hold.
    Unauthenticated = ("unauthenticated", 401, Caller, "Sign in first"),
    /// The person may not do this.
    Forbidden = ("forbidden", 403, Caller, "You may not do this"),
    /// There is no such thing, or its existence is not for this person to know.
    NotFound = ("not_found", 404, Caller, "There is nothing here"),
    /// The route exists, but not with this method.
    MethodNotAllowed = ("method_not_allowed", 405, Caller, "This method does not work here"),
    /// No representation that the caller accepts.
    NotAcceptable = ("not_acceptable", 406, Caller, "No acceptable form of the answer"),
    /// The state of the thing does not allow it.
    Conflict = ("conflict", 409, Caller, "The current state does not allow this"),
    /// Somebody holds a lock on the thing in its own system.
    Locked = ("locked", 409, Caller, "Somebody is editing this"),
    /// The same request, with the same `Idempotency-Key`, is being worked on.
    InProgress = ("in_progress", 409, Caller, "The same request is being worked on"),
    /// It was there once and will not come back.
    Gone = ("gone", 410, Caller, "This is gone for good"),
    /// `If-Match` or `If-None-Match` did not hold.
    PreconditionFailed = ("precondition_failed", 412, Caller, "It has changed since you read it"),
    /// The body is larger than the route takes.
    ContentTooLarge = ("content_too_large", 413, Caller, "The body is too large"),
    /// The address is longer than the gateway takes.
    UriTooLong = ("uri_too_long", 414, Caller, "The address is too long"),
    /// The body has a media type that the route does not take.
    UnsupportedMediaType = ("unsupported_media_type", 415, Caller, "The route does not take this media type"),
    /// No byte of the asked range exists.
    RangeNotSatisfiable = ("range_not_satisfiable", 416, Caller, "The range lies outside the content"),
    /// The `Idempotency-Key` was used for another request.
    IdempotencyKeyReused = ("idempotency_key_reused", 422, Caller, "This Idempotency-Key belongs to another request"),
    /// A precondition is required and missing.
    PreconditionRequired = ("precondition_required", 428, Caller, "Say which version you mean"),
    /// The caller asked too often.
    TooManyRequests = ("too_many_requests", 429, Caller, "Too many requests"),
    /// The head of the request is larger than the gateway takes.
    HeaderFieldsTooLarge = ("header_fields_too_large", 431, Caller, "The header fields are too large"),
    /// The caller did not send its request in time.
    RequestTimeout = ("request_timeout", 408, Caller, "The request came too slowly"),
    /// The gateway has a defect.
    Internal = ("internal", 500, Gateway, "The gateway made a mistake"),
    /// The gateway works at its limit and sheds load.
    Overloaded = ("overloaded", 503, Gateway, "The gateway is too busy"),
    /// The gateway has no room for the record that a write needs. Nothing was sent to the system behind.
    StoreFull = ("store_full", 507, Gateway, "The gateway has no room to record this"),
    /// The gateway cannot make the record that this needs. Nothing was sent to the system behind.
    StoreUnavailable = ("store_unavailable", 503, Gateway, "The gateway cannot record this now"),
    /// The system cannot do this at all.
    UnsupportedOperation = ("unsupported_operation", 405, BackOffice, "The system behind cannot do this"),
    /// The system answered with something that is not what the contract expects.
    InvalidResponse = ("invalid_response", 502, BackOffice, "The system behind gave a broken answer"),
    /// The system answered that it failed.
    BackendFailed = ("backend_failed", 502, BackOffice, "The system behind reports a failure"),
    /// The system refuses the gateway's own credentials.
    CredentialsRefused = ("credentials_refused", 502, BackOffice, "The system behind refuses the gateway"),
    /// The certificate of the system has expired.
    TlsPeerExpired = ("tls_peer_expired", 502, BackOffice, "The certificate of the system behind has expired"),
    /// The certificate of the system is not trusted.
    TlsUntrusted = ("tls_untrusted", 502, BackOffice, "The certificate of the system behind is not trusted"),
    /// The system cannot be reached, or its circuit breaker is open.
    BackendUnavailable = ("backend_unavailable", 503, BackOffice, "The system behind cannot be reached"),
    /// The system is paused by an operator.
    Maintenance = ("maintenance", 503, BackOffice, "The system behind is being worked on"),
    /// The system has all the work it can take from the gateway.
    BackendBusy = ("backend_busy", 503, BackOffice, "The system behind is too busy"),
    /// The system did not answer before the deadline.
    BackendTimeout = ("backend_timeout", 504, BackOffice, "The system behind was too slow"),
    /// The system has no room for what was sent.
    InsufficientStorage = ("insufficient_storage", 507, BackOffice, "The system behind has no room left"),
}

/// A problem document (RFC 9457) with Portico's extension members. A back office's own words are never in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A page that explains the problem: `/docs/problems/{code}`.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// Short, fixed summary.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and what to do about it.
    pub detail: String,
    /// The path that was asked for, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The word for programs.
    pub code: ProblemCode,
    /// Who has to act.
    pub origin: Origin,
    /// The system concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// What is known about the effect.
    pub outcome: Outcome,
    /// Whether sending the same again may work.
    pub retryable: bool,
    /// Seconds to wait before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Under which everything about this request is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Every fault in the input.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<FieldError>,
    /// When a list failed as a whole: how each source fared.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[schema(no_recursion)]
    pub sources: Vec<SourceReport>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_as_it_is_called() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
