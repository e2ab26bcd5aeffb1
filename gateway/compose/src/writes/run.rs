//! One write, from its record to its answer.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use parking_lot::Mutex;
use portico_contract::trace::{Span, attr};
use portico_contract::{CallContext, Deadline, Error, ErrorKind, Marker, NativeId, Retry, Upstream};
use portico_schemas::Outcome as Effect;
use portico_store::{
    Actor, Begun, IdempotencyKey, Intent, IntentId, IntentState, NewIntent, Outcome, Settled, Settlement,
    StoreError, Target, Trace,
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::outcome::{frees_key, may_have_committed, store_error, stored};
use super::{Plan, WriteRequest, Writes, Written, bound, operation, reconcile};
use crate::systems::System;

/// How long a store that does not take an outcome is asked again.
const PATIENCE: Duration = Duration::from_secs(30);

type Answer<T> = Result<Written<T>, Error>;

pub(super) async fn run<T, C, F>(
    writes: &Writes,
    system: &System,
    context: &CallContext,
    span: Span,
    request: WriteRequest,
    plan: Plan,
    call: C,
) -> Answer<T>
where
    T: Send + 'static,
    C: FnOnce(Upstream, CallContext) -> F + Send + 'static,
    F: Future<Output = Result<(Option<NativeId>, T), Error>> + Send + 'static,
{
    let Some(bound) = bound(system, plan.operation) else {
        let detail = "The system behind this resource cannot do that; see its entry under /v1/systems.";
        return Err(Error::new(ErrorKind::Unsupported, detail).with_call(&plan.system, plan.operation.id));
    };
    let Ok(room) = Arc::clone(&writes.lasting.room).try_acquire_owned() else {
        return Err(store_error(&StoreError::Busy));
    };
    let new = new_intent(context, request, plan, bound + writes.pace.grace * 3);
    let gate = Arc::new(Gate::default());
    let (tell, told) = oneshot::channel();
    let task = Task {
        writes: writes.clone(),
        upstream: system.upstream.clone(),
        context: context.clone(),
        bound,
        gate: Arc::clone(&gate),
        tell: Some(tell),
        span,
        _room: room,
    };
    writes.lasting.running.spawn(task.run(new, call));
    match tokio::time::timeout_at(context.deadline.instant().into(), told).await {
        Ok(Ok(answer)) => answer,
        // Too late, or the task ended in a defect: what is on record is the answer.
        Err(_) | Ok(Err(_)) => match gate.give_up() {
            Some(intent) => Ok(pending(writes, &intent)),
            None => Err(store_error(&StoreError::Busy)),
        },
    }
}

fn new_intent(context: &CallContext, request: WriteRequest, plan: Plan, lease: Duration) -> NewIntent {
    let id = IntentId::new();
    let subject = context.principal.subject.clone();
    let key = request.key.map_or_else(|| id.marker(), |key| key.to_string());
    NewIntent {
        id,
        key: IdempotencyKey { subject: subject.clone(), route: request.route.to_owned(), key },
        digest: request.digest,
        target: Target {
            system: plan.system.to_string(),
            action: plan.operation.id.to_owned(),
            resource_type: word(&plan.operation.resource),
            native_id: plan.native_id.map(|id| id.as_str().to_owned()),
        },
        actor: Actor {
            subject,
            person: context.principal.person_id.clone(),
            on_behalf_of: plan.on_behalf_of,
        },
        expected: plan.expected,
        lease,
        trace: Trace {
            trace_id: Some(context.span.trace_id().to_hex()),
            correlation_id: Some(context.correlation_id.to_string()),
        },
        decision: plan.decision,
        events: Vec::new(),
    }
}

/// The word of an enumeration of the model, as it is on record.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Who was first: the caller's deadline, or the record. A call is made only if nobody was told that it will not be.
#[derive(Default)]
struct Gate(Mutex<Stage>);

#[derive(Default)]
enum Stage {
    /// It is being recorded.
    #[default]
    Recording,
    /// Its caller was told that nothing is sent.
    GivenUp,
    /// On record; the call may have been made.
    Sent(Box<Intent>),
}

impl Gate {
    /// The record is there. Whether the call may be made.
    fn open(&self, intent: &Intent) -> bool {
        let mut stage = self.0.lock();
        match *stage {
            Stage::GivenUp => false,
            Stage::Recording | Stage::Sent(_) => {
                let sent = Intent { state: IntentState::Sent, ..intent.clone() };
                *stage = Stage::Sent(Box::new(sent));
                true
            }
        }
    }

    /// The caller waits no longer. What is on record, unless nothing is.
    fn give_up(&self) -> Option<Intent> {
        let mut stage = self.0.lock();
        match &*stage {
            Stage::Sent(intent) => Some((**intent).clone()),
            Stage::Recording | Stage::GivenUp => {
                *stage = Stage::GivenUp;
                None
            }
        }
    }
}

/// A write under way.
struct Task<T> {
    writes: Writes,
    upstream: Upstream,
    context: CallContext,
    bound: Duration,
    gate: Arc<Gate>,
    tell: Option<oneshot::Sender<Answer<T>>>,
    span: Span,
    _room: OwnedSemaphorePermit,
}

impl<T: Send + 'static> Task<T> {
    async fn run<C, F>(mut self, new: NewIntent, call: C)
    where
        C: FnOnce(Upstream, CallContext) -> F + Send + 'static,
        F: Future<Output = Result<(Option<NativeId>, T), Error>> + Send + 'static,
    {
        let (id, key) = (new.id, new.key.key.clone());
        let begun = self.writes.store().begin_intent(new).await;
        let intent = match begun {
            Ok(Begun::New(intent)) => intent,
            Ok(Begun::Repeated(intent)) => {
                self.span.set(attr::IDEMPOTENCY, "repeated");
                let answer = present(&self.writes, &intent);
                return self.tell(answer);
            }
            Ok(Begun::InFlight(_)) => {
                self.span.set(attr::IDEMPOTENCY, "inFlight");
                return self.tell(Err(in_flight()));
            }
            Ok(Begun::OtherPayload) => {
                self.span.set(attr::IDEMPOTENCY, "otherPayload");
                return self.tell(Err(reused()));
            }
            Err(error) => return self.not_recorded(id, &error).await,
        };
        self.span.set(attr::IDEMPOTENCY, "new");
        if !self.gate.open(&intent) {
            let error = store_error(&StoreError::Busy);
            return self.settle(&intent, refused(&error), Err(error)).await;
        }
        self.writes.store().note_sent(id);
        match self.call(id, &key, call).await {
            Ok((native, value)) => {
                let native_id = native.map(|id| id.as_str().to_owned());
                self.settle(&intent, Outcome::Confirmed { native_id }, Ok(value)).await;
            }
            Err(error) if error.outcome() == Effect::Unknown => {
                let problem = serde_json::to_value(error.to_problem()).ok();
                let outcome = Outcome::Unknown { problem, look_after: self.writes.pace.first_look };
                let left_open = Arc::clone(&self.writes.lasting);
                self.settle(&intent, outcome, Err(error)).await;
                left_open.left_open.notify_one();
            }
            Err(error) => self.settle(&intent, refused(&error), Err(error)).await,
        }
    }

    /// The call, within the adapter's own bound. A panic is a call whose outcome nobody knows.
    async fn call<C, F>(&self, id: IntentId, key: &str, call: C) -> Result<(Option<NativeId>, T), Error>
    where
        C: FnOnce(Upstream, CallContext) -> F,
        F: Future<Output = Result<(Option<NativeId>, T), Error>>,
    {
        let context = CallContext {
            deadline: Deadline::after(self.bound),
            marker: Marker::new(&id.marker()),
            idempotency_key: Some(key.into()),
            span: self.span.context(),
            ..self.context.clone()
        };
        let upstream = self.upstream.clone();
        let system = upstream.system.clone();
        let guarded = AssertUnwindSafe(async move { call(upstream, context).await }).catch_unwind();
        match tokio::time::timeout(self.bound + self.writes.pace.grace, guarded).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(unknown(ErrorKind::Internal, said(&*panic)).with_call(&system, "write")),
            Err(_) => Err(unknown(ErrorKind::Timeout, "no answer").with_call(&system, "write")),
        }
    }

    /// Nothing was sent. Where the record may be on disk all the same, it is taken back.
    async fn not_recorded(mut self, id: IntentId, error: &StoreError) {
        tracing::warn!(%error, "a write could not be recorded; nothing was sent");
        let told = store_error(error);
        let refusal = refused(&told);
        self.tell(Err(told));
        if may_have_committed(error) {
            // Gone, or never there: either way nobody waits for it.
            let _ = settle_surely(&self.writes, id, Settlement::of_call(refusal)).await;
        }
    }

    /// Records how it ended, then says so. A store that does not take it is asked again in the background.
    async fn settle(mut self, intent: &Intent, outcome: Outcome, result: Result<T, Error>) {
        self.span.set(attr::WRITE, outcome.state().as_str());
        if let Err(error) = &result {
            self.span.fail(error.kind());
        }
        let events = match &outcome {
            Outcome::Confirmed { native_id } => {
                reconcile::events(&self.writes.seals, intent, native_id.as_deref(), Some(self.span.context()))
            }
            _ => Vec::new(),
        };
        let settlement = Settlement { events, ..Settlement::of_call(outcome) };
        let answer = match self.writes.store().settle(intent.id, settlement.clone()).await {
            Ok(Settled::Done(intent)) => match (intent.state, result) {
                (IntentState::Confirmed, Ok(value)) => Ok(Written::Fresh(value)),
                (IntentState::Refused, Err(error)) => Err(error),
                _ => Ok(pending(&self.writes, &intent)),
            },
            // Somebody was faster: a person, or a reconciler that found it past its lease.
            Ok(Settled::Already(now)) => {
                tracing::warn!(intent = %now.id, state = %now.state, "a write was settled before its call was over");
                match (now.state, result) {
                    (IntentState::Confirmed, Ok(value)) => Ok(Written::Fresh(value)),
                    _ => present(&self.writes, &now),
                }
            }
            Err(error) => {
                tracing::error!(intent = %intent.id, %error, "the outcome of a write cannot be recorded yet");
                let answer = match result {
                    // That nothing happened is true whether it is on record or not.
                    Err(error) if error.outcome() != Effect::Unknown => Err(error),
                    _ => Ok(pending(&self.writes, &Intent { state: IntentState::Sent, ..intent.clone() })),
                };
                self.tell(answer);
                let _ = settle_surely(&self.writes, intent.id, settlement).await;
                return;
            }
        };
        self.tell(answer);
    }

    /// Nobody may be waiting any more; what happened is on record.
    fn tell(&mut self, answer: Answer<T>) {
        if let Some(tell) = self.tell.take() {
            let _ = tell.send(answer);
        }
    }
}

