//! What travels with every call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::access::Principal;
use crate::trace::{Span, SpanContext};

/// An absolute instant, on the monotonic clock, that all attempts of a call share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// This long from now.
    pub fn after(duration: Duration) -> Self {
        Self(tokio::time::Instant::now().into_std() + duration)
    }

    /// The instant itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// How much is left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(tokio::time::Instant::now().into_std())
    }

    /// The earlier of this and `limit` from now; `None` when that has passed. Reads the clock once.
    pub fn within(self, limit: Duration) -> Option<Self> {
        let now = tokio::time::Instant::now().into_std();
        let earlier = self.0.min(now + limit);
        (earlier > now).then_some(Self(earlier))
    }

    /// The earlier of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

/// What an adapter places in a searchable native field of a write, so that the write can be found again when its answer
/// was lost. 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker(Arc<str>);

impl Marker {
    /// Takes a marker. `None` unless it has exactly 32 lower-case hexadecimal digits.
    pub fn new(text: &str) -> Option<Self> {
        let good = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        good.then(|| Self(text.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who asks, by when, and under which ids. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The person on whose behalf the call is made.
    pub principal: Arc<Principal>,
    /// When the whole call must be over, up to the head of the answer.
    pub deadline: Deadline,
    /// One business request, across systems and events. Equal to the trace id unless the caller gave one.
    pub correlation_id: Arc<str>,
    /// The caller's key for this write (IETF Idempotency-Key), where it gave one.
    pub idempotency_key: Option<Arc<str>>,
    /// Placed in a write where [`crate::Reconciliation::Marker`] says the system can carry it.
    pub marker: Option<Marker>,
    /// Where in the trace this call stands.
    pub span: SpanContext,
    /// Which attempt of the call this is, from 1. Set by the retry layer.
    pub attempt: u32,
}

impl CallContext {
    /// A context for calls that the gateway makes for itself: checks, watchers, tests.
    pub fn internal(subject: &str, deadline: Duration) -> Self {
        let span = Span::detached("internal").context();
        Self {
            principal: Arc::new(Principal {
                subject: subject.to_owned(),
                display_name: subject.to_owned(),
                person_id: None,
                roles: Default::default(),
                units: Default::default(),
                reports: Default::default(),
                stands_in_for: Default::default(),
            }),
            deadline: Deadline::after(deadline),
            correlation_id: span.trace_id().to_hex().into(),
            idempotency_key: None,
            marker: None,
            span,
            attempt: 1,
        }
    }
}
