//! Changing: `create`, `write`, `unlink`, and the commands of lists.

use super::convert::convert;
use super::{Arguments, Env, access, external};
use crate::action;
use crate::error::Error;
use crate::model::{Kind, Source};
use crate::value::Value;

/// What a caller cannot set; `create` and `write` leave it out without a word.
const MAGIC: [&str; 6] = ["id", "display_name", "create_uid", "create_date", "write_uid", "write_date"];

pub(super) fn create(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    match arguments.take("vals_list") {
        Some(Value::List(list)) => {
            let ids = list.into_iter().map(|values| create_one(env, model, values));
            Ok(Value::ids(ids.collect::<Result<Vec<_>, _>>()?))
        }
        Some(values @ Value::Map(_)) => Ok(Value::Int(create_one(env, model, values)?)),
        _ => Err(Error::python(
            "TypeError",
            &format!("{model}.create() missing 1 required positional argument: 'vals_list'"),
        )),
    }
}

/// Makes one record.
pub(crate) fn create_one(env: &mut Env<'_>, model: &str, values: Value) -> Result<i64, Error> {
    access::model(env, model, "create")?;
    let Value::Map(mut values) = values else {
        return Err(Error::python("TypeError", "'vals_list' items have to be dictionaries"));
    };
    known_fields(env, model, &mut values)?;
    create_known(env, model, values)
}

/// [`create_one`] with the names that the source uses.
fn create_known(env: &mut Env<'_>, model: &str, mut values: Vec<(String, Value)>) -> Result<i64, Error> {
    defaults_from_context(env, model, &mut values);
    action::defaults(env, model, &mut values)?;
    let id = env.db.insert(model);
    let (now, uid) = (env.now(), Value::Int(env.who.uid));
    for (key, value) in
        [("create_uid", uid.clone()), ("create_date", now.clone()), ("write_uid", uid), ("write_date", now)]
    {
        env.db.set(model, id, key, value);
    }
    assign_all(env, model, id, &values)?;
    let given: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    action::created(env, model, id, &given)?;
    required(env, model, id)?;
    action::check(env, model, id, &given)?;
    access::records(env, model, &[id], "create")?;
    Ok(id)
}

/// Names to keys; what is unknown is an error, what cannot be set is dropped.
fn known_fields(env: &Env<'_>, model: &str, values: &mut Vec<(String, Value)>) -> Result<(), Error> {
    let known = env.model(model)?;
    for (name, _) in values.iter_mut() {
        match known.named(name) {
            Some((_, field)) => field.key.clone_into(name),
            None => return Err(Error::no_field(model, name)),
        }
    }
    values.retain(|(name, _)| !MAGIC.contains(&name.as_str()));
    Ok(())
}

/// `default_…` in the context, which the client sends that opened a form from another record.
fn defaults_from_context(env: &Env<'_>, model: &str, values: &mut Vec<(String, Value)>) {
    let Value::Map(context) = &env.who.context else { return };
    for (name, value) in context {
        let Some(key) = name.strip_prefix("default_") else { continue };
        let known = env.db.model(model).is_some_and(|model| model.keyed(key).is_some());
        if known && !values.iter().any(|(given, _)| given == key) {
            values.push((key.to_owned(), value.clone()));
        }
    }
}

/// `_as_validation_error` of a NOT NULL violation, `odoo/service/model.py`.
fn required(env: &Env<'_>, model: &str, id: i64) -> Result<(), Error> {
    let known = env.model(model)?;
    let empty = known.fields.iter().find(|field| {
        let number = matches!(field.kind, Kind::Integer | Kind::Float | Kind::Monetary | Kind::Boolean);
        field.required && field.stored() && !number && env.db.get(model, id, field.key).is_null()
    });
    let Some(field) = empty else { return Ok(()) };
    Err(Error::Validation(format!(
        "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n- Delete: another model \
         requires the record being deleted. If possible, archive it instead.\n\nModel: {} ({model})\nField: {} ({})\n",
        known.label, field.label, field.name
    )))
}

