//! Who sees which reports, and how failing offices are told.

use super::*;

#[tokio::test]
async fn everybody_sees_their_own_and_managers_those_of_their_reports() {
    let (world, office) = small().await;
    office.put("three", "bo", Status::Draft);
    for (who, roles, seen) in [
        ("sian", &[][..], &["one"][..]),
        ("owen", &[], &["one", "two"]),
        ("bo", &[], &["three"]),
        ("fin", &["finance"], &["one", "three", "two"]),
        ("fin", &[], &[]),
        ("stranger", &[], &[]),
    ] {
        let context = world.with_role(who, roles).await;
        let listing = world.expenses.list(&context, &request(vec![])).await.unwrap();
        assert_eq!(ids(&listing), seen, "{who} {roles:?}");
        assert_eq!(listing.sources[0].status, SourceStatus::Ok, "{who}");
        for report in ["one", "two", "three"] {
            let found = world.expenses.get(&context, &world.id(report)).await;
            match seen.contains(&report) {
                true => assert_eq!(found.unwrap().record.id.as_str(), report),
                false => assert_eq!(kind(found), ErrorKind::NotFound, "{who} {report}"),
            }
        }
    }
}

#[tokio::test]
async fn what_may_be_done_follows_state_rules_and_system() {
    let (office, other) = (Office::new(), Office::new());
    office.put("one", "sian", Status::Draft);
    office.put("two", "sian", Status::Submitted);
    other.put("three", "sian", Status::Draft);
    let world = world(&[("claims", &office, STAFF, true), ("old", &other, STAFF, false)]).await;
    let (sian, owen) = (world.by("sian").await, world.by("owen").await);
    let may = async |who: &CallContext, id: String| world.expenses.get(who, &id).await.unwrap().may_do;
    let draft = [MayDo::Edit, MayDo::Delete, MayDo::Submit, MayDo::AttachReceipt, MayDo::RemoveReceipt];
    assert_eq!(may(&sian, world.id("one")).await, BTreeSet::from(draft));
    assert_eq!(may(&sian, world.id("two")).await, BTreeSet::from([MayDo::Withdraw]));
    assert_eq!(may(&sian, world.id_in("old", "three")).await, BTreeSet::new(), "it cannot be written to");
    assert_eq!(may(&owen, world.id("one")).await, BTreeSet::new(), "a manager reads");
}

#[tokio::test]
async fn filters_by_person_are_put_into_the_terms_of_each_office() {
    let (office, other) = (Office::new(), Office::new());
    office.put("one", "sian", Status::Draft);
    office.put("two", "owen", Status::Draft);
    other.put("three", "sian", Status::Draft);
    // Siân is nobody in the other office: a report there under her key is not hers.
    let world = world(&[("claims", &office, STAFF, true), ("travel", &other, &["bo"], true)]).await;
    let fin = world.with_role("fin", &["finance"]).await;
    let listed = async |id: &str| {
        let filter = by("employeeId", Comparison::In, id);
        world.expenses.list(&fin, &request(vec![filter])).await
    };
    let hers = listed(&world.person("sian")).await.unwrap();
    assert_eq!(ids(&hers), ["one"]);
    assert!(hers.sources.iter().all(|source| source.status == SourceStatus::Ok));
    assert_eq!(ids(&listed(&world.person("fin")).await.unwrap()), [""; 0]);
    let unit = world.seals.seal_org_unit(&key("directory"), &native("d-sian"));
    let elsewhere = world.seals.seal_person(&key("claims"), &native("e-sian"));
    for bad in ["e-sian", &unit, &elsewhere] {
        match listed(bad).await {
            Err(Refusal::Error(error)) => assert_eq!(places(&error), ["?employeeId"]),
            other => panic!("{other:?}"),
        }
    }
    let found = request(vec![by("q", Comparison::Contains, "TRIP T")]);
    assert_eq!(ids(&world.expenses.list(&fin, &found).await.unwrap()), ["two", "three"]);
}

