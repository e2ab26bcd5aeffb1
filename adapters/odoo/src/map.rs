//! Small words of the mapping.

use jiff::civil::Date;
use portico_contract::{Error, ErrorKind};

use crate::wire::{Day, Maybe};

/// Characters that one text keeps.
const MOST: usize = 4_000;

/// A text that is there and not empty.
pub(crate) fn text(value: &Maybe<String>) -> Option<String> {
    let text = value.0.as_deref()?.trim();
    (!text.is_empty()).then(|| text.chars().take(MOST).collect())
}

/// A day that has to be there.
pub(crate) fn day(value: &Maybe<Day>, field: &'static str) -> Result<Date, Error> {
    value.0.map(|day| day.0).ok_or_else(|| missing(field))
}

/// A field that Odoo never leaves empty is empty.
pub(crate) fn missing(field: &'static str) -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        format!("Odoo gave a record without `{field}`, which it always has."),
    )
}

/// A state that Odoo 17 and 18 do not have: a module may have added it.
pub(crate) fn unknown_state(model: &'static str) -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        format!(
            "Odoo gave a record of `{model}` in a state that the gateway does not know; a module may have added it."
        ),
    )
}
