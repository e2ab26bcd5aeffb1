//! Variables over files: read strictly, named in faults.

use portico_settings::{LogFormat, Place};

use crate::support::{KINDS, MINIMAL, folder, load_with, whole_example};

fn refused(variables: &[(&str, &str)]) -> Vec<(String, String, Option<String>)> {
    let faults = load_with(&folder(), MINIMAL, variables).expect_err("this should have been refused");
    let named = |place: &Place| match place {
        Place::Variable(name) => name.clone(),
        other => format!("{other:?}"),
    };
    faults
        .iter()
        .map(|fault| (named(&fault.place), fault.problem.clone(), fault.suggestion.clone()))
        .collect()
}

#[test]
fn variables_win_over_files_and_have_the_type_of_the_setting() {
    let folder = folder();
    let variables = [
        ("PORTICO_LISTEN__API", "127.0.0.1:0"),
        ("PORTICO_LISTEN__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("PORTICO_RUNTIME__WORKERS", "3"),
        ("PORTICO_TELEMETRY__LOG_FORMAT", "json"),
        ("PORTICO_TELEMETRY__LOG_BACKEND_TEXT", "true"),
        ("PORTICO_TELEMETRY__OTLP__ENDPOINT", "http://127.0.0.1:4318"),
        ("PORTICO_TELEMETRY__OTLP__SAMPLE_RATIO", "1"),
        ("PORTICO_TELEMETRY__OTLP__HEADERS__X_API_KEY", "file:secrets/otlp"),
        ("PORTICO_SYSTEMS__CONTRACTS__TITLE", "007"),
        ("PORTICO_SYSTEMS__CONTRACTS__SETTINGS__CREDENTIALS__USERNAME", "42"),
        ("PORTICO_SYSTEMS__CONTRACTS__SETTINGS__CREDENTIALS__PASSWORD", "file:secrets/contracts"),
        ("PORTICO_SYSTEMS__CONTRACTS__LIMITS__MAX_PER_SECOND", "9"),
        // Not ours.
        ("PORTICO_CONFIG", "/etc/portico/portico.toml"),
        ("PORTICOLOR", "red"),
        ("HOME", "/"),
    ];
    let settings = load_with(&folder, MINIMAL, &variables).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(settings.listen.api.port(), 0);
    assert_eq!(settings.listen.trusted_proxies.len(), 2);
    assert_eq!(settings.runtime.workers.get(), 3);
    assert_eq!(settings.telemetry.log_format, LogFormat::Json);
    assert!(settings.telemetry.log_backend_text);
    let otlp = settings.telemetry.otlp.as_ref().unwrap();
    assert_eq!(otlp.sample_ratio, 1.0);
    assert!(otlp.headers.contains_key("x-api-key"));
    // Text stays text, whatever it looks like.
    assert_eq!(settings.systems[0].title, "007");
    assert!(settings.redacted_toml().contains("username = \"42\""), "{}", settings.redacted_toml());
}

#[test]
fn a_variable_may_be_what_an_env_reference_names() {
    let text = format!("[ops]\ntoken = \"env:PORTICO_TEST_TOKEN\"\n{MINIMAL}");
    let faults = load_with(&folder(), &text, &[("PORTICO_TEST_TOKEN", "open sesame")]).unwrap_err();
    // The variable is not in this process; what matters is that it is not taken for a setting.
    assert_eq!(faults.iter().len(), 1, "{faults}");
    assert!(faults.to_string().contains("is not set"), "{faults}");
}

#[test]
fn what_does_not_fit_is_refused_and_not_coerced() {
    for (name, value, problem) in [
        ("PORTICO_RUNTIME__WORKERS", "10.7", "this has to be a whole number, in digits"),
        ("PORTICO_RUNTIME__WORKERS", "1e1", "this has to be a whole number, in digits"),
        ("PORTICO_RUNTIME__WORKERS", " 2", "this has to be a whole number, in digits"),
        ("PORTICO_RUNTIME__WORKERS", "+2", "this has to be a whole number, in digits"),
        ("PORTICO_RUNTIME__WORKERS", "", "this has to be a whole number, in digits"),
        ("PORTICO_RUNTIME__WORKERS", "0", "this has to be 1 or more"),
        ("PORTICO_TELEMETRY__LOG_BACKEND_TEXT", "yes", "this has to be `true` or `false`"),
        ("PORTICO_TELEMETRY__LOG_BACKEND_TEXT", "1", "this has to be `true` or `false`"),
        ("PORTICO_TELEMETRY__LOG_LEVEL", "loud", "there is no such value"),
        ("PORTICO_LISTEN__API", "8080", "this is not an address and a port"),
        (
            "PORTICO_LISTEN",
            "x",
            "this is a table; set its keys one by one, with `__` and the key after the name",
        ),
        (
            "PORTICO_AUTH__KEYS",
            "x",
            "a list of tables cannot be set from the environment; write it in the file",
        ),
        (
            "PORTICO_AUTH__KEYS__0__ID",
            "x",
            "a list of tables cannot be set from the environment; write it in the file",
        ),
    ] {
        assert_eq!(
            refused(&[(name, value)]),
            [(name.to_owned(), problem.to_owned(), None)],
            "{name}={value}"
        );
    }
}

#[test]
fn names_that_mean_nothing_are_refused_with_what_was_meant() {
    for (name, meant) in [
        ("PORTICO_LISTN__API", Some("PORTICO_LISTEN__API")),
        ("PORTICO_LISTEN__APII", Some("PORTICO_LISTEN__API")),
        ("PORTICO_LISTEN__API__PORT", None),
        (
            "PORTICO_SYSTEMS__CONTRACTS__SETTINGS__BASE_URI",
            Some("PORTICO_SYSTEMS__CONTRACTS__SETTINGS__BASE_URL"),
        ),
        ("PORTICO_listen__api", Some("PORTICO_LISTEN__API")),
        ("PORTICO_", None),
    ] {
        let found = refused(&[(name, "127.0.0.1:1")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].0.as_str(), found[0].2.as_deref()), (name, meant));
    }
}

