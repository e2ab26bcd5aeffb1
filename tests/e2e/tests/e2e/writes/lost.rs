//! Odoo drops the connection before, during and after its commit.

use std::time::Duration;

use portico_odoo_sim::{Fault, On};
use portico_simkit::wait::wait_for;
use serde_json::{Value, json};

use super::waiting::Scenario;
use super::{Office, Somebody, key, offered, text};
use crate::support::Answer;

/// "It is not there" is believed only once the call has been over for longer than it could have taken: 30 s, and 30 more.
const SETTLED: Duration = Duration::from_secs(150);

/// How the answer is lost, and whether it happened.
fn losses() -> [(Fault, bool); 3] {
    let during = Fault::DropDuring(Duration::from_millis(1_500));
    [(Fault::DropBefore, false), (during, true), (Fault::DropAfter, true)]
}

/// One write whose answer was lost, and how to ask for it again.
struct Lost<'a> {
    who: &'a Somebody,
    path: String,
    key: String,
    etag: Option<String>,
    body: Value,
    happened: bool,
    operation: String,
}

impl<'a> Lost<'a> {
    /// Sends it once; the answer has to be 202 with where to look.
    async fn send(
        office: &Office,
        who: &'a Somebody,
        path: &str,
        etag: Option<&str>,
        body: Value,
        happened: bool,
    ) -> Self {
        let key = key();
        let answer = office.post(who, path, &key, etag, &body).await;
        let operation = answer.expect(202);
        assert_eq!(operation["status"], "unknown", "{operation:#}");
        let location = answer.header("location").expect("where to look").to_owned();
        assert_eq!(location, format!("/v1/operations/{}", text(&operation, "id")));
        assert!(answer.header("retry-after").is_some());
        let lost = Self {
            who,
            path: path.to_owned(),
            key,
            etag: etag.map(str::to_owned),
            body,
            happened,
            operation: location,
        };
        let again = lost.again(office).await;
        // Unless it was found already.
        if again.status() != 200 {
            assert_eq!(again.status(), 202, "{}", again.text());
            assert_eq!(again.header("location"), Some(&*lost.operation));
        }
        lost
    }

    async fn again(&self, office: &Office) -> Answer {
        office.post(self.who, &self.path, &self.key, self.etag.as_deref(), &self.body).await
    }

    /// Waits for what became of it; what the key is then answered.
    async fn settled(&self, office: &Office) -> Option<Value> {
        let settled = async || {
            let operation = office.get(self.who, &self.operation).await.expect(200);
            matches!(text(&operation, "status"), "confirmed" | "refused").then_some(operation)
        };
        let operation = wait_for(settled, SETTLED).await.unwrap_or_else(|_| panic!("{} is open", self.path));
        let again = self.again(office).await;
        if self.happened {
            assert_eq!(operation["status"], "confirmed", "{}: {operation:#}", self.path);
            return Some(again.expect(200));
        }
        assert_eq!(operation["status"], "refused", "{}: {operation:#}", self.path);
        let problem = again.json();
        assert!(again.status() >= 400, "{problem:#}");
        assert_eq!(problem["outcome"], "failed", "{problem:#}");
        assert_eq!(problem["code"], operation["problem"]["code"], "the same problem: {problem:#}");
        None
    }
}

#[test]
fn a_lost_creation_settles_to_the_truth_and_is_never_made_twice() {
    Scenario::LostCreations.ended();
}

pub async fn creations() {
    let office = &Office::new().await;
    office.odoo.reset_counters();
    let mut lost = Vec::new();
    for (number, (fault, happened)) in losses().into_iter().enumerate() {
        office.odoo.inject(On::method("hr.expense.sheet", "load"), fault).times(1);
        let claim = office.claim(&format!("Lost {number}"));
        let sent = Lost::send(office, &office.claimant, "/v1/expense-reports", None, claim, happened).await;
        lost.push(sent);
    }
    for (number, one) in lost.iter().enumerate().rev() {
        let report = one.settled(office).await;
        let title = format!("Lost {number}");
        assert_eq!(office.sheets(&title), usize::from(one.happened), "{title}");
        if let Some(report) = report {
            assert_eq!(report["title"], title);
            assert_eq!(
                office.get(&office.claimant, &one.operation).await.json()["resource"],
                report_path(&report)
            );
        }
    }
    assert_eq!(office.odoo.calls("hr.expense.sheet", "load"), 3, "none was sent again");
    // What did not happen may be asked for again, under a new key.
    office.make(&office.claimant, "Lost 0").await;
    assert_eq!((office.sheets("Lost 0"), office.odoo.created("hr.expense.sheet")), (1, 3));
}

