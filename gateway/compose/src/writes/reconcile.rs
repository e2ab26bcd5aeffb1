//! Settling what was left open: after a crash, or when an answer was lost.

mod by_marker;
mod settle;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use parking_lot::Mutex;
use portico_contract::trace::Span;
use portico_contract::{CallContext, Error, NativeId, SystemKey};
use portico_store::{Intent, IntentId, IntentQuery, IntentState, StoreError};
use tokio::time::Instant;

use super::Writes;
use crate::systems::System;

pub(super) use settle::events;

/// Open writes that one round takes.
const BATCH: u32 = 64;
/// Of these, looked for at once: a system that hangs holds up few others.
const AT_ONCE: usize = 8;
/// Writes that were seen open and that this process remembers since when.
const REMEMBERED: usize = 10_000;
/// How old a count may be while nothing is due.
const COUNT_EVERY: Duration = Duration::from_secs(15);
/// Pages of open writes that are counted.
const COUNTED_PAGES: usize = 10;

/// What reading the source back showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It happened. The native id of what came of it, where there is one.
    Happened(Option<NativeId>),
    /// It is not there now. Believed only once the call has been over for longer than it could have taken.
    DidNotHappen,
    /// The source does not show it: a person has to look.
    CannotTell,
}

/// One look at one open write.
#[derive(Debug)]
pub struct Look<'a> {
    /// For calls to the system; in the gateway's own name.
    pub context: CallContext,
    /// The system that was written to.
    pub system: &'a System,
    /// What was to happen: `target.native_id` and `expected` are those of the [`super::Plan`].
    pub intent: &'a Intent,
}

/// Recognises by reading whether writes of some operations happened. Without one, a write that makes something is looked
/// for by its marker where the profile says so, and everything else waits for a person.
pub trait ReadBack: Send + Sync + 'static {
    /// Ids of the operations that it is for: `&[SubmitExpenseReport::META.id]`.
    fn operations(&self) -> &'static [&'static str];

    /// Looks. Changes nothing. An error means that the source could not be asked now, and is looked at again.
    fn look<'a>(&'a self, look: Look<'a>) -> BoxFuture<'a, Result<Verdict, Error>>;
}

/// How patient the reconciler is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Over an operation's own bound before a call that does not keep it is given up. Twice as much again may pass until its
    /// outcome is on disk; then it is looked for.
    pub grace: Duration,
    /// Until the first look at a write whose answer was lost. Doubles from look to look.
    pub first_look: Duration,
    /// The longest pause between two looks.
    pub longest_pause: Duration,
    /// Over the operation's own bound before what is not there is believed not to have happened: a system may finish after
    /// its connection is gone.
    pub settling: Duration,
    /// How often open writes are asked for while there are some.
    pub every: Duration,
    /// The same while none is known.
    pub idle: Duration,
    /// How long one look may take.
    pub look: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(2),
            first_look: Duration::from_secs(2),
            longest_pause: Duration::from_secs(15 * 60),
            settling: Duration::from_secs(30),
            every: Duration::from_secs(2),
            idle: Duration::from_secs(30),
            look: Duration::from_secs(10),
        }
    }
}

/// How many writes are open, as last counted: at most 10,000 of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Open {
    /// On record, perhaps sent.
    pub accepted: u64,
    /// Sent.
    pub sent: u64,
    /// Nobody knows.
    pub unknown: u64,
    /// Since when the oldest of these is on record, by the wall clock.
    pub oldest_unknown: Option<Timestamp>,
}

impl Open {
    fn total(&self) -> u64 {
        self.accepted + self.sent + self.unknown
    }
}

/// Looks at open writes until each is settled, or in front of a person.
pub struct Reconciler {
    writes: Writes,
    read_backs: HashMap<&'static str, Arc<dyn ReadBack>>,
    /// Since when this process knows an open write, on the monotonic clock.
    seen: Mutex<HashMap<IntentId, Instant>>,
    /// When open writes were counted last.
    counted: Mutex<Option<Instant>>,
}

impl fmt::Debug for Reconciler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciler").field("writes", &self.writes).finish_non_exhaustive()
    }
}

impl Reconciler {
    /// Over these writes. Of two that are for one operation, the later one counts.
    pub fn new(writes: Writes, read_backs: Vec<Arc<dyn ReadBack>>) -> Self {
        let mut by_operation: HashMap<&'static str, Arc<dyn ReadBack>> = HashMap::new();
        for read_back in read_backs {
            for operation in read_back.operations() {
                by_operation.insert(operation, Arc::clone(&read_back));
            }
        }
        Self { writes, read_backs: by_operation, seen: Mutex::default(), counted: Mutex::default() }
    }

