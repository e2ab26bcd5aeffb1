//! Search domains: `odoo/osv/expression.py`.

use std::cmp::Ordering;

use super::like::like;
use super::{Who, name_of};
use crate::database::Database;
use crate::error::Error;
use crate::model::{Kind, Model};
use crate::trace;
use crate::value::Value;

const OPERATORS: [&str; 20] = [
    "=",
    "!=",
    "<=",
    "<",
    ">",
    ">=",
    "=?",
    "=like",
    "=ilike",
    "like",
    "not like",
    "ilike",
    "not ilike",
    "in",
    "not in",
    "child_of",
    "parent_of",
    "any",
    "not any",
    "<>",
];

/// A domain that was understood.
#[derive(Debug)]
pub(crate) enum Term {
    All(Vec<Term>),
    Any(Vec<Term>),
    Not(Box<Term>),
    Always(bool),
    Leaf { path: Vec<String>, operator: String, value: Value },
}

/// Understands a domain in Polish notation. `method` is for the traceback.
pub(crate) fn parse(db: &Database, model: &str, domain: &Value, method: &str) -> Result<Term, Error> {
    let list = match domain {
        Value::List(list) => list.as_slice(),
        other if other.is_null() => &[],
        other => {
            return Err(Error::python("ValueError", &format!("Domain must be a list: {}", other.repr())));
        }
    };
    let mut rest = list;
    let mut terms = Vec::new();
    // Terms that stand next to each other are all meant.
    while !rest.is_empty() {
        terms.push(term(db, model, &mut rest, method, 0)?);
    }
    Ok(Term::All(terms))
}

fn term(db: &Database, model: &str, rest: &mut &[Value], method: &str, depth: usize) -> Result<Term, Error> {
    let Some((first, after)) = rest.split_first() else {
        return Err(Error::python("ValueError", "Domain is syntactically not correct"));
    };
    if depth > 200 {
        return Err(Error::python("RecursionError", "maximum recursion depth exceeded"));
    }
    *rest = after;
    let mut next = || term(db, model, rest, method, depth + 1);
    match first {
        Value::Str(sign) => match sign.as_str() {
            "&" => Ok(Term::All(vec![next()?, next()?])),
            "|" => Ok(Term::Any(vec![next()?, next()?])),
            "!" => Ok(Term::Not(Box::new(next()?))),
            other => Err(invalid(&Value::str(other))),
        },
        Value::List(parts) => leaf(db, model, parts, method),
        other => Err(invalid(other)),
    }
}

fn invalid(leaf: &Value) -> Error {
    Error::python("ValueError", &format!("Invalid leaf {}", leaf.repr()))
}

fn leaf(db: &Database, model: &str, parts: &[Value], method: &str) -> Result<Term, Error> {
    let [field, operator, value] = parts else { return Err(invalid(&Value::List(parts.to_vec()))) };
    if let (Value::Int(left), Some("=" | "!=")) = (field, operator.as_str()) {
        let same = value.as_int() == Some(*left);
        return Ok(Term::Always(same == (operator.as_str() == Some("="))));
    }
    let (Some(field), Some(operator)) = (field.as_str(), operator.as_str()) else {
        return Err(invalid(&Value::List(parts.to_vec())));
    };
    if !OPERATORS.contains(&operator) {
        return Err(invalid(&Value::List(parts.to_vec())));
    }
    let path: Vec<String> = field.split('.').map(str::to_owned).collect();
    let mut current = model;
    for step in &path {
        let found = db.model(current).and_then(|model| model.named(step));
        let Some((_, found)) = found else {
            let item = parts.iter().map(Value::repr).collect::<Vec<_>>().join(", ");
            let said = format!("Invalid field {current}.{step} in leaf ({item})");
            return Err(Error::python("ValueError", &said).within(trace::domain(method)));
        };
        current = found.relation().unwrap_or(current);
    }
    let operator = if operator == "<>" { "!=" } else { operator }.to_owned();
    Ok(Term::Leaf { path, operator, value: value.clone() })
}

impl Term {
    /// Whether any leaf asks for this field of the model itself.
    pub fn mentions(&self, field: &str) -> bool {
        match self {
            Self::All(terms) | Self::Any(terms) => terms.iter().any(|term| term.mentions(field)),
            Self::Not(term) => term.mentions(field),
            Self::Always(_) => false,
            Self::Leaf { path, .. } => path[0] == field,
        }
    }

