//! Making, changing and deleting claims.

use portico_contract::documents::SourceVersion;
use portico_contract::expenses::{
    CreateExpenseReport, DeleteExpenseReport, EditExpenseReport, ExpenseReportRecord,
};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_schemas::{FieldError, Outcome};
use portico_wire::rpc::Value;

use crate::client::{Call, Odoo};
use crate::domain::{id, id_list};
use crate::ops::draft::{GoodDraft, GoodLine, pointer_of_row, untaxed};
use crate::ops::lines::LINE_MODEL;
use crate::ops::reports::{Summary, report_id, version};
use crate::wire::{Line, Loaded, Sheet};
use crate::{fault, marker};

impl Handler<CreateExpenseReport> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &CreateExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let employee = id(&op.employee).ok_or_else(no_such_employee)?;
        let draft = self.good_draft(context, &op.draft, &[]).await?;
        let report = self.load_report(context, employee, &draft).await?;
        let made = self.after_create(context, report, &draft).await;
        // It is there, whatever went wrong afterwards.
        made.map_err(|error| error.with_outcome(Outcome::Unknown))
    }
}

impl Handler<EditExpenseReport> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &EditExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        let report = report_id(&op.report)?;
        let (sheet, lines) = self.draft_in_version(context, report, op.version.as_ref()).await?;
        let employee = sheet.employee_id.0.as_ref().map(|link| link.0).ok_or_else(no_such_employee)?;
        let there: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let draft = self.good_draft(context, &op.draft, &there).await?;
        let command =
            |code: i64, line: i64, values: Value| Value::Array(vec![code.into(), line.into(), values]);
        let kept: Vec<i64> = draft.lines.iter().filter_map(|line| line.line).collect();
        let gone = there.iter().filter(|line| !kept.contains(line));
        let mut commands: Vec<Value> = gone.map(|line| command(2, *line, 0_i64.into())).collect();
        for line in &draft.lines {
            commands.push(match line.line {
                Some(kept) => command(1, kept, line.values(employee)),
                None => command(0, 0, line.values(employee)),
            });
        }
        let values = Value::members([
            ("name", draft.title.clone().into()),
            ("expense_line_ids", Value::Array(commands)),
        ]);
        let call = Call::write(Sheet::MODEL, "write").argument(id_list(&[report])).argument(values);
        let _: serde::de::IgnoredAny = self.ask(context, call).await?;
        self.after_write(context, report).await
    }
}

impl Handler<DeleteExpenseReport> for Odoo {
    async fn handle(&self, context: &CallContext, op: &DeleteExpenseReport) -> Result<(), Error> {
        let report = report_id(&op.report)?;
        let (_, lines) = self.draft_in_version(context, report, op.version.as_ref()).await?;
        if !lines.is_empty() {
            // Deleting the claim alone would leave its expenses behind, waiting for another claim.
            let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
            let call = Call::write(LINE_MODEL, "unlink").argument(id_list(&ids));
            let _: serde::de::IgnoredAny = self.ask(context, call).await?;
        }
        let call = Call::write(Sheet::MODEL, "unlink").argument(id_list(&[report]));
        let _: serde::de::IgnoredAny = self.ask(context, call).await?;
        Ok(())
    }
}

impl Odoo {
    /// Makes a claim with all its lines, and our external id for it, in one transaction. Sent again with the same marker it
    /// gives the claim that is there.
    async fn load_report(
        &self,
        context: &CallContext,
        employee: i64,
        draft: &GoodDraft,
    ) -> Result<i64, Error> {
        let mut columns: Vec<Value> = vec!["name".into(), "employee_id/.id".into()];
        let mut own: Vec<Value> = vec![draft.title.clone().into(), employee.to_string().into()];
        if let Some(marker) = &context.marker {
            columns.push("id".into());
            own.push(marker::external_id(marker).into());
        }
        let width = own.len();
        if !draft.lines.is_empty() {
            columns.extend(GoodLine::COLUMNS.iter().map(|column| Value::from(*column)));
        }
        let mut rows = Vec::with_capacity(draft.lines.len().max(1));
        for line in &draft.lines {
            // A row whose own cells are empty is another line of the claim above it.
            let mut row = if rows.is_empty() { own.clone() } else { vec![Value::from(""); width] };
            row.extend(line.cells(employee));
            rows.push(Value::Array(row));
        }
        if rows.is_empty() {
            rows.push(Value::Array(own));
        }
        let loaded = self.load(context, Sheet::MODEL, columns, rows).await?;
        loaded.map_err(|(error, row)| match pointer_of_row(row, draft.lines.len()) {
            Some(pointer) if error.kind() == ErrorKind::InvalidInput => {
                let detail = error.detail().to_owned();
                error.with_fields(vec![FieldError { detail, pointer }])
            }
            _ => error,
        })
    }

