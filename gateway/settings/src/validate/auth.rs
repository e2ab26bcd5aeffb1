//! Whose tokens are believed, and the keys of the gateway itself.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portico_contract::SecretRef;
use secrecy::{ExposeSecret, SecretBox};

use super::Checker;
use crate::raw;
use crate::settings::{Algorithm, Auth, AuthKey, Keys, SealingKey};

impl Checker<'_> {
    pub(super) fn auth(&mut self) -> Option<Auth> {
        let raw: Option<raw::Auth> = self.section(&["auth"]);
        let mut keys = Vec::new();
        let mut ids = BTreeSet::new();
        for index in 0..self.count(&["auth", "keys"]) {
            let index = index.to_string();
            let key: Option<raw::AuthKey> = self.section(&["auth", "keys", &index]);
            let Some(key) = key else { continue };
            if !ids.insert(key.id.clone()) {
                let problem = format!("there is another key `{}`", key.id);
                self.refuse::<()>(&["auth", "keys", &index, "id"], problem, "ids tell keys apart");
            }
            keys.extend(self.auth_key(&index, key));
        }
        let raw = raw?;
        Some(Auth {
            issuer: raw.issuer,
            audience: raw.audience,
            leeway: Duration::from_secs(raw.leeway_seconds),
            keys,
            roles_claim: raw.roles_claim,
            units_claim: raw.units_claim,
            reports_claim: raw.reports_claim,
            name_claim: raw.name_claim,
        })
    }

    fn auth_key(&mut self, index: &str, raw: raw::AuthKey) -> Option<AuthKey> {
        let path = ["auth", "keys", index, "file"];
        let pem = self.pem(&path, &raw.file)?;
        if pem.contains("PRIVATE KEY-----") {
            let problem = format!("`{}` holds a private key", raw.file);
            return self.refuse(&path, problem, "the gateway checks tokens and needs the public key only");
        }
        Some(AuthKey { id: raw.id, algorithm: algorithm(raw.algorithm), file: raw.file.into() })
    }

    pub(super) fn keys(&mut self) -> Option<Keys> {
        let raw: raw::Keys = self.rest_of_section(&["keys"])?;
        let ids = raw.ids.map(|reference| self.sealing_key(&["keys", "ids"], &reference));
        let cursors = raw.cursors.map(|reference| self.sealing_key(&["keys", "cursors"], &reference));
        Some(Keys { ids: transpose(ids)?, cursors: transpose(cursors)? })
    }

    fn sealing_key<const N: usize>(&mut self, path: &[&str], reference: &SecretRef) -> Option<SealingKey<N>> {
        let text = self.secret(path, reference)?;
        match octets(text.expose_secret()) {
            Some(key) => Some(SealingKey(SecretBox::new(Box::new(key)))),
            None => {
                let problem = format!("the key is not {N} octets in base64 or hexadecimal");
                self.refuse(path, problem, &format!("`openssl rand -hex {N}` makes one"))
            }
        }
    }
}

/// `None` where there is a reference without a key behind it.
fn transpose<T>(key: Option<Option<T>>) -> Option<Option<T>> {
    match key {
        Some(None) => None,
        other => Some(other.flatten()),
    }
}

/// Reads hexadecimal or base64 (RFC 4648, sections 4, 5, 8) of exactly this many octets; line ends may come anywhere.
fn octets<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if digits.len() == 2 * N && digits.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        let mut key = [0; N];
        for (octet, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *octet = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        return Some(key);
    }
    let read = STANDARD.decode(&digits).or_else(|_| URL_SAFE_NO_PAD.decode(digits.trim_end_matches('=')));
    read.ok()?.try_into().ok()
}

fn algorithm(raw: raw::Algorithm) -> Algorithm {
    match raw {
        raw::Algorithm::Rs256 => Algorithm::Rs256,
        raw::Algorithm::Rs384 => Algorithm::Rs384,
        raw::Algorithm::Rs512 => Algorithm::Rs512,
        raw::Algorithm::Ps256 => Algorithm::Ps256,
        raw::Algorithm::Ps384 => Algorithm::Ps384,
        raw::Algorithm::Ps512 => Algorithm::Ps512,
        raw::Algorithm::Es256 => Algorithm::Es256,
        raw::Algorithm::Es384 => Algorithm::Es384,
        raw::Algorithm::EdDsa => Algorithm::EdDsa,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_every_usual_form_and_in_one_length() {
        let hex = "ff".repeat(32);
        assert_eq!(octets::<32>(&hex), Some([255; 32]));
        assert_eq!(octets::<32>(&STANDARD.encode([251; 32])), Some([251; 32]));
        assert_eq!(octets::<32>(&URL_SAFE_NO_PAD.encode([251; 32])), Some([251; 32]));
        let wrapped = STANDARD.encode([7; 64]);
        let wrapped = format!("{}\n{}", &wrapped[..64], &wrapped[64..]);
        assert_eq!(octets::<64>(&wrapped), Some([7; 64]));
        assert_eq!(octets::<32>(&wrapped), None);
        assert_eq!(octets::<32>(&hex[2..]), None);
        assert_eq!(octets::<32>("not a key"), None);
    }
}
