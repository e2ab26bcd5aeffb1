//! A claim and a leave from beginning to end, as a front-end does it: by what is offered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::lost::{quoted, task_about};
use super::{Office, Somebody, key, offered, text};
use crate::support::{Answer, allowed_action};

/// A PDF of one line, and its SHA-256.
const RECEIPT: &[u8] = b"%PDF-1.7 a receipt of a test\n";

impl Office {
    /// Does what a resource offers.
    async fn follow(&self, who: &Somebody, resource: &Value, action: &str, body: &Value) -> Answer {
        let (method, href) = offered(resource, action);
        assert_eq!(method, "POST");
        self.post(who, href, &key(), Some(&quoted(resource)), body).await
    }

    /// The id in the directory of record.
    async fn person_id(&self, who: &Somebody) -> String {
        let me = self.get(who, "/v1/me").await.expect(200);
        assert_eq!(me["identity"], "known", "{me:#}");
        text(&me, "personId").to_owned()
    }

    /// Adds a receipt to the first line of a claim.
    async fn attach(&self, who: &Somebody, report: &Value) -> Value {
        let (_, href) = offered(report, "attachReceipt");
        let path = href.replace("{lineId}", text(&report["lines"][0], "id"));
        let digest = format!("sha-256=:{}:", STANDARD.encode(sha256(RECEIPT)));
        let headers = [
            ("Content-Type", "application/pdf"),
            ("Content-Disposition", "attachment; filename*=UTF-8''tocyn%20tr%C3%AAn.pdf"),
            ("Content-Digest", &digest),
            ("Idempotency-Key", &key()),
        ];
        self.gateway.send("POST", &path, &who.token, &headers, RECEIPT).await.expect(201)
    }
}

/// By the program that every system has.
fn sha256(octets: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(octets).unwrap();
    let said = child.wait_with_output().unwrap().stdout;
    let hex = std::str::from_utf8(&said[..64]).unwrap();
    (0..32).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

/// Somebody with a login who is neither of these, nor above or below them.
fn bystander<'a>(office: &'a Office, others: &[&Somebody]) -> &'a portico_odoo_sim::Account {
    let apart = |one: &&portico_odoo_sim::Account| {
        let related = |other: &&Somebody| {
            other.account.employee == one.employee
                || other.account.manager == Some(one.employee)
                || one.manager == Some(other.account.employee)
        };
        one.uid.is_some() && one.manager.is_some() && !others.iter().any(related)
    };
    office.odoo.accounts.iter().find(apart).expect("somebody else")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_written_handed_in_and_decided_by_a_deputy() {
    let office = Office::new().await;
    let (claimant, manager) = (&office.claimant, &office.manager());
    let deputy = &office.sign_in(bystander(&office, &[claimant, manager]));
    // She writes a claim of two lines with a receipt.
    let mut body = office.claim("Site visits in October");
    let second = json!({ "amount": "7.50", "currency": "GBP" });
    body["lines"][0]["amount"]["amount"] = json!("12.34");
    let mut line = body["lines"][0].clone();
    (line["description"], line["amount"]) = (json!("Bws i Fangor"), second);
    body["lines"].as_array_mut().unwrap().push(line);
    let report = office.post(claimant, "/v1/expense-reports", &key(), None, &body).await.expect(201);
    assert_eq!(report["totalAmount"], json!({ "amount": "19.84", "currency": "GBP" }));
    let receipt = office.attach(claimant, &report).await;
    assert_eq!(receipt["name"], "tocyn trên.pdf");
    let octets = office.get(claimant, text(&receipt, "href")).await;
    assert_eq!(octets.octets(200), RECEIPT);
    let path = format!("/v1/expense-reports/{}", text(&report, "id"));
    let report = office.get(claimant, &path).await.expect(200);
    // What she saw last is what she declares about.
    let words = json!({ "declaration": "I laid out this money for the council." });
    let (_, submission) = offered(&report, "submit");
    office.post(claimant, submission, &key(), None, &words).await.problem(428, "precondition_required");
    let submitted = office.follow(claimant, &report, "submit", &words).await.expect(200);
    assert_eq!(submitted["status"], "submitted");
    assert!(allowed_action(&submitted, "submit").is_none(), "what is done is offered no more");
    let id = text(&submitted, "id");

    // Her manager finds it; she herself and others do not decide it.
    let task = task_about(&office, manager, id).await;
    assert!(allowed_action(&task, "decide").is_some(), "{task:#}");
    let task_path = format!("/v1/tasks/{}", text(&task, "id"));
    let decisions = format!("{task_path}/decisions");
    let approve =
        json!({ "decision": "approve", "declaration": "I have seen the receipts.", "comment": "Diolch" });
    for stranger in [claimant, deputy] {
        let refused = office.post(stranger, &decisions, &key(), Some(&quoted(&task)), &approve).await;
        assert!(matches!(refused.status(), 403 | 404), "{}", refused.text());
    }
    // A deputy stands in for the manager, from now for an hour.
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let delegation = json!({ "delegateId": office.person_id(deputy).await, "end": end, "reason": "Gwyliau" });
    let given = office.post(manager, "/v1/delegations", &key(), None, &delegation).await.expect(201);
    assert_eq!(given["delegator"]["id"], office.person_id(manager).await);
    let seen = task_about(&office, deputy, id).await;
    assert_eq!(seen["substitutes"][0]["id"], office.person_id(deputy).await, "{seen:#}");
    let decided = office.follow(deputy, &seen, "decide", &approve).await.expect(200);
    assert_eq!((&decided["status"], &decided["decision"]), (&json!("completed"), &json!("approve")));
    let again = office.post(manager, &decisions, &key(), Some(&quoted(&task)), &approve).await;
    assert!(matches!(again.status(), 409 | 412), "{}", again.text());
    assert_eq!(office.get(claimant, &path).await.expect(200)["status"], "approved");

    // Who decided what, when, in whose place, on which version, is on record.
    let records = office.get(manager, &decisions).await.expect(200);
    let record = &records[0];
    // The manager came too late: that is on record as well, with what became of it.
    let statuses: Vec<&str> = records.as_array().unwrap().iter().map(|one| text(one, "status")).collect();
    assert_eq!(statuses, ["confirmed", "refused"], "{records}");
    assert_eq!(record["declaration"], "I have seen the receipts.");
    assert_eq!(record["decidedBy"]["id"], office.person_id(deputy).await);
    let display = text(&record["decidedBy"], "display");
    assert!(!display.is_empty() && !display.contains(&deputy.account.username), "a name: {display}");
    assert_eq!(record["onBehalfOf"]["id"], office.person_id(manager).await);
    assert!(!text(record, "etag").is_empty() && !text(record, "decidedAt").is_empty());
    let exported = exported(&office, "jsonl");
    let rows: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let made: Vec<&str> = rows.iter().map(|row| text(row, "decision")).collect();
    assert_eq!(made, ["submit", "approve", "approve"], "{exported}");
    assert_eq!(text(&rows[2], "outcome"), "refused");
    assert_eq!(
        (text(&rows[0], "subject"), text(&rows[1], "subject")),
        (&*claimant.account.username, &*deputy.account.username)
    );
    assert_eq!(text(&rows[1], "outcome"), "confirmed");
    assert_eq!(text(&rows[1], "onBehalfOf"), office.person_id(manager).await);
}

