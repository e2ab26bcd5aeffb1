//! What a sick server, or a sick network before it, does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is done, and answered after a while.
    Delay(Duration),
    /// It waits before it is done, as behind a lock, and is answered then. It is done although the client goes away.
    SlowCommit(Duration),
    /// It is read, nothing is done, and no answer comes until the client goes away.
    Hang,
    /// The connection ends; nothing was done.
    DropBefore,
    /// The connection ends at once, and what was asked for is done this long *after* that.
    DropDuring(Duration),
    /// The connection ends after everything was done.
    DropAfter,
    /// It is done, and the answer ends after this many octets of its body.
    Truncate(usize),
    /// It is done, and the answer is octets that are neither XML nor JSON, with status 200.
    Garbage,
    /// A proxy answers 502 with a page in HTML; nothing was done.
    BadGateway,
    /// A proxy answers 504 with a page in HTML although everything was done.
    GatewayTimeout,
    /// A proxy answers 429, with `Retry-After` in seconds where given; nothing was done.
    TooManyRequests(Option<u32>),
    /// PostgreSQL could not serialise the transaction after five attempts: fault 1 with a traceback; nothing was done.
    SerializationFailure,
}

/// Which calls a [`Fault`] happens to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct On {
    model: Option<String>,
    method: Option<String>,
}

impl On {
    /// All calls, logins included.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Logins: `authenticate` and `login` of the service `common`.
    pub fn login() -> Self {
        Self { model: Some("common".to_owned()), method: None }
    }

    /// All methods of a model.
    pub fn model(model: &str) -> Self {
        Self { model: Some(model.to_owned()), method: None }
    }

    /// One method of a model.
    pub fn method(model: &str, method: &str) -> Self {
        Self { model: Some(model.to_owned()), method: Some(method.to_owned()) }
    }

    pub(crate) fn is(&self, model: &str, method: &str) -> bool {
        self.model.as_deref().is_none_or(|wanted| wanted == model)
            && self.method.as_deref().is_none_or(|wanted| wanted == method)
    }
}

#[derive(Debug)]
struct State {
    on: On,
    fault: Fault,
    skip: AtomicUsize,
    left: AtomicUsize,
    met: AtomicUsize,
}

/// A fault that was injected. It stays after this is dropped.
#[derive(Debug, Clone)]
pub struct Injected(Arc<State>);

impl Injected {
    /// Only so many calls meet it; without this, all do.
    pub fn times(&self, times: usize) -> &Self {
        self.0.left.store(times, Ordering::SeqCst);
        self
    }

    /// So many calls pass before the first that meets it.
    pub fn skip(&self, calls: usize) -> &Self {
        self.0.skip.store(calls, Ordering::SeqCst);
        self
    }

    /// How many calls met it.
    pub fn met(&self) -> usize {
        self.0.met.load(Ordering::SeqCst)
    }
}

/// All faults that are injected now.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Arc<State>>>);

impl Faults {
    pub fn add(&self, on: On, fault: Fault) -> Injected {
        let state = State {
            on,
            fault,
            skip: AtomicUsize::new(0),
            left: AtomicUsize::new(usize::MAX),
            met: AtomicUsize::new(0),
        };
        let state = Arc::new(state);
        self.0.lock().push(Arc::clone(&state));
        Injected(state)
    }

    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// The fault that a call meets, the first that was injected.
    pub fn meet(&self, model: &str, method: &str) -> Option<Fault> {
        let faults = self.0.lock();
        faults.iter().find_map(|state| {
            // The lock makes the steps one: no two calls count at the same time.
            if !state.on.is(model, method) || state.left.load(Ordering::SeqCst) == 0 {
                return None;
            }
            if state.skip.load(Ordering::SeqCst) > 0 {
                state.skip.fetch_sub(1, Ordering::SeqCst);
                return None;
            }
            state.left.fetch_sub(1, Ordering::SeqCst);
            state.met.fetch_add(1, Ordering::SeqCst);
            Some(state.fault.clone())
        })
    }
}

/// What a proxy shows people.
pub(crate) fn page(status: u16, reason: &str) -> String {
    format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}
