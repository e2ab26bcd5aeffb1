//! Why a request is turned away before it is one.

use portico_schemas::ProblemCode;

/// What is wrong with the head of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Refusal {
    /// The request could be read in two ways, or in none.
    Malformed(&'static str),
    /// The head is too large or has too many fields.
    HeadTooLarge,
    /// The request target is too long.
    TargetTooLong,
    /// The head did not come in time.
    TooSlow,
}

impl Refusal {
    pub(in crate::serve) const fn code(self) -> ProblemCode {
        match self {
            Self::Malformed(_) => ProblemCode::InvalidRequest,
            Self::HeadTooLarge => ProblemCode::HeaderFieldsTooLarge,
            Self::TargetTooLong => ProblemCode::UriTooLong,
            Self::TooSlow => ProblemCode::RequestTimeout,
        }
    }

    pub(in crate::serve) const fn detail(self) -> &'static str {
        match self {
            Self::Malformed(detail) => detail,
            Self::HeadTooLarge => "The head of the request is too large, or has too many fields.",
            Self::TargetTooLong => "The address is too long.",
            Self::TooSlow => "The head of the request did not come in time.",
        }
    }

    /// For metrics: from a closed set.
    pub(in crate::serve) const fn reason(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed_head",
            Self::HeadTooLarge => "head_too_large",
            Self::TargetTooLong => "target_too_long",
            Self::TooSlow => "head_too_slow",
        }
    }
}