/// Asks a store again that does not take an outcome. What it does not take in time, the reconciler finds.
async fn settle_surely(writes: &Writes, id: IntentId, settlement: Settlement) -> Result<Settled, StoreError> {
    let until = tokio::time::Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(100);
    loop {
        match writes.store().settle(id, settlement.clone()).await {
            Err(error) if error.is_temporary() && tokio::time::Instant::now() + pause < until => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            result => return result,
        }
    }
}

fn refused(error: &Error) -> Outcome {
    let problem = serde_json::to_value(error.to_problem()).unwrap_or_default();
    Outcome::Refused { problem, release_key: frees_key(error) }
}

/// What a request is answered whose write is on record already.
fn present<T>(writes: &Writes, intent: &Intent) -> Answer<T> {
    match intent.state {
        IntentState::Confirmed => Ok(Written::Repeated(operation::result(intent))),
        IntentState::Refused => Err(stored(intent.problem.as_ref(), &intent.target.system)),
        IntentState::Accepted | IntentState::Sent | IntentState::Unknown => Ok(pending(writes, intent)),
    }
}

fn pending<T>(writes: &Writes, intent: &Intent) -> Written<T> {
    Written::Pending(Box::new(operation::shown(&writes.seals, intent)))
}

fn in_flight() -> Error {
    Error::new(ErrorKind::InProgress, "The same request is being worked on; ask again shortly.")
        .with_outcome(Effect::NotAttempted)
        .with_retry(Retry::After(Duration::from_secs(1)))
}

fn reused() -> Error {
    let detail = "This Idempotency-Key was used for another request. Take a new one for each request.";
    Error::new(ErrorKind::IdempotencyKeyReused, detail)
}

fn unknown(kind: ErrorKind, why: &str) -> Error {
    let detail = "It is not known whether the system behind did it. The operation says once it is.";
    Error::new(kind, detail).with_outcome(Effect::Unknown).with_retry(Retry::Never).with_native(why)
}

/// What a panic said, for the log.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic")
}
