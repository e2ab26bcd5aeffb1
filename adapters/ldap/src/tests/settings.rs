//! Settings: every fault at once, and never a secret in a message.

use portico_contract::{SettingFault, SystemKey};
use serde_json::{Value, json};

fn faults(settings: Value) -> Vec<(String, String)> {
    let key = SystemKey::new("people").expect("a key");
    let faults = (crate::KIND.build)(key, settings).map(|_| ()).err().unwrap_or_default();
    faults.into_iter().map(|SettingFault { path, detail }| (path.join("."), detail)).collect()
}

fn paths(settings: Value) -> Vec<String> {
    faults(settings).into_iter().map(|(path, _)| path).collect()
}

fn least() -> Value {
    json!({
        "dialect": "openldap",
        "urls": ["ldaps://ldap.example.org"],
        "people": { "base": "ou=people,dc=example,dc=org" },
    })
}

fn changed(pointer: &str, value: Value) -> Vec<String> {
    let mut settings = least();
    settings[pointer] = value;
    paths(settings)
}

#[test]
fn the_least_is_a_dialect_a_server_and_a_place() {
    assert_eq!(paths(least()), [""; 0]);
    assert_eq!(paths(json!({})), ["dialect"]);
    assert_eq!(changed("dialect", json!("novell")), ["dialect"]);
    assert_eq!(changed("people", json!({})), ["people.base", "people"]);
}

#[test]
fn every_fault_is_told_at_once() {
    let told = paths(json!({
        "dialect": "openldap",
        "urls": ["http://ldap.example.org"],
        "bind_dn": "cn=portico",
        "password": "env:PORTICO_NO_SUCH_VARIABLE",
        "people": {
            "base": "not a name", "object_classes": [], "only": [{ "attribute": "a b", "equals": "x" }],
        },
        "org_units": { "base": "", "top_unit_name": " " },
        "groups": { "base": "ou=groups", "member_of": "auto" },
        "attributes": { "email": ["mail)(uid=*"], "colour": ["x"] },
        "limits": { "page_size": 0, "list_ttl_seconds": 999999, "fast": true },
        "color": "blue",
    }));
    for path in [
        "urls",
        "password",
        "people.base",
        "people.object_classes",
        "org_units.base",
        "org_units.top_unit_name",
        "attributes.email",
        "attributes.colour",
        "limits.page_size",
        "limits.list_ttl_seconds",
        "limits.fast",
        "color",
    ] {
        assert!(told.iter().any(|there| there == path), "{path} is missing from {told:?}");
    }
}

#[test]
fn addresses_that_cannot_be_used() {
    for address in [
        "ldap.example.org",
        "ldaps://",
        "ldaps://user:secret@ldap.example.org",
        "ldaps://ldap.example.org/dc=example",
        "ldaps://ldap.example.org/?uid",
        "https://ldap.example.org",
        "",
    ] {
        assert_eq!(changed("urls", json!([address])), ["urls"], "{address}");
    }
    assert_eq!(changed("urls", json!([])), ["urls"]);
    assert_eq!(changed("urls", json!(["ldaps://a.example.org", "ldap://b.example.org"])), ["urls"]);
    for good in ["ldaps://10.0.0.5", "ldaps://[::1]:1636", "ldaps://ldap.example.org:636/"] {
        assert_eq!(changed("urls", json!([good])), [""; 0], "{good}");
    }
}

#[test]
fn people_and_passwords_travel_encrypted_or_on_this_machine() {
    let with = |address: &str, more: &[(&str, Value)]| {
        let mut settings = least();
        settings["urls"] = json!([address]);
        for (key, value) in more {
            settings[*key] = value.clone();
        }
        paths(settings)
    };
    assert_eq!(with("ldap://ldap.example.org", &[]), ["urls"]);
    assert_eq!(with("ldap://ldap.example.org", &[("start_tls", json!(true))]), [""; 0]);
    assert_eq!(with("ldap://ldap.example.org", &[("plain_ldap", json!(true))]), [""; 0]);
    assert_eq!(with("ldap://127.0.0.1:1389", &[]), [""; 0]);
    assert_eq!(with("ldaps://ldap.example.org", &[("start_tls", json!(true))]), ["start_tls"]);
}

#[test]
fn an_account_has_a_name_and_a_password() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), "p\n").expect("a temporary file");
    let password = json!(format!("file:{}", file.path().display()));
    let with = |name: Option<&str>, password: Option<&Value>| {
        let mut settings = least();
        name.into_iter().for_each(|name| settings["bind_dn"] = json!(name));
        password.into_iter().for_each(|password| settings["password"] = password.clone());
        paths(settings)
    };
    assert_eq!(with(Some("cn=portico"), Some(&password)), [""; 0]);
    assert_eq!(with(Some("portico@example.org"), Some(&password)), [""; 0]);
    assert_eq!(with(Some("cn=portico"), None), ["password"]);
    assert_eq!(with(None, Some(&password)), ["bind_dn"]);
    assert_eq!(with(Some(" "), Some(&password)), ["bind_dn"]);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let mut settings = least();
    settings["bind_dn"] = json!("cn=portico");
    settings["password"] = json!("hunter2-QQ123456C");
    settings["limits"] = json!({ "page_size": "hunter2-QQ123456C" });
    let told = faults(settings);
    assert_eq!(told.iter().filter(|(path, _)| path == "password" || path == "limits.page_size").count(), 2);
    assert!(!format!("{told:?}").contains("hunter2"), "{told:?}");
}

#[test]
fn trust_roots_have_to_be_certificates() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), "not a certificate").expect("a temporary file");
    for path in [file.path().to_owned(), "/no/such/file.pem".into()] {
        assert_eq!(changed("trust_roots", json!(path)), ["trust_roots"]);
    }
}

#[test]
fn the_schema_knows_every_key() {
    let schema = (crate::KIND.settings_schema)().to_value().to_string();
    for key in [
        "dialect",
        "urls",
        "start_tls",
        "trust_roots",
        "plain_ldap",
        "bind_dn",
        "password",
        "people",
        "only",
        "org_units",
        "groups",
        "member_of",
        "attributes",
        "employee_number",
        "limits",
        "page_size",
    ] {
        assert!(schema.contains(&format!("\"{key}\"")), "{key}");
    }
}

#[test]
fn places_that_are_not_named_are_not_claimed() {
    let key = SystemKey::new("people").expect("a key");
    let adapter = (crate::KIND.build)(key, least()).expect("good settings");
    let claimed = |id: &str| adapter.profile().operations.contains_key(id);
    assert!(claimed("people list") && claimed("people changes"));
    assert!(!claimed("org_units list") && !claimed("people groups"));
}
