//! The one way a write goes.
//!
//! ```text
//! begin (idempotency record, intent, decision, audit entry: one commit) ─▶ call ─▶ settle (outcome, audit entry, event) ─▶ answer
//! ```
//!
//! Nothing is sent before the intent is on disk, and nothing is answered before its outcome is. A write runs in a task of
//! its own: a caller who goes away never tears it, and past the caller's deadline it goes on until the adapter's own
//! bound, while the caller is told where to look ([`Written::Pending`]). Whatever is left open, by a crash or a lost answer, the
//! [`Reconciler`] finds and settles.

mod by_hand;
mod operation;
mod outcome;
mod reconcile;
mod run;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use portico_contract::trace::{SpanKind, attr};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, OperationMeta, SystemKey, Upstream};
use portico_policy::Policy;
use portico_schemas::Operation;
use portico_store::Store;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;

use crate::seal::Seals;
use crate::systems::{System, Systems};

pub use by_hand::{Finding, settle_by_hand};
pub use outcome::store_error;
pub use portico_store::{Digest, Intent, IntentId, NewDecision};
pub use reconcile::{Look, Open, Pace, ReadBack, Reconciler, Verdict};
pub(crate) use run::word;

/// Writes that may be under way at once, over all systems; each system's own bulkhead is far below.
const AT_ONCE: usize = 2_048;

/// The request behind a write.
#[derive(Debug, Clone)]
pub struct WriteRequest {
    /// The caller's `Idempotency-Key`, without its quotes. `None` where the method needs none (PUT, DELETE): each request
    /// is then a write of its own.
    pub key: Option<Arc<str>>,
    /// Method and template of the route: `POST /v1/expense-reports`. The key counts for this person on this route.
    pub route: &'static str,
    /// What is asked for: see [`digest`].
    pub digest: Digest,
}

/// What is about to be written where.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The system.
    pub system: SystemKey,
    /// The operation: `&SubmitExpenseReport::META`.
    pub operation: &'static OperationMeta,
    /// The thing that is changed; `None` for one that is made.
    pub native_id: Option<NativeId>,
    /// What a [`ReadBack`] needs to recognise that it happened: wanted state, native ids, digests; at most 4,096 octets. No
    /// names, amounts or free text. `Null` for nothing.
    pub expected: Value,
    /// Id of the person for whom a deputy acts.
    pub on_behalf_of: Option<String>,
    /// The decision that is carried out, where it is one: it goes on record with the write, and with what became of it.
    pub decision: Option<NewDecision>,
}

impl Plan {
    /// A write that makes something and is recognised by its marker alone.
    pub fn new(system: SystemKey, operation: &'static OperationMeta) -> Self {
        Self { system, operation, native_id: None, expected: Value::Null, on_behalf_of: None, decision: None }
    }

    /// A write that changes this thing.
    #[must_use]
    pub fn on(mut self, thing: NativeId) -> Self {
        self.native_id = Some(thing);
        self
    }

    /// How it can be seen that it happened.
    #[must_use]
    pub fn expecting(mut self, expected: Value) -> Self {
        self.expected = expected;
        self
    }

    /// Goes on record as this decision.
    #[must_use]
    pub fn deciding(mut self, decision: NewDecision) -> Self {
        self.decision = Some(decision);
        self
    }
}

/// How a write stands when its request is answered. A write that did not happen is an error.
#[derive(Debug, Clone, PartialEq)]
pub enum Written<T> {
    /// It happened now; its outcome is on disk.
    Fresh(T),
    /// The same request with the same key happened before: read the thing as it is now and answer that. The id is that of
    /// the result, or else that of the thing that was changed.
    Repeated(Option<NativeId>),
    /// It is under way, or nobody knows: 202 with `Location: /v1/operations/{id}` and this as the body.
    Pending(Box<Operation>),
}

/// The digest of what a request asks for: its route, the ids in its path, and its body in canonical form (for an upload:
/// `Content-Digest` and length). Each part is preceded by its length, so that no two requests share a digest by their seams.
pub fn digest(route: &str, ids: &[&str], body: &[u8]) -> Digest {
    let parts = std::iter::once(route.as_bytes()).chain(ids.iter().map(|id| id.as_bytes()));
    let mut octets = Vec::with_capacity(body.len() + 256);
    for part in parts.chain(std::iter::once(body)) {
        octets.extend_from_slice(&(part.len() as u64).to_be_bytes());
        octets.extend_from_slice(part);
    }
    Digest::of(&octets)
}

