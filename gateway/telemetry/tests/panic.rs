//! A panic leaves one log line and ends nothing but its thread. A process of its own: the hook is global.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use portico_telemetry::{LogFormat, LogOutput, Telemetry, TelemetryConfig};

#[test]
fn a_panic_is_one_log_line_without_data() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let mut config = TelemetryConfig::quiet("portico", "0.1.0", "town-hall");
    config.log.format = LogFormat::Json;
    config.log.output = LogOutput::Memory(Arc::clone(&kept));
    let telemetry = Telemetry::start(config).unwrap();

    let panicking = std::thread::Builder::new().name("worker-7".to_owned()).spawn(|| {
        for _ in 0..3 {
            let caught =
                std::panic::catch_unwind(|| panic!("no manager for {}", std::hint::black_box("QQ123456C")));
            assert!(caught.is_err());
        }
    });
    panicking.unwrap().join().unwrap();
    assert!(telemetry.shutdown(Duration::from_secs(3)).complete);

    let text = String::from_utf8(kept.lock().clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "one line a second for one place:\n{text}");
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["thread.name"], "worker-7");
    assert!(line["code.file.path"].as_str().unwrap().ends_with("panic.rs"), "{line}");
    assert!(line["code.line.number"].as_u64().unwrap() > 0);
    assert!(!text.contains("QQ123456C"), "{text}");
}
