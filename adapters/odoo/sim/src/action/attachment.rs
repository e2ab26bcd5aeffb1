//! Files: `odoo/addons/base/models/ir_attachment.py`, and `addons/hr_expense/models/ir_attachment.py` of 18.0, which keeps the
//! files of an expense and of its report in step.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::default;
use crate::database::Database;
use crate::error::Error;
use crate::orm::{Env, Who, name_of};
use crate::value::Value;

const MODEL: &str = "ir.attachment";

/// The files of a record, the newest first.
pub(crate) fn of(db: &Database, model: &str, id: i64) -> Vec<i64> {
    let files = db.having(MODEL, "res_id", id).into_iter().rev();
    files.filter(|file| db.text(MODEL, *file, "res_model") == model).collect()
}

pub(crate) fn count(db: &Database, _: &Who, id: i64) -> Value {
    Value::Int(i64::try_from(of(db, "hr.expense", id).len()).unwrap_or_default())
}

pub(crate) fn datas(db: &Database, _: &Who, id: i64) -> Value {
    db.get(MODEL, id, "datas").clone()
}

pub(crate) fn resource_name(db: &Database, who: &Who, id: i64) -> Value {
    let model = db.text(MODEL, id, "res_model");
    match db.link(MODEL, id, "res_id").filter(|record| db.exists(model, *record)) {
        Some(record) => Value::Str(name_of(db, who, model, record)),
        None => Value::FALSE,
    }
}

/// What the file holds.
pub(crate) fn content(db: &Database, id: i64) -> Vec<u8> {
    STANDARD.decode(db.text(MODEL, id, "datas")).unwrap_or_default()
}

pub(super) fn defaults(values: &mut Vec<(String, Value)>) {
    default(values, "type", Value::str("binary"));
}

/// Works out size, checksum and type, and copies the file of an expense to its report.
pub(super) fn created(env: &mut Env<'_>, id: i64) -> Result<(), Error> {
    let bytes = STANDARD.decode(env.db.text(MODEL, id, "datas")).map_err(|_| {
        Error::python(
            "binascii.Error",
            "Invalid base64-encoded string: number of data characters cannot be right",
        )
    })?;
    let size = Value::Int(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    env.db.set(MODEL, id, "file_size", size);
    env.db.set(MODEL, id, "checksum", Value::Str(crate::sha1::hex(&bytes)));
    if env.db.get(MODEL, id, "mimetype").is_null() {
        let kind = mimetype(env.db.text(MODEL, id, "name"), &bytes);
        env.db.set(MODEL, id, "mimetype", Value::str(kind));
    }
    copy_to_report(env, id);
    Ok(())
}

fn copy_to_report(env: &mut Env<'_>, id: i64) {
    if env.db.text(MODEL, id, "res_model") != "hr.expense" {
        return;
    }
    let expense = env.db.link(MODEL, id, "res_id").unwrap_or_default();
    let Some(sheet) = env.db.link("hr.expense", expense, "sheet_id") else { return };
    let checksum = env.db.text(MODEL, id, "checksum").to_owned();
    let known = of(env.db, "hr.expense.sheet", sheet);
    if known.iter().any(|file| env.db.text(MODEL, *file, "checksum") == checksum) {
        return;
    }
    let copy = env.db.insert(MODEL);
    for key in [
        "name",
        "type",
        "datas",
        "file_size",
        "checksum",
        "mimetype",
        "create_uid",
        "create_date",
        "write_uid",
        "write_date",
    ] {
        let value = env.db.get(MODEL, id, key).clone();
        env.db.set(MODEL, copy, key, value);
    }
    env.db.set(MODEL, copy, "res_model", Value::str("hr.expense.sheet"));
    env.db.set(MODEL, copy, "res_id", Value::Int(sheet));
}

/// The copies go with the files, in either direction.
pub(super) fn unlinking(env: &mut Env<'_>, ids: &[i64]) -> Result<(), Error> {
    for id in ids {
        let checksum = env.db.text(MODEL, *id, "checksum").to_owned();
        let record = env.db.link(MODEL, *id, "res_id").unwrap_or_default();
        let twins: Vec<i64> = match env.db.text(MODEL, *id, "res_model") {
            "hr.expense" => {
                let sheet = env.db.link("hr.expense", record, "sheet_id");
                sheet.map(|sheet| of(env.db, "hr.expense.sheet", sheet)).unwrap_or_default()
            }
            "hr.expense.sheet" => {
                let lines = env.db.having("hr.expense", "sheet_id", record);
                lines.into_iter().flat_map(|line| of(env.db, "hr.expense", line)).collect()
            }
            _ => Vec::new(),
        };
        for twin in twins.into_iter().filter(|twin| !ids.contains(twin)) {
            if env.db.text(MODEL, twin, "checksum") == checksum {
                env.db.remove(MODEL, twin);
            }
        }
    }
    Ok(())
}

/// `guess_mimetype` by what the file begins with, then by its name.
fn mimetype(name: &str, bytes: &[u8]) -> &'static str {
    let starts = [
        (&b"%PDF"[..], "application/pdf"),
        (b"\x89PNG\r\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"PK\x03\x04", "application/zip"),
    ];
    // The name comes first in `_compute_mimetype`.
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "txt" => "text/plain",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "csv" => "text/csv",
        "webp" => "image/webp",
        "heic" => "image/heic",
        _ => starts
            .into_iter()
            .find(|(start, _)| bytes.starts_with(start))
            .map_or("application/octet-stream", |(_, kind)| kind),
    }
}
