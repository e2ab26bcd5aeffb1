use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use portico_contract::trace::TraceId;
use portico_contract::{Error, ErrorKind, SystemKey};

use crate::{Dropped, FailureNote, LogConfig, LogFormat, LogLevel, LogOutput, Telemetry, TelemetryConfig};

/// What `work` logs under this configuration.
fn logged(log: &LogConfig, work: impl FnOnce(&Telemetry)) -> String {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let output = LogOutput::Memory(Arc::clone(&kept));
    let config = TelemetryConfig {
        log: LogConfig { output, ..log.clone() },
        ..TelemetryConfig::quiet("portico", "0.1.0", "town-hall")
    };
    let telemetry = Telemetry::start_without_log(&config).unwrap();
    let subscriber = telemetry.take_subscriber().unwrap();
    tracing::subscriber::with_default(subscriber, || work(&telemetry));
    assert!(telemetry.shutdown(Duration::from_secs(3)).complete);
    assert_eq!(telemetry.dropped(Dropped::LogLines), 0);
    String::from_utf8(std::mem::take(&mut *kept.lock())).unwrap()
}

fn json() -> LogConfig {
    LogConfig { format: LogFormat::Json, ..LogConfig::default() }
}

const ID: TraceId = TraceId([0xab; 16]);

fn failure(kind: ErrorKind) -> Error {
    let hidden: Result<u8, _> = serde_json::from_str("\"QQ123456C\"");
    Error::new(kind, "The system behind gave a broken answer.")
        .with_native("employee QQ123456C has no manager")
        .with_source(hidden.unwrap_err())
        .with_call(&SystemKey::new("intranet").unwrap(), "documents list")
}

#[test]
fn a_json_line_has_fixed_words_and_named_fields() {
    let text = logged(&json(), |_| tracing::warn!(portico.system = "intranet", count = 3, "system is back"));
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["message"], "system is back");
    assert_eq!(line["portico.system"], "intranet");
    assert_eq!(line["count"], 3);
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
}

#[test]
fn the_level_holds_and_transport_is_heard_from_warnings_on() {
    let speak = |_: &Telemetry| {
        tracing::debug!("ours at debug");
        tracing::info!("ours at info");
        tracing::info!(target: "hyper::client", "theirs at info");
        tracing::warn!(target: "h2", "theirs at warn");
        tracing::error!(target: "opentelemetry_sdk", "the library");
    };
    let text = logged(&LogConfig { level: LogLevel::Debug, ..LogConfig::default() }, speak);
    assert_eq!(text.lines().count(), 3, "{text}");
    let text = logged(&LogConfig::default(), speak);
    assert!(text.contains("ours at info") && text.contains("theirs at warn"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(logged(&LogConfig { level: LogLevel::Error, ..LogConfig::default() }, speak).is_empty());
}

#[test]
fn a_failure_is_one_line_with_the_chain_and_without_what_the_back_office_said() {
    let text = logged(&json(), |telemetry| {
        let error = failure(ErrorKind::InvalidResponse);
        telemetry.failures().note(&FailureNote::of(ID, &error));
    });
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["message"], "call failed");
    assert_eq!(line["trace_id"], "ab".repeat(16));
    assert_eq!(line["error.type"], "invalid_response");
    assert_eq!(line["portico.system"], "intranet");
    assert_eq!(line["portico.operation"], "documents list");
    assert_eq!(line["error"], "The system behind gave a broken answer.");
    assert_eq!(line["causes"], "json Data at line 1 column 11");
    assert!(!text.contains("QQ123456C"), "{text}");
}

#[test]
fn what_the_back_office_said_is_logged_where_the_site_wants_it() {
    let text = logged(&LogConfig { backend_text: true, ..json() }, |telemetry| {
        let error = failure(ErrorKind::InvalidResponse);
        telemetry.failures().note(&FailureNote::of(ID, &error));
    });
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    let said = line["backend_text"].as_str().unwrap();
    assert!(said.starts_with("employee QQ123456C has no manager < invalid type"), "{said}");
}

#[test]
fn a_storm_is_one_line_a_second_per_cause_and_a_caller_s_mistake_none() {
    let text = logged(&json(), |telemetry| {
        let begun = Instant::now();
        for _ in 0..500 {
            for kind in
                [ErrorKind::Timeout, ErrorKind::NotFound, ErrorKind::ConnectRefused, ErrorKind::Forbidden]
            {
                telemetry.failures().note(&FailureNote::of(ID, &failure(kind)));
            }
        }
        assert!(
            begun.elapsed() < Duration::from_millis(900),
            "too slow a machine to tell: {:?}",
            begun.elapsed()
        );
    });
    assert_eq!(text.lines().count(), 2, "{text}");
}
