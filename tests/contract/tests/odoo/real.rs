//! The suites against a real Odoo that is named by the environment, and, so that this way is kept open, against a server that
//! answers with what a real one answered, wherever that was recorded.
//!
//! | Variable | |
//! |---|---|
//! | `PORTICO_ODOO_URL` | where it is; without it nothing is run |
//! | `PORTICO_ODOO_DATABASE`, `PORTICO_ODOO_USER` | which database, as whom |
//! | `PORTICO_ODOO_PASSWORD_FILE` | a file with the password or API key |
//! | `PORTICO_ODOO_PROTOCOL` | `jsonrpc` (the default) or `xmlrpc` |
//! | `PORTICO_ODOO_TRUST_ROOTS` | a PEM file, where the public authorities are not meant |
//! | `PORTICO_ODOO_READ_ONLY` | `1`: nothing is written; safe where people work |

use std::env::var;
use std::sync::Arc;

use portico_contract_suite::{Report, Verdict, WorkTarget};
use portico_odoo_sim::{Content, Options, Sim};
use serde_json::json;

use super::office::Office;
use super::{Place, Suite, replay, simulated};

const ALL: [Suite; 3] = [Suite::Expenses, Suite::Absences, Suite::Tasks];

/// The Odoo that the environment names, and whether it may be written to.
fn named() -> Option<(Place, bool)> {
    let Ok(url) = var("PORTICO_ODOO_URL") else {
        println!("Odoo was not run: PORTICO_ODOO_URL is not set");
        return None;
    };
    let need =
        |name: &str| var(name).unwrap_or_else(|_| panic!("PORTICO_ODOO_URL is set, but {name} is not"));
    let password = std::fs::read_to_string(need("PORTICO_ODOO_PASSWORD_FILE")).unwrap();
    let place = Place {
        url,
        database: need("PORTICO_ODOO_DATABASE"),
        user: need("PORTICO_ODOO_USER"),
        password: password.trim_end().to_owned(),
        protocol: if var("PORTICO_ODOO_PROTOCOL").as_deref() == Ok("xmlrpc") { "xmlrpc" } else { "jsonrpc" },
        trust_roots: var("PORTICO_ODOO_TRUST_ROOTS").ok(),
    };
    Some((place, var("PORTICO_ODOO_READ_ONLY").is_ok_and(|value| value == "1")))
}

/// Runs all suites, and clears away what they needed.
async fn run(place: &Place, read_only: bool) -> Vec<Report> {
    let (upstream, _files) = place.upstream();
    let office = match read_only {
        true => None,
        false => Some(Arc::new(Office::open(place).await.unwrap())),
    };
    let target = match &office {
        None => Ok(WorkTarget::read_only()),
        Some(office) => office.furnish(&upstream).await,
    };
    let mut reports = Vec::new();
    if let Ok(target) = &target {
        for suite in ALL {
            reports.push(suite.run(upstream.clone(), target.clone()).await);
        }
    }
    let left = match &office {
        None => Vec::new(),
        Some(office) => office.clear().await,
    };
    assert!(left.is_empty(), "{left:?}");
    target.unwrap();
    reports.iter().for_each(Report::assert_passed);
    reports
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_odoo() {
    let Some((place, read_only)) = named() else { return };
    run(&place, read_only).await;
}

/// Models that the adapter reads.
const MODELS: [&str; 19] = [
    "hr.expense.sheet",
    "hr.expense",
    "hr.expense.refuse.wizard",
    "hr.employee",
    "hr.employee.public",
    "hr.department",
    "hr.leave",
    "hr.leave.type",
    "hr.leave.allocation",
    "res.users",
    "res.company",
    "res.currency",
    "product.product",
    "account.tax",
    "account.analytic.account",
    "account.analytic.plan",
    "ir.attachment",
    "ir.model.data",
    "ir.module.module",
];

fn not_offered(reports: &[Report]) -> Vec<&'static str> {
    let findings = reports.iter().flat_map(|report| &report.findings);
    findings.filter(|one| one.verdict == Verdict::NotOffered).map(|one| one.check).collect()
}

/// What the recorded Odoo held, behind a server that answers with the recordings.
async fn recorded() -> (Arc<Sim>, replay::Replay, Place) {
    let options = Options {
        content: Content::Recorded,
        database: "odoo".to_owned(),
        login: "admin".to_owned(),
        password: "secret".to_owned(),
        ..Options::new()
    };
    let sim = Arc::new(Sim::start(options).await.unwrap());
    let replay = replay::Replay::start(&sim).await;
    let place = Place {
        url: replay.url(),
        database: sim.database.clone(),
        user: sim.login.clone(),
        password: sim.password.clone(),
        protocol: "xmlrpc",
        trust_roots: None,
    };
    (sim, replay, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_a_real_odoo_is_open() {
    let (sim, replay, place) = recorded().await;
    let before = simulated::counts(&sim);
    let reports = run(&place, false).await;
    assert_eq!(simulated::counts(&sim), before, "something was left behind");
    let lossless = [
        "a_lost_answer_leaves_one_report",
        "a_lost_submission_is_read_back",
        "a_lost_answer_leaves_one_receipt",
        "a_lost_answer_leaves_one_absence",
        "a_lost_decision_is_read_back",
    ];
    assert_eq!(not_offered(&reports), lossless, "only answers are not lost there");
    for recording in
        ["01-version", "03-auth", "72-sheet-submit-fault-but-done", "73-sheet-approve", "12-sheet-approve"]
    {
        assert!(replay.answered(recording) > 0, "{recording} was never replayed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_only_way_changes_nothing() {
    let (sim, _replay, place) = recorded().await;
    // Something to read.
    let employee =
        sim.create("hr.employee", &json!({ "name": "Jan Dvořák", "work_email": "j@example.org" })).unwrap();
    for title in ["One", "Two"] {
        sim.create("hr.expense.sheet", &json!({ "name": title, "employee_id": employee })).unwrap();
    }
    sim.reset_counters();
    let reports = run(&place, true).await;
    let passed: usize = reports.iter().map(Report::passed).sum();
    assert!(passed >= 40, "{passed} checks ran");
    let reading =
        ["search_read", "read", "search", "search_count", "fields_get", "check_access_rights", "read_group"];
    let (mut all, mut read) = (0, sim.calls("common", "authenticate") + sim.calls("common", "version"));
    for model in MODELS {
        read += reading.iter().map(|method| sim.calls(model, method)).sum::<u64>();
    }
    all += sim.all_calls();
    assert_eq!(all, read, "something else than reading was asked for");
}