fn assign_all(env: &mut Env<'_>, model: &str, id: i64, values: &[(String, Value)]) -> Result<(), Error> {
    // Lines last: theirs is to know the record that they belong to.
    let is_lines = |env: &Env<'_>, key: &str| {
        env.db
            .model(model)
            .and_then(|model| model.keyed(key))
            .is_some_and(|(_, field)| matches!(field.kind, Kind::One2many(..)))
    };
    for lines in [false, true] {
        for (key, value) in values {
            if is_lines(env, key) == lines {
                assign(env, model, id, key, value)?;
            }
        }
    }
    Ok(())
}

fn assign(env: &mut Env<'_>, model: &str, id: i64, key: &str, value: &Value) -> Result<(), Error> {
    let Some(field) = env.model(model)?.keyed(key).map(|(_, field)| field.clone()) else { return Ok(()) };
    match (field.source, field.kind) {
        (Source::Stored, Kind::One2many(to, back)) => lines(env, model, id, to, back, value),
        (Source::Stored, Kind::Many2many(to)) => {
            let held = env.db.get(model, id, key).id_list();
            let links = linked(env, to, held, value)?;
            env.db.set(model, id, key, Value::ids(links));
            Ok(())
        }
        (Source::Stored, _) => {
            let value = convert(env, model, &field, value)?;
            env.db.set(model, id, key, value);
            Ok(())
        }
        // Written through: the contents of a file, the name of a user.
        (Source::Computed(_), Kind::Binary) => assign(env, model, id, "datas", value),
        (Source::Related(through, key), _) if through != "id" => {
            let to = env.model(model)?.keyed(through).and_then(|(_, field)| field.relation());
            match (env.db.link(model, id, through), to) {
                (Some(other), Some(to)) => assign(env, to, other, key, value),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The commands of a many-to-many: (4, id), (3, id), (5,), (6, 0, ids), (0, 0, values).
fn linked(env: &mut Env<'_>, to: &str, mut held: Vec<i64>, commands: &Value) -> Result<Vec<i64>, Error> {
    for command in commands.as_list().unwrap_or_default() {
        match command {
            // A bare id stands for a link.
            Value::Int(id) => held.push(*id),
            Value::List(parts) => {
                let id = parts.get(1).and_then(Value::as_int).unwrap_or_default();
                let last = || parts.get(2).cloned().unwrap_or(Value::None);
                match parts.first().and_then(Value::as_int) {
                    Some(0) => held.push(create_one(env, to, last())?),
                    Some(1) => write_all(env, to, &[id], &last())?,
                    Some(2 | 3) => held.retain(|known| *known != id),
                    Some(4) => held.push(id),
                    Some(5) => held.clear(),
                    Some(6) => held = last().id_list(),
                    _ => return Err(bad_command(command)),
                }
            }
            _ => return Err(bad_command(command)),
        }
    }
    held.sort_unstable();
    held.dedup();
    match held.iter().find(|id| !env.db.exists(to, **id)) {
        Some(id) => Err(Error::missing(to, *id, env.who.uid)),
        None => Ok(held),
    }
}

/// The commands of a one-to-many.
fn lines(
    env: &mut Env<'_>,
    model: &str,
    id: i64,
    to: &str,
    back: &str,
    commands: &Value,
) -> Result<(), Error> {
    let link = |value: Value| {
        let mut values = vec![(back.to_owned(), value)];
        if to == "ir.attachment" {
            values.push(("res_model".to_owned(), Value::str(model)));
        }
        Value::Map(values)
    };
    let held = |env: &Env<'_>| match to {
        "ir.attachment" => action::attachment::of(env.db, model, id),
        _ => env.db.having(to, back, id),
    };
    for command in commands.as_list().unwrap_or_default() {
        let Value::List(parts) = command else { return Err(bad_command(command)) };
        let other = parts.get(1).and_then(Value::as_int).unwrap_or_default();
        let last = parts.get(2).cloned().unwrap_or(Value::None);
        match parts.first().and_then(Value::as_int) {
            Some(0) => {
                let Value::Map(mut values) = last else { return Err(bad_command(command)) };
                known_fields(env, to, &mut values)?;
                if let Value::Map(more) = link(Value::Int(id)) {
                    values.retain(|(name, _)| !more.iter().any(|(known, _)| known == name));
                    values.extend(more);
                }
                create_known(env, to, values)?;
            }
            Some(1) => write_all(env, to, &[other], &last)?,
            Some(2) => unlink_all(env, to, &[other])?,
            Some(3) => by_key(env, to, &[other], &link(Value::FALSE))?,
            Some(4) => by_key(env, to, &[other], &link(Value::Int(id)))?,
            Some(5) => by_key(env, to, &held(env), &link(Value::FALSE))?,
            Some(6) => {
                let wanted = last.id_list();
                let gone: Vec<i64> = held(env).into_iter().filter(|line| !wanted.contains(line)).collect();
                by_key(env, to, &gone, &link(Value::FALSE))?;
                let new: Vec<i64> = wanted.into_iter().filter(|line| !held(env).contains(line)).collect();
                by_key(env, to, &new, &link(Value::Int(id)))?;
            }
            _ => return Err(bad_command(command)),
        }
    }
    Ok(())
}

fn bad_command(command: &Value) -> Error {
    Error::python("ValueError", &format!("Wrong value for a relational field: {}", command.repr()))
}

pub(super) fn write(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let ids = arguments.ids();
    let values = arguments.take("vals").unwrap_or(Value::Map(Vec::new()));
    write_all(env, model, &ids, &values)?;
    Ok(Value::TRUE)
}

/// Changes records.
pub(crate) fn write_all(env: &mut Env<'_>, model: &str, ids: &[i64], values: &Value) -> Result<(), Error> {
    let Value::Map(values) = values else {
        return Err(Error::python("AttributeError", "'list' object has no attribute 'items'"));
    };
    let mut values = values.clone();
    known_fields(env, model, &mut values)?;
    by_key(env, model, ids, &Value::Map(values))
}

/// [`write_all`] with the names that the source uses, which stay when a test renames a field.
pub(crate) fn by_key(env: &mut Env<'_>, model: &str, ids: &[i64], values: &Value) -> Result<(), Error> {
    access::model(env, model, "write")?;
    let Value::Map(values) = values else { return Ok(()) };
    if ids.is_empty() {
        return Ok(());
    }
    if let Some(gone) = ids.iter().find(|id| !env.db.exists(model, **id)) {
        return Err(Error::missing(model, *gone, env.who.uid));
    }
    access::records(env, model, ids, "write")?;
    let keys: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    action::writing(env, model, ids, values)?;
    for id in ids {
        assign_all(env, model, *id, values)?;
        touch(env, model, *id);
    }
    for id in ids {
        action::written(env, model, *id, &keys)?;
        required(env, model, *id)?;
        action::check(env, model, *id, &keys)?;
    }
    Ok(())
}

/// Notes who changed a record, and when.
fn touch(env: &mut Env<'_>, model: &str, id: i64) {
    let (now, uid) = (env.now(), Value::Int(env.who.uid));
    env.db.set(model, id, "write_date", now);
    env.db.set(model, id, "write_uid", uid);
}

/// Writes a stored field that was worked out: only a change counts, but it counts as a write (`BaseModel._write`).
pub(crate) fn store(env: &mut Env<'_>, model: &str, id: i64, key: &str, value: Value) {
    if env.db.set(model, id, key, value) {
        touch(env, model, id);
    }
}

pub(super) fn unlink(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let ids = arguments.ids();
    unlink_all(env, model, &ids)?;
    Ok(Value::TRUE)
}

/// Deletes records; those that are gone already are no error.
pub(crate) fn unlink_all(env: &mut Env<'_>, model: &str, ids: &[i64]) -> Result<(), Error> {
    access::model(env, model, "unlink")?;
    let ids: Vec<i64> = ids.iter().copied().filter(|id| env.db.exists(model, *id)).collect();
    access::records(env, model, &ids, "unlink")?;
    action::unlinking(env, model, &ids)?;
    for id in ids {
        for entry in external::of(env.db, model, id) {
            env.db.remove("ir.model.data", entry);
        }
        for file in action::attachment::of(env.db, model, id) {
            env.db.remove("ir.attachment", file);
        }
        env.db.remove(model, id);
        action::unlinked(env, model, id);
    }
    Ok(())
}

/// What a form would be filled with.
pub(super) fn default_get(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let wanted = arguments.names("fields_list").unwrap_or_default();
    let mut values = Vec::new();
    defaults_from_context(env, model, &mut values);
    action::defaults(env, model, &mut values)?;
    values.retain(|(name, _)| wanted.contains(name));
    Ok(Value::Map(values))
}
