//! Faults as people read them.

use insta::assert_snapshot;

use crate::support::{MINIMAL, faults, folder, line, load, load_with};

#[test]
fn a_misspelt_key() {
    let faults = faults(&format!("[listen]\nlimts = {{ max_connections = 5 }}\n{MINIMAL}"));
    assert_snapshot!(faults, @r#"
    error: `listen.limts`: there is no such setting
     --> portico.toml:2:1
      |
    2 | limts = { max_connections = *** }
      | ^^^^^ did you mean `limits`?

    1 fault in the configuration
    "#);
}

#[test]
fn a_wrong_type_and_a_wrong_word() {
    let text = MINIMAL.replace("ES256", "ES265").replace("audience = \"portico\"", "audience = 7");
    assert_snapshot!(faults(&text), @r#"
    error: `auth.audience`: this has to be text in quotation marks, and it is a whole number
     --> portico.toml:4:12
      |
    4 | audience = 7
      |            ^
      |
      = help: For whom the tokens are: their `aud`, to the letter.

    error: `auth.keys[0].algorithm`: there is no such value
     --> portico.toml:8:13
      |
    8 | algorithm = "ES265"
      |             ^^^^^^^ did you mean `ES256`?
      |
      = help: use `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384`, `EdDSA`

    2 faults in the configuration
    "#);
}

#[test]
fn a_missing_section_and_a_missing_key() {
    let text = MINIMAL.replace("contact = \"4400\", ", "").replace("[[policy.rules]]", "[data]");
    assert_snapshot!(faults(&text), @r#"
    error: `policy` is missing
     --> portico.toml:1:1
      |
    1 |
      | ^
      |
      = help: `policy`: What is allowed. Nothing is allowed without a rule.

    error: `data.resource`: there is no such setting
      --> portico.toml:12:1
       |
    12 | resource = ***
       | ^^^^^^^^
       |
       = help: the only key here is `dir`

    error: `data.actions`: there is no such setting
      --> portico.toml:13:1
       |
    13 | actions = [***]
       | ^^^^^^^
       |
       = help: the only key here is `dir`

    error: `data.who`: there is no such setting
      --> portico.toml:14:1
       |
    14 | who = ***
       | ^^^
       |
       = help: the only key here is `dir`

    error: `systems.contracts.owner`: `contact` is missing
      --> portico.toml:19:1
       |
    19 | owner = { team = "IT", hours = "8 to 18" }
       | ^^^^^
       |
       = help: `systems.contracts.owner.contact`: How to reach it: an address, a number, a queue.

    5 faults in the configuration
    "#);
}

#[test]
fn an_inline_secret() {
    let text =
        format!("[ops]\nallowed_hosts = [\"Portico\"]\ntoken = \"hunter2-hunter2-hunter2\"\n{MINIMAL}");
    assert_snapshot!(faults(&text), @r#"
    error: `ops.allowed_hosts[0]`: this is not the name of a host
     --> portico.toml:2:18
      |
    2 | allowed_hosts = ["Portico"]
      |                  ^^^^^^^^^
      |
      = help: write it in small letters without scheme and port: `portico.intranet.example`

    error: `ops.token`: a secret must not stand in the configuration
     --> portico.toml:3:9
      |
    3 | token = ***
      |         ^^^
      |
      = help: put it into a file or a variable and refer to it: `file:/path` or `env:NAME`

    2 faults in the configuration
    "#);
}

#[test]
fn variables() {
    let variables = [("PORTICO_RUNTIME__WORKERS", "10.7"), ("PORTICO_LISTN__API", "127.0.0.1:1")];
    assert_snapshot!(load_with(&folder(), MINIMAL, &variables).unwrap_err(), @r#"
    error: `PORTICO_LISTN__API`: there is no such setting
    --> environment
     = help: did you mean `PORTICO_LISTEN__API`?

    error: `PORTICO_RUNTIME__WORKERS`: this has to be a whole number, in digits
    --> environment
     = note: the variable sets `runtime.workers`

    2 faults in the configuration
    "#);
}

#[test]
fn what_is_not_toml() {
    let text = MINIMAL.replace("audience = \"portico\"", "audience = \"portico").replace("who = ", "who: ");
    assert_snapshot!(faults(&text), @r#"
    error: this is not TOML: invalid basic string, expected `"`
     --> portico.toml:4:20
      |
    4 | audience = "portico
      |                    ^

    error: this is not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
      --> portico.toml:14:4
       |
    14 | who***
       |    ^^^

    2 faults in the configuration
    "#);
}

#[test]
fn a_choice_between_shapes() {
    let with = |manner: &str| {
        let table = "settings = { base_url = \"http://127.0.0.1:8001/\"";
        let text = MINIMAL.replace(table, &format!("{table}, manner = {manner}"));
        let faults = faults(&text);
        faults
            .iter()
            .map(|fault| (fault.path.clone(), fault.problem.clone(), fault.suggestion.clone()))
            .collect()
    };
    let at = |key: &str| format!("systems.contracts.settings.manner{key}");
    let check = |manner: &str, key: &str, problem: &str, meant: Option<&str>| {
        let expected: Vec<(String, String, Option<String>)> =
            vec![(at(key), problem.to_owned(), meant.map(str::to_owned))];
        let found: Vec<_> = with(manner);
        assert_eq!(found, expected, "{manner}");
    };
    check("{ kind = \"countr\", number = 1 }", ".kind", "there is no such value", Some("counter"));
    check(
        "{ kind = \"counter\", numbr = 1, number = 2 }",
        ".numbr",
        "there is no such setting",
        Some("number"),
    );
    check("{ kind = \"counter\" }", "", "`number` is missing", None);
    check(
        "{ kind = \"post\", addressee = \"x\", stamp = \"inline\" }",
        ".stamp",
        "a secret must not stand in the configuration",
        None,
    );
}

#[test]
fn what_takes_more_than_a_schema_has_its_place_too() {
    let text = r#"
[listen]
api = "localhost:8080"
ops = "127.0.0.1:0"
trusted_proxies = ["10.0.0.1/8"]
[listen.tls]
certificate = "nowhere.pem"
key = "file:tls/portico-key.pem"
[cors]
origins = ["https://intranet.example/", "*"]
[keys]
ids = "file:secrets/cursors"
[ops]
token = "env:PORTICO_TEST_NOT_SET"
allowed_hosts = ["https://portico"]
[auth]
issuer = "i"
audience = "a"
[[auth.keys]]
id = "one"
algorithm = "ES256"
file = "nowhere.pem"
[[auth.keys]]
id = "one"
algorithm = "RS256"
file = "tls/portico-key.pem"
[[policy.rules]]
resource = "document"
systems = ["contract"]
actions = []
who = "manger"
[systems.contracts]
title = "Contracts"
adapter = "webdav"
aliases = ["contracts", "Old"]
owner = { team = "IT", contact = "4400", hours = "8 to 18" }
settings = { base_url = "ftp://127.0.0.1/", credentials = { username = "u", password = "file:secrets/none" } }
limits = { max_in_flight = 0, breaker_failure_percent = 101 }
"#;
    let folder = folder();
    let faults = load(&folder, text).unwrap_err();
    let found: Vec<_> =
        faults.iter().map(|fault| (line(fault), fault.path.as_str(), fault.suggestion.as_deref())).collect();
    let expected = [
        (3, "listen.api", None),
        (5, "listen.trusted_proxies[0]", None),
        (7, "listen.tls.certificate", None),
        (10, "cors.origins[0]", None),
        (10, "cors.origins[1]", None),
        (12, "keys.ids", None),
        (14, "ops.token", None),
        (15, "ops.allowed_hosts[0]", None),
        (22, "auth.keys[0].file", None),
        (24, "auth.keys[1].id", None),
        (26, "auth.keys[1].file", None),
        (28, "policy.rules[0].resource", Some("documents")),
        (29, "policy.rules[0].systems[0]", Some("contracts")),
        (30, "policy.rules[0].actions", None),
        (31, "policy.rules[0].who", Some("manager")),
        (35, "systems.contracts.aliases[1]", None),
        (37, "systems.contracts.settings.base_url", None),
        (37, "systems.contracts.settings.credentials.password", None),
        (38, "systems.contracts.limits.max_in_flight", None),
        (38, "systems.contracts.limits.breaker_failure_percent", None),
    ];
    assert_eq!(found, expected, "{faults}");
}

#[test]
fn a_fault_of_shape_does_not_hide_those_of_other_sections() {
    let text = format!("[listen]\napi = 8080\n[cors]\norigins = [\"*\"]\n[runtime]\nworkers = 0\n{MINIMAL}");
    let faults = faults(&text);
    assert_eq!(faults.iter().map(line).collect::<Vec<_>>(), [2, 4, 6], "{faults}");
}

#[test]
fn a_fault_of_shape_does_not_hide_those_beside_it() {
    let text = r#"
[listen]
api = 8080
ops = "here"
[cors]
orgins = []
origins = ["*"]
[auth]
issuer = ""
audience = "a"
[[auth.keys]]
id = "one"
algorithm = "none"
file = "login-2026.pem"
[[auth.keys]]
id = "two"
algorithm = "ES256"
file = "nowhere.pem"
[[policy.rules]]
resource = "documents"
actions = ["raed"]
who = "anyone"
[[policy.rules]]
resource = "documents"
actions = ["read"]
who = "nobody"
[systems.contracts]
title = "Contracts"
adapter = "webdav"
aliases = ["Old"]
owner = { team = "", contact = "4400", hours = "8 to 18" }
settings = { base_url = "ftp://127.0.0.1/" }
limits = { max_in_flight = 0, max_queued = "none" }
"#;
    let faults = faults(text);
    let lines: Vec<_> = faults.iter().map(line).collect();
    // The owner cannot be read, and with it the rest of the system's own table; its settings and limits can.
    assert_eq!(lines, [3, 4, 6, 7, 9, 13, 18, 21, 26, 31, 32, 33, 33], "{faults}");
}

#[test]
fn aliases_lead_to_one_system() {
    let other = MINIMAL[MINIMAL.find("[systems").unwrap()..]
        .replace("contracts]", "plans]\naliases = [\"contracts\"]");
    let faults = faults(&format!("{MINIMAL}\n{other}"));
    let found: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(found, ["systems.plans.aliases[0]"], "{faults}");
}

#[test]
fn systems_keep_the_order_of_the_file() {
    let first = MINIMAL[MINIMAL.find("[systems").unwrap()..].replace("systems.contracts", "systems.zebra");
    let settings = load(&folder(), &format!("{first}\n{MINIMAL}")).unwrap();
    let keys: Vec<_> = settings.systems.iter().map(|system| system.key.as_str()).collect();
    assert_eq!(keys, ["zebra", "contracts"]);
}

#[test]
fn a_file_that_cannot_be_read() {
    let folder = folder();
    let sources = portico_settings::Sources::new().file(folder.path().join("portico.tml"));
    let faults = portico_settings::load(&sources, &[]).unwrap_err();
    assert_eq!(faults.iter().len(), 1, "{faults}");
    assert!(
        faults.to_string().contains("portico.tml") && faults.to_string().contains("No such file"),
        "{faults}"
    );
    std::fs::write(folder.path().join("latin.toml"), b"a = 1\nb = \"\xe4\"\n").unwrap();
    let sources = portico_settings::Sources::new().file(folder.path().join("latin.toml"));
    let faults = portico_settings::load(&sources, &[]).unwrap_err();
    assert!(faults.to_string().contains("not UTF-8 text (line 2)"), "{faults}");
}

#[test]
fn a_file_on_disk_and_nothing_at_all() {
    let folder = folder();
    let path = folder.path().join("portico.toml");
    std::fs::write(&path, MINIMAL).unwrap();
    let sources = portico_settings::Sources::new().file(&path);
    assert!(portico_settings::load(&sources, crate::support::KINDS).is_ok());
    let none = portico_settings::load(&portico_settings::Sources::new(), &[]).unwrap_err();
    let missing: Vec<_> = none.iter().map(|fault| fault.problem.as_str()).collect();
    assert_eq!(missing, ["`auth` is missing", "`policy` is missing", "`systems` is missing"]);
}
