//! From what a directory said to what a front-end sees.

use std::fmt::Write as _;

use portico_compose::people::{FoundPerson, NativePerson, PersonKeys};
use portico_compose::seal::Seals;
use portico_contract::SystemKey;
use portico_contract::people::PersonLink;
use portico_schemas::{AllowedAction, Envelope, Method, Person, PersonRef, Source};
use serde_json::{Value, json};

use crate::members::Projection;
use crate::reply::Shown;
use crate::{Api, conditions, reply};

/// The canonical person, as they are shown with these members.
pub fn person(api: &Api, found: FoundPerson, fields: Option<&Projection>) -> Person {
    let id = api.seals.seal_person(&found.system, &found.record.id);
    let owner = owner(api, &found);
    let etag = etag(&api.seals, &found, owner.id.as_deref(), &Projection::shape(fields));
    let allowed_actions = actions(&id, &found);
    let FoundPerson { system, record, fetched_at, .. } = found;
    Person {
        photo: record.has_photo.then(|| format!("/v1/people/{id}/photo")),
        manager: record.manager.as_ref().map(|link| reference(&api.seals, &system, link)),
        org_unit_id: record.org_unit.as_ref().map(|unit| api.seals.seal_org_unit(&system, unit)),
        envelope: Envelope {
            source: Source { system: system.as_str().to_owned(), id: None, url: None },
            etag,
            created_at: record.created_at,
            updated_at: record.updated_at,
            fetched_at,
            allowed_actions,
            native_status: record.native_status,
            owner: Some(owner),
            classification: record.facts.classification.unwrap_or_default(),
            extensions: Default::default(),
            id,
        },
        profile: record.profile,
    }
}

/// Whose entry it is: the person of record to whom it is linked.
fn owner(api: &Api, found: &FoundPerson) -> PersonRef {
    let native = NativePerson {
        native: found.record.id.clone(),
        display: found.record.profile.display_name.clone(),
        // What is hidden from the one who asks does not link either: the answer would tell.
        keys: PersonKeys::from(&found.record),
    };
    api.links.person_ref(&found.system, &native)
}

/// A reference to somebody in the same directory.
pub fn reference(seals: &Seals, system: &SystemKey, link: &PersonLink) -> PersonRef {
    PersonRef {
        id: Some(seals.seal_person(system, &link.id)),
        system: system.as_str().to_owned(),
        native_id: link.id.as_str().to_owned(),
        display: link.display.clone(),
    }
}

/// The tag of this shape of the person. What can change without a new version of the entry counts too: what is hidden,
/// the manager's name, an account that runs out, and the person of record to whom the entry is linked.
fn etag(seals: &Seals, found: &FoundPerson, owner: Option<&str>, shape: &str) -> Option<String> {
    let record = &found.record;
    let version = record.version.as_ref()?;
    let (active, status) = (record.profile.active, &record.native_status);
    let mut shape = format!("{shape};{};{active};{status:?};{owner:?}", found.masked);
    if let Some(manager) = &record.manager {
        // Writing to a string cannot fail.
        let _ = write!(shape, ";{};{}", manager.id.as_str(), manager.display);
    }
    Some(conditions::tag(seals, version, &shape))
}

/// A person as JSON, with the members that are wanted.
pub fn value(api: &Api, found: FoundPerson, fields: Option<&Projection>) -> Shown<Person> {
    reply::project(person(api, found, fields), fields)
}

fn actions(id: &str, found: &FoundPerson) -> Vec<AllowedAction> {
    let read = |name: &str, what: &str| AllowedAction {
        name: name.to_owned(),
        method: Method::Get,
        href: format!("/v1/people/{id}/{what}"),
        input_schema: None,
    };
    let mut actions = vec![read("listReports", "reports")];
    if found.record.manager.is_some() {
        actions.push(read("getManager", "manager"));
        actions.push(read("getChain", "chain"));
    }
    if found.record.has_photo {
        actions.push(read("readPhoto", "photo"));
    }
    actions
}

/// A person for the published contract.
pub fn example() -> Value {
    json!({
        "id": "0bUG3pGq3d7dTq4rXnWg0Q", "source": { "system": "directory" }, "etag": "eW9kYQ.c2hhcGU",
        "updatedAt": "2026-11-02T08:15:00Z", "fetchedAt": "2026-11-22T09:30:00Z",
        "allowedActions": [
            { "name": "listReports", "method": "GET", "href": "/v1/people/0bUG3pGq3d7dTq4rXnWg0Q/reports" }
        ],
        "classification": "internal", "userName": "sian.jones", "displayName": "Siân Jones",
        "name": { "formatted": "Siân Jones", "givenName": "Siân", "familyName": "Jones" },
        "title": "Head of Housing", "active": true,
        "emails": [{ "value": "sian.jones@council.example", "type": "work", "primary": true }],
        "phoneNumbers": [{ "value": "01632 960 412", "type": "work" }],
        "department": "Housing",
        "manager": {
            "id": "k0Vq8sWk2pJtq1uTq0c3xw", "system": "directory",
            "nativeId": "7f0c1a52-5b1c-103f-9f8e-3d1a4e6e2b11", "display": "Owen Price"
        }
    })
}

/// A page of people for the published contract: one directory answers from an index that could not be refreshed.
pub fn example_page() -> Value {
    json!({
        "items": [example()], "self": "/v1/people?q=jones+hou",
        "sources": [{ "system": "directory", "status": "stale", "fetchedAt": "2026-11-22T09:12:00Z" }]
    })
}
