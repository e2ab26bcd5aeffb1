//! The commands beside `serve` and `demo`.

use std::fs;
use std::process::Output;

use portico_servers::{Product, for_test};
use portico_webdav_sim::{Content, Flavour};

use crate::support::{ACCOUNT, Person, Site, run, small_store, store};

/// What a command printed, on both outputs.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn every_fault_of_a_configuration_is_printed_with_its_line() {
    let site = Site::new();
    let text = "[listen]\napi = \"nowhere\"\nopps = \"127.0.0.1:0\"\n\n\
        [auth]\nissuer = \"https://login.council.example/\"\naudience = \"portico\"\n\n\
        [[auth.keys]]\nid = \"login\"\nalgorithm = \"ES256\"\nfile = \"login/none.pem\"\n\n\
        [[policy.rules]]\nresource = \"documents\"\nactions = [\"raed\"]\nwho = \"role:staff\"\n\n\
        [data]\ndir = \"data\"\n\n\
        [systems.contracts]\ntitle = \"Contracts\"\nadapter = \"webdaf\"\n\n\
        [systems.contracts.owner]\nteam = \"IT\"\ncontact = \"it@council.example\"\nhours = \"always\"\n\n\
        [systems.plans]\ntitle = \"Plans\"\nadapter = \"webdav\"\n\n\
        [systems.plans.owner]\nteam = \"IT\"\ncontact = \"it@council.example\"\nhours = \"always\"\n\n\
        [systems.plans.settings]\nbase_url = \"http://127.0.0.1:1/\"\n\
        credentials = { username = \"portico\", password = \"a-secret-written-inline\" }\n\n\
        [systems.maps]\ntitle = \"Maps\"\nadapter = \"webdav\"\n\n\
        [systems.maps.owner]\nteam = \"IT\"\ncontact = \"it@council.example\"\nhours = \"always\"\n\n\
        [systems.maps.settings]\nbase_url = \"gopher://old.example/\"\n";
    fs::write(site.path("broken.toml"), text).unwrap();
    let output = site.portico(&["validate", "--config", "broken.toml"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("a-secret-written-inline"), "{said}");
    let line = |wanted: &str| text.lines().position(|line| line.contains(wanted)).unwrap() + 1;
    for (wanted, hint) in [
        ("nowhere", ""),
        ("opps", "ops"),
        ("login/none.pem", ""),
        ("raed", ""),
        ("webdaf", "webdav"),
        ("gopher", ""),
        ("a-secret-written-inline", "file:"),
    ] {
        let place = format!("broken.toml:{}", line(wanted));
        assert!(said.contains(&place), "no {place} ({wanted}) in\n{said}");
        assert!(said.contains(hint), "{said}");
    }
    // A gateway does not start with it either.
    let output = site.portico(&["serve", "--config", "broken.toml"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_valid_configuration_is_shown_without_its_secrets() {
    let site = Site::over(&[("contracts", "http://127.0.0.1:1/")], ("portico", "the-password-of-the-store"));
    site.write();
    let output = site.portico(&["validate", "--config", "portico.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let shown = said(&site.portico(&["validate", "--config", "portico.toml", "--show"]));
    assert!(shown.contains("linger_ms") && shown.contains("127.0.0.1:1"), "{shown}");
    assert!(!shown.contains("the-password-of-the-store"), "{shown}");
}

#[test]
fn check_tells_a_good_store_from_a_wrong_password_and_a_wrong_port() {
    let Some(apache) = for_test(Product::Apache) else { return };
    let closed = format!("http://{}/dav", closed_port());
    let account = (apache.username, apache.password);
    let site = Site::over(&[("good", &apache.base_url)], account)
        .store("locked-out", &apache.base_url, (apache.username, "not-the-password"), "", "")
        .store("gone", &closed, account, "", "");
    site.write();
    let check = |system: &str| site.portico(&["check", "--config", "portico.toml", system]);
    let good = check("good");
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    assert!(said(&good).contains("ok"), "{}", said(&good));
    assert!(!said(&good).contains("FAILED"), "{}", said(&good));
    for (system, code) in [("locked-out", "credentials_refused"), ("gone", "backend_unavailable")] {
        let output = check(system);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("FAILED") && said.contains(code), "{said}");
        assert!(said.contains(&format!("{system}@council.example")), "whom to ask: {said}");
        assert!(!said.contains("not-the-password"), "{said}");
    }
    // All of them, and one failure is the verdict.
    let output = site.portico(&["check", "--config", "portico.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("good (") && said(&output).contains("gone ("), "{}", said(&output));
    // It changed nothing.
    assert_eq!(fs::read_dir(&apache.dir).unwrap().count(), 0);
}

/// An address that refuses connections.
fn closed_port() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_a_store_that_ignores_preconditions() {
    let then = "2026-03-01T09:00:00Z".parse().unwrap();
    let notes = Content::stored("notes");
    let careless = run(store(Flavour::Apache).ignores_preconditions().file("notes.txt", notes, then)).await;
    let site = Site::over(&[("careless", &careless.base_url)], ACCOUNT);
    site.write();
    let output = tokio::task::spawn_blocking(move || site.portico(&["check", "--config", "portico.toml"]));
    let output = output.await.unwrap();
    let said = said(&output);
    assert!(said.contains("warning") || said.contains("FAILED"), "{said}");
    assert!(said.to_lowercase().contains("precondition") || said.contains("If-Match"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_command_line_is_taken_and_says_who_it_is() {
    let contracts = small_store(Flavour::Apache).await;
    let gateway = Site::over(&[("contracts", &contracts.base_url)], ACCOUNT).start().await;
    let me = gateway.get("/v1/me").await.expect(200);
    assert_eq!(me["subject"], "rhian");
    assert_eq!(me["roles"], serde_json::json!(["staff"]));
    let nobody = gateway.site.token(&Person::NOBODY);
    let me = gateway.send("GET", "/v1/me", &nobody, &[], b"").await.expect(200);
    assert_eq!(me["subject"], "nia");
    gateway.send("GET", "/v1/documents", &nobody, &[], b"").await.problem(403, "forbidden");
    // A key that is there is not replaced.
    let before = fs::read(gateway.site.path("login/private.pem")).unwrap();
    let again = gateway.site.portico(&["token", "--new-key", "login"]);
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert_eq!(fs::read(gateway.site.path("login/private.pem")).unwrap(), before);
    assert!(gateway.stop().status.success());
}
