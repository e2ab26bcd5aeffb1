//! A directory in memory that does as it is told.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mood {
    Answers,
    Slow,
    Fails,
    /// Gives two people and then stops at a limit of its own.
    StopsAtTwo,
}

/// What a toy directory holds, and how it behaves. Tests change both while it is in use.
pub(super) struct Toy {
    pub(super) mood: Mutex<Mood>,
    pub(super) people: Mutex<BTreeMap<String, PersonRecord>>,
    pub(super) groups: Mutex<BTreeMap<String, Vec<&'static str>>>,
    /// Told once, then forgotten: what changed since the last position.
    pub(super) changes: Mutex<Vec<PersonChange>>,
    /// Whether it can tell changes.
    detects: bool,
    pub(super) calls: AtomicUsize,
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

pub(super) fn toy(people: Vec<PersonRecord>) -> Arc<Toy> {
    Arc::new(Toy {
        mood: Mutex::new(Mood::Answers),
        people: Mutex::new(people.into_iter().map(|p| (p.id.as_str().to_owned(), p)).collect()),
        groups: Mutex::default(),
        changes: Mutex::default(),
        detects: true,
        calls: AtomicUsize::new(0),
    })
}

pub(super) fn system(name: &str, toy: &Arc<Toy>) -> System {
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
