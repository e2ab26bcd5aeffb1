//! Reading: `read`, `fields_get`, and how values show.

use super::{Arguments, Env, access, name_of};
use crate::error::Error;
use crate::model::{Field, Kind, Source};
use crate::value::Value;

/// Without it a list of receipts would carry the receipts: with `bin_size` in the context their size is told instead.
const BIN_SIZE: &str = "bin_size";

pub(super) fn read(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let ids = arguments.ids();
    let fields = arguments.names("fields");
    let load = arguments.take("load");
    let plain = is_plain(&load.unwrap_or(Value::None));
    access::model(env, model, "read")?;
    // Records that are gone are left out; those that may not be seen are an error.
    let present: Vec<i64> = ids.into_iter().filter(|id| env.db.exists(model, *id)).collect();
    access::records(env, model, &present, "read")?;
    format(env, model, &present, fields.as_deref(), plain)
}

/// Whether many-to-ones stay ids: with anything else for `load` than `_classic_read`, which is the default.
pub(super) fn is_plain(load: &Value) -> bool {
    *load != Value::None && load.as_str() != Some("_classic_read")
}

/// The records as dictionaries; `_read_format`. `plain` leaves many-to-ones as ids.
pub(crate) fn format(
    env: &Env<'_>,
    model: &str,
    ids: &[i64],
    fields: Option<&[String]>,
    plain: bool,
) -> Result<Value, Error> {
    let known = env.model(model)?;
    let all: Vec<String>;
    let wanted = match fields.filter(|fields| !fields.is_empty()) {
        Some(fields) => fields,
        None => {
            let readable = known.fields.iter().filter(|field| access::field(env, model, field).is_ok());
            all = readable.map(|field| field.name.clone()).filter(|name| shown(name)).collect();
            &all
        }
    };
    let mut chosen: Vec<&Field> = Vec::new();
    for name in wanted {
        let Some((_, field)) = known.named(name).filter(|(_, field)| shown(&field.name)) else {
            return Err(Error::no_field(model, name));
        };
        access::field(env, model, field)?;
        if field.key != "id" && !chosen.iter().any(|chosen| chosen.key == field.key) {
            chosen.push(field);
        }
    }
    let mut records = Vec::new();
    for id in ids.iter().copied().filter(|id| env.db.exists(model, *id)) {
        let mut record = vec![("id".to_owned(), Value::Int(id))];
        for field in &chosen {
            record.push((field.name.clone(), show(env, model, id, field, plain)));
        }
        records.push(Value::Map(record));
    }
    Ok(Value::List(records))
}

/// Fields of our own are nobody's business.
fn shown(name: &str) -> bool {
    !name.starts_with('_')
}

fn show(env: &Env<'_>, model: &str, id: i64, field: &Field, plain: bool) -> Value {
    if field.key == "display_name" {
        return Value::Str(name_of(env.db, &env.who, model, id));
    }
    if (model, field.key) == ("res.users", "password") {
        return Value::Str(String::new());
    }
    let value = env.db.value(&env.who, model, id, field);
    match (field.kind, value) {
        (Kind::Many2one(to), Value::Int(other)) if !plain => {
            Value::List(vec![Value::Int(other), Value::Str(name_of(env.db, &env.who, to, other))])
        }
        // Microseconds are kept and not shown.
        (Kind::Datetime, Value::Str(text)) => Value::Str(text.chars().take(19).collect()),
        (Kind::Binary, Value::Str(content)) if env.who.context.get(BIN_SIZE).is_some_and(Value::truthy) => {
            Value::Str(human_size(content.len() / 4 * 3))
        }
        (_, value) => value,
    }
}

/// `odoo.tools.human_size`.
#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn human_size(octets: usize) -> String {
    let mut size = octets as f64;
    for unit in ["bytes", "Kb", "Mb"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} Gb")
}

/// The fields of a model, for whoever may see them.
pub(super) fn fields_get(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let wanted = arguments.names("allfields").filter(|names| !names.is_empty());
    let attributes = arguments.names("attributes").filter(|names| !names.is_empty());
    let mut all = Vec::new();
    for field in &env.model(model)?.fields {
        let asked = wanted.as_ref().is_none_or(|wanted| wanted.contains(&field.name));
        if !asked || !shown(&field.name) || field.name.is_empty() || access::field(env, model, field).is_err()
        {
            continue;
        }
        let described = describe(field).into_iter().filter(|(name, _)| {
            attributes.as_ref().is_none_or(|attributes| attributes.iter().any(|wanted| wanted == name))
        });
        let described = described.map(|(name, value)| (name.to_owned(), value)).collect();
        all.push((field.name.clone(), Value::Map(described)));
    }
    Ok(Value::Map(all))
}

/// The attributes in alphabetical order, as `Field.get_description` finds them.
fn describe(field: &Field) -> Vec<(&'static str, Value)> {
    let stored = matches!(field.source, Source::Stored);
    let mut all = Vec::new();
    if field.kind == Kind::Monetary {
        all.push(("currency_field", Value::str("currency_id")));
    }
    all.push(("name", Value::str(&field.name)));
    all.push(("readonly", Value::Bool(field.readonly)));
    if let Some(to) = field.relation() {
        all.push(("relation", Value::str(to)));
    }
    if let Kind::One2many(_, back) = field.kind {
        all.push(("relation_field", Value::str(back)));
    }
    all.push(("required", Value::Bool(field.required)));
    all.push(("searchable", Value::TRUE));
    if let Kind::Selection(list) = field.kind {
        let pair = |(value, label): &(&str, &str)| Value::List(vec![Value::str(*value), Value::str(*label)]);
        all.push(("selection", Value::List(list.iter().map(pair).collect())));
    }
    all.push(("sortable", Value::Bool(stored)));
    all.push(("store", Value::Bool(stored)));
    all.push(("string", Value::str(field.label)));
    all.push(("type", Value::str(field.type_name())));
    all
}
