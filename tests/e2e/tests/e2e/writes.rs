//! Claims, leave and decisions, from a request to Odoo and back: each once, whatever fails in between.

mod clock;
mod disk;
mod double;
mod kills;
mod lost;
mod postgres;
mod record;
mod sentinel;
mod story;
mod waiting;

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use portico_ldap_sim::{Dialect, Options as DirectoryOptions, Sim as Directory};
use portico_odoo_sim::{Account, Options, Sim as Odoo};
use portico_simkit::wait::wait_for;
use serde_json::{Value, json};

use crate::people::{RULES, Reach, text};
use crate::support::{Answer, Gateway, Person, SOON, Site, ask};

/// People in the directory and in Odoo: the same ones.
const PEOPLE: usize = 60;

/// What people may do: write what is theirs, see what their staff's is, decide what waits for them.
const WRITING: &str = r#"
[people]
directory = "staff"

[[people.links]]
by = "userName"

[[policy.rules]]
resource = "expense-reports"
actions = ["read", "write"]
who = "self"

[[policy.rules]]
resource = "expense-reports"
actions = ["read"]
who = "manager"

[[policy.rules]]
resource = "absences"
actions = ["read", "write"]
who = "self"
up_to = "confidential"

[[policy.rules]]
resource = "absence-balances"
actions = ["read"]
who = "self"

[[policy.rules]]
resource = "tasks"
actions = ["read", "decide"]
who = "assignee"

[[policy.rules]]
resource = "expense-categories"
actions = ["read"]
who = "role:staff"

[[policy.rules]]
resource = "absence-types"
actions = ["read"]
who = "role:staff"
"#;

/// A gateway over a directory of record and an Odoo, both with the same people.
pub struct Office {
    pub odoo: Odoo,
    /// It stops with the office.
    _directory: Directory,
    pub gateway: Gateway,
    /// A claimant who has a bank account and a manager with a login.
    pub claimant: Somebody,
    /// A kind of expense without a price of its own.
    pub category: String,
}

/// Somebody of the council, signed in.
#[derive(Clone)]
pub struct Somebody {
    pub account: Account,
    pub token: String,
}

/// Both simulators, and a site that reaches them.
pub async fn site() -> (Odoo, Directory, Site) {
    site_over(Site::new()).await
}

/// The same, beginning with this site.
pub async fn site_over(site: Site) -> (Odoo, Directory, Site) {
    let options = DirectoryOptions { people: PEOPLE, ..DirectoryOptions::new(Dialect::OpenLdap) };
    let directory = Directory::start(options).await.unwrap();
    let odoo = Odoo::start(Options { people: PEOPLE, ..Options::new() }).await.unwrap();
    let mut site = site.with(RULES).with(WRITING);
    let tables =
        Reach::of(&directory, Dialect::OpenLdap).tables(site.folder(), "staff") + &odoo_tables(&odoo, &site);
    site.replace_systems(&tables);
    (odoo, directory, site)
}

fn odoo_tables(odoo: &Odoo, site: &Site) -> String {
    fs::write(site.path("odoo-password"), &odoo.password).unwrap();
    format!(
        "[systems.odoo]\ntitle = \"Odoo\"\nadapter = \"odoo\"\n\
         owner = {{ team = \"Finance systems\", contact = \"4500\", hours = \"8 to 18\" }}\n\
         limits = {{ breaker_failures = 1000 }}\n\
         [systems.odoo.settings]\nbase_url = \"{}\"\ndatabase = \"{}\"\nemployee_number_field = \"barcode\"\n\
         credentials = {{ username = \"{}\", password = \"file:odoo-password\" }}\n",
        odoo.url(),
        odoo.database,
        odoo.login
    )
}

/// A token of somebody with this user name.
pub fn token(site: &Site, subject: &str) -> String {
    // The command line wants it for as long as the test lasts.
    let subject: &'static str = Box::leak(subject.to_owned().into_boxed_str());
    site.token(&Person { subject, roles: &["staff"] })
}

impl Office {
    pub async fn new() -> Self {
        Self::with("").await
    }

    /// With more tables in its configuration.
    pub async fn with(tables: &str) -> Self {
        let (odoo, directory, site) = site().await;
        Self::over(odoo, directory, site.with(tables)).await
    }

    /// Opens on this site.
    pub async fn over(odoo: Odoo, directory: Directory, site: Site) -> Self {
        let account = claimants(&odoo).next().expect("somebody").clone();
        let claimant = Somebody { token: token(&site, &account.username), account };
        let gateway = site.start().await;
        let category = category(&gateway.api, &claimant.token).await;
        Self { odoo, _directory: directory, gateway, claimant, category }
    }

