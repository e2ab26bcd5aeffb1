//! The routes of type `json`: `/jsonrpc`, sessions, and methods of models for a session; `JsonRPCDispatcher` of `odoo/http.py`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::request::Parts;
use http::{HeaderValue, Response, header};
use portico_simkit::http::{Body, full};

use super::{Answer, MAX_KEPT, Shared, count, finish, html, reply, session, with_faults};
use crate::error::Error;
use crate::orm::Arguments;
use crate::service::{self, Call};
use crate::value::Value;
use crate::wire::json::dumps;

/// Sessions that were opened by this process: a cookie has to be new, not secret.
static SESSIONS: AtomicU64 = AtomicU64::new(1);

pub(super) async fn serve(shared: &Arc<Shared>, parts: &Parts, path: &str, body: &[u8]) -> Response<Body> {
    let known =
        ["/jsonrpc", "/web/session/authenticate", "/web/session/destroy", "/web/webclient/version_info"];
    let method_call =
        ["/web/dataset/call_kw", "/web/dataset/call_button"].iter().any(|start| path.starts_with(start));
    if !known.contains(&path) && !method_call {
        return finish(shared, html(404, "Not Found")).map(full);
    }
    let Ok(request) = serde_json::from_slice::<serde_json::Value>(body) else {
        return finish(shared, reply(400, "text/html; charset=utf-8", "Invalid JSON data")).map(full);
    };
    let request = Value::from_json(&request);
    let id = request.get("id").cloned().unwrap_or(Value::None);
    let params = request.get("params").cloned().unwrap_or(Value::None);
    if path == "/jsonrpc" {
        return service_call(shared, id, &params).await;
    }
    if method_call {
        return match session(shared, &parts.headers) {
            Some(uid) => model_call(shared, id, uid, &params).await,
            None => finish(shared, expired(&shared.options.brand)).map(full),
        };
    }
    let answer = match path {
        "/web/session/authenticate" => authenticate(shared, &id, &params),
        "/web/session/destroy" => result(&id, &Value::None),
        _ => result(&id, &service::version(shared)),
    };
    finish(shared, answer).map(full)
}

async fn service_call(shared: &Arc<Shared>, id: Value, params: &Value) -> Response<Body> {
    let text = |name| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let call = Call {
        service: text("service"),
        method: text("method"),
        params: params.get("args").and_then(Value::as_list).unwrap_or_default().to_vec(),
    };
    let target = call.target();
    let brand = shared.options.brand.clone();
    let (server, failed) = (Arc::clone(shared), id.clone());
    let work = move || match service::dispatch(&server, &call) {
        Ok(done) => result(&id, &done),
        Err(fault) => error(&id, fault.json(&server.options.brand)),
    };
    with_faults(shared, &target, work, |fault: &Error| error(&failed, fault.json(&brand))).await
}

async fn model_call(shared: &Arc<Shared>, id: Value, uid: i64, params: &Value) -> Response<Body> {
    let text = |name| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (model, method) = (text("model"), text("method"));
    let placed = params.get("args").and_then(Value::as_list).unwrap_or_default().to_vec();
    let named = params.get("kwargs").cloned().unwrap_or(Value::None);
    let target = (model.clone(), method.clone());
    let brand = shared.options.brand.clone();
    let (server, failed) = (Arc::clone(shared), id.clone());
    let work = move || match service::call_kw(&server, uid, &model, &method, Arguments::new(placed, named)) {
        Ok(done) => result(&id, &done),
        Err(fault) => error(&id, fault.json(&server.options.brand)),
    };
    with_faults(shared, &target, work, |fault: &Error| error(&failed, fault.json(&brand))).await
}

/// `_response`: a result that is nothing is left out.
fn result(id: &Value, result: &Value) -> Answer {
    let mut pairs = vec![("jsonrpc".to_owned(), Value::str("2.0")), ("id".to_owned(), id.clone())];
    if *result != Value::None {
        pairs.push(("result".to_owned(), result.clone()));
    }
    json(&Value::Map(pairs))
}

fn error(id: &Value, error: Value) -> Answer {
    json(&Value::map([("jsonrpc", Value::str("2.0")), ("id", id.clone()), ("error", error)]))
}

