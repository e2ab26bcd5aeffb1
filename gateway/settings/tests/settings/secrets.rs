//! A secret in the wrong place is refused and never printed; one in the right place is never dumped.

use proptest::prelude::*;

use crate::support::{KINDS, MINIMAL, folder, load, load_with, loader, whole_example};

const SENTINEL: &str = "hunter2-Correct-Horse";

#[test]
fn an_inline_secret_is_refused_and_not_printed() {
    let folder = folder();
    let whole = whole_example();
    let references: Vec<_> = whole.match_indices("\"file:").map(|(at, _)| at).collect();
    assert!(references.len() >= 6);
    for at in references {
        let end = at + 1 + whole[at + 1..].find('"').unwrap() + 1;
        for value in
            [format!("\"{SENTINEL}\""), format!("[\"{SENTINEL}\"]"), format!("{{ a = \"{SENTINEL}\" }}")]
        {
            let text = format!("{}{value}{}", &whole[..at], &whole[end..]);
            let faults = load(&folder, &text).expect_err("accepted");
            for shown in [faults.to_string(), format!("{faults:?}"), faults.to_terminal()] {
                assert!(!shown.contains(SENTINEL), "{shown}");
            }
            assert!(faults.to_string().contains("a secret must not stand in the configuration"), "{faults}");
            assert!(faults.to_string().contains("***"), "{faults}");
        }
    }
}

#[test]
fn a_secret_under_a_misspelt_key_or_in_an_address_is_not_printed() {
    let bearer = format!("[ops]\ntokne = \"{SENTINEL}\"\n");
    let nested = format!("[opps]\ntoken = \"{SENTINEL}\"\n");
    let address = format!("[telemetry.otlp]\nendpoint = \"http://me:{SENTINEL}@127.0.0.1/\"\n");
    let integer = "[ops]\ntoken = 8675309\n".to_owned();
    for text in [bearer, nested, address, integer] {
        let faults = load(&folder(), &format!("{text}{MINIMAL}")).expect_err("accepted");
        let shown = format!("{faults}\n{faults:?}");
        assert!(!shown.contains(SENTINEL) && !shown.contains("8675309"), "{shown}");
    }
}

#[test]
fn a_secret_in_a_variable_is_not_printed() {
    for name in [
        "PORTICO_OPS__TOKEN",
        "PORTICO_OPS__TOKNE",
        "PORTICO_RUNTIME__WORKERS",
        "PORTICO_LISTEN__API",
        "PORTICO_TELEMETRY__LOG_LEVEL",
        "PORTICO_SYSTEMS__CONTRACTS__SETTINGS__CREDENTIALS__PASSWORD",
    ] {
        let faults = load_with(&folder(), MINIMAL, &[(name, SENTINEL)]).expect_err("accepted");
        let shown = format!("{faults}\n{faults:?}");
        assert!(!shown.contains(SENTINEL) && shown.contains(name), "{shown}");
    }
}

#[test]
fn sources_and_settings_never_dump_a_secret() {
    let folder = folder();
    for name in ["ops-token", "otlp", "contracts"] {
        std::fs::write(folder.path().join("secrets").join(name), SENTINEL.repeat(2)).unwrap();
    }
    let sources = portico_settings::Sources::new()
        .text("portico.toml", folder.path(), whole_example())
        .environment([("PORTICO_LISTEN__API", SENTINEL)]);
    assert!(!format!("{sources:?}").contains(SENTINEL));
    let settings = load(&folder, &whole_example()).unwrap_or_else(|faults| panic!("{faults}"));
    let shown = format!("{settings:?}\n{settings:#?}\n{}", settings.redacted_toml());
    assert!(!shown.contains(SENTINEL), "{shown}");
    assert!(!shown.contains(&"ab".repeat(64)) && !shown.contains("[171, 171"), "{shown}");
    assert!(settings.redacted_toml().contains("token = \"*** from file:secrets/ops-token\""));
    assert!(settings.redacted_toml().contains("[systems.contracts.settings]"));
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = format!("a = {}", "[".repeat(200_000));
    assert!(load(&folder(), &deep).is_err());
    let deep = format!("{} = 1", vec!["a"; 50_000].join("."));
    assert!(load(&folder(), &deep).is_err());
    let folder = folder();
    let path = folder.path().join("large.toml");
    std::fs::write(&path, "#".repeat(1024 * 1024 + 1)).unwrap();
    let faults = portico_settings::load(&portico_settings::Sources::new().file(path), KINDS).unwrap_err();
    assert!(faults.to_string().contains("larger than 1 MiB"), "{faults}");
}

/// A configuration with a secret in every place where one can be, to be broken in every way.
fn careless() -> String {
    let mut text = whole_example();
    while let Some(at) = text.find("\"file:") {
        let end = at + 1 + text[at + 1..].find('"').unwrap() + 1;
        text.replace_range(at..end, &format!("\"{SENTINEL}\""));
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_broken_file_does_not_print_its_secrets(at in 0.0..1.0f64, cut in 0usize..3, put in "[\"'=\\[\\]{}.# \n\\\\]?") {
        let text = careless();
        // Breaking the secret itself leaves only half of it to be found, so look for that.
        let at = text.floor_char_boundary((at * text.len() as f64) as usize);
        let end = text.ceil_char_boundary((at + cut).min(text.len()));
        let broken = format!("{}{put}{}", &text[..at], &text[end..]);
        let faults = load(&folder(), &broken).expect_err("there are secrets in it");
        let shown = format!("{faults}\n{faults:?}");
        prop_assert!(!shown.contains("hunter2") && !shown.contains("Correct-Horse"), "{}", shown);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _ = load(&folder(), &text);
    }

    #[test]
    fn no_toml_makes_it_panic(
        lines in prop::collection::vec(
            prop_oneof![
                "\\[{1,2}(listen|auth|auth\\.keys|systems|systems\\.[a-z]{1,3}|policy\\.rules|[a-z.\"]{0,9})\\]{1,2}",
                "(api|keys|rules|settings|adapter|owner|limits|\"a b\"|[a-z]{1,4})(\\.[a-z]{1,4})? = (1|-0|1e9|nan|true|\"\"|\"webdav\"|\\[\\]|\\[1, \\{\\}\\]|\\{\\}|\\{ a = 1 \\}|0x7f|1979-05-27|'''x)",
            ],
            0..12,
        ),
        name in "PORTICO_[A-Z_]{0,12}",
        value in "\\PC{0,12}",
    ) {
        let text = lines.join("\n");
        let folder = folder();
        let sources = portico_settings::Sources::new()
            .text("portico.toml", folder.path(), text)
            .environment([(name, value)]);
        if let Err(faults) = loader().load(&sources) {
            prop_assert!(faults.iter().len() > 0 && !faults.to_string().is_empty());
        }
    }
}
