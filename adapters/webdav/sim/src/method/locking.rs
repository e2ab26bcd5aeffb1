//! LOCK and UNLOCK (RFC 4918 sections 9.10 and 9.11).

use bytes::Bytes;

use crate::answer::{Refusal, answer};
use crate::content::Content;
use crate::exchange::{Depth, Exchange, Outcome};
use crate::flavour::Flavour;
use crate::lock::{Lock, Timeout};
use crate::path::Path;
use crate::tree::Kind;
use crate::xml;

/// How long a lock lasts at WsgiDAV when nobody says, and when somebody says for ever.
const WSGIDAV_DEFAULT: u32 = 604_800;
const WSGIDAV_LONGEST: u32 = 2_419_200;

pub(super) fn lock(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.state.locks.expire(exchange.now);
    if exchange.body.is_empty() {
        return refresh(exchange);
    }
    let path = exchange.path.clone();
    let deep = match exchange.depth()? {
        None | Some(Depth::Infinity) => true,
        Some(Depth::Zero) => false,
        Some(Depth::One) => {
            return Err(Refusal::BadRequest("Expected Depth: 'infinity' or '0'.".into()));
        }
    };
    let (shared, owner) = xml::lockinfo(&exchange.body)?;
    if !exchange.state.tree.has_parent(&path) && !path.names.is_empty() {
        return Err(Refusal::NoParent("LOCK-ing an unmapped URL needs a parent collection"));
    }
    exchange.preconditions()?;
    let (null, now) = (!exchange.exists(), exchange.now);
    let conflicts = |lock: &&Lock| !(shared && lock.shared);
    if exchange.state.locks.on(&path).any(|lock| conflicts(&lock)) {
        return Err(Refusal::Locked(vec![path]));
    }
    let below: Vec<Path> =
        exchange.state.locks.below(&path).filter(conflicts).map(|lock| lock.path.clone()).collect();
    if deep && !below.is_empty() {
        return Err(Refusal::Locked(below));
    }
    let number = exchange.state.locks.next();
    let timeout = timeout(exchange);
    // RFC 4918 section 7.3 makes an empty file; mod_dav 2.4 still keeps a "lock-null" name (RFC 2518 section 7.4).
    let make = null && !exchange.is_apache();
    let lock = Lock {
        token: exchange.flavour.token(number),
        path: path.clone(),
        deep,
        shared,
        owner,
        timeout,
        expires: timeout.end(now),
        null: null && !make,
    };
    if make {
        let node = exchange.state.tree.make(now, Kind::File(Content::stored(Bytes::new())));
        exchange.state.tree.insert(&path, node)?;
    }
    if !exchange.state.locks.add(lock.clone()) {
        return Err(Refusal::Full);
    }
    Ok(exchange.flavour.locked(&lock, true, make, now))
}

fn refresh(exchange: &mut Exchange<'_>) -> Outcome {
    let path = exchange.path.clone();
    let header = exchange.header("if").and_then(crate::condition::IfHeader::parse);
    let token = header.as_ref().and_then(|header| header.tokens().next()).map(str::to_owned);
    let timeout = timeout(exchange);
    let (now, flavour) = (exchange.now, exchange.flavour);
    let Some(token) = token else {
        let held = exchange.state.locks.on(&path).next().is_some();
        return Err(match flavour {
            Flavour::Apache if held => Refusal::Locked(vec![path]),
            _ => Refusal::BadRequest(
                "Expected a lock token (only one lock may be refreshed at a time).".into(),
            ),
        });
    };
    if !exchange.state.locks.on(&path).any(|lock| lock.token == token) {
        return Err(Refusal::Precondition("'If'"));
    }
    let Some(lock) = exchange.state.locks.by_token(&token) else {
        return Err(Refusal::Precondition("'If'"));
    };
    (lock.timeout, lock.expires) = (timeout, timeout.end(now));
    Ok(flavour.locked(lock, false, false, now))
}

fn timeout(exchange: &Exchange<'_>) -> Timeout {
    let asked = exchange.header("timeout").and_then(Timeout::parse);
    match exchange.flavour {
        Flavour::Apache => asked.unwrap_or(Timeout::Infinite),
        Flavour::WsgiDav => Timeout::Seconds(match asked {
            None => WSGIDAV_DEFAULT,
            Some(Timeout::Infinite) => WSGIDAV_LONGEST,
            Some(Timeout::Seconds(seconds)) => seconds.min(WSGIDAV_LONGEST),
        }),
    }
}

pub(super) fn unlock(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.state.locks.expire(exchange.now);
    let path = exchange.path.clone();
    let value = exchange.header("lock-token").map(str::trim);
    let token = value.and_then(|value| value.strip_prefix('<')?.strip_suffix('>')).map(str::to_owned);
    let token = token.ok_or_else(|| Refusal::BadRequest("Missing lock token.".into()))?;
    let null = exchange.is_apache() && exchange.state.locks.on(&path).any(|lock| lock.is_null_at(&path));
    if !exchange.exists() && !null {
        return Err(Refusal::NotFound(path));
    }
    if !exchange.state.locks.on(&path).any(|lock| lock.token == token) {
        return Err(Refusal::NotItsToken);
    }
    exchange.state.locks.release(&token);
    Ok(answer(204, &[], ""))
}
