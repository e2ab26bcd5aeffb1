//! The published contract, and whether answers keep it.

use std::collections::BTreeSet;

use jsonschema::Validator;
use portico_ldap_sim::{Dialect, Options, Sim};
use portico_servers::checkout;
use portico_simkit::client;
use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::wait::wait_for;
use portico_webdav_sim::{Content, Flavour, Running};
use serde_json::{Value, json};

use crate::people::{RULES, Reach};
use crate::support::{ACCOUNT, Answer, Gateway, SOON, Site, run, small_store, store};

async fn gateway() -> (Running, Gateway) {
    let contracts = small_store(Flavour::Apache).await;
    let site = Site::over(&[("contracts", &contracts.base_url)], ACCOUNT)
        .with("[cors]\norigins = [\"https://intranet.council.example\"]\n");
    (contracts, site.start().await)
}

async fn preflight(gateway: &Gateway, path: &str, origin: &str) -> client::Reply {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "authorization,if-match,content-type"),
    ];
    client::request("OPTIONS", &format!("{}{path}", gateway.api), &headers, b"").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_listed_origins_may_call_and_others_may_not() {
    let (_contracts, gateway) = gateway().await;
    let ours = "https://intranet.council.example";
    let allowed = preflight(&gateway, "/v1/documents/x/content", ours).await;
    assert!(allowed.status < 300, "{}", allowed.status);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(ours));
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("PUT"));
    let fields = allowed.header("access-control-allow-headers").unwrap().to_lowercase();
    assert!(fields.contains("authorization") && fields.contains("if-match"), "{fields}");
    for origin in ["https://evil.example", "https://intranet.council.example.evil.example", "null"] {
        let foreign = preflight(&gateway, "/v1/documents/x/content", origin).await;
        assert_eq!(foreign.header("access-control-allow-origin"), None, "{origin}");
    }
    // A refusal can be read by the page that caused it.
    let refused = gateway.send("GET", "/v1/documents", "", &[("Origin", ours)], b"").await;
    refused.problem(401, "unauthenticated");
    assert_eq!(refused.header("access-control-allow-origin"), Some(ours));
    let exposed = refused.header("access-control-expose-headers").unwrap().to_lowercase();
    for name in ["etag", "location", "retry-after", "api-version", "portico-partial"] {
        assert!(exposed.contains(name), "{name} not in {exposed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_open_and_is_the_one_that_was_published() {
    let (_contracts, gateway) = gateway().await;
    let origin = [("Origin", "https://any.example")];
    let reply = gateway.send("GET", "/v1/openapi.json", "", &origin, b"").await;
    reply.expect(200);
    assert!(reply.header("access-control-allow-origin").is_some());
    let contract = reply.json();
    assert!(contract["openapi"].as_str().unwrap().starts_with("3.1"));
    let version = contract["info"]["version"].as_str().unwrap();
    for path in ["/v1/me", "/v1/nothing"] {
        assert_eq!(gateway.get(path).await.header("api-version"), Some(version), "{path}");
    }
    let published = checkout().join("schemas/openapi/portico.json");
    if published.is_file() {
        assert_eq!(
            reply.text(),
            std::fs::read_to_string(published).unwrap(),
            "`cargo xtask generate` makes it"
        );
    }
    let printed = gateway.site.portico(&["openapi"]);
    assert_eq!(String::from_utf8_lossy(&printed.stdout), reply.text());
    // Every problem has its page, and it can be read without a token.
    let codes = contract["components"]["schemas"]["ProblemCode"]["enum"].as_array().unwrap();
    assert!(codes.len() > 25);
    for code in codes {
        let path = format!("/docs/problems/{}", code.as_str().unwrap());
        assert_eq!(gateway.send("GET", &path, "", &[], b"").await.status(), 200, "{code}");
    }
}

/// The schema of one component, with everything it refers to.
fn schema(contract: &Value, reference: &Value) -> Validator {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": contract["components"],
        "allOf": [reference],
    });
    jsonschema::validator_for(&whole).unwrap()
}

