//! What happens to a list between two of its pages.

use super::*;

/// Takes the first page, changes something, and takes the second.
async fn next_page(
    first: &Documents,
    second: &Documents,
    then: &CallContext,
) -> Result<Listing<Found<DocumentRecord>>, Refusal> {
    let cursor = first.list(&context(), &request(2)).await.unwrap().next;
    second.list(then, &ListRequest { cursor, ..request(2) }).await
}

#[tokio::test]
async fn a_source_that_was_removed_between_two_pages_is_reported() {
    let both = two(Mood::Answers, Mood::Answers);
    let one = documents(vec![system("even", Mood::Answers, names(0), vec![])], Who::Anyone);
    let page = next_page(&both, &one, &context()).await.unwrap();
    let statuses: Vec<_> = page.sources.iter().map(|s| (s.system.as_str(), s.status)).collect();
    assert_eq!(statuses, [("even", SourceStatus::Ok), ("odd", SourceStatus::Unavailable)]);
}

#[tokio::test]
async fn a_right_that_was_lost_between_two_pages_is_lost() {
    let both = two(Mood::Answers, Mood::Answers);
    let systems =
        vec![system("even", Mood::Answers, names(0), vec![]), system("odd", Mood::Answers, names(1), vec![])];
    let closed = documents(systems, Who::Role("records".into()));
    let Err(Refusal::NoSource(problem)) = next_page(&both, &closed, &context()).await else {
        panic!("still shown")
    };
    assert_eq!(problem.status, 403);
}

#[tokio::test]
async fn positions_too_long_for_a_cursor_fail_one_source_and_not_the_list() {
    let long = |start: usize| (start..18).step_by(2).map(|n| format!("{}{n:02}", "x".repeat(890))).collect();
    let systems =
        vec![system("even", Mood::Answers, long(0), vec![]), system("odd", Mood::Answers, long(1), vec![])];
    let page = documents(systems, Who::Anyone).list(&context(), &request(4)).await.unwrap();
    assert_eq!(page.items.len(), 4);
    assert!(page.next.is_some(), "one source goes on");
    let failed: Vec<_> =
        page.sources.iter().filter(|source| source.status == SourceStatus::Invalid).collect();
    assert_eq!(failed.len(), 1);
}

#[tokio::test]
async fn a_clearance_that_is_too_low_is_forbidden_and_not_empty() {
    let mut secret = system("even", Mood::Answers, names(0), vec![]);
    let mut profile = (*secret.upstream.profile).clone();
    profile.classification = Classification::Confidential;
    profile.uniform_facts = true;
    let adapter = AdapterBuilder::new(
        "toy",
        secret.key().clone(),
        Store { mood: Mood::Answers, names: names(0), patience: 0.into() },
    )
    .on::<ListDocuments>(Capability::default())
    .build();
    secret.upstream = Upstream::new(secret.key().clone(), Arc::new(profile), CallService::new(adapter));
    let answer = documents(vec![secret], Who::Anyone).list(&context(), &request(5)).await;
    let Err(Refusal::NoSource(problem)) = answer else { panic!("an empty list hides that it is forbidden") };
    assert_eq!(problem.status, 403);
}

#[tokio::test]
async fn a_source_that_stops_at_a_limit_of_its_own_gives_its_items_and_says_so_on_every_page() {
    let both = two(Mood::StopsAtThree, Mood::Answers);
    let mut asked = request(4);
    let (mut seen, mut statuses) = (Vec::new(), Vec::new());
    loop {
        let page = both.list(&context(), &asked).await.unwrap();
        seen.extend(page.items.into_iter().map(|found| found.record.name));
        statuses.push(page.sources[0].status);
        asked.cursor = page.next;
        if asked.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 3 + names(1).len(), "{seen:?}");
    let from = statuses.iter().position(|status| *status == SourceStatus::Limited).unwrap();
    assert!(statuses[from..].iter().all(|status| *status == SourceStatus::Limited), "{statuses:?}");
}
