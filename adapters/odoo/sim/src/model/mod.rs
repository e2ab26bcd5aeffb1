//! The models: which fields they have. The rules of each are in [`crate::action`].

mod base;
mod expense;
mod field;
pub(crate) mod hr;
mod leave;
mod purchase;

use std::collections::HashMap;

pub(crate) use field::{Field, Kind, Source};

use crate::Version;

/// A model of the ORM.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// `_order`.
    pub order: &'static str,
    pub fields: Vec<Field>,
    /// By the name that callers use.
    names: HashMap<String, usize>,
    /// By the name that the source uses.
    keys: HashMap<&'static str, usize>,
}

impl Model {
    fn new(name: &'static str, label: &'static str, order: &'static str, mut fields: Vec<Field>) -> Self {
        fields.extend(field::magic());
        let mut model = Self { name, label, order, fields, names: HashMap::new(), keys: HashMap::new() };
        model.index();
        model
    }

    fn index(&mut self) {
        self.names = self.fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at)).collect();
        self.keys = self.fields.iter().enumerate().map(|(at, field)| (field.key, at)).collect();
    }

    /// The field that callers know by this name, and where it is.
    pub fn named(&self, name: &str) -> Option<(usize, &Field)> {
        let at = *self.names.get(name)?;
        Some((at, &self.fields[at]))
    }

    /// The field that the source knows by this name.
    pub fn keyed(&self, key: &str) -> Option<(usize, &Field)> {
        let at = *self.keys.get(key)?;
        Some((at, &self.fields[at]))
    }

    /// Records of the model can be archived.
    pub fn archives(&self) -> bool {
        self.keys.contains_key("active")
    }

    /// The name of a record, as `_rec_name` names it.
    pub fn rec_name(&self) -> &'static str {
        ["complete_name", "name"].into_iter().find(|key| self.keys.contains_key(key)).unwrap_or("id")
    }
}

/// All models.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    pub models: Vec<Model>,
    names: HashMap<&'static str, usize>,
}

impl Registry {
    pub fn new(version: Version) -> Self {
        let mut models = base::models();
        models.extend(hr::models());
        models.extend(expense::models());
        models.extend(leave::models(version));
        models.extend(purchase::models());
        let names = models.iter().enumerate().map(|(at, model)| (model.name, at)).collect();
        Self { models, names }
    }

    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub fn get(&self, name: &str) -> Option<&Model> {
        self.position(name).map(|at| &self.models[at])
    }

    /// Gives a field another name, or takes it away, as a customised or newer installation has it.
    pub fn rename(&mut self, model: &str, field: &str, to: Option<&str>) -> bool {
        let Some(model) = self.position(model).map(|at| &mut self.models[at]) else { return false };
        let Some(at) = model.names.get(field).copied() else { return false };
        // A field without a name cannot be asked for; the rules go on using it.
        model.fields[at].name = to.unwrap_or_default().to_owned();
        model.index();
        model.names.remove("");
        true
    }
}
