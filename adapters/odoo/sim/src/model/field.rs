//! One field of a model.

use crate::database::Database;
use crate::orm::Who;
use crate::value::Value;

/// A list of values with what people read for them.
pub(crate) type Selection = &'static [(&'static str, &'static str)];

/// The kinds of fields of `odoo/fields.py` that are used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Char,
    Text,
    Integer,
    Float,
    /// Rounded to the two decimals of the currencies here.
    Monetary,
    Boolean,
    Date,
    Datetime,
    /// Base64.
    Binary,
    Json,
    Selection(Selection),
    Many2one(&'static str),
    /// The other model, and the field there that leads back.
    One2many(&'static str, &'static str),
    Many2many(&'static str),
}

/// Where the value comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// The record holds it.
    Stored,
    /// It is worked out when it is read.
    Computed(fn(&Database, &Who, i64) -> Value),
    /// It is that of a related record: the many-to-one of this one, and the field of the other.
    Related(&'static str, &'static str),
}

/// A field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// What the source calls it.
    pub key: &'static str,
    /// What callers call it, empty where they cannot.
    pub name: String,
    pub label: &'static str,
    pub kind: Kind,
    pub source: Source,
    pub required: bool,
    pub readonly: bool,
    /// There is an index from its values to the records.
    pub indexed: bool,
}

impl Field {
    pub fn new(key: &'static str, label: &'static str, kind: Kind) -> Self {
        Self {
            key,
            name: key.to_owned(),
            label,
            kind,
            source: Source::Stored,
            required: false,
            readonly: false,
            indexed: false,
        }
    }

    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub fn readonly(mut self) -> Self {
        self.readonly = true;
        self
    }

    pub fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }

    pub fn computed(mut self, compute: fn(&Database, &Who, i64) -> Value) -> Self {
        self.source = Source::Computed(compute);
        self.readonly = true;
        self
    }

    pub fn related(mut self, through: &'static str, field: &'static str) -> Self {
        self.source = Source::Related(through, field);
        self.readonly = true;
        self
    }

    /// Whether the record itself holds it.
    pub fn stored(&self) -> bool {
        matches!(self.source, Source::Stored) && !matches!(self.kind, Kind::One2many(..))
    }

    /// What is read where nothing was written.
    pub fn empty(&self) -> Value {
        match self.kind {
            Kind::Integer => Value::Int(0),
            Kind::Float | Kind::Monetary => Value::Float(0.0),
            Kind::One2many(..) | Kind::Many2many(_) => Value::List(Vec::new()),
            _ => Value::FALSE,
        }
    }

    /// The name of the kind, as `fields_get` has it.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Char => "char",
            Kind::Text => "text",
            Kind::Integer => "integer",
            Kind::Float => "float",
            Kind::Monetary => "monetary",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Datetime => "datetime",
            Kind::Binary => "binary",
            Kind::Json => "json",
            Kind::Selection(_) => "selection",
            Kind::Many2one(_) => "many2one",
            Kind::One2many(..) => "one2many",
            Kind::Many2many(_) => "many2many",
        }
    }

    /// The model that it leads to.
    pub fn relation(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Many2one(to) | Kind::One2many(to, _) | Kind::Many2many(to) => Some(to),
            _ => None,
        }
    }
}

// Short forms: the lists of fields are long enough.

pub(super) fn char(key: &'static str, label: &'static str) -> Field {
    Field::new(key, label, Kind::Char)
}

pub(super) fn text(key: &'static str, label: &'static str) -> Field {
    Field::new(key, label, Kind::Text)
}

pub(super) fn integer(key: &'static str, label: &'static str) -> Field {
    Field::new(key, label, Kind::Integer)
}

pub(super) fn float(key: &'static str, label: &'static str) -> Field {
    Field::new(key, label, Kind::Float)
}

pub(super) fn money(key: &'static str, label: &'static str) -> Field {
    Field::new(key, label, Kind::Monetary)
}

pub(super) fn boolean(key: &'static str, label: &'static str) -> Field {
    Field::new(key, label, Kind::Boolean)
}

pub(super) fn date(key: &'static str, label: &'static str) -> Field {
    Field::new(key, label, Kind::Date)
}

pub(super) fn datetime(key: &'static str, label: &'static str) -> Field {
    Field::new(key, label, Kind::Datetime)
}

pub(super) fn one_of(key: &'static str, label: &'static str, list: Selection) -> Field {
    Field::new(key, label, Kind::Selection(list))
}

pub(super) fn many2one(key: &'static str, label: &'static str, to: &'static str) -> Field {
    Field::new(key, label, Kind::Many2one(to))
}

pub(super) fn one2many(
    key: &'static str,
    label: &'static str,
    to: &'static str,
    back: &'static str,
) -> Field {
    Field::new(key, label, Kind::One2many(to, back))
}

pub(super) fn many2many(key: &'static str, label: &'static str, to: &'static str) -> Field {
    Field::new(key, label, Kind::Many2many(to))
}

/// What every model has.
pub(super) fn magic() -> Vec<Field> {
    vec![
        integer("id", "ID").readonly(),
        char("display_name", "Display Name").computed(crate::orm::display_name),
        many2one("create_uid", "Created by", "res.users").readonly(),
        datetime("create_date", "Created on").readonly(),
        many2one("write_uid", "Last Updated by", "res.users").readonly(),
        datetime("write_date", "Last Updated on").readonly(),
    ]
}
