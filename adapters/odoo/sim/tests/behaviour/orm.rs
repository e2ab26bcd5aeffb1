//! Searching, reading, importing, and the time of changes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{council, gateway, said};

#[tokio::test]
async fn domains_mean_what_they_mean_in_the_product() {
    let (sim, _) = council(120).await;
    let gateway = gateway(&sim);
    let count = async |model: &str, domain: Value| {
        gateway.call(model, "search_count", json!([domain]), json!({})).await.unwrap().as_i64().unwrap()
    };
    let all = count("hr.employee", json!([])).await;
    assert_eq!(all, 120, "archived people do not show");
    assert_eq!(count("hr.employee", json!([["active", "in", [true, false]]])).await, 122);
    let with_login = count("hr.employee", json!([["user_id", "!=", false]])).await;
    assert_eq!(count("hr.employee", json!(["!", ["user_id", "!=", false]])).await, all - with_login);
    let either = json!(["|", ["user_id", "=", false], ["parent_id", "=", false]]);
    let both = json!([["user_id", "=", false], ["parent_id", "=", false]]);
    let (none, top) = (all - with_login, count("hr.employee", json!([["parent_id", "=", false]])).await);
    assert_eq!(count("hr.employee", either).await, none + top - count("hr.employee", both).await);
    let director = sim.accounts[1].employee;
    let reports = count("hr.employee", json!([["parent_id", "=", director]])).await;
    let below = count("hr.employee", json!([["id", "child_of", director]])).await;
    assert!(reports > 0 && below > reports, "{reports} {below}");
    let mail = json!([["work_email", "=ilike", sim.accounts[7].username.to_uppercase() + "%"]]);
    assert!(count("hr.employee", mail).await <= 1);
    let submitted = count("hr.expense.sheet", json!([["state", "=", "submit"]])).await;
    let others = count("hr.expense.sheet", json!([["state", "not in", ["submit"]]])).await;
    assert_eq!(submitted + others, count("hr.expense.sheet", json!([])).await);
    let dotted = count("hr.expense", json!([["sheet_id.employee_id.parent_id", "=", director]])).await;
    assert!(dotted > 0);
    let any = json!([["expense_line_ids", "any", [["product_id", "=", 1]]]]);
    let with = count("hr.expense.sheet", any).await;
    assert_eq!(with, count("hr.expense.sheet", json!([["expense_line_ids.product_id", "=", 1]])).await);
    for bad in
        [json!([["a"]]), json!(["&", ["id", "=", 1]]), json!([["id", "~", 1]]), json!([["no.such", "=", 1]])]
    {
        let answer = gateway.call("hr.expense", "search", json!([bad]), json!({})).await;
        said(answer, "ValueError");
    }
    let order = gateway.call("hr.expense", "search", json!([[]]), json!({"order": "id sideways"})).await;
    said(order, "UserError");
}

#[tokio::test]
async fn times_show_seconds_and_compare_microseconds() {
    let (sim, hand) = council(12).await;
    let gateway = gateway(&sim);
    let employee = sim.accounts[11].employee;
    hand.set("2026-11-02T12:00:00.5Z".parse().unwrap());
    let sheet = gateway.report(employee, 10.0).await;
    let line = gateway.read("hr.expense.sheet", sheet, "expense_line_ids").await[0].as_i64().unwrap();
    let written = gateway.read("hr.expense.sheet", sheet, "write_date").await;
    assert_eq!(written, json!("2026-11-02 12:00:00"));
    for (operator, matches) in [("=", false), (">", true), (">=", true), ("<=", false)] {
        let domain = json!([[["id", "=", sheet], ["write_date", operator, written]]]);
        let found = gateway.call("hr.expense.sheet", "search", domain, json!({})).await.unwrap();
        assert_eq!(!found.as_array().unwrap().is_empty(), matches, "{operator}");
    }
    // A change of the report is a change of its lines, whose state is stored.
    hand.advance(Duration::from_secs(10));
    gateway.call("hr.expense.sheet", "action_submit_sheet", json!([[sheet]]), json!({})).await.unwrap();
    assert_eq!(gateway.read("hr.expense", line, "write_date").await, json!("2026-11-02 12:00:10"));
    assert_eq!(gateway.read("hr.expense", line, "state").await, json!("submitted"));
    // What fails leaves no trace.
    hand.advance(Duration::from_secs(10));
    let wrong = json!([[sheet], {"name": "New", "employee_id": sim.accounts[3].employee}]);
    let refused = gateway.call("hr.expense.sheet", "write", wrong, json!({})).await;
    assert_eq!(said(refused, "ValidationError"), "You cannot add expenses of another employee.");
    assert_eq!(gateway.read("hr.expense.sheet", sheet, "write_date").await, json!("2026-11-02 12:00:10"));
    assert_eq!(gateway.read("hr.expense.sheet", sheet, "name").await, json!("Trip"));
}

