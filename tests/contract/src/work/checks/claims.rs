//! What is claimed works, and what is not claimed says so.

use std::time::Duration;

use jiff::civil::date;
use portico_contract::absences::{self, AbsenceDraft, *};
use portico_contract::expenses::{self, *};
use portico_contract::paging::ListQuery;
use portico_contract::systems::{CheckReport, CheckSystem, FindByMarker};
use portico_contract::tasks::{self, *};
use portico_contract::{
    ByteStream, CallContext, ErrorKind, NativeId, Operation, OperationMeta, Upload, Upstream,
};
use portico_schemas::ResourceType;

use super::super::world::{World, fresh_marker};
use crate::world::{Outcome, ensure, good, refused};

async fn ask<O: Operation>(upstream: &Upstream, operation: O) -> Outcome {
    let context = CallContext::internal("suite", Duration::from_secs(10));
    let answer = upstream.call(context, operation).await.map(|_| "an answer");
    refused(&format!("`{}` is not claimed", O::META.id), answer, &[ErrorKind::Unsupported])
}

/// Asserts that an operation that is not claimed answers that it is not.
pub(crate) async fn refuses(upstream: &Upstream, id: &str) -> Outcome {
    let native = NativeId::new("portico-suite-nothing").ok_or("the id is short")?;
    let (query, version) = (ListQuery::first(1), None);
    let (report, receipt, line) = (native.clone(), native.clone(), native.clone());
    let (absence, employee, task) = (native.clone(), native.clone(), native.clone());
    let draft = ExpenseReportDraft { title: "x".to_owned(), lines: Vec::new() };
    let upload = Upload::new(ByteStream::once("x"), Some(1), None);
    let name = "x".to_owned();
    let day = date(2026, 12, 21);
    let leave =
        AbsenceDraft { absence_type: native, start_date: day, end_date: day, day_part: None, note: None };
    macro_rules! asked {
        ($($operation:expr),+ $(,)?) => {
            $(
                // Names the type once: the value tells it.
                let operation = $operation;
                if id_of(&operation) == id {
                    return ask(upstream, operation).await;
                }
            )+
        };
    }
    asked!(
        ListExpenseReports { query: query.clone() },
        GetExpenseReport { report: report.clone() },
        CreateExpenseReport { employee: employee.clone(), draft: draft.clone() },
        EditExpenseReport { report: report.clone(), version: version.clone(), draft },
        DeleteExpenseReport { report: report.clone(), version: version.clone() },
        SubmitExpenseReport { report: report.clone(), version: version.clone() },
        WithdrawExpenseReport { report: report.clone(), version: version.clone() },
        AttachReceipt { report: report.clone(), line, name, upload },
        ReadReceipt { report: report.clone(), receipt: receipt.clone() },
        RemoveReceipt { report, receipt },
        ListExpenseCategories { query: query.clone() },
        ListProjects { query: query.clone() },
        ListCostCentres { query: query.clone() },
        ListTaxRates { query: query.clone() },
        ListAbsences { query: query.clone() },
        GetAbsence { absence: absence.clone() },
        RequestAbsence { employee: employee.clone(), draft: leave },
        CancelAbsence { absence, version: version.clone() },
        ListAbsenceTypes { query: query.clone() },
        GetAbsenceBalances { employee: employee.clone() },
        ListBusyTimes { employees: vec![employee], from: day, to: day },
        ListTasks { query },
        GetTask { task: task.clone() },
        DecideTask { task, decision: "approve".to_owned(), comment: None, version, decided_by: None },
        FindByMarker { marker: fresh_marker()?, resource: ResourceType::ExpenseReport },
    );
    ask(upstream, CheckSystem).await
}

fn id_of<O: Operation>(_: &O) -> &'static str {
    O::META.id
}

async fn unclaimed(world: &World, all: &[&OperationMeta]) -> Outcome {
    for meta in all {
        if !world.upstream.profile.operations.contains_key(meta.id) {
            refuses(&world.upstream, meta.id).await?;
        }
    }
    Ok(())
}

pub(crate) async fn expenses(world: &World) -> Outcome {
    unclaimed(world, expenses::ALL).await
}

pub(crate) async fn absences(world: &World) -> Outcome {
    unclaimed(world, absences::ALL).await
}

pub(crate) async fn tasks(world: &World) -> Outcome {
    unclaimed(world, tasks::ALL).await
}

pub(crate) async fn check_reports_a_version(world: &World) -> Outcome {
    let report: CheckReport = good("checking the system", world.call(CheckSystem).await)?;
    ensure!(!report.version.unwrap_or_default().trim().is_empty(), "the check names no version");
    Ok(())
}
