//! The client against servers and a proxy that misbehave on purpose.

mod bodies;
mod connections;
mod faults;
mod security;
mod spans;

use std::time::Duration;

use bytes::Bytes;
use http::Response as Answer;
use portico_contract::{CallContext, Error};
use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::http::{Body, Server, full, read_capped};

use super::{Base, Client, Limits, Request, Response, Trust, Verb};

const SOON: Duration = Duration::from_secs(5);

fn context() -> CallContext {
    CallContext::internal("test", Duration::from_secs(10))
}

fn client(url: &str, limits: Limits) -> Client {
    let base = Base::parse(url).expect("an address");
    Client::new(base, &Trust::Public, None, limits).expect("a client")
}

/// Impatient, so that tests of waiting are short.
fn impatient() -> Limits {
    Limits {
        connect_timeout: Duration::from_millis(300),
        head_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
        ..Limits::default()
    }
}

/// Answers with what was sent; `/big` with 1 MiB; `/status/N` with that status.
async fn echo() -> Server {
    let server = Server::loopback(|request: http::Request<Body>| async move {
        let path = request.uri().path().to_owned();
        if path == "/big" {
            return Answer::new(full(vec![b'x'; 1 << 20]));
        }
        let status = path.strip_prefix("/status/").and_then(|code| code.parse().ok()).unwrap_or(200);
        let body = read_capped(request.into_body(), 1 << 24).await.unwrap_or_default();
        let answer = Answer::builder().status(status).header("location", "http://127.0.0.1:9/elsewhere");
        answer.body(full(body)).expect("an answer")
    });
    server.await.expect("a free port")
}

struct Lab {
    _server: Server,
    proxy: FaultProxy,
    client: Client,
}

impl Lab {
    async fn new(limits: Limits) -> Self {
        let server = echo().await;
        let proxy = FaultProxy::start(server.addr()).await.expect("a free port");
        let client = client(&proxy.url(), limits);
        Self { _server: server, proxy, client }
    }

    async fn send(&self, verb: Verb, path: &str, body: &str) -> Result<Response, Error> {
        let request = Request::new(verb, path);
        let request = if body.is_empty() { request } else { request.bytes("text/plain", body.to_owned()) };
        self.client.send(&context(), request).await
    }

    async fn whole(&self, verb: Verb, path: &str, body: &str) -> Result<Bytes, Error> {
        self.send(verb, path, body).await?.collect(1 << 21).await
    }

    async fn fault(&self, fault: Fault) {
        self.proxy.set(fault).await;
    }
}
