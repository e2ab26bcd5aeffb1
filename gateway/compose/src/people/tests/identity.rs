//! Who asks.

use super::*;

fn with_groups(toy: &Arc<Toy>) -> World {
    world_with(&[("directory", toy)], rules(), |config| {
        config.roles.insert("records".to_owned(), ["Records Team".to_owned()].into());
        config.ttl = Duration::from_secs(300);
    })
}

fn member(people: Vec<PersonRecord>) -> Arc<Toy> {
    let one = toy(people);
    one.groups.lock().insert("id-sian".to_owned(), vec!["records team", "Choir"]);
    one
}

#[tokio::test]
async fn a_subject_becomes_a_person_with_roles_units_and_reports() {
    let one = member(council());
    let world = with_groups(&one);
    world.read("directory").await;
    let mut asking = context("sian");
    let mut token: Principal = (*asking.principal).clone();
    token.roles.insert("staff".to_owned());
    asking.principal = Arc::new(token);
    let known = world.identity.resolve(&asking).await;
    let who = &known.principal;
    assert_eq!(known.whose, Whose::Known);
    assert_eq!(who.person_id.as_ref(), Some(&world.id("sian")));
    assert_eq!(known.person.as_ref().unwrap().display, "sian Example");
    assert_eq!(who.roles, ["records", "staff"].map(str::to_owned).into());
    assert_eq!(who.units, ["Homes", "Housing"].map(str::to_owned).into());
    assert_eq!(
        who.reports,
        ["bo", "cy"].map(str::to_owned).into(),
        "whoever reports to them over others too"
    );
    assert_eq!(who.subject, "sian");
}

#[tokio::test]
async fn nobody_and_several_are_nobody() {
    let mut people = council();
    let mut twin = somebody("sian", None);
    twin.id = native("id-twin");
    people.push(twin);
    let world = with_groups(&member(people));
    for read in [false, true] {
        if read {
            world.read("directory").await;
        }
        for (subject, whose) in [("sian", Whose::Ambiguous), ("stranger", Whose::Nobody), ("", Whose::Nobody)]
        {
            let known = world.identity.resolve(&context(subject)).await;
            assert_eq!(known.whose, whose, "{subject}");
            assert!(known.person.is_none() && known.principal.roles.is_empty());
        }
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_used_gets_no_roles_from_groups() {
    let one = member(council());
    let world = with_groups(&one);
    world.read("directory").await;
    // Disabled after the index was read.
    one.people.lock().get_mut("id-sian").unwrap().profile.active = false;
    let known = world.identity.resolve(&context("sian")).await;
    assert_eq!(known.whose, Whose::Inactive);
    assert!(known.principal.roles.is_empty());
}

#[tokio::test]
async fn a_subject_that_was_passed_on_is_the_new_owner() {
    let one = member(council());
    let world = with_groups(&one);
    world.read("directory").await;
    one.people.lock().get_mut("id-sian").unwrap().profile.user_name = Some("sian.married".to_owned());
    let known = world.identity.resolve(&context("sian")).await;
    assert_eq!(known.whose, Whose::Nobody, "the index still says Siân");
}

#[tokio::test(start_paused = true)]
async fn groups_hold_as_long_as_configured_and_not_longer() {
    let one = member(council());
    let world = with_groups(&one);
    world.read("directory").await;
    let roles = |known: &Known| known.principal.roles.len();
    assert_eq!(roles(&*world.identity.resolve(&context("sian")).await), 1);
    let asked = one.calls.load(SeqCst);
    *one.mood.lock() = Mood::Fails;
    tokio::time::advance(Duration::from_secs(299)).await;
    assert_eq!(roles(&*world.identity.resolve(&context("sian")).await), 1);
    assert_eq!(one.calls.load(SeqCst), asked, "from memory");
    tokio::time::advance(Duration::from_secs(2)).await;
    let gone = world.identity.resolve(&context("sian")).await;
    assert_eq!((gone.whose, roles(&gone)), (Whose::Unavailable, 0));
    assert!(gone.principal.units.is_empty() && gone.principal.reports.is_empty());
    assert_eq!(gone.principal.person_id.as_ref(), Some(&world.id("sian")), "who they are is still known");
    let asked = one.calls.load(SeqCst);
    world.identity.resolve(&context("sian")).await;
    assert_eq!(one.calls.load(SeqCst), asked, "it is left alone for a while");
    *one.mood.lock() = Mood::Answers;
    tokio::time::advance(Duration::from_secs(6)).await;
    let back = world.identity.resolve(&context("sian")).await;
    assert_eq!((back.whose, roles(&back)), (Whose::Known, 1));
}

#[tokio::test(start_paused = true)]
async fn rights_in_a_directory_end_with_what_is_known_of_the_person() {
    let one = member(council());
    let world = with_groups(&one);
    world.read("directory").await;
    let sian = world.by("sian").await;
    assert!(!world.people.get(&sian, &world.id("bo")).await.unwrap().masked);
    tokio::time::advance(Duration::from_secs(301)).await;
    assert!(world.people.get(&sian, &world.id("bo")).await.unwrap().masked, "an old answer gives no rights");
}

#[tokio::test(start_paused = true)]
async fn many_requests_of_one_person_ask_once() {
    let one = member(council());
    let world = with_groups(&one);
    let requests = (0..50).map(|_| {
        let identity = world.identity.clone();
        tokio::spawn(async move { identity.resolve(&context("sian")).await.whose })
    });
    for answer in requests.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), Whose::Known);
    }
    assert_eq!(one.calls.load(SeqCst), 3, "the person, their groups and their unit, once each");
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_hangs_holds_nobody_up_for_long() {
    let one = member(council());
    *one.mood.lock() = Mood::Slow;
    let world = with_groups(&one);
    let started = tokio::time::Instant::now();
    assert_eq!(world.identity.resolve(&context("sian")).await.whose, Whose::Unavailable);
    assert!(started.elapsed() <= Duration::from_secs(2));
}
