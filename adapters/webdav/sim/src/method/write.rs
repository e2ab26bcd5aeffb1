//! PUT, MKCOL and DELETE.

use std::collections::BTreeMap;

use crate::answer::{Made, Refusal};
use crate::content::Content;
use crate::exchange::{Exchange, Outcome};
use crate::tree::{Kind, Node};

pub(super) fn put(exchange: &mut Exchange<'_>) -> Outcome {
    let path = exchange.path.clone();
    if exchange.node().is_some_and(Node::is_folder) || (path.slash && exchange.is_apache()) {
        return Err(Refusal::PutOnFolder);
    }
    if exchange.header("content-range").is_some() {
        return Err(Refusal::BadRequest("A partial PUT is not supported.".into()));
    }
    if !exchange.is_apache() && !exchange.state.tree.has_parent(&path) {
        return Err(Refusal::NoParent("PUT parent must be a collection"));
    }
    let exists = exchange.exists();
    exchange.preconditions()?;
    exchange.allowed(&[&path], !exists)?;
    if !exchange.state.tree.has_parent(&path) {
        return Err(Refusal::NoParent("PUT parent must be a collection"));
    }
    let content = Content::stored(exchange.body.clone());
    if exists {
        exchange.state.tree.replace(&path, content, exchange.now)?;
        return Ok(exchange.flavour.changed(exchange.tag_of(&path).as_ref()));
    }
    let node = exchange.state.tree.make(exchange.now, Kind::File(content));
    exchange.state.tree.insert(&path, node)?;
    exchange.state.locks.fill(&path);
    Ok(created(exchange, Made::Resource))
}

pub(super) fn mkcol(exchange: &mut Exchange<'_>) -> Outcome {
    let path = exchange.path.clone();
    if !exchange.body.is_empty() {
        return Err(Refusal::UnexpectedBody);
    }
    if exchange.exists() {
        return Err(Refusal::Exists);
    }
    exchange.preconditions()?;
    exchange.allowed(&[&path], true)?;
    let node = exchange.state.tree.make(exchange.now, Kind::Folder(BTreeMap::new()));
    exchange.state.tree.insert(&path, node)?;
    exchange.state.locks.fill(&path);
    Ok(created(exchange, Made::Collection))
}

/// Deletes a folder with all that is in it, or, if part of that is locked, nothing. (WsgiDAV itself deletes the rest.)
pub(super) fn delete(exchange: &mut Exchange<'_>) -> Outcome {
    let path = exchange.path.clone();
    if !exchange.exists() {
        return Err(Refusal::NotFound(path));
    }
    if path.names.is_empty() {
        return Err(Refusal::Forbidden);
    }
    exchange.preconditions()?;
    exchange.allowed(&[&path], true)?;
    exchange.state.tree.remove(&path, exchange.now);
    exchange.state.locks.forget(&path);
    Ok(exchange.flavour.changed(None))
}

fn created(exchange: &Exchange<'_>, made: Made) -> crate::answer::Answer {
    let shown = exchange.flavour.href(&exchange.path, exchange.path.slash);
    let tag = exchange.tag_of(&exchange.path);
    exchange.flavour.created(made, &shown, tag.as_ref(), exchange.now, &exchange.origin)
}