    /// Looks again and again until `shutdown` is ready. `context` makes the span and the context of one look at a system.
    /// Several may run over one store: each open write is in one hand at a time.
    pub async fn keep(
        self,
        context: impl Fn(&SystemKey, Duration) -> (Span, CallContext) + Send + Sync,
        shutdown: impl Future<Output = ()>,
    ) {
        let mut shutdown = pin!(shutdown);
        loop {
            let pace = self.writes.pace;
            let pause = match self.round(&context).await {
                Ok(open) if open.total() > 0 => pace.every,
                Ok(_) => pace.idle,
                Err(error) => {
                    // Once: the store says more often itself.
                    tracing::debug!(%error, "open writes cannot be read now");
                    pace.idle.min(Duration::from_secs(5))
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.writes.lasting.left_open.notified() => tokio::time::sleep(pace.first_look).await,
                () = &mut shutdown => return,
            }
        }
    }

    /// One round: looks at every write that is due, then counts what is still open.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn round(
        &self,
        context: &(impl Fn(&SystemKey, Duration) -> (Span, CallContext) + Sync),
    ) -> Result<Open, StoreError> {
        // In one hand for longer than a look and its settlement take.
        let lease = self.writes.pace.look * 3;
        let due = self.writes.store().due(BATCH, lease).await?;
        futures_util::stream::iter(&due)
            .for_each_concurrent(AT_ONCE, |intent| async move {
                if let Err(error) = self.look(intent, context).await {
                    tracing::warn!(intent = %intent.id, %error, "what is known of a write cannot be recorded now");
                }
            })
            .await;
        let fresh = self.counted.lock().is_some_and(|counted| counted.elapsed() < COUNT_EVERY);
        if !due.is_empty() || !fresh {
            let open = self.count().await?;
            *self.writes.lasting.open.lock() = open;
            *self.counted.lock() = Some(Instant::now());
        }
        Ok(self.writes.open())
    }

    async fn look(
        &self,
        intent: &Intent,
        context: &(impl Fn(&SystemKey, Duration) -> (Span, CallContext) + Sync),
    ) -> Result<(), StoreError> {
        let key = SystemKey::new(&intent.target.system);
        let Some(system) = key.and_then(|key| self.writes.systems.get(&key)) else {
            // Taken out of the configuration: only a person can tell.
            return self.leave_open(intent, self.writes.pace.longest_pause).await;
        };
        let (span, context) = context(system.key(), self.writes.pace.look);
        let verdict =
            tokio::time::timeout(self.writes.pace.look, self.verdict(system, intent, context)).await;
        drop(span);
        match verdict {
            Ok(Ok(Verdict::Happened(native))) => self.confirm(intent, native).await,
            Ok(Ok(Verdict::DidNotHappen)) => match self.until_believed(system, intent) {
                None => self.refuse(intent).await,
                Some(left) => self.leave_open(intent, left.min(self.pause(intent.looks))).await,
            },
            Ok(Ok(Verdict::CannotTell)) => self.leave_open(intent, self.pause(intent.looks)).await,
            Ok(Err(error)) => {
                tracing::debug!(intent = %intent.id, %error, "a system cannot be asked about a write now");
                self.leave_open(intent, self.pause(intent.looks)).await
            }
            Err(_) => self.leave_open(intent, self.pause(intent.looks)).await,
        }
    }

    async fn verdict(
        &self,
        system: &System,
        intent: &Intent,
        context: CallContext,
    ) -> Result<Verdict, Error> {
        match self.read_backs.get(intent.target.action.as_str()) {
            Some(read_back) => read_back.look(Look { context, system, intent }).await,
            None => by_marker::look(Look { context, system, intent }).await,
        }
    }

    /// How long until "it is not there" is believed; `None` when it is.
    fn until_believed(&self, system: &System, intent: &Intent) -> Option<Duration> {
        let operations = &system.upstream.profile.operations;
        let longest = operations.get(intent.target.action.as_str());
        let longest = longest.map(|capability| capability.deadline.max(capability.attempt_timeout));
        let needed = longest.unwrap_or(Duration::from_secs(60)) + self.writes.pace.settling;
        let since = {
            let mut seen = self.seen.lock();
            if seen.len() >= REMEMBERED && !seen.contains_key(&intent.id) {
                // They are looked at again, and remembered then.
                seen.clear();
            }
            *seen.entry(intent.id).or_insert_with(Instant::now)
        };
        Some(needed.saturating_sub(since.elapsed())).filter(|left| !left.is_zero())
    }

    /// Doubles from look to look, with jitter, so that a system that comes back is not asked everything at once.
    fn pause(&self, looks: u32) -> Duration {
        let pace = &self.writes.pace;
        let doubled = pace.first_look.saturating_mul(1 << looks.min(16)).min(pace.longest_pause);
        doubled.mul_f64(0.5 + rand::random::<f64>() / 2.0)
    }

    async fn count(&self) -> Result<Open, StoreError> {
        let (accepted, _) = self.count_of(IntentState::Accepted).await?;
        let (sent, _) = self.count_of(IntentState::Sent).await?;
        let (unknown, oldest_unknown) = self.count_of(IntentState::Unknown).await?;
        Ok(Open { accepted, sent, unknown, oldest_unknown })
    }

    async fn count_of(&self, state: IntentState) -> Result<(u64, Option<Timestamp>), StoreError> {
        let limit = portico_store::bounds::PAGE;
        let mut query = IntentQuery { state: Some(state), limit, ..IntentQuery::default() };
        let (mut count, mut oldest) = (0, None);
        for _ in 0..COUNTED_PAGES {
            let page = self.writes.store().intents(&query).await?;
            count += page.items.len() as u64;
            let last = page.items.last();
            oldest = last.map(|intent| intent.created).or(oldest);
            query.after = last.map(|intent| intent.id);
            if !page.more {
                break;
            }
        }
        Ok((count, oldest))
    }
}
