//! Whom other directories mean.

use super::*;

fn named(name: &str) -> NativePerson {
    NativePerson {
        native: native(&format!("id-{name}")),
        display: name.to_owned(),
        keys: PersonKeys { user_name: Some(name.to_owned()), ..PersonKeys::default() },
    }
}

#[tokio::test]
async fn people_of_other_systems_are_linked_or_left_alone() {
    let mut people = council();
    people.extend(["one", "two"].map(|id| PersonRecord { id: native(id), ..somebody("twin", None) }));
    let (one, other) =
        (toy(people), toy(vec![somebody("bo", None), somebody("twin", None), somebody("zoe", None)]));
    let world = world(&[("directory", &one), ("schools", &other)]);
    let unread = world.links.person_ref(&key("expenses"), &named("bo"));
    assert_eq!(unread.id, None, "nothing was read yet");
    world.read("directory").await;
    world.read("schools").await;
    world.links.rebuild().await;
    assert_eq!(world.links.person_ref(&key("schools"), &named("bo")).id, Some(world.id("bo")));
    assert_eq!(
        world.links.person_ref(&key("expenses"), &named("bo")).id,
        Some(world.id("bo")),
        "by its keys"
    );
    assert_eq!(world.links.person_ref(&key("directory"), &named("bo")).id, Some(world.id("bo")), "itself");
    for nobody in ["twin", "zoe"] {
        assert_eq!(world.links.person_ref(&key("schools"), &named(nobody)).id, None, "{nobody}");
    }
    let report = world.links.links_report();
    assert_eq!(report.len(), 1);
    assert_eq!((report[0].linked, report[0].ambiguous, report[0].unlinked), (1, 1, 1));
    assert_eq!(report[0].ambiguous_links[0].candidates.len(), 2);
}

#[tokio::test]
async fn somebody_who_is_linked_is_themselves_in_the_other_directory() {
    let (one, other) = (toy(council()), toy(vec![PersonRecord { id: native("b7"), ..somebody("bo", None) }]));
    let world = world(&[("directory", &one), ("schools", &other)]);
    world.read("directory").await;
    world.read("schools").await;
    world.links.rebuild().await;
    let there = world.seals.seal_person(&key("schools"), &native("b7"));
    assert!(!world.people.get(&world.by("bo").await, &there).await.unwrap().masked);
    assert!(world.people.get(&world.by("cy").await, &there).await.unwrap().masked);
}
