//! A folder with everything that the example configuration refers to, and an adapter kind to configure.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use portico_contract::people::{GetPerson, PersonRecord};
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{
    Adapter, AdapterBuilder, AdapterKind, CallContext, Capability, Error, ErrorKind, Handler, SecretRef,
    SettingFault, SystemKey,
};
use portico_settings::{Fault, Faults, Loader, Place, Settings, Sources};
use schemars::JsonSchema;
use serde::Deserialize;
use tempfile::TempDir;

/// The settings of the kind that tests configure: as the WebDAV adapter has them, and a choice between shapes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what is not read here is read by the schema")]
struct ShelfSettings {
    /// Where the shelf is.
    base_url: String,
    /// Who we are to it.
    credentials: Option<Credentials>,
    /// A file of ours.
    #[schemars(extend("format" = "path"))]
    trust_roots: Option<PathBuf>,
    /// How it wants to be asked.
    #[serde(default)]
    manner: Option<Manner>,
}

/// Who we are to the shelf.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what is not read here is read by the schema")]
struct Credentials {
    /// The name.
    username: String,
    /// And what we say.
    password: SecretRef,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[expect(dead_code, reason = "what is not read here is read by the schema")]
enum Manner {
    /// Over a counter.
    Counter {
        /// Which one.
        number: u8,
    },
    /// By post.
    Post {
        /// To whom.
        addressee: String,
        /// The stamp.
        stamp: SecretRef,
    },
}

struct Shelf;

impl Handler<CheckSystem> for Shelf {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

fn build(system: SystemKey, settings: serde_json::Value) -> Result<Adapter, Vec<SettingFault>> {
    let settings: ShelfSettings =
        serde_json::from_value(settings).map_err(|error| vec![SettingFault::at(&[], error.to_string())])?;
    let mut faults = Vec::new();
    if !settings.base_url.starts_with("http") {
        faults.push(SettingFault::at(&["base_url"], "the address has to start with `http://` or `https://`"));
    }
    if let Some(Err(why)) = settings.credentials.map(|credentials| credentials.password.load()) {
        faults.push(SettingFault::at(&["credentials", "password"], why));
    }
    if let Some(Err(why)) = settings.trust_roots.map(std::fs::metadata) {
        faults.push(SettingFault::at(&["trust_roots"], why.to_string()));
    }
    if faults.is_empty() { Ok(AdapterBuilder::new("webdav", system, Shelf).build()) } else { Err(faults) }
}

static KIND: AdapterKind = AdapterKind {
    name: "webdav",
    summary: "A shelf that stands in for a WebDAV server.",
    settings_schema: || schemars::schema_for!(ShelfSettings),
    build,
};

/// The settings of a directory, as the LDAP adapter has them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by the schema alone")]
struct DirectorySettings {
    /// Whose habits it has.
    dialect: Dialect,
    /// The servers.
    urls: Vec<String>,
    /// Whom to trust.
    #[schemars(extend("format" = "path"))]
    trust_roots: Option<PathBuf>,
    /// Who we are.
    bind_dn: Option<String>,
    /// And what we say.
    password: SecretRef,
    /// Where people are.
    people: Below,
    /// Where units are.
    org_units: Option<Below>,
    /// Where groups are.
    groups: Option<Below>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Dialect {
    /// The open one.
    OpenLdap,
}

/// A place in the directory.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by the schema alone")]
struct Below {
    /// The top of it.
    base: String,
    /// What to call the top itself.
    top_unit_name: Option<String>,
}

/// A directory that claims people and has nobody.
struct Phonebook;

impl Handler<CheckSystem> for Phonebook {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

impl Handler<GetPerson> for Phonebook {
    async fn handle(&self, _: &CallContext, _: &GetPerson) -> Result<PersonRecord, Error> {
        Err(Error::new(ErrorKind::NotFound, "Nobody is in it."))
    }
}

static DIRECTORY: AdapterKind = AdapterKind {
    name: "ldap",
    summary: "A directory that stands in for a real one.",
    settings_schema: || schemars::schema_for!(DirectorySettings),
    build: |system, _| {
        Ok(AdapterBuilder::new("ldap", system, Phonebook).on::<GetPerson>(Capability::default()).build())
    },
};

/// What tests configure.
pub(crate) const KINDS: &[&AdapterKind] = &[&KIND, &DIRECTORY];

/// Reads what tests configure, with one schema for all of them.
pub(crate) fn loader() -> &'static Loader<'static> {
    static LOADER: LazyLock<Loader<'static>> = LazyLock::new(|| Loader::new(KINDS));
    &LOADER
}

/// A P-256 public key that nobody has the private half of.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
";

/// A folder with the files that the example refers to.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put("login-2026.pem", PUBLIC_KEY);
    put("login-2027.pem", PUBLIC_KEY);
    put("tls/portico.pem", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    put("tls/portico-key.pem", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n");
    put("tls/council-ca.pem", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    put("tls/database-ca.pem", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    put("secrets/ids", &"ab".repeat(64));
    put("secrets/cursors", &"cd".repeat(32));
    put("secrets/ops-token", "operators-only-0123456789\n");
    put("secrets/otlp", "collector-key");
    put("secrets/contracts", "open sesame");
    put("secrets/staff", "sesame, open");
    put("secrets/store", "open, database");
    folder
}

/// The example as it stands.
pub(crate) fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/example/portico.toml");
    fs::read_to_string(path).unwrap()
}

/// The example with everything optional in it: lines that start with `#` and no space are uncommented.
pub(crate) fn whole_example() -> String {
    let uncommented = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest.to_owned(),
        _ => line.to_owned(),
    };
    example().lines().map(uncommented).collect::<Vec<_>>().join("\n") + "\n"
}

/// The least that works.
pub(crate) const MINIMAL: &str = r#"
[auth]
issuer = "https://login.council.example/"
audience = "portico"

[[auth.keys]]
id = "login-2026"
algorithm = "ES256"
file = "login-2026.pem"

[[policy.rules]]
resource = "documents"
actions = ["read"]
who = "role:staff"

[systems.contracts]
title = "Contracts"
adapter = "webdav"
owner = { team = "IT", contact = "4400", hours = "8 to 18" }
settings = { base_url = "http://127.0.0.1:8001/" }
"#;

/// Loads a text as if it stood in the folder.
pub(crate) fn load(folder: &TempDir, text: &str) -> Result<Settings, Faults> {
    load_with(folder, text, &[])
}

/// The same, with variables.
pub(crate) fn load_with(
    folder: &TempDir,
    text: &str,
    variables: &[(&str, &str)],
) -> Result<Settings, Faults> {
    let sources = Sources::new().text("portico.toml", folder.path(), text);
    loader().load(&sources.environment(variables.iter().copied()))
}

/// The faults of a text that has to have some.
pub(crate) fn faults(text: &str) -> Faults {
    load(&folder(), text).expect_err("this should have been refused")
}

/// The line of a fault, 0 where it has none.
pub(crate) fn line(fault: &Fault) -> usize {
    match &fault.place {
        Place::File { line, .. } => *line,
        _ => 0,
    }
}
