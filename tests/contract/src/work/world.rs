//! The system around a check, what the check made in it, and the few things that most checks do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use portico_contract::absences::{AbsenceDraft, AbsenceRecord, CancelAbsence, GetAbsence, RequestAbsence};
use portico_contract::expenses::{
    CreateExpenseReport, DeleteExpenseReport, ExpenseLineDraft, ExpenseReportDraft, ExpenseReportRecord,
    GetExpenseReport, SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::systems::FindByMarker;
use portico_contract::{
    ByteStream, CallContext, Error, ErrorKind, Marker, NativeId, Operation, Upload, Upstream,
};
use portico_schemas::{Money, ResourceType};
use rust_decimal::Decimal;

use super::target::{LosesAnswers, NativeWork, WorkTarget};
use crate::world::{Outcome, good};

/// Time for one call.
const DEADLINE: Duration = Duration::from_secs(60);

/// Numbers that no two things of a run share, so that no two look like one thing claimed twice.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// What a check made.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Made {
    Report(NativeId),
    Absence(NativeId),
}

/// The system, and what the check made in it.
pub(crate) struct World {
    pub upstream: Upstream,
    pub target: Arc<WorkTarget>,
    made: Mutex<Vec<Made>>,
}

impl World {
    pub fn new(upstream: Upstream, target: Arc<WorkTarget>) -> Self {
        Self { upstream, target, made: Mutex::default() }
    }

    /// Clears away what the check made and did not delete itself.
    pub async fn leave(&self) -> Outcome {
        let mut made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        made.dedup();
        let mut left = Vec::new();
        for one in made.into_iter().rev() {
            let cleared = match (&one, &self.target.native) {
                (Made::Report(id), Some(native)) => native.purge_report(id).await,
                (Made::Absence(id), Some(native)) => native.purge_absence(id).await,
                (Made::Report(id), None) => self.clear_report(id).await,
                (Made::Absence(id), None) => self.clear_absence(id).await,
            };
            left.extend(cleared.err().map(|why| format!("{one:?} is left behind: {why}")));
        }
        if left.is_empty() { Ok(()) } else { Err(left.join("; ")) }
    }

    async fn clear_report(&self, id: &NativeId) -> Outcome {
        // One that is a draft already is given as it is; one that was decided cannot be helped.
        let _ = self.call(WithdrawExpenseReport { report: id.clone(), version: None }).await;
        gone(self.call(DeleteExpenseReport { report: id.clone(), version: None }).await)
    }

    async fn clear_absence(&self, id: &NativeId) -> Outcome {
        gone(self.call(CancelAbsence { absence: id.clone(), version: None }).await.map(drop))
    }

