//! From the claims of a verified token to the person.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use portico_contract::access::Principal;
use serde_json::{Map, Value};

use super::{AuthConfig, ClaimNames, Refusal};

/// Most members that a list claim may have; a token over 8 KiB is refused before.
const MAX_LIST: usize = 1_000;

/// When a token holds, in seconds since 1970 (RFC 7519, NumericDate).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    pub(super) expires: f64,
    pub(super) not_before: f64,
}

impl Window {
    /// Checks the times against the wall clock. Done at every use of a token, cached or not.
    pub(super) fn check(&self, now: Timestamp, leeway: Duration) -> Result<(), Refusal> {
        let (now, leeway) = (now.as_duration().as_secs_f64(), leeway.as_secs_f64());
        if now >= self.expires + leeway {
            return Err(Refusal::Expired(readable(self.expires)));
        }
        if now + leeway < self.not_before {
            return Err(Refusal::NotYet(readable(self.not_before)));
        }
        Ok(())
    }
}

fn readable(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and Timestamp refuses what is out of range"
    )]
    let whole = seconds as i64;
    Timestamp::from_second(whole).map_or_else(|_| "a time out of range".to_owned(), |time| time.to_string())
}

/// Checks everything that a token must say, apart from its times, and takes the times and the person out of it.
pub(super) fn read(claims: &Map<String, Value>, config: &AuthConfig) -> Result<(Window, Principal), Refusal> {
    let window = Window { expires: time(claims, "exp")?, not_before: time(claims, "nbf")? };
    match claims.get("iss").ok_or(Refusal::ClaimMissing("iss"))? {
        Value::String(issuer) if *issuer == config.issuer => {}
        Value::String(_) => return Err(Refusal::WrongIssuer),
        _ => return Err(Refusal::ClaimType("iss".to_owned())),
    }
    match claims.get("aud").ok_or(Refusal::ClaimMissing("aud"))? {
        Value::String(audience) if *audience == config.audience => {}
        Value::Array(list) if list.iter().all(Value::is_string) => {
            if !list.iter().any(|audience| audience.as_str() == Some(&config.audience)) {
                return Err(Refusal::WrongAudience);
            }
        }
        Value::String(_) => return Err(Refusal::WrongAudience),
        _ => return Err(Refusal::ClaimType("aud".to_owned())),
    }
    Ok((window, principal(claims, &config.claims)?))
}

/// A NumericDate: a JSON number, never a text that looks like one.
fn time(claims: &Map<String, Value>, name: &'static str) -> Result<f64, Refusal> {
    let value = claims.get(name).ok_or(Refusal::ClaimMissing(name))?;
    value.as_f64().filter(|seconds| seconds.is_finite()).ok_or_else(|| Refusal::ClaimType(name.to_owned()))
}

fn principal(claims: &Map<String, Value>, names: &ClaimNames) -> Result<Principal, Refusal> {
    let subject = text(claims, "sub")?.ok_or(Refusal::ClaimMissing("sub"))?;
    Ok(Principal {
        display_name: text(claims, &names.name)?.unwrap_or_else(|| subject.clone()),
        person_id: text(claims, &names.person_id)?,
        roles: words(claims, &names.roles)?,
        units: words(claims, &names.units)?,
        reports: words(claims, &names.reports)?,
        stands_in_for: Default::default(),
        subject,
    })
}

/// A text claim. Empty counts as missing: an empty subject would make strangers the same person.
fn text(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok((!text.is_empty()).then(|| text.clone())),
        Some(_) => Err(Refusal::ClaimType(name.to_owned())),
    }
}

fn words(claims: &Map<String, Value>, name: &str) -> Result<BTreeSet<String>, Refusal> {
    let wrong = || Refusal::ClaimType(name.to_owned());
    match claims.get(name) {
        None | Some(Value::Null) => Ok(BTreeSet::new()),
        Some(Value::String(text)) => Ok(text.split_ascii_whitespace().map(str::to_owned).collect()),
        Some(Value::Array(list)) if list.len() <= MAX_LIST => {
            list.iter().map(|word| word.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}
