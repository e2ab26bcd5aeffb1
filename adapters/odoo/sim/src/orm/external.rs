//! External ids: the model `ir.model.data`.

use super::Who;
use crate::database::Database;
use crate::value::Value;

const MODEL: &str = "ir.model.data";

pub(crate) fn complete_name(db: &Database, _: &Who, id: i64) -> Value {
    Value::Str(format!("{}.{}", db.text(MODEL, id, "module"), db.text(MODEL, id, "name")))
}

/// The module and the name; what has no module belongs to imports.
pub(crate) fn split(id: &str) -> (&str, &str) {
    id.split_once('.').unwrap_or(("__import__", id))
}

fn entry(db: &Database, id: &str) -> Option<i64> {
    let (module, name) = split(id);
    db.ids(MODEL)
        .find(|entry| db.text(MODEL, *entry, "name") == name && db.text(MODEL, *entry, "module") == module)
}

/// Whether updates leave alone what has this external id (`noupdate`).
pub(crate) fn is_kept(db: &Database, id: &str) -> bool {
    entry(db, id).is_some_and(|entry| db.get(MODEL, entry, "noupdate").truthy())
}

/// The record with an external id.
pub(crate) fn find(db: &Database, id: &str) -> Option<(String, i64)> {
    let found = entry(db, id)?;
    let (model, record) = (db.text(MODEL, found, "model").to_owned(), db.link(MODEL, found, "res_id")?);
    // What it stood for may be gone.
    db.exists(&model, record).then_some((model, record))
}

/// The external ids of a record; they go when it goes.
pub(crate) fn of(db: &Database, model: &str, id: i64) -> Vec<i64> {
    let entries = db.having(MODEL, "res_id", id).into_iter();
    entries.filter(|entry| db.text(MODEL, *entry, "model") == model).collect()
}
