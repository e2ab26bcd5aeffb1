//! Expense reports.

use serde_json::{Value, json};

use crate::client::{council, gateway, person, said};

const SHEET: &str = "hr.expense.sheet";

#[tokio::test]
async fn a_report_goes_from_draft_to_paid_and_nothing_is_returned() {
    let (sim, _) = council(40).await;
    let gateway = gateway(&sim);
    let employee = sim.accounts[20].employee;
    let sheet = gateway.report(employee, 33.335).await;
    assert_eq!(gateway.read(SHEET, sheet, "total_amount").await, json!(33.34));
    for (method, state) in [
        ("action_submit_sheet", "submit"),
        ("action_approve_expense_sheets", "approve"),
        ("action_reset_expense_sheets", "draft"),
        ("action_submit_sheet", "submit"),
        ("action_approve_expense_sheets", "approve"),
        // Twice is no error, and changes nothing.
        ("action_approve_expense_sheets", "approve"),
        ("action_sheet_move_post", "post"),
    ] {
        let answer = gateway.raw(SHEET, method, &json!([[sheet]]), &json!({})).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        // `None` has no key at all.
        assert_eq!(answer, json!({"jsonrpc": "2.0", "id": 1}), "{method}");
        assert_eq!(gateway.read(SHEET, sheet, "state").await, json!(state), "{method}");
    }
    sim.edit(SHEET, sheet, &json!({"payment_state": "paid"})).unwrap();
    assert_eq!(gateway.read(SHEET, sheet, "state").await, json!("done"));
    assert_eq!((sim.created(SHEET), sim.created("hr.expense")), (1, 1));
    assert_eq!(sim.calls(SHEET, "action_submit_sheet"), 2);
}

#[tokio::test]
async fn a_refusal_goes_through_the_wizard() {
    let (sim, _) = council(40).await;
    let gateway = gateway(&sim);
    let sheet = gateway.report(sim.accounts[20].employee, 12.0).await;
    gateway.call(SHEET, "action_submit_sheet", json!([[sheet]]), json!({})).await.unwrap();
    let action =
        gateway.call(SHEET, "action_refuse_expense_sheets", json!([[sheet]]), json!({})).await.unwrap();
    assert_eq!(action["res_model"], json!("hr.expense.refuse.wizard"));
    // Nothing happened yet.
    assert_eq!(gateway.read(SHEET, sheet, "state").await, json!("submit"));
    let context = json!({"context": {"active_ids": [sheet], "active_model": SHEET}});
    let wizard =
        gateway.call("hr.expense.refuse.wizard", "create", json!([{"reason": "no receipt"}]), context);
    let wizard = wizard.await.unwrap();
    let close = gateway.call("hr.expense.refuse.wizard", "action_refuse", json!([[wizard]]), json!({})).await;
    assert_eq!(close.unwrap(), json!({"type": "ir.actions.act_window_close"}));
    assert_eq!(gateway.read(SHEET, sheet, "state").await, json!("cancel"));
}

#[tokio::test]
async fn what_stands_against_a_decision_is_told_and_nothing_is_done() {
    let (sim, _) = council(60).await;
    let gateway = gateway(&sim);
    let poor = sim.accounts.iter().find(|account| !account.bank_account).unwrap();
    let sheet = gateway.report(poor.employee, 12.0).await;
    let approve = || gateway.call(SHEET, "action_approve_expense_sheets", json!([[sheet]]), json!({}));
    let draft = said(approve().await, "UserError");
    assert_eq!(draft, "You can only generate an accounting entry for approved expense(s).");
    gateway.call(SHEET, "action_submit_sheet", json!([[sheet]]), json!({})).await.unwrap();
    assert!(said(approve().await, "RedirectWarning").contains("should have a bank account set"));
    assert_eq!(gateway.read(SHEET, sheet, "state").await, json!("submit"));
    // The same claim twice wants a second look: an action comes back, and nothing is approved.
    let rich = sim.accounts[20].employee;
    let first = gateway.report(rich, 77.7).await;
    let second = gateway.report(rich, 77.7).await;
    for sheet in [first, second] {
        gateway.call(SHEET, "action_submit_sheet", json!([[sheet]]), json!({})).await.unwrap();
    }
    let approve = |sheet| gateway.call(SHEET, "action_approve_expense_sheets", json!([[sheet]]), json!({}));
    assert_eq!(approve(first).await.unwrap(), Value::Null);
    assert_eq!(approve(second).await.unwrap()["res_model"], json!("hr.expense.approve.duplicate"));
    assert_eq!(gateway.read(SHEET, second, "state").await, json!("submit"));
    let empty = gateway.make(SHEET, json!({"name": "Empty", "employee_id": rich})).await.unwrap();
    let submit = gateway.call(SHEET, "action_submit_sheet", json!([[empty]]), json!({})).await;
    assert!(said(submit, "UserError").starts_with("This expense report is empty."));
    let gone = gateway.call(SHEET, "action_submit_sheet", json!([[999_999]]), json!({})).await;
    assert!(said(gone, "MissingError").starts_with("Record does not exist or has been deleted."));
}

