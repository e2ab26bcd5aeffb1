//! Who sees and does what.

use serde_json::json;

use crate::client::{Caller, council, gateway, person, post, said};

#[tokio::test]
async fn people_see_their_own_and_managers_their_teams() {
    let (sim, _) = council(60).await;
    let all = sim.count("hr.expense.sheet", &json!([])).unwrap();
    let seen = async |caller: &Caller<'_>, model: &str| {
        let found = caller.call(model, "search_read", json!([[]]), json!({"fields": ["employee_id"]})).await;
        let found = found.unwrap();
        found
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["employee_id"][0].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(&gateway(&sim), "hr.expense.sheet").await.len(), all);
    let own = sim.accounts[50].employee;
    for model in ["hr.expense.sheet", "hr.expense", "hr.leave"] {
        let employees = seen(&person(&sim, 50), model).await;
        assert!(!employees.is_empty() && employees.iter().all(|employee| *employee == own), "{model}");
    }
    let manager = sim.accounts.iter().position(|account| Some(account.employee) == sim.accounts[50].manager);
    let team = seen(&person(&sim, manager.unwrap()), "hr.expense.sheet").await;
    assert!(team.contains(&own) && team.len() < all);
    let other =
        sim.find("hr.expense.sheet", &json!([["employee_id", "=", sim.accounts[10].employee]])).unwrap();
    let read = person(&sim, 50).call("hr.expense.sheet", "read", json!([other]), json!({})).await;
    assert!(said(read, "AccessError").contains("top-secret"));
    let badge = json!({"fields": ["name", "barcode"]});
    let private = person(&sim, 50).call("hr.employee", "read", json!([[own]]), badge.clone()).await;
    assert!(said(private, "AccessError").contains("barcode"));
    let found = gateway(&sim).call("hr.employee", "read", json!([[own]]), badge).await.unwrap();
    assert!(found[0]["barcode"].as_str().unwrap().starts_with('E'));
    let create = person(&sim, 50).make("account.tax", json!({"name": "Free"})).await;
    assert!(
        said(create, "AccessError").contains("You are not allowed to create 'Tax' (account.tax) records.")
    );
    let quiet = json!(["write", false]);
    let rights = person(&sim, 50).call("account.tax", "check_access_rights", quiet, json!({})).await;
    assert_eq!(rights.unwrap(), json!(false));
}

#[tokio::test]
async fn credentials_are_asked_for_with_every_call() {
    let (sim, _) = council(12).await;
    let mut wrong = gateway(&sim);
    wrong.password = "wrong";
    let answer = wrong.call("hr.expense", "search", json!([[]]), json!({})).await;
    assert_eq!(said(answer, "AccessDenied"), "Access Denied");
    sim.set_password("portico", Some("another"));
    let answer = gateway(&sim).call("hr.expense", "search", json!([[]]), json!({})).await;
    said(answer, "AccessDenied");
    sim.set_password("portico", Some("portico-sim"));
    let private = gateway(&sim).call("hr.expense.sheet", "_do_approve", json!([[1]]), json!({})).await;
    assert_eq!(
        said(private, "AccessError"),
        "Private methods (such as _do_approve) cannot be called remotely."
    );
    let other = json!({"jsonrpc": "2.0", "id": 1, "params": {"service": "common", "method": "login",
                       "args": ["elsewhere", "portico", "portico-sim"]}});
    let answer = post(&sim, "/jsonrpc", other.to_string().as_bytes()).await.unwrap();
    assert!(answer.text().contains("database \\\"elsewhere\\\" does not exist"), "{}", answer.text());
    assert_eq!(post(&sim, "/jsonrpc", b"{").await.unwrap().status, 400);
    assert_eq!(post(&sim, "/nowhere", b"{}").await.unwrap().status, 404);
}

#[tokio::test]
async fn a_file_is_for_whoever_may_read_its_record() {
    use portico_simkit::client::get;
    let (sim, _) = council(40).await;
    let file = sim.find("ir.attachment", &json!([["res_model", "=", "hr.expense"]])).unwrap()[0];
    let url = format!("{}/web/content/{file}?download=true", sim.url());
    assert_eq!(get(&url, &[]).await.unwrap().status, 404);
    let sign_in = async |login: &str, password: &str| {
        let params = json!({"db": "council", "login": login, "password": password});
        let body = json!({"jsonrpc": "2.0", "id": 1, "params": params});
        let answer = post(&sim, "/web/session/authenticate", body.to_string().as_bytes()).await.unwrap();
        answer.header("set-cookie").map(|cookie| cookie.split(';').next().unwrap().to_owned())
    };
    assert_eq!(sign_in("portico", "wrong").await, None);
    let cookie = sign_in("portico", "portico-sim").await.unwrap();
    let answer = get(&url, &[("Cookie", &cookie)]).await.unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain")));
    assert!(answer.text().starts_with("Receipt "));
    let line = sim.record("ir.attachment", file, &["res_id"]).unwrap().unwrap()["res_id"].as_i64().unwrap();
    let owner = sim.record("hr.expense", line, &["employee_id"]).unwrap().unwrap()["employee_id"][0].as_i64();
    let stranger = sim.accounts.iter().rev().find(|account| Some(account.employee) != owner).unwrap();
    let cookie = sign_in(&stranger.username, "portico-person").await.unwrap();
    assert_eq!(get(&url, &[("Cookie", &cookie)]).await.unwrap().status, 404);
}