fn report_path(report: &Value) -> String {
    format!("/v1/expense-reports/{}", text(report, "id"))
}

#[test]
fn a_lost_submission_and_a_lost_approval_settle_to_the_truth() {
    Scenario::LostSteps.ended();
}

pub async fn submissions_and_approvals() {
    let office = &Office::new().await;
    let manager = &office.manager();
    let declaration = json!({ "declaration": "These are my own expenses." });
    let mut lost = Vec::new();
    for (number, (fault, happened)) in losses().into_iter().enumerate() {
        // One whose submission is lost,
        let report = office.make(&office.claimant, &format!("Submission {number}")).await;
        office.odoo.inject(On::method("hr.expense.sheet", "action_submit_sheet"), fault.clone()).times(1);
        let (_, path) = offered(&report, "submit");
        let etag = quoted(&report);
        let body = declaration.clone();
        lost.push(Lost::send(office, &office.claimant, path, Some(&etag), body, happened).await);
        // and one whose approval is.
        let title = format!("Approval {number}");
        let report = office.make(&office.claimant, &title).await;
        let (_, path) = offered(&report, "submit");
        office.post(&office.claimant, path, &key(), Some(&quoted(&report)), &declaration).await.expect(200);
        let task = task_about(office, manager, text(&report, "id")).await;
        let fault_at = On::method("hr.expense.sheet", "action_approve_expense_sheets");
        office.odoo.inject(fault_at, fault).times(1);
        let body = json!({ "decision": "approve", "declaration": "I have seen the receipts." });
        let (_, path) = offered(&task, "decide");
        lost.push(Lost::send(office, manager, path, Some(&quoted(&task)), body, happened).await);
    }
    for one in lost.iter().rev() {
        let now = one.settled(office).await;
        if let Some(now) = now {
            let wanted = if one.path.ends_with("/submission") { "submitted" } else { "completed" };
            assert_eq!(now["status"], wanted, "{now:#}");
        }
    }
    let state = |title: &str| {
        let found = office.odoo.find("hr.expense.sheet", &json!([["name", "=", title]])).unwrap();
        let record = office.odoo.record("hr.expense.sheet", found[0], &["state"]).unwrap().unwrap();
        record["state"].as_str().unwrap().to_owned()
    };
    let submitted: Vec<_> = (0..3).map(|number| state(&format!("Submission {number}"))).collect();
    assert_eq!(submitted, ["draft", "submit", "submit"]);
    let approved: Vec<_> = (0..3).map(|number| state(&format!("Approval {number}"))).collect();
    assert_eq!(approved, ["submit", "approve", "approve"]);
    // Three whose submission was lost, three whose submission was not.
    assert_eq!(office.odoo.calls("hr.expense.sheet", "action_submit_sheet"), 6, "none was sent again");
    assert_eq!(office.odoo.calls("hr.expense.sheet", "action_approve_expense_sheets"), 3);
}

/// The tag of a resource as a field.
pub fn quoted(resource: &Value) -> String {
    format!("\"{}\"", text(resource, "etag"))
}

/// The task about a thing, read whole, in somebody's inbox.
pub async fn task_about(office: &Office, who: &Somebody, id: &str) -> Value {
    let inbox = office.get(who, "/v1/tasks?limit=200").await.expect(200);
    let task = inbox["items"].as_array().unwrap().iter().find(|task| task["subject"]["id"] == id);
    let task = task.unwrap_or_else(|| panic!("it is in no inbox: {inbox:#}"));
    office.get(who, &format!("/v1/tasks/{}", text(task, "id"))).await.expect(200)
}
