//! The suites are shown to fail: the adapter over the simulator is right in everything, and a layer over it wrong in one thing.
//! Each defect has to be caught by exactly the checks that are about it.

use std::sync::Arc;

use futures_util::StreamExt;
use portico_contract::absences::*;
use portico_contract::access::Scope;
use portico_contract::documents::ContentHead;
use portico_contract::expenses::*;
use portico_contract::paging::SourcePage;
use portico_contract::systems::{CheckReport, CheckSystem, FindByMarker};
use portico_contract::tasks::*;
use portico_contract::{
    AdapterBuilder, ByteStream, CallContext, CallService, Error, ErrorKind, Handler, NativeId, Operation,
    Streamed, SystemKey, Upstream,
};
use portico_odoo_sim::{Options, Sim};
use portico_schemas::{ExpenseReportStatus, Outcome};
use rust_decimal::Decimal;

use super::{Suite, place, simulated};

/// One thing that an adapter can get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    SkipsAReportOnPageTwo,
    IgnoresFilters,
    IgnoresScope,
    PositionsEndThePage,
    ListsLessThanItReads,
    LosesAPenny,
    EscapesTexts,
    IgnoresVersions,
    MakesLinesAnew,
    SubmitsOnce,
    TakesMissingForBroken,
    ForgetsTheMarker,
    RepeatsLostWrites,
    CutsReceipts,
    WholeDaysOnly,
    BlamesTheCaller,
    ForgetsWhoIsAway,
    CountsNoRequests,
    CancelsNothing,
    ListsWhatIsDecided,
    RenamesDecidedTasks,
    CommentsByItself,
    DecidesOnce,
    ApprovesAnyway,
}

struct Faulty {
    inner: Upstream,
    defect: Defect,
}

impl Faulty {
    fn is(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    async fn pass<O: Operation + Clone>(&self, context: &CallContext, op: &O) -> Result<O::Output, Error> {
        self.inner.call(context.clone(), op.clone()).await
    }

    fn wrong<T>(&self, kind: ErrorKind) -> Result<T, Error> {
        Err(Error::new(kind, "The faulty adapter refuses this, wrongly."))
    }
}

macro_rules! passes {
    ($($operation:ty => $output:ty,)+) => {
        $(
            impl Handler<$operation> for Faulty {
                async fn handle(&self, context: &CallContext, op: &$operation) -> Result<$output, Error> {
                    self.pass(context, op).await
                }
            }
        )+
    };
}

passes! {
    CheckSystem => CheckReport,
    FindByMarker => portico_contract::systems::MarkedWrites,
    DeleteExpenseReport => (),
    WithdrawExpenseReport => ExpenseReportRecord,
    AttachReceipt => ReceiptRecord,
    RemoveReceipt => (),
    ListExpenseCategories => SourcePage<ExpenseCategoryRecord>,
    ListProjects => SourcePage<CostObjectRecord>,
    ListCostCentres => SourcePage<CostObjectRecord>,
    ListTaxRates => SourcePage<TaxRateRecord>,
    ListAbsences => SourcePage<AbsenceRecord>,
    GetAbsence => AbsenceRecord,
    ListAbsenceTypes => SourcePage<AbsenceTypeRecord>,
    GetTask => TaskRecord,
}

impl Handler<ListExpenseReports> for Faulty {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListExpenseReports,
    ) -> Result<SourcePage<ExpenseReportRecord>, Error> {
        let mut op = op.clone();
        if self.is(Defect::IgnoresFilters) {
            op.query.filters.clear();
        }
        if self.is(Defect::IgnoresScope) {
            op.query.scope = Scope::All;
        }
        let mut page = self.pass(context, &op).await?;
        if self.is(Defect::SkipsAReportOnPageTwo) && op.query.after.is_some() && !page.items.is_empty() {
            page.items.remove(0);
        }
        if self.is(Defect::PositionsEndThePage)
            && let Some(last) = page.items.last().map(|listed| listed.position.clone())
        {
            page.items.iter_mut().for_each(|listed| listed.position = last.clone());
        }
        if self.is(Defect::ListsLessThanItReads) {
            page.items.iter_mut().for_each(|listed| listed.item.url = None);
        }
        Ok(page)
    }
}