    /// Signs somebody in by their id as an employee.
    pub fn employee(&self, id: i64) -> Somebody {
        let account = self.odoo.accounts.iter().find(|account| account.employee == id).unwrap().clone();
        self.sign_in(&account)
    }

    pub fn sign_in(&self, account: &Account) -> Somebody {
        Somebody { token: token(&self.gateway.site, &account.username), account: account.clone() }
    }

    /// The claimant's manager.
    pub fn manager(&self) -> Somebody {
        self.employee(self.claimant.account.manager.unwrap())
    }

    pub async fn get(&self, who: &Somebody, path: &str) -> Answer {
        self.gateway.send("GET", path, &who.token, &[], b"").await
    }

    /// Sends JSON under a key, and for a version where one is given.
    pub async fn post(
        &self,
        who: &Somebody,
        path: &str,
        key: &str,
        etag: Option<&str>,
        body: &Value,
    ) -> Answer {
        post(&self.gateway.api, &who.token, path, key, etag, body).await
    }

    /// A claim of one line.
    pub fn claim(&self, title: &str) -> Value {
        claim(&self.category, title)
    }

    /// Makes a claim and gives it as it was answered.
    pub async fn make(&self, who: &Somebody, title: &str) -> Value {
        self.post(who, "/v1/expense-reports", &key(), None, &self.claim(title)).await.expect(201)
    }

    /// How many reports Odoo has under a title.
    pub fn sheets(&self, title: &str) -> usize {
        sheets(&self.odoo, title)
    }
}

pub fn sheets(odoo: &Odoo, title: &str) -> usize {
    odoo.count("hr.expense.sheet", &json!([["name", "=", title]])).unwrap()
}

/// Those whose claims can be approved: with a bank account and a login, and a manager who has one and is not the top.
pub fn claimants(odoo: &Odoo) -> impl Iterator<Item = &Account> {
    let above = |account: &Account| odoo.accounts.iter().find(|one| Some(one.employee) == account.manager);
    odoo.accounts.iter().rev().filter(move |account| {
        account.bank_account
            && account.uid.is_some()
            && above(account).is_some_and(|manager| manager.uid.is_some() && manager.manager.is_some())
    })
}

pub fn claim(category: &str, title: &str) -> Value {
    // Odoo asks back where two expenses of somebody are the same.
    let pence = title.bytes().fold(1_234, |sum, octet| (sum * 31 + u32::from(octet)) % 1_000_003);
    let amount = format!("{}.{:02}", pence / 100, pence % 100);
    let money = json!({ "amount": amount, "currency": "GBP" });
    let line = json!({
        "categoryId": category, "description": "Train", "amount": money, "transactionDate": "2026-10-29",
    });
    json!({ "title": title, "lines": [line] })
}

/// The id of a kind of expense without a price, once the gateway knows who its people are in Odoo.
pub async fn category(api: &str, token: &str) -> String {
    let listed = ask(api, "GET", "/v1/expense-categories?name=Rail%20travel", token, &[], b"").await;
    let id = text(&listed.expect(200)["items"][0], "id").to_owned();
    let ready = async || {
        let path = "/v1/expense-reports?validateOnly=true";
        let tried = post(api, token, path, &key(), None, &claim(&id, "Ready?")).await;
        (tried.status() == 204).then_some(())
    };
    wait_for(ready, SOON).await.expect("it is found out who people are in Odoo");
    id
}

pub async fn post(api: &str, token: &str, path: &str, key: &str, etag: Option<&str>, body: &Value) -> Answer {
    let mut headers = vec![("Content-Type", "application/json"), ("Idempotency-Key", key)];
    headers.extend(etag.map(|etag| ("If-Match", etag)));
    ask(api, "POST", path, token, &headers, body.to_string().as_bytes()).await
}

/// A key that no other request of this run has.
pub fn key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("\"00000000-0000-4000-8000-{:012x}\"", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What a resource offers by this name: its method and address. It must be there.
#[track_caller]
pub fn offered<'a>(resource: &'a Value, name: &str) -> (&'a str, &'a str) {
    let action = crate::support::allowed_action(resource, name);
    let action = action.unwrap_or_else(|| panic!("no `{name}` is offered: {resource:#}"));
    (text(action, "method"), text(action, "href"))
}
