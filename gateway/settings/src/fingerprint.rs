//! Whether a system is still configured as it was, what its files and variables hold included.

use std::fs;
use std::path::Path;

use portico_contract::SecretRef;
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::effective;

/// Files larger than this are not compared: nothing that an adapter is configured with is.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// A digest of settings with absolute paths, and of what they refer to. Never shown: it covers secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Reads every file and variable that is referred to. What cannot be read counts as empty.
    pub(crate) fn of(parts: &[Option<&Value>]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            let value = part.unwrap_or(&Value::Null);
            hasher.update(effective::hash(value));
            contents(value, &mut hasher);
        }
        Self(hasher.finalize().into())
    }
}

fn contents(value: &Value, hasher: &mut Sha256) {
    match value {
        Value::Object(members) => {
            // The order of keys in a file does not count.
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            sorted.into_iter().for_each(|(_, below)| contents(below, hasher));
        }
        Value::Array(items) => items.iter().for_each(|below| contents(below, hasher)),
        Value::String(text) => {
            if let Some(secret) = SecretRef::parse(text) {
                let read = secret.load();
                let octets = read.as_ref().map_or(&[][..], |secret| secret.expose_secret().as_bytes());
                hasher.update(Sha256::digest(octets));
            } else if Path::new(text).is_absolute() {
                let small =
                    fs::metadata(text).is_ok_and(|about| about.is_file() && about.len() <= MAX_FILE_BYTES);
                let read = if small { fs::read(text).unwrap_or_default() } else { Vec::new() };
                hasher.update(Sha256::digest(read));
            }
        }
        _ => {}
    }
}
