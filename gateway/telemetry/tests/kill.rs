//! The ring after a SIGKILL in the middle of writing: the process below is this test binary once more.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portico_contract::ErrorKind;
use portico_contract::trace::{Span, SpanKind, attr};
use portico_telemetry::ring::{find, recent};
use portico_telemetry::{RING_LEAST_BYTES, RingConfig, Telemetry, TelemetryConfig};

const FOLDER: &str = "PORTICO_TEST_RING";

fn start(dir: &std::path::Path) -> Telemetry {
    let mut config = TelemetryConfig::quiet("portico", "0.1.0", "town-hall");
    config.ring = Some(RingConfig { dir: dir.to_owned(), max_bytes: RING_LEAST_BYTES });
    Telemetry::start(config).expect("a folder that can be written")
}

fn fail_a_request(telemetry: &Telemetry) -> String {
    let mut root = Span::root(telemetry.sink(), None, false, SpanKind::Server, "GET /v1/documents");
    root.set(attr::HTTP_STATUS, 504);
    root.fail(ErrorKind::Timeout);
    root.context().trace_id().to_string()
}

#[test]
#[ignore = "the process that is killed; started by the test below"]
fn writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let telemetry = start(dir.as_ref());
    // Ends by itself should the test that kills it have failed first.
    let until = Instant::now() + Duration::from_secs(30);
    while Instant::now() < until {
        fail_a_request(&telemetry);
    }
}

#[test]
fn what_was_written_before_a_kill_is_read_after_it_and_the_ring_goes_on() {
    for round in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "writes_until_it_is_killed"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        // Different amounts, so that the kill falls into different places.
        let enough = 50 + round * 700;
        let mut before = Vec::new();
        while before.len() < enough {
            assert!(Instant::now() < until, "the other process writes nothing");
            before = recent(dir.path(), enough).unwrap_or_default();
        }
        writer.kill().unwrap();
        writer.wait().unwrap();

        let after = recent(dir.path(), usize::MAX).unwrap();
        let newest = &before[0].trace_id;
        assert!(after.iter().any(|trace| trace.trace_id == *newest), "round {round}: what was there is gone");
        let telemetry = start(dir.path());
        let id = fail_a_request(&telemetry);
        assert!(telemetry.shutdown(Duration::from_secs(3)).complete);
        assert!(find(dir.path(), &id).unwrap().is_some(), "round {round}: the ring does not go on");
        let octets: u64 =
            std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
        assert!(octets <= RING_LEAST_BYTES, "round {round}: {octets} octets");
    }
}
