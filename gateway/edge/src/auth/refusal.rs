//! Why a token does not hold, in words that help and that never repeat the token.

use http::{HeaderValue, header};
use portico_schemas::ProblemCode;

use crate::problem::ApiError;

/// Which check failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its sentence")]
pub enum Refusal {
    #[error("Send a token: Authorization: Bearer <token>.")]
    Missing,
    #[error("The header Authorization must be there once, and be: Bearer <token>.")]
    NotBearer,
    #[error("The token is longer than {max} octets.")]
    TooLong { max: usize },
    #[error("The token is not a signed JWT: three parts with dots between.")]
    Malformed,
    #[error("The token's typ must be 'JWT' or 'at+jwt'.")]
    WrongType,
    #[error("The token wants extensions (crit) that are not understood here.")]
    Critical,
    #[error("The token names no key (kid), and several are configured here.")]
    NoKeyId,
    #[error("The token is signed with a key that is not configured here.")]
    UnknownKey,
    #[error("The token is signed with an algorithm that its key is not configured for.")]
    WrongAlgorithm,
    #[error("The token's signature does not hold.")]
    BadSignature,
    #[error("The token has no '{0}'.")]
    ClaimMissing(&'static str),
    #[error("The token's '{0}' has the wrong type.")]
    ClaimType(String),
    #[error("The token expired at {0}. Sign in again.")]
    Expired(String),
    #[error("The token is not valid before {0}. Compare the clocks.")]
    NotYet(String),
    #[error("The token was made for another audience.")]
    WrongAudience,
    #[error("The token comes from an issuer that is not trusted here.")]
    WrongIssuer,
}

impl Refusal {
    /// The `WWW-Authenticate` field (RFC 6750, section 3). Without a token it carries no error code (section 3.1).
    pub fn challenge(&self) -> String {
        match self {
            Self::Missing => "Bearer realm=\"portico\"".to_owned(),
            Self::NotBearer => {
                format!("Bearer realm=\"portico\", error=\"invalid_request\", error_description=\"{self}\"")
            }
            _ => {
                // Claim names come from configuration and times from us: neither holds a quote.
                format!("Bearer realm=\"portico\", error=\"invalid_token\", error_description=\"{self}\"")
            }
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let error = Self::new(ProblemCode::Unauthenticated, refusal.to_string());
        match HeaderValue::from_str(&refusal.challenge()) {
            Ok(challenge) => error.with_header(header::WWW_AUTHENTICATE, challenge),
            Err(_) => error,
        }
    }
}