#[tokio::test]
async fn an_office_that_fails_is_told_and_never_an_empty_list() {
    let (office, other) = (Office::new(), Office::new());
    office.put("one", "sian", Status::Draft);
    other.be(Mood::Down);
    let world = world(&[("claims", &office, STAFF, true), ("travel", &other, STAFF, true)]).await;
    let sian = world.by("sian").await;
    let listing = world.expenses.list(&sian, &request(vec![])).await.unwrap();
    assert_eq!(ids(&listing), ["one"]);
    assert_eq!(listing.sources[1].status, SourceStatus::Unavailable);
    office.be(Mood::Down);
    match world.expenses.list(&sian, &request(vec![])).await {
        Err(Refusal::NoSource(problem)) => assert_eq!((problem.status, problem.sources.len()), (503, 2)),
        other => panic!("{other:?}"),
    }
    assert_eq!(kind(world.expenses.get(&sian, &world.id("one")).await), ErrorKind::ConnectRefused);
    assert!(world.expenses.projects(&sian, &request(vec![])).await.is_err());
}

#[tokio::test]
async fn nobody_is_told_that_they_have_nothing_while_it_is_not_known_who_they_are() {
    let (world, _office) = small().await;
    *world.directory.is_down.lock() = true;
    let sian = world.by("sian").await;
    match world.expenses.list(&sian, &request(vec![])).await {
        Err(Refusal::NoSource(problem)) => assert_eq!(problem.status, 503),
        other => panic!("{other:?}"),
    }
    assert_eq!(kind(world.expenses.get(&sian, &world.id("one")).await), ErrorKind::ConnectionLost);
    let made = world.expenses.create(&sian, &world.new_report(), keyed(KEY, "a")).await;
    assert_eq!(kind(made), ErrorKind::ConnectionLost);
    // Whom a rule shows everything need not be anybody.
    let fin = world.with_role("fin", &["finance"]).await;
    assert_eq!(ids(&world.expenses.list(&fin, &request(vec![])).await.unwrap()), ["one", "two"]);
}

#[tokio::test]
async fn pages_go_on_where_they_stopped_and_for_this_person_alone() {
    let (world, office) = small().await;
    office.put("three", "sian", Status::Draft);
    let owen = world.by("owen").await;
    let mut asked = ListRequest { limit: 2, ..ListRequest::default() };
    let first = world.expenses.list(&owen, &asked).await.unwrap();
    assert_eq!(ids(&first), ["one", "three"]);
    asked.cursor = first.next;
    assert_eq!(ids(&world.expenses.list(&owen, &asked).await.unwrap()), ["two"]);
    let sian = world.by("sian").await;
    assert!(matches!(
        world.expenses.list(&sian, &asked).await,
        Err(Refusal::Error(error)) if error.kind() == ErrorKind::InvalidCursor
    ));
}

#[tokio::test]
async fn systems_that_only_tell_their_people_for_links_are_no_directories() {
    let (world, _office) = small().await;
    let people = crate::people::People::new(
        Arc::clone(&world.expenses.0.systems),
        Arc::new(BuiltinPolicy::new(vec![rule(Who::Anyone, &[Action::Read])])),
        Arc::clone(&world.seals),
        Indexes::new(&world.expenses.0.systems, IndexOptions::default()),
        None,
    );
    let context = world.by("sian").await;
    let listing = people.list(&context, &request(vec![])).await.unwrap();
    let systems: Vec<&str> = listing.sources.iter().map(|source| &*source.system).collect();
    assert_eq!((listing.items.len(), &systems[..]), (4, &["directory"][..]));
    let only = ListRequest { sources: Some([key("claims")].into()), ..request(vec![]) };
    assert!(people.list(&context, &only).await.is_err(), "it is no source of people");
    let search = request(vec![by("q", Comparison::Contains, "sian")]);
    if let Ok(found) = people.list(&context, &search).await {
        assert!(found.sources.iter().all(|source| source.system == "directory"));
    }
}
