//! Making tokens and keys: for the demo, for `portico token`, for tests.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header};
use portico_contract::access::Principal;
use rcgen::PKCS_ECDSA_P256_SHA256;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::Algorithm;
use super::ClaimNames;

/// A new key pair for ES256. The private half is hidden from `Debug`.
#[derive(Debug)]
pub struct KeyPair {
    /// PKCS #8, PEM.
    pub private_pem: SecretString,
    /// SubjectPublicKeyInfo, PEM.
    pub public_pem: String,
}

impl KeyPair {
    /// Makes a key pair.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, MintFault> {
        let pair =
            rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|_| MintFault::NoRandomness)?;
        Ok(Self { private_pem: pair.serialize_pem().into(), public_pem: pair.public_key_pem() })
    }
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MintFault {
    /// The system gives no randomness.
    #[error("no key could be made: the system gives no randomness")]
    NoRandomness,
    /// The private key cannot be used.
    #[error("the private key is not one for {0} in PKCS #8 PEM")]
    BadKey(&'static str),
    /// Signing failed.
    #[error("the token could not be signed")]
    Signing,
}

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The issuer.
    pub issuer: String,
    /// The audience.
    pub audience: String,
    /// How long it holds, from now.
    pub lifetime: Duration,
}

/// Signs tokens with one private key.
pub struct Minter {
    key_id: String,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Minter {
    /// Takes a private key in PKCS #8 PEM.
    ///
    /// # Errors
    /// When it is not a key for the algorithm.
    pub fn new(key_id: &str, algorithm: Algorithm, private_pem: &SecretString) -> Result<Self, MintFault> {
        let pem = private_pem.expose_secret().as_bytes();
        let key = match algorithm {
            Algorithm::Es256 | Algorithm::Es384 => EncodingKey::from_ec_pem(pem),
            Algorithm::EdDsa => EncodingKey::from_ed_pem(pem),
            _ => EncodingKey::from_rsa_pem(pem),
        };
        let key = key.map_err(|_| MintFault::BadKey(algorithm.as_str()))?;
        Ok(Self { key_id: key_id.to_owned(), algorithm, key })
    }

    /// A token that names this person, valid from now.
    ///
    /// # Errors
    /// When signing fails.
    pub fn mint(&self, person: &Principal, grant: &Grant, names: &ClaimNames) -> Result<String, MintFault> {
        let now = Timestamp::now().as_second();
        let lifetime = i64::try_from(grant.lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut claims = json!({
            "iss": grant.issuer,
            "aud": grant.audience,
            "sub": person.subject,
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(lifetime),
        });
        claims[&names.name] = json!(person.display_name);
        claims[&names.roles] = json!(person.roles);
        claims[&names.units] = json!(person.units);
        claims[&names.reports] = json!(person.reports);
        if let Some(id) = &person.person_id {
            claims[&names.person_id] = json!(id);
        }
        self.sign(&claims)
    }

    /// Signs any claims: for tests that need tokens which do not hold.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(&self, claims: &serde_json::Value) -> Result<String, MintFault> {
        let mut header = Header::new(self.algorithm.library());
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|_| MintFault::Signing)
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minter").field("key_id", &self.key_id).field("algorithm", &self.algorithm).finish()
    }
}