fn json(value: &Value) -> Answer {
    reply(200, "application/json; charset=utf-8", dumps(value))
}

/// As recorded, traceback included: the id of the request is not read by then.
fn expired(brand: &str) -> Answer {
    let debug = "Traceback (most recent call last):\n  File \"/srv/odoo/odoo/http.py\", line 1955, in _transactioning\n    \
        return service_model.retrying(func, env=self.env)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \
        \"/srv/odoo/odoo/service/model.py\", line 137, in retrying\n    result = func()\n             ^^^^^^\n  File \
        \"/srv/odoo/odoo/http.py\", line 1920, in _serve_ir_http\n    \
        self.registry['ir.http']._authenticate(rule.endpoint)\n  File \
        \"/srv/odoo/odoo/addons/base/models/ir_http.py\", line 259, in _authenticate\n    \
        cls._authenticate_explicit(auth)\n  File \"/srv/odoo/odoo/addons/base/models/ir_http.py\", line 268, in \
        _authenticate_explicit\n    getattr(cls, f'_auth_method_{auth}')()\n  File \
        \"/srv/odoo/odoo/addons/base/models/ir_http.py\", line 244, in _auth_method_user\n    raise \
        http.SessionExpiredException(\"Session expired\")\nodoo.http.SessionExpiredException: Session expired\n";
    let data = Value::map([
        ("name", Value::str("odoo.http.SessionExpiredException")),
        ("debug", Value::str(debug)),
        ("message", Value::str("Session expired")),
        ("arguments", Value::List(vec![Value::str("Session expired")])),
        ("context", Value::Map(Vec::new())),
    ]);
    let fault = Value::map([
        ("code", Value::Int(100)),
        ("message", Value::Str(format!("{brand} Session Expired"))),
        ("data", data),
    ]);
    let mut answer = error(&Value::None, fault);
    answer.headers_mut().insert("x-session-expired", HeaderValue::from_static("1"));
    answer
}

fn authenticate(shared: &Shared, id: &Value, params: &Value) -> Answer {
    count(shared, &("common".to_owned(), "session".to_owned()));
    let text = |name| params.get(name).and_then(Value::as_str).unwrap_or_default();
    let user = if text("db") == shared.options.database {
        service::login(shared, text("login"), text("password"))
    } else {
        None
    };
    let Some(uid) = user else { return error(id, Error::Denied.json(&shared.options.brand)) };
    let number = SESSIONS.fetch_add(1, Ordering::SeqCst);
    let session = crate::sha1::hex(format!("{number} {uid}").as_bytes());
    let mut sessions = shared.sessions.lock();
    if sessions.len() >= MAX_KEPT {
        sessions.clear();
    }
    sessions.insert(session.clone(), uid);
    drop(sessions);
    let mut answer = result(id, &info(shared, uid, text("login")));
    let cookie = format!("session_id={session}; Max-Age=604800; HttpOnly; Path=/");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

/// `ir.http.session_info`, what of it is about the person and the release.
fn info(shared: &Shared, uid: i64, login: &str) -> Value {
    use crate::orm::access::has_group;
    use crate::seed::group::SYSTEM;
    let db = shared.db.lock();
    let partner = db.link("res.users", uid, "partner_id").unwrap_or_default();
    let name = Value::str(db.text("res.partner", partner, "name"));
    let system = Value::Bool(has_group(&db, uid, SYSTEM));
    let context = Value::map([("lang", Value::str("en_US")), ("tz", Value::FALSE), ("uid", Value::Int(uid))]);
    Value::map([
        ("uid", Value::Int(uid)),
        ("is_system", system.clone()),
        ("is_admin", system),
        ("is_public", Value::FALSE),
        ("is_internal_user", Value::TRUE),
        ("user_context", context),
        ("db", Value::str(&shared.options.database)),
        ("server_version", Value::str(service::series(shared))),
        ("server_version_info", service::version_info(shared)),
        ("name", name.clone()),
        ("username", Value::str(login)),
        ("partner_display_name", name),
        ("partner_id", Value::Int(partner)),
    ])
}
