//! What a listing asks for, as conditions that both engines understand.

use crate::bounds::PAGE;
use crate::{AuditQuery, DecisionQuery, IntentQuery, Page};

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// Conditions in the order of their values; `sql` is `true` without any. Texts are constants, values are always bound.
#[derive(Debug)]
pub(crate) struct Conditions {
    prefix: char,
    pub sql: String,
    pub values: Vec<Value>,
    pub limit: usize,
}

impl Conditions {
    /// `prefix` is what a placeholder begins with: `?` or `$`.
    pub(crate) fn new(prefix: char, limit: u32) -> Self {
        let limit = if limit == 0 { 100 } else { limit.min(PAGE) };
        Self { prefix, sql: "true".to_owned(), values: Vec::new(), limit: limit as usize }
    }

    /// Adds `column comparison value` where there is a value.
    #[must_use]
    pub(crate) fn and(mut self, condition: &'static str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.values.push(value.into());
            self.sql += &format!(" and {condition} {}{}", self.prefix, self.values.len());
        }
        self
    }

    /// Cuts what was read, one more than wanted, to a page.
    pub(crate) fn page<T>(&self, mut items: Vec<T>) -> Page<T> {
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        Page { items, more }
    }
}

pub(crate) fn intents(prefix: char, query: &IntentQuery) -> Conditions {
    Conditions::new(prefix, query.limit)
        .and("state =", query.state.map(|state| state.as_str()))
        .and("system =", query.system.as_deref())
        .and("subject =", query.subject.as_deref())
        .and("created_ms <", query.created_before.map(|at| at.as_millisecond()))
        .and("id <", query.after.map(|id| id.to_string()).as_deref())
}

pub(crate) fn audit(prefix: char, query: &AuditQuery) -> Conditions {
    Conditions::new(prefix, query.limit)
        .and("kind =", query.kind.as_deref())
        .and("subject =", query.subject.as_deref())
        .and("system =", query.system.as_deref())
        .and("intent =", query.intent.map(|id| id.to_string()).as_deref())
        .and("at_ms >=", query.from.map(|at| at.as_millisecond()))
        .and("at_ms <", query.until.map(|at| at.as_millisecond()))
        .and("seq >", Some(place(query.after)))
}

pub(crate) fn decisions(prefix: char, query: &DecisionQuery) -> Conditions {
    Conditions::new(prefix, query.limit)
        .and("system =", query.system.as_deref())
        .and("resource_type =", query.resource_type.as_deref())
        .and("native_id =", query.native_id.as_deref())
        .and("subject =", query.subject.as_deref())
        .and("at_ms >=", query.from.map(|at| at.as_millisecond()))
        .and("at_ms <", query.until.map(|at| at.as_millisecond()))
        .and("seq >", Some(place(query.after)))
}

pub(crate) fn place(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
