//! The audit trail and the record of decisions, as they are printed.

use std::fs;

use serde_json::Value;

use crate::site::{Seeded, Site};

#[test]
fn a_trail_that_was_cut_off_is_noticed_by_the_note_of_its_end() {
    let (site, _) = Site::seeded();
    let intact = site.run(&["audit", "verify"]).with(0);
    assert!(intact.contains("Intact: entries 1 to 5"), "{intact}");
    let anchor = site.path("data/store.sqlite.audit-anchor");
    let noted = fs::read_to_string(&anchor).unwrap();
    let (_, head) = noted.trim().split_once(' ').unwrap();
    fs::write(site.path("elsewhere"), format!("{:020} {head}\n", 9)).unwrap();
    let broken = site.run(&["audit", "verify", "--anchor", "elsewhere"]).with(1);
    assert!(broken.contains("BROKEN") && broken.contains("taken out"), "{broken}");
    fs::write(site.path("elsewhere"), format!("{:020} {}\n", 5, "0".repeat(64))).unwrap();
    let anew = site.run(&["audit", "verify", "--anchor", "elsewhere"]).with(1);
    assert!(anew.contains("written anew"), "{anew}");
    site.run(&["audit", "verify", "--anchor", "nowhere"]).with(1);
}

#[test]
fn the_trail_is_printed_with_ids_and_without_words_of_people() {
    let (site, Seeded { lost, .. }) = Site::seeded();
    let said = site.run(&["audit", "export"]).with(0);
    let entries: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["write.accepted", "write.unknown", "write.accepted", "write.confirmed", "write.accepted"]
    );
    assert_eq!(entries[0]["operation"], lost.to_string());
    assert!(!said.contains("HYPERLINK") && !said.contains("receipts"), "{said}");
    let only = site.run(&["audit", "export", "--kind", "write.unknown", "--format", "csv"]).with(0);
    assert_eq!(only.lines().count(), 2, "{only}");
    assert!(site.run(&["audit", "export", "--until", "2020-01-01"]).with(0).is_empty());
    site.run(&["audit", "export", "--from", "yesterday"]).with(2);
}

#[test]
fn decisions_are_printed_whole_and_no_cell_is_a_formula() {
    let (site, Seeded { decided, .. }) = Site::seeded();
    let table = site.run(&["decisions", "export", "--format", "csv"]).with(0);
    let mut lines = table.lines();
    assert!(lines.next().unwrap().starts_with("seq,decidedAt,decision,outcome,"), "{table}");
    let row = lines.next().unwrap();
    assert!(row.contains(",approve,confirmed,") && row.contains(",EXP-0042,7,"), "{row}");
    assert!(row.contains("\"I have seen the receipts, all of them\""), "{row}");
    assert!(row.contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\""), "{row}");
    assert!(row.ends_with(&decided.to_string()), "{row}");
    assert_eq!(lines.next(), None);
    let said = site.run(&["decisions", "export", "--subject", "anna"]).with(0);
    let decision: Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!((decision["subject"].as_str(), decision["version"].as_str()), (Some("anna"), Some("7")));
    assert!(site.run(&["decisions", "export", "--subject", "ben"]).with(0).is_empty());
}
