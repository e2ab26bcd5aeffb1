//! What of a person is shown to whom.

use super::*;

fn hidden(found: &FoundPerson) -> [bool; 3] {
    let profile = &found.record.profile;
    let private = profile.phone_numbers.iter().any(|n| n.kind != ContactType::Work);
    [profile.employee_number.is_some(), !profile.addresses.is_empty(), private]
}

#[tokio::test]
async fn sensitive_fields_are_for_oneself_ones_managers_and_those_with_the_role() {
    let one = toy(council());
    one.groups.lock().insert("id-eve".to_owned(), vec!["Personnel"]);
    let world = world_with(&[("directory", &one)], rules(), |config| {
        config.roles.insert("hr".to_owned(), ["personnel".to_owned()].into());
    });
    world.read("directory").await;
    for (who, sees) in [
        ("ann", false),
        ("cy", false),
        ("bo", true),
        ("sian", true),
        ("owen", true),
        ("eve", true),
        // The directory's own key as a subject makes nobody that person.
        ("id-bo", false),
        ("id-sian", false),
    ] {
        let found = world.people.get(&world.by(who).await, &world.id("bo")).await.unwrap();
        assert_eq!(hidden(&found), [sees; 3], "{who}");
        assert_eq!(found.masked, !sees, "{who}");
        assert_eq!(found.record.profile.phone_numbers[0].kind, ContactType::Work, "{who}");
    }
}

#[tokio::test]
async fn a_list_masks_row_by_row() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    world.read("directory").await;
    let page = world.people.list(&world.by("sian").await, &request(25)).await.unwrap();
    let clear: Vec<_> =
        page.items.iter().filter(|found| !found.masked).map(|f| f.record.id.as_str()).collect();
    assert_eq!(clear, ["id-bo", "id-cy", "id-sian"]);
    assert!(page.items.iter().all(|found| hidden(found) == [!found.masked; 3]));
}

#[tokio::test]
async fn what_is_hidden_cannot_be_filtered_by() {
    let one = toy(council());
    one.groups.lock().insert("id-eve".to_owned(), vec!["Personnel"]);
    let world = world_with(&[("directory", &one)], rules(), |config| {
        config.roles.insert("hr".to_owned(), ["personnel".to_owned()].into());
    });
    world.read("directory").await;
    let guess = |with: Vec<Filter>| {
        let mut filters = vec![by("employeeNumber", Comparison::In, &personnel("bo"))];
        filters.extend(with);
        ListRequest { filters, ..request(25) }
    };
    let q = || vec![by("q", Comparison::Contains, "bo")];
    // Not even those who may see some: the length of the page would tell about the others.
    for who in ["ann", "sian", "bo"] {
        for asked in [guess(vec![]), guess(q())] {
            let refused = error_of(world.people.list(&world.by(who).await, &asked).await);
            assert_eq!(refused.kind(), ErrorKind::Forbidden, "{who}");
            assert_eq!(refused.fields()[0].pointer, "?employeeNumber");
        }
    }
    let eve = world.by("eve").await;
    for asked in [guess(vec![]), guess(q())] {
        assert_eq!(names(&world.people.list(&eve, &asked).await.unwrap()), ["bo"]);
    }
}

#[tokio::test]
async fn a_secret_person_is_not_there_and_not_named_by_others() {
    let mut people = council();
    people.push(somebody("jo", Some("sam")));
    let one = toy(people);
    let world = world(&[("directory", &one)]);
    world.read("directory").await;
    let ann = world.by("ann").await;
    for answer in [
        world.people.get(&ann, &world.id("sam")).await.map(|_| ()),
        world.people.manager(&ann, &world.id("jo")).await.map(|_| ()),
        world.people.reports(&ann, &world.id("sam"), &request(5)).await.map(|_| ()).map_err(|r| match r {
            Refusal::Error(error) => error,
            Refusal::NoSource(_) => panic!("asked"),
        }),
    ] {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(world.people.get(&ann, &world.id("jo")).await.unwrap().record.manager, None);
    let owen = world.by("owen").await;
    assert!(world.people.get(&owen, &world.id("sam")).await.is_ok(), "Owen is the manager");
    assert_eq!(world.people.get(&owen, &world.id("jo")).await.unwrap().record.manager, Some(link("sam")));
}

#[tokio::test]
async fn a_list_of_ones_own_is_pushed_down_in_the_keys_of_the_directory() {
    let one = toy(council());
    let mine = vec![rule(Who::Owner, Classification::Internal), rule(Who::Manager, Classification::Internal)];
    let world = world_with(&[("directory", &one)], mine, |_| {});
    world.read("directory").await;
    let sian = world.by("sian").await;
    assert_eq!(names(&world.people.list(&sian, &request(25)).await.unwrap()), ["bo", "cy", "sian"]);
    assert_eq!(names(&world.people.list(&sian, &search("example")).await.unwrap()).len(), 3);
    let nobody = world.by("stranger").await;
    assert!(world.people.list(&nobody, &request(25)).await.unwrap().items.is_empty());
    assert!(world.people.list(&nobody, &search("example")).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn two_tokens_of_one_person_keep_their_own_roles() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    let plain = world.by("cy").await;
    let mut strong = context("cy");
    let mut who: Principal = (*strong.principal).clone();
    who.roles.insert("hr".to_owned());
    strong.principal = Arc::new(who);
    strong.principal = Arc::clone(&world.identity.resolve(&strong).await.principal);
    assert!(!world.people.get(&strong, &world.id("bo")).await.unwrap().masked);
    assert!(
        world.people.get(&plain, &world.id("bo")).await.unwrap().masked,
        "the other token has no such role"
    );
    assert!(!world.people.get(&plain, &world.id("cy")).await.unwrap().masked, "and is still Cy's");
}
