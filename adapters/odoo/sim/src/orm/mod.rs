//! The object-relational mapper: `odoo/models.py`, as far as callers from outside reach it.

pub(crate) mod access;
mod arguments;
mod convert;
pub(crate) mod domain;
pub(crate) mod external;
mod like;
mod load;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod write;

pub(crate) use arguments::Arguments;

use crate::database::{Database, ROOT};
use crate::error::Error;
use crate::model::Model;
use crate::value::Value;

/// Who calls, and in which context.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub uid: i64,
    /// As the server itself: no rights are asked for.
    pub su: bool,
    /// The `context` of the call, a dictionary.
    pub context: Value,
}

impl Who {
    pub fn new(uid: i64) -> Self {
        Self { uid, su: uid == ROOT, context: Value::Map(Vec::new()) }
    }

    /// The same person with all rights.
    pub fn sudo(&self) -> Self {
        Self { su: true, ..self.clone() }
    }

    /// The super user.
    pub fn root() -> Self {
        Self::new(ROOT)
    }
}

/// A call in its transaction.
#[derive(Debug)]
pub(crate) struct Env<'a> {
    pub db: &'a mut Database,
    pub who: Who,
}

impl Env<'_> {
    pub fn model(&self, name: &str) -> Result<&Model, Error> {
        self.db.model(name).ok_or_else(|| no_model(name))
    }

    /// Does something with all rights.
    pub fn sudo<T>(&mut self, work: impl FnOnce(&mut Env<'_>) -> T) -> T {
        let who = self.who.sudo();
        work(&mut Env { db: self.db, who })
    }

    /// `fields.Date.context_today`.
    pub fn today(&self) -> String {
        self.db.now.to_zoned(self.db.zone.clone()).date().to_string()
    }

    /// The instant of the transaction as a column has it.
    pub fn now(&self) -> Value {
        Value::Str(timestamp(self.db.now))
    }
}

pub(crate) fn no_model(name: &str) -> Error {
    Error::user(format!("Object {name} doesn't exist"))
}

/// As PostgreSQL keeps it, in UTC with microseconds: they do not show when it is read, yet searches compare them.
pub(crate) fn timestamp(at: jiff::Timestamp) -> String {
    let micros = at.as_microsecond().rem_euclid(1_000_000);
    let whole = at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    if micros == 0 { whole } else { format!("{whole}.{micros:06}") }
}

/// The name under which a record shows in a many-to-one; `_compute_display_name`.
pub(crate) fn name_of(db: &Database, who: &Who, model: &str, id: i64) -> String {
    match model {
        "product.product" => {
            let (code, name) = (db.text(model, id, "default_code"), db.text(model, id, "name"));
            if code.is_empty() { name.to_owned() } else { format!("[{code}] {name}") }
        }
        "hr.leave" => crate::action::leave::name(db, id),
        "hr.leave.allocation" => crate::action::allocation::name(db, id),
        "account.analytic.account" => {
            let (code, name) = (db.text(model, id, "code"), db.text(model, id, "name"));
            if code.is_empty() { name.to_owned() } else { format!("[{code}] {name}") }
        }
        "res.partner.bank" => db.text(model, id, "acc_number").to_owned(),
        _ => {
            let key = db.model(model).map_or("id", Model::rec_name);
            match db.by_key(&who.sudo(), model, id, key) {
                Value::Str(name) => name,
                _ => format!("{model},{id}"),
            }
        }
    }
}

/// For the field `display_name`, which does not know its model: see [`read::format`].
pub(crate) fn display_name(_: &Database, _: &Who, _: i64) -> Value {
    Value::FALSE
}

/// Runs a method of a model for a caller; `odoo.api.call_kw`.
pub(crate) fn call(
    env: &mut Env<'_>,
    model: &str,
    method: &str,
    arguments: &mut Arguments,
) -> Result<Value, Error> {
    // `check_method_name`, before anything else.
    if method.starts_with('_') || matches!(method, "init") {
        return Err(Error::Access(format!("Private methods (such as {method}) cannot be called remotely.")));
    }
    let known = env.model(model)?.name;
    if let Value::Map(context) = arguments.named("context") {
        env.who.context = Value::Map(context);
    }
    let result = match method {
        "search" => search::search(env, known, arguments),
        "search_read" => search::search_read(env, known, arguments),
        "search_count" => search::search_count(env, known, arguments),
        "name_search" => search::name_search(env, known, arguments),
        "read" => read::read(env, known, arguments),
        "fields_get" => read::fields_get(env, known, arguments),
        "default_get" => write::default_get(env, known, arguments),
        "create" => write::create(env, known, arguments),
        "write" => write::write(env, known, arguments),
        "unlink" => write::unlink(env, known, arguments),
        "exists" => {
            let ids = arguments.ids();
            Ok(Value::ids(ids.into_iter().filter(|id| env.db.exists(known, *id))))
        }
        "load" => load::load(env, known, arguments),
        "check_access_rights" => access::check_access_rights(env, known, arguments),
        "has_access" => {
            let ids = arguments.ids();
            let operation = arguments.text("operation");
            let open = access::model(env, known, &operation).is_ok();
            Ok(Value::Bool(open && access::records(env, known, &ids, &operation).is_ok()))
        }
        _ => match crate::action::call(env, known, method, arguments) {
            Some(result) => result,
            None => {
                Err(Error::python("AttributeError", &format!("The method '{known}.{method}' does not exist")))
            }
        },
    };
    let result = result?;
    arguments.finish(known, method)?;
    Ok(result)
}
