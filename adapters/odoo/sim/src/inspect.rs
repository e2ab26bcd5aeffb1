//! What tests look at and change behind the callers' backs.

use serde_json::Value as Json;

use crate::error::Error;
use crate::orm::search::{Query, ids};
use crate::orm::{Env, Who, read, write};
use crate::sim::Sim;
use crate::value::Value;

/// Why something was not looked up or changed: what Odoo would have said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditFault(pub String);

impl std::fmt::Display for EditFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EditFault {}

impl From<Error> for EditFault {
    fn from(error: Error) -> Self {
        Self(error.said())
    }
}

impl Sim {
    /// The ids of the records that a domain means, archived ones included, in the order of their ids. A domain is written as
    /// clients write it: `json!([["state", "=", "submit"]])`.
    ///
    /// # Errors
    /// There is no such model or field.
    pub fn find(&self, model: &str, domain: &Json) -> Result<Vec<i64>, EditFault> {
        self.look(|env| {
            let query = Query { order: Some("id".to_owned()), ..Query::new(Value::from_json(domain)) };
            ids(env, model, &query, "search")
        })
    }

    /// How many records a domain means, archived ones included.
    ///
    /// # Errors
    /// There is no such model or field.
    pub fn count(&self, model: &str, domain: &Json) -> Result<usize, EditFault> {
        Ok(self.find(model, domain)?.len())
    }

    /// A record as `read` shows it to the administrator; `None` where there is none. No fields are all fields.
    ///
    /// # Errors
    /// There is no such model or field.
    pub fn record(&self, model: &str, id: i64, fields: &[&str]) -> Result<Option<Json>, EditFault> {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let found = self.look(|env| {
            let fields = Some(fields.as_slice()).filter(|fields| !fields.is_empty());
            read::format(env, model, &[id], fields, false)
        })?;
        Ok(found.as_list().and_then(<[Value]>::first).map(Value::to_json))
    }

    /// The model and the id of the record with this external id, written `module.name`.
    pub fn external(&self, id: &str) -> Option<(String, i64)> {
        let db = self.shared.db.lock();
        crate::orm::external::find(&db, id)
    }

    /// Makes a record as the administrator; the rules of the model apply.
    ///
    /// # Errors
    /// What Odoo says against it.
    pub fn create(&self, model: &str, values: &Json) -> Result<i64, EditFault> {
        let made = self.change(|env| write::create_one(env, model, Value::from_json(values)))?;
        Ok(made)
    }

    /// Changes a record as the administrator, as somebody in the office would.
    ///
    /// # Errors
    /// What Odoo says against it.
    pub fn edit(&self, model: &str, id: i64, values: &Json) -> Result<(), EditFault> {
        self.change(|env| write::write_all(env, model, &[id], &Value::from_json(values)))
    }

    /// Writes fields as they are: no rule is asked, nothing is worked out, and `write_date` stays unless it is among them. For
    /// states that callers cannot reach, such as posted or paid.
    ///
    /// # Errors
    /// There is no such record or field.
    pub fn force(&self, model: &str, id: i64, values: &Json) -> Result<(), EditFault> {
        self.change(|env| {
            if !env.db.exists(model, id) {
                return Err(Error::missing(model, id, env.who.uid));
            }
            let Value::Map(values) = Value::from_json(values) else { return Ok(()) };
            for (name, value) in values {
                let field = env.model(model)?.named(&name).map(|(_, field)| field.key);
                let key = field.ok_or_else(|| Error::no_field(model, &name))?;
                env.db.set(model, id, key, if value == Value::None { Value::FALSE } else { value });
            }
            Ok(())
        })
    }

    /// Deletes a record as the administrator.
    ///
    /// # Errors
    /// What Odoo says against it.
    pub fn delete(&self, model: &str, id: i64) -> Result<(), EditFault> {
        self.change(|env| write::unlink_all(env, model, &[id]))
    }

    /// Calls a method of records as the user with this id, without a socket: the action that somebody takes in the web client.
    /// A method that returns nothing gives `null`.
    ///
    /// # Errors
    /// What Odoo says against it.
    pub fn act(&self, uid: i64, model: &str, method: &str, records: &[i64]) -> Result<Json, EditFault> {
        let mut db = self.shared.db.lock();
        let arguments = vec![Value::ids(records.iter().copied())];
        let done = crate::service::transaction(&mut db, &self.shared.options.clock, uid, |env| {
            let mut arguments = crate::orm::Arguments::new(arguments, Value::None);
            crate::orm::call(env, model, method, &mut arguments)
        });
        Ok(done?.0.to_json())
    }

    /// Gives a field another name, or none, as if it were a newer release or a customised one. The rules go on working;
    /// callers meet "Invalid field", and `fields_get` shows it. `false` where there is no such field.
    pub fn rename_field(&self, model: &str, field: &str, to: Option<&str>) -> bool {
        self.shared.db.lock().registry.rename(model, field, to)
    }

    /// Sets the password of a user, or takes the one there is away.
    pub fn set_password(&self, login: &str, password: Option<&str>) {
        let mut passwords = self.shared.passwords.lock();
        match password {
            Some(password) => passwords.insert(login.to_owned(), password.to_owned()),
            None => passwords.remove(login),
        };
    }

    fn look<T>(&self, work: impl FnOnce(&mut Env<'_>) -> Result<T, Error>) -> Result<T, EditFault> {
        let mut db = self.shared.db.lock();
        let mut who = Who::root();
        who.context = Value::map([("active_test", Value::FALSE)]);
        Ok(work(&mut Env { db: &mut db, who })?)
    }

    fn change<T>(&self, work: impl FnOnce(&mut Env<'_>) -> Result<T, Error>) -> Result<T, EditFault> {
        let mut db = self.shared.db.lock();
        let done =
            crate::service::transaction(&mut db, &self.shared.options.clock, crate::database::ROOT, work);
        Ok(done?.0)
    }
}
