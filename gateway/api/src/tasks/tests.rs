//! The routes of the inbox, from a request to its answer.

use http::{Method, header};
use portico_schemas::ResourceType;
use serde_json::{Value, json};

use crate::expense_reports::tests::toy::Mood;
use crate::expense_reports::tests::{Answer, KEY, World, actions, world};

const OTHER: &str = "\"11111111-40d5-43e9-bc93-6a894a57f324\"";

/// An office where a claim and leave of Siân's wait for Owen.
async fn inbox() -> World {
    let world = world().await;
    world.office.wait("claim", ResourceType::ExpenseReport, "sian", &["owen"]);
    world.office.wait("leave", ResourceType::Absence, "sian", &["owen"]);
    world
}

fn path(world: &World, task: &str) -> String {
    format!("/v1/tasks/{}", world.seal(ResourceType::Task, task))
}

fn decided(word: &str) -> Value {
    json!({ "decision": word, "declaration": "I looked at all of it." })
}

async fn decide(world: &World, who: &str, task: &str, fields: &[(&str, &str)], body: &Value) -> Answer {
    world.ask(who, Method::POST, &format!("{}/decisions", path(world, task)), fields, body).await
}

#[tokio::test]
async fn the_inbox_shows_what_waits_and_how_to_decide_it() {
    let world = inbox().await;
    let list = world.get("owen", "/v1/tasks").await.json();
    let items = list["items"].as_array().unwrap();
    assert_eq!((items.len(), &list["sources"][0]["status"]), (2, &json!("ok")));
    let row = &items[0]["allowedActions"][0];
    assert!(row["name"] == "decide" && row.get("inputSchema").is_none());
    assert_eq!(world.get("bo", "/v1/tasks").await.json()["items"], json!([]));
    let found = world.get("owen", &path(&world, "claim")).await;
    let task = found.json();
    assert_eq!(task["subject"]["type"], "expenseReport");
    assert_eq!(task["subject"]["id"], world.seal(ResourceType::ExpenseReport, "about-claim"));
    assert_eq!(
        (&task["createdBy"]["id"], &task["owner"]),
        (&json!(world.person("sian")), &task["createdBy"])
    );
    assert_eq!(task["potentialOwners"][0]["id"], world.person("owen"));
    assert_eq!(task["decisionOptions"][1]["commentMandatory"], true);
    let schema = &task["allowedActions"][0]["inputSchema"];
    let validator = jsonschema::validator_for(schema).unwrap();
    assert!(
        validator.is_valid(&decided("approve")) && !validator.is_valid(&json!({ "decision": "approve" }))
    );
    // Siân sees that hers waits, and may not decide it.
    let own = world.get("sian", &path(&world, "claim")).await;
    assert_eq!(actions(&own.json()), [""; 0]);
    assert_ne!(own.header(header::ETAG), found.header(header::ETAG), "the tag covers what may be done");
    assert_eq!(world.get("bo", &path(&world, "claim")).await.code(), "404 not_found");
    for (query, fault) in
        [("status=lost", "?status"), ("subjectType=invoice", "?subjectType"), ("sort=title", "?sort")]
    {
        let refused = world.get("owen", &format!("/v1/tasks?{query}")).await;
        assert_eq!((refused.status.as_u16(), refused.faults()), (400, vec![fault.to_owned()]), "{query}");
    }
    world.office.be(Mood::Down);
    assert_eq!(world.get("owen", "/v1/tasks").await.code(), "503 backend_unavailable");
}