    /// `load`: all rows or none, and a marker that is known changes nothing. Gives the id of the record, or why nothing was
    /// done and in which row.
    pub(crate) async fn load(
        &self,
        context: &CallContext,
        model: &'static str,
        columns: Vec<Value>,
        rows: Vec<Value>,
    ) -> Result<Result<i64, (Error, usize)>, Error> {
        let call =
            Call::write(model, "load").argument(Value::Array(columns)).argument(Value::Array(rows)).import();
        let loaded: Loaded = self.ask(context, call).await?;
        if let Some(id) = loaded.ids.0.as_ref().and_then(|ids| ids.first()) {
            return Ok(Ok(*id));
        }
        let first = loaded.messages.iter().find_map(|message| Some((message.message.0.as_deref()?, message)));
        Ok(Err(match first {
            Some((text, message)) => {
                let row = message.rows.0.as_ref().map_or(0, |rows| rows.from);
                (fault::of_message(text), row)
            }
            None => (fault::of_message(""), 0),
        }))
    }

    async fn after_create(
        &self,
        context: &CallContext,
        report: i64,
        draft: &GoodDraft,
    ) -> Result<ExpenseReportRecord, Error> {
        let untaxed = untaxed(draft);
        if !untaxed.is_empty() {
            // An empty cell of `load` leaves the taxes of the category; they are taken off in a second step. Lines come back
            // in the order in which they were made.
            let lines = self.lines(context, report).await?;
            let ids: Vec<i64> = lines
                .iter()
                .enumerate()
                .filter(|(at, line)| untaxed.get(at) == line.name.0.as_ref() && !line.tax_ids.is_empty())
                .map(|(_, line)| line.id)
                .collect();
            if !ids.is_empty() {
                let none = Value::Array(vec![Value::Array(vec![6_i64.into(), 0_i64.into(), id_list(&[])])]);
                let values = Value::members([("tax_ids", none)]);
                let call = Call::write(LINE_MODEL, "write").argument(id_list(&ids)).argument(values);
                let _: serde::de::IgnoredAny = self.ask(context, call).await?;
            }
        }
        self.whole_report(context, report).await
    }

    /// A claim after it was changed. It was changed, whatever goes wrong in reading it.
    pub(crate) async fn after_write(
        &self,
        context: &CallContext,
        report: i64,
    ) -> Result<ExpenseReportRecord, Error> {
        let read = self.whole_report(context, report).await;
        read.map_err(|error| error.with_outcome(Outcome::Unknown))
    }

    /// A claim and its lines, if it is still a draft and in this version.
    pub(crate) async fn draft_in_version(
        &self,
        context: &CallContext,
        report: i64,
        wanted: Option<&SourceVersion>,
    ) -> Result<(Sheet, Vec<Line>), Error> {
        let sheet = self.sheet(context, report).await?;
        let lines = self.lines(context, report).await?;
        let mut summary = Summary::default();
        for line in &lines {
            summary.add(line.id, line.write_date.0, line.date.0.map(|day| day.0));
        }
        in_version(&version(&sheet, &summary), wanted)?;
        if sheet.state != "draft" {
            return Err(Error::new(
                ErrorKind::Conflict,
                "The report was handed in; withdraw it first, or read it again.",
            ));
        }
        Ok((sheet, lines))
    }
}

/// Odoo has no conditional write: what was read is compared right before, and a writer may still come in between.
pub(crate) fn in_version(found: &SourceVersion, wanted: Option<&SourceVersion>) -> Result<(), Error> {
    match wanted {
        Some(wanted) if wanted != found => Err(Error::new(
            ErrorKind::PreconditionFailed,
            "It has changed in Odoo since it was read; read it again first.",
        )
        .with_outcome(Outcome::NotAttempted)),
        _ => Ok(()),
    }
}

pub(crate) fn no_such_employee() -> Error {
    fault::not_found("There is no such employee in Odoo.")
}
