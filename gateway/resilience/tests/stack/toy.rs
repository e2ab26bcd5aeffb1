//! A toy system that does what a test tells it, counts, and stands behind a real stack.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use parking_lot::Mutex;
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{
    AdapterBuilder, Awaited, ByteStream, CallContext, Capability, Effect, Error, Handler, Operation,
    OperationMeta, Streamed, Streaming, SystemKey, Upstream,
};
use portico_resilience::{CallFacts, Health, Observer, SystemLimits, stack};
use portico_schemas::ResourceType;

macro_rules! operation {
    ($(#[$doc:meta])* $type:ident -> $output:ty, $id:literal, $effect:ident, $streaming:ident, $awaited:ident) => {
        $(#[$doc])*
        pub struct $type;

        impl Operation for $type {
            type Output = $output;
            const META: OperationMeta = OperationMeta {
                id: $id,
                resource: ResourceType::Document,
                effect: Effect::$effect,
                streaming: Streaming::$streaming,
                awaited: Awaited::$awaited,
            };
        }
    };
}

operation!(Get -> (), "toys get", Read, None, ByCaller);
operation!(Create -> (), "toys create", Write, None, ByCaller);
operation!(
    /// The toy never looks at the body; the stack cannot either.
    Put -> (), "toys put", Write, Request, ByCaller
);
operation!(Download -> Streamed<()>, "toys download", Read, Reply, ByCaller);
operation!(Changes -> (), "toys changes", Read, None, ByNobody);

/// What the system does with one attempt.
pub enum Does {
    Answer,
    Fail(Error),
    AnswerAfter(Duration),
    Hang,
    Panic,
}

type Script = dyn Fn(usize, &CallContext) -> Does + Send + Sync;
type Body = dyn Fn() -> ByteStream + Send + Sync;

/// Counts of what reached the system.
pub struct System {
    script: Mutex<Arc<Script>>,
    body: Mutex<Arc<Body>>,
    pub attempts: AtomicUsize,
    running: AtomicUsize,
    pub peak: AtomicUsize,
}

impl System {
    pub fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }

    pub fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    /// From now on.
    pub fn does(&self, script: impl Fn(usize, &CallContext) -> Does + Send + Sync + 'static) {
        *self.script.lock() = Arc::new(script);
    }

    pub fn gives(&self, body: impl Fn() -> ByteStream + Send + Sync + 'static) {
        *self.body.lock() = Arc::new(body);
    }

    fn attempt(
        self: Arc<Self>,
        context: &CallContext,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let nth = self.attempts.fetch_add(1, Ordering::SeqCst) + 1;
        let script = self.script.lock().clone();
        let does = script(nth, context);
        let running = Running::new(self);
        async move {
            let _running = running;
            match does {
                Does::Answer => Ok(()),
                Does::Fail(error) => Err(error),
                Does::AnswerAfter(time) => {
                    tokio::time::sleep(time).await;
                    Ok(())
                }
                Does::Hang => std::future::pending().await,
                Does::Panic => panic!("the toy breaks"),
            }
        }
    }
}

struct Running(Arc<System>);

impl Running {
    fn new(system: Arc<System>) -> Self {
        let now = system.running.fetch_add(1, Ordering::SeqCst) + 1;
        system.peak.fetch_max(now, Ordering::SeqCst);
        Self(system)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Toy(Arc<System>);

impl Handler<CheckSystem> for Toy {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

impl Handler<Get> for Toy {
    // Not `async fn`, so that a script that panics does so before there is a future.
    fn handle(&self, context: &CallContext, _: &Get) -> impl Future<Output = Result<(), Error>> + Send {
        Arc::clone(&self.0).attempt(context)
    }
}

impl Handler<Changes> for Toy {
    async fn handle(&self, context: &CallContext, _: &Changes) -> Result<(), Error> {
        Arc::clone(&self.0).attempt(context).await
    }
}

impl Handler<Create> for Toy {
    async fn handle(&self, context: &CallContext, _: &Create) -> Result<(), Error> {
        Arc::clone(&self.0).attempt(context).await
    }
}

impl Handler<Put> for Toy {
    async fn handle(&self, context: &CallContext, _: &Put) -> Result<(), Error> {
        Arc::clone(&self.0).attempt(context).await
    }
}

impl Handler<Download> for Toy {
    async fn handle(&self, context: &CallContext, _: &Download) -> Result<Streamed<()>, Error> {
        Arc::clone(&self.0).attempt(context).await?;
        let body = self.0.body.lock().clone();
        Ok(Streamed { head: (), body: body() })
    }
}

/// Keeps every fact.
#[derive(Default)]
pub struct Notebook(Mutex<Vec<CallFacts>>);

impl Notebook {
    pub fn all(&self) -> Vec<CallFacts> {
        self.0.lock().clone()
    }

    pub fn last(&self) -> CallFacts {
        self.0.lock().last().cloned().expect("a call was reported")
    }
}

impl Observer for Notebook {
    fn finished(&self, facts: &CallFacts) {
        self.0.lock().push(facts.clone());
    }
}

/// A toy system behind a stack.
#[derive(Clone)]
pub struct House {
    pub system: Arc<System>,
    pub health: Arc<Health>,
    pub notebook: Arc<Notebook>,
    upstream: Upstream,
}

pub type Got = Result<(), Error>;

impl House {
    pub fn new(limits: &SystemLimits) -> Self {
        Self::with(limits, Capability::default())
    }

    pub fn with(limits: &SystemLimits, capability: Capability) -> Self {
        let key = SystemKey::new("toy").unwrap();
        let system = Arc::new(System {
            script: Mutex::new(Arc::new(|_, _| Does::Answer)),
            body: Mutex::new(Arc::new(|| ByteStream::once("body"))),
            attempts: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        });
        let adapter = AdapterBuilder::new("toy", key.clone(), Toy(Arc::clone(&system)))
            .on::<Get>(capability.clone())
            .on::<Changes>(capability.clone())
            .on::<Create>(capability.clone())
            .on::<Put>(capability.clone())
            .on::<Download>(capability)
            .build();
        let profile = adapter.profile().clone();
        let notebook = Arc::new(Notebook::default());
        let observer: Arc<dyn Observer> = notebook.clone();
        let (service, health) = stack(adapter, &limits.validate().unwrap(), observer);
        Self { system, health, notebook, upstream: Upstream::new(key, profile, service) }
    }

    pub async fn call<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.call_in(context(Duration::from_secs(60)), operation).await
    }

    pub async fn call_in<O: Operation>(
        &self,
        context: CallContext,
        operation: O,
    ) -> Result<O::Output, Error> {
        self.upstream.call(context, operation).await
    }

    pub async fn get(&self) -> Got {
        self.call(Get).await
    }

    pub async fn create(&self) -> Got {
        self.call(Create).await
    }

    pub async fn upload(&self) -> Got {
        self.call(Put).await
    }

    pub async fn download(&self) -> Result<Streamed<()>, Error> {
        self.call(Download).await
    }

    /// Starts reads that nobody waits for, and lets them run until they wait.
    pub async fn start(&self, count: usize) -> Vec<tokio::task::JoinHandle<Got>> {
        let calls = (0..count).map(|_| {
            let house = self.clone();
            tokio::spawn(async move { house.get().await })
        });
        let calls = calls.collect();
        settle().await;
        calls
    }
}

/// Lets every task run until all of them wait. The clock stands still meanwhile.
pub async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

pub fn context(deadline: Duration) -> CallContext {
    CallContext::internal("test", deadline)
}

/// A body of pieces, each after a pause.
pub fn pieces(pause: Duration, size: usize, count: usize) -> ByteStream {
    ByteStream::new(futures_util::stream::iter(0..count).then(move |_| {
        let pause: Pin<Box<dyn Future<Output = ()> + Send>> = match pause {
            Duration::ZERO => Box::pin(std::future::ready(())),
            pause => Box::pin(tokio::time::sleep(pause)),
        };
        async move {
            pause.await;
            Ok(vec![b'x'; size].into())
        }
    }))
}
