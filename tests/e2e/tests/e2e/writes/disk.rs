//! A full disk: a real one, where the test may mount it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portico_simkit::wait::wait_for;

use super::{Office, key, site, text};
use crate::support::SOON;

/// A small disk in memory; unmounted when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` without the right to mount.
    fn of(megabytes: u32) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let options = format!("size={megabytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(disk.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(disk);
        }
        eprintln!("a disk of its own cannot be mounted here: not run");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills what is left.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        for size in [65_536, 4_096] {
            while std::io::Write::write_all(&mut file, &vec![1; size]).is_ok() {}
        }
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.path()).output());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_disk_full_nothing_is_sent_reads_go_on_and_it_recovers_unaided() {
    let Some(disk) = Disk::of(4) else { return };
    let (odoo, directory, site) = site().await;
    let file = disk.path().join("store.sqlite");
    let store = format!("[store]\npath = \"{}\"\n[store.limits]\nreserve_mib = 1\n", file.display());
    let office = Office::over(odoo, directory, site.with(&store)).await;
    let who = &office.claimant;
    let before = office.make(who, "Before").await;
    let ballast = disk.fill();
    // A few still fit into what the file has set aside for itself.
    let mut refused = None;
    for number in 0..500 {
        let sent = office.odoo.calls("hr.expense.sheet", "load");
        let claim = office.claim(&format!("Full {number}"));
        let answer = office.post(who, "/v1/expense-reports", &key(), None, &claim).await;
        if answer.status() != 201 {
            assert_eq!(office.odoo.calls("hr.expense.sheet", "load"), sent, "it was refused and sent");
            refused = Some((claim, answer));
            break;
        }
    }
    let (claim, answer) = refused.expect("the disk is full");
    let problem = answer.problem(507, "store_full");
    assert_eq!((&problem["outcome"], &problem["origin"]), (&"notAttempted".into(), &"gateway".into()));
    assert!(answer.header("retry-after").is_some());
    office.odoo.reset_counters();
    let later = key();
    for _ in 0..5 {
        office.post(who, "/v1/expense-reports", &later, None, &claim).await.problem(507, "store_full");
    }
    assert_eq!(office.odoo.all_calls(), 0, "it is refused before Odoo is called");
    let path = format!("/v1/expense-reports/{}", text(&before, "id"));
    assert_eq!(office.get(who, &path).await.expect(200)["title"], "Before");
    office.get(who, "/v1/expense-reports").await.expect(200);
    office.get(who, "/v1/tasks").await.expect(200);
    fs::remove_file(ballast).unwrap();
    let recovered = async || {
        let answer = office.post(who, "/v1/expense-reports", &later, None, &claim).await;
        (answer.status() == 201).then_some(())
    };
    wait_for(recovered, SOON).await.expect("it takes writes again by itself");
    assert_eq!(office.sheets(text(&claim, "title")), 1);
    assert!(office.gateway.stop().status.success());
}
