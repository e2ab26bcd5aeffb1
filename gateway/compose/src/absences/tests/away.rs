//! How much leave somebody has, and when colleagues are away.

use jiff::civil::Date;

use super::*;

fn days(from: &str, to: &str) -> (Date, Date) {
    (from.parse().unwrap(), to.parse().unwrap())
}

fn december() -> (Date, Date) {
    days("2026-12-01", "2026-12-31")
}

/// What a refusal says, by its status.
fn status<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> u16 {
    match answer {
        Err(Refusal::Error(error)) => error.to_problem().status,
        Err(Refusal::NoSource(problem)) => problem.status,
        Ok(answer) => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn balances_are_for_oneself_and_for_whom_a_rule_shows_them() {
    let (world, _office) = small().await;
    let (sian, owen, bo) = (world.by("sian").await, world.by("owen").await, world.by("bo").await);
    let own = world.absences.balances(&sian, None).await.unwrap();
    assert_eq!((own.items.len(), own.items[0].employee.id.as_str()), (1, "e-sian"));
    let hers = world.person("sian");
    assert_eq!(world.absences.balances(&owen, Some(&hers)).await.unwrap().items.len(), 1);
    assert_eq!(status(world.absences.balances(&bo, Some(&hers)).await), 403);
    // That somebody is in no office is nothing for others either.
    let fins = world.person("fin");
    assert_eq!(status(world.absences.balances(&bo, Some(&fins)).await), 403);
    let clerk = world.with_role("fin", &["clerk"]).await;
    assert!(world.absences.balances(&clerk, Some(&fins)).await.unwrap().items.is_empty());
    assert_eq!(status(world.absences.balances(&clerk, None).await), 403, "nobody there has no balance");
    assert_eq!(status(world.absences.balances(&bo, Some("e-bo")).await), 400);
}

#[tokio::test]
async fn when_colleagues_are_away_is_for_those_who_may_see_them() {
    let (world, office) = small().await;
    let sians = world.person("sian");
    let owen = world.by("owen").await;
    let busy = world.absences.free_busy(&owen, &sians, december()).await.unwrap();
    let [time] = busy.items.as_slice() else { panic!("{busy:?}") };
    assert_eq!((&time.record.employee, time.record.agreed), (&link("sian"), false));
    assert_eq!(
        (time.record.start.to_string(), time.record.end.to_string()),
        ("2026-12-21T00:00:00Z".to_owned(), "2026-12-24T00:00:00Z".to_owned())
    );
    let bo = world.by("bo").await;
    assert_eq!(status(world.absences.free_busy(&bo, &sians, december()).await), 404);
    let colleague = world.with_role("bo", &["colleague"]).await;
    assert_eq!(world.absences.free_busy(&colleague, &sians, december()).await.unwrap().items.len(), 1);
    assert_eq!(ids(&world.absences.list(&colleague, &request(vec![])).await.unwrap()), [""; 0], "never why");
    office.trays.absences.lock().clear();
    assert!(world.absences.free_busy(&owen, &sians, december()).await.unwrap().items.is_empty());
    let elsewhere = world.seal(ResourceType::Person, "claims", "e-sian");
    assert_eq!(status(world.absences.free_busy(&owen, &elsewhere, december()).await), 404);
    assert_eq!(status(world.absences.free_busy(&owen, "sian", december()).await), 400);
    for bad in [days("2026-12-31", "2026-12-01"), days("2026-01-01", "2027-06-01")] {
        assert_eq!(status(world.absences.free_busy(&owen, &sians, bad).await), 400);
    }
}

#[tokio::test]
async fn nobody_is_free_because_nobody_knows() {
    let (office, other) = (Office::new(), Office::new());
    let offices = [("claims", &office, STAFF, true), ("travel", &other, &["bo"][..], true)];
    let world = world_under(rules(), &offices).await;
    let colleague = world.with_role("owen", &["colleague"]).await;
    let (sians, fins) = (world.person("sian"), world.person("fin"));
    let ask = async |person: &str| world.absences.free_busy(&colleague, person, december()).await;
    // One office knows her, and the other has never heard of her.
    let free = ask(&sians).await.unwrap();
    assert!(free.items.is_empty() && free.sources.iter().all(|source| source.status == SourceStatus::Ok));
    assert_eq!(status(ask(&fins).await), 404, "no office knows Fin");
    office.be(Mood::Down);
    let unsure = ask(&sians).await.unwrap();
    assert_eq!(unsure.sources[0].status, SourceStatus::Unavailable, "nobody may take this for free");
    other.be(Mood::Down);
    assert_eq!(status(ask(&world.person("bo")).await), 503);
    *world.directory.is_down.lock() = true;
    let bo = world.by("bo").await;
    assert_eq!(status(world.absences.free_busy(&bo, &sians, december()).await), 503);
}

#[tokio::test]
async fn who_is_in_an_office_twice_is_away_when_either_entry_is() {
    let office = Office::new();
    office.away("one", "sian", AbsenceStatus::Approved);
    let mut second = crate::expenses::tests::toy::leave::absence("two", "sian/2", AbsenceStatus::Approved);
    second.start_date = "2026-12-23".parse().unwrap();
    office.trays.absences.lock().insert("two".to_owned(), second);
    let world = world_under(rules(), &[("claims", &office, &["sian", "sian/2"], true)]).await;
    let sian = world.with_role("sian", &["colleague"]).await;
    let busy = world.absences.free_busy(&sian, &world.person("sian"), december()).await.unwrap();
    assert_eq!(busy.items.len(), 2);
}
