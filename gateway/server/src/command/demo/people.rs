//! The people of the demo who have tokens: somebody who claims, the manager above, somebody in finance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use portico_settings::Settings;
use portico_simkit::council::{Council, Person};

use crate::tokens;

/// How long the demo's tokens are good.
const VALID: Duration = Duration::from_secs(12 * 3600);

/// Somebody with a token.
pub struct Player {
    pub display_name: String,
    pub title: String,
    /// What the token is good for, in words.
    pub may: &'static str,
    pub token: String,
}

/// Everybody with a token.
pub struct Cast {
    pub claimant: Player,
    pub manager: Player,
    pub finance: Player,
}

impl Cast {
    /// Takes the first team manager with reports, the first of these, and the first in finance.
    pub fn choose(council: &Council, settings: &Settings, key: &Path) -> Result<Self> {
        let leads = |person: &&Person| {
            council.reports(person.index).any(|r| council.reports(r.index).next().is_none())
        };
        let manager = council.people.iter().rev().find(leads).context("the council has no manager")?;
        let claimant = council.reports(manager.index).next().context("the manager has no staff")?;
        let finance = council.people.iter().rev().find(|person| person.department.contains("Finance"));
        let finance = finance.context("the council has no finance department")?;
        let player = |person: &Person, roles: &[&str], may| -> Result<Player> {
            let bearer = tokens::Person {
                subject: person.username.clone(),
                name: Some(person.display_name.clone()),
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
                units: BTreeSet::from([person.department.to_owned()]),
                reports: council.reports(person.index).map(|report| report.username.clone()).collect(),
            };
            let token = tokens::mint(&settings.auth, Some("demo"), key, &bearer, VALID)?;
            Ok(Player { display_name: person.display_name.clone(), title: person.title.clone(), may, token })
        };
        Ok(Self {
            claimant: player(claimant, &["staff"], "reads everything, works on contracts")?,
            manager: player(manager, &["staff", "manager"], "works on contracts and policies")?,
            finance: player(finance, &["staff", "finance"], "works on contracts and policies")?,
        })
    }

    /// Everybody, by the part they play.
    pub fn all(&self) -> [(&'static str, &Player); 3] {
        [("claimant", &self.claimant), ("manager", &self.manager), ("finance", &self.finance)]
    }

    /// The tokens, by the part they play.
    pub fn tokens(&self) -> BTreeMap<&'static str, String> {
        self.all().into_iter().map(|(part, player)| (part, player.token.clone())).collect()
    }
}
