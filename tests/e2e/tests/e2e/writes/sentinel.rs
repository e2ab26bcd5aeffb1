//! Personal data in every position of claims, leave and decisions: on record where it has to be, and nowhere else. And what a
//! spreadsheet would take for a formula.

use portico_odoo_sim::{Fault, On};
use portico_store::{AuditQuery, IntentQuery, Store, StoreConfig};
use serde_json::{Value, json};

use super::lost::{quoted, task_about};
use super::{Office, Somebody, key, offered, text};
use crate::telemetry::sentinel::{all, nothing_is_kept, search};

/// Outside of the data folder, which is searched as a whole: what was declared is on record there.
const APART: &str =
    "[store]\npath = \"records.sqlite\"\n[telemetry]\nlog_level = \"trace\"\nslow_request_ms = 1\n";

/// Asks in every way that has room for words.
async fn say_it_everywhere(office: &Office) {
    let (all, who, manager) = (all(), &office.claimant, &office.manager());
    let mut claim = office.claim(&all);
    claim["lines"][0]["description"] = json!(all);
    let report = office.post(who, "/v1/expense-reports", &key(), None, &claim).await.expect(201);
    let words = json!({ "declaration": all, "comment": all });
    let (_, submit) = offered(&report, "submit");
    office.post(who, submit, &key(), Some(&quoted(&report)), &words).await.expect(200);
    let task = task_about(office, manager, text(&report, "id")).await;
    let decision = json!({ "decision": "refuse", "declaration": all, "comment": all });
    let (_, decide) = offered(&task, "decide");
    office.post(manager, decide, &key(), Some(&quoted(&task)), &decision).await.expect(200);
    let types = office.get(who, "/v1/absence-types").await.expect(200);
    let kind = types["items"].as_array().unwrap().iter().find(|kind| kind["name"] == "Annual leave").unwrap();
    let leave = json!({
        "policyId": kind["id"], "startDate": "2026-12-21", "endDate": "2026-12-22", "note": all,
    });
    office.post(who, "/v1/absences", &key(), None, &leave).await.expect(201);
    for (path, body) in [
        ("/v1/expense-reports", json!({ "title": all, &all: all, "lines": all })),
        (
            "/v1/expense-reports",
            json!({ "title": all, "lines": [{ "categoryId": all, "description": all }] }),
        ),
        ("/v1/absences", json!({ "policyId": all, "startDate": all, "endDate": all })),
        ("/v1/delegations", json!({ "delegateId": all, "end": "2026-12-22T00:00:00Z", "reason": all })),
        (submit, json!({ "declaration": all, "comment": [all] })),
        (decide, json!({ "decision": all, "declaration": all })),
    ] {
        office.post(who, path, &key(), Some("\"x\""), &body).await;
        office.post(who, path, &format!("\"{all}\""), Some(&format!("\"{all}\"")), &body).await;
    }
    for path in ["expense-reports", "absences", "tasks", "delegations", "operations"] {
        office.get(who, &format!("/v1/{path}/{all}")).await;
        office.get(who, &format!("/v1/{path}?q={all}&status={all}&{all}={all}")).await;
    }
}

