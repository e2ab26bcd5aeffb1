//! Lists over toy stores that answer, fail, hang or refuse in every combination.

mod paging;

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use portico_contract::access::Principal;
use portico_contract::paging::{Comparison, Filter, Listed, Position, Scalar, SortTerm, SourcePage};
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{AdapterBuilder, CallService, Capability, FilterCapability, Handler, Upstream};
use portico_policy::{BuiltinPolicy, Rule, Who};
use portico_schemas::{Classification, ObjectType, Owner, ProblemCode, SourceStatus, SystemState};

use super::*;
use crate::seal::{CURSOR_KEY_LEN, ID_KEY_LEN};
use crate::systems::Standing;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Answers,
    Slow,
    Fails,
    TalksRubbish,
    /// Gives three items and then stops at a limit of its own.
    StopsAtThree,
}

/// A store of twelve documents with even or odd numbers in their names.
struct Store {
    mood: Mood,
    names: Vec<String>,
    /// Answers this many times before its mood shows.
    patience: std::sync::atomic::AtomicUsize,
}

impl Handler<CheckSystem> for Store {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

fn record(name: &str) -> DocumentRecord {
    let classification = name.contains("secret").then_some(Classification::Restricted);
    DocumentRecord {
        id: NativeId::new(name).unwrap(),
        parent: None,
        name: name.to_owned(),
        path: name.to_owned(),
        object_type: ObjectType::Document,
        version: None,
        content_length: None,
        media_type: None,
        created_at: None,
        updated_at: None,
        locked: None,
        facts: Facts { classification, ..Facts::default() },
    }
}

impl Handler<ListDocuments> for Store {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListDocuments,
    ) -> Result<SourcePage<DocumentRecord>, Error> {
        let patient = self.patience.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if patient {
            let next = Position::new("a").unwrap();
            return Ok(SourcePage::new(vec![], Some(next)));
        }
        match self.mood {
            Mood::Answers | Mood::StopsAtThree => {}
            Mood::Slow => {
                tokio::time::sleep(context.deadline.remaining()).await;
                return Err(Error::new(ErrorKind::Timeout, "Too slow."));
            }
            Mood::Fails => return Err(Error::new(ErrorKind::BackendStatus, "It failed.")),
            Mood::TalksRubbish => return Err(Error::new(ErrorKind::InvalidResponse, "Not XML.")),
        }
        let after = op.query.after.as_ref().map(Position::as_str).unwrap_or_default();
        let known = if self.mood == Mood::StopsAtThree { 3 } else { usize::MAX };
        let rest: Vec<&String> = self.names.iter().take(known).filter(|name| name.as_str() > after).collect();
        let items: Vec<_> = rest
            .iter()
            .take(op.query.limit)
            .map(|name| Listed {
                item: record(name),
                key: vec![Scalar::Text((*name).clone())],
                position: Position::new((*name).clone()).unwrap(),
            })
            .collect();
        let next = (rest.len() > items.len()).then(|| items.last().unwrap().position.clone());
        if self.mood == Mood::StopsAtThree && next.is_none() {
            return Ok(SourcePage::limited(items, "It gives three things at most."));
        }
        Ok(SourcePage::new(items, next))
    }
}