#[tokio::test]
async fn a_decision_is_made_once_and_stays_on_record() {
    let world = inbox().await;
    let tag = world.get("owen", &path(&world, "claim")).await.header(header::ETAG).to_owned();
    let fields = [("if-match", &*tag), ("idempotency-key", KEY)];
    let mut refuse = decided("refuse");
    refuse["comment"] = json!("Twice the same train.");
    let done = decide(&world, "owen", "claim", &fields, &refuse).await;
    let task = done.json();
    assert_eq!(
        (done.status.as_u16(), &task["decision"], &task["status"]),
        (200, &json!("refuse"), &json!("completed"))
    );
    assert_eq!((actions(&task), &task["decisionOptions"]), (vec![], &json!([])));
    let again = decide(&world, "owen", "claim", &fields, &refuse).await;
    assert_eq!((again.status.as_u16(), &again.json()["decision"]), (200, &json!("refuse")));
    let stale = [("if-match", &*tag), ("idempotency-key", OTHER)];
    assert_eq!(decide(&world, "owen", "claim", &stale, &refuse).await.code(), "412 precondition_failed");
    let newer = [("if-match", "*"), ("idempotency-key", OTHER)];
    assert_eq!(decide(&world, "owen", "claim", &newer, &decided("approve")).await.code(), "409 conflict");
    let reused = decide(&world, "owen", "claim", &fields, &decided("approve")).await;
    assert_eq!(reused.code(), "422 idempotency_key_reused");
    assert_eq!(world.office.written(), 1);
    let at = format!("{}/decisions", path(&world, "claim"));
    let records = world.get("owen", &at).await.json();
    let confirmed: Vec<&Value> =
        records.as_array().unwrap().iter().filter(|record| record["status"] == "confirmed").collect();
    let [record] = confirmed.as_slice() else { panic!("{records}") };
    assert_eq!((&record["decision"], &record["comment"]), (&refuse["decision"], &refuse["comment"]));
    assert_eq!(record["declaration"], refuse["declaration"], "word for word");
    assert_eq!((&record["decidedBy"]["id"], record.get("onBehalfOf")), (&json!(world.person("owen")), None));
    assert_ne!(record["etag"], json!(""), "what was seen");
    assert_eq!(world.get("bo", &at).await.code(), "404 not_found");
}

#[tokio::test]
async fn what_cannot_be_decided_so_is_told_by_its_place() {
    let world = inbox().await;
    let fields = [("if-match", "*"), ("idempotency-key", KEY)];
    let bare = [("idempotency-key", KEY)];
    assert_eq!(
        decide(&world, "owen", "claim", &bare, &decided("approve")).await.code(),
        "428 precondition_required"
    );
    let bare = [("if-match", "*")];
    let keyless = decide(&world, "owen", "claim", &bare, &decided("approve")).await;
    assert_eq!(keyless.code(), "400 idempotency_key_missing");
    for (body, place) in [
        (decided("validate"), "/decision"),
        (decided("refuse"), "/comment"),
        (json!({ "decision": "approve", "declaration": "" }), "/declaration"),
        (json!({ "decision": "approve", "declaration": "Seen.", "colour": "red" }), "/colour"),
        (json!({ "decision": "approve" }), "/"),
    ] {
        let refused = decide(&world, "owen", "claim", &fields, &body).await;
        assert_eq!((refused.status.as_u16(), refused.faults()), (400, vec![place.to_owned()]), "{body}");
    }
    let own = decide(&world, "sian", "claim", &fields, &decided("approve")).await;
    assert_eq!(own.code(), "403 forbidden");
    let made_up = [("if-match", "\"made.up\""), ("idempotency-key", KEY)];
    let refused = decide(&world, "owen", "claim", &made_up, &decided("approve")).await;
    assert_eq!(refused.code(), "412 precondition_failed");
    let dry = format!("{}/decisions?validateOnly=true", path(&world, "claim"));
    assert_eq!(
        world.ask("owen", Method::POST, &dry, &fields, &decided("approve")).await.status.as_u16(),
        204
    );
    assert_eq!(world.office.written(), 0);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_202_and_a_lost_store_no_empty_inbox() {
    let world = inbox().await;
    world.office.be(Mood::LosesAnswers);
    let fields = [("if-match", "*"), ("idempotency-key", KEY)];
    let pending = decide(&world, "owen", "claim", &fields, &decided("approve")).await;
    assert_eq!((pending.status.as_u16(), &pending.json()["status"]), (202, &json!("unknown")));
    let at = pending.header(header::LOCATION).to_owned();
    assert_eq!(world.get("owen", &at).await.status.as_u16(), 200);
    world.office.be(Mood::Answers);
    world.lose_records().await;
    for at in ["/v1/tasks", &path(&world, "leave"), "/v1/delegations"] {
        assert_eq!(world.get("owen", at).await.status.as_u16(), 503, "{at}");
    }
    let fields = [("if-match", "*"), ("idempotency-key", OTHER)];
    let refused = decide(&world, "owen", "leave", &fields, &decided("approve")).await;
    assert_eq!(refused.status.as_u16(), 503);
    assert_eq!(world.office.written(), 1);
}
