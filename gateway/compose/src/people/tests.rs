//! People over toy directories that answer, fail, hang or stop early.

mod identity;
mod indexes;
mod links;
mod lists;
mod search;
mod sight;
mod toy;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use parking_lot::Mutex;
use portico_contract::access::Principal;
use portico_contract::paging::{Comparison, Filter, Listed, Position, Scalar, SortTerm, SourcePage};
use portico_contract::people::{
    ChangesTold, FindPeople, GetOrgUnit, GroupRecord, Groups, GroupsOf, ListOrgUnits, People as Several,
    PeopleChanges, PersonChange, PersonKey, PersonLink,
};
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{AdapterBuilder, CallService, Capability, FilterCapability, Handler, Upstream};
use portico_policy::{Action, BuiltinPolicy, Rule, Who};
use portico_schemas::{
    Address, Classification, ContactType, Email, Owner, PersonProfile, PhoneNumber, SourceStatus, SystemState,
};

use super::*;
use crate::seal::{CURSOR_KEY_LEN, ID_KEY_LEN};
use crate::systems::Standing;
use toy::{Mood, Toy, system, toy};

fn native(id: &str) -> NativeId {
    NativeId::new(id).unwrap()
}

fn key(text: &str) -> SystemKey {
    SystemKey::new(text).unwrap()
}

fn unit() -> OrgUnitRecord {
    OrgUnitRecord {
        id: native("u1"),
        version: None,
        created_at: None,
        updated_at: None,
        name: "Homes".to_owned(),
        description: None,
        parent: None,
        manager: Some(link("sian")),
        facts: Facts { unit: Some("Homes".to_owned()), ..Facts::default() },
    }
}

fn link(name: &str) -> PersonLink {
    PersonLink { id: native(&format!("id-{name}")), display: name.to_owned() }
}

fn digits(name: &str) -> u32 {
    name.bytes().map(u32::from).sum::<u32>() % 1_000
}

fn personnel(name: &str) -> String {
    format!("K7{:03}", digits(name))
}

/// Somebody with one of everything that is sensitive.
fn somebody(name: &str, manager: Option<&str>) -> PersonRecord {
    let number = |value: &str, kind| PhoneNumber { value: value.to_owned(), kind };
    let digits = digits(name);
    PersonRecord {
        id: native(&format!("id-{name}")),
        version: Some(SourceVersion("v1".to_owned())),
        created_at: None,
        updated_at: None,
        profile: PersonProfile {
            user_name: Some(name.to_owned()),
            display_name: format!("{name} Example"),
            active: true,
            emails: vec![Email {
                value: format!("{name}@council.example"),
                kind: ContactType::Work,
                primary: true,
            }],
            phone_numbers: vec![
                number(&format!("01632 960{digits:03}"), ContactType::Work),
                number(&format!("07700 900{digits:03}"), ContactType::Mobile),
                number(&format!("01632 555{digits:03}"), ContactType::Home),
            ],
            addresses: vec![Address { formatted: Some("1 Hidden Street".to_owned()), ..Address::default() }],
            employee_number: Some(personnel(name)),
            department: Some("Housing".to_owned()),
            ..PersonProfile::default()
        },
        native_status: None,
        has_photo: name == "sian",
        manager: manager.map(link),
        org_unit: Some(native("u1")),
        facts: Facts { unit: Some("Housing".to_owned()), ..Facts::default() },
    }
}

/// Owen leads Siân, she leads Bo, he leads Cy; Ada and Eve lead each other; Sam is a secret.
fn council() -> Vec<PersonRecord> {
    let mut sam = somebody("sam", Some("owen"));
    sam.facts.classification = Some(Classification::Confidential);
    let mut people = vec![
        somebody("owen", None),
        somebody("sian", Some("owen")),
        somebody("bo", Some("sian")),
        somebody("cy", Some("bo")),
        somebody("ada", Some("eve")),
        somebody("eve", Some("ada")),
        sam,
    ];
    for person in &mut people {
        person.facts.owner = Some(portico_schemas::PersonRef {
            id: None,
            system: "directory".to_owned(),
            native_id: person.id.as_str().to_owned(),
            display: String::new(),
        });
    }
    people
}

fn rule(who: Who, up_to: Classification) -> Rule {
    Rule { name: None, resource: None, systems: None, actions: [Action::Read].into(), who, up_to }
}

/// Everybody sees what is internal; people and their managers see everything of themselves and of theirs.
fn rules() -> Vec<Rule> {
    vec![
        rule(Who::Anyone, Classification::Internal),
        rule(Who::Owner, Classification::Restricted),
        rule(Who::Manager, Classification::Restricted),
        rule(Who::Role("hr".to_owned()), Classification::Restricted),
    ]
}

/// Everything over some directories; the first one is the one of record.
struct World {
    people: People,
    indexes: Indexes,
    identity: Identity,
    links: Links,
    seals: Arc<Seals>,
}

fn world_with(
    toys: &[(&str, &Arc<Toy>)],
    rules: Vec<Rule>,
    adjust: impl FnOnce(&mut IdentityConfig),
) -> World {
    let systems = Arc::new(Systems::new(toys.iter().map(|(name, toy)| system(name, toy)).collect()));
    let seals = Arc::new(Seals::new([1; ID_KEY_LEN], [2; CURSOR_KEY_LEN]));
    let indexes = Indexes::new(&systems, IndexOptions::default());
    let record = key(toys[0].0);
    let by_name = LinkRule { key: PersonKey::UserName, systems: LinkSystems::All };
    let links = Links::new(Some(record.clone()), vec![by_name], indexes.clone(), Arc::clone(&seals));
    let mut config = IdentityConfig::new(record);
    adjust(&mut config);
    let identity =
        Identity::new(Arc::clone(&systems), indexes.clone(), links.clone(), Arc::clone(&seals), config);
    let policy: Arc<dyn Policy> = Arc::new(BuiltinPolicy::new(rules));
    let people = People::new(systems, policy, Arc::clone(&seals), indexes.clone(), Some(identity.clone()));
    World { people, indexes, identity, links, seals }
}

fn world(toys: &[(&str, &Arc<Toy>)]) -> World {
    world_with(toys, rules(), |_| {})
}

impl World {
    async fn read(&self, name: &str) {
        self.indexes.refresh(&key(name), context("the gateway")).await.unwrap();
    }

    /// A request of somebody, after the edge found out who it is.
    async fn by(&self, subject: &str) -> CallContext {
        let mut context = context(subject);
        context.principal = Arc::clone(&self.identity.resolve(&context).await.principal);
        context
    }

    fn id(&self, name: &str) -> String {
        self.seals.seal_person(&key("directory"), &native(&format!("id-{name}")))
    }
}

fn context(subject: &str) -> CallContext {
    CallContext::internal(subject, Duration::from_secs(10))
}

fn request(limit: usize) -> ListRequest {
    ListRequest { limit, ..ListRequest::default() }
}

fn by(field: &'static str, comparison: Comparison, value: &str) -> Filter {
    Filter { field: field.into(), comparison, values: vec![Scalar::Text(value.to_owned())] }
}

fn search(text: &str) -> ListRequest {
    ListRequest { filters: vec![by("q", Comparison::Contains, text)], ..request(25) }
}

fn names(listing: &Listing<FoundPerson>) -> Vec<&str> {
    listing.items.iter().map(|found| found.record.profile.user_name.as_deref().unwrap()).collect()
}

fn error_of<T: fmt::Debug>(answer: Result<T, Refusal>) -> Error {
    match answer {
        Err(Refusal::Error(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}
