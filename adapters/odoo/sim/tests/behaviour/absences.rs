//! Time off.

use portico_odoo_sim::{Options, Sim, Version};
use serde_json::json;

use crate::client::{council, gateway, person, said};

const LEAVE: &str = "hr.leave";

#[tokio::test]
async fn requests_are_approved_by_whom_their_kind_says() {
    let (sim, _) = council(40).await;
    let gateway = gateway(&sim);
    let employee = sim.accounts[30].employee;
    let ask = |kind: i64, from: &str, to: &str| {
        let values = json!({"holiday_status_id": kind, "employee_id": employee,
                            "request_date_from": from, "request_date_to": to});
        gateway.make(LEAVE, values)
    };
    // By the manager alone; Friday to Monday are two days.
    let annual = ask(1, "2027-05-07", "2027-05-10").await.unwrap();
    assert_eq!(gateway.read(LEAVE, annual, "number_of_days").await, json!(2.0));
    // Summer time: eight o'clock is seven in UTC.
    assert_eq!(gateway.read(LEAVE, annual, "date_from").await, json!("2027-05-07 07:00:00"));
    gateway.call(LEAVE, "action_approve", json!([[annual]]), json!({})).await.unwrap();
    assert_eq!(gateway.read(LEAVE, annual, "state").await, json!("validate"));
    // By two.
    let parental = ask(3, "2027-06-07", "2027-06-11").await.unwrap();
    gateway.call(LEAVE, "action_approve", json!([[parental]]), json!({})).await.unwrap();
    assert_eq!(gateway.read(LEAVE, parental, "state").await, json!("validate1"));
    gateway.call(LEAVE, "action_validate", json!([[parental]]), json!({})).await.unwrap();
    assert_eq!(gateway.read(LEAVE, parental, "state").await, json!("validate"));
    let again = gateway.call(LEAVE, "action_approve", json!([[parental]]), json!({})).await;
    assert!(said(again, "UserError").starts_with("Time off request must be confirmed (\"To Approve\")"));
    // By nobody.
    let jury = ask(5, "2027-07-05", "2027-07-05").await.unwrap();
    assert_eq!(gateway.read(LEAVE, jury, "state").await, json!("validate"));
    // On a weekend nobody works.
    let sunday = ask(2, "2027-07-11", "2027-07-11").await.unwrap();
    let approve = gateway.call(LEAVE, "action_approve", json!([[sunday]]), json!({})).await;
    assert!(said(approve, "ValidationError").contains("not supposed to work"));
}

#[tokio::test]
async fn there_have_to_be_days_left() {
    let (sim, _) = council(40).await;
    let gateway = gateway(&sim);
    let employee = sim.accounts[31].employee;
    let context = json!({"fields": ["max_leaves", "leaves_taken", "virtual_remaining_leaves"],
                         "context": {"employee_id": employee}});
    let before = gateway.call("hr.leave.type", "read", json!([[1]]), context.clone()).await.unwrap();
    let left = before[0]["virtual_remaining_leaves"].as_f64().unwrap();
    assert!(left > 0.0 && before[0]["max_leaves"].as_f64().unwrap() >= left, "{before}");
    let ask = |from: &str, to: &str| {
        let values = json!({"holiday_status_id": 1, "employee_id": employee,
                            "request_date_from": from, "request_date_to": to});
        gateway.make(LEAVE, values)
    };
    let too_long = ask("2027-04-01", "2027-09-30").await;
    assert_eq!(said(too_long, "ValidationError"), "There is no valid allocation to cover that request.");
    assert_eq!(sim.created(LEAVE), 0);
    ask("2027-04-05", "2027-04-09").await.unwrap();
    let after = gateway.call("hr.leave.type", "read", json!([[1]]), context).await.unwrap();
    assert_eq!(after[0]["virtual_remaining_leaves"], json!(left - 5.0));
    let rows = gateway
        .call(
            "hr.leave.type",
            "get_allocation_data_request",
            json!([]),
            json!({"context": {"employee_id": employee}}),
        )
        .await
        .unwrap();
    assert_eq!(rows[0][1]["virtual_remaining_leaves"], json!(left - 5.0));
}

#[tokio::test]
async fn only_the_person_cancels_what_was_approved() {
    let (sim, _) = council(40).await;
    let (gateway, own) = (gateway(&sim), person(&sim, 30));
    let values =
        json!({"holiday_status_id": 1, "request_date_from": "2027-05-03", "request_date_to": "2027-05-04"});
    let leave = own.make(LEAVE, values.clone()).await.unwrap();
    assert_eq!(own.read(LEAVE, leave, "employee_id").await[0], json!(sim.accounts[30].employee));
    let again = own.make(LEAVE, values).await;
    assert!(said(again, "ValidationError").starts_with("You've already booked time off"));
    let approve = own.call(LEAVE, "action_approve", json!([[leave]]), json!({})).await;
    said(approve, "UserError");
    gateway.call(LEAVE, "action_approve", json!([[leave]]), json!({})).await.unwrap();
    let unlink = gateway.call(LEAVE, "unlink", json!([[leave]]), json!({})).await;
    assert_eq!(said(unlink, "UserError"), "You cannot delete a time off which is in Approved state");
    let wizard = json!({"leave_id": leave, "reason": "Plans changed"});
    let theirs = gateway.make("hr.holidays.cancel.leave", wizard.clone()).await.unwrap();
    let cancel =
        gateway.call("hr.holidays.cancel.leave", "action_cancel_leave", json!([[theirs]]), json!({})).await;
    assert_eq!(said(cancel, "ValidationError"), "This time off cannot be cancelled.");
    let mine = own.make("hr.holidays.cancel.leave", wizard).await.unwrap();
    own.call("hr.holidays.cancel.leave", "action_cancel_leave", json!([[mine]]), json!({})).await.unwrap();
    assert_eq!(own.read(LEAVE, leave, "state").await, json!("cancel"));
}

#[tokio::test]
async fn the_release_before_has_other_states() {
    let options = Options { people: 40, version: Version::V17, ..Options::new() };
    let sim = Sim::start(options).await.unwrap();
    let gateway = gateway(&sim);
    let fields = gateway.call(LEAVE, "fields_get", json!([["state", "active"]]), json!({})).await.unwrap();
    assert_eq!(fields["state"]["selection"][0], json!(["draft", "To Submit"]));
    assert!(fields.get("active").is_some());
    let project = gateway.call("project.project", "fields_get", json!([]), json!({})).await.unwrap();
    assert!(project.get("account_id").is_none() && project.get("analytic_account_id").is_some());
    let employee = sim.accounts[30].employee;
    let values = json!({"holiday_status_id": 1, "employee_id": employee,
                        "request_date_from": "2027-05-03", "request_date_to": "2027-05-04"});
    let leave = gateway.make(LEAVE, values).await.unwrap();
    gateway.call(LEAVE, "action_draft", json!([[leave]]), json!({})).await.unwrap();
    assert_eq!(gateway.read(LEAVE, leave, "state").await, json!("draft"));
    gateway.call(LEAVE, "action_confirm", json!([[leave]]), json!({})).await.unwrap();
    let missing = gateway.call(LEAVE, "action_reset_confirm", json!([[leave]]), json!({})).await;
    assert!(said(missing, "AttributeError").contains("does not exist"));
}