impl Handler<GetExpenseReport> for Faulty {
    async fn handle(
        &self,
        context: &CallContext,
        op: &GetExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        match self.pass(context, op).await {
            Err(error) if self.is(Defect::TakesMissingForBroken) && error.kind() == ErrorKind::NotFound => {
                self.wrong(ErrorKind::BackendStatus)
            }
            other => other,
        }
    }
}

impl Handler<CreateExpenseReport> for Faulty {
    async fn handle(
        &self,
        context: &CallContext,
        op: &CreateExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let (mut context, mut op) = (context.clone(), op.clone());
        if self.is(Defect::ForgetsTheMarker) {
            context.marker = None;
        }
        if self.is(Defect::EscapesTexts) {
            op.draft.title = op.draft.title.replace('<', "&lt;");
        }
        if self.is(Defect::LosesAPenny) {
            let amounts = op.draft.lines.iter_mut().filter_map(|line| line.amount.as_mut());
            // As a number of 32 bits would.
            amounts.filter(|money| money.amount > Decimal::from(1_000_000)).for_each(|money| {
                money.amount -= Decimal::new(1, 2);
            });
        }
        let made = self.pass(&context, &op).await;
        match made {
            Err(error) if self.is(Defect::RepeatsLostWrites) && error.outcome() == Outcome::Unknown => {
                context.marker = None;
                self.pass(&context, &op).await
            }
            made => made,
        }
    }
}

impl Handler<EditExpenseReport> for Faulty {
    async fn handle(
        &self,
        context: &CallContext,
        op: &EditExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let mut op = op.clone();
        if self.is(Defect::IgnoresVersions) {
            op.version = None;
        }
        if self.is(Defect::MakesLinesAnew) {
            op.draft.lines.iter_mut().for_each(|line| line.line = None);
        }
        self.pass(context, &op).await
    }
}

impl Handler<SubmitExpenseReport> for Faulty {
    async fn handle(
        &self,
        context: &CallContext,
        op: &SubmitExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        if self.is(Defect::SubmitsOnce) {
            let now = self.pass(context, &GetExpenseReport { report: op.report.clone() }).await?;
            if now.status == ExpenseReportStatus::Submitted {
                return self.wrong(ErrorKind::Conflict);
            }
        }
        self.pass(context, op).await
    }
}

impl Handler<ReadReceipt> for Faulty {
    async fn handle(&self, context: &CallContext, op: &ReadReceipt) -> Result<Streamed<ContentHead>, Error> {
        let Streamed { head, body } = self.pass(context, op).await?;
        if !self.is(Defect::CutsReceipts) {
            return Ok(Streamed { head, body });
        }
        let cut = body.map(|piece| piece.map(|piece| piece.slice(..piece.len().saturating_sub(1))));
        Ok(Streamed { head, body: ByteStream::new(cut) })
    }
}

impl Handler<RequestAbsence> for Faulty {
    async fn handle(&self, context: &CallContext, op: &RequestAbsence) -> Result<AbsenceRecord, Error> {
        let mut op = op.clone();
        if self.is(Defect::WholeDaysOnly) {
            op.draft.day_part = None;
        }
        match self.pass(context, &op).await {
            Err(error) if self.is(Defect::BlamesTheCaller) && error.kind() == ErrorKind::Conflict => {
                self.wrong(ErrorKind::InvalidInput)
            }
            other => other,
        }
    }
}

impl Handler<CancelAbsence> for Faulty {
    async fn handle(&self, context: &CallContext, op: &CancelAbsence) -> Result<AbsenceRecord, Error> {
        if self.is(Defect::CancelsNothing) {
            return self.pass(context, &GetAbsence { absence: op.absence.clone() }).await;
        }
        self.pass(context, op).await
    }
}

impl Handler<GetAbsenceBalances> for Faulty {
    async fn handle(&self, context: &CallContext, op: &GetAbsenceBalances) -> Result<AbsenceBalances, Error> {
        let mut balances = self.pass(context, op).await?;
        if self.is(Defect::CountsNoRequests) {
            balances.0.iter_mut().for_each(|balance| balance.used = Decimal::ZERO);
        }
        Ok(balances)
    }
}

