//! PROPFIND and PROPPATCH (RFC 4918 sections 9.1 and 9.2).

use crate::answer::{Refusal, answer};
use crate::exchange::{Depth, Exchange, Outcome};
use crate::flavour::{Flavour, mix};
use crate::path::Path;
use crate::property::{Found, Listing};
use crate::tree::{Kind, Node};
use crate::xml::{self, Ask, BadXml};

/// Octets that a new simulated disk holds, as the quota properties say.
const DISK: u64 = 1 << 40;

impl From<BadXml> for Refusal {
    fn from(bad: BadXml) -> Self {
        Self::BadXml(bad.0)
    }
}

pub(super) fn propfind(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.state.locks.expire(exchange.now);
    let path = exchange.path.clone();
    // mod_dav shows names that are only locked.
    let null = exchange.is_apache() && exchange.state.locks.on(&path).any(|lock| lock.is_null_at(&path));
    if !exchange.exists() && !null {
        return Err(Refusal::NotFound(path));
    }
    let depth = exchange.depth()?.unwrap_or(Depth::Infinity);
    if depth == Depth::Infinity && exchange.is_apache() {
        return Err(Refusal::InfiniteDepth(path));
    }
    let nothing = Ask::Props(Vec::new());
    let ask = match (xml::propfind(&exchange.body)?, exchange.flavour) {
        (Some(ask), _) => ask,
        (None, Flavour::Apache) => return Err(Refusal::BadXml("It asks for nothing".into())),
        (None, Flavour::WsgiDav) => nothing,
    };
    let state = &*exchange.state;
    let mut items = Vec::new();
    collect(state, &path, depth, exchange.is_apache(), &mut items);
    let listing =
        Listing { items, ask: &ask, rule: exchange.rule, now: exchange.now, quota: (DISK, DISK / 4) };
    Ok(exchange.flavour.multistatus(&listing))
}

fn collect<'s>(
    state: &'s crate::exchange::State,
    path: &Path,
    depth: Depth,
    nulls: bool,
    items: &mut Vec<Found<'s>>,
) {
    let node = state.tree.get(path);
    items.push(found(state, path.clone(), node));
    let Some(Kind::Folder(members)) = node.map(|node| &node.kind) else { return };
    if depth == Depth::Zero {
        return;
    }
    // Neither product sorts: a disk gives names in the order of their hashes.
    let mut names: Vec<(u64, &str)> = members.keys().map(|name| (hash(name), &**name)).collect();
    names.sort_unstable();
    for (_, name) in names {
        let child = path.child(name);
        if depth == Depth::Infinity {
            collect(state, &child, depth, nulls, items);
        } else {
            items.push(found(state, child.clone(), state.tree.get(&child)));
        }
    }
    if nulls {
        let locked: Vec<Path> = state.locks.null_members(path).map(|lock| lock.path.clone()).collect();
        items.extend(locked.into_iter().map(|path| found(state, path, None)));
    }
}

fn found<'s>(state: &'s crate::exchange::State, path: Path, node: Option<&'s Node>) -> Found<'s> {
    let locks = state.locks.all().filter(|lock| lock.covers(&path)).collect();
    Found { path, node, locks }
}

fn hash(name: &str) -> u64 {
    name.bytes().fold(0, |hash, octet| mix(hash ^ u64::from(octet)))
}

pub(super) fn proppatch(exchange: &mut Exchange<'_>) -> Outcome {
    let path = exchange.path.clone();
    if !exchange.exists() {
        return Err(Refusal::NotFound(path));
    }
    let changes = xml::proppatch(&exchange.body)?;
    exchange.preconditions()?;
    exchange.allowed(&[&path], false)?;
    let protected = |name: &xml::PropName| match exchange.flavour {
        Flavour::Apache => name.is_dav() && crate::property::APACHE.contains(&name.local.as_str()),
        Flavour::WsgiDav => name.is_dav(),
    };
    let refused: Vec<_> = changes.iter().map(|(name, _)| name).filter(|name| protected(name)).collect();
    let Some(node) = exchange.state.tree.get_mut(&path) else { return Err(Refusal::NotFound(path)) };
    let folder = node.is_folder();
    if refused.is_empty() {
        let dead = &mut node.dead;
        for (name, value) in &changes {
            match value {
                Some(value) => _ = dead.insert(name.clone(), value.clone()),
                None => _ = dead.remove(name),
            }
        }
        if dead.len() > MAX_DEAD {
            // Everything that was just set goes again; what was there before came under the bound.
            changes.iter().for_each(|(name, _)| _ = dead.remove(name));
            return Err(Refusal::Full);
        }
    }
    if changes.is_empty() {
        return Ok(answer(400, &[], ""));
    }
    Ok(exchange.flavour.patched(&exchange.flavour.href(&path, folder), &changes, &refused))
}

/// Properties that clients may set on one item.
const MAX_DEAD: usize = 100;