impl Handler<GetDocument> for Store {
    async fn handle(&self, _: &CallContext, op: &GetDocument) -> Result<DocumentRecord, Error> {
        match &op.document {
            DocumentRef::Id(id) if self.names.iter().any(|name| name == id.as_str()) => {
                Ok(record(id.as_str()))
            }
            _ => Err(Error::new(ErrorKind::NotFound, "Not here.")),
        }
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

fn system(key: &str, mood: Mood, names: Vec<String>, filters: Vec<FilterCapability>) -> System {
    patient_system(key, mood, names, filters, 0)
}

fn patient_system(
    key: &str,
    mood: Mood,
    names: Vec<String>,
    filters: Vec<FilterCapability>,
    patience: usize,
) -> System {
    let patience = patience.into();
    let key = SystemKey::new(key).unwrap();
    let list =
        Capability { natural_sort: Some("path"), sorts: vec!["path"], filters, ..Capability::default() };
    let adapter = AdapterBuilder::new("toy", key.clone(), Store { mood, names, patience })
        .on::<ListDocuments>(list)
        .on::<GetDocument>(Capability::default())
        .build();
    System {
        upstream: Upstream::new(key, adapter.profile().clone(), CallService::new(adapter)),
        title: "Toy".into(),
        owner: Owner { team: "t".into(), contact: "c".into(), hours: "h".into() },
        aliases: vec![SystemKey::new("old-name").unwrap()],
        standing: Arc::new(Fine),
    }
}

fn names(start: usize) -> Vec<String> {
    (start..24).step_by(2).map(|n| format!("doc {n:02}")).collect()
}

fn documents(systems: Vec<System>, who: Who) -> Documents {
    let rule = Rule {
        name: None,
        resource: None,
        systems: None,
        actions: [Action::Read].into(),
        who,
        up_to: Classification::Internal,
    };
    Documents::new(
        Arc::new(Systems::new(systems)),
        Arc::new(BuiltinPolicy::new(vec![rule])),
        Arc::new(Seals::new([1; ID_KEY_LEN], [2; CURSOR_KEY_LEN])),
    )
}

fn two(first: Mood, second: Mood) -> Documents {
    let systems = vec![system("even", first, names(0), vec![]), system("odd", second, names(1), vec![])];
    documents(systems, Who::Anyone)
}

fn context() -> CallContext {
    CallContext::internal("ann", Duration::from_millis(200))
}

fn request(limit: usize) -> ListRequest {
    ListRequest { limit, ..ListRequest::default() }
}

fn status(mood: Mood) -> SourceStatus {
    match mood {
        Mood::Answers => SourceStatus::Ok,
        Mood::StopsAtThree => SourceStatus::Limited,
        Mood::Slow => SourceStatus::Timeout,
        Mood::Fails | Mood::TalksRubbish => SourceStatus::Invalid,
    }
}

#[tokio::test(start_paused = true)]
async fn no_failure_reads_as_an_empty_list() {
    let moods = [Mood::Answers, Mood::Slow, Mood::Fails, Mood::TalksRubbish];
    for (first, second) in moods.iter().flat_map(|a| moods.iter().map(move |b| (*a, *b))) {
        let answer = two(first, second).list(&context(), &request(200)).await;
        let reports = match answer {
            Ok(listing) => {
                assert!(!listing.items.is_empty(), "{first:?} {second:?}");
                listing.sources
            }
            Err(Refusal::NoSource(problem)) => {
                assert!(first != Mood::Answers && second != Mood::Answers, "{first:?} {second:?}");
                assert!(problem.status >= 500);
                problem.sources
            }
            Err(Refusal::Error(error)) => panic!("{first:?} {second:?}: {error}"),
        };
        let statuses: Vec<_> = reports.iter().map(|report| report.status).collect();
        assert_eq!(statuses, [status(first), status(second)]);
        for report in reports.iter().filter(|r| r.status != SourceStatus::Ok) {
            assert!(report.problem.is_some(), "a source that failed says why");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_stays_failed_on_every_page() {
    let documents = two(Mood::Answers, Mood::Fails);
    let mut request = request(5);
    let mut seen = Vec::new();
    loop {
        let page = documents.list(&context(), &request).await.unwrap();
        assert_eq!(page.sources[1].status, SourceStatus::Invalid);
        assert!(page.sources[1].problem.is_some());
        seen.extend(page.items.into_iter().map(|found| found.record.name));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, names(0));
}

#[tokio::test]
async fn two_stores_are_one_list_in_order() {
    let documents = two(Mood::Answers, Mood::Answers);
    for limit in [1, 3, 7, 200] {
        let mut request = request(limit);
        let mut seen = Vec::new();
        loop {
            let page = documents.list(&context(), &request).await.unwrap();
            assert!(page.items.len() <= limit);
            seen.extend(page.items.into_iter().map(|found| found.record.name));
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => break,
            }
        }
        let expected: Vec<String> = (0..24).map(|n| format!("doc {n:02}")).collect();
        assert_eq!(seen, expected, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_cursor_works_for_its_person_only() {
    let documents = two(Mood::Answers, Mood::Answers);
    let next = documents.list(&context(), &request(2)).await.unwrap().next;
    let stolen = ListRequest { cursor: next, ..request(2) };
    let other = CallContext::internal("bo", Duration::from_secs(1));
    let Err(Refusal::Error(error)) = documents.list(&other, &stolen).await else {
        panic!("a stolen cursor works")
    };
    assert_eq!(error.kind(), ErrorKind::InvalidCursor);
}

#[tokio::test]
async fn a_source_that_cannot_filter_is_left_out_and_named() {
    let by_name = FilterCapability { field: "name", comparisons: &[Comparison::In] };
    let systems = vec![
        system("even", Mood::Answers, names(0), vec![by_name]),
        system("odd", Mood::Answers, names(1), vec![]),
    ];
    let documents = documents(systems, Who::Anyone);
    let name = Filter {
        field: "name".into(),
        comparison: Comparison::In,
        values: vec![Scalar::Text("doc 02".into())],
    };
    let asked = ListRequest { filters: vec![name], ..request(25) };
    let page = documents.list(&context(), &asked).await.unwrap();
    assert_eq!(page.sources[1].status, SourceStatus::Unsupported);
    assert_eq!(page.sources[1].problem.as_ref().unwrap().errors[0].pointer, "?name");

    let sort = vec![SortTerm { field: "contentLength".into(), descending: true }];
    let none = documents.list(&context(), &ListRequest { sort, ..request(25) }).await;
    let Err(Refusal::NoSource(problem)) = none else { panic!("nobody can sort so") };
    assert_eq!((problem.code, problem.status), (ProblemCode::UnsupportedQuery, 400));
    assert!(!problem.errors.is_empty());
}

#[tokio::test]
async fn what_a_person_may_not_see_is_not_in_lists_and_not_there() {
    let secret = vec!["doc 1".to_owned(), "secret".to_owned()];
    let documents = documents(vec![system("even", Mood::Answers, secret, vec![])], Who::Anyone);
    let page = documents.list(&context(), &request(25)).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let hidden = DocumentRef::Id(NativeId::new("secret").unwrap());
    let id = documents.seals.seal_document(&SystemKey::new("even").unwrap(), &hidden);
    assert_eq!(documents.get(&context(), &id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn without_a_rule_for_the_person_the_list_is_forbidden() {
    let systems = vec![system("even", Mood::Answers, names(0), vec![])];
    let documents = documents(systems, Who::Role("records".into()));
    let Err(Refusal::NoSource(problem)) = documents.list(&context(), &request(25)).await else {
        panic!("shown")
    };
    assert_eq!(problem.status, 403);
    let mut insider = context();
    let mut who: Principal = (*insider.principal).clone();
    who.roles.insert("records".into());
    insider.principal = Arc::new(who);
    assert!(documents.list(&insider, &request(25)).await.is_ok());
}

#[tokio::test]
async fn ids_from_before_a_rename_still_work() {
    let documents = documents(vec![system("even", Mood::Answers, names(0), vec![])], Who::Anyone);
    let old = DocumentRef::Id(NativeId::new("doc 02").unwrap());
    let id = documents.seals.seal_document(&SystemKey::new("old-name").unwrap(), &old);
    assert_eq!(documents.get(&context(), &id).await.unwrap().record.name, "doc 02");
    let gone = documents.seals.seal_document(&SystemKey::new("gone").unwrap(), &old);
    assert_eq!(documents.get(&context(), &gone).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_source_that_does_not_exist_is_a_fault_of_the_query() {
    let sources = Some([SystemKey::new("nowhere").unwrap()].into());
    let asked = ListRequest { sources, ..request(25) };
    let Err(Refusal::Error(error)) = two(Mood::Answers, Mood::Answers).list(&context(), &asked).await else {
        panic!("asked nobody and said nothing")
    };
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_page_looks_further_until_something_is_found() {
    let late = patient_system("even", Mood::Answers, names(0), vec![], 3);
    let page = documents(vec![late], Who::Anyone).list(&context(), &request(5)).await.unwrap();
    assert_eq!(page.items.len(), 5, "three pages without a match are not shown");
}

#[tokio::test]
async fn a_source_that_fails_while_looking_further_does_not_hide_one_that_is_done() {
    let systems = vec![
        system("even", Mood::Answers, vec![], vec![]),
        patient_system("odd", Mood::Fails, names(1), vec![], 2),
    ];
    let page = documents(systems, Who::Anyone).list(&context(), &request(5)).await.unwrap();
    let statuses: Vec<_> = page.sources.iter().map(|source| source.status).collect();
    assert_eq!(statuses, [SourceStatus::Ok, SourceStatus::Invalid]);
    assert!(page.items.is_empty() && page.next.is_none());
}
