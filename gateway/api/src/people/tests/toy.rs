//! A directory of two.

use super::*;

/// Owen, whom Siân reports to.
struct Council;

pub(super) fn record(name: &str) -> PersonRecord {
    let number = |value: &str, kind| PhoneNumber { value: value.to_owned(), kind };
    PersonRecord {
        id: native(name),
        version: Some(SourceVersion("7".to_owned())),
        created_at: None,
        updated_at: None,
        profile: PersonProfile {
            user_name: Some(name.to_owned()),
            display_name: format!("{name} Example"),
            active: true,
            phone_numbers: vec![
                number("01632 960412", ContactType::Work),
                number("07700 900123", ContactType::Mobile),
            ],
            employee_number: Some("K7001".to_owned()),
            ..PersonProfile::default()
        },
        native_status: None,
        has_photo: true,
        manager: (name == "sian")
            .then(|| PersonLink { id: native("owen"), display: "owen Example".to_owned() }),
        org_unit: Some(native("homes")),
        facts: Facts::default(),
    }
}

pub(super) fn native(id: &str) -> NativeId {
    NativeId::new(id).unwrap()
}

pub(super) fn key() -> SystemKey {
    SystemKey::new("directory").unwrap()
}

fn known(person: &NativeId) -> Result<PersonRecord, Error> {
    match person.as_str() {
        name @ ("owen" | "sian") => Ok(record(name)),
        _ => Err(Error::new(ErrorKind::NotFound, "Not here.")),
    }
}

fn page(names: &[&str]) -> SourcePage<PersonRecord> {
    let listed =
        |name: &&str| Listed { item: record(name), key: vec![], position: Position::new(*name).unwrap() };
    SourcePage::new(names.iter().map(listed).collect(), None)
}

impl Handler<CheckSystem> for Council {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

impl Handler<ListPeople> for Council {
    async fn handle(&self, _: &CallContext, _: &ListPeople) -> Result<SourcePage<PersonRecord>, Error> {
        Ok(page(&["owen", "sian"]))
    }
}

impl Handler<ListReports> for Council {
    async fn handle(&self, _: &CallContext, _: &ListReports) -> Result<SourcePage<PersonRecord>, Error> {
        Ok(page(&["sian"]))
    }
}

impl Handler<GetPerson> for Council {
    async fn handle(&self, _: &CallContext, op: &GetPerson) -> Result<PersonRecord, Error> {
        known(&op.person)
    }
}

impl Handler<FindPeople> for Council {
    async fn handle(
        &self,
        _: &CallContext,
        op: &FindPeople,
    ) -> Result<portico_contract::people::People, Error> {
        Ok(portico_contract::people::People(known(&native(&op.value)).into_iter().collect()))
    }
}

impl Handler<GetOrgUnit> for Council {
    async fn handle(&self, _: &CallContext, op: &GetOrgUnit) -> Result<OrgUnitRecord, Error> {
        Ok(OrgUnitRecord {
            id: op.unit.clone(),
            version: Some(SourceVersion("1".to_owned())),
            created_at: None,
            updated_at: None,
            name: "Homes".to_owned(),
            description: None,
            parent: Some(native("council")),
            manager: None,
            facts: Facts::default(),
        })
    }
}

impl Handler<ReadPhoto> for Council {
    async fn handle(&self, _: &CallContext, op: &ReadPhoto) -> Result<Photo, Error> {
        let version = SourceVersion("digest".to_owned());
        if op.unless.as_ref() == Some(&version) {
            return Ok(Photo::NotModified);
        }
        Ok(Photo::Picture { octets: vec![0x89, b'P'].into(), media_type: "image/png", version })
    }
}

impl Handler<PeopleChanges> for Council {
    async fn handle(&self, _: &CallContext, op: &PeopleChanges) -> Result<ChangesTold, Error> {
        let mut told = vec![PersonChange::Begin { whole: true }];
        told.extend(["owen", "sian"].map(|name| PersonChange::Put(Box::new(record(name)))));
        op.into.send(told).await.map_err(|_| Error::new(ErrorKind::Cancelled, "Gone."))?;
        Ok(ChangesTold { next: None })
    }
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

pub(super) fn system() -> System {
    let adapter = AdapterBuilder::new("toy", key(), Council)
        .on::<ListPeople>(Capability::default())
        .on::<ListReports>(Capability::default())
        .on::<GetPerson>(Capability::default())
        .on::<FindPeople>(Capability::default())
        .on::<GetOrgUnit>(Capability::default())
        .on::<ReadPhoto>(Capability::default())
        .on::<PeopleChanges>(Capability::default())
        .build();
    System {
        upstream: Upstream::new(key(), adapter.profile().clone(), CallService::new(adapter)),
        title: "Toy".into(),
        owner: Owner { team: "t".into(), contact: "c".into(), hours: "h".into() },
        aliases: vec![],
        standing: Arc::new(Fine),
    }
}
