//! Joins what the edge and the stacks tell with what telemetry takes.

use std::sync::Arc;

use crate::people::Shown;
use portico_compose::Standing;
use portico_contract::certificate::PeerCertificate;
use portico_contract::trace::TraceId;
use portico_contract::{Error, ErrorKind};
use portico_edge::{RequestObserver, RequestRecord};
use portico_resilience::{BreakerState, CallFacts, Health, Observer};
use portico_schemas::{ProblemCode, SystemState};
use portico_telemetry::{AdapterGauges, BreakerGauge, FailureNote, ObservedAdapter, Telemetry};

/// Requests and failures, to the metrics and the log.
pub struct Requests(pub Arc<Telemetry>);

impl RequestObserver for Requests {
    fn started(&self) {
        self.0.metrics().request_started();
    }

    fn finished(&self, record: &RequestRecord<'_>) {
        self.0.metrics().request_finished(record.route, record.method, record.status, record.duration);
    }

    fn refused(&self, reason: &'static str) {
        self.0.metrics().refused(reason);
    }

    fn connections(&self, change: i64) {
        self.0.metrics().connections(change);
    }

    fn failed(&self, _code: ProblemCode, error: &Error, trace_id: TraceId) {
        self.0.failures().note(&FailureNote::of(trace_id, error));
    }
}

/// Calls to systems, to the metrics.
pub struct Calls(pub Arc<Telemetry>);

impl Observer for Calls {
    fn finished(&self, facts: &CallFacts) {
        self.0.metrics().call_finished(&facts.system, facts.operation, facts.error, facts.duration);
    }
}

/// How a system is doing, read from its stack.
pub struct FromStack(pub Arc<Health>);

impl Standing for FromStack {
    fn state(&self) -> SystemState {
        self.0.state()
    }

    fn last_success(&self) -> Option<jiff::Timestamp> {
        self.0.snapshot().last_success
    }

    fn last_failure(&self) -> Option<ErrorKind> {
        self.0.snapshot().last_failure.map(|failure| failure.kind)
    }
}

/// Shows a system's gauges for as long as the answer is kept.
pub fn gauges(
    telemetry: &Telemetry,
    health: &Arc<Health>,
    certificate: &PeerCertificate,
    index: &Shown,
) -> ObservedAdapter {
    let (read, certificate, index) = (Arc::clone(health), certificate.clone(), index.clone());
    telemetry.metrics().observe_adapter(
        health.system(),
        Box::new(move || {
            let now = read.snapshot();
            AdapterGauges {
                in_flight: now.in_flight as u64,
                queued: now.queued as u64,
                streams: now.streams as u64,
                breaker: match now.breaker {
                    BreakerState::Closed => BreakerGauge::Closed,
                    BreakerState::HalfOpen => BreakerGauge::HalfOpen,
                    BreakerState::Open => BreakerGauge::Open,
                },
                retry_budget: now.retry_budget.into(),
                shed: now.shed,
                retries: now.retries,
                paused: now.pause.is_some(),
                certificate_days: certificate.days_left(jiff::Timestamp::now()),
                index: index.gauges(&now.system),
            }
        }),
    )
}
