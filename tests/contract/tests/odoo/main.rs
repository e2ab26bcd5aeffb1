//! The suites of claims, absence and tasks against the Odoo adapter, through the stack that every call passes in the gateway:
//! over the simulator in both protocols and both releases, and over a real Odoo where one is named.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod faulty;
mod office;
mod planted;
mod real;
mod replay;
mod simulated;

use std::sync::Arc;

use portico_contract::{SystemKey, Upstream};
use portico_contract_suite::{Report, WorkTarget, absences, expenses, tasks};
use portico_odoo_sim::{Options, Sim, Version};
use portico_resilience::{CallFacts, Observer, StackSettings, stack};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How an Odoo is reached.
#[derive(Debug, Clone)]
struct Place {
    url: String,
    database: String,
    user: String,
    password: String,
    protocol: &'static str,
    /// A PEM file, where the public authorities are not meant.
    trust_roots: Option<String>,
}

impl Place {
    /// The adapter behind the stack, built from settings as a site writes them.
    fn upstream(&self) -> (Upstream, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, &self.password).unwrap();
        let mut settings: Value = json!({
            "base_url": self.url,
            "database": self.database,
            "protocol": self.protocol,
            "credentials": { "username": self.user, "password": format!("file:{}", file.display()) },
        });
        if let Some(file) = &self.trust_roots {
            settings["trust_roots"] = file.clone().into();
        }
        let adapter = (portico_odoo::KIND.build)(SystemKey::new("suite").unwrap(), settings);
        let adapter = adapter.unwrap_or_else(|faults| panic!("{faults:?}"));
        let (system, profile) = (adapter.system().clone(), adapter.profile().clone());
        let (service, _health) = stack(adapter, &StackSettings::default(), Arc::new(Unobserved));
        (Upstream::new(system, profile, service), folder)
    }
}

struct Unobserved;

impl Observer for Unobserved {
    fn finished(&self, _: &CallFacts) {}
}

/// Which suite.
#[derive(Debug, Clone, Copy)]
enum Suite {
    Expenses,
    Absences,
    Tasks,
}

impl Suite {
    async fn run(self, upstream: Upstream, target: WorkTarget) -> Report {
        let report = match self {
            Self::Expenses => expenses(upstream, target).await,
            Self::Absences => absences(upstream, target).await,
            Self::Tasks => tasks(upstream, target).await,
        };
        println!("{self:?}: {report}");
        report
    }
}

fn place(sim: &Sim, protocol: &'static str) -> Place {
    Place {
        url: sim.url(),
        database: sim.database.clone(),
        user: sim.login.clone(),
        password: sim.password.clone(),
        protocol,
        trust_roots: None,
    }
}

/// Runs a suite over the simulator; every check of it has to have run.
async fn over_the_simulator(suite: Suite, protocol: &'static str, version: Version) {
    let sim = Arc::new(Sim::start(Options { people: 90, version, ..Options::new() }).await.unwrap());
    let target = simulated::target(&sim);
    let (upstream, _files) = place(&sim, protocol).upstream();
    let before = simulated::counts(&sim);
    let report = suite.run(upstream, target).await;
    report.assert_passed();
    assert_eq!(report.passed(), report.findings.len(), "this adapter claims everything: {report}");
    assert_eq!(simulated::counts(&sim), before, "something was left behind");
}

macro_rules! simulated {
    ($($name:ident: $suite:ident, $protocol:literal, $version:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                over_the_simulator(Suite::$suite, $protocol, Version::$version).await;
            }
        )+
    };
}

simulated! {
    expenses_over_jsonrpc: Expenses, "jsonrpc", V18;
    expenses_over_xmlrpc: Expenses, "xmlrpc", V18;
    expenses_of_odoo_17: Expenses, "xmlrpc", V17;
    absences_over_jsonrpc: Absences, "jsonrpc", V18;
    absences_over_xmlrpc: Absences, "xmlrpc", V18;
    absences_of_odoo_17: Absences, "jsonrpc", V17;
    tasks_over_jsonrpc: Tasks, "jsonrpc", V18;
    tasks_over_xmlrpc: Tasks, "xmlrpc", V18;
    tasks_of_odoo_17: Tasks, "xmlrpc", V17;
}