    /// Whether a record is meant.
    pub fn holds(&self, db: &Database, who: &Who, model: &str, id: i64) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.holds(db, who, model, id)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(db, who, model, id)),
            Self::Not(term) => !term.holds(db, who, model, id),
            Self::Always(yes) => *yes,
            Self::Leaf { path, operator, value } => step(db, who, model, id, path, operator, value),
        }
    }

    /// The only records that can be meant, where an index or the ids themselves tell.
    pub fn candidates(&self, db: &Database, model: &str) -> Option<Vec<i64>> {
        match self {
            Self::All(terms) => terms.iter().find_map(|term| term.candidates(db, model)),
            Self::Leaf { path, operator, value } if path.len() == 1 => {
                let (_, field) = db.model(model)?.named(&path[0])?;
                let numbers = match (operator.as_str(), value) {
                    ("=", Value::Int(number)) => vec![*number],
                    ("in", Value::List(list)) => list.iter().map(Value::as_id).collect::<Option<Vec<_>>>()?,
                    _ => return None,
                };
                let mut found: Vec<i64> = match field.key {
                    "id" => numbers.into_iter().filter(|id| db.exists(model, *id)).collect(),
                    key if field.indexed => {
                        numbers.into_iter().flat_map(|number| db.having(model, key, number)).collect()
                    }
                    _ => return None,
                };
                found.sort_unstable();
                found.dedup();
                Some(found)
            }
            _ => None,
        }
    }
}

/// Follows a path: what is behind a relation has to exist.
fn step(
    db: &Database,
    who: &Who,
    model: &str,
    id: i64,
    path: &[String],
    operator: &str,
    value: &Value,
) -> bool {
    let Some((_, field)) = db.model(model).and_then(|model| model.named(&path[0])) else { return false };
    let held = db.value(&who.sudo(), model, id, field);
    let relation = field.relation();
    if let (Some(to), true) = (relation, path.len() > 1) {
        return held.id_list().iter().any(|other| step(db, who, to, *other, &path[1..], operator, value));
    }
    let leaf = Leaf { db, who, kind: field.kind, operator, value };
    match relation {
        Some(to) => leaf.relation(to, &held.id_list()),
        None => leaf.plain(&held, field.key == "id" && operator.ends_with("_of"), model, id),
    }
}

struct Leaf<'a> {
    db: &'a Database,
    who: &'a Who,
    kind: Kind,
    operator: &'a str,
    value: &'a Value,
}

