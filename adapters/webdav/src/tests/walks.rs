//! Lists over a simulator: every order, page size and share of folders gives the same things exactly once.

use std::collections::BTreeSet;
use std::time::Duration;

use portico_contract::documents::{DeleteDocument, DocumentRef, ListChildren, ListDocuments, Precondition};
use portico_contract::paging::{Comparison, Filter, ListQuery, Position, Scalar, SortTerm, SourcePage};
use portico_contract::{ErrorKind, access::Scope, documents::DocumentRecord};
use portico_simkit::fault::{Fault, FaultProxy};
use portico_webdav_sim::{Content, Flavour, Running, Simulator};
use serde_json::json;

use super::store::{Store, id, open};

const FILES: &[&str] = &[
    "a/1.txt",
    "a/2.txt",
    "a/b/3.txt",
    "a/b/c/4.txt",
    "a b.txt",
    "a-b.txt",
    "a.txt",
    "a0.txt",
    "empty.bin",
    "z/y/x/5.pdf",
    "z/y/6.pdf",
    "ä/7.txt",
    "Z.txt",
    "a/b!.txt",
];

async fn start() -> Running {
    let mut builder = Simulator::builder(Flavour::Apache);
    for (at, path) in FILES.iter().enumerate() {
        let modified = format!("2026-01-{:02}T00:00:00Z", at % 5 + 1).parse().expect("a time");
        builder = builder.file(path, Content::stored("x".repeat(at % 4)), modified);
    }
    builder.start(([127, 0, 0, 1], 0).into()).await.expect("a free port")
}

/// What is there, folders included, in the order of the paths by segments.
fn expected() -> Vec<String> {
    let mut all = BTreeSet::new();
    for path in FILES {
        let segments: Vec<_> = path.split('/').map(str::to_owned).collect();
        for length in 1..=segments.len() {
            all.insert(segments[..length].to_vec());
        }
    }
    all.into_iter().map(|segments| segments.join("/")).collect()
}

fn by(field: &'static str, descending: bool) -> Vec<SortTerm> {
    vec![SortTerm { field: field.into(), descending }]
}

async fn traverse(store: &Store, mut query: ListQuery, folder: Option<&str>) -> (Vec<DocumentRecord>, usize) {
    let (mut all, mut pages) = (Vec::new(), 0);
    loop {
        let page = one(store, query.clone(), folder).await;
        pages += 1;
        assert!(pages < 500, "no end");
        assert!(page.items.len() <= query.limit);
        assert!(page.items.windows(2).all(|pair| in_order(&query, &pair[0].key, &pair[1].key)));
        all.extend(page.items.into_iter().map(|row| row.item));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return (all, pages),
        }
    }
}

fn in_order(query: &ListQuery, left: &[Scalar], right: &[Scalar]) -> bool {
    if query.sort.first().is_some_and(|term| term.descending) { left >= right } else { left <= right }
}

async fn one(store: &Store, query: ListQuery, folder: Option<&str>) -> SourcePage<DocumentRecord> {
    match folder {
        Some(path) => {
            let folder = if path.is_empty() { DocumentRef::Root } else { DocumentRef::Id(id(path)) };
            store.call(ListChildren { folder, query }).await.expect("a page")
        }
        None => store.call(ListDocuments { query }).await.expect("a page"),
    }
}

fn paths(records: &[DocumentRecord]) -> Vec<&str> {
    records.iter().map(|record| record.path.as_str()).collect()
}

#[tokio::test]
async fn every_page_size_and_share_of_folders_gives_everything_once() {
    let server = start().await;
    for share in [1, 2, 100] {
        let store = open(&server.base_url, None, json!({ "walk_max_folders": share }));
        for limit in [1, 2, 3, 7, 200] {
            for descending in [false, true] {
                let query = ListQuery { sort: by("path", descending), ..ListQuery::first(limit) };
                let (all, pages) = traverse(&store, query, None).await;
                let mut expected = expected();
                if descending {
                    expected.reverse();
                }
                assert_eq!(paths(&all), expected, "share {share}, limit {limit}, descending {descending}");
                assert!(share == 1 || limit < 200 || pages <= expected.len(), "{pages} pages");
            }
            let (natural, _) = traverse(&store, ListQuery::first(limit), None).await;
            assert_eq!(paths(&natural), expected());
        }
    }
}

#[tokio::test]
async fn a_walk_that_finds_nothing_still_goes_on_and_ends() {
    let server = start().await;
    let store = open(&server.base_url, None, json!({ "walk_max_folders": 1 }));
    let nothing =
        Filter { field: "name".into(), comparison: Comparison::In, values: vec![Scalar::Text("?".into())] };
    for descending in [false, true] {
        let query = ListQuery {
            filters: vec![nothing.clone()],
            sort: by("path", descending),
            ..ListQuery::first(10)
        };
        let (all, pages) = traverse(&store, query, None).await;
        assert!(all.is_empty() && pages > 3, "{pages} pages");
    }
}

#[tokio::test]
async fn a_page_reads_no_more_than_its_share_and_the_way_to_it() {
    let server = start().await;
    let counted = FaultProxy::start(server.addr).await.expect("a proxy");
    let store = open(&counted.url(), None, json!({ "walk_max_folders": 2 }));
    let page = one(&store, ListQuery::first(200), None).await;
    // The root, and two folders of the walk.
    let folders: Vec<_> = page.items.iter().map(|row| row.item.path.as_str()).collect();
    assert_eq!(folders, ["Z.txt", "a", "a/1.txt", "a/2.txt", "a/b", "a/b/3.txt", "a/b/c"]);
    assert_eq!(page.next.as_ref().map(Position::as_str), Some("a/b/c"));
}

