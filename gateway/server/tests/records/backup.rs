//! A backup while the gateway runs, and the way back.

use std::fs;

use crate::site::{Seeded, Site};

#[test]
fn a_restored_store_takes_no_writes_until_somebody_answers_for_the_gap() {
    let (site, Seeded { lost, .. }) = Site::seeded();
    let gateway = site.serve();
    site.run(&["backup", "copy.sqlite"]).with(0);
    let again = site.run(&["backup", "copy.sqlite"]).with(1);
    assert!(again.contains("exists"), "{again}");
    let occupied = site.run(&["restore", "copy.sqlite"]).with(1);
    assert!(occupied.contains("open in another process"), "{occupied}");
    gateway.stop();
    for file in fs::read_dir(site.path("data")).unwrap().flatten() {
        if file.file_name().to_string_lossy().starts_with("store.sqlite") {
            fs::remove_file(file.path()).unwrap();
        }
    }
    let restored = site.run(&["restore", "copy.sqlite"]).with(0);
    assert!(restored.contains("--accept-gap"), "{restored}");
    let gateway = site.serve();
    let status = gateway.store_status();
    assert_eq!((status["closed"].as_bool(), status["writable"].as_bool()), (Some(true), Some(false)));
    assert!(site.log().contains("accept-gap"), "{}", site.log());
    assert!(site.run(&["intents", "list"]).with(0).contains(&lost.to_string()));
    let busy = site.run(&["restore", "--accept-gap"]).with(1);
    assert!(busy.contains("stop it first"), "{busy}");
    gateway.stop();
    site.run(&["restore", "--accept-gap"]).with(0);
    assert!(site.run(&["restore", "--accept-gap"]).with(0).contains("already"));
    let gateway = site.serve();
    assert_eq!(gateway.store_status()["closed"], false);
    gateway.stop();
    site.run(&["restore"]).with(2);
}