impl Leaf<'_> {
    /// A many-to-one, one-to-many or many-to-many.
    fn relation(&self, to: &str, held: &[i64]) -> bool {
        let wanted = || match self.value {
            Value::Str(name) => self.named(to, name),
            other => other.id_list(),
        };
        let nothing = match self.value {
            Value::List(list) => list.iter().any(Value::is_null),
            other => other.is_null(),
        };
        let meets = || {
            let wanted = wanted();
            held.iter().any(|id| wanted.contains(id)) || (nothing && held.is_empty())
        };
        match self.operator {
            "=" | "in" => meets(),
            "!=" | "not in" => !meets(),
            "=?" => self.value.is_null() || meets(),
            "child_of" => held.iter().any(|id| {
                self.db
                    .model(to)
                    .is_some_and(|model| above(self.db, model, *id).any(|up| wanted().contains(&up)))
            }),
            "parent_of" => wanted().iter().any(|id| {
                self.db.model(to).is_some_and(|model| above(self.db, model, *id).any(|up| held.contains(&up)))
            }),
            "any" | "not any" => {
                let inner = parse(self.db, to, self.value, "search");
                let any =
                    inner.is_ok_and(|inner| held.iter().any(|id| inner.holds(self.db, self.who, to, *id)));
                any == (self.operator == "any")
            }
            // By the name that is shown.
            other => {
                let negative = other.starts_with("not ");
                let matches = held.iter().any(|id| {
                    let name = Value::Str(name_of(self.db, self.who, to, *id));
                    self.alike(&name, other.trim_start_matches("not "))
                });
                matches != negative
            }
        }
    }

    fn named(&self, to: &str, name: &str) -> Vec<i64> {
        self.db.ids(to).filter(|id| name_of(self.db, self.who, to, *id) == name).collect()
    }

    fn plain(&self, held: &Value, hierarchy: bool, model: &str, id: i64) -> bool {
        if hierarchy {
            let wanted = self.value.id_list();
            let Some(model) = self.db.model(model) else { return false };
            return match self.operator {
                "child_of" => above(self.db, model, id).any(|up| wanted.contains(&up)),
                _ => wanted.iter().any(|below| above(self.db, model, *below).any(|up| up == id)),
            };
        }
        // Of a number nothing is zero for the reader, but NULL in the database only where it was never written.
        let null = held.is_null();
        match self.operator {
            "=" => self.same(held, self.value),
            "!=" => !self.same(held, self.value),
            "=?" => self.value.is_null() || self.same(held, self.value),
            "in" | "not in" => {
                let list = self.value.as_list().map_or_else(|| vec![self.value.clone()], <[Value]>::to_vec);
                list.iter().any(|value| self.same(held, value)) == (self.operator == "in")
            }
            "<" | "<=" | ">" | ">=" if null => false,
            "<" => self.compare(held) == Some(Ordering::Less),
            "<=" => matches!(self.compare(held), Some(Ordering::Less | Ordering::Equal)),
            ">" => self.compare(held) == Some(Ordering::Greater),
            ">=" => matches!(self.compare(held), Some(Ordering::Greater | Ordering::Equal)),
            other => {
                let negative = other.starts_with("not ");
                // `not like` takes records in that have nothing there.
                self.alike(held, other.trim_start_matches("not ")) != negative
            }
        }
    }

    fn same(&self, held: &Value, wanted: &Value) -> bool {
        if wanted.is_null() || held.is_null() {
            return held.is_null() && (wanted.is_null() || *wanted == Value::Str(String::new()));
        }
        if self.kind == Kind::Boolean {
            return held.truthy() == wanted.truthy();
        }
        match (held, wanted) {
            (Value::Str(held), Value::Str(wanted)) => *held == self.instant(wanted, "="),
            _ => match (held.as_float(), wanted.as_float()) {
                (Some(held), Some(wanted)) => (held - wanted).abs() < 1e-9,
                _ => held == wanted,
            },
        }
    }

    fn compare(&self, held: &Value) -> Option<Ordering> {
        match (held, self.value) {
            (Value::Str(held), Value::Str(wanted)) => {
                Some(held.as_str().cmp(self.instant(wanted, self.operator).as_str()))
            }
            (held, wanted) => held.as_float()?.partial_cmp(&wanted.as_float()?),
        }
    }

    /// A day stands for its first or its last second: `expression.__leaf_to_sql` on fields of type datetime.
    fn instant(&self, text: &str, operator: &str) -> String {
        match self.kind {
            Kind::Datetime if text.len() == 10 => {
                let end = matches!(operator, ">" | "<=");
                format!("{text} {}", if end { "23:59:59" } else { "00:00:00" })
            }
            // PostgreSQL takes the `T` of ISO 8601 as well.
            Kind::Datetime => text.replacen('T', " ", 1).trim_end_matches('Z').to_owned(),
            Kind::Date if text.len() > 10 && text.is_ascii() => text[..10].to_owned(),
            _ => text.to_owned(),
        }
    }

    fn alike(&self, held: &Value, operator: &str) -> bool {
        let Some(held) = held.as_str() else { return false };
        let pattern = self.value.as_str().unwrap_or_default();
        match operator {
            "=like" => like(held, pattern),
            "=ilike" => like(&held.to_lowercase(), &pattern.to_lowercase()),
            "like" => like(held, &format!("%{pattern}%")),
            "ilike" => like(&held.to_lowercase(), &format!("%{}%", pattern.to_lowercase())),
            _ => false,
        }
    }
}

/// The record and what is above it, by `parent_id`; it ends where somebody made a circle.
fn above<'a>(db: &'a Database, model: &'a Model, id: i64) -> impl Iterator<Item = i64> + 'a {
    std::iter::successors(Some(id), move |id| db.link(model.name, *id, "parent_id")).take(100)
}
