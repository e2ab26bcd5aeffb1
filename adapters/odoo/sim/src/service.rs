//! The services behind the protocols: `odoo/service/common.py`, `model.py` and `db.py`.

use crate::Version;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::Error;
use crate::orm::{self, Arguments, Env, Who};
use crate::value::Value;
use crate::web::Shared;

/// A call of a service that was understood.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub service: String,
    pub method: String,
    pub params: Vec<Value>,
}

impl Call {
    /// What it is counted under, and what faults are chosen by: the model and its method, or the service and its own.
    pub fn target(&self) -> (String, String) {
        let text = |at: usize| self.params.get(at).and_then(Value::as_str).map(str::to_owned);
        match (self.service.as_str(), text(3), text(4)) {
            ("object", Some(model), Some(method)) => (model, method),
            _ => (self.service.clone(), self.method.clone()),
        }
    }
}

/// Runs something in a transaction of its own, as a user: what it made, by model, or nothing was done.
pub(crate) fn transaction<T>(
    db: &mut Database,
    clock: &Clock,
    uid: i64,
    work: impl FnOnce(&mut Env<'_>) -> Result<T, Error>,
) -> Result<(T, Vec<&'static str>), Error> {
    db.begin(clock.now());
    let mut env = Env { db, who: Who::new(uid) };
    match work(&mut env) {
        Ok(result) => Ok((result, db.commit())),
        Err(error) => {
            db.rollback();
            Err(error)
        }
    }
}

/// `dispatch_rpc`.
pub(crate) fn dispatch(shared: &Shared, call: &Call) -> Result<Value, Error> {
    match call.service.as_str() {
        "common" => common(shared, &call.method, &call.params),
        "object" => object(shared, &call.method, &call.params),
        "db" => match call.method.as_str() {
            "list" => Ok(Value::List(vec![Value::str(&shared.options.database)])),
            "server_version" => Ok(Value::str(series(shared))),
            "db_exist" => {
                let name = call.params.first().and_then(Value::as_str);
                Ok(Value::Bool(name == Some(&shared.options.database)))
            }
            other => Err(Error::python("KeyError", &format!("'{other}'"))),
        },
        other => Err(Error::python("KeyError", &format!("'{other}'"))),
    }
}

pub(crate) fn series(shared: &Shared) -> &'static str {
    match shared.options.version {
        Version::V17 => "17.0",
        Version::V18 => "18.0",
    }
}

/// The parts of the version.
pub(crate) fn version_info(shared: &Shared) -> Value {
    let major = if shared.options.version == Version::V17 { 17 } else { 18 };
    Value::List(vec![
        Value::Int(major),
        Value::Int(0),
        Value::Int(0),
        Value::str("final"),
        Value::Int(0),
        Value::str(""),
    ])
}

/// `exp_version`.
pub(crate) fn version(shared: &Shared) -> Value {
    Value::map([
        ("server_version", Value::str(series(shared))),
        ("server_version_info", version_info(shared)),
        ("server_serie", Value::str(series(shared))),
        ("protocol_version", Value::Int(1)),
    ])
}

fn common(shared: &Shared, method: &str, params: &[Value]) -> Result<Value, Error> {
    match method {
        "version" => Ok(version(shared)),
        "about" => Ok(Value::str("See https://www.odoo.com")),
        "authenticate" | "login" => {
            let text = |at: usize| params.get(at).and_then(Value::as_str).unwrap_or_default();
            known_database(shared, text(0))?;
            // A bad login is no error.
            Ok(login(shared, text(1), text(2)).map_or(Value::FALSE, Value::Int))
        }
        other => Err(Error::python("KeyError", &format!("'exp_{other}'"))),
    }
}

/// PostgreSQL has no such database.
fn known_database(shared: &Shared, name: &str) -> Result<(), Error> {
    if name == shared.options.database {
        return Ok(());
    }
    let said = format!(
        "connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" failed: FATAL:  database \"{name}\" does \
         not exist\n"
    );
    Err(Error::python("psycopg2.OperationalError", &said))
}

/// The user with these credentials, if active.
pub(crate) fn login(shared: &Shared, login: &str, password: &str) -> Option<i64> {
    let right =
        shared.passwords.lock().get(login).is_some_and(|known| known == password && !password.is_empty());
    let db = shared.db.lock();
    let user = db.ids("res.users").find(|id| db.text("res.users", *id, "login") == login)?;
    (right && db.get("res.users", user, "active").truthy()).then_some(user)
}

/// `security.check`: every call brings the credentials.
fn check(shared: &Shared, uid: i64, password: &str) -> Result<(), Error> {
    let name = shared.db.lock().text("res.users", uid, "login").to_owned();
    match login(shared, &name, password) {
        Some(known) if known == uid => Ok(()),
        _ => Err(Error::Denied),
    }
}

fn object(shared: &Shared, method: &str, params: &[Value]) -> Result<Value, Error> {
    let at = |at: usize| params.get(at).cloned().unwrap_or(Value::None);
    let text = |at: usize| params.get(at).and_then(Value::as_str).unwrap_or_default();
    known_database(shared, text(0))?;
    let uid = at(1).as_int().ok_or_else(|| {
        Error::python(
            "TypeError",
            "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
        )
    })?;
    check(shared, uid, text(2))?;
    let arguments = match method {
        "execute_kw" => Arguments::new(at(5).as_list().unwrap_or_default().to_vec(), at(6)),
        "execute" => Arguments::new(params.get(5..).unwrap_or_default().to_vec(), Value::None),
        other => return Err(Error::python("NameError", &format!("Method not available {other}"))),
    };
    call_kw(shared, uid, text(3), text(4), arguments)
}

/// A method of a model, in a transaction; what was made is counted.
pub(crate) fn call_kw(
    shared: &Shared,
    uid: i64,
    model: &str,
    method: &str,
    mut arguments: Arguments,
) -> Result<Value, Error> {
    let mut db = shared.db.lock();
    let (result, made) = transaction(&mut db, &shared.options.clock, uid, |env| {
        orm::call(env, model, method, &mut arguments)
    })?;
    let mut created = shared.created.lock();
    for model in made {
        *created.entry(model.to_owned()).or_default() += 1;
    }
    Ok(result)
}
