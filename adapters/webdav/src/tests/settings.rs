//! Settings: every fault at once, and never a secret in a message.

use portico_contract::{SettingFault, SystemKey};
use serde_json::{Value, json};

fn faults(settings: Value) -> Vec<(String, String)> {
    let key = SystemKey::new("store").expect("a key");
    let faults = (crate::KIND.build)(key, settings).map(|_| ()).err().unwrap_or_default();
    faults.into_iter().map(|SettingFault { path, detail }| (path.join("."), detail)).collect()
}

fn paths(settings: Value) -> Vec<String> {
    faults(settings).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn the_least_is_an_address() {
    assert_eq!(paths(json!({ "base_url": "http://files.example.org/dav" })), [""; 0]);
    assert_eq!(paths(json!({})), ["base_url"]);
    assert_eq!(paths(json!({ "credentials": { "username": "u" } })), ["credentials.password", "base_url"]);
}

#[test]
fn every_fault_is_told_at_once() {
    let told = paths(json!({
        "base_url": "ftp://files.example.org",
        "credentials": { "username": "a:b", "password": "env:PORTICO_NO_SUCH_VARIABLE" },
        "limits": { "walk_max_folders": 0, "idle_timeout_ms": 0, "fast": true },
        "color": "blue",
    }));
    for path in [
        "base_url",
        "color",
        "credentials.username",
        "credentials.password",
        "limits.fast",
        "limits.walk_max_folders",
        "limits.idle_timeout_ms",
    ] {
        assert!(told.iter().any(|there| there == path), "{path} is missing from {told:?}");
    }
}

#[test]
fn addresses_that_cannot_be_used() {
    for address in [
        "files.example.org",
        "http://user:secret@files.example.org/",
        "http://files.example.org/?a",
        "http://files.example.org/#a",
        "http://files.example.org/a%2Fb",
        "file:///etc/passwd",
        "",
    ] {
        assert_eq!(paths(json!({ "base_url": address })), ["base_url"], "{address}");
    }
}

#[test]
fn credentials_travel_encrypted_or_on_this_machine() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), "p\n").expect("a temporary file");
    let with = |address: &str| {
        let password = format!("file:{}", file.path().display());
        paths(json!({ "base_url": address, "credentials": { "username": "u", "password": password } }))
    };
    assert_eq!(with("http://files.example.org/"), ["base_url"]);
    assert_eq!(with("https://files.example.org/"), [""; 0]);
    assert_eq!(with("http://127.0.0.1:8080/"), [""; 0]);
    assert_eq!(with("http://localhost/"), [""; 0]);
    let password = format!("file:{}", file.path().display());
    let credentials = json!({ "username": "u", "password": password, "plain_http": true });
    assert_eq!(paths(json!({ "base_url": "http://files/", "credentials": credentials })), [""; 0]);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let told = faults(json!({
        "base_url": "https://files.example.org/",
        "credentials": { "username": "u", "password": "hunter2-QQ123456C" },
        "limits": { "walk_max_folders": "hunter2-QQ123456C" },
    }));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(!format!("{told:?}").contains("hunter2"), "{told:?}");
}

#[test]
fn trust_roots_have_to_be_certificates() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), "not a certificate").expect("a temporary file");
    for path in [file.path().to_owned(), "/no/such/file.pem".into()] {
        let settings = json!({ "base_url": "https://files.example.org/", "trust_roots": path });
        assert_eq!(paths(settings), ["trust_roots"]);
    }
}

#[test]
fn the_schema_knows_every_key() {
    let schema = (crate::KIND.settings_schema)().to_value().to_string();
    for key in
        ["base_url", "credentials", "username", "password", "trust_roots", "limits", "walk_max_folders"]
    {
        assert!(schema.contains(&format!("\"{key}\"")), "{key}");
    }
}
