//! The arguments of a method, by place and by name.

use std::collections::VecDeque;

use crate::error::Error;
use crate::value::Value;

/// What was passed. Taking an argument takes the next by place or the one of that name.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    placed: VecDeque<Value>,
    named: Vec<(String, Value)>,
}

impl Arguments {
    pub fn new(placed: Vec<Value>, named: Value) -> Self {
        let named = match named {
            Value::Map(named) => named,
            _ => Vec::new(),
        };
        Self { placed: placed.into(), named }
    }

    /// The next argument, which is called so; `None` where it was not passed.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        match self.placed.pop_front() {
            Some(value) => Some(value),
            None => match self.named(name) {
                Value::None => None,
                value => Some(value),
            },
        }
    }

    /// One that is passed by name only; `Value::None` where it was not.
    pub fn named(&mut self, name: &str) -> Value {
        let at = self.named.iter().position(|(known, _)| known == name);
        at.map_or(Value::None, |at| self.named.remove(at).1)
    }

    /// The records that a method is called on: the first argument.
    pub fn ids(&mut self) -> Vec<i64> {
        let ids = self.placed.pop_front().unwrap_or_else(|| self.named("ids"));
        ids.id_list()
    }

    pub fn text(&mut self, name: &str) -> String {
        self.take(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub fn number(&mut self, name: &str) -> Option<i64> {
        self.take(name).and_then(|value| value.as_int())
    }

    /// A list of names; `None` where it was not passed or is nothing.
    pub fn names(&mut self, name: &str) -> Option<Vec<String>> {
        let given = self.take(name)?;
        let list = given.as_list()?;
        Some(list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// Everything has to be used up, as Python wants it.
    pub fn finish(&self, model: &str, method: &str) -> Result<(), Error> {
        if let Some((name, _)) = self.named.first() {
            let said = format!("{model}.{method}() got an unexpected keyword argument '{name}'");
            return Err(Error::python("TypeError", &said));
        }
        if self.placed.is_empty() {
            return Ok(());
        }
        let said = format!("{model}.{method}() takes fewer positional arguments than were given");
        Err(Error::python("TypeError", &said))
    }
}
