//! The routes: `odoo/addons/base/controllers/rpc.py`, and `addons/web/controllers`.

mod json;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use parking_lot::Mutex;
use portico_simkit::http::{Body, full, hang_up, read_capped, stream};

use crate::action::attachment;
use crate::database::Database;
use crate::error::Error;
use crate::fault::{Fault, Faults, page};
use crate::orm::{Env, Who, access};
use crate::service::{self, Call};
use crate::sim::Options;
use crate::wire::xmlrpc;

/// `DEFAULT_MAX_CONTENT_LENGTH` of `odoo/http.py`.
const MAX_BODY: usize = 128 << 20;
/// Sessions, and methods that are counted, at the same time; beyond that both begin anew.
pub(super) const MAX_KEPT: usize = 10_000;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub db: Mutex<Database>,
    /// By login.
    pub passwords: Mutex<HashMap<String, String>>,
    /// The users of sessions, by the cookie.
    pub sessions: Mutex<HashMap<String, i64>>,
    pub faults: Faults,
    pub calls: Mutex<HashMap<(String, String), u64>>,
    pub created: Mutex<HashMap<String, u64>>,
    pub options: Options,
}

/// A finished answer.
pub(crate) type Answer = Response<Bytes>;

/// Answers one request.
pub(crate) async fn serve(shared: &Arc<Shared>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = read_capped(body, MAX_BODY).await else {
        return finish(shared, html(413, "Request Entity Too Large")).map(full);
    };
    let path = parts.uri.path().to_owned();
    if let Some(id) = path.strip_prefix("/web/content/") {
        return finish(shared, content(shared, &parts.headers, id, parts.uri.query())).map(full);
    }
    if path == "/web/health" {
        return finish(shared, reply(200, "application/json", "{\"status\": \"pass\"}")).map(full);
    }
    if parts.method != Method::POST {
        return finish(shared, html(405, "Method Not Allowed")).map(full);
    }
    match path.strip_prefix("/xmlrpc/2/") {
        Some(service) => xml(shared, service, &body).await,
        None => json::serve(shared, &parts, &path, &body).await,
    }
}

async fn xml(shared: &Arc<Shared>, service: &str, body: &[u8]) -> Response<Body> {
    let read = xmlrpc::read(&String::from_utf8_lossy(body));
    let brand = shared.options.brand.clone();
    let done = match read {
        Ok((method, params)) => {
            let call = Call { service: service.to_owned(), method, params };
            let target = call.target();
            let answered = Arc::clone(shared);
            let work = move || {
                let result = service::dispatch(&answered, &call).and_then(|result| xmlrpc::answer(&result));
                xml_answer(result.unwrap_or_else(|error| fault(&error, &brand)))
            };
            let sick = |error: &Error| xml_answer(fault(error, &shared.options.brand));
            return with_faults(shared, &target, work, sick).await;
        }
        Err(error) => xml_answer(fault(&error, &brand)),
    };
    finish(shared, done).map(full)
}

fn fault(error: &Error, brand: &str) -> String {
    xmlrpc::fault(error.fault_code(), &error.fault_text(brand))
}

fn xml_answer(text: String) -> Answer {
    reply(200, "text/xml; charset=utf-8", text)
}

/// Counts a call.
pub(super) fn count(shared: &Shared, target: &(String, String)) {
    let mut calls = shared.calls.lock();
    if calls.len() >= MAX_KEPT {
        calls.clear();
    }
    *calls.entry(target.clone()).or_default() += 1;
}

