//! Searching the index.

use super::*;

#[tokio::test]
async fn without_an_index_there_is_a_reason_and_no_empty_list() {
    let (one, other) = (toy(council()), toy(vec![somebody("zoe", None)]));
    let world = world(&[("directory", &one), ("schools", &other)]);
    let ann = context("ann");
    let Err(Refusal::NoSource(problem)) = world.people.list(&ann, &search("zoe")).await else {
        panic!("an empty list hides that nothing was read")
    };
    assert_eq!((problem.status, problem.sources.len()), (503, 2));
    world.read("schools").await;
    let page = world.people.list(&ann, &search("zoe")).await.unwrap();
    assert_eq!(names(&page), ["zoe"]);
    let statuses: Vec<_> = page.sources.iter().map(|source| source.status).collect();
    assert_eq!(statuses, [SourceStatus::Unavailable, SourceStatus::Ok]);
    assert!(page.sources[0].problem.is_some() && page.sources[0].fetched_at.is_none());
    assert!(page.next.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_old_or_could_not_be_refreshed_is_stale() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    let ann = context("ann");
    world.read("directory").await;
    let source = |page: Listing<FoundPerson>| page.sources[0].clone();
    let fresh = source(world.people.list(&ann, &search("bo")).await.unwrap());
    assert_eq!(fresh.status, SourceStatus::Ok);
    *one.mood.lock() = Mood::Fails;
    world.indexes.refresh(&key("directory"), context("the gateway")).await.unwrap_err();
    let stale = source(world.people.list(&ann, &search("bo")).await.unwrap());
    assert_eq!((stale.status, stale.fetched_at), (SourceStatus::Stale, fresh.fetched_at));
    *one.mood.lock() = Mood::Answers;
    world.read("directory").await;
    assert_eq!(source(world.people.list(&ann, &search("bo")).await.unwrap()).status, SourceStatus::Ok);
    tokio::time::advance(IndexOptions::default().stale_after).await;
    assert_eq!(source(world.people.list(&ann, &search("bo")).await.unwrap()).status, SourceStatus::Stale);
}

#[tokio::test]
async fn a_search_goes_with_filters_and_a_limit_but_with_no_order_and_no_cursor() {
    let one = toy(council());
    one.people.lock().get_mut("id-eve").unwrap().profile.department = Some("Parks".to_owned());
    let world = world(&[("directory", &one)]);
    world.read("directory").await;
    let ann = context("ann");
    let mut parks = search("example");
    parks.filters.push(by("department", Comparison::In, "parks"));
    assert_eq!(names(&world.people.list(&ann, &parks).await.unwrap()), ["eve"], "whatever the case");
    let few = ListRequest { limit: 2, ..search("example") };
    assert_eq!(world.people.list(&ann, &few).await.unwrap().items.len(), 2);
    let sort = vec![SortTerm { field: "displayName".into(), descending: false }];
    let both = ListRequest { sort, cursor: Some("x".to_owned()), ..search("example") };
    let refused = error_of(world.people.list(&ann, &both).await);
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let pointers: Vec<_> = refused.fields().iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(pointers, ["?sort", "?cursor"]);
    let empty = error_of(world.people.list(&ann, &search("- ,")).await);
    assert_eq!(empty.fields()[0].pointer, "?q");
}

#[tokio::test]
async fn the_best_of_all_directories_come_first() {
    let (one, other) = (toy(council()), toy(vec![somebody("bo", None), somebody("bobby", None)]));
    let world = world(&[("directory", &one), ("schools", &other)]);
    world.read("directory").await;
    world.read("schools").await;
    let page = world.people.list(&context("ann"), &search("bo")).await.unwrap();
    assert_eq!(names(&page), ["bo", "bo", "bobby"]);
}

#[tokio::test]
async fn nobody_is_found_by_what_is_hidden() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    world.read("directory").await;
    let bo = somebody("bo", None).profile;
    let digits = |at: usize| bo.phone_numbers[at].value.replace(' ', "");
    for who in ["ann", "bo", "sian"] {
        let who = world.by(who).await;
        let by_work = world.people.list(&who, &search(&digits(0))).await.unwrap();
        assert_eq!(names(&by_work), ["bo"], "a number at work is for everybody");
        let (mobile, home) = (digits(1), digits(2));
        for hidden in
            [&mobile, &mobile[..8], &mobile[4..], &home, &personnel("bo"), "Hidden", "1 Hidden Street"]
        {
            let found = world.people.list(&who, &search(hidden)).await.unwrap();
            assert!(!names(&found).contains(&"bo"), "{hidden} finds {:?}", names(&found));
        }
    }
}

#[tokio::test]
async fn rows_of_a_search_hide_what_is_sensitive_and_leave_out_secrets() {
    let one = toy(council());
    let world = world(&[("directory", &one)]);
    world.read("directory").await;
    let page = world.people.list(&world.by("bo").await, &search("bo")).await.unwrap();
    let found = &page.items[0];
    assert!(found.masked && found.record.profile.employee_number.is_none());
    assert_eq!(found.record.profile.phone_numbers.len(), 1);
    assert_eq!(found.fetched_at, page.sources[0].fetched_at.unwrap(), "the row is as old as the index");
    assert!(world.people.list(&context("ann"), &search("sam")).await.unwrap().items.is_empty());
    assert_eq!(names(&world.people.list(&world.by("sam").await, &search("sam")).await.unwrap()), ["sam"]);
}
