//! Settings: raw as written, then validated into a client and bounds, every fault at once.

use std::path::PathBuf;
use std::time::Duration;

use portico_contract::{SecretRef, SettingFault};
use portico_wire::http::{Base, Client, Credentials, Limits, Trust};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The `settings` table of a system with `adapter = "webdav"`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// The folder that is the root of the store, `http` or `https`: `https://files.example.org/dav/`.
    base_url: String,
    /// The service account; leave it out for a store that asks for none.
    credentials: Option<RawCredentials>,
    /// PEM file of the certificate authorities to trust, instead of the public ones.
    #[schemars(extend("format" = "path"))]
    trust_roots: Option<PathBuf>,
    /// Bounds; the defaults suit a server in the same building.
    #[serde(default)]
    limits: RawLimits,
}

/// HTTP Basic (RFC 7617).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCredentials {
    /// The name of the service account.
    username: String,
    /// Where its password is kept.
    password: SecretRef,
    /// Send them over plain `http` to another machine, where everybody on the way can read them. Only for a network that
    /// nobody else is on, such as between two containers.
    #[serde(default)]
    plain_http: bool,
}

/// Bounds on what one answer and one page may cost.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    /// Entries that one folder may have; a listing of a larger one fails.
    #[schemars(range(min = 1, max = 1_000_000))]
    listing_max_entries: usize,
    /// Octets that the listing of one folder may have.
    #[schemars(range(min = 1_024, max = 268_435_456))]
    listing_max_bytes: usize,
    /// Folders that are read for one page of all documents, those on the way to it not counted.
    #[schemars(range(min = 1, max = 1_000))]
    walk_max_folders: usize,
    /// Milliseconds for a connection, TLS included.
    #[schemars(range(min = 1, max = 60_000))]
    connect_timeout_ms: u64,
    /// Milliseconds between two octets of a body.
    #[schemars(range(min = 1, max = 600_000))]
    idle_timeout_ms: u64,
    /// Milliseconds that an idle connection is kept; less than the server keeps it.
    #[schemars(range(min = 1, max = 600_000))]
    pool_idle_timeout_ms: u64,
    /// Connections at a time.
    #[schemars(range(min = 1, max = 1_024))]
    max_connections: usize,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            listing_max_entries: 10_000,
            listing_max_bytes: 16 * 1024 * 1024,
            walk_max_folders: 25,
            connect_timeout_ms: 2_000,
            idle_timeout_ms: 15_000,
            pool_idle_timeout_ms: 4_000,
            max_connections: 128,
        }
    }
}

/// Validated settings.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) client: Client,
    pub(crate) authenticates: bool,
    /// The credentials travel over plain `http` to another machine.
    pub(crate) in_clear: bool,
    pub(crate) listing_max_entries: usize,
    pub(crate) listing_max_bytes: usize,
    pub(crate) walk_max_folders: usize,
}

pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(Raw)
}

/// Reads and validates a settings table.
pub(crate) fn read(settings: Value) -> Result<Settings, Vec<SettingFault>> {
    let mut faults = Vec::new();
    let raw = parse(settings, &mut faults).filter(|raw| {
        check_limits(&raw.limits, &mut faults);
        true
    });
    let Some(raw) = raw else { return Err(faults) };
    let base =
        Base::parse(&raw.base_url).map_err(|why| faults.push(SettingFault::at(&["base_url"], why))).ok();
    let credentials = raw.credentials.as_ref().and_then(|raw| credentials(raw, &mut faults));
    let in_clear = base.as_ref().is_some_and(|base| !base.is_encrypted() && !is_local(base.host()));
    let in_clear = in_clear && raw.credentials.is_some();
    if in_clear && raw.credentials.as_ref().is_some_and(|credentials| !credentials.plain_http) {
        faults.push(SettingFault::at(
            &["base_url"],
            "credentials would travel readable by everyone on the way; use `https`, or say `credentials.plain_http = true`",
        ));
    }
    let Some(base) = base else { return Err(faults) };
    let trust = raw.trust_roots.clone().map_or(Trust::Public, Trust::File);
    let limits = wire_limits(&raw.limits);
    let client = Client::new(base, &trust, credentials.as_ref(), limits)
        .map_err(|why| {
            let key: &[&str] = if why.contains('`') { &["trust_roots"] } else { &["credentials"] };
            faults.push(SettingFault::at(key, why));
        })
        .ok();
    match client {
        Some(client) if faults.is_empty() => Ok(Settings {
            client,
            authenticates: credentials.is_some(),
            in_clear,
            listing_max_entries: raw.limits.listing_max_entries,
            listing_max_bytes: raw.limits.listing_max_bytes,
            walk_max_folders: raw.limits.walk_max_folders,
        }),
        _ => Err(faults),
    }
}

