//! `error.type` of OpenTelemetry's semantic conventions: one closed set for spans, metrics, logs and `/status`.

use crate::ErrorKind;

/// Every word but those of LDAP, which are `ldap_` and a result code, or `ldap_other`. Dashboards and alerts are built
/// on them, so that a word never changes its meaning. `internal` is a defect of the gateway: see decision 0006.
pub const ERROR_TYPES: [&str; 16] = [
    "timeout",
    "connect_refused",
    "dns",
    "tls_peer_expired",
    "tls_untrusted",
    "breaker_open",
    "queue_full",
    "invalid_response",
    "backend_status",
    "soap_fault",
    "limit_exceeded",
    "credentials_refused",
    "audit_unavailable",
    "outbox_full",
    "cancelled",
    "internal",
];

/// Whether a word is one of the closed set.
pub fn is_error_type(word: &str) -> bool {
    let ldap = |code: &str| code == "other" || (!code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()));
    ERROR_TYPES.contains(&word) || word.strip_prefix("ldap_").is_some_and(ldap)
}

/// The match has no arm for "the rest": whoever adds a kind says its word.
macro_rules! words {
    ($($kind:ident => $word:literal,)*) => {
        impl ErrorKind {
            /// The value of `error.type` for telemetry: one of [`ERROR_TYPES`].
            pub const fn error_type(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }
        }

        #[cfg(test)]
        const OF_KINDS: &[&str] = &[$($word),*];
    };
}

words! {
    Timeout => "timeout",
    ConnectRefused => "connect_refused",
    ConnectionLost => "connect_refused",
    Dns => "dns",
    TlsPeerExpired => "tls_peer_expired",
    TlsUntrusted => "tls_untrusted",
    BreakerOpen => "breaker_open",
    Maintenance => "breaker_open",
    QueueFull => "queue_full",
    RateLimited => "queue_full",
    InvalidResponse => "invalid_response",
    LimitExceeded => "limit_exceeded",
    CredentialsRefused => "credentials_refused",
    Cancelled => "cancelled",
    Internal => "internal",
    // What a system says in good order, and what the gateway says in its place.
    BackendStatus => "backend_status",
    BackendForbidden => "backend_status",
    InsufficientStorage => "backend_status",
    InvalidInput => "backend_status",
    InvalidCursor => "backend_status",
    UnsupportedQuery => "backend_status",
    Unsupported => "backend_status",
    Unauthenticated => "backend_status",
    Forbidden => "backend_status",
    NotFound => "backend_status",
    Conflict => "backend_status",
    Locked => "backend_status",
    Gone => "backend_status",
    PreconditionFailed => "backend_status",
    PreconditionRequired => "backend_status",
    RangeNotSatisfiable => "backend_status",
    ContentTooLarge => "backend_status",
    UnsupportedMediaType => "backend_status",
    NotAcceptable => "backend_status",
    CallerTooSlow => "backend_status",
    IdempotencyKeyMissing => "backend_status",
    IdempotencyKeyReused => "backend_status",
    InProgress => "backend_status",
    // What the gateway's own records say.
    StoreFull => "outbox_full",
    StoreUnavailable => "audit_unavailable",
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn checkout() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn every_word_of_a_kind_is_in_the_set_that_is_promised() {
        for word in OF_KINDS {
            assert!(ERROR_TYPES.contains(word), "{word}");
        }
        let promises = fs::read_to_string(checkout().join("tests/promises.toml")).unwrap();
        let (_, entry) = promises.split_once("id = \"telemetry-error-types\"").unwrap();
        let promise = entry.lines().find_map(|line| line.strip_prefix("promise = \"")).unwrap();
        let (_, words) = promise.trim_end_matches('"').split_once("closed set: ").unwrap();
        let promised: Vec<&str> = words.split(", ").collect();
        let set: Vec<&str> = ERROR_TYPES.into_iter().chain(["ldap_<code>"]).collect();
        assert_eq!(promised, set);
    }

    #[test]
    fn words_of_ldap_are_its_codes_and_nothing_else() {
        assert!(["ldap_49", "ldap_4096", "ldap_other", "internal"].into_iter().all(is_error_type));
        assert!(!["", "ldap_", "ldap_x", "ldap", "none", "_OTHER", "Timeout"].into_iter().any(is_error_type));
    }

    /// Rust files of the crates that record, tests left out.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_string_lossy().into_owned();
            if entry.is_dir() && !["tests", "target", "examples"].contains(&name.as_str()) {
                sources(&entry, found);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                found.push(entry);
            }
        }
    }

    #[test]
    fn no_place_in_the_code_makes_up_a_word() {
        let mut files = Vec::new();
        ["adapters", "gateway"].iter().for_each(|folder| sources(&checkout().join(folder), &mut files));
        assert!(files.len() > 100, "only {} files", files.len());
        let mut seen = 0;
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for mark in ["error.type = ", "error_type: ", "fail_as(", "ERROR_TYPE, ", "ERROR_TYPE } = "] {
                for (at, _) in code.match_indices(mark) {
                    let rest = &code[at + mark.len()..];
                    seen += 1;
                    let Some(literal) = rest.strip_prefix('"') else { continue };
                    let word = literal.split('"').next().unwrap_or_default();
                    assert!(is_error_type(word), "{}: `{word}` is not in the set", file.display());
                }
            }
        }
        assert!(seen > 5, "the marks find nothing any more");
    }
}
