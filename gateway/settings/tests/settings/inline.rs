//! A secret in the file hides nothing else that is wrong.

use crate::support::{faults, whole_example};

/// Everything that is wrong, by its path.
fn paths(text: &str) -> Vec<String> {
    faults(text).iter().map(|fault| fault.path.clone()).collect()
}

#[test]
fn an_inline_secret_hides_no_other_fault() {
    let whole = whole_example();
    for (secret, path, beside, other) in [
        (
            "password = \"file:secrets/contracts\"",
            "systems.contracts.settings.credentials.password",
            ("base_url = \"http://", "base_url = \"gopher://"),
            "systems.contracts.settings.base_url",
        ),
        (
            "password = \"file:secrets/contracts\"",
            "systems.contracts.settings.credentials.password",
            ("trust_roots = \"tls/council-ca.pem\"", "trust_roots = \"tls/no-such.pem\""),
            "systems.contracts.settings.trust_roots",
        ),
        (
            "token = \"file:secrets/ops-token\"",
            "ops.token",
            ("allowed_hosts = [\"portico.council.example\"]", "allowed_hosts = [\"http://portico/\"]"),
            "ops.allowed_hosts[0]",
        ),
        (
            "key = \"file:tls/portico-key.pem\"",
            "listen.tls.key",
            ("certificate = \"tls/portico.pem\"", "certificate = \"tls/no-such.pem\""),
            "listen.tls.certificate",
        ),
        (
            "ids = \"file:secrets/ids\"",
            "keys.ids",
            ("file:secrets/cursors", "file:secrets/otlp"),
            "keys.cursors",
        ),
        (
            "x-api-key = \"file:secrets/otlp\"",
            "telemetry.otlp.headers.x-api-key",
            ("endpoint = \"http://127.0.0.1:4318\"", "endpoint = \"gopher://127.0.0.1\""),
            "telemetry.otlp.endpoint",
        ),
    ] {
        assert!(whole.contains(secret) && whole.contains(beside.0), "{secret} {}", beside.0);
        let (name, _) = secret.split_once(" = ").unwrap();
        for inline in ["\"hunter2-Correct-Horse\"", "[\"hunter2\"]", "7"] {
            let text = whole.replace(secret, &format!("{name} = {inline}")).replace(beside.0, beside.1);
            let mut found = paths(&text);
            found.sort();
            let mut expected = [path, other];
            expected.sort_unstable();
            assert_eq!(found, expected, "{inline}\n{}", faults(&text));
        }
    }
}