#[test]
fn keys_with_dashes_and_systems_of_the_environment_alone() {
    let folder = folder();
    let text = MINIMAL.replace("systems.contracts", "systems.hr-files");
    let settings = load_with(&folder, &text, &[("PORTICO_SYSTEMS__HR_FILES__TITLE", "Staff files")]).unwrap();
    assert_eq!(settings.systems[0].title, "Staff files");
    let at = "PORTICO_SYSTEMS__NEW_SHELF";
    let names = ["ADAPTER", "TITLE", "OWNER__TEAM", "OWNER__CONTACT", "OWNER__HOURS", "SETTINGS__BASE_URL"];
    let values = ["webdav", "New", "IT", "1", "2", "http://127.0.0.1/"];
    let names: Vec<_> = names.iter().map(|name| format!("{at}__{name}")).collect();
    let variables: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
    let settings = load_with(&folder, MINIMAL, &variables).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(settings.systems[1].key.as_str(), "new-shelf");
}

#[test]
fn files_are_laid_over_each_other_and_each_is_named_in_its_faults() {
    let folder = folder();
    let site = "[listen]\napi = \"127.0.0.1:9\"\n[auth]\nleeway_seconds = 61\n";
    let sources = portico_settings::Sources::new().text("base.toml", folder.path(), whole_example()).text(
        "site.toml",
        folder.path(),
        site,
    );
    let faults = portico_settings::load(&sources, KINDS).unwrap_err();
    let places: Vec<_> = faults.iter().map(|fault| fault.place.clone()).collect();
    assert!(matches!(&places[..], [Place::File { file, line: 4, .. }] if file == "site.toml"), "{faults}");
}
