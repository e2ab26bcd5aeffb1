//! From the `Authorization` header to the person.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use jiff::Timestamp;
use portico_contract::access::Principal;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::cache::{Fingerprint, TokenCache, Verified};
use super::keys::{Algorithm, Key, KeyFault, KeySet};
use super::{AuthConfig, Refusal, claims};

/// Octets that a token may have.
pub const MAX_TOKEN: usize = 8 * 1_024;
/// More leeway than this is not given, whatever the configuration says.
const MAX_LEEWAY: Duration = Duration::from_secs(60);

/// Checks tokens. One for the whole process; share it in an `Arc`.
pub struct Authenticator {
    config: AuthConfig,
    leeway: Duration,
    state: ArcSwap<State>,
}

/// Keys and what was verified with them live and die together: a reload starts with an empty cache.
struct State {
    keys: KeySet,
    cache: TokenCache,
}

/// The members of a JOSE header that are read. `jku`, `x5u`, `jwk`, `x5c` and the rest are not.
#[derive(Deserialize)]
struct JoseHeader {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

impl Authenticator {
    /// Reads the key files.
    ///
    /// # Errors
    /// When there is no key, two have one id, or a file cannot be used.
    pub fn new(config: AuthConfig) -> Result<Self, KeyFault> {
        let state = State { keys: KeySet::load(&config.keys)?, cache: TokenCache::default() };
        let leeway = config.leeway.min(MAX_LEEWAY);
        Ok(Self { config, leeway, state: ArcSwap::from_pointee(state) })
    }

    /// Reads the key files again and forgets every verified token. The old keys stay when a file cannot be used.
    ///
    /// # Errors
    /// As [`Authenticator::new`].
    pub fn reload(&self) -> Result<(), KeyFault> {
        let keys = KeySet::load(&self.config.keys)?;
        self.state.store(Arc::new(State { keys, cache: TokenCache::default() }));
        Ok(())
    }

    /// The person whom the one `Authorization` header names.
    ///
    /// # Errors
    /// The check that failed. A header that is there twice is refused: two readers could pick different ones.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<Principal>, Refusal> {
        let mut fields = headers.get_all(header::AUTHORIZATION).iter();
        let field = fields.next().ok_or(Refusal::Missing)?;
        if fields.next().is_some() {
            return Err(Refusal::NotBearer);
        }
        let (scheme, token) =
            field.to_str().ok().and_then(|field| field.split_once(' ')).ok_or(Refusal::NotBearer)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::NotBearer);
        }
        self.verify(token.trim_matches(' '), Timestamp::now())
    }

    /// The person whom a token names at this time.
    ///
    /// # Errors
    /// The check that failed.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Principal>, Refusal> {
        if token.is_empty() {
            return Err(Refusal::Missing);
        }
        if token.len() > MAX_TOKEN {
            return Err(Refusal::TooLong { max: MAX_TOKEN });
        }
        let state = self.state.load();
        let fingerprint = Fingerprint::of(token);
        if let Some(known) = state.cache.get(&fingerprint, now) {
            if let Err(refusal) = known.window.check(now, self.leeway) {
                state.cache.remove(&fingerprint);
                return Err(refusal);
            }
            return Ok(Arc::clone(&known.principal));
        }
        let claims = signed_claims(&state.keys, token)?;
        let (window, principal) = claims::read(&claims, &self.config)?;
        window.check(now, self.leeway)?;
        let principal = Arc::new(principal);
        let verified = Verified { window, principal: Arc::clone(&principal) };
        state.cache.put(fingerprint, Arc::new(verified), now);
        Ok(principal)
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.state.load().cache.len()
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Checks the signature and gives the claims back. The algorithm is the key's; the token may only agree with it.
fn signed_claims(keys: &KeySet, token: &str) -> Result<Map<String, Value>, Refusal> {
    let mut parts = token.split('.');
    let (Some(head), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::Malformed);
    };
    let head: JoseHeader = decode(head)?;
    if head.crit.is_some() {
        return Err(Refusal::Critical);
    }
    let typ = head.typ.as_deref().ok_or(Refusal::WrongType)?;
    let typ = typ.strip_prefix("application/").unwrap_or(typ);
    if !["jwt", "at+jwt"].iter().any(|good| typ.eq_ignore_ascii_case(good)) {
        return Err(Refusal::WrongType);
    }
    let key = keys.find(head.kid.as_deref()).ok_or(match head.kid {
        Some(_) => Refusal::UnknownKey,
        None => Refusal::NoKeyId,
    })?;
    if Algorithm::named(&head.alg) != Some(key.algorithm) {
        return Err(Refusal::WrongAlgorithm);
    }
    let message = &token.as_bytes()[..token.len() - signature.len() - 1];
    if !holds(key, signature, message) {
        return Err(Refusal::BadSignature);
    }
    decode(payload)
}

fn holds(key: &Key, signature: &str, message: &[u8]) -> bool {
    jsonwebtoken::crypto::verify(signature, message, &key.key, key.algorithm.library()).unwrap_or(false)
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)
}