/// Does what was asked for, unless a fault comes in between; `sick` makes an answer of an error.
pub(super) async fn with_faults(
    shared: &Arc<Shared>,
    target: &(String, String),
    work: impl FnOnce() -> Answer + Send + 'static,
    sick: impl Fn(&Error) -> Answer,
) -> Response<Body> {
    count(shared, target);
    let fault = shared.faults.meet(&target.0, &target.1);
    match fault {
        None => finish(shared, work()).map(full),
        Some(Fault::Delay(by)) => {
            let answer = work();
            tokio::time::sleep(by).await;
            finish(shared, answer).map(full)
        }
        Some(Fault::SlowCommit(by)) => {
            // A worker goes on when its client goes away.
            let worker = tokio::spawn(async move {
                tokio::time::sleep(by).await;
                work()
            });
            worker.await.map_or_else(|_| hang_up(), |answer| finish(shared, answer).map(full))
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::DropBefore) => hang_up(),
        Some(Fault::DropDuring(by)) => {
            tokio::spawn(async move {
                tokio::time::sleep(by).await;
                work();
            });
            hang_up()
        }
        Some(Fault::DropAfter) => {
            work();
            hang_up()
        }
        Some(Fault::Truncate(octets)) => truncated(&finish(shared, work()), octets),
        Some(Fault::Garbage) => {
            let (mut parts, _) = finish(shared, work()).into_parts();
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, full(Bytes::from_static(b"\x00\x01<\xff\xfe{]]>\x80 not an answer")))
        }
        Some(Fault::BadGateway) => html(502, "Bad Gateway").map(full),
        Some(Fault::GatewayTimeout) => {
            work();
            html(504, "Gateway Time-out").map(full)
        }
        Some(Fault::TooManyRequests(after)) => {
            let mut answer = html(429, "Too Many Requests");
            if let Some(after) = after {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after));
            }
            answer.map(full)
        }
        Some(Fault::SerializationFailure) => {
            let said = "could not serialize access due to concurrent update\n";
            let error = Error::python("psycopg2.errors.SerializationFailure", said);
            finish(shared, sick(&error)).map(full)
        }
    }
}

/// The head says how long the answer is, and then it ends.
fn truncated(answer: &Answer, octets: usize) -> Response<Body> {
    let mut head = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        head = head.header(name, value);
    }
    let body = answer.body();
    let head = head.header(header::CONTENT_LENGTH, body.len());
    let part = body.slice(..octets.min(body.len()));
    let chunks = [Ok(part), Err(std::io::Error::other("the server went away"))];
    head.body(stream(futures(chunks))).unwrap_or_else(|_| hang_up())
}

fn futures<T: Send + 'static, const N: usize>(items: [T; N]) -> impl futures_util::Stream<Item = T> + Send {
    futures_util::stream::iter(items)
}

pub(super) fn reply(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn html(status: u16, reason: &str) -> Answer {
    reply(status, "text/html; charset=utf-8", page(status, reason))
}

/// The headers that every answer of the product has.
pub(super) fn finish(shared: &Shared, mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::SERVER, "Werkzeug/3.0.1 Python/3.11.7");
    set(header::DATE, &httpdate::fmt_http_date(shared.options.clock.now().into()));
    if !shared.options.keep_alive {
        set(header::CONNECTION, "close");
    }
    // A session that expired is answered before `_post_dispatch`, which sets it.
    if !headers.contains_key("x-session-expired") {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    headers.remove("x-session-expired");
    answer
}

/// The user of a session.
pub(super) fn session(shared: &Shared, headers: &HeaderMap) -> Option<i64> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let id = pairs.find(|(name, _)| *name == "session_id").map(|(_, id)| id)?;
    shared.sessions.lock().get(id).copied()
}

/// `/web/content/<id>`: the file as it is, for a session that may read it or whoever has its token. What is missing and what is
/// forbidden look the same (`Binary.content_common`).
fn content(shared: &Shared, headers: &HeaderMap, path: &str, query: Option<&str>) -> Answer {
    let id: Option<i64> = path.split('/').next().and_then(|id| id.parse().ok());
    let mut db = shared.db.lock();
    let allowed = id.filter(|id| db.exists("ir.attachment", *id)).filter(|id| {
        let token = db.text("ir.attachment", *id, "access_token").to_owned();
        let given = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("access_token="));
        if db.get("ir.attachment", *id, "public").truthy() || (!token.is_empty() && given == Some(&token)) {
            return true;
        }
        let Some(uid) = session(shared, headers) else { return false };
        let env = Env { db: &mut db, who: Who::new(uid) };
        access::records(&env, "ir.attachment", &[*id], "read").is_ok()
    });
    let Some(id) = allowed else { return html(404, "Not Found") };
    let mut answer = reply(200, "application/octet-stream", attachment::content(&db, id));
    let kind = HeaderValue::from_str(db.text("ir.attachment", id, "mimetype"));
    if let Ok(kind) = kind {
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    let tag = format!("\"{}\"", db.text("ir.attachment", id, "checksum"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}
