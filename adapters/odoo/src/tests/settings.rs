//! Settings are refused with every fault at once.

use portico_contract::SystemKey;
use serde_json::{Value, json};

fn faults(settings: Value) -> Vec<(String, String)> {
    let key = SystemKey::new("odoo").expect("a key");
    let faults = (crate::KIND.build)(key, settings).map(|_| ()).expect_err("faults");
    let mut told: Vec<_> = faults.into_iter().map(|fault| (fault.path.join("."), fault.detail)).collect();
    told.sort();
    told
}

#[test]
fn every_fault_is_told_and_no_secret_with_it() {
    let told = faults(json!({
        "base_url": "http://odoo.example.org/",
        "database": " ",
        "credentials": { "username": "portico", "password": "hunter2", "colour": 1 },
        "protocol": "soap",
        "employee_number_field": "Barcode; DROP",
        "limits": { "max_connections": 0 },
        "more": 1,
    }));
    let paths: Vec<_> = told.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["credentials.colour", "credentials.password", "more", "protocol"]);
    assert!(told.iter().all(|(_, detail)| !detail.contains("hunter2")), "{told:?}");
    let told = faults(json!({
        "base_url": "http://odoo.example.org/",
        "database": " ",
        "credentials": { "username": "portico", "password": "env:PORTICO_NO_SUCH_VARIABLE" },
        "employee_number_field": "Barcode; DROP",
        "limits": { "max_connections": 0 },
    }));
    let paths: Vec<_> = told.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        ["base_url", "credentials.password", "database", "employee_number_field", "limits.max_connections"]
    );
}

#[test]
fn the_schema_says_what_there_is() {
    let schema = serde_json::to_value((crate::KIND.settings_schema)()).expect("JSON");
    for key in
        ["base_url", "database", "credentials", "protocol", "analytic", "limits", "employee_number_field"]
    {
        assert!(schema["properties"][key]["description"].is_string(), "{key}");
    }
}
