//! The methods. Each is a function from an exchange to an answer or a refusal.

mod copy_move;
mod get;
mod locking;
mod properties;
mod write;

use crate::answer::{Refusal, answer};
use crate::exchange::{Exchange, Outcome};
use crate::flavour::Flavour;
use crate::path::Path;
use crate::tree::{Kind, Node};

/// Whether a method changes the tree or its locks; for read-only simulators.
pub(crate) fn writes(method: &str) -> bool {
    !matches!(method, "GET" | "HEAD" | "OPTIONS" | "PROPFIND")
}

/// Whether a method sends a body that is content; other bodies are small.
pub(crate) fn carries_content(method: &str) -> bool {
    method == "PUT"
}

/// Does what the request asks.
pub(crate) fn run(exchange: &mut Exchange<'_>) -> Outcome {
    let method = exchange.method.as_str();
    let known = matches!(
        method,
        "OPTIONS"
            | "GET"
            | "HEAD"
            | "PUT"
            | "DELETE"
            | "MKCOL"
            | "COPY"
            | "MOVE"
            | "PROPFIND"
            | "PROPPATCH"
            | "LOCK"
            | "UNLOCK"
    );
    if !known {
        return Err(Refusal::UnknownMethod(method.to_owned()));
    }
    check_path(exchange)?;
    match method {
        "OPTIONS" => Ok(options(exchange)),
        "GET" | "HEAD" => get::get(exchange),
        "PUT" => write::put(exchange),
        "DELETE" => write::delete(exchange),
        "MKCOL" => write::mkcol(exchange),
        "COPY" => copy_move::copy(exchange),
        "MOVE" => copy_move::relocate(exchange),
        "PROPFIND" => properties::propfind(exchange),
        "PROPPATCH" => properties::proppatch(exchange),
        "LOCK" => locking::lock(exchange),
        _ => locking::unlock(exchange),
    }
}

/// What the products check before they look at the method.
fn check_path(exchange: &Exchange<'_>) -> Result<(), Refusal> {
    let path = &exchange.path;
    let read = matches!(exchange.method.as_str(), "GET" | "HEAD");
    if path.names.iter().any(|name| name.len() > crate::path::MAX_NAME) {
        let hidden = !exchange.is_apache() && exchange.method.as_str() == "PROPFIND";
        return Err(if hidden { Refusal::NotFound(path.clone()) } else { Refusal::NameTooLong });
    }
    if exchange.is_apache() {
        return match check_slash(exchange, path) {
            // To the server core, what is behind a file's name is only its business.
            Err(Refusal::ThroughFile) if read => Err(Refusal::NotFound(path.clone())),
            checked => checked,
        };
    }
    // WsgiDAV overlooks the slash, but for somebody who reads a folder in a browser.
    if read && !path.slash && exchange.node().is_some_and(Node::is_folder) {
        return Err(Refusal::AddSlash(path.clone()));
    }
    Ok(())
}

/// What Apache does with a folder without the slash at its end (mod_dir redirects every method), and with a file with one
/// or with more behind it.
fn check_slash(exchange: &Exchange<'_>, path: &Path) -> Result<(), Refusal> {
    match exchange.state.tree.get(path) {
        Some(node) if node.is_folder() && !path.slash => Err(Refusal::AddSlash(path.clone())),
        Some(node) if !node.is_folder() && path.slash => Err(Refusal::ThroughFile),
        None if leads_through_file(exchange, path) => Err(Refusal::ThroughFile),
        _ => Ok(()),
    }
}

fn leads_through_file(exchange: &Exchange<'_>, path: &Path) -> bool {
    std::iter::successors(path.parent(), Path::parent)
        .any(|above| exchange.state.tree.get(&above).is_some_and(|node| !node.is_folder()))
}

fn options(exchange: &Exchange<'_>) -> crate::answer::Answer {
    let kind = exchange.node().map(|node| matches!(node.kind, Kind::Folder(_)));
    let (allow, dav): (&str, &[&str]) = match (exchange.flavour, kind) {
        (Flavour::Apache, Some(true)) => (
            "OPTIONS,GET,HEAD,POST,DELETE,TRACE,PROPFIND,PROPPATCH,COPY,MOVE,LOCK,UNLOCK",
            &["1,2", "<http://apache.org/dav/propset/fs/1>"],
        ),
        (Flavour::Apache, Some(false)) => (
            "OPTIONS,GET,HEAD,POST,DELETE,TRACE,PROPFIND,PROPPATCH,COPY,MOVE,PUT,LOCK,UNLOCK",
            &["1,2", "<http://apache.org/dav/propset/fs/1>"],
        ),
        (Flavour::Apache, None) => {
            ("OPTIONS,MKCOL,PUT,LOCK", &["1,2", "<http://apache.org/dav/propset/fs/1>"])
        }
        (Flavour::WsgiDav, Some(true)) => {
            ("OPTIONS, HEAD, GET, PROPFIND, DELETE, COPY, MOVE, PROPPATCH, LOCK, UNLOCK", &["1,2"])
        }
        (Flavour::WsgiDav, Some(false)) => {
            ("OPTIONS, HEAD, GET, PUT, PROPFIND, DELETE, COPY, MOVE, PROPPATCH, LOCK, UNLOCK", &["1,2"])
        }
        (Flavour::WsgiDav, None) => ("OPTIONS, PUT, MKCOL", &["1,2"]),
    };
    let mut headers: Vec<_> = dav.iter().map(|class| ("dav", (*class).to_owned())).collect();
    headers.push(("ms-author-via", "DAV".to_owned()));
    headers.push(("allow", allow.to_owned()));
    let kind = match (exchange.flavour, kind) {
        (Flavour::Apache, Some(true)) => Some("httpd/unix-directory"),
        (Flavour::Apache, _) => None,
        (Flavour::WsgiDav, _) => Some("text/html; charset=utf-8"),
    };
    headers.extend(kind.map(|kind| ("content-type", kind.to_owned())));
    answer(200, &headers, "")
}
