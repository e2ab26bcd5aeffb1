//! Time off: asking, taking back, balances, and when colleagues are away.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use portico_contract::absences::*;
use portico_contract::paging::{Comparison, Filter, ListQuery, Scalar};
use portico_contract::systems::FindByMarker;
use portico_contract::{ErrorKind, NativeId};
use portico_schemas::{AbsenceStatus, AbsenceUnit, DayPart, ResourceType};
use serde_json::json;

use super::lab::*;

/// A type that needs no balance and one approval or more.
async fn free_type(lab: &Lab, approvals: u8) -> AbsenceTypeRecord {
    let types = lab.call(ListAbsenceTypes { query: first(50) }).await.expect("types");
    let mut found = types.items.into_iter().map(|listed| listed.item);
    found
        .find(|kind| !kind.needs_balance && kind.approvals == approvals && kind.units != AbsenceUnit::Hours)
        .expect("such a type")
}

fn ask(lab: &Lab, kind: &NativeId, from: Date, to: Date) -> RequestAbsence {
    let draft = AbsenceDraft {
        absence_type: kind.clone(),
        start_date: from,
        end_date: to,
        day_part: None,
        note: Some("Ski – Åre".into()),
    };
    RequestAbsence { employee: native(lab.somebody().employee), draft }
}

