//! Reports from the first line to the last: made, changed, handed in, taken back, deleted.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use portico_contract::documents::SourceVersion;
use portico_contract::expenses::{
    DeleteExpenseReport, EditExpenseReport, ExpenseLineDraft, ExpenseLineRecord, ExpenseReportDraft,
    ExpenseReportRecord, ListExpenseReports, ReportAction, SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::paging::{Comparison, Filter, ListQuery, Scalar};
use portico_contract::{ErrorKind, NativeId};
use portico_schemas::ExpenseReportStatus;

use super::super::lists::walk;
use super::super::world::{World, some_days_ago, unique};
use super::drafts::{hold, names};
use super::lists::some;
use crate::world::{Outcome, ensure, good, refused};

pub(crate) fn lines(report: &ExpenseReportRecord) -> Result<&[ExpenseLineRecord], String> {
    report.lines.as_deref().ok_or_else(|| "a report that was read alone has no lines".to_owned())
}

/// The same lines again.
fn again(line: &ExpenseLineRecord, draft: &ExpenseLineDraft) -> ExpenseLineDraft {
    ExpenseLineDraft { line: Some(line.id.clone()), ..draft.clone() }
}

fn edit(report: &ExpenseReportRecord, draft: &ExpenseReportDraft) -> EditExpenseReport {
    EditExpenseReport { report: report.id.clone(), version: report.version.clone(), draft: draft.clone() }
}

pub(crate) async fn read_alone(world: &World) -> Outcome {
    let listed = some::<ListExpenseReports>(world, 30).await?;
    for some in listed.chunks(6) {
        let read = join_all(some.iter().map(|one| world.get(&one.id))).await;
        for (listed, read) in some.iter().zip(read) {
            let mut read = good("reading a report by the id from the list", read)?;
            let id = listed.id.as_str();
            let total = read.total_amount.clone();
            let sum = lines(&read)?.iter().map(|line| line.amount.amount).sum::<rust_decimal::Decimal>();
            let same = lines(&read)?.iter().all(|line| line.amount.currency == total.currency);
            ensure!(
                !same || sum == total.amount,
                "the lines of report {id:?} add up to {sum}, not {total:?}"
            );
            ensure!(listed.lines.is_none(), "the list shows lines of report {id:?}");
            read.lines = None;
            ensure!(read == *listed, "report {id:?} read alone is {read:?}, listed {listed:?}");
        }
    }
    Ok(())
}

pub(crate) fn nothing() -> Vec<NativeId> {
    ["portico-suite-nothing", "999999999", "0", "-1", "1e3", "1 or 1=1", "é"]
        .iter()
        .filter_map(|id| NativeId::new(id))
        .collect()
}

pub(crate) async fn missing(world: &World) -> Outcome {
    for id in nothing() {
        refused(&format!("reading report {:?}", id.as_str()), world.get(&id).await, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

pub(crate) async fn missing_is_not_changed(world: &World) -> Outcome {
    let draft = world.draft("Portico suite")?;
    for id in nothing() {
        let (report, version) = (id.clone(), None);
        let not_found = &[ErrorKind::NotFound];
        let edit = EditExpenseReport { report: report.clone(), version, draft: draft.clone() };
        refused("editing what is not there", world.call(edit).await, not_found)?;
        let version = Some(SourceVersion("x".to_owned()));
        let delete = DeleteExpenseReport { report: report.clone(), version: version.clone() };
        refused("deleting what is not there", world.call(delete).await, not_found)?;
        let submit = SubmitExpenseReport { report: report.clone(), version: version.clone() };
        refused("handing in what is not there", world.call(submit).await, not_found)?;
        let withdraw = WithdrawExpenseReport { report, version };
        refused("taking back what is not there", world.call(withdraw).await, not_found)?;
    }
    Ok(())
}

/// All reports of the employee.
pub(crate) async fn own(world: &World) -> Result<BTreeSet<NativeId>, String> {
    let values = vec![Scalar::Text(world.employee()?.as_str().to_owned())];
    let filters = vec![Filter { field: "employeeId".into(), comparison: Comparison::In, values }];
    let query = ListQuery { filters, ..ListQuery::first(200) };
    Ok(walk::<ListExpenseReports>(world, query, 10_000).await?.ids().into_iter().collect())
}

pub(crate) async fn edit_replaces(world: &World) -> Outcome {
    let draft = ExpenseReportDraft {
        title: "Before".to_owned(),
        lines: vec![
            world.line("first", "10.00")?,
            world.line("second", "20.00")?,
            world.line("third", "30.00")?,
        ],
    };
    let report = world.create(&draft).await?;
    let before = lines(&report)?;
    let first =
        ExpenseLineDraft { line: Some(before[0].id.clone()), ..world.line("first, changed", "11.11")? };
    let third = again(&before[2], &draft.lines[2]);
    let changed = ExpenseReportDraft {
        title: "After".to_owned(),
        lines: vec![first, third, world.line("fourth", "40.40")?],
    };
    let after = good("editing a draft", world.call(edit(&report, &changed)).await)?;
    ensure!(after.id == report.id && after.title == "After", "it is {:?} now", after.title);
    hold(&changed, lines(&after)?)?;
    let ids: Vec<&NativeId> = lines(&after)?.iter().map(|line| &line.id).collect();
    ensure!(*ids[0] == before[0].id && *ids[1] == before[2].id, "lines that were named have other ids");
    ensure!(before.iter().all(|line| line.id != *ids[2]), "a new line has the id of an old one");
    ensure!(
        after.version != report.version || report.version.is_none(),
        "an edit leaves the version as it was"
    );
    let read = good("reading what was edited", world.get(&report.id).await)?;
    ensure!(read == after, "read again it is {read:?}, when edited {after:?}");
    // A line of somebody else's report is none of this one's.
    let other = world.report().await?;
    let strange = again(&lines(&other)?[0], &draft.lines[0]);
    let lines_now = vec![strange];
    let stolen = ExpenseReportDraft { title: "Stolen".to_owned(), lines: lines_now };
    match world.call(edit(&after, &stolen)).await {
        Ok(_) => return Err("an edit took a line out of another report".to_owned()),
        Err(error) => names(&error, &[0])?,
    }
    let still = good("reading the other report", world.get(&other.id).await)?;
    ensure!(still == other, "an edit of one report changed another");
    Ok(())
}

/// A version that the report had and has no longer, with the report as it is.
async fn stale(world: &World) -> Result<(ExpenseReportRecord, SourceVersion), String> {
    let draft = world.draft("Stale")?;
    let report = world.create(&draft).await?;
    let old = report.version.clone().ok_or("a report has no version")?;
    let mut longer = draft.clone();
    longer.lines[0].line = Some(lines(&report)?[0].id.clone());
    // One line more: seen even by a system that tells times to the second.
    longer.lines.push(world.line("one more", "3.21")?);
    let now = good("editing a draft", world.call(edit(&report, &longer)).await)?;
    Ok((now, old))
}

pub(crate) async fn stale_version(world: &World) -> Outcome {
    let (now, old) = stale(world).await?;
    let (report, version) = (now.id.clone(), Some(old));
    let failed = &[ErrorKind::PreconditionFailed];
    let draft = world.draft("Too late")?;
    let edit = EditExpenseReport { report: report.clone(), version: version.clone(), draft };
    refused("editing a stale version", world.call(edit).await, failed)?;
    let delete = DeleteExpenseReport { report: report.clone(), version: version.clone() };
    refused("deleting a stale version", world.call(delete).await, failed)?;
    let submit = SubmitExpenseReport { report: report.clone(), version };
    refused("handing in a stale version", world.call(submit).await, failed)?;
    let read = good("reading it again", world.get(&report).await)?;
    ensure!(read == now, "a write with a stale version changed it to {read:?}");
    let submitted = world.submit(&now).await?;
    let withdraw = WithdrawExpenseReport { report: report.clone(), version: now.version.clone() };
    refused("taking back a stale version", world.call(withdraw).await, failed)?;
    let still = good("reading it again", world.get(&report).await)?.status;
    ensure!(still == submitted.status, "taking back a stale version made it {still:?}");
    Ok(())
}

pub(crate) async fn native_change_is_seen(world: &World) -> Outcome {
    let report = world.report().await?;
    // Systems that tell times to the second show a change in the second after.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    world.native()?.retitle_report(&report.id, "Changed in the office").await?;
    let now = good("reading it", world.get(&report.id).await)?;
    ensure!(now.title == "Changed in the office", "the title is {:?}", now.title);
    ensure!(now.version != report.version, "a change in the office leaves the version as it was");
    ensure!(
        now.updated_at > report.updated_at,
        "it was changed at {:?}, before at {:?}",
        now.updated_at,
        report.updated_at
    );
    let mut draft = world.draft("Ours")?;
    draft.lines[0].line = Some(lines(&report)?[0].id.clone());
    refused("writing over it", world.call(edit(&report, &draft)).await, &[ErrorKind::PreconditionFailed])?;
    good("writing after reading it", world.call(edit(&now, &draft)).await)?;
    Ok(())
}

pub(crate) async fn submitted_and_withdrawn(world: &World) -> Outcome {
    let report = world.report().await?;
    let submit = SubmitExpenseReport { report: report.id.clone(), version: report.version.clone() };
    for round in 0..2 {
        let submitted = match round {
            0 => good("handing in", world.call(submit.clone()).await)?,
            _ => {
                let submit = SubmitExpenseReport { report: report.id.clone(), version: None };
                good("handing in again", world.call(submit).await)?
            }
        };
        ensure!(submitted.status == ExpenseReportStatus::Submitted, "handed in it is {:?}", submitted.status);
        ensure!(!submitted.actions.contains(&ReportAction::Edit), "it can be edited after it was handed in");
        ensure!(submitted.actions.contains(&ReportAction::Withdraw), "it cannot be taken back");
        let approver = submitted.approver.as_ref().map(|link| link.id.clone());
        if let Some(wanted) = &world.target.approver {
            ensure!(approver.as_ref() == Some(wanted), "{approver:?} is asked instead of {wanted:?}");
            let waits = submitted.facts.assignees.contains(wanted.as_str());
            ensure!(waits, "it waits for {:?}", submitted.facts.assignees);
        }
        let twice = good("handing in twice", world.call(submit.clone()).await)?;
        ensure!(twice == submitted, "handed in twice it is {twice:?}");
        let withdraw =
            WithdrawExpenseReport { report: report.id.clone(), version: submitted.version.clone() };
        let draft = good("taking back", world.call(withdraw.clone()).await)?;
        ensure!(draft.status == ExpenseReportStatus::Draft, "taken back it is {:?}", draft.status);
        ensure!(lines(&draft)?.len() == 1 && draft.facts.assignees.is_empty(), "taken back it is {draft:?}");
        let twice = good("taking back twice", world.call(withdraw).await)?;
        ensure!(twice == draft, "taken back twice it is {twice:?}");
    }
    Ok(())
}

pub(crate) async fn no_draft_is_not_written(world: &World) -> Outcome {
    let report = world.submit(&world.report().await?).await?;
    let conflict = &[ErrorKind::Conflict];
    let mut draft = world.draft("Too late")?;
    draft.lines[0].line = Some(lines(&report)?[0].id.clone());
    refused("editing what was handed in", world.call(edit(&report, &draft)).await, conflict)?;
    let delete = DeleteExpenseReport { report: report.id.clone(), version: report.version.clone() };
    refused("deleting what was handed in", world.call(delete).await, conflict)?;
    let read = good("reading it", world.get(&report.id).await)?;
    ensure!(read == report, "it became {read:?}");
    Ok(())
}

pub(crate) async fn deleted_is_gone(world: &World) -> Outcome {
    let report = world.report().await?;
    let delete = DeleteExpenseReport { report: report.id.clone(), version: report.version.clone() };
    good("deleting a draft", world.call(delete.clone()).await)?;
    refused("reading what was deleted", world.get(&report.id).await, &[ErrorKind::NotFound])?;
    refused("deleting it again", world.call(delete).await, &[ErrorKind::NotFound])?;
    ensure!(!own(world).await?.contains(&report.id), "it is still listed");
    Ok(())
}

pub(crate) async fn at_the_same_time(world: &World) -> Outcome {
    let drafts: Result<Vec<_>, String> =
        (0..6).map(|_| world.draft(&format!("At the same time {}", unique()))).collect();
    let (drafts, employee) = (drafts?, world.employee()?);
    let made = join_all(drafts.iter().map(|draft| world.try_create(&employee, draft))).await;
    let mut ids = BTreeSet::new();
    for (draft, made) in drafts.iter().zip(made) {
        let report = good("making several reports at the same time", made)?;
        ensure!(report.title == draft.title, "{:?} became {:?}", draft.title, report.title);
        hold(draft, lines(&report)?)?;
        ids.insert(report.id);
    }
    ensure!(ids.len() == drafts.len(), "{} reports for {} drafts", ids.len(), drafts.len());
    let listed = own(world).await?;
    ensure!(ids.is_subset(&listed), "not all of them are listed");
    Ok(())
}

pub(crate) async fn new_is_listed_at_once(world: &World) -> Outcome {
    let report = world.report().await?;
    ensure!(own(world).await?.contains(&report.id), "a new report is not listed");
    let day = some_days_ago()?;
    ensure!(report.transaction_date.is_none_or(|is| is == day), "its day is {:?}", report.transaction_date);
    Ok(())
}
