//! A real directory and a real store behind one gateway, and what becomes of requests when the directory goes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufWriter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portico_servers::{Directory, PASSWORD, Product, Running, Setup, for_test, for_test_with};
use portico_simkit::council::{Council, DEMO_SEED, ldif};
use portico_simkit::wait::wait_for;
use serde_json::Value;

use super::{RULES, Reach, text};
use crate::support::{Gateway, SOON, Site, ask};

/// slapd with 300 people of the demo's council; `None` where it cannot be had.
fn slapd() -> Option<Running> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("council.ldif");
    let council = Council::generate(DEMO_SEED, 300);
    let base = "dc=council,dc=example";
    let mut to = BufWriter::new(File::create(&file).unwrap());
    ldif::write(&council, ldif::Schema::OpenLdap, base, true, &mut to).unwrap();
    drop(to);
    let directory = Directory { ldif: Some(file), ..Directory::default() };
    for_test_with(Product::Slapd, &Setup { directory, ..Setup::default() })
}

/// A gateway over the directory, and over a store if there is one.
async fn gateway(slapd: &Running, store: Option<&Running>) -> Gateway {
    let directory = slapd.directory();
    let ca = fs::read_to_string(&directory.ca).unwrap();
    let reach = Reach {
        dialect: "openldap",
        url: directory.tls_url(),
        ca: &ca,
        account: directory.account,
        password: PASSWORD,
        people: "ou=people,dc=council,dc=example",
        base: directory.base,
    };
    let mut site = Site::new().with(RULES).with("[telemetry]\nslow_request_ms = 1\n");
    if let Some(store) = store {
        site = site.store("contracts", &store.base_url, (store.username, store.password), "", "");
    }
    let tables = format!("{}\n{}", site.systems(), reach.tables(site.folder(), "staff"));
    site.replace_systems(&tables);
    let gateway = site.start().await;
    let read = async || (gateway.get("/v1/people?q=a").await.status() == 200).then_some(());
    wait_for(read, SOON).await.unwrap_or_else(|_| panic!("the directory is read: {}", gateway.log()));
    gateway
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_documents_come_through_one_gateway_and_leave_one_trace() {
    let (Some(slapd), Some(apache)) = (slapd(), for_test(Product::Apache)) else { return };
    fs::write(apache.dir.join("lease.txt"), "lease").unwrap();
    apache.hand_over(&apache.dir.join("lease.txt")).unwrap();
    let gateway = gateway(&slapd, Some(&apache)).await;
    let documents = gateway.get("/v1/documents").await.expect(200);
    assert_eq!(text(&documents["items"][0], "name"), "lease.txt");
    let everybody = gateway.get("/v1/people?limit=200").await.expect(200);
    let next = gateway.get(text(&everybody, "next")).await.expect(200);
    let count = everybody["items"].as_array().unwrap().len() + next["items"].as_array().unwrap().len();
    assert_eq!(count, 300, "paged over the server's own limit");
    let person =
        everybody["items"].as_array().unwrap().iter().find(|one| one.get("manager").is_some()).unwrap();
    let path = format!("/v1/people/{}/manager", text(person, "id"));
    assert_eq!(gateway.get(&path).await.expect(200)["id"], person["manager"]["id"]);
    // What took longer than a millisecond is kept; the request is one tree down to the directory.
    let kept = async || {
        let listed = String::from_utf8(gateway.operate("/traces").await.body.to_vec()).unwrap();
        let line = listed.lines().find(|line| line.contains("/v1/people/{id}/manager"))?;
        let id = line.split_whitespace().find(|word| word.len() == 32)?.to_owned();
        let told = gateway.operate(&format!("/traces/{id}")).await;
        Some(String::from_utf8(told.body.to_vec()).unwrap())
    };
    let told = wait_for(kept, SOON).await.expect("the request is kept");
    assert!(told.contains("staff") && told.contains("search"), "{told}");
    let name = text(person, "displayName");
    assert!(!told.contains(name) && !told.contains("uid="), "a trace names nobody: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slapd_may_be_killed_and_started_again_under_load() {
    let Some(mut slapd) = slapd() else { return };
    let gateway = gateway(&slapd, None).await;
    let person = gateway.get("/v1/people?q=manager&limit=1").await.expect(200)["items"][0].clone();
    let path = format!("/v1/people/{}", text(&person, "id"));
    let stop = Arc::new(AtomicBool::new(false));
    let load =
        tokio::spawn(ask_until(Arc::clone(&stop), gateway.api.clone(), path.clone(), gateway.reader.clone()));
    slapd.kill().unwrap();
    let gone = async || {
        let answer = gateway.get(&path).await;
        (answer.status() != 200).then_some(answer)
    };
    let refused = wait_for(gone, SOON).await.expect("it is noticed");
    assert_eq!(refused.status(), 503, "{}", refused.text());
    let searched: Value = gateway.get("/v1/people?q=manager&limit=1").await.expect(200);
    assert_eq!(searched["items"].as_array().unwrap().len(), 1, "the search goes on");
    slapd.start_again().unwrap();
    let back = async || (gateway.get(&path).await.status() == 200).then_some(());
    wait_for(back, SOON).await.expect("it comes back unaided");
    stop.store(true, Ordering::SeqCst);
    let answers = load.await.unwrap();
    assert!(answers.iter().all(|status| [200, 502, 503, 504].contains(status)), "{answers:?}");
}

/// Asks the same again and again; gives the statuses that came.
async fn ask_until(stop: Arc<AtomicBool>, api: String, path: String, token: String) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::new();
    while !stop.load(Ordering::SeqCst) {
        statuses.insert(ask(&api, "GET", &path, &token, &[], b"").await.status());
    }
    statuses
}
