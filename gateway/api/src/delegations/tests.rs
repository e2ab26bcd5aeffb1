//! The routes of delegations, from a request to its answer, and what a deputy then sees and decides.

use http::{Method, header};
use jiff::{SignedDuration, Timestamp};
use portico_schemas::ResourceType;
use serde_json::{Value, json};

use crate::expense_reports::tests::{KEY, World, world};

const OTHER: &str = "\"11111111-40d5-43e9-bc93-6a894a57f324\"";
const DELEGATIONS: &str = "/v1/delegations";

fn to(world: &World, delegate: &str) -> Value {
    let end = Timestamp::now() + SignedDuration::from_hours(24);
    json!({ "delegateId": world.person(delegate), "end": end.to_string(), "resourceTypes": ["absence"] })
}

#[tokio::test]
async fn a_deputy_decides_what_they_are_for_until_it_is_over() {
    let world = world().await;
    world.office.wait("claim", ResourceType::ExpenseReport, "sian", &["owen"]);
    world.office.wait("leave", ResourceType::Absence, "sian", &["owen"]);
    world.office.wait("later", ResourceType::Absence, "sian", &["owen"]);
    let made =
        world.ask("owen", Method::POST, DELEGATIONS, &[("idempotency-key", KEY)], &to(&world, "bo")).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.json());
    let at = made.header(header::LOCATION).to_owned();
    assert_eq!(made.json()["resourceTypes"], json!(["absence"]));
    let inbox = world.get("bo", "/v1/tasks").await.json();
    let tasks: Vec<&Value> = inbox["items"].as_array().unwrap().iter().map(|task| &task["title"]).collect();
    assert_eq!(tasks, ["Decide later", "Decide leave"], "and no claims");
    let task = |id: &str| format!("/v1/tasks/{}", world.seal(ResourceType::Task, id));
    assert_eq!(world.get("bo", &task("claim")).await.code(), "404 not_found");
    assert_eq!(world.get("owen", &task("leave")).await.json()["substitutes"][0]["id"], world.person("bo"));
    let fields = [("if-match", "*"), ("idempotency-key", KEY)];
    let decision = json!({ "decision": "approve", "declaration": "In his place." });
    let decisions = format!("{}/decisions", task("leave"));
    let done = world.ask("bo", Method::POST, &decisions, &fields, &decision).await;
    assert_eq!(done.status.as_u16(), 200, "{}", done.json());
    let record = &world.get("owen", &decisions).await.json()[0];
    assert_eq!(
        (&record["decidedBy"]["id"], &record["onBehalfOf"]["id"]),
        (&json!(world.person("bo")), &json!(world.person("owen")))
    );
    assert_eq!(world.ask("bo", Method::DELETE, &at, &[], &Value::Null).await.code(), "403 forbidden");
    assert_eq!(world.ask("owen", Method::DELETE, &at, &[], &Value::Null).await.status.as_u16(), 200);
    assert_eq!(world.get("bo", "/v1/tasks").await.json()["items"], json!([]));
    assert_eq!(world.get("bo", DELEGATIONS).await.json(), json!([]));
    assert_eq!(world.get("owen", DELEGATIONS).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_makes_one_delegation_and_faults_have_places() {
    let world = world().await;
    let key = [("idempotency-key", KEY)];
    let post = async |who: &str, fields: &[(&str, &str)], body: &Value| {
        world.ask(who, Method::POST, DELEGATIONS, fields, body).await
    };
    let body = to(&world, "bo");
    assert_eq!(post("owen", &[], &body).await.code(), "400 idempotency_key_missing");
    let made = post("owen", &key, &body).await.json();
    let again = post("owen", &key, &body).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (200, &made["id"]));
    let mut longer = body.clone();
    longer["end"] = json!((Timestamp::now() + SignedDuration::from_hours(48)).to_string());
    assert_eq!(post("owen", &key, &longer).await.code(), "422 idempotency_key_reused");
    let other = [("idempotency-key", OTHER)];
    let year = json!((Timestamp::now() + SignedDuration::from_hours(24 * 400)).to_string());
    for (member, value, place) in [
        ("delegateId", json!(world.person("owen")), "/delegateId"),
        ("end", year, "/end"),
        ("end", json!("2020-01-01T00:00:00Z"), "/end"),
        ("systems", json!(["nowhere"]), "/systems/0"),
        ("colour", json!("red"), "/colour"),
    ] {
        let mut bad = body.clone();
        bad[member] = value;
        let refused = post("owen", &other, &bad).await;
        assert_eq!((refused.status.as_u16(), refused.faults()), (400, vec![place.to_owned()]), "{bad}");
    }
    let mut for_owen = body.clone();
    for_owen["delegatorId"] = json!(world.person("owen"));
    assert_eq!(post("fin", &other, &for_owen).await.code(), "403 forbidden");
    assert_eq!(world.get("stranger", DELEGATIONS).await.code(), "403 forbidden");
    let at = format!("{DELEGATIONS}/{}", made["id"].as_str().unwrap());
    for who in ["owen", "bo"] {
        assert_eq!(world.get(who, &at).await.json()["id"], made["id"], "{who}");
    }
    assert_eq!(world.get("fin", &at).await.code(), "404 not_found");
    assert_eq!(world.ask("fin", Method::DELETE, &at, &[], &Value::Null).await.code(), "404 not_found");
}
