//! The settings as they are written. Shapes, simple ranges and defaults stand here and become the JSON Schema; everything
//! that takes more than one value to judge is in [`crate::validate`].

mod listen;
mod people;
mod store;
mod telemetry;

use std::collections::BTreeMap;

use portico_contract::SecretRef;
use portico_policy::{RawClassification, RawRule};
use portico_resilience::SystemLimits;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

pub(crate) use listen::{Listen, ListenLimits, Runtime};
pub(crate) use people::{People, PersonKey};
pub(crate) use store::{Keep, Postgres, Store};
pub(crate) use telemetry::{LogFormat, LogLevel, Otlp, Telemetry};

/// The whole file.
///
/// It exists for the schema alone: sections are read one by one, so that a fault in one does not hide those in another.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Portico configuration")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct File {
    /// Where the gateway listens, and what it puts up with.
    #[schemars(default)]
    pub listen: Listen,
    /// Threads, and how the gateway stops.
    #[schemars(default)]
    pub runtime: Runtime,
    /// Whose tokens are believed.
    pub auth: Auth,
    /// What is allowed. Nothing is allowed without a rule.
    pub policy: Policy,
    /// Which web pages may call the API.
    #[schemars(default)]
    pub cors: Cors,
    /// Keys that seal ids and cursors. Those left out are made in the data folder at the first start.
    #[schemars(default)]
    pub keys: Keys,
    /// The operations port.
    #[schemars(default)]
    pub ops: Ops,
    /// Traces, logs, metrics.
    #[schemars(default)]
    pub telemetry: Telemetry,
    /// What one caller may ask for; as much as it likes when left out.
    pub rate_limit: Option<RateLimit>,
    /// The folder for everything that the gateway keeps.
    #[schemars(default)]
    pub data: Data,
    /// Where writes, approvals, deputies and the audit trail are on record.
    #[schemars(default)]
    pub store: Store,
    /// The directory that knows the staff, and how tokens and other systems point at it.
    #[schemars(default)]
    pub people: People,
    /// The systems behind the gateway, by their permanent keys: `[systems.contracts]`.
    #[schemars(extend("minProperties" = 1, "propertyNames" = { "pattern": "^[a-z][a-z0-9-]{0,31}$" }))]
    pub systems: BTreeMap<String, System>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    /// Who issues the tokens: their `iss`, to the letter.
    #[schemars(length(min = 1))]
    pub issuer: String,
    /// For whom the tokens are: their `aud`, to the letter.
    #[schemars(length(min = 1))]
    pub audience: String,
    /// Seconds that clocks may differ.
    #[serde(default = "leeway_seconds")]
    #[schemars(range(min = 0, max = 60))]
    pub leeway_seconds: u64,
    /// The keys that sign tokens: `[[auth.keys]]`.
    #[schemars(length(min = 1))]
    #[expect(dead_code, reason = "keys are read one by one, so that one does not hide another")]
    pub keys: Vec<AuthKey>,
    /// The claim that lists roles.
    #[serde(default = "roles_claim")]
    #[schemars(length(min = 1))]
    pub roles_claim: String,
    /// The claim that lists organisational units.
    #[serde(default = "units_claim")]
    #[schemars(length(min = 1))]
    pub units_claim: String,
    /// The claim that lists the subjects of those who report to the person.
    #[serde(default = "reports_claim")]
    #[schemars(length(min = 1))]
    pub reports_claim: String,
    /// The claim that holds the name to show.
    #[serde(default = "name_claim")]
    #[schemars(length(min = 1))]
    pub name_claim: String,
}

fn leeway_seconds() -> u64 {
    30
}
fn roles_claim() -> String {
    "roles".to_owned()
}
fn units_claim() -> String {
    "units".to_owned()
}
fn reports_claim() -> String {
    "reports".to_owned()
}
fn name_claim() -> String {
    "name".to_owned()
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthKey {
    /// The key's id: `kid` in the header of a token.
    #[schemars(length(min = 1, max = 256))]
    pub id: String,
    /// The only algorithm that the key is good for.
    pub algorithm: Algorithm,
    /// A PEM file with the public key.
    #[schemars(extend("format" = "path"))]
    pub file: String,
}

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// The rules: `[[policy.rules]]`. Each allows something; none forbids.
    #[schemars(length(min = 1))]
    #[expect(dead_code, reason = "rules are read one by one, so that one does not hide another")]
    pub rules: Vec<RawRule>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cors {
    /// Web origins, exactly as browsers write them: `https://intranet.example`.
    pub origins: Vec<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// 64 octets, base64 or hexadecimal, that seal ids. Never change it: every id ever given out would be lost.
    pub ids: Option<SecretRef>,
    /// 32 octets, base64 or hexadecimal, that seal cursors.
    pub cursors: Option<SecretRef>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ops {
    /// What operators send as a bearer token, at least 16 octets. Without it only probes and metrics are served.
    pub token: Option<SecretRef>,
    /// Host names by which operators reach the port, besides loopback ones and the address itself.
    pub allowed_hosts: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    /// Requests a second that one caller may keep up.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_second: u32,
    /// Requests that may come at once; as many as in a second when left out.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Data {
    /// The folder.
    #[schemars(extend("format" = "path"))]
    pub dir: String,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "/var/lib/portico".to_owned() }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct System {
    /// The adapter that speaks to it.
    #[expect(dead_code, reason = "read by itself, so that a fault here does not hide another")]
    pub adapter: String,
    /// What people call it.
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
    /// Whom to ring when it is sick.
    pub owner: Owner,
    /// Keys that it had before a rename.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// How sensitive a thing is when it does not say so itself; the adapter knows a default.
    #[serde(default)]
    pub classification: Option<RawClassification>,
    /// Limits of its stack. Every key has a default.
    #[serde(default)]
    #[schemars(with = "SystemLimits", default = "SystemLimits::default")]
    #[expect(dead_code, reason = "read by itself, so that a fault here does not hide another")]
    pub limits: IgnoredAny,
    /// The adapter's own settings.
    #[serde(default)]
    #[expect(dead_code, reason = "read by itself, so that a fault here does not hide another")]
    pub settings: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    /// The team that answers for the system.
    #[schemars(length(min = 1, max = 200))]
    pub team: String,
    /// How to reach it: an address, a number, a queue.
    #[schemars(length(min = 1, max = 200))]
    pub contact: String,
    /// When somebody is there, in words.
    #[schemars(length(min = 1, max = 200))]
    pub hours: String,
}
