//! Pictures or scans of bills.

use portico_contract::documents::ContentHead;
use portico_contract::expenses::{
    AttachReceipt, ExpenseLineRecord, ExpenseReportRecord, ReadReceipt, ReceiptRecord, RemoveReceipt,
    ReportAction,
};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation, Streamed};
use portico_schemas::FieldError;

use super::change::standing;
use super::{Expenses, FoundReceipt, REPORT, read_back};
use crate::change::{Asking, Change, Expected, carry_out, text_fault};
use crate::ground::not_there;
use crate::seal::Kind;
use crate::systems::System;
use crate::upload::{Verified, too_large};
use crate::writes::Plan;

/// Characters of a file name.
const NAME: usize = 200;

/// A receipt to add.
#[derive(Debug, Clone)]
pub struct ReceiptUpload {
    /// What the file is called.
    pub name: String,
    /// The octets, watched over.
    pub upload: Verified,
}

impl Expenses {
    /// Adds a receipt to a line of a draft.
    ///
    /// # Errors
    /// As [`Expenses::edit`]; [`ErrorKind::NotFound`] when the report has no such line; [`ErrorKind::ContentTooLarge`];
    /// [`ErrorKind::UnsupportedMediaType`] for what is neither a picture nor a PDF.
    pub async fn attach(
        &self,
        context: &CallContext,
        id: &str,
        line: &str,
        receipt: ReceiptUpload,
        asking: Asking,
    ) -> Result<Change<FoundReceipt>, Error> {
        check_file(&receipt)?;
        let (system, report, record) = self.changed(context, id, &AttachReceipt::META).await?;
        let line = self.part(system, Kind::ExpenseLine, line, "/lineId")?;
        let there = lines(&record).iter().find(|there| there.id == line).ok_or_else(no_line)?;
        let standing = standing(&record, ReportAction::Edit, &Expected::Any);
        let plan = Plan::new(system.key().clone(), &AttachReceipt::META)
            .on(report.clone())
            .expecting(read_back::attached(there, receipt.upload.upload.length));
        let ReceiptUpload { name, upload: verified } = receipt;
        let upload = verified.upload.clone();
        let operation = AttachReceipt { report: report.clone(), line, name, upload };
        let change = carry_out(
            self.0.writes.as_ref(),
            context,
            asking,
            plan,
            standing,
            |upstream, context| async move {
                let receipt =
                    upstream.call(context, operation).await.map_err(|error| verified.blame(error))?;
                Ok((Some(receipt.id.clone()), receipt))
            },
            |made| async {
                // What was read before the write may be older than it.
                let record = self.record(context, system, &report).await?;
                made.and_then(|made| receipt_in(&record, &made).cloned()).ok_or_else(no_receipt)
            },
        );
        let change = change.await?;
        Ok(change.map(|record| FoundReceipt { system: system.key().clone(), report: report.clone(), record }))
    }

    /// The octets of a receipt.
    ///
    /// # Errors
    /// As [`Expenses::get`]; [`ErrorKind::NotFound`] when the report has no such receipt.
    pub async fn receipt(
        &self,
        context: &CallContext,
        id: &str,
        receipt: &str,
    ) -> Result<Streamed<ContentHead>, Error> {
        let (system, report) = self.0.open(REPORT, id)?;
        let record = self.record(context, system, &report).await?;
        let receipt = self.part(system, Kind::Receipt, receipt, "/receiptId")?;
        // A receipt of another report must not be had through one that may be seen.
        let known = receipt_in(&record, &receipt).cloned().ok_or_else(no_receipt)?;
        let operation = ReadReceipt { report, receipt };
        let mut content = system.upstream.call(context.clone(), operation).await?;
        content.head.name.get_or_insert(known.name);
        if content.head.media_type.is_none() {
            content.head.media_type = known.media_type;
        }
        Ok(content)
    }

    /// Takes a receipt out of a draft.
    ///
    /// # Errors
    /// As [`Expenses::edit`]; [`ErrorKind::NotFound`] when the report has no such receipt.
    pub async fn remove_receipt(
        &self,
        context: &CallContext,
        id: &str,
        receipt: &str,
        asking: Asking,
    ) -> Result<Change<()>, Error> {
        let (system, report, record) = self.changed(context, id, &RemoveReceipt::META).await?;
        let receipt = self.part(system, Kind::Receipt, receipt, "/receiptId")?;
        receipt_in(&record, &receipt).ok_or_else(no_receipt)?;
        let standing = standing(&record, ReportAction::Edit, &Expected::Any);
        let plan = Plan::new(system.key().clone(), &RemoveReceipt::META)
            .on(report.clone())
            .expecting(read_back::removed(&receipt));
        let operation = RemoveReceipt { report, receipt };
        carry_out(
            self.0.writes.as_ref(),
            context,
            asking,
            plan,
            standing,
            |upstream, context| async move { Ok((None, upstream.call(context, operation).await?)) },
            |_| async { Ok(()) },
        )
        .await
    }

    /// A part of a report in this system, by its id in a path.
    fn part(&self, system: &System, kind: Kind, id: &str, at: &str) -> Result<NativeId, Error> {
        let (key, native) = self.0.seals.open(kind, id, at)?;
        let is_here = self.0.systems.get(&key).is_some_and(|there| there.key() == system.key());
        if is_here { Ok(native) } else { Err(not_there(REPORT)) }
    }
}

fn lines(record: &ExpenseReportRecord) -> &[ExpenseLineRecord] {
    record.lines.as_deref().unwrap_or_default()
}

fn receipt_in<'a>(record: &'a ExpenseReportRecord, receipt: &NativeId) -> Option<&'a ReceiptRecord> {
    lines(record).iter().flat_map(|line| &line.receipts).find(|known| known.id == *receipt)
}

fn no_line() -> Error {
    Error::new(ErrorKind::NotFound, "The report has no such line.")
}

fn no_receipt() -> Error {
    Error::new(ErrorKind::NotFound, "The report has no such receipt.")
}

fn check_file(receipt: &ReceiptUpload) -> Result<(), Error> {
    let media_type = receipt.upload.upload.media_type.as_deref().unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // A picture with a script inside is a page.
    let is_picture =
        essence.strip_prefix("image/").is_some_and(|kind| !kind.is_empty() && !kind.starts_with("svg"));
    if !is_picture && essence != "application/pdf" {
        let why = "A receipt is a picture or a PDF: send its `Content-Type`, such as `image/jpeg` or `application/pdf`.";
        return Err(Error::new(ErrorKind::UnsupportedMediaType, why));
    }
    if receipt.upload.upload.length.is_some_and(|length| length > AttachReceipt::MAX) {
        return Err(too_large(AttachReceipt::MAX));
    }
    let fault = text_fault(&receipt.name, NAME).or_else(|| {
        let is_path = receipt.name.contains(['/', '\\', '\n', '\r', '\t']);
        is_path.then(|| "is a path, or has line ends".to_owned())
    });
    match fault {
        None => Ok(()),
        Some(detail) => {
            let field = FieldError { detail, pointer: "#content-disposition".to_owned() };
            Err(Error::new(ErrorKind::InvalidInput, "The file name cannot be used.").with_fields(vec![field]))
        }
    }
}
