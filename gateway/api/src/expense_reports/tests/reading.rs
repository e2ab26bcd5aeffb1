//! Lists, one report, what a form offers, and the contract.

use super::*;

#[tokio::test]
async fn a_report_is_shown_with_sealed_ids_and_what_may_be_done() {
    let world = world().await;
    let path = world.path("one");
    let (own, other) = (world.get("sian", &path).await, world.get("owen", &path).await);
    let report = own.json();
    assert_eq!(own.status, StatusCode::OK);
    assert_eq!((report["status"].as_str(), report["nativeStatus"].as_str()), (Some("draft"), Some("Draft")));
    let sian = world.api.seals.seal_person(&key("directory"), &native("d-sian"));
    assert_eq!(report["employee"]["id"], sian.as_str(), "the id of the directory of record");
    assert_eq!(report["employee"]["nativeId"], "e-sian");
    assert_eq!(report["owner"], report["employee"]);
    assert_eq!(actions(&report), ["edit", "delete", "submit", "attachReceipt", "removeReceipt"]);
    let submit = &report["allowedActions"][2];
    assert_eq!(submit["method"], "POST");
    assert_eq!(submit["href"], format!("{path}/submission"));
    assert_eq!(submit["inputSchema"]["required"], json!(["declaration"]));
    let edit = &report["allowedActions"][0]["inputSchema"];
    assert!(edit["$defs"]["Money"].is_object() && edit["properties"]["lines"].is_object(), "{edit}");
    assert_eq!(actions(&other.json()), [""; 0]);
    assert_ne!(own.header(header::ETAG), other.header(header::ETAG), "the tag covers what may be done");
    assert_eq!(own.header(header::CACHE_CONTROL), "private, no-cache");
    let tag = [("if-none-match", own.header(header::ETAG))];
    let again = world.ask("sian", Method::GET, &path, &tag, &Value::Null).await;
    assert_eq!((again.status, again.octets.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(world.get("bo", &path).await.code(), "404 not_found");
    let part = world.get("sian", &format!("{path}?fields=title,employee.display")).await.json();
    assert_eq!(part.as_object().unwrap().len(), 3, "{part}");
}

#[tokio::test]
async fn lists_are_narrowed_to_the_person_and_their_queries_are_strict() {
    let world = world().await;
    let list = world.get("sian", "/v1/expense-reports?status=draft&sort=title").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert!(list["items"][0].get("lines").is_none());
    let action = &list["items"][0]["allowedActions"][0];
    assert!(action["name"] == "edit" && action.get("inputSchema").is_none(), "too much for every row");
    assert_eq!(
        (&list["sources"][0]["system"], &list["sources"][0]["status"]),
        (&json!("claims"), &json!("ok"))
    );
    let owen = world.api.seals.seal_person(&key("directory"), &native("d-owen"));
    let his = world.get("owen", &format!("/v1/expense-reports?employeeId={owen}&q=TRIP")).await.json();
    assert_eq!(
        (his["items"].as_array().unwrap().len(), his["items"][0]["id"].as_str()),
        (1, Some(&*world.id("two")))
    );
    for (query, fault) in [
        ("status=lost", "?status"),
        ("employeeId=e-owen", "?employeeId"),
        ("sort=total", "?sort"),
        ("colour=red", "?colour"),
        ("fields=salary", "?fields"),
        ("status=draft&status=draft", "?status"),
        ("source=directory", "?source"),
    ] {
        let refused = world.get("sian", &format!("/v1/expense-reports?{query}")).await;
        assert_eq!((refused.status.as_u16(), refused.faults()), (400, vec![fault.to_owned()]), "{query}");
    }
    world.office.be(Mood::Down);
    assert_eq!(world.get("sian", "/v1/expense-reports").await.code(), "503 backend_unavailable");
}

#[tokio::test]
async fn a_form_finds_what_it_has_to_offer() {
    let world = world().await;
    // Look-ups belong to nobody: the rules of this world show them to nobody.
    assert_eq!(world.get("sian", "/v1/expense-categories").await.json()["items"], json!([]));
    let everybody = Rule {
        name: None,
        resource: None,
        systems: None,
        actions: [Action::Read].into(),
        who: Who::Anyone,
        up_to: Classification::Internal,
    };
    let ground = Ground::new(
        Arc::clone(&world.api.systems),
        Arc::new(BuiltinPolicy::new(vec![everybody])),
        None,
        world.api.links.clone(),
        Arc::clone(&world.api.seals),
        None,
    );
    let open = World { api: Api { expenses: Expenses::new(ground), ..world.api.clone() }, ..world };
    let categories = open.get("sian", "/v1/expense-categories").await.json();
    let travel = &categories["items"][0];
    assert_eq!(travel["id"], open.category());
    assert_eq!(travel["unitPrice"], json!({ "amount": "0.45", "currency": "GBP" }));
    let vat = open.api.seals.seal(ResourceType::TaxRate, &key("claims"), &native("vat"));
    assert_eq!(travel["taxRates"][0]["id"], vat);
    let projects = open.get("sian", "/v1/projects").await;
    assert_eq!((projects.status.as_u16(), &projects.json()["items"]), (200, &json!([])));
    let centres = open.get("sian", "/v1/cost-centres").await;
    assert_eq!((&*centres.code(), centres.header(header::ALLOW)), ("405 unsupported_operation", ""));
    let made = [("idempotency-key", KEY)];
    let refused = open.ask("sian", Method::POST, "/v1/expense-reports", &made, &open.content()).await;
    assert_eq!(refused.code(), "403 forbidden", "nobody is anybody without a directory");
}

#[tokio::test]
async fn what_a_system_cannot_do_is_405_with_what_it_can() {
    let world = world_that(false).await;
    let path = world.path("one");
    let fields = [("idempotency-key", KEY), ("if-match", "*")];
    let declared = json!({ "declaration": "True." });
    for (method, at, body, allowed) in [
        (Method::POST, "/v1/expense-reports".to_owned(), world.content(), "GET,HEAD"),
        (Method::PUT, path.clone(), world.content(), "GET,HEAD"),
        (Method::POST, format!("{path}/submission"), declared, ""),
    ] {
        let refused = world.ask("sian", method, &at, &fields, &body).await;
        assert_eq!(
            (&*refused.code(), refused.header(header::ALLOW)),
            ("405 unsupported_operation", allowed),
            "{at}"
        );
    }
}

#[test]
fn routes_and_bodies_are_in_the_contract() {
    let contract: Value = serde_json::from_str(crate::openapi_document()).unwrap();
    let bodies =
        ["ExpenseReport", "NewExpenseReport", "ExpenseReportContent", "Declaration", "Operation", "Receipt"];
    for schema in bodies {
        assert!(contract["components"]["schemas"].get(schema).is_some(), "{schema}");
    }
    for (path, methods) in contract["paths"].as_object().unwrap() {
        if !path.starts_with("/v1/expense-reports") {
            continue;
        }
        let Some(create) = methods.get("post") else { continue };
        let parameters = create["parameters"].as_array().unwrap();
        let has = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        assert!(has("Idempotency-Key") && has("validateOnly"), "{path}");
    }
}
