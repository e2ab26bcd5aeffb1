//! Settings read again beside those that run: what differs is a fault, wants a restart, or changes the hash.

use std::fs;

use portico_settings::{Faults, Settings, Sources};
use tempfile::TempDir;

use crate::mutations::{everything, line_of, mutated};
use crate::support::{MINIMAL, example, folder, line, load, loader, whole_example};

fn reload(folder: &TempDir, text: &str, running: &Settings) -> Result<Settings, Faults> {
    let sources = Sources::new().text("portico.toml", folder.path(), text);
    loader().reload(&sources, running)
}

/// Another value of the same type, as somebody might write it.
fn other(value: &str) -> String {
    match value {
        "true" => "false".to_owned(),
        "false" => "true".to_owned(),
        text if text.starts_with('[') => {
            let rest = text.trim_matches(['[', ']']).split_once(',').map_or("", |(_, rest)| rest.trim());
            format!("[{rest}]")
        }
        text => match text.strip_suffix('"') {
            Some(start) => format!("{start}0\""),
            None if text.contains('.') => format!("{text}1"),
            None => (text.parse::<u64>().unwrap() + 1).to_string(),
        },
    }
}

#[test]
fn every_key_that_changes_is_a_fault_with_its_line_or_another_hash() {
    let (folder, text) = (folder(), whole_example());
    let running = load(&folder, &text).unwrap_or_else(|faults| panic!("{faults}"));
    let (mut faulty, mut restart, mut changed) = (0, 0, 0);
    for leaf in everything(&text).leaves {
        let key = leaf.path.join(".");
        let wrong = other(&text[leaf.span.clone()]);
        let here = line_of(&text, leaf.span.start);
        let text = mutated(&text, &leaf.span, &wrong);
        let what = format!("`{wrong}` for `{key}` in line {here}");
        let name = leaf.path.iter().rfind(|key| key.parse::<usize>().is_err()).unwrap();
        let placed = |faults: &Faults| {
            let there = faults.iter().any(|fault| line(fault) == here && fault.path.contains(name.as_str()));
            assert!(there, "{what}:\n{faults}");
        };
        let fresh = load(&folder, &text);
        match (&fresh, reload(&folder, &text, &running)) {
            (Ok(_), Ok(settings)) => {
                assert_ne!(settings.hash(), running.hash(), "{what} changed nothing");
                changed += 1;
            }
            (Ok(fresh), Err(faults)) => {
                assert_ne!(fresh.hash(), running.hash(), "{what} changed nothing");
                placed(&faults);
                let says = |fault: &portico_settings::Fault| {
                    fault.problem.contains("restart") && fault.problem.contains(&format!("`{}`", fault.path))
                };
                assert!(faults.iter().all(says), "{what}:\n{faults}");
                restart += 1;
            }
            (Err(_), Err(faults)) => {
                placed(&faults);
                faulty += 1;
            }
            (Err(faults), Ok(_)) => panic!("{what}: a reload takes what a start refuses:\n{faults}"),
        }
    }
    assert!(
        faulty > 10 && restart >= 20 && changed > 30,
        "{faulty} faults, {restart} restarts, {changed} hashes"
    );
}

#[test]
fn what_takes_a_restart_is_refused_by_name_and_everything_else_is_taken() {
    let folder = folder();
    let text = example();
    let running = load(&folder, &text).unwrap();
    for (change, refused) in [
        ("[runtime]\nworkers = 7\n", Some("runtime.workers")),
        ("[keys]\nids = \"file:secrets/ids\"\n", Some("keys")),
        ("[telemetry]\nlog_level = \"debug\"\n", Some("telemetry.log_level")),
        ("[telemetry.otlp]\nendpoint = \"http://127.0.0.1:4318\"\n", Some("telemetry.otlp")),
        (
            "[listen.tls]\ncertificate = \"tls/portico.pem\"\nkey = \"file:tls/portico-key.pem\"\n",
            Some("listen.tls"),
        ),
        ("[listen.limits]\nmax_connections = 5\n", Some("listen.limits.max_connections")),
        ("[listen.limits]\nmax_body_bytes = 2048\n", None),
        ("[store]\npath = \"elsewhere.sqlite\"\n", Some("store.path")),
        ("[store.keep]\naudit_days = 365\n", Some("store.keep.audit_days")),
        (
            "[store.postgres]\nhost = \"db\"\ndatabase = \"portico\"\nuser = \"portico\"\n",
            Some("store.postgres"),
        ),
        ("[rate_limit]\nrequests_per_second = 5\n", None),
        ("[cors]\norigins = [\"https://intranet.council.example\"]\n", None),
        (
            "[systems.plans]\ntitle = \"Plans\"\nadapter = \"webdav\"\n\
          owner = { team = \"IT\", contact = \"4400\", hours = \"8 to 18\" }\n\
          settings = { base_url = \"http://127.0.0.1:8002/\" }\n",
            None,
        ),
        // The same as what runs, only written out.
        ("[runtime]\nlinger_ms = 5000\n", None),
    ] {
        match (reload(&folder, &format!("{text}\n{change}"), &running), refused) {
            (Ok(_), None) => {}
            (Err(faults), Some(key)) => {
                let fault = faults.iter().next().unwrap();
                assert_eq!((faults.iter().len(), fault.path.as_str()), (1, key), "{change}\n{faults}");
            }
            (Ok(_), Some(key)) => panic!("{key} was taken"),
            (Err(faults), None) => panic!("{change}\n{faults}"),
        }
    }
    let moved =
        text.replace("dir = \"data\"", "dir = \"elsewhere\"").replace("127.0.0.1:8080", "127.0.0.1:8088");
    let faults = reload(&folder, &moved, &running).unwrap_err();
    let named: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(named, ["listen.api", "data.dir"], "{faults}");
}

#[test]
fn a_restart_is_named_beside_other_faults() {
    let folder = folder();
    let running = load(&folder, MINIMAL).unwrap();
    let text = format!("[listen]\napi = \"127.0.0.1:9999\"\n[cors]\norigin = []\n{MINIMAL}");
    let faults = reload(&folder, &text, &running).unwrap_err();
    let named: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(named, ["listen.api", "cors.origin"], "{faults}");
}

#[test]
fn a_system_works_alike_until_its_settings_or_what_they_refer_to_change() {
    let folder = folder();
    let text = example();
    let alike = |before: &Settings, text: &str| {
        let after = load(&folder, text).unwrap_or_else(|faults| panic!("{faults}"));
        before.systems[0].works_like(&after.systems[0])
    };
    let running = load(&folder, &text).unwrap();
    assert!(alike(&running, &text));
    assert!(alike(&running, &text.replace("title = \"Contracts\"", "title = \"Leases\"")), "a title");
    assert!(!alike(&running, &text.replace("8001", "8002")), "an address");
    let limited = format!("{text}\n[systems.contracts.limits]\nmax_in_flight = 3\n");
    assert!(!alike(&running, &limited), "a limit");
    fs::write(folder.path().join("secrets/contracts"), "another password").unwrap();
    assert!(!alike(&running, &text), "a password in a file");
}
