//! A simulator: built, filled, and put behind a socket.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, header};
use jiff::Timestamp;
use parking_lot::Mutex;
use portico_simkit::http::{Body, ReadError, Server, full, read_capped};

use crate::answer::Refusal;
use crate::clock::Clock;
use crate::content::Content;
use crate::exchange::{Exchange, State, bad_path};
use crate::flavour::{Flavour, TagRule};
use crate::lock::Locks;
use crate::path::Path;
use crate::tree::{Kind, Limits, Tree};

/// Octets of a request body that is not content.
const MAX_XML: usize = 1 << 20;
/// How old a file has to be for its tag to be strong at Apache: one second, as measured against 2.4.71.
const WEAK_WINDOW: Duration = Duration::from_secs(1);

/// What a simulator is to be like.
#[derive(Debug, Clone)]
pub struct Builder {
    flavour: Flavour,
    credentials: Option<String>,
    read_only: bool,
    conditional: bool,
    weak_window: Duration,
    limits: Limits,
    clock: Clock,
    files: Vec<(String, Content, Timestamp)>,
}

impl Builder {
    /// Requires Basic authentication (RFC 7617) with these; without it, everybody is let in.
    #[must_use]
    pub fn credentials(mut self, username: &str, password: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        self.credentials = Some(format!("Basic {pair}"));
        self
    }

    /// Refuses every change with 403.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Ignores `If-Match`, `If-None-Match` and entity tags in `If`, as some servers do. Locks still hold.
    #[must_use]
    pub fn ignores_preconditions(mut self) -> Self {
        self.conditional = false;
        self
    }

    /// How long after a change a tag stays weak; only [`Flavour::Apache`] has weak tags. One second unless said.
    #[must_use]
    pub fn weak_window(mut self, window: Duration) -> Self {
        self.weak_window = window;
        self
    }

    /// Bounds on what is kept.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Starts with a file in the tree, `/`-separated, with the folders around it.
    #[must_use]
    pub fn file(mut self, path: &str, content: Content, modified: Timestamp) -> Self {
        self.files.push((path.to_owned(), content, modified));
        self
    }

    /// Builds the simulator without a socket. Files beyond the limits are left out.
    pub fn build(self) -> Simulator {
        let now = self.clock.now();
        let state = State { tree: Tree::new(now, self.limits), locks: Locks::default() };
        let simulator = Simulator(Arc::new(Inner {
            flavour: self.flavour,
            credentials: self.credentials,
            read_only: self.read_only,
            conditional: self.conditional,
            rule: TagRule { flavour: self.flavour, weak_window: self.weak_window },
            limits: self.limits,
            clock: self.clock,
            state: Mutex::new(state),
        }));
        for (path, content, modified) in self.files {
            simulator.put(&path, content, modified);
        }
        simulator
    }

    /// Builds the simulator and serves it on `addr`; port 0 takes a free one.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(self, addr: SocketAddr) -> io::Result<Running> {
        self.build().start(addr).await
    }
}

/// A tree that answers requests. Cheap to clone; clones share the tree.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    flavour: Flavour,
    credentials: Option<String>,
    read_only: bool,
    conditional: bool,
    rule: TagRule,
    limits: Limits,
    clock: Clock,
    state: Mutex<State>,
}

impl Simulator {
    /// A simulator that stands for a product.
    pub fn builder(flavour: Flavour) -> Builder {
        Builder {
            flavour,
            credentials: None,
            read_only: false,
            conditional: true,
            weak_window: WEAK_WINDOW,
            limits: Limits::default(),
            clock: Clock::system(),
            files: Vec::new(),
        }
    }

    /// Puts a file into the tree, `/`-separated, with the folders around it, as if somebody had written it then.
    /// `false` when the limits are reached or the path leads through a file.
    pub fn put(&self, path: &str, content: Content, modified: Timestamp) -> bool {
        let names = path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let path = Path { names, slash: false };
        self.0.state.lock().tree.seed(&path, Kind::File(content), modified).is_ok()
    }

    /// Files and folders, the root included.
    pub fn items(&self) -> usize {
        self.0.state.lock().tree.items()
    }

    /// Serves the tree on `addr`; port 0 takes a free one.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(self, addr: SocketAddr) -> io::Result<Running> {
        let simulator = self.clone();
        let server = Server::start(addr, move |request| {
            let simulator = simulator.clone();
            async move { simulator.serve(request).await }
        })
        .await?;
        Ok(Running { base_url: server.url(), addr: server.addr(), simulator: self, server })
    }

    async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        // Credentials first: nobody else gets to send content.
        if let Err(refusal) = self.admit(&parts) {
            return self.finish(&parts, Err(refusal)).map(full);
        }
        let content = crate::method::carries_content(parts.method.as_str());
        let cap = if content { self.0.limits.body } else { MAX_XML };
        let response = match read_capped(body, cap).await {
            Ok(body) => self.handle(&parts, body),
            Err(ReadError::TooLarge(_)) => {
                let mut response = self.finish(&parts, Err(Refusal::TooLarge));
                // The rest of the body stays unread, so the connection cannot be used again.
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                response
            }
            Err(ReadError::Broken(_)) => {
                self.finish(&parts, Err(Refusal::BadRequest("The body broke off.".into())))
            }
        };
        response.map(full)
    }

    /// Answers one request. The whole exchange happens at one instant: no other request comes between its checks and
    /// its effect.
    pub fn handle(&self, parts: &Parts, body: Bytes) -> Response<Bytes> {
        let outcome = self.admit(parts).and_then(|()| self.run(parts, body));
        self.finish(parts, outcome)
    }

    fn admit(&self, parts: &Parts) -> Result<(), Refusal> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match &self.0.credentials {
            Some(required) if given != Some(required) => Err(Refusal::NotSignedIn),
            _ if self.0.read_only && crate::method::writes(parts.method.as_str()) => Err(Refusal::Forbidden),
            _ => Ok(()),
        }
    }

    fn run(&self, parts: &Parts, body: Bytes) -> Result<Response<Bytes>, Refusal> {
        let inner = &*self.0;
        let raw_path = parts.uri.path();
        let path = Path::parse(raw_path).map_err(|bad| bad_path(bad, inner.flavour))?;
        let mut exchange = Exchange {
            flavour: inner.flavour,
            rule: inner.rule,
            now: inner.clock.now(),
            conditional: inner.conditional,
            method: &parts.method,
            path,
            headers: &parts.headers,
            body,
            origin: origin(parts),
            state: &mut inner.state.lock(),
        };
        crate::method::run(&mut exchange)
    }

    fn finish(&self, parts: &Parts, outcome: Result<Response<Bytes>, Refusal>) -> Response<Bytes> {
        let inner = &*self.0;
        let refuse = |refusal| inner.flavour.refuse(&refusal, inner.clock.now(), &origin(parts));
        let mut response = outcome.unwrap_or_else(refuse);
        response.headers_mut().insert(header::SERVER, HeaderValue::from_static(inner.flavour.server()));
        response
    }
}

fn origin(parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("flavour", &self.0.flavour).finish_non_exhaustive()
    }
}

/// A simulator behind a socket. It stops when told to, or at once when dropped.
#[derive(Debug)]
pub struct Running {
    /// `http://address`, without a slash at the end.
    pub base_url: String,
    /// Where it listens.
    pub addr: SocketAddr,
    /// The tree, to look at and to fill.
    pub simulator: Simulator,
    server: Server,
}

impl Running {
    /// Stops: lets requests in flight end for a moment, then cuts what is left.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

#[cfg(test)]
mod tests;
