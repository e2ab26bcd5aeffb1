//! Writes that only a person can settle.

use portico_store::{IntentId, IntentState, SettledBy, Store};

use crate::site::{Seeded, Site, TOKEN};

async fn state(store: &Store, id: IntentId) -> IntentState {
    store.intent(id).await.unwrap().unwrap().state
}

#[test]
fn without_a_gateway_open_writes_are_listed_shown_and_settled() {
    let (site, Seeded { lost, decided, under_way }) = Site::seeded();
    let listed = site.run(&["intents", "list"]).with(0);
    assert!(listed.contains(&lost.to_string()) && listed.contains(&under_way.to_string()), "{listed}");
    assert!(!listed.contains(&decided.to_string()), "it is settled: {listed}");
    let confirmed = site.run(&["intents", "list", "--state", "confirmed"]).with(0);
    assert!(confirmed.contains(&decided.to_string()) && !confirmed.contains(&lost.to_string()));
    let shown = site.run(&["intents", "show", &lost.marker()]).with(0);
    for word in ["unknown", "tasks decide on odoo", "hr.expense,42", "anna", "approved", "settle"] {
        assert!(shown.contains(word), "no {word} in\n{shown}");
    }
    let id = lost.to_string();
    site.run(&["intents", "settle", &id, "--confirmed"]).with(2);
    site.run(&["intents", "settle", &id, "--because", "saw it"]).with(2);
    site.run(&["intents", "settle", &id, "--refused", "--because", " "]).with(1);
    let settled =
        site.run(&["intents", "settle", &id, "--refused", "--because", "not in Odoo, asked Ben"]).with(0);
    assert!(settled.contains("is refused"), "{settled}");
    let again = site.run(&["intents", "settle", &id, "--confirmed", "--because", "a slip"]).with(1);
    assert!(again.contains("settled already"), "{again}");
    site.with_store(async |store| {
        let intent = store.intent(lost).await.unwrap().unwrap();
        assert_eq!(intent.settled, Some(SettledBy::person("kim", "not in Odoo, asked Ben")));
    });
    site.run(&["audit", "verify"]).with(0);
}

#[test]
fn beside_a_gateway_reading_goes_past_it_and_settling_through_it() {
    let (site, Seeded { lost, under_way, .. }) = Site::seeded();
    let gateway = site.serve();
    let ops = gateway.ops.to_string();
    let listed = site.run(&["intents", "list"]).with(0);
    assert!(listed.contains(&lost.to_string()), "{listed}");
    let because = ["--because", "saw it in Odoo"];
    let settle = |id: IntentId, more: &[&str]| {
        site.run(&[&["intents", "settle", &id.to_string(), "--confirmed"], &because[..], more].concat())
    };
    let nowhere = settle(lost, &[]).with(1);
    assert!(nowhere.contains("--ops"), "port 0 says nothing: {nowhere}");
    let busy = settle(under_way, &["--ops", &ops]).with(1);
    assert!(busy.contains("under way"), "{busy}");
    let settled = settle(lost, &["--ops", &ops, "--result", "hr.expense,43"]).with(0);
    assert!(settled.contains("is confirmed"), "{settled}");
    assert!(settle(lost, &["--ops", &ops]).with(1).contains("settled already"));
    let status = gateway.store_status();
    assert_eq!((status["engine"].as_str(), status["writable"].as_bool()), (Some("sqlite"), Some(true)));
    site.run(&["audit", "verify"]).with(0);
    gateway.stop();
    site.with_store(async |store| {
        let intent = store.intent(lost).await.unwrap().unwrap();
        assert_eq!(intent.result.as_deref(), Some("hr.expense,43"));
        assert_eq!(intent.settled, Some(SettledBy::person("kim", "saw it in Odoo")));
        assert_eq!(state(store, under_way).await, IntentState::Accepted);
    });
}

#[test]
fn nobody_settles_without_the_token_or_from_a_page() {
    let (site, Seeded { lost, .. }) = Site::seeded();
    let gateway = site.serve();
    let body = r#"{"happened":true,"by":"mallory","because":"because"}"#;
    let ask = |headers: &str| {
        gateway.exchange(&format!(
            "POST /intents/{lost}/settlement HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n{headers}\r\n\r\n{body}",
            body.len()
        ))
    };
    assert!(ask("Host: localhost").starts_with("HTTP/1.1 401"));
    assert!(ask("Host: localhost\r\nAuthorization: Bearer wrong").starts_with("HTTP/1.1 401"));
    let from_a_page =
        format!("Host: localhost\r\nOrigin: https://evil.example\r\nAuthorization: Bearer {TOKEN}");
    assert!(ask(&from_a_page).starts_with("HTTP/1.1 403"));
    gateway.stop();
    site.with_store(async |store| assert_eq!(state(store, lost).await, IntentState::Unknown));
}

#[test]
fn a_second_gateway_on_the_same_file_does_not_start() {
    let site = Site::new();
    let gateway = site.serve();
    let second = site.run(&["serve"]).with(1);
    assert!(second.contains("open in another process") && second.contains("PostgreSQL"), "{second}");
    assert_eq!(gateway.store_status()["openWrites"]["unknown"], 0);
    gateway.stop();
}

#[test]
fn where_there_is_no_store_none_is_made() {
    let site = Site::new();
    let said = site.run(&["intents", "list"]).with(1);
    assert!(said.contains("there is no store"), "{said}");
    assert!(!site.store_path().exists());
}