in_both! {
    async fn leave_is_asked_for_and_taken_back(lab: &Lab) {
        let kind = free_type(lab, 1).await;
        let request = ask(lab, &kind.id, date(2027, 5, 3), date(2027, 5, 6));
        let absence = lab.marked(&marker('c'), request.clone()).await.expect("a request");
        assert_eq!((absence.status, absence.native_status.as_str()), (AbsenceStatus::Requested, "confirm"));
        assert_eq!((absence.start_date, absence.end_date), (date(2027, 5, 3), date(2027, 5, 6)));
        assert_eq!((absence.amount.map(|days| days.to_string()).as_deref(), absence.units), (Some("4"), kind.units));
        assert_eq!(absence.note.as_deref(), Some("Ski – Åre"));
        assert_eq!(absence.absence_type.as_ref().map(|link| &link.id), Some(&kind.id));
        let find = FindByMarker { marker: marker('c'), resource: ResourceType::Absence };
        assert_eq!(lab.call(find).await.expect("an answer").found, vec![absence.id.clone()]);
        assert_eq!(lab.marked(&marker('c'), request).await.expect("the same").id, absence.id);
        assert_eq!(lab.sim.created("hr.leave"), 1);
        let overlap = ask(lab, &kind.id, date(2027, 5, 6), date(2027, 5, 7));
        let error = lab.call(overlap).await.expect_err("it overlaps");
        assert_eq!((error.kind(), error.detail().contains("another absence")), (ErrorKind::Conflict, true));
        let cancel = CancelAbsence { absence: absence.id.clone(), version: absence.version.clone() };
        let stale = CancelAbsence { version: Some(portico_contract::documents::SourceVersion("x".into())), ..cancel.clone() };
        assert_eq!(lab.refused(stale).await, Some(ErrorKind::PreconditionFailed));
        assert!(absence.cancellable);
        let cancelled = lab.call(cancel.clone()).await.expect("it can be taken back");
        assert_eq!((cancelled.status, cancelled.cancellable), (AbsenceStatus::Cancelled, false));
        assert_eq!(lab.call(cancel).await.expect("once more is harmless").status, AbsenceStatus::Cancelled);
    }

    async fn faults_of_a_request_are_named(lab: &Lab) {
        let kind = free_type(lab, 1).await.id;
        let backwards = ask(lab, &kind, date(2027, 5, 6), date(2027, 5, 3));
        let mut halves = ask(lab, &kind, date(2027, 5, 3), date(2027, 5, 4));
        halves.draft.day_part = Some(DayPart::Morning);
        let unknown = ask(lab, &NativeId::new("x").expect("short"), date(2027, 5, 3), date(2027, 5, 4));
        for (request, pointer) in [(backwards, "/endDate"), (halves, "/dayPart"), (unknown, "/policyId")] {
            let error = lab.call(request).await.expect_err(pointer);
            assert_eq!((error.kind(), error.fields()[0].pointer.as_str()), (ErrorKind::InvalidInput, pointer));
        }
        assert_eq!(lab.refused(ask(lab, &native(999_999), date(2027, 5, 3), date(2027, 5, 4))).await, Some(ErrorKind::InvalidInput));
        let nobody = RequestAbsence { employee: NativeId::new("x").expect("short"), ..ask(lab, &kind, date(2027, 5, 3), date(2027, 5, 4)) };
        assert_eq!(lab.refused(nobody).await, Some(ErrorKind::NotFound));
        assert_eq!(lab.sim.created("hr.leave"), 0);
    }

    async fn half_a_day_is_half_a_day(lab: &Lab) {
        let mut request = ask(lab, &free_type(lab, 1).await.id, date(2027, 6, 1), date(2027, 6, 1));
        request.draft.day_part = Some(DayPart::Afternoon);
        let absence = lab.call(request).await.expect("half a day");
        assert_eq!((absence.day_part, absence.amount.map(|days| days.to_string()).as_deref()), (Some(DayPart::Afternoon), Some("0.5")));
    }

    async fn lists_are_filtered_by_day_and_status(lab: &Lab) {
        let all = lab.sim.count("hr.leave", &json!([])).expect("a model");
        let (mut query, mut found) = (first(7), Vec::new());
        loop {
            let page = lab.call(ListAbsences { query: query.clone() }).await.expect("a page");
            found.extend(page.items.into_iter().map(|listed| listed.item));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        let ids: BTreeSet<_> = found.iter().map(|absence| absence.id.clone()).collect();
        assert_eq!((ids.len(), found.len()), (all, all));
        let middle = found[found.len() / 2].start_date;
        let filters = vec![
            Filter { field: "startDate".into(), comparison: Comparison::Lte, values: vec![Scalar::Text(middle.to_string())] },
            Filter { field: "status".into(), comparison: Comparison::In, values: vec![Scalar::Text("approved".into())] },
        ];
        let page = lab.call(ListAbsences { query: ListQuery { filters, ..first(200) } }).await.expect("a page");
        let expected = found.iter().filter(|a| a.start_date <= middle && a.status == AbsenceStatus::Approved).count();
        assert_eq!(page.items.len(), expected);
    }

    async fn balances_are_what_was_granted_and_used(lab: &Lab) {
        let allocations = lab.sim.find("hr.leave.allocation", &json!([["state", "=", "validate"]])).expect("a model");
        let allocation = lab.sim.record("hr.leave.allocation", allocations[0], &["employee_id", "number_of_days"]).expect("a model").expect("it");
        let employee = allocation["employee_id"][0].as_i64().expect("an id");
        let balances = lab.call(GetAbsenceBalances { employee: native(employee) }).await.expect("balances").0;
        assert!(!balances.is_empty());
        assert!(balances.iter().all(|balance| balance.granted > rust_decimal::Decimal::ZERO && balance.used <= balance.granted));
        assert_eq!(lab.refused(GetAbsenceBalances { employee: native(999_999) }).await, Some(ErrorKind::NotFound));
    }

    async fn colleagues_are_seen_to_be_away_and_never_why(lab: &Lab) {
        let kind = free_type(lab, 1).await.id;
        let request = ask(lab, &kind, date(2027, 7, 5), date(2027, 7, 6));
        let employee = request.employee.clone();
        lab.call(request).await.expect("a request");
        let ask = |from, to| ListBusyTimes { employees: vec![employee.clone(), NativeId::new("x").expect("short")], from, to };
        let times = lab.call(ask(date(2027, 7, 6), date(2027, 7, 9))).await.expect("times").0;
        assert_eq!(times.len(), 1);
        assert_eq!((times[0].agreed, times[0].start.to_string().as_str()), (false, "2027-07-05T07:00:00Z"));
        assert!(lab.call(ask(date(2027, 7, 7), date(2027, 7, 9))).await.expect("times").0.is_empty());
    }
}

#[tokio::test]
async fn odoo_17_is_understood() {
    let lab = Lab::with("xmlrpc", portico_odoo_sim::Version::V17).await;
    lab.call(portico_contract::systems::CheckSystem).await.expect("every field is there");
    let page = lab.call(ListAbsences { query: first(5) }).await.expect("a page");
    assert!(!page.items.is_empty() && page.items.iter().all(|listed| !listed.item.cancellable));
    assert!(page.items[0].item.url.as_deref().is_some_and(|url| url.contains("/web#id=")));
}