#[tokio::test]
async fn load_makes_a_record_once_for_an_external_id() {
    let (sim, _) = council(12).await;
    let gateway = gateway(&sim);
    let employee = sim.accounts[11].employee;
    let fields = json!([
        "id",
        "name",
        "employee_id/.id",
        "expense_line_ids/name",
        "expense_line_ids/employee_id/.id",
        "expense_line_ids/product_id",
        "expense_line_ids/total_amount_currency"
    ]);
    let rows = json!([
        [
            "portico.c0ffee",
            "Trip",
            employee.to_string(),
            "Train",
            employee.to_string(),
            "[RAIL] Rail travel",
            "12.5"
        ],
        ["", "", "", "Bus", employee.to_string(), "[BUS] Bus and taxi", "2.4"],
    ]);
    let loaded = gateway.call("hr.expense.sheet", "load", json!([fields, rows]), json!({})).await.unwrap();
    let sheet = loaded["ids"][0].as_i64().unwrap();
    assert_eq!(sim.external("portico.c0ffee"), Some(("hr.expense.sheet".to_owned(), sheet)));
    assert_eq!(gateway.read("hr.expense.sheet", sheet, "total_amount").await, json!(14.9));
    let once_more = json!([["id", "name"], [["portico.c0ffee", "Trip to Rhyl"]]]);
    let again = gateway.call("hr.expense.sheet", "load", once_more, json!({})).await.unwrap();
    assert_eq!(again["ids"], json!([sheet]));
    assert_eq!(sim.created("hr.expense.sheet"), 1);
    assert_eq!(gateway.read("hr.expense.sheet", sheet, "name").await, json!("Trip to Rhyl"));
    let marker = json!([[["module", "=", "portico"], ["name", "=", "c0ffee"]]]);
    let found =
        gateway.call("ir.model.data", "search_read", marker, json!({"fields": ["res_id"]})).await.unwrap();
    assert_eq!(found[0]["res_id"], json!(sheet));
    // What was loaded so that it is not updated is left alone.
    let import = json!({"context": {"mode": "update", "noupdate": true}});
    for (name, kept) in [("Kept", "Kept"), ("Other", "Kept")] {
        let row = json!([["id", "name", "employee_id/.id"], [["portico.decaf", name, employee.to_string()]]]);
        let loaded = gateway.call("hr.expense.sheet", "load", row, import.clone()).await.unwrap();
        let id = loaded["ids"][0].as_i64().unwrap();
        assert_eq!(gateway.read("hr.expense.sheet", id, "name").await, json!(kept));
    }
    // One row that cannot be loaded, and nothing is.
    let bad = json!([
        ["id", "name", "employee_id/.id"],
        [["portico.a", "A", employee], ["portico.b", "B", 999_999]]
    ]);
    let refused = gateway.call("hr.expense.sheet", "load", bad, json!({})).await.unwrap();
    assert_eq!((&refused["ids"], &refused["messages"][0]["rows"]["from"]), (&json!(false), &json!(1)));
    assert_eq!(sim.external("portico.a"), None);
}

#[tokio::test]
async fn a_renamed_field_is_an_error_with_its_name() {
    let (sim, _) = council(12).await;
    let gateway = gateway(&sim);
    assert!(sim.rename_field("hr.expense.sheet", "approval_date", Some("approved_at")));
    assert!(sim.rename_field("hr.expense.sheet", "user_id", None));
    assert!(!sim.rename_field("hr.expense.sheet", "no_such", None));
    let fields = gateway.call("hr.expense.sheet", "fields_get", json!([]), json!({})).await.unwrap();
    assert!(fields.get("approved_at").is_some() && fields.get("user_id").is_none());
    let read = gateway.call("hr.expense.sheet", "read", json!([[1]]), json!({"fields": ["user_id"]})).await;
    assert!(said(read, "ValueError").contains("'user_id'"));
    // The product itself goes on working.
    let sheet = gateway.report(sim.accounts[11].employee, 1.0).await;
    gateway.call("hr.expense.sheet", "action_submit_sheet", json!([[sheet]]), json!({})).await.unwrap();
    gateway
        .call("hr.expense.sheet", "action_approve_expense_sheets", json!([[sheet]]), json!({}))
        .await
        .unwrap();
    assert_eq!(gateway.read("hr.expense.sheet", sheet, "approved_at").await, json!("2026-11-02 00:00:00"));
}

#[tokio::test]
async fn ten_thousand_people_fit() {
    let (sim, _) = council(10_000).await;
    assert_eq!(sim.accounts.len(), 10_000);
    for state in ["draft", "submit", "approve", "post", "done", "cancel"] {
        let found = sim.count("hr.expense.sheet", &json!([["state", "=", state]])).unwrap();
        assert!(found > 1_000, "{state}: {found}");
    }
    for state in ["confirm", "validate1", "validate", "refuse", "cancel"] {
        assert!(sim.count("hr.leave", &json!([["state", "=", state]])).unwrap() > 1_000, "{state}");
    }
}
