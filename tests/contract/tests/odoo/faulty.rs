//! An adapter that is wrong in one thing: a layer over one that is right in everything.

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
use portico_schemas::{ExpenseReportStatus, Outcome};
use rust_decimal::Decimal;

/// One thing that an adapter can get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
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

/// The adapter with a defect.
pub fn faulty(inner: Upstream, defect: Defect) -> Upstream {
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
