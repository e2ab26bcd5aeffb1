//! Who asks: bearer tokens (RFC 6750) that are signed JWTs (RFC 7519), checked against configured key files.
//!
//! Nothing that a token says about keys is followed: `jku`, `x5u`, `jwk` and `x5c` are never read. A token that was
//! verified is remembered by its hash until its key set is reloaded; its times are checked every time.

mod cache;
mod claims;
mod keys;
mod mint;
mod refusal;
mod verify;

pub use keys::{Algorithm, KeyFault, KeySource};
pub use mint::{Grant, KeyPair, MintFault, Minter};
pub use refusal::Refusal;
pub use verify::{Authenticator, MAX_TOKEN};

use std::time::Duration;

/// What tokens must look like.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// The only issuer (`iss`) that is accepted.
    pub issuer: String,
    /// The audience (`aud`) that a token must name, alone or among others.
    pub audience: String,
    /// How far apart the clocks may be; more than 60 seconds counts as 60.
    pub leeway: Duration,
    /// The keys.
    pub keys: Vec<KeySource>,
    /// Which claims say what.
    pub claims: ClaimNames,
}

/// The names of the claims that a [`portico_contract::access::Principal`] is made of. A claim that is missing is empty; one
/// of the wrong type refuses the token.
#[derive(Debug, Clone)]
pub struct ClaimNames {
    /// A text: the name to show. The subject where missing.
    pub name: String,
    /// A text: the person's id in the directory of record.
    pub person_id: String,
    /// A list of texts, or one text of words with spaces between.
    pub roles: String,
    /// A list of texts, or one text of words with spaces between.
    pub units: String,
    /// A list of texts, or one text of words with spaces between: subjects of those who report to the person.
    pub reports: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            name: "name".to_owned(),
            person_id: "person_id".to_owned(),
            roles: "roles".to_owned(),
            units: "units".to_owned(),
            reports: "reports".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
