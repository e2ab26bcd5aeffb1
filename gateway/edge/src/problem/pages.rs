//! The pages that `type` points at: one for each problem of the catalogue, in `gateway/docs/problems`.

use portico_schemas::ProblemCode;

macro_rules! page {
    ($code:literal) => {
        include_str!(concat!("../../../docs/problems/", $code, ".md"))
    };
}

/// The page of a problem, in Markdown; `None` for a word that is not in the catalogue.
pub fn problem_page(code: &str) -> Option<&'static str> {
    ProblemCode::ALL.iter().find(|known| known.as_str() == code).map(|known| page_of(*known))
}

/// A problem without a page does not compile.
const fn page_of(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::InvalidRequest => page!("invalid_request"),
        ProblemCode::InvalidCursor => page!("invalid_cursor"),
        ProblemCode::UnsupportedQuery => page!("unsupported_query"),
        ProblemCode::Unauthenticated => page!("unauthenticated"),
        ProblemCode::Forbidden => page!("forbidden"),
        ProblemCode::NotFound => page!("not_found"),
        ProblemCode::MethodNotAllowed => page!("method_not_allowed"),
        ProblemCode::NotAcceptable => page!("not_acceptable"),
        ProblemCode::Conflict => page!("conflict"),
        ProblemCode::Locked => page!("locked"),
        ProblemCode::Gone => page!("gone"),
        ProblemCode::PreconditionFailed => page!("precondition_failed"),
        ProblemCode::ContentTooLarge => page!("content_too_large"),
        ProblemCode::UriTooLong => page!("uri_too_long"),
        ProblemCode::UnsupportedMediaType => page!("unsupported_media_type"),
        ProblemCode::RangeNotSatisfiable => page!("range_not_satisfiable"),
        ProblemCode::PreconditionRequired => page!("precondition_required"),
        ProblemCode::TooManyRequests => page!("too_many_requests"),
        ProblemCode::HeaderFieldsTooLarge => page!("header_fields_too_large"),
        ProblemCode::RequestTimeout => page!("request_timeout"),
        ProblemCode::Internal => page!("internal"),
        ProblemCode::Overloaded => page!("overloaded"),
        ProblemCode::UnsupportedOperation => page!("unsupported_operation"),
        ProblemCode::InvalidResponse => page!("invalid_response"),
        ProblemCode::BackendFailed => page!("backend_failed"),
        ProblemCode::CredentialsRefused => page!("credentials_refused"),
        ProblemCode::TlsPeerExpired => page!("tls_peer_expired"),
        ProblemCode::TlsUntrusted => page!("tls_untrusted"),
        ProblemCode::BackendUnavailable => page!("backend_unavailable"),
        ProblemCode::Maintenance => page!("maintenance"),
        ProblemCode::BackendBusy => page!("backend_busy"),
        ProblemCode::BackendTimeout => page!("backend_timeout"),
        ProblemCode::IdempotencyKeyMissing => page!("idempotency_key_missing"),
        ProblemCode::InProgress => page!("in_progress"),
        ProblemCode::IdempotencyKeyReused => page!("idempotency_key_reused"),
        ProblemCode::StoreFull => page!("store_full"),
        ProblemCode::StoreUnavailable => page!("store_unavailable"),
        ProblemCode::InsufficientStorage => page!("insufficient_storage"),
    }
}
