//! Importing rows: `BaseModel.load` of `odoo/models.py`.
//!
//! A column is a field, `id` (the external id), `.id` (the id in the database), `field/id` or `field/.id` (a link by either),
//! or `lines/field` (of a line). A row whose own columns are empty holds another line of the record above. Either everything
//! is done or nothing: then `ids` is `False` and the messages say why.

use super::{Arguments, Env, external, write};
use crate::error::Error;
use crate::model::Kind;
use crate::value::Value;

pub(super) fn load(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let fields = arguments.names("fields").unwrap_or_default();
    let columns: Vec<Vec<String>> =
        fields.iter().map(|field| field.split('/').map(str::to_owned).collect()).collect();
    let data = arguments.take("data").unwrap_or(Value::List(Vec::new()));
    let rows: Vec<Vec<Value>> = data
        .as_list()
        .unwrap_or_default()
        .iter()
        .map(|row| row.as_list().unwrap_or_default().to_vec())
        .collect();
    let mut ids = Vec::new();
    let mut messages = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        let end = group(env, model, &columns, &rows, at);
        match record(env, model, &columns, &rows[at..end], &fields) {
            Ok(id) => ids.push(id),
            Err(fault) => messages.push(message(&fault, at, end)),
        }
        at = end;
    }
    // `load` rolls back to its savepoint; an error inside a call does the same here.
    if !messages.is_empty() {
        env.db.rollback();
        return Ok(Value::map([
            ("messages", Value::List(messages)),
            ("ids", Value::FALSE),
            ("nextrow", Value::Int(0)),
        ]));
    }
    Ok(Value::map([
        ("ids", Value::ids(ids)),
        ("messages", Value::List(Vec::new())),
        ("nextrow", Value::Int(0)),
    ]))
}

/// What is wrong with a row: what to say, and which column it is about.
struct Bad {
    said: String,
    field: String,
}

fn message(bad: &Bad, from: usize, to: usize) -> Value {
    let row = |at: usize| Value::Int(i64::try_from(at).unwrap_or_default());
    Value::map([
        ("type", Value::str("error")),
        ("message", Value::str(&bad.said)),
        ("field", Value::str(&bad.field)),
        ("record", row(from)),
        ("rows", Value::map([("from", row(from)), ("to", row(to - 1))])),
    ])
}

fn is_lines(env: &Env<'_>, model: &str, column: &[String]) -> bool {
    let field = env.db.model(model).and_then(|model| model.named(&column[0]));
    column.len() > 1
        && !matches!(column[1].as_str(), "id" | ".id")
        && field.is_some_and(|(_, field)| matches!(field.kind, Kind::One2many(..)))
}

fn filled(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
}

/// The first row that is about another record.
fn group(env: &Env<'_>, model: &str, columns: &[Vec<String>], rows: &[Vec<Value>], from: usize) -> usize {
    let more = rows[from + 1..].iter().take_while(|row| {
        let own = columns.iter().enumerate().filter(|(_, column)| !is_lines(env, model, column));
        let mut own = own.peekable();
        own.peek().is_some() && own.all(|(at, _)| !filled(row.get(at)))
    });
    from + 1 + more.count()
}

fn record(
    env: &mut Env<'_>,
    model: &str,
    columns: &[Vec<String>],
    rows: &[Vec<Value>],
    fields: &[String],
) -> Result<i64, Bad> {
    let mut values: Vec<(String, Value)> = Vec::new();
    let (mut external_id, mut own_id) = (None, None);
    for (at, column) in columns.iter().enumerate() {
        let Some(value) = rows[0].get(at).filter(|value| filled(Some(value))) else { continue };
        match column[0].as_str() {
            "id" => external_id = value.as_str().map(str::to_owned),
            ".id" => own_id = number(value),
            _ if is_lines(env, model, column) => {}
            name => {
                let value = cell(env, model, column, value, &fields[at])?;
                values.push((name.to_owned(), value));
            }
        }
    }
    for (name, commands) in line_commands(env, model, columns, rows, fields)? {
        values.push((name, Value::List(commands)));
    }
    let known = match (&external_id, own_id) {
        (Some(external_id), _) => external::find(env.db, external_id).map(|(_, id)| id),
        (None, own) => own,
    };
    let failed = |error: Error| Bad { said: error.said(), field: "__record__".to_owned() };
    let keeps = external_id.as_deref().is_some_and(|id| external::is_kept(env.db, id));
    match known {
        // `_load_records`: an update leaves alone what was imported so that it is not updated.
        Some(id) if keeps && env.who.context.get("mode").and_then(Value::as_str) == Some("update") => Ok(id),
        // What is known otherwise is changed, not made again.
        Some(id) => {
            write::write_all(env, model, &[id], &Value::Map(values)).map_err(failed)?;
            Ok(id)
        }
        None => {
            let id = write::create_one(env, model, Value::Map(values)).map_err(failed)?;
            if let Some(external_id) = external_id {
                remember(env, model, id, &external_id);
            }
            Ok(id)
        }
    }
}

