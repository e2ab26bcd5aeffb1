//! A back office that drops the connection before, during and after its commit, or answers nonsense.

use std::time::Duration;

use portico_contract::ErrorKind;
use portico_contract::expenses::{CreateExpenseReport, ListExpenseReports, SubmitExpenseReport};
use portico_contract::systems::FindByMarker;
use portico_odoo_sim::{Fault, On};
use portico_schemas::{Outcome, ResourceType};

use super::lab::*;

in_both! {
    async fn a_lost_creation_is_unknown_and_its_marker_tells(lab: &Lab) {
        let employee = native(lab.somebody().employee);
        for (digit, fault, made) in [
            ('1', Fault::DropAfter, true),
            ('2', Fault::DropBefore, false),
            ('3', Fault::Garbage, true),
            ('4', Fault::Truncate(20), true),
            ('5', Fault::GatewayTimeout, true),
            ('6', Fault::BadGateway, false),
        ] {
            lab.sim.inject(On::method("hr.expense.sheet", "load"), fault.clone()).times(1);
            let create = CreateExpenseReport { employee: employee.clone(), draft: lab.draft() };
            let error = lab.marked(&marker(digit), create).await.expect_err("lost");
            assert_eq!(error.outcome(), Outcome::Unknown, "{fault:?}: {error:?}");
            let find = FindByMarker { marker: marker(digit), resource: ResourceType::ExpenseReport };
            let found = lab.call(find).await.expect("an answer").found;
            assert_eq!(found.len(), usize::from(made), "{fault:?}");
        }
    }

    async fn a_refused_transaction_failed(lab: &Lab) {
        let employee = native(lab.somebody().employee);
        lab.sim.inject(On::method("hr.expense.sheet", "load"), Fault::SerializationFailure).times(1);
        let create = CreateExpenseReport { employee, draft: lab.draft() };
        let error = lab.marked(&marker('7'), create).await.expect_err("refused");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BackendStatus, Outcome::Failed));
        assert_eq!(lab.sim.created("hr.expense.sheet"), 0);
    }

    async fn an_answer_that_cannot_be_read_after_a_creation_leaves_it_unknown(lab: &Lab) {
        lab.sim.inject(On::method("hr.expense", "search_read"), Fault::BadGateway).times(1);
        let create = CreateExpenseReport { employee: native(lab.somebody().employee), draft: lab.draft() };
        let error = lab.marked(&marker('8'), create).await.expect_err("it could not be read");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(lab.sim.created("hr.expense.sheet"), 1);
    }

    async fn nonsense_is_an_invalid_response_and_never_an_empty_list(lab: &Lab) {
        lab.call(ListExpenseReports { query: first(1) }).await.expect("a page");
        for (fault, kind) in [
            (Fault::Garbage, ErrorKind::InvalidResponse),
            (Fault::BadGateway, ErrorKind::BackendStatus),
            (Fault::GatewayTimeout, ErrorKind::Timeout),
            (Fault::TooManyRequests(Some(7)), ErrorKind::RateLimited),
            (Fault::DropBefore, ErrorKind::ConnectionLost),
        ] {
            lab.sim.inject(On::method("hr.expense.sheet", "search_read"), fault.clone()).times(1);
            assert_eq!(lab.refused(ListExpenseReports { query: first(5) }).await, Some(kind), "{fault:?}");
        }
        lab.sim.inject(On::method("hr.expense.sheet", "search_read"), Fault::Truncate(100)).times(1);
        let cut = lab.refused(ListExpenseReports { query: first(5) }).await;
        // Whether the end or the reset of the connection is seen first.
        assert!(matches!(cut, Some(ErrorKind::InvalidResponse | ErrorKind::ConnectionLost)), "{cut:?}");
        lab.call(ListExpenseReports { query: first(5) }).await.expect("a page again");
    }

    async fn a_slow_commit_is_waited_for(lab: &Lab) {
        let report = lab.new_report(lab.somebody().employee).await;
        lab.sim.inject(On::method("hr.expense.sheet", "action_submit_sheet"), Fault::SlowCommit(Duration::from_millis(50))).times(1);
        lab.call(SubmitExpenseReport { report: report.id, version: None }).await.expect("submitted");
    }
}
