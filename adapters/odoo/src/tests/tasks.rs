//! What waits for a decision, and deciding it.

use std::collections::BTreeSet;

use jiff::civil::date;
use portico_contract::absences::{AbsenceDraft, ListAbsenceTypes, RequestAbsence};
use portico_contract::access::Scope;
use portico_contract::expenses::SubmitExpenseReport;
use portico_contract::paging::{Comparison, Filter, ListQuery, Scalar};
use portico_contract::tasks::*;
use portico_contract::{ErrorKind, NativeId};
use portico_odoo_sim::{Fault, On};
use portico_schemas::{Outcome, ResourceType, TaskStatus};
use serde_json::json;

use super::lab::*;

fn task_of(report: &NativeId) -> NativeId {
    NativeId::new(&format!("report:{}", report.as_str())).expect("short")
}

fn decide(task: &TaskRecord, decision: &str, comment: Option<&str>) -> DecideTask {
    DecideTask {
        task: task.id.clone(),
        decision: decision.to_owned(),
        comment: comment.map(str::to_owned),
        version: task.version.clone(),
        decided_by: None,
    }
}

async fn submitted(lab: &Lab, employee: i64) -> TaskRecord {
    let report = lab.new_report(employee).await;
    lab.call(SubmitExpenseReport { report: report.id.clone(), version: None }).await.expect("submitted");
    lab.call(GetTask { task: task_of(&report.id) }).await.expect("a task")
}

async fn requested(lab: &Lab, approvals: u8) -> TaskRecord {
    let types = lab.call(ListAbsenceTypes { query: first(50) }).await.expect("types");
    let kind = types
        .items
        .into_iter()
        .map(|listed| listed.item)
        .find(|kind| !kind.needs_balance && kind.approvals == approvals);
    let kind = match kind {
        Some(kind) => kind.id,
        None => native(
            lab.sim
                .create(
                    "hr.leave.type",
                    &json!({
                        "name": "Study", "requires_allocation": "no", "request_unit": "day",
                        "leave_validation_type": if approvals == 2 { "both" } else { "hr" },
                    }),
                )
                .expect("a type"),
        ),
    };
    let draft = AbsenceDraft {
        absence_type: kind,
        start_date: date(2027, 5, 3),
        end_date: date(2027, 5, 4),
        day_part: None,
        note: None,
    };
    let absence = lab
        .call(RequestAbsence { employee: native(lab.somebody().employee), draft })
        .await
        .expect("a request");
    let task = NativeId::new(&format!("absence:{}", absence.id.as_str())).expect("short");
    lab.call(GetTask { task }).await.expect("a task")
}