/// `ir.model.data._update_xmlids`, as the super user.
fn remember(env: &mut Env<'_>, model: &str, id: i64, external_id: &str) {
    let (module, name) = external::split(external_id);
    let entry = env.db.insert("ir.model.data");
    let kept = env.who.context.get("noupdate").is_some_and(Value::truthy);
    for (key, value) in [
        ("noupdate", Value::Bool(kept)),
        ("module", Value::str(module)),
        ("name", Value::str(name)),
        ("model", Value::str(model)),
        ("res_id", Value::Int(id)),
        ("create_date", env.now()),
        ("write_date", env.now()),
    ] {
        env.db.set("ir.model.data", entry, key, value);
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Str(text) => text.trim().parse().ok(),
        other => other.as_id(),
    }
}

/// One cell of a record itself.
fn cell(env: &Env<'_>, model: &str, column: &[String], value: &Value, field: &str) -> Result<Value, Bad> {
    let bad = |said: String| Bad { said, field: field.to_owned() };
    let known = env.db.model(model).and_then(|model| model.named(&column[0]));
    let Some((_, known)) = known else {
        return Err(bad(format!("Invalid field '{}' on model '{model}'", column[0])));
    };
    let Some(to) = known.relation() else { return typed(known.kind, value).map_err(bad) };
    let texts: Vec<String> = match value {
        Value::Str(text) if !matches!(known.kind, Kind::Many2one(_)) => {
            text.split(',').map(|part| part.trim().to_owned()).collect()
        }
        Value::Str(text) => vec![text.clone()],
        other => vec![other.repr()],
    };
    let mut ids = Vec::new();
    for text in &texts {
        let id = match column.get(1).map(String::as_str) {
            Some(".id") => number(&Value::str(text)).filter(|id| env.db.exists(to, *id)),
            Some("id") => external::find(env.db, text).filter(|(model, _)| model == to).map(|(_, id)| id),
            _ => env.db.ids(to).find(|id| super::name_of(env.db, &env.who, to, *id) == *text),
        };
        let what = match column.get(1).map(String::as_str) {
            Some(".id") => "database id",
            Some("id") => "external id",
            _ => "name",
        };
        let missing =
            || bad(format!("No matching record found for {what} '{text}' in field '{}'", known.label));
        ids.push(id.ok_or_else(missing)?);
    }
    Ok(match known.kind {
        Kind::Many2one(_) => Value::Int(ids[0]),
        _ => Value::List(vec![Value::List(vec![Value::Int(6), Value::Int(0), Value::ids(ids)])]),
    })
}

/// Cells are text: `ir.fields.converter`.
fn typed(kind: Kind, value: &Value) -> Result<Value, String> {
    let Value::Str(text) = value else { return Ok(value.clone()) };
    match kind {
        Kind::Integer => {
            text.parse().map(Value::Int).map_err(|_| format!("'{text}' does not seem to be an integer"))
        }
        Kind::Float | Kind::Monetary => {
            text.parse().map(Value::Float).map_err(|_| format!("'{text}' does not seem to be a number"))
        }
        Kind::Boolean => Ok(Value::Bool(matches!(text.to_lowercase().as_str(), "1" | "true" | "yes"))),
        // By the value, or by what people read for it.
        Kind::Selection(list) => {
            let found = list.iter().find(|(value, label)| value == text || label == text);
            found
                .map(|(value, _)| Value::str(*value))
                .ok_or_else(|| format!("Value '{text}' not found in selection"))
        }
        // `_str_to_json`.
        Kind::Json => serde_json::from_str(text)
            .map(|json: serde_json::Value| Value::from_json(&json))
            .map_err(|_| format!("'{text}' does not seem to be a valid JSON")),
        _ => Ok(value.clone()),
    }
}

/// The lines in all rows of a record, as commands, by the field that they are in.
fn line_commands(
    env: &Env<'_>,
    model: &str,
    columns: &[Vec<String>],
    rows: &[Vec<Value>],
    fields: &[String],
) -> Result<Vec<(String, Vec<Value>)>, Bad> {
    let mut all: Vec<(String, Vec<Value>)> = Vec::new();
    for row in rows {
        let mut made: Vec<(String, Vec<(String, Value)>)> = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let Some(value) = row.get(at).filter(|value| filled(Some(value))) else { continue };
            if !is_lines(env, model, column) {
                continue;
            }
            let to = env.db.model(model).and_then(|model| model.named(&column[0])?.1.relation());
            let value = cell(env, to.unwrap_or_default(), &column[1..], value, &fields[at])?;
            let line = (column[1].clone(), value);
            match made.iter_mut().find(|(name, _)| *name == column[0]) {
                Some((_, values)) => values.push(line),
                None => made.push((column[0].clone(), vec![line])),
            }
        }
        for (name, values) in made {
            let command = Value::List(vec![Value::Int(0), Value::Int(0), Value::Map(values)]);
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, commands)) => commands.push(command),
                None => all.push((name, vec![command])),
            }
        }
    }
    Ok(all)
}
