//! Employees, and what `portico check` finds.

use portico_contract::people::*;
use portico_contract::systems::CheckSystem;
use portico_contract::{ErrorKind, Upstream};
use serde_json::json;
use tokio::sync::mpsc;

use super::lab::*;

async fn changes(
    lab: &Lab,
    since: Option<portico_contract::paging::Position>,
) -> (Vec<PersonChange>, ChangesTold) {
    let (into, mut from) = mpsc::channel(4);
    let telling = lab.call(PeopleChanges { since, into });
    let hearing = async {
        let mut all = Vec::new();
        while let Some(steps) = from.recv().await {
            all.extend(steps);
        }
        all
    };
    let (told, heard) = tokio::join!(telling, hearing);
    (heard, told.expect("told"))
}

fn put(steps: &[PersonChange]) -> Vec<&PersonRecord> {
    steps
        .iter()
        .filter_map(|step| match step {
            PersonChange::Put(record) => Some(&**record),
            _ => None,
        })
        .collect()
}

in_both! {
    async fn everybody_is_told_and_then_what_changed(lab: &Lab) {
        let (steps, told) = changes(lab, None).await;
        assert_eq!(steps[0], PersonChange::Begin { whole: true });
        let all = lab.sim.count("hr.employee", &json!([])).expect("a model");
        assert_eq!(put(&steps).len(), all);
        let account = lab.somebody();
        let record = put(&steps).into_iter().find(|record| record.id == native(account.employee)).expect("them").clone();
        assert_eq!(record.profile.user_name.as_deref(), Some(account.username.as_str()));
        assert!(record.profile.employee_number.is_some() && record.profile.emails.len() == 1 && record.profile.active);
        assert_eq!(record.manager.map(|manager| manager.id), account.manager.map(native));
        lab.sim.edit("hr.employee", account.employee, &json!({"job_title": "Clerk of Works", "active": false})).expect("an edit");
        // Everybody was imported within one second, which is read again until somebody is changed.
        let (_, told) = changes(lab, told.next).await;
        let (steps, told) = changes(lab, told.next).await;
        assert_eq!(steps[0], PersonChange::Begin { whole: false });
        let changed = put(&steps).into_iter().find(|record| record.id == native(account.employee)).expect("them").clone();
        assert_eq!((changed.profile.title.as_deref(), changed.profile.active), (Some("Clerk of Works"), false));
        assert!(put(&steps).len() < all, "not everybody again");
        assert!(told.next.is_some());
        let old = portico_contract::paging::Position::new("employees:1:1").expect("short");
        let (steps, _) = changes(lab, Some(old)).await;
        assert_eq!(steps[0], PersonChange::Begin { whole: true }, "once a day everybody is told: deletes are invisible");
    }

    async fn people_are_found_by_their_keys(lab: &Lab) {
        let account = lab.somebody();
        let record = lab.sim.record("hr.employee", account.employee, &["work_email", "barcode"]).expect("a model").expect("them");
        let mail = record["work_email"].as_str().expect("a mail").to_uppercase();
        let number = record["barcode"].as_str().expect("a number").to_owned();
        for (key, value, found) in [
            (PersonKey::UserName, account.username.to_uppercase(), true),
            (PersonKey::Email, mail, true),
            (PersonKey::EmployeeNumber, number, true),
            (PersonKey::Email, "%".to_owned(), false),
            (PersonKey::UserName, "_".repeat(account.username.len()), false),
            (PersonKey::Email, " ".to_owned(), false),
            (PersonKey::EmployeeNumber, "0".to_owned(), false),
        ] {
            let people = lab.call(FindPeople { key, value: value.clone() }).await.expect("an answer").0;
            let ids: Vec<_> = people.into_iter().map(|record| record.id).collect();
            let expected = if found { vec![native(account.employee)] } else { vec![] };
            assert_eq!(ids, expected, "{key:?} {value}");
        }
    }

    async fn a_check_names_what_is_missing(lab: &Lab) {
        let report = lab.call(CheckSystem).await.expect("a report");
        assert_eq!(report.version.as_deref(), Some("Odoo 18.0"));
        assert!(report.warnings.iter().any(|warning| warning.contains("no bank account")), "{:?}", report.warnings);
        assert!(report.passed.iter().any(|passed| passed.starts_with("installed: ")), "{:?}", report.passed);
        assert!(lab.sim.rename_field("hr.expense.sheet", "total_tax_amount", Some("tax_total")));
        assert!(lab.sim.rename_field("hr.leave", "number_of_hours", None));
        let error = lab.call(CheckSystem).await.expect_err("fields are missing");
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        for name in ["`hr.expense.sheet.total_tax_amount`", "`hr.leave.number_of_hours`"] {
            assert!(error.detail().contains(name), "{}", error.detail());
        }
    }

    async fn a_refused_login_is_tried_once_and_comes_back_when_it_is_renewed(lab: &Lab) {
        lab.sim.set_password(&lab.sim.login, Some("another"));
        assert_eq!(lab.refused(CheckSystem).await, Some(ErrorKind::CredentialsRefused));
        assert_eq!(lab.sim.calls("common", "authenticate"), 1);
        lab.sim.set_password(&lab.sim.login, Some(&lab.sim.password));
        lab.call(CheckSystem).await.expect("accepted again");
        lab.sim.set_password(&lab.sim.login, None);
        assert_eq!(lab.refused(FindPeople { key: PersonKey::Email, value: "x@y".into() }).await, Some(ErrorKind::CredentialsRefused));
    }
}

#[tokio::test]
async fn signing_in_is_done_once_for_many_calls_at_a_time() {
    let lab = Lab::start("jsonrpc").await;
    let calls =
        (0..20).map(|_| lab.call(FindPeople { key: PersonKey::Email, value: "nobody@example.org".into() }));
    for answer in futures_util::future::join_all(calls).await {
        assert!(answer.expect("an answer").0.is_empty());
    }
    assert_eq!(lab.sim.calls("common", "authenticate"), 1);
}

#[tokio::test]
async fn nothing_is_claimed_that_would_double_the_directory() {
    let lab = Lab::start("jsonrpc").await;
    let Upstream { profile, .. } = &lab.upstream;
    assert!(
        !profile.operations.contains_key("people list") && !profile.operations.contains_key("people get")
    );
}