fn wire_limits(raw: &RawLimits) -> Limits {
    Limits {
        connect_timeout: Duration::from_millis(raw.connect_timeout_ms),
        idle_timeout: Duration::from_millis(raw.idle_timeout_ms),
        pool_idle_timeout: Duration::from_millis(raw.pool_idle_timeout_ms),
        max_connections: raw.max_connections,
        ..Limits::default()
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn credentials(raw: &RawCredentials, faults: &mut Vec<SettingFault>) -> Option<Credentials> {
    let before = faults.len();
    if raw.username.is_empty() || raw.username.contains(':') || raw.username.chars().any(char::is_control) {
        faults.push(SettingFault::at(
            &["credentials", "username"],
            "a user name is not empty and holds neither a colon nor control characters (RFC 7617)",
        ));
    }
    match raw.password.load() {
        Ok(password) if faults.len() == before => {
            Some(Credentials::Basic { username: raw.username.clone(), password })
        }
        Ok(_) => None,
        Err(why) => {
            faults.push(SettingFault::at(&["credentials", "password"], why));
            None
        }
    }
}

fn check_limits(raw: &RawLimits, faults: &mut Vec<SettingFault>) {
    let mut bound = |key: &str, value: u64, min: u64, max: u64| {
        if !(min..=max).contains(&value) {
            faults.push(SettingFault::at(&["limits", key], format!("must lie between {min} and {max}")));
        }
    };
    bound("listing_max_entries", raw.listing_max_entries as u64, 1, 1_000_000);
    bound("listing_max_bytes", raw.listing_max_bytes as u64, 1_024, 268_435_456);
    bound("walk_max_folders", raw.walk_max_folders as u64, 1, 1_000);
    bound("connect_timeout_ms", raw.connect_timeout_ms, 1, 60_000);
    bound("idle_timeout_ms", raw.idle_timeout_ms, 1, 600_000);
    bound("pool_idle_timeout_ms", raw.pool_idle_timeout_ms, 1, 600_000);
    bound("max_connections", raw.max_connections as u64, 1, 1_024);
}

/// Deserializes; a member that cannot be read is noted, taken out, and the rest is tried again, so that the second fault
/// does not hide behind the first.
fn parse(mut settings: Value, faults: &mut Vec<SettingFault>) -> Option<Raw> {
    loop {
        let error = match serde_path_to_error::deserialize::<_, Raw>(&settings) {
            Ok(raw) => return Some(raw),
            Err(error) => error,
        };
        let mut path: Vec<String> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Map { key } => Some(key.clone()),
                _ => None,
            })
            .collect();
        let detail = error.into_inner().to_string();
        if let Some(unknown) = detail.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next())
            && path.last().is_none_or(|last| last != unknown)
        {
            path.push(unknown.to_owned());
        }
        let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let missing_member = missing.is_some();
        if let Some(missing) = missing {
            // It may be missing because it was taken out: that was told already.
            path.push(missing.to_owned());
            if faults.iter().any(|told| told.path == path) {
                path.pop();
                if remove(&mut settings, &path) {
                    continue;
                }
                return None;
            }
        }
        let removed = remove(&mut settings, &path);
        faults.push(SettingFault { path, detail: shown(detail) });
        // A required member that is missing hides nothing but itself: what holds it is taken out instead.
        let told = &faults[faults.len() - 1].path;
        let around = told.split_last().map(|(_, around)| around).filter(|around| !around.is_empty());
        let removed =
            removed || (missing_member && around.is_some_and(|around| remove(&mut settings, around)));
        if !removed {
            return None;
        }
    }
}

/// serde quotes values in its messages; one of them may be a secret that was written in the wrong place.
fn shown(detail: String) -> String {
    match detail.split_once(": ") {
        Some(("invalid type" | "invalid value", rest)) => match rest.rsplit_once("expected ") {
            Some((_, "usize" | "u64")) => "must be a whole number".to_owned(),
            Some((_, expected)) => format!("must be {expected}"),
            None => "has the wrong type".to_owned(),
        },
        _ => detail,
    }
}

fn remove(settings: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let mut at = settings;
    for key in parents {
        match at.get_mut(key) {
            Some(next) => at = next,
            None => return false,
        }
    }
    at.as_object_mut().is_some_and(|members| members.remove(last).is_some())
}
