//! One erased call and its erased reply: all that a layer ever sees.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use parking_lot::Mutex;
use tower::{Service, ServiceExt};

use crate::{
    ByteStream, CallContext, Capability, Error, ErrorKind, Operation, OperationMeta, Output, SystemKey,
};

/// One use of an operation. Cheap to clone: an attempt that is made again shares the operation.
#[derive(Clone)]
pub struct Call {
    /// Who asks, by when, under which ids.
    pub context: CallContext,
    /// The fixed facts of the operation.
    pub meta: &'static OperationMeta,
    /// What the adapter says it can do with the operation; `None` when it does not claim it.
    pub capability: Option<Arc<Capability>>,
    pub(crate) operation: Arc<dyn Any + Send + Sync>,
}

impl Call {
    /// Erases an operation.
    pub fn new<O: Operation>(context: CallContext, operation: O) -> Self {
        Self { context, meta: &O::META, capability: None, operation: Arc::new(operation) }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &self.meta.id).field("context", &self.context).finish()
    }
}

/// The erased result of a call. A body, where there is one, stands beside the value so that layers can wrap it.
pub struct Reply {
    value: Box<dyn Any + Send>,
    body: Option<ByteStream>,
}

impl Reply {
    /// Erases a value without a body.
    pub fn of<T: Send + 'static>(value: T) -> Self {
        Self { value: Box::new(value), body: None }
    }

    /// Erases a value with a body.
    pub fn streaming<T: Send + 'static>(value: T, body: ByteStream) -> Self {
        Self { value: Box::new(value), body: Some(body) }
    }

    /// Whether a body follows.
    pub fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// Wraps the body, if there is one: for limits, permits and spans that have to live until it ends.
    #[must_use]
    pub fn map_body(mut self, wrap: impl FnOnce(ByteStream) -> ByteStream) -> Self {
        self.body = self.body.map(wrap);
        self
    }

    pub(crate) fn take<T: 'static>(self) -> Option<T> {
        self.value.downcast().ok().map(|value| *value)
    }

    pub(crate) fn take_streaming<T: 'static>(self) -> Option<(T, ByteStream)> {
        let value = self.value.downcast().ok()?;
        Some((*value, self.body?))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("has_body", &self.has_body()).finish_non_exhaustive()
    }
}

/// A stack over one adapter, boxed once. Clone it per call; the state of its layers is shared.
pub type CallService = tower::util::BoxCloneSyncService<Call, Reply, Error>;

/// One system as the composition sees it: who it is, what it can do, and the way to it.
#[derive(Clone)]
pub struct Upstream {
    /// The configured key.
    pub system: SystemKey,
    /// What it can do.
    pub profile: Arc<crate::Profile>,
    service: CallService,
    /// A clone at hand, because cloning the stack costs every call. Never waited for; whoever finds it taken clones.
    ready: Arc<Mutex<CallService>>,
}

impl Upstream {
    /// Puts a finished stack behind its key and profile.
    pub fn new(system: SystemKey, profile: Arc<crate::Profile>, service: CallService) -> Self {
        let ready = Arc::new(Mutex::new(service.clone()));
        Self { system, profile, service, ready }
    }

    /// Runs a typed operation through the erased stack. The only place where a reply gets its type back.
    ///
    /// # Errors
    /// Whatever the stack or the adapter answers; [`ErrorKind::Unsupported`] when the adapter does not claim it.
    pub async fn call<O: Operation>(&self, context: CallContext, operation: O) -> Result<O::Output, Error> {
        let mut call = Call::new(context, operation);
        call.capability = self.profile.operations.get(O::META.id).cloned();
        let reply = self.start(call).await?.await?;
        O::Output::from_reply(reply).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "The gateway mixed up two replies; please report this.")
                .with_call(&self.system, O::META.id)
        })
    }

    /// Puts a call on its way. A stack is ready at once, unless somebody built one that is not.
    async fn start(&self, call: Call) -> Result<<CallService as Service<Call>>::Future, Error> {
        if let Some(mut service) = self.ready.try_lock()
            && let Some(ready) = service.ready().now_or_never()
        {
            return Ok(ready?.call(call));
        }
        let mut service = self.service.clone();
        Ok(service.ready().await?.call(call))
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("system", &self.system).finish_non_exhaustive()
    }
}