impl Handler<ListBusyTimes> for Faulty {
    async fn handle(&self, context: &CallContext, op: &ListBusyTimes) -> Result<BusyTimes, Error> {
        let mut times = self.pass(context, op).await?;
        if self.is(Defect::ForgetsWhoIsAway) {
            times.0.pop();
        }
        Ok(times)
    }
}

impl Handler<ListTasks> for Faulty {
    async fn handle(&self, context: &CallContext, op: &ListTasks) -> Result<SourcePage<TaskRecord>, Error> {
        let mut op = op.clone();
        if self.is(Defect::ListsWhatIsDecided) && !op.query.filters.iter().any(|one| one.field == "status") {
            let both = ["ready", "completed"].map(|word| portico_contract::paging::Scalar::Text(word.into()));
            op.query.filters.push(portico_contract::paging::Filter {
                field: "status".into(),
                comparison: portico_contract::paging::Comparison::In,
                values: both.to_vec(),
            });
        }
        self.pass(context, &op).await
    }
}

impl Handler<DecideTask> for Faulty {
    async fn handle(&self, context: &CallContext, op: &DecideTask) -> Result<TaskRecord, Error> {
        let mut op = op.clone();
        if self.is(Defect::CommentsByItself) && op.comment.as_deref().unwrap_or_default().trim().is_empty() {
            op.comment = Some("-".to_owned());
        }
        let now = self.pass(context, &GetTask { task: op.task.clone() }).await?;
        if self.is(Defect::DecidesOnce) && now.decision.is_some() {
            return self.wrong(ErrorKind::Conflict);
        }
        match self.pass(context, &op).await {
            Err(error) if self.is(Defect::ApprovesAnyway) && error.kind() == ErrorKind::Conflict => {
                self.pass(context, &GetTask { task: op.task }).await
            }
            Ok(mut task) if self.is(Defect::RenamesDecidedTasks) => {
                task.id = NativeId::new(&format!("{}!", task.id.as_str())).unwrap();
                Ok(task)
            }
            other => other,
        }
    }
}

fn faulty(inner: Upstream, defect: Defect) -> Upstream {
    let profile = Arc::clone(&inner.profile);
    let of = |id: &str| (*profile.operations[id]).clone();
    let key = SystemKey::new("faulty").unwrap();
    macro_rules! built {
        ($($operation:ty),+ $(,)?) => {
            AdapterBuilder::new("faulty", key.clone(), Faulty { inner, defect })
                $(.on::<$operation>(of(<$operation as Operation>::META.id)))+
                .build()
        };
    }
    let adapter = built!(
        ListExpenseReports,
        GetExpenseReport,
        CreateExpenseReport,
        EditExpenseReport,
        DeleteExpenseReport,
        SubmitExpenseReport,
        WithdrawExpenseReport,
        AttachReceipt,
        ReadReceipt,
        RemoveReceipt,
        ListExpenseCategories,
        ListProjects,
        ListCostCentres,
        ListTaxRates,
        ListAbsences,
        GetAbsence,
        RequestAbsence,
        CancelAbsence,
        ListAbsenceTypes,
        GetAbsenceBalances,
        ListBusyTimes,
        ListTasks,
        GetTask,
        DecideTask,
        FindByMarker,
    );
    Upstream::new(key, adapter.profile().clone(), CallService::new(adapter))
}

async fn caught(suite: Suite, defect: Defect, checks: &[&str]) {
    let sim = Arc::new(Sim::start(Options { people: 60, ..Options::new() }).await.unwrap());
    let target = simulated::target(&sim);
    let (upstream, _files) = place(&sim, "jsonrpc").upstream();
    let report = suite.run(faulty(upstream, defect), target).await;
    let mut failed = report.failed();
    let mut expected = checks.to_vec();
    failed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(failed, expected, "{defect:?}: {report}");
}

