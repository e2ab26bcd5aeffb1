//! The records, with what it takes to undo a transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Version;
use crate::model::{Field, Kind, Model, Registry, Source};
use crate::orm::Who;
use crate::value::Value;

static NOTHING: Value = Value::FALSE;

/// The super user, as whom the server itself acts: OdooBot.
pub(crate) const ROOT: i64 = 1;

#[derive(Debug, Clone)]
struct Record(Vec<Value>);

#[derive(Debug, Default)]
struct Table {
    records: BTreeMap<i64, Record>,
    /// The last id that was given out. It is not taken back, as a sequence of the database is not.
    last: i64,
    /// From the place of an indexed field: its numbers, and who has them.
    indexes: HashMap<usize, BTreeMap<i64, BTreeSet<i64>>>,
}

#[derive(Debug)]
enum Undo {
    Set(usize, i64, usize, Value),
    Insert(usize, i64),
    Remove(usize, i64, Record),
}

/// All tables of one database.
#[derive(Debug)]
pub(crate) struct Database {
    pub registry: Registry,
    pub version: Version,
    /// The time zone of the working hours.
    pub zone: TimeZone,
    /// The instant at which the transaction began; `cr.now()`.
    pub now: Timestamp,
    /// Expense reports that lose a line in this transaction: their sums are to be worked out again.
    pub pending: BTreeSet<i64>,
    tables: Vec<Table>,
    journal: Vec<Undo>,
}

impl Database {
    pub fn new(version: Version, zone: TimeZone, now: Timestamp) -> Self {
        let registry = Registry::new(version);
        let tables = registry.models.iter().map(|model| {
            let indexed = model.fields.iter().enumerate().filter(|(_, field)| field.indexed);
            let indexes = indexed.map(|(at, _)| (at, BTreeMap::new())).collect();
            Table { indexes, ..Table::default() }
        });
        let tables = tables.collect();
        Self { registry, version, zone, now, pending: BTreeSet::new(), tables, journal: Vec::new() }
    }

    /// Opens a transaction at this instant.
    pub fn begin(&mut self, now: Timestamp) {
        self.now = now;
        self.pending.clear();
        self.journal.clear();
    }

