//! The published contract, and whether answers keep it.

use std::collections::BTreeSet;

use jsonschema::Validator;
use portico_servers::checkout;
use portico_simkit::client;
use portico_simkit::fault::{Fault, FaultProxy};
use portico_webdav_sim::{Flavour, Running};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Gateway, Site, small_store};

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
    let gateway =
        Site::over(&[("contracts", &contracts.base_url), ("plans", &sick.url())], ACCOUNT).start().await;
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
    let mut seen = BTreeSet::new();
    let one = "/v1/documents/{id}";
    for (path, template, status) in [
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
            assert!(response["content"]["application/octet-stream"].is_object(), "{path}: {media_type}");
            continue;
        }
        assert!(body.is_object(), "{path}: the contract knows no {media_type}: {response:#}");
        let errors: Vec<String> = schema(&contract, &body["schema"])
            .iter_errors(&answer.json())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{path}: {errors:#?}\n{:#}", answer.json());
    }
    // Every GET of the contract was tried.
    let reads =
        contract["paths"].as_object().unwrap().iter().filter(|(_, methods)| methods["get"].is_object());
    assert_eq!(seen, reads.map(|(path, _)| path.as_str()).collect::<BTreeSet<_>>());
    // The schemas can say no.
    let page = described(&contract, "get", "/v1/documents", 200);
    let page = schema(&contract, &page["content"]["application/json"]["schema"]);
    assert!(!page.is_valid(&json!({ "items": [{ "id": 7 }], "self": "/v1/documents", "sources": [] })));
}
