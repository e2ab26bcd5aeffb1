//! The members that `fields=` can name, and those that a caller named.
//!
//! What every resource carries is written here once: a resource lists only what is its own.

use std::collections::BTreeSet;

/// The parts of the [`portico_schemas::Envelope`]; `owner` is among the references to persons.
const ENVELOPE: &[&str] = &[
    "id",
    "source",
    "source.system",
    "source.id",
    "source.url",
    "etag",
    "createdAt",
    "updatedAt",
    "fetchedAt",
    "allowedActions",
    "nativeStatus",
    "classification",
    "extensions",
    "extensions.*",
];
/// The one reference to a person that the envelope holds.
const OWNER: &str = "owner";
/// The parts of a [`portico_schemas::PersonRef`].
const PERSON_REF: &[&str] = &["id", "system", "nativeId", "display"];

/// What `fields=` can name in one kind of resource.
#[derive(Debug)]
pub struct Members {
    has_envelope: bool,
    own: &'static [&'static str],
    people: &'static [&'static str],
}

impl Members {
    /// Of a resource: the envelope, its own members, and those of its own that hold a reference to a person, whose parts
    /// can be named too. `a.b` is one inside another, `a.*` any inside.
    pub const fn resource(own: &'static [&'static str], people: &'static [&'static str]) -> Self {
        Self { has_envelope: true, own, people }
    }

    /// Of something without an envelope.
    pub const fn bare(own: &'static [&'static str]) -> Self {
        Self { has_envelope: false, own, people: &[] }
    }

    /// Of a route that takes no `fields` at all.
    pub const NONE: Self = Self::bare(&[]);

    /// Whether there is nothing to name.
    pub const fn is_empty(&self) -> bool {
        !self.has_envelope && self.own.is_empty() && self.people.is_empty()
    }

    /// Whether a caller may name it.
    pub fn knows(&self, name: &str) -> bool {
        self.names().any(|known| match known.strip_suffix('*') {
            Some(start) => name.len() > start.len() && name.starts_with(start),
            None => known == name,
        })
    }

    /// Every name, for the one who named another: those that every resource has first.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let (envelope, owner) = if self.has_envelope { (ENVELOPE, Some(OWNER)) } else { (&[][..], None) };
        let plain = envelope.iter().chain(self.own).map(|name| (*name).to_owned());
        plain.chain(owner.into_iter().chain(self.people.iter().copied()).flat_map(|person| {
            let parts = PERSON_REF.iter().map(move |part| format!("{person}.{part}"));
            std::iter::once(person.to_owned()).chain(parts)
        }))
    }
}

/// The members of an item that the caller wants to see, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection(pub BTreeSet<String>);

impl Projection {
    /// The wanted members in one string, for the entity tag of this shape; empty when everything is shown.
    pub fn shape(wanted: Option<&Self>) -> String {
        let names = wanted.into_iter().flat_map(|Self(names)| names);
        names.map(String::as_str).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::absences::{OfAbsenceTypes, OfAbsences};
    use crate::asked::Shape;
    use crate::documents::OfDocuments;
    use crate::expense_reports::OfReports as OfExpenseReports;
    use crate::lookups::{OfCategories, OfCostObjects, OfTaxRates};
    use crate::org_units::OfOrgUnits;
    use crate::people::{OfPeople, OfReports};
    use crate::tasks::OfTasks;

    /// Every resource of the contract, with what `fields=` can name in it. A new one wants a line here.
    const RESOURCES: &[(&str, &Members)] = &[
        ("Document", &OfDocuments::LIST.members),
        ("Person", &OfPeople::LIST.members),
        ("Person", &OfReports::LIST.members),
        ("OrgUnit", &OfOrgUnits::LIST.members),
        ("ExpenseReport", &OfExpenseReports::LIST.members),
        ("ExpenseCategory", &OfCategories::LIST.members),
        ("CostObject", &OfCostObjects::LIST.members),
        ("TaxRate", &OfTaxRates::LIST.members),
        ("Absence", &OfAbsences::LIST.members),
        ("AbsenceType", &OfAbsenceTypes::LIST.members),
        ("Task", &OfTasks::LIST.members),
    ];

    fn schemas() -> Value {
        let mut contract: Value = serde_json::from_str(crate::openapi_document()).unwrap();
        contract["components"]["schemas"].take()
    }

    fn refers_to(schema: &Value, name: &str) -> bool {
        let here =
            |schema: &Value| schema["$ref"].as_str() == Some(format!("#/components/schemas/{name}").as_str());
        let any = |of: &str| schema[of].as_array().is_some_and(|parts| parts.iter().any(here));
        here(schema) || any("oneOf") || any("allOf")
    }

    /// The members of a schema, those of what is flattened into it included, with the parts of references to persons.
    fn members_of(schemas: &Value, schema: &Value, into: &mut BTreeSet<String>) {
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            members_of(schemas, &schemas[name], into);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            members_of(schemas, part, into);
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            into.insert(name.clone());
            if refers_to(member, "PersonRef") {
                let parts = schemas["PersonRef"]["properties"].as_object().unwrap().keys();
                into.extend(parts.map(|part| format!("{name}.{part}")));
            }
        }
    }

    #[test]
    fn every_member_of_the_contract_can_be_named_and_nothing_else() {
        let schemas = schemas();
        for (resource, members) in RESOURCES {
            let mut wanted = BTreeSet::new();
            members_of(&schemas, &schemas[*resource], &mut wanted);
            assert!(wanted.len() > 15, "{resource}: {wanted:?}");
            for name in &wanted {
                assert!(members.knows(name), "`{name}` of {resource} cannot be named in `fields=`");
            }
            for name in members.names() {
                let member = name.split('.').next().unwrap();
                assert!(wanted.contains(member), "{resource} has no `{member}`");
            }
        }
    }

    #[test]
    fn every_resource_of_the_contract_is_among_those_tried() {
        for (name, schema) in schemas().as_object().unwrap() {
            let is_known = RESOURCES.iter().any(|(resource, _)| resource == name);
            assert!(is_known || !refers_to(schema, "Envelope"), "add `{name}` to RESOURCES");
        }
    }

    #[test]
    fn an_owner_has_parts_in_every_resource() {
        for (resource, members) in RESOURCES {
            assert!(members.knows("owner.id") && members.knows("owner"), "{resource}");
            for unknown in ["owner.", "owner.idea", "owner.id.x", "ownerid", "extensions.", "*", ""] {
                assert!(!members.knows(unknown), "{resource}: {unknown}");
            }
            assert!(members.knows("extensions.colour"), "{resource}");
        }
    }

    #[test]
    fn without_an_envelope_only_what_is_listed_can_be_named() {
        let bare = Members::bare(&["key", "owner"]);
        assert!(bare.knows("key") && !bare.knows("id") && !bare.knows("owner.id"));
        assert!(Members::NONE.is_empty() && !bare.is_empty());
    }
}
