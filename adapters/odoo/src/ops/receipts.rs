//! Receipts: the octets of bills, streamed both ways.

use bytes::Bytes;
use futures_util::StreamExt as _;
use portico_contract::documents::{ContentHead, SourceVersion};
use portico_contract::expenses::{AttachReceipt, ReadReceipt, ReceiptRecord, RemoveReceipt};
use portico_contract::{ByteStream, CallContext, Error, ErrorKind, Handler, NativeId, Streamed};
use portico_schemas::Outcome;
use portico_wire::rpc::Value;

use crate::client::{Call, Odoo};
use crate::domain::{Domain, id, id_list};
use crate::ops::lines::{LINE_MODEL, receipt};
use crate::ops::reports::report_id;
use crate::wire::{Attachment, LineStamp, Sheet};
use crate::{fault, map, marker};

impl Handler<AttachReceipt> for Odoo {
    async fn handle(&self, context: &CallContext, op: &AttachReceipt) -> Result<ReceiptRecord, Error> {
        if op.upload.length.is_some_and(|octets| octets > AttachReceipt::MAX) {
            return Err(too_large().with_outcome(Outcome::NotAttempted));
        }
        let report = report_id(&op.report)?;
        let (_, lines) = self.draft_in_version(context, report, None).await?;
        let line = id(&op.line)
            .filter(|line| lines.iter().any(|there| there.id == *line))
            .ok_or_else(no_such_line)?;
        let name = file_name(&op.name)?;
        let mut values = vec![
            ("name".into(), name.into()),
            ("res_model".into(), LINE_MODEL.into()),
            ("res_id".into(), line.into()),
        ];
        if let Some(marker) = &context.marker {
            values.push(("description".into(), marker::external_id(marker).into()));
        }
        // Last, so that what Odoo has to hold of the rest is read before.
        values.push(("datas".into(), Value::Content));
        let body = op.upload.take().ok_or_else(|| {
            Error::new(ErrorKind::Conflict, "The content was sent before; send the whole request again.")
        })?;
        let call = Call::write(Attachment::MODEL, "create").argument(Value::Struct(values));
        let content = match op.upload.length {
            Some(length) => (capped(body), length),
            // Odoo's own server reads no body without a length: this one is held, which its cap allows.
            None => {
                let cap = usize::try_from(AttachReceipt::MAX).unwrap_or(usize::MAX);
                let held = capped(body)
                    .collect(cap)
                    .await
                    .map_err(|error| error.with_outcome(Outcome::NotAttempted))?;
                let length = held.len() as u64;
                (ByteStream::once(held), length)
            }
        };
        let made: i64 = self.upload(context, call, content).await?;
        let found =
            self.attachment(context, made).await.map_err(|error| error.with_outcome(Outcome::Unknown))?;
        found.map(|attachment| receipt(&attachment)).ok_or_else(no_such_receipt)
    }
}

impl Handler<ReadReceipt> for Odoo {
    async fn handle(&self, context: &CallContext, op: &ReadReceipt) -> Result<Streamed<ContentHead>, Error> {
        let (sheet, attachment) = self.receipt_of(context, &op.report, &op.receipt).await?;
        let length = attachment.file_size.0.and_then(|octets| u64::try_from(octets).ok());
        let head = ContentHead {
            name: map::text(&attachment.name),
            media_type: map::text(&attachment.mimetype),
            length,
            range: None,
            version: Some(SourceVersion(attachment.id.to_string())),
            updated_at: None,
            not_modified: false,
            facts: self.facts(&sheet.employee_id.0, &sheet.department_id.0),
        };
        if length == Some(0) {
            return Ok(Streamed { head, body: ByteStream::once(Bytes::new()) });
        }
        let call = Call::read(Attachment::MODEL, "read")
            .argument(id_list(&[attachment.id]))
            .keyword("fields", Value::list(["datas"]));
        let body = self.download(context, call, "datas").await?;
        let body = body.ok_or_else(|| fault::not_found("Odoo keeps no content for this receipt."))?;
        Ok(Streamed { head, body })
    }
}

impl Handler<RemoveReceipt> for Odoo {
    async fn handle(&self, context: &CallContext, op: &RemoveReceipt) -> Result<(), Error> {
        let (sheet, attachment) = self.receipt_of(context, &op.report, &op.receipt).await?;
        if sheet.state != "draft" {
            return Err(Error::new(ErrorKind::Conflict, "The report was handed in; withdraw it first."));
        }
        let call = Call::write(Attachment::MODEL, "unlink").argument(id_list(&[attachment.id]));
        let _: serde::de::IgnoredAny = self.ask(context, call).await?;
        Ok(())
    }
}

impl Odoo {
    async fn attachment(&self, context: &CallContext, id: i64) -> Result<Option<Attachment>, Error> {
        let domain = Domain::all().and("id", "=", id).and("res_model", "=", LINE_MODEL);
        let found: Vec<Attachment> =
            self.ask(context, Call::search(Attachment::MODEL, Attachment::FIELDS, domain)).await?;
        Ok(found.into_iter().next())
    }

    /// A receipt, if it hangs on a line of that claim.
    async fn receipt_of(
        &self,
        context: &CallContext,
        report: &NativeId,
        receipt: &NativeId,
    ) -> Result<(Sheet, Attachment), Error> {
        let sheet = self.sheet(context, report_id(report)?).await?;
        let receipt = id(receipt).ok_or_else(no_such_receipt)?;
        let attachment = self.attachment(context, receipt).await?.ok_or_else(no_such_receipt)?;
        let line = attachment.res_id.0.ok_or_else(no_such_receipt)?;
        let domain = Domain::all().and("id", "=", line).and("sheet_id", "=", sheet.id);
        let lines: Vec<LineStamp> =
            self.ask(context, Call::search(LineStamp::MODEL, LineStamp::FIELDS, domain)).await?;
        if lines.is_empty() { Err(no_such_receipt()) } else { Ok((sheet, attachment)) }
    }
}

/// A name without folders: the last part, which is what people know.
fn file_name(name: &str) -> Result<String, Error> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let good = !last.is_empty() && last.len() <= 255 && !last.chars().any(char::is_control);
    good.then(|| last.to_owned()).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, "A file name has 1 to 255 octets and no control characters.")
    })
}

/// Ends the body with an error once it is longer than allowed, whatever its length was said to be.
fn capped(body: ByteStream) -> ByteStream {
    let mut seen = 0_u64;
    ByteStream::new(body.map(move |piece| {
        let piece = piece?;
        seen += piece.len() as u64;
        if seen > AttachReceipt::MAX { Err(too_large()) } else { Ok(piece) }
    }))
}

fn too_large() -> Error {
    Error::new(ErrorKind::ContentTooLarge, "A receipt has at most 16 MiB; make the picture smaller.")
}

fn no_such_line() -> Error {
    fault::not_found("The report has no such line.")
}

fn no_such_receipt() -> Error {
    fault::not_found("The report has no such receipt.")
}
