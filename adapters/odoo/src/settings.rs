//! Settings: raw as written, then validated into a client and bounds, every fault at once.

use std::path::PathBuf;
use std::time::Duration;

use portico_contract::{SecretRef, SettingFault};
use portico_wire::http::{Base, Client, Limits, Trust};
use portico_wire::rpc;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

/// The `settings` table of a system with `adapter = "odoo"`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// Where Odoo is, `http` or `https`: `https://odoo.example.org/`.
    base_url: String,
    /// The name of the database.
    database: String,
    /// The service account.
    credentials: RawCredentials,
    /// How to call: `jsonrpc`, or `xmlrpc` where a proxy lets only that through.
    #[serde(default)]
    protocol: Protocol,
    /// PEM file of the certificate authorities to trust, instead of the public ones.
    #[schemars(extend("format" = "path"))]
    trust_roots: Option<PathBuf>,
    /// The field of `hr.employee` that holds the number that personnel uses, for linking people: `barcode`, or
    /// `registration_number` where payroll is installed. Leave it out to link by user name and mail address alone.
    employee_number_field: Option<String>,
    /// What expenses are booked to.
    #[serde(default)]
    analytic: RawAnalytic,
    /// Bounds; the defaults suit a server in the same building.
    #[serde(default)]
    limits: RawLimits,
}

/// The service account of the gateway in Odoo.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCredentials {
    /// Its login.
    username: String,
    /// Where its password or, better, its API key is kept.
    password: SecretRef,
    /// Send them over plain `http` to another machine, where everybody on the way can read them. Only for a network that
    /// nobody else is on, such as between two containers.
    #[serde(default)]
    plain_http: bool,
}

/// How remote calls are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    /// JSON-RPC at `/jsonrpc`: a method that returns nothing has an answer there.
    #[default]
    Jsonrpc,
    /// XML-RPC at `/xmlrpc/2`: a method that returns nothing answers with a fault, after it was done.
    Xmlrpc,
}

/// Odoo books to analytic accounts, which belong to plans.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RawAnalytic {
    /// The name of the plan whose accounts are projects.
    project_plan: String,
    /// The name of the plan whose accounts are cost centres.
    cost_centre_plan: String,
}

impl Default for RawAnalytic {
    fn default() -> Self {
        Self { project_plan: "Projects".to_owned(), cost_centre_plan: "Cost centres".to_owned() }
    }
}

/// Bounds on what one answer may cost.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    /// Octets that one answer may have; content of receipts is not counted.
    #[schemars(range(min = 65_536, max = 268_435_456))]
    answer_max_bytes: usize,
    /// Milliseconds for a connection, TLS included.
    #[schemars(range(min = 1, max = 60_000))]
    connect_timeout_ms: u64,
    /// Milliseconds between two octets of a body.
    #[schemars(range(min = 1, max = 600_000))]
    idle_timeout_ms: u64,
    /// Milliseconds that an idle connection is kept; less than the server keeps it.
    #[schemars(range(min = 1, max = 600_000))]
    pool_idle_timeout_ms: u64,
    /// Connections at a time; no more than Odoo has workers.
    #[schemars(range(min = 1, max = 1_024))]
    max_connections: usize,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            answer_max_bytes: 32 * 1024 * 1024,
            connect_timeout_ms: 2_000,
            idle_timeout_ms: 15_000,
            pool_idle_timeout_ms: 4_000,
            max_connections: 32,
        }
    }
}

/// Validated settings.
pub(crate) struct Settings {
    pub(crate) client: Client,
    pub(crate) protocol: Protocol,
    pub(crate) database: String,
    pub(crate) username: String,
    pub(crate) password: SecretString,
    /// The credentials travel over plain `http` to another machine.
    pub(crate) in_clear: bool,
    pub(crate) employee_number_field: Option<String>,
    pub(crate) project_plan: String,
    pub(crate) cost_centre_plan: String,
    pub(crate) limits: rpc::Limits,
}

pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(Raw)
}

/// Reads and validates a settings table.
pub(crate) fn read(settings: Value) -> Result<Settings, Vec<SettingFault>> {
    let mut faults = Vec::new();
    let Some(raw) = crate::parse::parse::<Raw>(settings, &mut faults) else { return Err(faults) };
    check_limits(&raw.limits, &mut faults);
    check_words(&raw, &mut faults);
    let base =
        Base::parse(&raw.base_url).map_err(|why| faults.push(SettingFault::at(&["base_url"], why))).ok();
    let password = raw.credentials.password.load();
    let password =
        password.map_err(|why| faults.push(SettingFault::at(&["credentials", "password"], why))).ok();
    let in_clear = base.as_ref().is_some_and(|base| !base.is_encrypted() && !is_local(base.host()));
    if in_clear && !raw.credentials.plain_http {
        faults.push(SettingFault::at(
            &["base_url"],
            "credentials would travel readable by everyone on the way; use `https`, or say `credentials.plain_http = true`",
        ));
    }
    let (Some(base), Some(password)) = (base, password) else { return Err(faults) };
    let trust = raw.trust_roots.clone().map_or(Trust::Public, Trust::File);
    // Credentials are arguments of every call here, and no header.
    let client = Client::new(base, &trust, None, wire_limits(&raw.limits))
        .map_err(|why| faults.push(SettingFault::at(&["trust_roots"], why)))
        .ok();
    match client {
        Some(client) if faults.is_empty() => Ok(Settings {
            client,
            protocol: raw.protocol,
            database: raw.database,
            username: raw.credentials.username,
            password,
            in_clear,
            employee_number_field: raw.employee_number_field,
            project_plan: raw.analytic.project_plan,
            cost_centre_plan: raw.analytic.cost_centre_plan,
            limits: rpc::Limits { answer: raw.limits.answer_max_bytes, ..rpc::Limits::default() },
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

fn check_words(raw: &Raw, faults: &mut Vec<SettingFault>) {
    let mut word = |path: &[&str], value: &str| {
        if value.trim().is_empty() || value.chars().any(char::is_control) {
            faults.push(SettingFault::at(path, "is not empty and holds no control characters"));
        }
    };
    word(&["database"], &raw.database);
    word(&["credentials", "username"], &raw.credentials.username);
    word(&["analytic", "project_plan"], &raw.analytic.project_plan);
    word(&["analytic", "cost_centre_plan"], &raw.analytic.cost_centre_plan);
    let field = raw.employee_number_field.as_deref();
    let plain = |name: &str| {
        !name.is_empty()
            && name.len() <= 63
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if field.is_some_and(|name| !plain(name)) {
        faults.push(SettingFault::at(
            &["employee_number_field"],
            "is the technical name of a field: `a-z 0-9 _`",
        ));
    }
}

fn check_limits(raw: &RawLimits, faults: &mut Vec<SettingFault>) {
    let mut bound = |key: &str, value: u64, min: u64, max: u64| {
        if !(min..=max).contains(&value) {
            faults.push(SettingFault::at(&["limits", key], format!("must lie between {min} and {max}")));
        }
    };
    bound("answer_max_bytes", raw.answer_max_bytes as u64, 65_536, 268_435_456);
    bound("connect_timeout_ms", raw.connect_timeout_ms, 1, 60_000);
    bound("idle_timeout_ms", raw.idle_timeout_ms, 1, 600_000);
    bound("pool_idle_timeout_ms", raw.pool_idle_timeout_ms, 1, 600_000);
    bound("max_connections", raw.max_connections as u64, 1, 1_024);
}
