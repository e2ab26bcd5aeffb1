//! Killed at any moment, everything that was acknowledged is there.
//!
//! The victim is this test program itself, started to run [`the_victim`] alone. It prints a line for each acknowledgement
//! and is killed after a number of lines that depends on the seed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use portico_store::{AuditQuery, Begun, IntentId, IntentState, Store, StoreConfig, Verified, read_anchor};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::audit::reading;
use crate::support::{begun, confirmed, event, intent, refused};

const PLACE: &str = "PORTICO_STORE_VICTIM";

/// Begins, settles and records without end, eight at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started and killed by another test"]
async fn the_victim() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let store = Store::open(&StoreConfig::sqlite(place)).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0.. {
                    let mut new = intent(&format!("{task}/{number}"), "body");
                    let mut told = event("41");
                    told.id = new.id.uuid();
                    new.events.push(told);
                    let made = begun(&store, new).await;
                    println!("ACK begun {}", made.id);
                    store.note_sent(made.id);
                    let end = if number % 3 == 0 { refused(number % 2 == 0) } else { confirmed() };
                    let state = end.outcome.state();
                    store.settle(made.id, end).await.unwrap();
                    println!("ACK {state} {}", made.id);
                    let recorded = store.audit_append(reading(number)).await.unwrap();
                    println!("ACK audit {}", recorded.count);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// The acknowledgements of a victim that was killed after `lines` of them.
fn killed_after(lines: usize, store: &Path) -> Vec<(String, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::the_victim", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PLACE, store)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    // What it said before its end counts, also what is read after it.
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The runner's own words stand on the first line.
        let Some((_, acknowledged)) = line.split_once("ACK ") else { continue };
        let Some((what, id)) = acknowledged.split_once(' ') else { continue };
        seen.push((what.to_owned(), id.to_owned()));
        if seen.len() == lines {
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(seen.len() >= lines, "the victim ended by itself after {} lines", seen.len());
    seen
}

/// What is missing of that which was acknowledged.
async fn missing(store: &Store, anchor: &Path, acknowledged: &[(String, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    match store.audit_verify(read_anchor(anchor).unwrap()).await.unwrap() {
        Verified::Intact { anchor, .. } => {
            for (_, count) in acknowledged.iter().filter(|(what, _)| what == "audit") {
                if count.parse::<u64>().unwrap() > anchor.count {
                    faults.push(format!("audit entry {count}"));
                }
            }
        }
        broken => faults.push(format!("{broken:?}")),
    }
    let mut waiting = Vec::new();
    loop {
        let after = waiting.last().map_or(0, |row: &portico_store::OutboxEvent| row.seq);
        let page = store.outbox_pending(after, 1_000).await.unwrap();
        waiting.extend(page.items);
        if !page.more {
            break;
        }
    }
    for (what, id) in acknowledged.iter().filter(|(what, _)| what != "audit") {
        let id: IntentId = id.parse().unwrap();
        let Some(intent) = store.intent(id).await.unwrap() else {
            faults.push(format!("intent {id}"));
            continue;
        };
        let recorded = AuditQuery { intent: Some(id), ..Default::default() };
        let recorded = store.audit_page(&recorded).await.unwrap().items;
        let kind = if what == "begun" { "write.accepted".to_owned() } else { format!("write.{what}") };
        if !recorded.iter().any(|entry| entry.kind == kind) {
            faults.push(format!("the {kind} of {id}"));
        }
        if what != "begun" && intent.state.as_str() != what {
            faults.push(format!("{id} was {what} and is {}", intent.state));
        }
        if !waiting.iter().any(|row| row.event.id == id.uuid()) {
            faults.push(format!("the event of {id}"));
        }
        // Its key still counts, unless it was released.
        if intent.state == IntentState::Confirmed {
            let mut again = crate::support::intent(&intent.key.key, "body");
            again.key = intent.key.clone();
            if !matches!(store.begin_intent(again).await.unwrap(), Begun::Repeated(same) if same.id == id) {
                faults.push(format!("the key of {id}"));
            }
        }
    }
    faults
}

#[tokio::test]
async fn killed_at_25_points_nothing_acknowledged_is_lost() {
    let mut acknowledged = 0;
    for seed in 0..25 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let lines = StdRng::seed_from_u64(seed).random_range(1..200);
        let seen = killed_after(lines, &path);
        acknowledged += seen.len();
        let store = Store::open(&StoreConfig::sqlite(&path)).await.unwrap();
        let anchor = folder.path().join("store.db.audit-anchor");
        assert_eq!(missing(&store, &anchor, &seen).await, Vec::<String>::new(), "seed {seed}, {lines} lines");
        store.close().await;
    }
    println!("{acknowledged} acknowledgements over 25 kills");
}

#[tokio::test]
async fn the_check_after_a_kill_notices_what_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let anchor = folder.path().join("store.db.audit-anchor");
    let seen = killed_after(60, &path);
    let (_, id) = seen.iter().find(|(what, _)| what == "confirmed").unwrap();
    let faults = [
        format!("delete from intents where id = '{id}'"),
        format!("update intents set state = 'sent' where id = '{id}'"),
        format!("delete from outbox where id = '{id}'"),
        format!("delete from idempotency_keys where intent = '{id}'"),
        "delete from audit where seq = (select max(seq) from audit)".to_owned(),
    ];
    // The log of the killed one goes into the file first.
    Store::open(&StoreConfig::sqlite(&path)).await.unwrap().close().await;
    for fault in faults {
        let copy = folder.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        assert_eq!(rusqlite::Connection::open(&copy).unwrap().execute(&fault, []).unwrap(), 1, "{fault}");
        let store = Store::open(&StoreConfig::sqlite(&copy)).await.unwrap();
        assert_ne!(missing(&store, &anchor, &seen).await, Vec::<String>::new(), "{fault}");
        store.close().await;
    }
}