#[tokio::test]
async fn amounts_are_worked_out_to_the_penny() {
    let (sim, _) = council(12).await;
    let gateway = gateway(&sim);
    let employee = sim.accounts[11].employee;
    let make = |values: Value| {
        let mut all = json!({"name": "Line", "employee_id": employee});
        all.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
        gateway.make("hr.expense", all)
    };
    let fields = ["total_amount_currency", "total_amount", "tax_amount", "untaxed_amount", "price_unit"];
    let cases = [
        // Mileage: 45 pence a mile, no tax.
        (json!({"product_id": 1, "quantity": 37}), [16.65, 16.65, 0.0, 16.65, 0.45]),
        // A hotel: a sixth is tax.
        (json!({"product_id": 5, "total_amount_currency": 100}), [100.0, 100.0, 16.67, 83.33, 100.0]),
        // Heating fuel at five per cent.
        (json!({"product_id": 11, "total_amount_currency": 10.005}), [10.01, 10.01, 0.48, 9.53, 10.01]),
        // In euros, 1.15 to the pound.
        (
            json!({"product_id": 2, "total_amount_currency": 23, "currency_id": 2}),
            [23.0, 20.0, 0.0, 20.0, 20.0],
        ),
    ];
    for (values, expected) in cases {
        let id = make(values.clone()).await.unwrap();
        let found =
            gateway.call("hr.expense", "read", json!([[id]]), json!({"fields": fields})).await.unwrap();
        let amounts = fields.map(|field| found[0][field].as_f64().unwrap());
        assert_eq!(amounts, expected, "{values}");
    }
}

#[tokio::test]
async fn a_receipt_of_a_line_is_copied_to_the_report_and_goes_with_it() {
    let (sim, _) = council(12).await;
    let gateway = gateway(&sim);
    let sheet = gateway.report(sim.accounts[11].employee, 5.0).await;
    let line = gateway.read(SHEET, sheet, "expense_line_ids").await[0].as_i64().unwrap();
    let file =
        json!({"name": "ticket.pdf", "res_model": "hr.expense", "res_id": line, "datas": "JVBERi0xLjQK"});
    let file = gateway.make("ir.attachment", file).await.unwrap();
    let of_sheet = gateway.read(SHEET, sheet, "attachment_ids").await;
    assert_eq!(of_sheet.as_array().unwrap().len(), 1);
    assert_ne!(of_sheet[0].as_i64(), Some(file));
    assert_eq!(gateway.read("hr.expense", line, "attachment_ids").await, json!([file]));
    assert_eq!(gateway.read("ir.attachment", file, "mimetype").await, json!("application/pdf"));
    gateway.call("ir.attachment", "unlink", json!([[file]]), json!({})).await.unwrap();
    assert_eq!(gateway.read(SHEET, sheet, "attachment_ids").await, json!([]));
}

#[tokio::test]
async fn a_person_takes_back_what_they_submitted_and_cannot_approve_it() {
    let (sim, _) = council(40).await;
    let own = person(&sim, 30);
    let sheet = own.report(sim.accounts[30].employee, 9.99).await;
    own.call(SHEET, "action_submit_sheet", json!([[sheet]]), json!({})).await.unwrap();
    let approve = own.call(SHEET, "action_approve_expense_sheets", json!([[sheet]]), json!({})).await;
    assert!(said(approve, "UserError").contains("Your are not a Manager or HR Officer"));
    let edit = own.call(SHEET, "write", json!([[sheet], {"name": "Other"}]), json!({})).await;
    said(edit, "AccessError");
    own.call(SHEET, "action_reset_expense_sheets", json!([[sheet]]), json!({})).await.unwrap();
    assert_eq!(own.read(SHEET, sheet, "state").await, json!("draft"));
}
