//! How the values of callers become those of fields.

use super::Env;
use crate::action;
use crate::error::Error;
use crate::model::{Field, Kind};
use crate::value::Value;

/// `Field.convert_to_cache` and `convert_to_column`.
pub(super) fn convert(env: &Env<'_>, model: &str, field: &Field, value: &Value) -> Result<Value, Error> {
    let bad = |what: &str| {
        let said = format!("{what}: {}", value.repr());
        Err(Error::python("ValueError", &said))
    };
    if value.is_null() {
        return Ok(field.empty());
    }
    Ok(match field.kind {
        Kind::Char | Kind::Text | Kind::Binary => match value {
            Value::Str(text) => Value::Str(text.clone()),
            other => Value::Str(other.repr()),
        },
        Kind::Integer => match value.as_float() {
            #[expect(clippy::cast_possible_truncation, reason = "as Python's int() does")]
            Some(number) => Value::Int(number as i64),
            None => return bad("invalid literal for int() with base 10"),
        },
        Kind::Float | Kind::Monetary => {
            let number = match value {
                Value::Str(text) => text.trim().parse().ok(),
                other => other.as_float(),
            };
            match number {
                Some(number) if field.kind == Kind::Monetary => Value::Float(action::money::round(number)),
                Some(number) => Value::Float(number),
                None => return bad("could not convert string to float"),
            }
        }
        Kind::Boolean => Value::Bool(value.truthy()),
        Kind::Date | Kind::Datetime => date(field.kind, value)?,
        Kind::Json => value.clone(),
        Kind::Selection(list) => match value.as_str() {
            Some(text) if list.iter().any(|(known, _)| *known == text) => value.clone(),
            _ => return bad(&format!("Wrong value for {model}.{}", field.name)),
        },
        Kind::Many2one(to) => match value {
            Value::Int(other) if env.db.exists(to, *other) => value.clone(),
            Value::Int(other) => return Err(Error::missing(to, *other, env.who.uid)),
            _ => return bad(&format!("Wrong value for {model}.{}", field.name)),
        },
        Kind::One2many(..) | Kind::Many2many(_) => field.empty(),
    })
}

/// `fields.Date.to_date` and `fields.Datetime.to_datetime`.
fn date(kind: Kind, value: &Value) -> Result<Value, Error> {
    let text = value.as_str().unwrap_or_default().trim();
    let wrong = || {
        let said = format!("time data {} does not match format '%Y-%m-%d'", value.repr());
        Error::python("ValueError", &said)
    };
    if !text.is_ascii() || text.len() < 10 {
        return Err(wrong());
    }
    let day: jiff::civil::Date = text[..10].parse().map_err(|_| wrong())?;
    if kind == Kind::Date {
        return Ok(Value::Str(day.to_string()));
    }
    if text.len() == 10 {
        return Ok(Value::Str(format!("{day} 00:00:00")));
    }
    let at: jiff::civil::DateTime = text.replacen(' ', "T", 1).parse().map_err(|_| wrong())?;
    Ok(Value::Str(at.strftime("%Y-%m-%d %H:%M:%S").to_string()))
}
