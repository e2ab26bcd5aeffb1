//! Lists, single people, managers, reports, chains, units.

use super::*;

#[tokio::test]
async fn two_directories_are_one_list_page_by_page() {
    let (one, other) = (toy(council()), toy(vec![somebody("zoe", None), somebody("kim", None)]));
    let world = world(&[("directory", &one), ("schools", &other)]);
    let (ann, mut asked) = (world.by("ann").await, request(2));
    let mut seen = Vec::new();
    loop {
        let page = world.people.list(&ann, &asked).await.unwrap();
        assert!(page.sources.iter().all(|source| source.status == SourceStatus::Ok));
        seen.extend(names(&page).into_iter().map(str::to_owned));
        asked.cursor = page.next;
        if asked.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["ada", "bo", "cy", "eve", "kim", "owen", "sian", "zoe"], "and Sam is a secret");
}

#[tokio::test]
async fn a_cursor_of_one_person_and_query_works_for_no_other() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    let ann = world.by("ann").await;
    let cursor = world.people.list(&ann, &request(2)).await.unwrap().next;
    let stolen = ListRequest { cursor: cursor.clone(), ..request(2) };
    let refused = error_of(world.people.list(&world.by("bo").await, &stolen).await);
    assert_eq!(refused.kind(), ErrorKind::InvalidCursor);
    let reports = error_of(world.people.reports(&ann, &world.id("owen"), &stolen).await);
    assert_eq!(reports.kind(), ErrorKind::InvalidCursor);
    let filters = vec![by("department", Comparison::In, "Housing")];
    let other = error_of(world.people.list(&ann, &ListRequest { filters, ..stolen }).await);
    assert_eq!(other.kind(), ErrorKind::InvalidCursor);
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_is_down_slow_or_limited_says_so() {
    let cases = [
        (Mood::Fails, SourceStatus::Unavailable),
        (Mood::Slow, SourceStatus::Timeout),
        (Mood::StopsAtTwo, SourceStatus::Limited),
    ];
    for (mood, status) in cases {
        let (one, other) = (toy(council()), toy(vec![somebody("zoe", None)]));
        *one.mood.lock() = mood;
        let world = world(&[("directory", &one), ("schools", &other)]);
        let page = world.people.list(&context("ann"), &request(25)).await.unwrap();
        assert_eq!(page.sources[0].status, status, "{mood:?}");
        assert!(page.sources[0].problem.is_some(), "{mood:?}");
        assert!(names(&page).contains(&"zoe"), "{mood:?}");
    }
}

#[tokio::test]
async fn reports_and_managers_are_found_by_sealed_ids() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    let ann = world.by("ann").await;
    let reports = world.people.reports(&ann, &world.id("owen"), &request(25)).await.unwrap();
    assert_eq!(names(&reports), ["sian"], "Sam is a secret");
    let filters = vec![by("managerId", Comparison::In, &world.id("sian"))];
    let below = world.people.list(&ann, &ListRequest { filters, ..request(25) }).await.unwrap();
    assert_eq!(names(&below), ["bo"]);
    let manager = world.people.manager(&ann, &world.id("bo")).await.unwrap();
    assert_eq!(manager.record.id, native("id-sian"));
    let top = world.people.manager(&ann, &world.id("owen")).await.unwrap_err();
    assert_eq!(top.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_id_that_is_none_or_of_another_kind_or_directory_is_a_fault_of_the_query() {
    let (one, other) = (toy(council()), toy(council()));
    let world = world(&[("directory", &one), ("schools", &other)]);
    let ann = world.by("ann").await;
    let unit = world.seals.seal_org_unit(&key("directory"), &native("u1"));
    for wrong in ["id-sian", &unit] {
        let filters = vec![by("managerId", Comparison::In, wrong)];
        let refused = error_of(world.people.list(&ann, &ListRequest { filters, ..request(25) }).await);
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert_eq!(refused.fields()[0].pointer, "?managerId");
        assert_eq!(world.people.get(&ann, wrong).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let elsewhere = world.seals.seal_person(&key("schools"), &native("id-sian"));
    let mut filters = vec![by("managerId", Comparison::In, &world.id("sian"))];
    filters[0].values.push(Scalar::Text(elsewhere.clone()));
    let two = error_of(world.people.list(&ann, &ListRequest { filters, ..request(25) }).await);
    assert!(two.fields()[0].detail.contains("one directory"), "{two:?}");
    let only = Some([key("directory")].into());
    let filters = vec![by("managerId", Comparison::In, &elsewhere)];
    let left_out = ListRequest { filters, sources: only, ..request(25) };
    assert_eq!(error_of(world.people.list(&ann, &left_out).await).kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_chain_leads_to_the_top() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    let chain = world.people.chain(&world.by("ann").await, &world.id("cy")).await.unwrap();
    let above: Vec<_> = chain.people.iter().map(|found| found.record.id.as_str()).collect();
    assert_eq!((above, chain.cut), (vec!["id-bo", "id-sian", "id-owen"], None));
    let top = world.people.chain(&context("ann"), &world.id("owen")).await.unwrap();
    assert!(top.people.is_empty() && top.cut.is_none());
}

#[tokio::test]
async fn a_chain_that_bites_its_tail_is_too_long_or_leads_to_a_secret_says_where_it_is_cut() {
    let mut people = council();
    people.push(somebody("jo", Some("sam")));
    people.extend((0..80).map(|n| somebody(&format!("deep{n:02}"), Some(&format!("deep{:02}", n + 1)))));
    people.push(somebody("deep80", None));
    let one = toy(people);
    let world = world(&[("directory", &one)]);
    let ann = world.by("ann").await;
    let ring = world.people.chain(&ann, &world.id("ada")).await.unwrap();
    assert_eq!((ring.people.len(), ring.cut), (1, Some(ChainCut::Cycle)));
    let deep = world.people.chain(&ann, &world.id("deep00")).await.unwrap();
    assert_eq!((deep.people.len(), deep.cut), (MAX_CHAIN, Some(ChainCut::Depth)));
    let secret = world.people.chain(&ann, &world.id("jo")).await.unwrap();
    assert_eq!((secret.people.len(), secret.cut), (0, Some(ChainCut::NotShown)));
}

#[tokio::test]
async fn a_photo_is_read_once_and_then_not_modified() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    let ann = world.by("ann").await;
    let Photo::Picture { version, .. } = world.people.photo(&ann, &world.id("sian"), None).await.unwrap()
    else {
        panic!("nobody has it yet")
    };
    let again = world.people.photo(&ann, &world.id("sian"), Some(version)).await.unwrap();
    assert_eq!(again, Photo::NotModified);
    for without in ["bo", "sam"] {
        let none = world.people.photo(&ann, &world.id(without), None).await.unwrap_err();
        assert_eq!(none.kind(), ErrorKind::NotFound, "{without}");
    }
}

#[tokio::test]
async fn units_are_listed_and_read() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    let ann = world.by("ann").await;
    let units = world.people.org_units(&ann, &request(25)).await.unwrap();
    assert_eq!(units.items[0].record.name, "Homes");
    let id = world.seals.seal_org_unit(&key("directory"), &native("u1"));
    let unit = world.people.org_unit(&ann, &id).await.unwrap();
    assert_eq!(unit.record.manager, Some(link("sian")));
    let person = world.people.org_unit(&ann, &world.id("sian")).await.unwrap_err();
    assert_eq!(person.kind(), ErrorKind::InvalidInput);
}
