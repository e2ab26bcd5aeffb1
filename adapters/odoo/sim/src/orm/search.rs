//! Searching: `search`, `search_read`, `search_count`, `name_search`.

use std::cmp::Ordering;

use super::domain::{Term, parse};
use super::{Arguments, Env, access, name_of, read};
use crate::error::Error;
use crate::model::Kind;
use crate::value::Value;

/// A search as it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub domain: Domain,
    pub offset: i64,
    pub limit: Option<i64>,
    pub order: Option<String>,
}

/// A domain, nothing unless said.
#[derive(Debug)]
pub(crate) struct Domain(pub Value);

impl Default for Domain {
    fn default() -> Self {
        Self(Value::List(Vec::new()))
    }
}

impl Query {
    pub fn new(domain: Value) -> Self {
        Self { domain: Domain(domain), ..Self::default() }
    }

    /// The arguments that `search` and `search_read` have in common, behind the domain.
    fn paged(&mut self, arguments: &mut Arguments) {
        self.offset = arguments.number("offset").unwrap_or_default();
        self.limit = arguments.number("limit").filter(|limit| *limit > 0);
        self.order = Some(arguments.text("order")).filter(|order| !order.is_empty());
    }
}

/// `BaseModel._search`: the ids, in order.
pub(crate) fn ids(env: &Env<'_>, model: &str, query: &Query, method: &str) -> Result<Vec<i64>, Error> {
    access::model(env, model, "read")?;
    let term = parse(env.db, model, &query.domain.0, method)?;
    let mut found = matching(env, model, &term);
    let default = env.model(model)?.order;
    sort(env, model, &mut found, query.order.as_deref().unwrap_or(default))?;
    let offset = usize::try_from(query.offset).unwrap_or_default();
    let limit = query.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    Ok(found.into_iter().skip(offset).take(limit).collect())
}

fn matching(env: &Env<'_>, model: &str, term: &Term) -> Vec<i64> {
    let db = &*env.db;
    let candidates = term.candidates(db, model).unwrap_or_else(|| db.ids(model).collect());
    // Archived records show only to whoever asks for them: `_active_name` and `active_test`.
    let archived = db.model(model).is_some_and(crate::model::Model::archives)
        && env.who.context.get("active_test").is_none_or(Value::truthy)
        && !term.mentions("active");
    let rule = access::rule(env, model);
    let meant = candidates.into_iter().filter(|id| {
        (!archived || db.get(model, *id, "active").truthy())
            && term.holds(db, &env.who, model, *id)
            && rule.as_ref().is_none_or(|rule| rule.allows(db, &env.who, model, *id, "read"))
    });
    meant.collect()
}

/// What is sorted by. Nothing comes last going up and first going down, as in PostgreSQL.
#[derive(Debug, PartialEq, PartialOrd)]
enum Key {
    Number(f64),
    Text(String),
    Nothing,
}

fn sort(env: &Env<'_>, model: &str, ids: &mut Vec<i64>, order: &str) -> Result<(), Error> {
    let mut parts: Vec<(String, bool)> = Vec::new();
    for part in order.split(',') {
        let mut words = part.split_whitespace();
        let name = words.next().unwrap_or_default();
        let down = match words.next().map(str::to_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(bad_order(order)),
        };
        // Our own defaults speak of keys, callers of names: they are the same unless a field was renamed.
        let known = env.model(model)?;
        let key = known.named(name).or_else(|| known.keyed(name)).map(|(_, field)| field.key);
        let Some(key) = key else {
            let said = format!("Invalid field '{name}' on model '{model}'");
            return Err(Error::python("ValueError", &said));
        };
        parts.push((key.to_owned(), down));
    }
    let mut keyed: Vec<(Vec<Key>, i64)> = ids
        .iter()
        .map(|id| (parts.iter().map(|(key, _)| sort_key(env, model, *id, key)).collect(), *id))
        .collect();
    keyed.sort_by(|(left, first), (right, second)| {
        let compared = left.iter().zip(right).zip(&parts).map(|((left, right), (_, down))| {
            let order = left.partial_cmp(right).unwrap_or(Ordering::Equal);
            if *down { order.reverse() } else { order }
        });
        // Rows that compare the same have no order in the database; here they stay as they came.
        compared.fold(Ordering::Equal, Ordering::then).then(first.cmp(second))
    });
    *ids = keyed.into_iter().map(|(_, id)| id).collect();
    Ok(())
}