#[tokio::test]
async fn what_goes_while_it_is_listed_is_passed_over() {
    let server = start().await;
    let store = open(&server.base_url, None, json!({ "walk_max_folders": 1 }));
    let mut query = ListQuery::first(4);
    let page = one(&store, query.clone(), None).await;
    assert_eq!(page.items.last().map(|row| row.item.path.as_str()), Some("a/2.txt"));
    query.after = page.next;
    store
        .call(DeleteDocument { document: id("a"), precondition: Precondition::Exists })
        .await
        .expect("a delete");
    let (rest, _) = traverse(&store, query, None).await;
    let left: Vec<_> = expected().into_iter().filter(|path| path != "a" && !path.starts_with("a/")).collect();
    assert_eq!(
        paths(&rest),
        left.iter().map(String::as_str).filter(|path| *path != "Z.txt").collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn filters_are_applied() {
    let server = start().await;
    let store = open(&server.base_url, None, json!({}));
    let text = |text: &str| Scalar::Text(text.into());
    let day = |day: i8| Scalar::Time(format!("2026-01-{day:02}T00:00:00Z").parse().expect("a time"));
    for (field, comparison, values, count) in [
        ("q", Comparison::Contains, vec![text("B")], 5),
        ("name", Comparison::Contains, vec![text("PDF")], 2),
        ("name", Comparison::In, vec![text("1.txt"), text("4.txt")], 2),
        ("objectTypeId", Comparison::In, vec![text("folder")], 7),
        ("objectTypeId", Comparison::In, vec![text("document")], FILES.len()),
        ("mediaType", Comparison::In, vec![text("application/pdf")], 2),
        ("contentLength", Comparison::Gte, vec![Scalar::Number(3)], 3),
        ("contentLength", Comparison::Lt, vec![Scalar::Number(1)], 4),
    ] {
        let filters = vec![Filter { field: field.into(), comparison, values }];
        let (all, _) = traverse(&store, ListQuery { filters, ..ListQuery::first(5) }, None).await;
        assert_eq!(all.len(), count, "{field} {comparison:?}: {:?}", paths(&all));
    }
    let filters = vec![
        Filter { field: "updatedAt".into(), comparison: Comparison::Gt, values: vec![day(1)] },
        Filter { field: "updatedAt".into(), comparison: Comparison::Lte, values: vec![day(2)] },
        Filter { field: "objectTypeId".into(), comparison: Comparison::In, values: vec![text("document")] },
    ];
    let (all, _) = traverse(&store, ListQuery { filters, ..ListQuery::first(5) }, None).await;
    assert_eq!(all.len(), 3, "{:?}", paths(&all));
    let unknown = vec![Filter { field: "owner".into(), comparison: Comparison::In, values: vec![text("x")] }];
    let query = ListQuery { filters: unknown, ..ListQuery::first(5) };
    assert_eq!(store.refused(ListDocuments { query }).await, Some(ErrorKind::UnsupportedQuery));
}

#[tokio::test]
async fn children_in_every_order() {
    let server = start().await;
    let store = open(&server.base_url, None, json!({}));
    let (natural, _) = traverse(&store, ListQuery::first(200), Some("")).await;
    let natural = paths(&natural).into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(natural, ["Z.txt", "a", "a b.txt", "a-b.txt", "a.txt", "a0.txt", "empty.bin", "z", "ä"]);
    for field in ["path", "name", "updatedAt", "contentLength"] {
        for descending in [false, true] {
            let whole = ListQuery { sort: by(field, descending), ..ListQuery::first(200) };
            let (whole, _) = traverse(&store, whole, Some("")).await;
            assert_eq!(whole.len(), natural.len());
            for limit in [1, 2, 4] {
                let query = ListQuery { sort: by(field, descending), ..ListQuery::first(limit) };
                let (all, _) = traverse(&store, query, Some("")).await;
                assert_eq!(paths(&all), paths(&whole), "{field} {descending} {limit}");
            }
        }
    }
}

#[tokio::test]
async fn a_scope_that_shows_nothing_asks_nothing() {
    let store = open("http://127.0.0.1:9/", None, json!({}));
    let query = ListQuery { scope: Scope::Owners(["jane".to_owned()].into()), ..ListQuery::first(5) };
    let page = store.call(ListDocuments { query }).await.expect("no call");
    assert!(page.items.is_empty() && page.next.is_none());
}

#[tokio::test]
async fn positions_that_do_not_fit_are_refused() {
    let server = start().await;
    let store = open(&server.base_url, None, json!({}));
    for text in ["", "/", "a//b", "../a", "a\0"] {
        let query = ListQuery { after: Position::new(text), ..ListQuery::first(5) };
        assert_eq!(
            store.refused(ListDocuments { query: query.clone() }).await,
            Some(ErrorKind::InvalidCursor),
            "{text:?}"
        );
        assert_eq!(
            store.refused(ListChildren { folder: DocumentRef::Root, query }).await,
            Some(ErrorKind::InvalidCursor),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn a_slow_store_gives_short_pages_that_get_on() {
    let server = start().await;
    let slow = FaultProxy::start(server.addr).await.expect("a proxy");
    slow.set(Fault::Delay(Duration::from_millis(800))).await;
    let store = open(&slow.url(), None, json!({}));
    let page = one(&store, ListQuery::first(200), None).await;
    // The root and one folder, at the least; and not the seven that there are.
    let requests = slow.counts().requests;
    assert!((2..=3).contains(&requests), "{requests}");
    assert!(page.items.len() >= 5 && page.next.is_some());
}