fn exported(office: &Office, format: &str) -> String {
    let arguments = ["decisions", "export", "--config", "portico.toml", "--format", format];
    let run = office.gateway.site.portico(&arguments);
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_their_own_claim_not_even_as_a_deputy() {
    let office = Office::new().await;
    let (claimant, manager) = (&office.claimant, &office.manager());
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let delegation = json!({ "delegateId": office.person_id(claimant).await, "end": end });
    office.post(manager, "/v1/delegations", &key(), None, &delegation).await.expect(201);
    let report = office.make(claimant, "My own").await;
    let words = json!({ "declaration": "Mine." });
    office.follow(claimant, &report, "submit", &words).await.expect(200);
    let task = task_about(&office, claimant, text(&report, "id")).await;
    assert!(allowed_action(&task, "decide").is_none(), "{task:#}");
    let path = format!("/v1/tasks/{}/decisions", text(&task, "id"));
    let decision = json!({ "decision": "approve", "declaration": "Mine, and fine." });
    office.post(claimant, &path, &key(), Some(&quoted(&task)), &decision).await.problem(403, "forbidden");
    assert_eq!(office.odoo.calls("hr.expense.sheet", "action_approve_expense_sheets"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_is_asked_for_and_agreed_and_colleagues_see_when_and_not_why() {
    let office = Office::new().await;
    let (claimant, manager) = (&office.claimant, &office.manager());
    let types = office.get(claimant, "/v1/absence-types").await.expect(200);
    let types = types["items"].as_array().unwrap();
    let kind = types.iter().find(|kind| kind["name"] == "Annual leave");
    let kind = kind.unwrap_or_else(|| panic!("no such kind: {types:#?}"));
    assert_eq!((&kind["approvals"], &kind["needsBalance"]), (&json!(1), &json!(true)));
    let wanted = json!({
        "policyId": kind["id"], "startDate": "2026-12-21", "endDate": "2026-12-22",
        "note": "Llawdriniaeth ar y pen-glin",
    });
    let asked = office.post(claimant, "/v1/absences", &key(), None, &wanted).await.expect(201);
    assert_eq!((text(&asked, "status"), text(&asked, "note")), ("requested", "Llawdriniaeth ar y pen-glin"));
    let person = office.person_id(claimant).await;
    let colleague = office.sign_in(bystander(&office, &[claimant, manager]));
    let busy = format!("/v1/people/{person}/free-busy?from=2026-12-21&to=2026-12-22");
    let times = office.get(&colleague, &busy).await;
    assert_eq!(times.expect(200)["items"][0]["type"], "BUSY-TENTATIVE", "{}", times.text());
    let hidden = office.get(&colleague, &format!("/v1/absences/{}", text(&asked, "id"))).await;
    assert!(matches!(hidden.status(), 403 | 404), "{}", hidden.text());
    let task = task_about(&office, manager, text(&asked, "id")).await;
    assert!(!task.to_string().contains("Llawdriniaeth"), "why is not for the inbox: {task:#}");
    let approve = json!({ "decision": "approve", "declaration": "The team can do without." });
    office.follow(manager, &task, "decide", &approve).await.expect(200);
    let path = format!("/v1/absences/{}", text(&asked, "id"));
    assert_eq!(office.get(claimant, &path).await.expect(200)["status"], "approved");
    let times = office.get(&colleague, &busy).await;
    let shown = times.expect(200);
    assert_eq!(shown["items"][0]["type"], "BUSY-UNAVAILABLE");
    let members: Vec<&String> = shown["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(members.len(), 4, "who, whether, from, until: {members:?}");
    assert!(!times.text().contains("Llawdriniaeth") && !times.text().contains(text(kind, "name")));
}
