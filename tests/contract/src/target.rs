//! What the suite has to know of a system beyond what its adapter says.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a hook comes to: a value, or why there is none.
pub type Hooked<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// Takes locks past the adapter, as a colleague with a native client would.
pub trait NativeLocks: Send + Sync {
    /// Locks a document, given by its path ([`portico_contract::documents::DocumentRecord::path`]). Gives what
    /// [`NativeLocks::unlock`] needs.
    fn lock<'a>(&'a self, path: &'a str) -> Hooked<'a, String>;

    /// Releases the lock.
    fn unlock<'a>(&'a self, path: &'a str, token: &'a str) -> Hooked<'a, ()>;
}

/// What the suite may expect of a system.
#[derive(Clone, Default)]
pub struct SuiteTarget {
    /// A way to lock natively; without it the checks about locks are not offered.
    pub locks: Option<Arc<dyn NativeLocks>>,
    /// Names that the system cannot hold, which its adapter documents. Asking for one must be refused.
    pub names_not_held: Vec<&'static str>,
    /// The system does not check a precondition and act in one step, so that of two writers at the same moment both may
    /// win. What one writer after the other expects is still checked.
    pub preconditions_can_race: bool,
    /// The system runs in a process of its own, so that the memory of this one tells how the adapter streams.
    pub separate_process: bool,
}

impl fmt::Debug for SuiteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuiteTarget").field("names_not_held", &self.names_not_held).finish_non_exhaustive()
    }
}