/// What is on record apart from decisions.
async fn records(file: &std::path::Path) -> String {
    let store = Store::open(&StoreConfig::sqlite(file)).await.unwrap();
    let intents = store.intents(&IntentQuery { limit: 500, ..IntentQuery::default() }).await.unwrap();
    let audit = store.audit_page(&AuditQuery { limit: 500, ..AuditQuery::default() }).await.unwrap();
    let events = store.outbox_pending(0, 500).await.unwrap();
    store.close().await;
    assert!(intents.items.len() >= 4 && audit.items.len() >= 8 && events.items.len() >= 4);
    format!("{:?}{:?}{:?}", intents.items, audit.items, events.items)
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_of_claims_is_in_the_record_of_decisions_alone() {
    let office = Office::with(APART).await;
    say_it_everywhere(&office).await;
    // What others are told: Odoo's own words, and what became of lost answers.
    let mut foreign = String::new();
    let mine = office.make(&office.claimant, "Nothing special").await;
    let path = format!("/v1/expense-reports/{}", text(&mine, "id"));
    for fault in [Fault::Garbage, Fault::BadGateway, Fault::SerializationFailure, Fault::DropAfter] {
        office.odoo.inject(On::method("hr.expense.sheet", "load"), fault.clone()).times(1);
        let claim = office.claim(&all());
        foreign += &office.post(&office.claimant, "/v1/expense-reports", &key(), None, &claim).await.text();
        office.odoo.heal();
        office.odoo.inject(On::everything(), fault);
        foreign += &office.get(&office.claimant, &path).await.text();
        office.odoo.heal();
    }
    office.odoo.inject(On::everything(), Fault::DropBefore);
    let problem = office.get(&office.claimant, &path).await.json();
    search("what callers were told", &(foreign + &problem.to_string()));
    let site = &office.gateway.site;
    for arguments in
        [&["audit", "export"][..], &["intents", "list"], &["intents", "list", "--state", "confirmed"]]
    {
        let said = site.portico(&[arguments, &["--config", "portico.toml"]].concat());
        assert!(said.status.success(), "{said:?}");
        search(arguments[0], &String::from_utf8_lossy(&said.stdout));
    }
    let decisions = site.portico(&["decisions", "export", "--config", "portico.toml"]);
    let decisions = String::from_utf8(decisions.stdout).unwrap();
    assert!(decisions.matches(&all()).count() >= 4, "the sentinels do get in: {decisions}");
    let (file, kept) = (site.path("records.sqlite"), tempfile::tempdir().unwrap());
    // The folder goes with the gateway.
    let backup = kept.path().join("backup.sqlite");
    let saved = site.portico(&["backup", backup.to_str().unwrap(), "--config", "portico.toml"]);
    assert!(saved.status.success() && file.exists(), "{saved:?}");
    nothing_is_kept(office.gateway, text(&problem, "traceId")).await;
    search("what is on record", &records(&backup).await);
}

/// The cells of comma-separated values (RFC 4180).
fn cells(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, quoted) {
            ('"', true) if characters.peek() == Some(&'"') => cell.extend(characters.next()),
            ('"', _) => quoted = !quoted,
            (',' | '\n', false) => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(character),
        }
    }
    cells
}

async fn submit(office: &Office, who: &Somebody, number: usize, words: &str) {
    let report = office.make(who, &format!("=1+{number}")).await;
    let (_, submit) = offered(&report, "submit");
    let body = json!({ "declaration": words, "comment": words });
    office.post(who, submit, &key(), Some(&quoted(&report)), &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cell_of_an_export_is_a_formula() {
    let office = Office::new().await;
    let link = "=HYPERLINK(\"http://evil.example\",\"x\")";
    let dangerous = [link, "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1:A9)", "\t=1+1"];
    for (number, words) in dangerous.iter().enumerate() {
        submit(&office, &office.claimant, number, words).await;
    }
    for command in ["decisions", "audit"] {
        let arguments = [command, "export", "--config", "portico.toml", "--format", "csv"];
        let run = office.gateway.site.portico(&arguments);
        assert!(run.status.success(), "{run:?}");
        let text = String::from_utf8(run.stdout).unwrap();
        let cells = cells(&text);
        assert!(cells.len() > 40, "{text}");
        for cell in &cells {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell} in {text}");
        }
        if command == "decisions" {
            for words in dangerous.iter().chain(&["=1+0"]) {
                assert!(cells.contains(&format!("'{words}")), "{words} is not there: {text}");
            }
        }
    }
    let lines = office.gateway.site.portico(&["decisions", "export", "--config", "portico.toml"]);
    let first: Value =
        serde_json::from_slice(lines.stdout.split(|octet| *octet == b'\n').next().unwrap()).unwrap();
    assert_eq!(first["declaration"], dangerous[0], "as it was declared, where no spreadsheet reads it");
}
