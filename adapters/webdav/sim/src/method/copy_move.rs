//! COPY and MOVE (RFC 4918 sections 9.8 and 9.9).

use crate::answer::{Made, Refusal};
use crate::exchange::{Depth, Exchange, Outcome};
use crate::flavour::Flavour;
use crate::path::Path;

pub(super) fn copy(exchange: &mut Exchange<'_>) -> Outcome {
    let deep = match exchange.depth()? {
        None | Some(Depth::Infinity) => true,
        Some(Depth::Zero) => false,
        Some(Depth::One) => return Err(Refusal::BadRequest("Depth 1 has no meaning for COPY.".into())),
    };
    transfer(exchange, false, deep)
}

pub(super) fn relocate(exchange: &mut Exchange<'_>) -> Outcome {
    if !matches!(exchange.depth()?, None | Some(Depth::Infinity)) {
        return Err(Refusal::BadRequest("MOVE works on all that is in a folder.".into()));
    }
    transfer(exchange, true, true)
}

fn transfer(exchange: &mut Exchange<'_>, away: bool, deep: bool) -> Outcome {
    let source = exchange.path.clone();
    if !exchange.exists() {
        return Err(Refusal::NotFound(source));
    }
    let (shown, target) = exchange.destination()?;
    let overwrite = exchange.header("overwrite").is_none_or(|word| !word.eq_ignore_ascii_case("f"));
    if exchange.is_apache() {
        super::check_slash(exchange, &target)?;
    }
    if target.same(&source) {
        return Err(Refusal::OntoItself);
    }
    if source.holds(&target) || (away && target.holds(&source)) {
        return Err(Refusal::BelowItself);
    }
    let replaces = exchange.state.tree.get(&target).is_some();
    if replaces && !overwrite {
        return Err(Refusal::NoOverwrite);
    }
    if !exchange.state.tree.has_parent(&target) {
        let folder = exchange.node().is_some_and(crate::tree::Node::is_folder);
        return Err(match exchange.flavour {
            Flavour::Apache if away => Refusal::Broken,
            Flavour::Apache if folder => Refusal::Forbidden,
            _ => Refusal::NoParent("Destination parent must be a collection."),
        });
    }
    exchange.preconditions()?;
    // mod_dav holds `If-Match: *` against the destination, too.
    if exchange.is_apache() && exchange.conditional && !replaces && exchange.header("if-match") == Some("*") {
        return Err(Refusal::Precondition("If-Match"));
    }
    let touched: &[&Path] = if away { &[&source, &target] } else { &[&target] };
    exchange.allowed(touched, true)?;
    let (now, state) = (exchange.now, &mut *exchange.state);
    let node = if away { state.tree.remove(&source, now) } else { state.tree.copy(&source, deep, now) };
    let Some(node) = node else { return Err(Refusal::NotFound(source)) };
    let replaced = state.tree.remove(&target, now);
    if let Err(denied) = state.tree.insert(&target, node) {
        // Only a copy can find the tree full: a move puts back what it took. What was replaced stays.
        if let Some(before) = replaced {
            state.tree.insert(&target, before)?;
        }
        return Err(denied.into());
    }
    if away {
        state.locks.forget(&source);
    }
    state.locks.fill(&target);
    if replaces {
        return Ok(exchange.flavour.changed(None));
    }
    Ok(exchange.flavour.created(Made::Destination, &shown, None, now, &exchange.origin))
}