in_both! {
    async fn a_claim_is_approved_once(lab: &Lab) {
        let task = submitted(lab, lab.somebody().employee).await;
        assert_eq!((task.status, task.subject.resource), (TaskStatus::Ready, ResourceType::ExpenseReport));
        assert_eq!(task.subject.amount, Some(pounds("33.34")));
        assert_eq!(task.potential_owners.iter().map(|person| number(&person.id)).collect::<Vec<_>>(), lab.somebody().manager.into_iter().collect::<Vec<_>>());
        assert_eq!(task.choices.iter().map(|choice| (choice.key, choice.comment_mandatory)).collect::<Vec<_>>(), [("approve", false), ("refuse", true)]);
        let mut stale = decide(&task, "approve", None);
        stale.version = Some(portico_contract::documents::SourceVersion("x".into()));
        assert_eq!(lab.refused(stale).await, Some(ErrorKind::PreconditionFailed));
        assert_eq!(lab.refused(decide(&task, "validate", None)).await, Some(ErrorKind::InvalidInput));
        let done = lab.call(decide(&task, "approve", None)).await.expect("approved");
        assert_eq!((done.status, done.decision, done.native_status.as_str()), (TaskStatus::Completed, Some("approve"), "approve"));
        assert!(done.choices.is_empty() && done.actual_owner.is_some());
        let again = lab.call(decide(&task, "approve", None)).await.expect("twice is as once");
        assert_eq!(again.status, TaskStatus::Completed);
        assert_eq!(lab.sim.calls("hr.expense.sheet", "action_approve_expense_sheets"), 1);
        assert_eq!(lab.refused(decide(&done, "refuse", Some("late"))).await, Some(ErrorKind::Conflict));
    }

    async fn a_claim_is_refused_with_a_reason(lab: &Lab) {
        let task = submitted(lab, lab.somebody().employee).await;
        let error = lab.call(decide(&task, "refuse", Some("  "))).await.expect_err("why?");
        assert_eq!((error.kind(), error.fields()[0].pointer.as_str()), (ErrorKind::InvalidInput, "/comment"));
        let done = lab.call(decide(&task, "refuse", Some("no receipt <b>"))).await.expect("refused");
        assert_eq!((done.status, done.decision, done.native_status.as_str()), (TaskStatus::Completed, Some("refuse"), "cancel"));
    }

    async fn without_a_bank_account_it_is_said_why(lab: &Lab) {
        let poor = lab.sim.accounts.iter().find(|account| !account.bank_account).expect("somebody without");
        let task = submitted(lab, poor.employee).await;
        let error = lab.call(decide(&task, "approve", None)).await.expect_err("no account");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Failed));
        assert!(error.detail().contains("bank account"));
        let after = lab.call(GetTask { task: task.id }).await.expect("a task");
        assert_eq!(after.status, TaskStatus::Ready);
    }

    async fn leave_is_approved_by_one_or_by_two(lab: &Lab) {
        let one = requested(lab, 1).await;
        let done = lab.call(decide(&one, "approve", Some("enjoy"))).await.expect("approved");
        assert_eq!((done.status, done.decision), (TaskStatus::Completed, Some("approve")));
        assert_eq!(lab.call(decide(&one, "approve", None)).await.expect("twice is as once").status, TaskStatus::Completed);
    }

    async fn leave_of_two_approvals_is_ready_again_between_them(lab: &Lab) {
        let two = requested(lab, 2).await;
        let first = lab.call(decide(&two, "approve", None)).await.expect("approved");
        assert_eq!((first.status, first.native_status.as_str()), (TaskStatus::Ready, "validate1"));
        assert_eq!(first.choices.iter().map(|choice| choice.key).collect::<Vec<_>>(), ["validate", "refuse"]);
        let second = lab.call(decide(&first, "validate", None)).await.expect("validated");
        assert_eq!((second.status, second.decision), (TaskStatus::Completed, Some("validate")));
    }

    async fn leave_is_refused(lab: &Lab) {
        let task = requested(lab, 1).await;
        let done = lab.call(decide(&task, "refuse", None)).await.expect("refused");
        assert_eq!((done.status, done.decision), (TaskStatus::Completed, Some("refuse")));
    }

    async fn the_inbox_holds_both_kinds_and_pages_through_them(lab: &Lab) {
        let waiting = lab.sim.count("hr.expense.sheet", &json!([["state", "=", "submit"]])).expect("a model")
            + lab.sim.count("hr.leave", &json!([["state", "in", ["confirm", "validate1"]]])).expect("a model");
        let (mut query, mut found) = (first(3), Vec::new());
        loop {
            let page = lab.call(ListTasks { query: query.clone() }).await.expect("a page");
            found.extend(page.items.into_iter().map(|listed| listed.item));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        let ids: BTreeSet<_> = found.iter().map(|task| task.id.clone()).collect();
        assert_eq!((ids.len(), found.len()), (waiting, waiting));
        assert!(found.iter().all(|task| task.status == TaskStatus::Ready && !task.choices.is_empty()));
        for kind in [ResourceType::ExpenseReport, ResourceType::Absence] {
            assert!(found.iter().any(|task| task.subject.resource == kind), "{kind:?}");
        }
        let assignee = found.iter().find_map(|task| task.facts.assignees.first()).expect("somebody").clone();
        let scope = Scope::Assignees(BTreeSet::from([assignee]));
        let mine = lab.call(ListTasks { query: ListQuery { scope: scope.clone(), ..first(200) } }).await.expect("a page");
        let expected = found.iter().filter(|task| scope.shows(&task.facts)).count();
        assert_eq!(mine.items.len(), expected);
        let done = Filter { field: "status".into(), comparison: Comparison::In, values: vec![Scalar::Text("completed".into())] };
        let done = lab.call(ListTasks { query: ListQuery { filters: vec![done], ..first(20) } }).await.expect("a page");
        assert!(!done.items.is_empty() && done.items.iter().all(|listed| listed.item.decision.is_some()));
    }

    async fn a_task_that_never_was_is_not_found(lab: &Lab) {
        let report = lab.new_report(lab.somebody().employee).await;
        for id in [task_of(&report.id).as_str(), "report:999999", "absence:999999", "report:x", "report:", "7", "sheet:1"] {
            let task = NativeId::new(id).expect("short");
            assert_eq!(lab.refused(GetTask { task }).await, Some(ErrorKind::NotFound), "{id}");
        }
    }

    async fn a_decision_whose_answer_was_lost_is_unknown(lab: &Lab) {
        let task = submitted(lab, lab.somebody().employee).await;
        lab.sim.inject(On::method("hr.expense.sheet", "action_approve_expense_sheets"), Fault::DropAfter).times(1);
        let error = lab.call(decide(&task, "approve", None)).await.expect_err("lost");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
        // Read back, as the reconciler does.
        let after = lab.call(GetTask { task: task.id.clone() }).await.expect("a task");
        assert_eq!(after.decision, Some("approve"));
    }
}