/// What the contract says about one answer.
fn described<'a>(contract: &'a Value, method: &str, path: &str, status: u16) -> &'a Value {
    let operation = &contract["paths"][path][method];
    assert!(operation.is_object(), "{method} {path} is not in the contract");
    let responses = &operation["responses"];
    let exact = &responses[status.to_string()];
    if exact.is_object() { exact } else { &responses["default"] }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_the_contract_describes_them() {
    let contracts = small_store(Flavour::Apache).await;
    let sick = FaultProxy::start(contracts.addr).await.unwrap();
    sick.set(Fault::RefuseConnections).await;
    let directory = Sim::start(Options { people: 60, ..Options::new(Dialect::OpenLdap) }).await.unwrap();
    let mut site =
        Site::over(&[("contracts", &contracts.base_url), ("plans", &sick.url())], ACCOUNT).with(RULES);
    let staff = Reach::of(&directory, Dialect::OpenLdap).tables(site.folder(), "staff");
    let systems = format!("{}\n{staff}", site.systems());
    site.replace_systems(&systems);
    let gateway = site.start().await;
    let read = async || (gateway.get("/v1/people?q=a").await.status() == 200).then_some(());
    wait_for(read, SOON).await.expect("the directory is read");
    let contract = gateway.send("GET", "/v1/openapi.json", "", &[], b"").await.json();

    let list = gateway.get("/v1/documents?q=lease").await.expect(200);
    let lease = list["items"][0]["id"].as_str().unwrap().to_owned();
    let system = gateway.get("/v1/systems/contracts").await.expect(200);
    let root = system["rootDocumentId"].as_str().unwrap().to_owned();
    let gone =
        gateway.get("/v1/systems/plans").await.expect(200)["rootDocumentId"].as_str().unwrap().to_owned();
    let name = json!({ "name": "not there.txt" });
    let named =
        gateway.send_json("POST", &format!("/v1/documents/{root}/child-ids"), &[], &name).await.expect(200);
    let absent = named["id"].as_str().unwrap();
    let everybody = gateway.get("/v1/people?limit=200").await.expect(200)["items"].clone();
    let of = |which: &dyn Fn(&Value) -> bool| {
        let found = everybody.as_array().unwrap().iter().find(|person| which(person)).unwrap();
        format!("/v1/people/{}", found["id"].as_str().unwrap())
    };
    let (top, pictured) = (of(&|one| one.get("manager").is_none()), of(&|one| one.get("photo").is_some()));
    let staff = of(&|one| one.get("manager").is_some() && one.get("photo").is_none());
    let unit = gateway.get("/v1/org-units").await.expect(200)["items"][0]["id"].clone();
    let mut seen = BTreeSet::new();
    let one = "/v1/documents/{id}";
    for (path, template, status) in [
        ("/v1/people?q=a".to_owned(), "/v1/people", 200),
        ("/v1/people?limit=2&sort=-displayName".to_owned(), "/v1/people", 200),
        ("/v1/people?q=a&sort=title".to_owned(), "/v1/people", 400),
        ("/v1/people?q=a+b+c+d+e+f+g+h+i".to_owned(), "/v1/people", 400),
        (staff.clone(), "/v1/people/{id}", 200),
        ("/v1/people/none".to_owned(), "/v1/people/{id}", 400),
        (format!("{staff}/manager"), "/v1/people/{id}/manager", 200),
        (format!("{top}/manager"), "/v1/people/{id}/manager", 404),
        (format!("{staff}/chain"), "/v1/people/{id}/chain", 200),
        (format!("{top}/reports"), "/v1/people/{id}/reports", 200),
        (format!("{pictured}/photo"), "/v1/people/{id}/photo", 200),
        (format!("{staff}/photo"), "/v1/people/{id}/photo", 404),
        ("/v1/org-units".to_owned(), "/v1/org-units", 200),
        (format!("/v1/org-units/{}", unit.as_str().unwrap()), "/v1/org-units/{id}", 200),
        ("/v1/documents".to_owned(), "/v1/documents", 200),
        ("/v1/documents?limit=1".to_owned(), "/v1/documents", 200),
        ("/v1/documents?source=contracts&sort=path".to_owned(), "/v1/documents", 200),
        ("/v1/documents?fields=name".to_owned(), "", 200),
        ("/v1/documents?limit=x".to_owned(), "/v1/documents", 400),
        ("/v1/documents?source=plans".to_owned(), "/v1/documents", 503),
        (format!("/v1/documents/{lease}"), one, 200),
        (format!("/v1/documents/{root}"), one, 200),
        ("/v1/documents/none".to_owned(), one, 400),
        (format!("/v1/documents/{absent}"), one, 404),
        (format!("/v1/documents/{gone}"), one, 503),
        (format!("/v1/documents/{root}/children"), "/v1/documents/{id}/children", 200),
        (format!("/v1/documents/{lease}/content"), "/v1/documents/{id}/content", 200),
        ("/v1/systems".to_owned(), "/v1/systems", 200),
        ("/v1/systems/contracts".to_owned(), "/v1/systems/{id}", 200),
        ("/v1/systems/plans".to_owned(), "/v1/systems/{id}", 200),
        ("/v1/me".to_owned(), "/v1/me", 200),
    ] {
        let answer = gateway.get(&path).await;
        assert_eq!(answer.status(), status, "{path}: {}", answer.text());
        if template.is_empty() {
            continue;
        }
        seen.insert(template);
        let response = described(&contract, "get", template, status);
        let media_type = answer.header("content-type").unwrap();
        let body = &response["content"][media_type];
        if media_type != "application/json" && media_type != "application/problem+json" {
            let listed = response["content"].as_object().unwrap();
            let general =
                ["application/octet-stream", "image/*"].iter().any(|kind| listed.contains_key(*kind));
            assert!(general || listed.contains_key(media_type), "{path}: {media_type}");
            continue;
        }
        check(&contract, body, &answer);
    }
    // Every GET of these resources was tried. Those of claims and what follows from them are held to the contract by the
    // tests of their routes.
    let here = ["documents", "people", "systems", "me"];
    let reads = contract["paths"].as_object().unwrap().iter();
    let reads = reads.filter(|(_, methods)| here.iter().any(|tag| methods["get"]["tags"][0] == *tag));
    assert_eq!(seen, reads.map(|(path, _)| path.as_str()).collect::<BTreeSet<_>>());
    // The schemas can say no.
    let page = described(&contract, "get", "/v1/documents", 200);
    let page = schema(&contract, &page["content"]["application/json"]["schema"]);
    assert!(!page.is_valid(&json!({ "items": [{ "id": 7 }], "self": "/v1/documents", "sources": [] })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_an_attachment_whatever_it_holds() {
    let then = "2026-03-01T09:00:00Z".parse().unwrap();
    let page = Content::stored("<script>alert(1)</script>");
    let name = "a\"b;\u{202e}c é.html";
    let contracts = run(store(Flavour::WsgiDav).file(name, page, then)).await;
    let gateway = Site::over(&[("contracts", &contracts.base_url)], ACCOUNT).start().await;
    let list = gateway.get("/v1/documents").await.expect(200);
    assert_eq!(list["items"][0]["name"], name);
    let id = list["items"][0]["id"].as_str().unwrap();
    let answer = gateway.get(&format!("/v1/documents/{id}/content")).await;
    assert_eq!(answer.octets(200), b"<script>alert(1)</script>");
    let disposition = answer.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; "), "{disposition}");
    assert!(disposition.is_ascii() && disposition.matches('"').count() == 2, "{disposition}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_gets_is_kept_for_nobody_else() {
    let (_contracts, gateway) = gateway().await;
    let list = gateway.get("/v1/documents?q=lease").await.expect(200);
    let id = list["items"][0]["id"].as_str().unwrap();
    let root =
        gateway.get("/v1/systems/contracts").await.expect(200)["rootDocumentId"].as_str().unwrap().to_owned();
    for path in [
        "/v1/documents".to_owned(),
        format!("/v1/documents/{id}"),
        format!("/v1/documents/{id}/content"),
        format!("/v1/documents/{root}/children"),
        "/v1/systems".to_owned(),
        "/v1/me".to_owned(),
        "/v1/nothing".to_owned(),
    ] {
        let answer = gateway.get(&path).await;
        let kept = answer.header("cache-control").unwrap_or_default();
        assert!(kept.contains("private") || kept.contains("no-store"), "{path}: {kept}");
        assert_eq!(answer.header("etag").is_some(), kept.contains("private"), "{path}: {kept}");
    }
    // The tag of one person's view is not the tag of another's, who may do more.
    let path = format!("/v1/documents/{id}");
    let reader = gateway.get(&path).await;
    let writer = gateway.send("GET", &path, &gateway.writer, &[], b"").await;
    assert_ne!(reader.json()["allowedActions"], writer.json()["allowedActions"]);
    assert_ne!(reader.etag(), writer.etag());
    let other = [("If-None-Match", reader.etag())];
    let other = [(other[0].0, other[0].1.as_str())];
    gateway.send("GET", &path, &gateway.writer, &other, b"").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_document_writes_are_as_the_contract_describes_them() {
    let (_contracts, gateway) = gateway().await;
    let contract = gateway.send("GET", "/v1/openapi.json", "", &[], b"").await.json();
    let root =
        gateway.get("/v1/systems/contracts").await.expect(200)["rootDocumentId"].as_str().unwrap().to_owned();
    let id_of = async |name: &str| {
        let body = json!({ "name": name });
        gateway.send_json("POST", &format!("/v1/documents/{root}/child-ids"), &[], &body).await
    };
    let (named, folder) = (id_of("new.txt").await, id_of("folder").await);
    let (new, folder) =
        (named.json()["id"].as_str().unwrap().to_owned(), folder.json()["id"].as_str().unwrap().to_owned());
    let content = format!("/v1/documents/{new}/content");
    let absent = [("If-None-Match", "*")];
    let writer = &gateway.writer;
    let created = gateway.send("PUT", &content, writer, &absent, b"x").await;
    let again = gateway.send("PUT", &content, writer, &absent, b"x").await;
    let blind = gateway.send("PUT", &content, writer, &[], b"x").await;
    let any = [("If-Match", "*")];
    let replaced = gateway.send("PUT", &content, writer, &any, b"y").await;
    let kind = json!({ "objectTypeId": "folder" });
    let made = gateway.send_json("PUT", &format!("/v1/documents/{folder}"), &absent, &kind).await;
    let to = json!({ "parentId": folder, "name": "moved.txt" });
    let moved = gateway.send_json("PUT", &format!("/v1/documents/{new}/location"), &any, &to).await;
    let moved_to = moved.json()["id"].as_str().unwrap().to_owned();
    let deleted = gateway.send("DELETE", &format!("/v1/documents/{moved_to}"), writer, &any, b"").await;
    let twice = gateway.send("DELETE", &format!("/v1/documents/{moved_to}"), writer, &any, b"").await;
    let mut seen = BTreeSet::new();
    for (answer, method, path, status) in [
        (named, "post", "/v1/documents/{id}/child-ids", 200),
        (created, "put", "/v1/documents/{id}/content", 201),
        (again, "put", "/v1/documents/{id}/content", 412),
        (blind, "put", "/v1/documents/{id}/content", 428),
        (replaced, "put", "/v1/documents/{id}/content", 200),
        (made, "put", "/v1/documents/{id}", 201),
        (moved, "put", "/v1/documents/{id}/location", 200),
        (deleted, "delete", "/v1/documents/{id}", 204),
        (twice, "delete", "/v1/documents/{id}", 404),
    ] {
        assert_eq!(answer.status(), status, "{method} {path}: {}", answer.text());
        seen.insert((method, path));
        let response = described(&contract, method, path, status);
        if status == 204 {
            assert!(answer.text().is_empty() && response["content"].is_null());
            continue;
        }
        check(&contract, &response["content"][answer.header("content-type").unwrap()], &answer);
    }
    let writes = contract["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.filter(|method| *method != "get").map(|method| (method.as_str(), path.as_str()))
    });
    // Those of claims are held to it by the tests of their routes.
    let writes: BTreeSet<(&str, &str)> = writes
        .filter(|(method, _)| matches!(*method, "put" | "post" | "delete"))
        .filter(|(_, path)| path.starts_with("/v1/documents"))
        .collect();
    assert_eq!(seen, writes);
}

/// Holds a body to its schema.
#[track_caller]
fn check(contract: &Value, body: &Value, answer: &Answer) {
    assert!(body.is_object(), "the contract does not know this media type: {answer:?}");
    let found = answer.json();
    let validator = schema(contract, &body["schema"]);
    let errors: Vec<String> =
        validator.iter_errors(&found).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{found:#}");
}