fn bad_order(order: &str) -> Error {
    Error::user(format!(
        "Invalid \"order\" specified ({order}). A valid \"order\" specification is a comma-separated list of valid \
         field names (optionally followed by asc/desc for the direction)"
    ))
}

fn sort_key(env: &Env<'_>, model: &str, id: i64, key: &str) -> Key {
    let who = env.who.sudo();
    let value = env.db.by_key(&who, model, id, key);
    let kind = env.db.model(model).and_then(|model| model.keyed(key)).map(|(_, field)| field.kind);
    match (kind, &value) {
        (Some(Kind::Many2one(to)), value) => {
            value.as_id().map_or(Key::Nothing, |other| Key::Text(name_of(env.db, &who, to, other)))
        }
        (Some(Kind::Boolean), value) => Key::Number(f64::from(u8::from(value.truthy()))),
        (_, Value::Str(text)) => Key::Text(text.clone()),
        (_, value) if value.is_null() => Key::Nothing,
        (_, value) => value.as_float().map_or(Key::Nothing, Key::Number),
    }
}

pub(super) fn search(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let mut query = Query::new(arguments.take("domain").unwrap_or(Value::List(Vec::new())));
    query.paged(arguments);
    Ok(Value::ids(ids(env, model, &query, "search")?))
}

pub(super) fn search_read(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let mut query = Query::new(arguments.take("domain").unwrap_or(Value::List(Vec::new())));
    let fields = arguments.names("fields");
    query.paged(arguments);
    let load = arguments.named("load");
    let found = ids(env, model, &query, "search_read")?;
    read::format(env, model, &found, fields.as_deref(), read::is_plain(&load))
}

pub(super) fn search_count(
    env: &mut Env<'_>,
    model: &str,
    arguments: &mut Arguments,
) -> Result<Value, Error> {
    let mut query = Query::new(arguments.take("domain").unwrap_or(Value::List(Vec::new())));
    query.limit = arguments.number("limit").filter(|limit| *limit > 0);
    let found = ids(env, model, &query, "search_count")?.len();
    Ok(Value::Int(i64::try_from(found).unwrap_or(i64::MAX)))
}

/// Pairs of id and name.
pub(super) fn name_search(env: &mut Env<'_>, model: &str, arguments: &mut Arguments) -> Result<Value, Error> {
    let name = arguments.text("name");
    let domain = arguments.take("args").unwrap_or(Value::List(Vec::new()));
    let operator = Some(arguments.text("operator")).filter(|text| !text.is_empty());
    let limit = arguments.number("limit").unwrap_or(100);
    let mut terms = domain.as_list().unwrap_or_default().to_vec();
    if !name.is_empty() {
        let operator = operator.unwrap_or_else(|| "ilike".to_owned());
        let by = |field: &str| Value::List(vec![Value::str(field), Value::str(&operator), Value::str(&name)]);
        let key = env.model(model)?.rec_name();
        let coded = env.model(model)?.keyed("default_code").is_some();
        if coded {
            terms.extend([Value::str("|"), by("default_code"), by(key)]);
        } else {
            terms.push(by(key));
        }
    }
    let query = Query { limit: Some(limit).filter(|limit| *limit > 0), ..Query::new(Value::List(terms)) };
    let found = ids(env, model, &query, "name_search")?;
    let pair = |id| Value::List(vec![Value::Int(id), Value::Str(name_of(env.db, &env.who, model, id))]);
    Ok(Value::List(found.into_iter().map(pair).collect()))
}