    /// Makes what was done since last.
    pub fn commit(&mut self) -> Vec<&'static str> {
        let made = self.journal.iter().filter_map(|undo| match undo {
            Undo::Insert(table, _) => Some(self.registry.models[*table].name),
            _ => None,
        });
        let made = made.collect();
        self.journal.clear();
        made
    }

    /// Undoes what was done since [`Database::begin`].
    pub fn rollback(&mut self) {
        for undo in std::mem::take(&mut self.journal).into_iter().rev() {
            match undo {
                Undo::Set(table, id, at, value) => {
                    self.replace(table, id, at, value);
                }
                Undo::Insert(table, id) => {
                    self.take(table, id);
                }
                Undo::Remove(table, id, record) => self.put(table, id, record),
            }
        }
    }

    pub fn model(&self, name: &str) -> Option<&Model> {
        self.registry.get(name)
    }

    fn place(&self, model: &str) -> Option<usize> {
        self.registry.position(model)
    }

    pub fn exists(&self, model: &str, id: i64) -> bool {
        self.place(model).is_some_and(|at| self.tables[at].records.contains_key(&id))
    }

    /// All ids of a model, in order.
    pub fn ids(&self, model: &str) -> impl DoubleEndedIterator<Item = i64> + '_ {
        let table = self.place(model).map(|at| &self.tables[at]);
        table.into_iter().flat_map(|table| table.records.keys().copied())
    }

    /// How many records a model has.
    pub fn len(&self, model: &str) -> usize {
        self.place(model).map_or(0, |at| self.tables[at].records.len())
    }

    /// What the record holds under this key; nothing where there is no such record.
    pub fn get(&self, model: &str, id: i64, key: &str) -> &Value {
        let found = self.place(model).and_then(|table| {
            let (at, _) = self.registry.models[table].keyed(key)?;
            self.tables[table].records.get(&id)?.0.get(at)
        });
        found.unwrap_or(&NOTHING)
    }

    /// The id in a many-to-one.
    pub fn link(&self, model: &str, id: i64, key: &str) -> Option<i64> {
        self.get(model, id, key).as_id()
    }

    pub fn text(&self, model: &str, id: i64, key: &str) -> &str {
        self.get(model, id, key).as_str().unwrap_or_default()
    }

    /// The records whose indexed field has this number.
    pub fn having(&self, model: &str, key: &str, number: i64) -> Vec<i64> {
        let found = self.place(model).and_then(|table| {
            let (at, _) = self.registry.models[table].keyed(key)?;
            self.tables[table].indexes.get(&at)?.get(&number)
        });
        found.map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    /// The value of any field, worked out where it is not stored.
    pub fn value(&self, who: &Who, model: &str, id: i64, field: &Field) -> Value {
        match field.source {
            Source::Computed(compute) => compute(self, who, id),
            Source::Related("id", key) => self.by_key(who, model, id, key),
            Source::Related(through, key) => {
                let to = self.model(model).and_then(|model| model.keyed(through)?.1.relation());
                match (self.link(model, id, through), to) {
                    (Some(other), Some(to)) => self.by_key(who, to, other, key),
                    _ => field.empty(),
                }
            }
            Source::Stored => match field.kind {
                Kind::One2many("ir.attachment", _) => {
                    Value::ids(crate::action::attachment::of(self, model, id))
                }
                Kind::One2many(to, back) => Value::ids(self.lines(to, back, id)),
                _ if field.key == "id" => Value::Int(id),
                _ => self.get(model, id, field.key).clone(),
            },
        }
    }

    /// The records that lead back, in the order of their model.
    fn lines(&self, to: &str, back: &str, id: i64) -> Vec<i64> {
        let mut ids = self.having(to, back, id);
        if to == "hr.expense" {
            // `date desc, id desc`
            ids.sort_by_key(|line| std::cmp::Reverse((self.text(to, *line, "date").to_owned(), *line)));
        }
        ids
    }

    /// [`Database::value`] by the name of the field in the source.
    pub fn by_key(&self, who: &Who, model: &str, id: i64, key: &str) -> Value {
        let field = self.model(model).and_then(|model| model.keyed(key));
        field.map_or(Value::FALSE, |(_, field)| self.value(who, model, id, field))
    }

    /// A new record, all fields empty.
    pub fn insert(&mut self, model: &str) -> i64 {
        let id = self.place(model).map_or(1, |table| self.tables[table].last + 1);
        self.insert_at(model, id);
        id
    }

    /// A new record with an id of its own, as a seed needs it.
    pub fn insert_at(&mut self, model: &str, id: i64) {
        let Some(table) = self.place(model) else { return };
        let record = Record(self.registry.models[table].fields.iter().map(Field::empty).collect());
        self.put(table, id, record);
        self.tables[table].last = self.tables[table].last.max(id);
        self.journal.push(Undo::Insert(table, id));
    }

    /// The next record gets an id above this one.
    pub fn skip_to(&mut self, model: &str, id: i64) {
        if let Some(table) = self.place(model) {
            self.tables[table].last = self.tables[table].last.max(id);
        }
    }

    /// Writes one field. Returns whether that changed anything.
    pub fn set(&mut self, model: &str, id: i64, key: &str, value: Value) -> bool {
        let Some(table) = self.place(model) else { return false };
        let Some((at, _)) = self.registry.models[table].keyed(key) else { return false };
        match self.replace(table, id, at, value) {
            Some(old) => {
                self.journal.push(Undo::Set(table, id, at, old));
                true
            }
            None => false,
        }
    }

    pub fn remove(&mut self, model: &str, id: i64) {
        let Some(table) = self.place(model) else { return };
        if let Some(record) = self.take(table, id) {
            self.journal.push(Undo::Remove(table, id, record));
        }
    }

    fn put(&mut self, table: usize, id: i64, record: Record) {
        let table = &mut self.tables[table];
        for (at, index) in &mut table.indexes {
            if let Some(number) = record.0.get(*at).and_then(Value::as_id) {
                index.entry(number).or_default().insert(id);
            }
        }
        table.records.insert(id, record);
    }

    fn take(&mut self, table: usize, id: i64) -> Option<Record> {
        let table = &mut self.tables[table];
        let record = table.records.remove(&id)?;
        for (at, index) in &mut table.indexes {
            let number = record.0.get(*at).and_then(Value::as_id);
            if let Some(ids) = number.and_then(|number| index.get_mut(&number)) {
                ids.remove(&id);
            }
        }
        Some(record)
    }

    /// The value before, unless it is the same.
    fn replace(&mut self, table: usize, id: i64, at: usize, value: Value) -> Option<Value> {
        let table = &mut self.tables[table];
        let slot = table.records.get_mut(&id)?.0.get_mut(at)?;
        if *slot == value {
            return None;
        }
        if let Some(index) = table.indexes.get_mut(&at) {
            if let Some(ids) = slot.as_id().and_then(|number| index.get_mut(&number)) {
                ids.remove(&id);
            }
            if let Some(number) = value.as_id() {
                index.entry(number).or_default().insert(id);
            }
        }
        Some(std::mem::replace(slot, value))
    }
}
