//! The routes of absence, from a request to its answer.

use http::{Method, header};
use portico_schemas::{AbsenceStatus, ResourceType};
use serde_json::{Value, json};

use crate::expense_reports::tests::toy::Mood;
use crate::expense_reports::tests::{KEY, World, actions, world};

const OTHER: &str = "\"11111111-40d5-43e9-bc93-6a894a57f324\"";
const ABSENCES: &str = "/v1/absences";

/// An office with leave of Siân's that is asked for.
async fn office() -> World {
    let world = world().await;
    world.office.away("one", "sian", AbsenceStatus::Requested);
    world
}

fn path(world: &World) -> String {
    format!("{ABSENCES}/{}", world.seal(ResourceType::Absence, "one"))
}

fn wanted(world: &World) -> Value {
    let holiday = world.seal(ResourceType::AbsenceType, "holiday");
    json!({ "policyId": holiday, "startDate": "2027-02-01", "endDate": "2027-02-05" })
}

#[tokio::test]
async fn an_absence_is_shown_without_its_note_to_whom_it_is_not_for() {
    let world = office().await;
    let found = world.get("sian", &path(&world)).await;
    let absence = found.json();
    assert_eq!((&absence["startDate"], &absence["endDate"]), (&json!("2026-12-21"), &json!("2026-12-23")));
    assert_eq!((&absence["amount"], &absence["units"]), (&json!("3"), &json!("days")));
    assert_eq!(absence["employee"]["id"], world.person("sian"));
    assert_eq!(absence["policy"]["id"], world.seal(ResourceType::AbsenceType, "holiday"));
    assert_eq!(absence.get("note"), None, "no rule of this world reaches up to it");
    assert_eq!(actions(&absence), ["cancel"]);
    let his = world.get("owen", &path(&world)).await;
    assert_eq!(actions(&his.json()), [""; 0]);
    assert_ne!(his.header(header::ETAG), found.header(header::ETAG));
    assert_eq!(world.get("bo", &path(&world)).await.code(), "404 not_found");
    let list = world.get("owen", &format!("{ABSENCES}?employeeId={}", world.person("sian"))).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    for (query, fault) in [
        ("status=lost", "?status"),
        ("startDate.gte=soon", "?startDate.gte"),
        ("employeeId=x", "?employeeId"),
    ] {
        let refused = world.get("owen", &format!("{ABSENCES}?{query}")).await;
        assert_eq!((refused.status.as_u16(), refused.faults()), (400, vec![fault.to_owned()]), "{query}");
    }
    world.office.be(Mood::Down);
    for at in [ABSENCES, "/v1/absence-balances"] {
        assert_eq!(world.get("sian", at).await.code(), "503 backend_unavailable", "{at}");
    }
}

#[tokio::test]
async fn leave_is_asked_for_and_taken_back_once() {
    let world = office().await;
    let key = [("idempotency-key", KEY)];
    let made = world.ask("sian", Method::POST, ABSENCES, &key, &wanted(&world)).await;
    let absence = made.json();
    assert_eq!((made.status.as_u16(), &absence["status"]), (201, &json!("requested")));
    let at = made.header(header::LOCATION).to_owned();
    assert_eq!(at, format!("{ABSENCES}/{}", absence["id"].as_str().unwrap()));
    let again = world.ask("sian", Method::POST, ABSENCES, &key, &wanted(&world)).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (200, &absence["id"]));
    let cancellation = format!("{at}/cancellation");
    let bare =
        world.ask("sian", Method::POST, &cancellation, &[("idempotency-key", OTHER)], &json!({})).await;
    assert_eq!(bare.code(), "428 precondition_required");
    let stale = [("if-match", "\"made.up\""), ("idempotency-key", OTHER)];
    let refused = world.ask("sian", Method::POST, &cancellation, &stale, &json!({})).await;
    assert_eq!(refused.code(), "412 precondition_failed");
    let fields = [("if-match", made.header(header::ETAG)), ("idempotency-key", OTHER)];
    for _ in 0..2 {
        let cancelled = world.ask("sian", Method::POST, &cancellation, &fields, &json!({})).await;
        assert_eq!((cancelled.status.as_u16(), &cancelled.json()["status"]), (200, &json!("cancelled")));
    }
    let third = [("if-match", "*"), ("idempotency-key", "\"22222222-40d5-43e9-bc93-6a894a57f324\"")];
    let late = world.ask("sian", Method::POST, &cancellation, &third, &json!({})).await;
    assert_eq!(late.code(), "409 conflict");
    assert_eq!(world.office.written(), 2);
}

#[tokio::test]
async fn days_that_cannot_be_are_told_by_their_place() {
    let world = office().await;
    let with = |member: &str, value: Value| {
        let mut body = wanted(&world);
        body[member] = value;
        body
    };
    for (body, place) in [
        (with("endDate", json!("2027-01-31")), "/endDate"),
        (with("dayPart", json!("morning")), "/dayPart"),
        (with("dayPart", json!("evening")), "/dayPart"),
        (with("startDate", json!("2027-02-30")), "/startDate"),
        (with("policyId", json!("holiday")), "/policyId"),
        (with("colour", json!("red")), "/colour"),
    ] {
        let refused = world.ask("sian", Method::POST, ABSENCES, &[("idempotency-key", KEY)], &body).await;
        assert_eq!((refused.status.as_u16(), refused.faults()), (400, vec![place.to_owned()]), "{body}");
    }
    assert_eq!(world.office.written(), 0);
}

#[tokio::test]
async fn balances_and_times_away_are_for_whom_they_concern_and_never_say_why() {
    let world = office().await;
    let (sian, fin) = (world.person("sian"), world.person("fin"));
    let own = world.get("sian", "/v1/absence-balances").await.json();
    let balance = &own["items"][0];
    assert_eq!(
        (&balance["granted"], &balance["used"], &balance["balance"]),
        (&json!("25"), &json!("3.5"), &json!("21.5"))
    );
    assert_eq!(balance["employee"]["display"], "sian Example");
    for (who, person, wanted) in [("owen", &sian, 200), ("bo", &sian, 403), ("bo", &fin, 403)] {
        let answer = world.get(who, &format!("/v1/absence-balances?employeeId={person}")).await;
        assert_eq!(answer.status.as_u16(), wanted, "{who}");
    }
    let busy = |person: &str, days: &str| format!("/v1/people/{person}/free-busy?{days}");
    let december = "from=2026-12-01&to=2026-12-31";
    let away = world.get("owen", &busy(&sian, december)).await.json();
    let time = away["items"][0].as_object().unwrap();
    let mut members: Vec<&String> = time.keys().collect();
    members.sort_unstable();
    assert_eq!(members, ["employee", "end", "start", "type"], "and nothing that says why");
    assert_eq!(time["type"], "BUSY-TENTATIVE");
    assert_eq!(world.get("bo", &busy(&sian, december)).await.code(), "404 not_found");
    assert_eq!(world.get("fin", &busy(&fin, december)).await.code(), "404 not_found", "no office knows Fin");
    for (days, places) in [
        ("", &["?from", "?to"][..]),
        ("from=2026-12-01", &["?to"]),
        ("from=2026-12-02&to=2026-12-01", &["?to"]),
    ] {
        let refused = world.get("owen", &busy(&sian, days)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.faults()),
            (400, places.iter().map(|at| (*at).to_owned()).collect())
        );
    }
    world.office.be(Mood::Down);
    assert_eq!(world.get("owen", &busy(&sian, december)).await.code(), "503 backend_unavailable");
}