/// All writes to all systems. Cheap to clone.
#[derive(Clone)]
pub struct Writes {
    lasting: Arc<Lasting>,
    pace: Pace,
    systems: Arc<Systems>,
    policy: Arc<dyn Policy>,
    seals: Arc<Seals>,
}

/// What outlives a configuration.
struct Lasting {
    store: Store,
    /// Writes under way, also those whose callers are gone.
    running: TaskTracker,
    room: Arc<Semaphore>,
    /// Told when a write was left open, so that the reconciler need not ask all the time.
    left_open: Notify,
    /// As the reconciler counted them last.
    open: Mutex<Open>,
}

impl fmt::Debug for Writes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writes").field("running", &self.lasting.running.len()).finish_non_exhaustive()
    }
}

impl Writes {
    /// Records writes in this store and sends them to these systems.
    pub fn new(store: Store, systems: Arc<Systems>, policy: Arc<dyn Policy>, seals: Arc<Seals>) -> Self {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let running = TaskTracker::new();
        let lasting = Lasting { store, running, room, left_open: Notify::new(), open: Mutex::default() };
        Self { lasting: Arc::new(lasting), pace: Pace::default(), systems, policy, seals }
    }

    /// The same store and the same writes under way, under another configuration.
    #[must_use]
    pub fn over(&self, systems: Arc<Systems>, policy: Arc<dyn Policy>, seals: Arc<Seals>) -> Self {
        Self { lasting: Arc::clone(&self.lasting), pace: self.pace, systems, policy, seals }
    }

    /// With another patience than the default.
    #[must_use]
    pub fn paced(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The store, for what else is kept in it.
    pub fn store(&self) -> &Store {
        &self.lasting.store
    }

    /// How many writes are open, as the reconciler counted them last; none before its first round.
    pub fn open(&self) -> Open {
        *self.lasting.open.lock()
    }

    /// Carries a write out, once for each key: records it, makes the call in a task of its own, records how it ended.
    ///
    /// `call` gets the way to the system and a context with the marker and the adapter's own deadline, and gives the native
    /// id of what came of it (of the thing that was made; `None` where there is none) beside its result. It is called
    /// at most once. Check permissions, own claims, state and versions before: what is begun is on record.
    ///
    /// # Errors
    /// - [`ErrorKind::IdempotencyKeyReused`]; [`ErrorKind::InProgress`] with a time to come back.
    /// - [`ErrorKind::StoreFull`], [`ErrorKind::StoreUnavailable`]: it could not be recorded, so nothing was sent.
    /// - What the system refused it with, now or when the key was used first. Where nothing happened and trying again can
    ///   help, the key is free again. A failure of unknown outcome is no error but [`Written::Pending`].
    pub async fn run<T, C, F>(
        &self,
        context: &CallContext,
        request: WriteRequest,
        plan: Plan,
        call: C,
    ) -> Result<Written<T>, Error>
    where
        T: Send + 'static,
        C: FnOnce(Upstream, CallContext) -> F + Send + 'static,
        F: Future<Output = Result<(Option<NativeId>, T), Error>> + Send + 'static,
    {
        let system = self.systems.get(&plan.system).ok_or_else(|| gone(&plan))?;
        let mut span = context.span.child(SpanKind::Internal, format!("write {}", plan.operation.id));
        span.set(attr::SYSTEM, Arc::<str>::from(plan.system.as_str()));
        span.set(attr::OPERATION, plan.operation.id);
        run::run(self, system, context, span, request, plan, call).await
    }

    /// A write as the one who asked for it sees it, by its id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for what is not there, was pruned, or is somebody else's that no rule on `operations` lets
    /// the person read; errors of the store.
    pub async fn operation(&self, context: &CallContext, id: &str) -> Result<Operation, Error> {
        operation::read(self, context, id).await
    }

    /// Waits until every write under way is over, and no longer than this. Says how many are not; the reconciler finds
    /// them after the next start. Call it when no more requests come.
    pub async fn finish(&self, patience: Duration) -> usize {
        self.lasting.running.close();
        // How it ended shows in the count.
        let _ = tokio::time::timeout(patience, self.lasting.running.wait()).await;
        self.lasting.running.len()
    }
}

/// How long the call may take: the operation's own bound, whatever the caller's is.
fn bound(system: &System, operation: &OperationMeta) -> Option<Duration> {
    system.upstream.profile.operations.get(operation.id).map(|capability| capability.deadline)
}

fn gone(plan: &Plan) -> Error {
    let detail = "The system behind this is no longer configured.";
    Error::new(ErrorKind::NotFound, detail).with_call(&plan.system, plan.operation.id)
}

#[cfg(test)]
mod tests;
