//! What the gateway needs to know of an adapter before a system is configured: its name, its settings, how to build it.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::{Adapter, SystemKey};

/// One fault in settings. The settings crate adds file, line and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// Where, as keys from the adapter's own settings table: `["credentials", "password"]`.
    pub path: Vec<String>,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl SettingFault {
    /// A fault at a path of keys.
    pub fn at(path: &[&str], detail: impl Into<String>) -> Self {
        Self { path: path.iter().map(|key| (*key).to_owned()).collect(), detail: detail.into() }
    }
}

/// An adapter kind. Each adapter crate exports one value of it, and the registry lists them.
pub struct AdapterKind {
    /// The name used in configuration, for example `webdav`.
    pub name: &'static str,
    /// One line for people: what it speaks to.
    pub summary: &'static str,
    /// JSON Schema 2020-12 of its settings table, generated from the raw settings type.
    pub settings_schema: fn() -> schemars::Schema,
    /// Validates settings and builds the adapter. Must not connect, and must report every fault at once.
    pub build: fn(SystemKey, serde_json::Value) -> Result<Adapter, Vec<SettingFault>>,
}

impl fmt::Debug for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdapterKind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A reference to a secret: `file:/run/secrets/name` or `env:NAME`. A secret written into the configuration itself is a
/// fault. Reading a file cuts one line end off its end.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct SecretRef(
    #[schemars(
        regex(pattern = r"^(file:.+|env:[A-Za-z_][A-Za-z0-9_]*)$"),
        description = "A reference to a secret, `file:/path` or `env:NAME`; never the secret itself."
    )]
    String,
);

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "a secret must be a reference, `file:/path` or `env:NAME`, never the secret itself",
            )
        })
    }
}

impl SecretRef {
    /// Reads a reference. `None` when it is neither form: it may then be the secret itself, so do not print it.
    pub fn parse(text: &str) -> Option<Self> {
        let good = match text.split_once(':') {
            Some(("file", path)) => !path.is_empty(),
            Some(("env", name)) => {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            }
            _ => false,
        };
        good.then(|| Self(text.to_owned()))
    }

    /// The reference itself, which is not secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file that is referred to, if it is one: for reloading when it changes.
    pub fn file(&self) -> Option<PathBuf> {
        self.0.strip_prefix("file:").map(PathBuf::from)
    }

    /// Fetches the secret.
    ///
    /// # Errors
    /// A sentence that names the reference, never the value: the file cannot be read, is larger than 64 KiB, the
    /// variable is not set, or the secret is empty.
    pub fn load(&self) -> Result<SecretString, String> {
        let text = match self.0.split_once(':') {
            Some(("file", path)) => {
                read_small(path).map_err(|why| format!("cannot read `{}`: {why}", self.0))?
            }
            Some((_, name)) => std::env::var(name)
                .map_err(|_| format!("the environment variable of `{}` is not set", self.0))?,
            None => return Err(format!("`{}` is not a reference", self.0)),
        };
        let text = text.strip_suffix('\n').map_or(text.as_str(), |t| t.strip_suffix('\r').unwrap_or(t));
        if text.is_empty() {
            return Err(format!("the secret behind `{}` is empty", self.0));
        }
        Ok(SecretString::from(text))
    }
}

fn read_small(path: &str) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > 64 * 1024 {
        return Err("it is larger than 64 KiB".to_owned());
    }
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}
