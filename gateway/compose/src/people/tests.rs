//! People over toy directories that answer, fail, hang or stop early.

mod identity;
mod indexes;
mod links;
mod lists;
mod search;
mod sight;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use parking_lot::Mutex;
use portico_contract::access::Principal;
use portico_contract::paging::{Comparison, Listed, Position, SortTerm, SourcePage};
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Answers,
    Slow,
    Fails,
    /// Gives two people and then stops at a limit of its own.
    StopsAtTwo,
}

/// What a toy directory holds, and how it behaves. Tests change both while it is in use.
struct Toy {
    mood: Mutex<Mood>,
    people: Mutex<BTreeMap<String, PersonRecord>>,
    groups: Mutex<BTreeMap<String, Vec<&'static str>>>,
    /// Told once, then forgotten: what changed since the last position.
    changes: Mutex<Vec<PersonChange>>,
    /// Whether it can tell changes.
    detects: bool,
    calls: AtomicUsize,
}

impl Toy {
    async fn asked(&self, context: &CallContext) -> Result<(), Error> {
        self.calls.fetch_add(1, SeqCst);
        let mood = *self.mood.lock();
        match mood {
            Mood::Answers | Mood::StopsAtTwo => Ok(()),
            Mood::Fails => Err(Error::new(ErrorKind::ConnectRefused, "Nobody listens.")),
            Mood::Slow => {
                tokio::time::sleep(context.deadline.remaining()).await;
                Err(Error::new(ErrorKind::Timeout, "Too slow."))
            }
        }
    }

    fn get(&self, id: &NativeId) -> Result<PersonRecord, Error> {
        let found = self.people.lock().get(id.as_str()).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "Not here."))
    }

    fn page(
        &self,
        query: &portico_contract::paging::ListQuery,
        of: Option<&NativeId>,
    ) -> SourcePage<PersonRecord> {
        let people = self.people.lock();
        let after = query.after.as_ref().map(Position::as_str).unwrap_or_default();
        let known = if *self.mood.lock() == Mood::StopsAtTwo { 2 } else { usize::MAX };
        let rest: Vec<&PersonRecord> = people
            .values()
            .filter(|person| of.is_none_or(|of| person.manager.as_ref().is_some_and(|m| m.id == *of)))
            .filter(|person| query.scope.shows(&person.facts))
            .filter(|person| query.filters.iter().all(|filter| filter.matches(&value(person, &filter.field))))
            .take(known)
            .filter(|person| person.id.as_str() > after)
            .collect();
        let items: Vec<_> = rest
            .iter()
            .take(query.limit)
            .map(|person| Listed {
                item: (*person).clone(),
                key: vec![Scalar::Text(person.id.as_str().to_owned())],
                position: Position::new(person.id.as_str()).unwrap(),
            })
            .collect();
        let next = (rest.len() > items.len()).then(|| items.last().unwrap().position.clone());
        if known == 2 && next.is_none() {
            return SourcePage::limited(items, "It gives two people at most.");
        }
        SourcePage::new(items, next)
    }
}

fn value(person: &PersonRecord, field: &str) -> Scalar {
    let profile = &person.profile;
    let text = match field {
        "userName" => profile.user_name.clone(),
        "department" => profile.department.clone(),
        "employeeNumber" => profile.employee_number.clone(),
        "managerId" => person.manager.as_ref().map(|manager| manager.id.as_str().to_owned()),
        _ => None,
    };
    text.map_or(Scalar::Missing, Scalar::Text)
}

/// The handle that the adapter owns; the test keeps the toy.
struct Shared(Arc<Toy>);

impl Handler<CheckSystem> for Shared {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

impl Handler<ListPeople> for Shared {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListPeople,
    ) -> Result<SourcePage<PersonRecord>, Error> {
        self.0.asked(context).await?;
        Ok(self.0.page(&op.query, None))
    }
}

impl Handler<ListReports> for Shared {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListReports,
    ) -> Result<SourcePage<PersonRecord>, Error> {
        self.0.asked(context).await?;
        Ok(self.0.page(&op.query, Some(&op.manager)))
    }
}

impl Handler<GetPerson> for Shared {
    async fn handle(&self, context: &CallContext, op: &GetPerson) -> Result<PersonRecord, Error> {
        self.0.asked(context).await?;
        self.0.get(&op.person)
    }
}

impl Handler<FindPeople> for Shared {
    async fn handle(&self, context: &CallContext, op: &FindPeople) -> Result<Several, Error> {
        self.0.asked(context).await?;
        assert_eq!(op.key, PersonKey::UserName);
        let people = self.0.people.lock();
        let has = |person: &&PersonRecord| person.profile.user_name.as_deref() == Some(op.value.as_str());
        Ok(Several(people.values().filter(has).cloned().collect()))
    }
}