macro_rules! catches {
    ($($name:ident: $suite:ident, $defect:ident => [$($check:ident),+ $(,)?];)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                caught(Suite::$suite, Defect::$defect, &[$(stringify!($check)),+]).await;
            }
        )+
    };
}

catches! {
    a_report_skipped_on_page_two: Expenses, SkipsAReportOnPageTwo => [
        reports_come_once_through_pages_of_any_size,
        reports_filter_like_the_reference,
        reports_sort_by_their_keys,
        a_position_of_reports_resumes_behind_its_item,
        a_scope_hides_reports_that_it_does_not_show,
    ];
    ignored_filters: Expenses, IgnoresFilters => [reports_filter_like_the_reference];
    an_ignored_scope: Expenses, IgnoresScope => [a_scope_hides_reports_that_it_does_not_show];
    positions_of_the_page: Expenses, PositionsEndThePage => [a_position_of_reports_resumes_behind_its_item];
    a_list_that_says_less: Expenses, ListsLessThanItReads => [a_report_read_alone_is_the_one_listed];
    a_lost_penny: Expenses, LosesAPenny => [amounts_come_back_to_the_penny];
    escaped_texts: Expenses, EscapesTexts => [texts_of_every_kind_come_back];
    ignored_versions: Expenses, IgnoresVersions => [
        a_stale_version_is_refused,
        a_change_in_the_office_is_seen,
    ];
    lines_made_anew: Expenses, MakesLinesAnew => [an_edit_replaces_lines_and_keeps_those_named];
    a_submission_that_is_no_longer_possible: Expenses, SubmitsOnce => [
        a_report_is_handed_in_and_taken_back,
        a_lost_submission_is_read_back,
    ];
    missing_taken_for_broken: Expenses, TakesMissingForBroken => [
        a_report_that_is_not_there_is_not_found,
        a_deleted_draft_is_gone,
    ];
    a_forgotten_marker: Expenses, ForgetsTheMarker => [
        a_marked_report_is_found,
        a_marker_sent_twice_finds_all_that_was_made,
        a_lost_answer_leaves_one_report,
    ];
    a_lost_write_repeated: Expenses, RepeatsLostWrites => [a_lost_answer_leaves_one_report];
    receipts_cut_short: Expenses, CutsReceipts => [
        a_receipt_comes_back_octet_for_octet,
        receipts_of_what_was_handed_in_stay,
    ];
    whole_days_only: Absences, WholeDaysOnly => [half_a_day_is_half_a_day, faults_of_a_request_are_named];
    an_overlap_blamed_on_the_caller: Absences, BlamesTheCaller => [a_day_is_taken_once, balances_add_up];
    somebody_away_who_looks_free: Absences, ForgetsWhoIsAway => [
        whoever_is_away_in_the_list_looks_away,
        colleagues_see_when_and_not_why,
    ];
    requests_that_do_not_count: Absences, CountsNoRequests => [balances_add_up];
    leave_that_stays: Absences, CancelsNothing => [leave_is_taken_back, colleagues_see_when_and_not_why];
    decided_tasks_in_the_inbox: Tasks, ListsWhatIsDecided => [
        without_a_filter_only_what_waits_is_listed,
        a_report_is_approved_once,
    ];
    decided_tasks_under_another_id: Tasks, RenamesDecidedTasks => [
        a_report_is_approved_once,
        a_report_is_refused_with_a_comment,
        leave_is_agreed_or_refused_by_one,
        leave_is_agreed_by_two,
        a_lost_decision_is_read_back,
    ];
    a_comment_made_up: Tasks, CommentsByItself => [a_report_is_refused_with_a_comment];
    a_decision_that_cannot_be_repeated: Tasks, DecidesOnce => [
        a_report_is_approved_once,
        a_report_is_refused_with_a_comment,
        leave_is_agreed_or_refused_by_one,
        a_lost_decision_is_read_back,
    ];
    an_approval_that_did_not_happen: Tasks, ApprovesAnyway => [
        what_the_system_refuses_changes_nothing,
        a_report_is_approved_once,
        a_report_is_refused_with_a_comment,
        leave_is_agreed_or_refused_by_one,
    ];
}
