//! Writes that carry a marker, and answers that are lost.

use std::collections::BTreeSet;

use bytes::Bytes;
use portico_contract::expenses::{AttachReceipt, CreateExpenseReport, SubmitExpenseReport};
use portico_contract::{Error, NativeId};
use portico_schemas::{ExpenseReportStatus, Outcome as Settled, ResourceType};

use super::super::target::LostWrite;
use super::super::world::{World, fresh_marker, upload};
use super::drafts::hold;
use super::reports::{lines, own};
use crate::world::{Outcome, ensure, good};

pub(crate) async fn unknown_finds_nothing(world: &World) -> Outcome {
    for resource in [ResourceType::ExpenseReport, ResourceType::Absence] {
        let found = world.found(&fresh_marker()?, resource).await?;
        ensure!(found.is_empty(), "a marker that nothing carries finds {found:?}");
    }
    Ok(())
}

fn one(found: &[NativeId], id: &NativeId) -> Outcome {
    ensure!(found == [id.clone()], "the marker finds {found:?} instead of {id:?}");
    Ok(())
}

pub(crate) async fn report_is_found(world: &World) -> Outcome {
    let (marker, other) = (fresh_marker()?, fresh_marker()?);
    for (marker, title) in [(&marker, "Marked"), (&other, "Marked otherwise")] {
        let create = CreateExpenseReport { employee: world.employee()?, draft: world.draft(title)? };
        let report = good("making a marked report", world.marked(marker, create).await)?;
        world.note_report(&report.id);
        one(&world.found(marker, ResourceType::ExpenseReport).await?, &report.id)?;
    }
    let absences = world.found(&marker, ResourceType::Absence).await?;
    ensure!(absences.is_empty(), "the marker of a report finds absences");
    Ok(())
}

/// Whether the system then has one thing or two, the marker tells.
pub(crate) async fn sent_twice(world: &World) -> Outcome {
    let (marker, before) = (fresh_marker()?, own(world).await?);
    let create = CreateExpenseReport { employee: world.employee()?, draft: world.draft("Twice")? };
    let first = good("making a marked report", world.marked(&marker, create.clone()).await)?;
    world.note_report(&first.id);
    let second = world.marked(&marker, create).await;
    if let Ok(second) = &second {
        world.note_report(&second.id);
    }
    let made: BTreeSet<NativeId> = own(world).await?.difference(&before).cloned().collect();
    let found: BTreeSet<NativeId> =
        world.found(&marker, ResourceType::ExpenseReport).await?.into_iter().collect();
    ensure!(found == made, "the marker finds {} of {} reports", found.len(), made.len());
    let read = good("reading the first", world.get(&first.id).await)?;
    ensure!(read == first, "sending it again changed it to {read:?}");
    Ok(())
}

pub(crate) async fn receipt_is_found(world: &World) -> Outcome {
    let report = world.report().await?;
    let (line, marker) = (lines(&report)?[0].id.clone(), fresh_marker()?);
    let octets = Bytes::from_static(b"%PDF-1.7");
    let upload = upload(&octets, Some(8));
    let attach = AttachReceipt { report: report.id.clone(), line, name: "marked.pdf".to_owned(), upload };
    let receipt = good("attaching a marked receipt", world.marked(&marker, attach).await)?;
    one(&world.found(&marker, ResourceType::ExpenseReport).await?, &receipt.id)
}

pub(crate) async fn absence_is_found(world: &World) -> Outcome {
    let marker = fresh_marker()?;
    let request = world.request(world.target.absence_type.as_ref(), 0, 1)?;
    let absence = good("asking for marked leave", world.marked(&marker, request).await)?;
    world.note_absence(&absence.id);
    one(&world.found(&marker, ResourceType::Absence).await?, &absence.id)?;
    let reports = world.found(&marker, ResourceType::ExpenseReport).await?;
    ensure!(reports.is_empty(), "the marker of an absence finds reports");
    Ok(())
}

/// Asserts that nobody claims to know what became of a write.
pub(crate) fn unknown<T>(doing: &str, answer: Result<T, Error>) -> Outcome {
    match answer {
        Ok(_) => Err(format!("{doing}: there was an answer, although it was lost")),
        Err(error) => {
            let outcome = error.outcome();
            ensure!(outcome == Settled::Unknown, "{doing}: the outcome is said to be {outcome:?}: {error}");
            Ok(())
        }
    }
}

pub(crate) async fn lost_report(world: &World) -> Outcome {
    let (marker, draft, before) = (fresh_marker()?, world.draft("Lost")?, own(world).await?);
    let create = CreateExpenseReport { employee: world.employee()?, draft: draft.clone() };
    world.losses()?.lose_next(LostWrite::CreateReport);
    let answer = world.marked(&marker, create).await;
    let after = own(world).await?;
    let made: Vec<NativeId> = after.difference(&before).cloned().collect();
    for report in &made {
        world.note_report(report);
    }
    unknown("making a report", answer)?;
    ensure!(made.len() == 1, "a lost answer left {} reports", made.len());
    one(&world.found(&marker, ResourceType::ExpenseReport).await?, &made[0])?;
    let report = good("reading it", world.get(&made[0]).await)?;
    ensure!(report.title == draft.title, "it is {:?}", report.title);
    hold(&draft, lines(&report)?)
}

pub(crate) async fn lost_submission(world: &World) -> Outcome {
    let report = world.report().await?;
    let submit = SubmitExpenseReport { report: report.id.clone(), version: report.version.clone() };
    world.losses()?.lose_next(LostWrite::SubmitReport);
    unknown("handing a report in", world.call(submit.clone()).await)?;
    let read = good("reading it", world.get(&report.id).await)?;
    ensure!(read.status == ExpenseReportStatus::Submitted, "read back it is {:?}", read.status);
    let again = good("handing it in again", world.call(submit).await)?;
    ensure!(again == read, "handed in again it is {again:?}");
    Ok(())
}

pub(crate) async fn lost_receipt(world: &World) -> Outcome {
    let report = world.report().await?;
    let (line, marker) = (lines(&report)?[0].id.clone(), fresh_marker()?);
    let octets = Bytes::from_static(b"%PDF-1.7");
    let upload = upload(&octets, Some(8));
    let attach = AttachReceipt { report: report.id.clone(), line, name: "lost.pdf".to_owned(), upload };
    world.losses()?.lose_next(LostWrite::AttachReceipt);
    unknown("attaching a receipt", world.marked(&marker, attach).await)?;
    let read = good("reading the report", world.get(&report.id).await)?;
    let receipts = &lines(&read)?[0].receipts;
    ensure!(receipts.len() == 1, "a lost answer left {} receipts", receipts.len());
    one(&world.found(&marker, ResourceType::ExpenseReport).await?, &receipts[0].id)
}

pub(crate) async fn lost_absence(world: &World) -> Outcome {
    let marker = fresh_marker()?;
    let request = world.request(world.target.absence_type.as_ref(), 0, 1)?;
    world.losses()?.lose_next(LostWrite::RequestAbsence);
    let answer = world.marked(&marker, request.clone()).await;
    let found = world.found(&marker, ResourceType::Absence).await?;
    unknown("asking for leave", answer)?;
    ensure!(found.len() == 1, "the marker finds {found:?}");
    let absence = good("reading it", world.get_absence(&found[0]).await)?;
    let days = (absence.start_date, absence.end_date);
    ensure!(days == (request.draft.start_date, request.draft.end_date), "it is from {days:?}");
    Ok(())
}
