//! A share for each person (draft-ietf-httpapi-ratelimit-headers-10).

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use http::{HeaderName, HeaderValue, Request, Response};
use moka::sync::Cache;
use portico_schemas::ProblemCode;

use crate::context::RequestScope;
use crate::problem::ApiError;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Most people whose share is tracked at once; the one seen longest ago is forgotten, which only gives a full share.
const PEOPLE: u64 = 10_000;

/// A share: this many requests in this long, refilled evenly. A burst may use all of it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerRate {
    /// How many requests.
    pub requests: NonZeroU32,
    /// In how long.
    pub window: Duration,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Refuses a person who asked more often than their share. Requests without a person pass.
pub(super) struct PerCaller(Option<Shares>);

struct Shares {
    quota: Quota,
    policy: HeaderValue,
    clock: DefaultClock,
    people: Cache<String, Arc<Limiter>>,
}

impl PerCaller {
    pub(super) fn new(rate: Option<CallerRate>) -> Self {
        Self(rate.and_then(|rate| {
            let interval = rate.window / rate.requests.get();
            let quota = Quota::with_period(interval)?.allow_burst(rate.requests);
            let policy = format!("\"caller\";q={};w={}", rate.requests, rate.window.as_secs().max(1));
            Some(Shares {
                quota,
                policy: HeaderValue::from_str(&policy).ok()?,
                clock: DefaultClock::default(),
                people: Cache::builder().max_capacity(PEOPLE).time_to_idle(rate.window * 2).build(),
            })
        }))
    }

    /// Takes one request from the share of its person. `None` where there is no share or no person.
    pub(super) fn count(&self, request: &Request<Body>) -> Result<Option<ShareLeft>, ApiError> {
        let Some(shares) = &self.0 else { return Ok(None) };
        let scope = request.extensions().get::<RequestScope>();
        let Some(person) = scope.and_then(RequestScope::principal) else { return Ok(None) };
        let limiter = shares.people.get(&person.subject).unwrap_or_else(|| {
            let quota = shares.quota;
            shares.people.get_with(person.subject.clone(), || {
                Arc::new(RateLimiter::direct(quota).with_middleware::<StateInformationMiddleware>())
            })
        });
        match limiter.check() {
            Ok(state) => {
                let more_in = shares.quota.replenish_interval().as_secs().max(1);
                let limit = remaining(state.remaining_burst_capacity(), more_in);
                Ok(Some(ShareLeft { policy: shares.policy.clone(), limit }))
            }
            Err(refused) => {
                let wait = refused.wait_time_from(shares.clock.now()).as_secs_f64().ceil();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a positive count of seconds; the cast saturates"
                )]
                let wait = (wait as u64).max(1);
                let detail = format!("This account has used up its requests for now. Wait {wait} seconds.");
                Err(ApiError::new(ProblemCode::TooManyRequests, detail)
                    .with_retry_after(wait)
                    .with_header(RATE_LIMIT_POLICY, shares.policy.clone())
                    .with_header(RATE_LIMIT, remaining(0, wait)))
            }
        }
    }
}

/// What is left of a share, for the answer.
pub struct ShareLeft {
    policy: HeaderValue,
    limit: HeaderValue,
}

impl ShareLeft {
    pub(super) fn tell(self, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        headers.insert(RATE_LIMIT_POLICY, self.policy);
        headers.insert(RATE_LIMIT, self.limit);
    }
}

/// What is left, and in how many seconds there is more.
fn remaining(left: u32, seconds: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"caller\";r={left};t={seconds}"))
        .unwrap_or_else(|_| HeaderValue::from_static("\"caller\";r=0"))
}
