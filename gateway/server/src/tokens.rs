//! Making tokens that the configured gateway accepts.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use portico_contract::access::Principal;
use portico_edge::auth::{Algorithm, AuthConfig, ClaimNames, Grant, KeySource, Minter};
use portico_settings::Auth;
use secrecy::SecretString;

/// Whom a token names.
#[derive(Debug, Clone, Default)]
pub struct Person {
    pub subject: String,
    pub name: Option<String>,
    pub roles: BTreeSet<String>,
    pub units: BTreeSet<String>,
    pub reports: BTreeSet<String>,
}

/// Which claims say what.
pub fn claims(auth: &Auth) -> ClaimNames {
    ClaimNames {
        name: auth.name_claim.clone(),
        roles: auth.roles_claim.clone(),
        units: auth.units_claim.clone(),
        reports: auth.reports_claim.clone(),
        ..ClaimNames::default()
    }
}

/// What the edge checks tokens against.
///
/// # Errors
/// A key has an algorithm that the edge does not take.
pub fn accepted(auth: &Auth) -> Result<AuthConfig> {
    let keys = auth.keys.iter().map(|key| {
        let algorithm = algorithm(key.algorithm)?;
        Ok(KeySource { id: key.id.clone(), algorithm, file: key.file.clone() })
    });
    Ok(AuthConfig {
        issuer: auth.issuer.clone(),
        audience: auth.audience.clone(),
        leeway: auth.leeway,
        keys: keys.collect::<Result<_>>()?,
        claims: claims(auth),
    })
}

fn algorithm(configured: portico_settings::Algorithm) -> Result<Algorithm> {
    let name = configured.as_str();
    Algorithm::named(name).with_context(|| format!("tokens signed with {name} are not taken"))
}

/// Makes a token for a person, signed with the private half of a configured key.
///
/// # Errors
/// No such key is configured, the file cannot be read, or it does not hold a private key for the key's algorithm.
pub fn mint(
    auth: &Auth,
    key_id: Option<&str>,
    key: &Path,
    person: &Person,
    valid: Duration,
) -> Result<String> {
    let configured = auth.keys.iter().find(|known| key_id.is_none_or(|id| known.id == id));
    let configured =
        configured.with_context(|| format!("no key `{}` is configured", key_id.unwrap_or_default()))?;
    let pem =
        std::fs::read_to_string(key).with_context(|| format!("cannot read the key {}", key.display()))?;
    let minter = Minter::new(&configured.id, algorithm(configured.algorithm)?, &SecretString::from(pem))?;
    let principal = Principal {
        subject: person.subject.clone(),
        display_name: person.name.clone().unwrap_or_else(|| person.subject.clone()),
        person_id: None,
        roles: person.roles.clone(),
        units: person.units.clone(),
        reports: person.reports.clone(),
        stands_in_for: Default::default(),
    };
    let grant = Grant { issuer: auth.issuer.clone(), audience: auth.audience.clone(), lifetime: valid };
    Ok(minter.mint(&principal, &grant, &claims(auth))?)
}
