//! A full disk and a read-only one: real ones, where the test may mount them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use portico_store::{Begun, Store, StoreConfig, StoreError, Verified};

use crate::audit::reading;
use crate::support::{begun, confirmed, intent};

/// A small disk in memory; unmounted when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` without the right to mount.
    fn of(megabytes: u32) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let mounted = mount(&["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"], disk.path());
        if !mounted {
            eprintln!("a disk of its own cannot be mounted here: not run");
        }
        mounted.then_some(disk)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn change(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}")], self.path()), "{options}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.path()).output());
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    Command::new("mount").args(arguments).arg(at).output().is_ok_and(|output| output.status.success())
}

/// Fills what is left.
fn fill(disk: &Disk) -> PathBuf {
    let ballast = disk.path().join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    for size in [65_536, 4_096] {
        while std::io::Write::write_all(&mut file, &vec![1; size]).is_ok() {}
    }
    ballast
}

#[tokio::test]
async fn a_full_disk_refuses_new_writes_settles_old_ones_records_readings_and_recovers() {
    let Some(disk) = Disk::of(4) else { return };
    let mut config = StoreConfig::sqlite(disk.path().join("store.db"));
    config.limits.reserve = 512 << 10;
    let store = Store::open(&config).await.unwrap();
    let mut under_way = Vec::new();
    for number in 0..10 {
        under_way.push(begun(&store, intent(&format!("under way {number}"), "body")).await);
    }
    let ballast = fill(&disk);
    let mut refused = false;
    for number in 0..2_000 {
        match store.begin_intent(intent(&format!("k{number}"), "body")).await {
            Ok(_) => {}
            Err(StoreError::Full) => {
                refused = true;
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused, "the disk never was full");
    assert!(matches!(store.check().await, Err(StoreError::Full)));
    // What is read goes on, and is recorded; what is under way is settled.
    assert!(store.intent(under_way[0].id).await.unwrap().is_some());
    for (number, intent) in (0..).zip(&under_way) {
        store.audit_append(reading(number)).await.unwrap();
        store.settle(intent.id, confirmed()).await.unwrap();
    }
    assert!(store.status().on_reserve);
    assert!(matches!(store.begin_intent(intent("one more", "body")).await, Err(StoreError::Full)));

    fs::remove_file(ballast).unwrap();
    let recovered = async {
        while store.begin_intent(intent("afterwards", "body")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), recovered).await.expect("it does not recover");
    assert!(!store.status().on_reserve);
    assert!(matches!(store.audit_verify(None).await.unwrap(), Verified::Intact { .. }));
    store.close().await;
    let again = Store::open(&config).await.unwrap();
    assert!(matches!(again.begin_intent(intent("afterwards", "body")).await.unwrap(), Begun::InFlight(_)));
    again.close().await;
}

#[tokio::test]
async fn a_read_only_disk_is_told_apart_from_a_full_one() {
    let Some(disk) = Disk::of(8) else { return };
    let config = StoreConfig::sqlite(disk.path().join("store.db"));
    Store::open(&config).await.unwrap().close().await;
    disk.change("ro");
    let error = Store::open(&config).await.unwrap_err();
    assert!(matches!(error, StoreError::NotWritable(_)), "{error}");
    disk.change("rw");
    Store::open(&config).await.unwrap().close().await;
}