impl Handler<ReadPhoto> for Shared {
    async fn handle(&self, context: &CallContext, op: &ReadPhoto) -> Result<Photo, Error> {
        self.0.asked(context).await?;
        let version = SourceVersion("digest".into());
        if !self.0.get(&op.person)?.has_photo {
            return Err(Error::new(ErrorKind::NotFound, "No photo."));
        }
        if op.unless.as_ref() == Some(&version) {
            return Ok(Photo::NotModified);
        }
        Ok(Photo::Picture { octets: vec![1, 2, 3].into(), media_type: "image/png", version })
    }
}

impl Handler<GroupsOf> for Shared {
    async fn handle(&self, context: &CallContext, op: &GroupsOf) -> Result<Groups, Error> {
        self.0.asked(context).await?;
        let names = self.0.groups.lock().get(op.person.as_str()).cloned().unwrap_or_default();
        let group = |name: &&str| GroupRecord { name: (*name).to_owned(), id: native(name) };
        Ok(Groups(names.iter().map(group).collect()))
    }
}

impl Handler<ListOrgUnits> for Shared {
    async fn handle(
        &self,
        context: &CallContext,
        _: &ListOrgUnits,
    ) -> Result<SourcePage<OrgUnitRecord>, Error> {
        self.0.asked(context).await?;
        let position = Position::new("u1").unwrap();
        Ok(SourcePage::new(vec![Listed { item: unit(), key: vec![], position }], None))
    }
}

impl Handler<GetOrgUnit> for Shared {
    async fn handle(&self, context: &CallContext, _: &GetOrgUnit) -> Result<OrgUnitRecord, Error> {
        self.0.asked(context).await?;
        Ok(unit())
    }
}

impl Handler<PeopleChanges> for Shared {
    async fn handle(&self, context: &CallContext, op: &PeopleChanges) -> Result<ChangesTold, Error> {
        let everybody = op.since.is_none() || !self.0.detects;
        let mut told = vec![PersonChange::Begin { whole: everybody }];
        if everybody {
            told.extend(
                self.0.people.lock().values().map(|person| PersonChange::Put(Box::new(person.clone()))),
            );
        } else {
            told.append(&mut self.0.changes.lock());
        }
        // Told before it fails: half of it must not be used.
        let gone = |_| Error::new(ErrorKind::Cancelled, "Nobody listens any more.");
        op.into.send(told).await.map_err(gone)?;
        self.0.asked(context).await?;
        Ok(ChangesTold { next: self.0.detects.then(|| Position::new("later").unwrap()) })
    }
}

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

struct Fine;

impl Standing for Fine {
    fn state(&self) -> SystemState {
        SystemState::Up
    }
    fn last_success(&self) -> Option<Timestamp> {
        None
    }
    fn last_failure(&self) -> Option<ErrorKind> {
        None
    }
}

fn toy(people: Vec<PersonRecord>) -> Arc<Toy> {
    Arc::new(Toy {
        mood: Mutex::new(Mood::Answers),
        people: Mutex::new(people.into_iter().map(|p| (p.id.as_str().to_owned(), p)).collect()),
        groups: Mutex::default(),
        changes: Mutex::default(),
        detects: true,
        calls: AtomicUsize::new(0),
    })
}

fn system(name: &str, toy: &Arc<Toy>) -> System {
    let by = |field| FilterCapability { field, comparisons: &[Comparison::In] };
    let list = Capability {
        natural_sort: Some("displayName"),
        sorts: vec!["displayName"],
        filters: ["userName", "department", "employeeNumber", "managerId"].map(by).into(),
        ..Capability::default()
    };
    let adapter = AdapterBuilder::new("toy", key(name), Shared(Arc::clone(toy)))
        .on::<ListPeople>(list.clone())
        .on::<ListReports>(list)
        .on::<GetPerson>(Capability::default())
        .on::<FindPeople>(Capability::default())
        .on::<ReadPhoto>(Capability::default())
        .on::<GroupsOf>(Capability::default())
        .on::<ListOrgUnits>(Capability::default())
        .on::<GetOrgUnit>(Capability::default())
        .on::<PeopleChanges>(Capability::default())
        .build();
    System {
        upstream: Upstream::new(key(name), adapter.profile().clone(), CallService::new(adapter)),
        title: "Toy".into(),
        owner: Owner { team: "t".into(), contact: "c".into(), hours: "h".into() },
        aliases: vec![],
        standing: Arc::new(Fine),
    }
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