    pub async fn call<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.upstream.call(CallContext::internal("suite", DEADLINE), operation).await
    }

    pub async fn marked<O: Operation>(&self, marker: &Marker, operation: O) -> Result<O::Output, Error> {
        let mut context = CallContext::internal("suite", DEADLINE);
        context.marker = Some(marker.clone());
        self.upstream.call(context, operation).await
    }

    /// What a write that carried the marker made.
    pub async fn found(&self, marker: &Marker, resource: ResourceType) -> Result<Vec<NativeId>, String> {
        let find = FindByMarker { marker: marker.clone(), resource };
        let found = good("looking for a marker", self.call(find).await)?.found;
        if resource == ResourceType::Absence {
            found.iter().for_each(|id| self.note_absence(id));
        }
        Ok(found)
    }

    pub fn note_report(&self, id: &NativeId) {
        self.note(Made::Report(id.clone()));
    }

    pub fn note_absence(&self, id: &NativeId) {
        self.note(Made::Absence(id.clone()));
    }

    fn note(&self, made: Made) {
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(&made) {
            all.push(made);
        }
    }

    pub fn native(&self) -> Result<&dyn NativeWork, String> {
        self.target.native.as_deref().ok_or_else(|| missing("a way to change things natively"))
    }

    pub fn losses(&self) -> Result<&dyn LosesAnswers, String> {
        self.target.losses.as_deref().ok_or_else(|| missing("a way to lose answers"))
    }

    pub fn employee(&self) -> Result<NativeId, String> {
        self.target.employee.clone().ok_or_else(|| missing("an employee"))
    }

    pub fn monday(&self) -> Result<Date, String> {
        self.target.monday.ok_or_else(|| missing("a Monday"))
    }

    pub fn money(&self, amount: &str) -> Result<Money, String> {
        let currency = self.target.currency.ok_or_else(|| missing("a currency"))?;
        Ok(Money { amount: decimal(amount)?, currency })
    }

    /// A line that every system takes.
    pub fn line(&self, description: &str, amount: &str) -> Result<ExpenseLineDraft, String> {
        let category = self.target.category.clone().ok_or_else(|| missing("a category"))?;
        Ok(ExpenseLineDraft {
            line: None,
            category,
            description: description.to_owned(),
            quantity: None,
            amount: Some(self.money(amount)?),
            tax_rates: None,
            transaction_date: some_days_ago()?,
            project: None,
            cost_centre: None,
        })
    }

    /// A draft with one line, of an amount that nothing else in this run has.
    pub fn draft(&self, title: &str) -> Result<ExpenseReportDraft, String> {
        let pence = 1_000 + unique() % 90_000;
        let amount = format!("{}.{:02}", pence / 100, pence % 100);
        Ok(ExpenseReportDraft {
            title: title.to_owned(),
            lines: vec![self.line("One of the suite", &amount)?],
        })
    }

    pub async fn try_create(
        &self,
        employee: &NativeId,
        draft: &ExpenseReportDraft,
    ) -> Result<ExpenseReportRecord, Error> {
        let create = CreateExpenseReport { employee: employee.clone(), draft: draft.clone() };
        let made = self.call(create).await;
        if let Ok(report) = &made {
            self.note_report(&report.id);
        }
        made
    }

    pub async fn create(&self, draft: &ExpenseReportDraft) -> Result<ExpenseReportRecord, String> {
        let made = self.try_create(&self.employee()?, draft).await;
        good(&format!("making the report {:?}", draft.title), made)
    }

    /// A draft report of the employee.
    pub async fn report(&self) -> Result<ExpenseReportRecord, String> {
        self.create(&self.draft("Portico suite")?).await
    }

    pub async fn get(&self, report: &NativeId) -> Result<ExpenseReportRecord, Error> {
        self.call(GetExpenseReport { report: report.clone() }).await
    }

    pub async fn submit(&self, report: &ExpenseReportRecord) -> Result<ExpenseReportRecord, String> {
        let submit = SubmitExpenseReport { report: report.id.clone(), version: report.version.clone() };
        good("handing a report in", self.call(submit).await)
    }

    /// A request for days counted from the Monday.
    pub fn request(&self, kind: Option<&NativeId>, first: i64, last: i64) -> Result<RequestAbsence, String> {
        let monday = self.monday()?;
        let day = |days: i64| monday.checked_add(Span::new().days(days)).map_err(|error| error.to_string());
        let draft = AbsenceDraft {
            absence_type: kind.cloned().ok_or_else(|| missing("a type of absence"))?,
            start_date: day(first)?,
            end_date: day(last)?,
            day_part: None,
            note: Some("Portico suite".to_owned()),
        };
        Ok(RequestAbsence { employee: self.employee()?, draft })
    }

    pub async fn try_ask(&self, request: &RequestAbsence) -> Result<AbsenceRecord, Error> {
        let made = self.call(request.clone()).await;
        if let Ok(absence) = &made {
            self.note_absence(&absence.id);
        }
        made
    }

    pub async fn ask(&self, request: &RequestAbsence) -> Result<AbsenceRecord, String> {
        let days = format!("{} to {}", request.draft.start_date, request.draft.end_date);
        good(&format!("asking for leave from {days}"), self.try_ask(request).await)
    }

    /// An absence of the usual type.
    pub async fn absence(&self, first: i64, last: i64) -> Result<AbsenceRecord, String> {
        self.ask(&self.request(self.target.absence_type.as_ref(), first, last)?).await
    }

    pub async fn get_absence(&self, absence: &NativeId) -> Result<AbsenceRecord, Error> {
        self.call(GetAbsence { absence: absence.clone() }).await
    }
}

fn missing(what: &str) -> String {
    format!("this check needs {what}; its list of what has to be offered is wrong")
}

fn gone(deleted: Result<(), Error>) -> Outcome {
    match deleted {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(()),
    }
}

pub(crate) fn decimal(text: &str) -> Result<Decimal, String> {
    text.parse().map_err(|error| format!("{text:?} is no number: {error}"))
}

/// A number that nothing else in this run has.
pub(crate) fn unique() -> u64 {
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

/// A marker that no run has used before.
pub(crate) fn fresh_marker() -> Result<Marker, String> {
    let now = Timestamp::now().as_nanosecond().unsigned_abs();
    let text = format!("{:032x}", (now << 24) | u128::from(unique() & 0xff_ffff));
    Marker::new(&text).ok_or_else(|| format!("{text:?} is no marker"))
}

/// A day on which the money may have been laid out.
pub(crate) fn some_days_ago() -> Result<Date, String> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.checked_sub(Span::new().days(5)).map_err(|error| error.to_string())
}

/// Octets to upload, in pieces, as a client sends them.
pub(crate) fn upload(octets: &Bytes, said: Option<u64>) -> Upload {
    let pieces: Vec<_> = octets.chunks(60_000).map(|piece| Ok(octets.slice_ref(piece))).collect();
    let body = ByteStream::new(futures_util::stream::iter(pieces));
    Upload::new(body, said, Some("application/pdf".to_owned()))
}
