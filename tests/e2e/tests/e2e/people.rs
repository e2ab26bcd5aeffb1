//! People, from a request to a directory and back.

mod links;
mod products;
mod sentinel;
mod simulated;

use std::fs;
use std::path::Path;

use portico_ldap_sim::{Dialect, Options, Sim};
use portico_simkit::wait::wait_for;
use serde_json::Value;

use crate::support::{Answer, Gateway, Person, SOON, Site};

/// Staff find people and see the organisation; people and their managers see everything about them; a group reads
/// documents.
pub const RULES: &str = r#"
[[policy.rules]]
name = "Staff find people"
resource = "people"
actions = ["read"]
who = "role:staff"

[[policy.rules]]
name = "Staff see the organisation"
resource = "org-units"
actions = ["read"]
who = "role:staff"

[[policy.rules]]
name = "People see everything about themselves"
resource = "people"
actions = ["read"]
who = "self"
up_to = "restricted"

[[policy.rules]]
name = "Managers see everything about their staff"
resource = "people"
actions = ["read"]
who = "manager"
up_to = "restricted"
"#;

/// How a directory is reached.
pub struct Reach<'a> {
    pub dialect: &'a str,
    pub url: String,
    pub ca: &'a str,
    pub account: &'a str,
    pub password: &'a str,
    pub people: &'a str,
    pub base: &'a str,
}

impl<'a> Reach<'a> {
    pub fn of(sim: &'a Sim, dialect: Dialect) -> Self {
        Self {
            dialect: match dialect {
                Dialect::OpenLdap => "openldap",
                Dialect::ActiveDirectory => "activeDirectory",
            },
            url: sim.tls_url(),
            ca: &sim.certificate_pem,
            account: &sim.bind_dn,
            password: &sim.bind_password,
            people: &sim.people_base,
            base: &sim.base,
        }
    }

    /// The tables of a system with this key; its files go into the site's folder.
    pub fn tables(&self, folder: &Path, key: &str) -> String {
        fs::write(folder.join(format!("{key}-password")), self.password).unwrap();
        fs::write(folder.join(format!("{key}-ca.pem")), self.ca).unwrap();
        let Self { dialect, url, account, people, base, .. } = self;
        format!(
            "[systems.{key}]\ntitle = \"Directory {key}\"\nadapter = \"ldap\"\n\
             owner = {{ team = \"IT\", contact = \"4400\", hours = \"always\" }}\n\
             limits = {{ breaker_open_ms = 500, max_attempts = 1 }}\n\
             [systems.{key}.settings]\ndialect = \"{dialect}\"\nurls = [\"{url}\"]\ntrust_roots = \"{key}-ca.pem\"\n\
             bind_dn = \"{account}\"\npassword = \"file:{key}-password\"\n\
             people = {{ base = \"{people}\" }}\norg_units = {{ base = \"{people}\" }}\ngroups = {{ base = \"{base}\" }}\n"
        )
    }
}

/// A gateway over a simulated directory of the demo's council.
pub struct World {
    pub sim: Sim,
    pub gateway: Gateway,
}

impl World {
    /// `people`: lines and tables of `[people]`.
    pub async fn new(dialect: Dialect, people: &str) -> Self {
        let sim = Sim::start(Options { people: 300, ..Options::new(dialect) }).await.unwrap();
        let mut site = Site::new().with(RULES).with(people);
        let tables = Reach::of(&sim, dialect).tables(site.folder(), "staff");
        site.replace_systems(&tables);
        let world = Self { sim, gateway: site.start().await };
        world.search("a").await;
        world
    }

    /// A token of somebody of the council.
    pub fn token(&self, subject: &str, roles: &'static [&'static str]) -> String {
        // The command line wants it for as long as the test lasts.
        let subject: &'static str = Box::leak(subject.to_owned().into_boxed_str());
        self.gateway.site.token(&Person { subject, roles })
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.gateway.send("GET", path, token, &[], b"").await
    }

    /// The people found by a text, once the index stands.
    pub async fn search(&self, text: &str) -> Vec<Value> {
        let path = format!("/v1/people?q={}&limit=50", text.replace(' ', "%20"));
        let found = async || {
            let answer = self.gateway.get(&path).await;
            (answer.status() == 200).then(|| answer.json()["items"].as_array().unwrap().clone())
        };
        wait_for(found, SOON)
            .await
            .unwrap_or_else(|_| panic!("no index; the gateway said {}", self.gateway.log()))
    }
}

pub fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member}: {value:#}"))
}
