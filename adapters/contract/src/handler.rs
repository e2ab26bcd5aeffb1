//! Implementing operations, and putting an adapter together.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use portico_schemas::{ChangeDetection, Classification};
use tower::Service;

use crate::certificate::PeerCertificate;
use crate::systems::CheckSystem;
use crate::{
    Call, CallContext, Capability, Error, ErrorKind, Operation, Output, Profile, Reconciliation, Reply,
    SystemKey,
};

/// An adapter's implementation of one operation. Write `async fn handle`; the compiler accepts it.
///
/// A handler makes one attempt and classifies its failure; retries, time-outs, breakers, limits, spans of the logical
/// call and error context come from the stack. It must stop when it is dropped.
pub trait Handler<O: Operation>: Send + Sync + 'static {
    /// Does it once.
    fn handle(
        &self,
        context: &CallContext,
        operation: &O,
    ) -> impl Future<Output = Result<O::Output, Error>> + Send;
}

type ReplyFuture = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>;
type Erased = Arc<dyn Fn(CallContext, Arc<dyn Any + Send + Sync>) -> ReplyFuture + Send + Sync>;

fn erase<A, O>(adapter: &Arc<A>) -> Erased
where
    A: Handler<O>,
    O: Operation,
{
    let adapter = Arc::clone(adapter);
    Arc::new(move |context, operation| {
        let adapter = Arc::clone(&adapter);
        Box::pin(async move {
            let Ok(operation) = operation.downcast::<O>() else {
                return Err(Error::new(
                    ErrorKind::Internal,
                    "The gateway mixed up two calls; please report this.",
                ));
            };
            adapter.handle(&context, &operation).await.map(Output::into_reply)
        })
    })
}

/// Puts an adapter together: what it is, and a handler for every operation that it claims. A claim without an
/// implementation does not compile, and neither does an adapter without a [`CheckSystem`].
pub struct AdapterBuilder<A> {
    adapter: Arc<A>,
    system: SystemKey,
    handlers: HashMap<&'static str, Erased>,
    profile: Profile,
    certificate: PeerCertificate,
}

impl<A: Handler<CheckSystem>> AdapterBuilder<A> {
    /// Starts with the facts that are true of most old systems: changes cannot be detected, ids are stable, writes cannot
    /// be reconciled, everything is internal.
    pub fn new(kind: &'static str, system: SystemKey, adapter: A) -> Self {
        let profile = Profile {
            adapter: kind,
            operations: BTreeMap::new(),
            change_detection: ChangeDetection::None,
            id_follows_path: false,
            reconciliation: Reconciliation::Cannot,
            classification: Classification::default(),
            uniform_facts: false,
            quirks: Vec::new(),
        };
        let certificate = PeerCertificate::default();
        let builder =
            Self { adapter: Arc::new(adapter), system, handlers: HashMap::new(), profile, certificate };
        builder.on::<CheckSystem>(Capability::default())
    }

    /// Claims an operation. Claiming one twice keeps the later capability.
    #[must_use]
    pub fn on<O: Operation>(mut self, capability: Capability) -> Self
    where
        A: Handler<O>,
    {
        self.handlers.insert(O::META.id, erase::<A, O>(&self.adapter));
        self.profile.operations.insert(O::META.id, Arc::new(capability));
        self
    }

    /// Says how changes made behind our back can be found.
    #[must_use]
    pub fn change_detection(mut self, how: ChangeDetection) -> Self {
        self.profile.change_detection = how;
        self
    }

    /// Says that the native id of a thing changes when it is moved or renamed.
    #[must_use]
    pub fn id_follows_path(mut self) -> Self {
        self.profile.id_follows_path = true;
        self
    }

    /// Says how a write of unknown outcome can be settled.
    #[must_use]
    pub fn reconciliation(mut self, how: Reconciliation) -> Self {
        self.profile.reconciliation = how;
        self
    }

    /// Says how sensitive a thing is when it does not say so itself.
    #[must_use]
    pub fn classification(mut self, classification: Classification) -> Self {
        self.profile.classification = classification;
        self
    }

    /// Says that no thing of this system has an owner, a unit or a classification of its own.
    #[must_use]
    pub fn uniform_facts(mut self) -> Self {
        self.profile.uniform_facts = true;
        self
    }

    /// Adds a sentence about a deviation that a front-end may notice.
    #[must_use]
    pub fn quirk(mut self, sentence: &'static str) -> Self {
        self.profile.quirks.push(sentence.into());
        self
    }

    /// Hands over where the wire client notes the certificate of the system, so that operators are warned in time.
    #[must_use]
    pub fn peer_certificate(mut self, seen: PeerCertificate) -> Self {
        self.certificate = seen;
        self
    }

    /// Finishes.
    pub fn build(self) -> Adapter {
        let Self { system, profile, handlers, certificate, .. } = self;
        Adapter { system, profile: Arc::new(profile), handlers: Arc::new(handlers), certificate }
    }
}

/// A finished adapter: the innermost service of a stack. Cheap to clone.
#[derive(Clone)]
pub struct Adapter {
    system: SystemKey,
    profile: Arc<Profile>,
    handlers: Arc<HashMap<&'static str, Erased>>,
    certificate: PeerCertificate,
}

impl Adapter {
    /// The configured key of the system.
    pub fn system(&self) -> &SystemKey {
        &self.system
    }

    /// What it says it can do.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// The certificate of the system, as it was seen last.
    pub fn peer_certificate(&self) -> &PeerCertificate {
        &self.certificate
    }
}

impl Service<Call> for Adapter {
    type Response = Reply;
    type Error = Error;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        match self.handlers.get(call.meta.id) {
            Some(handler) => handler(call.context, call.operation),
            None => Box::pin(std::future::ready(Err(Error::new(
                ErrorKind::Unsupported,
                "The system behind this resource cannot do that; see its entry under /v1/systems.",
            )))),
        }
    }
}
