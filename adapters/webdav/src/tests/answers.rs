//! Answers that no well-behaved server gives, each as the kind that the promises ask for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use portico_contract::ErrorKind;
use portico_contract::documents::{DeleteDocument, DocumentRef, ListChildren, Precondition, ReadContent};
use portico_contract::paging::ListQuery;
use portico_contract::systems::CheckSystem;
use portico_schemas::Outcome;
use portico_simkit::http::{Body, Server, full};
use portico_webdav_sim::{Content, Flavour, Simulator};
use serde_json::json;

use super::store::{Store, id, open};

/// A server that always answers so.
async fn always(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
) -> (Server, Store) {
    let server = Server::loopback(move |_| async move {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        answer.body(full(body)).expect("an answer")
    });
    let server = server.await.expect("a free port");
    let store = open(&server.url(), None, json!({ "listing_max_entries": 2 }));
    (server, store)
}

const XML: &[(&str, &str)] = &[("content-type", "application/xml; charset=utf-8")];

#[tokio::test]
async fn wrong_answers_to_a_listing() {
    for (status, headers, body, kind) in [
        (
            200,
            &[("content-type", "text/html")][..],
            "<html><title>Sign in</title>",
            ErrorKind::InvalidResponse,
        ),
        (207, &[("content-type", "text/html")], "<html/>", ErrorKind::InvalidResponse),
        (207, &[], "<multistatus xmlns='DAV:'/>", ErrorKind::InvalidResponse),
        (207, XML, "<multistatus xmlns='DAV:'/>", ErrorKind::InvalidResponse),
        (207, XML, "<multistatus/>", ErrorKind::InvalidResponse),
        (207, XML, "<multistatus xmlns='DAV:'>", ErrorKind::InvalidResponse),
        (207, XML, "", ErrorKind::InvalidResponse),
        (
            207,
            XML,
            "<!DOCTYPE multistatus [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><multistatus xmlns='DAV:'/>",
            ErrorKind::InvalidResponse,
        ),
        (
            207,
            &[("content-type", "text/xml; charset=iso-8859-1")],
            "<multistatus xmlns='DAV:'/>",
            ErrorKind::InvalidResponse,
        ),
        (207, &[("content-type", "text/xml"), ("content-encoding", "gzip")], "x", ErrorKind::InvalidResponse),
        (301, &[("location", "http://127.0.0.1:9/elsewhere")], "", ErrorKind::InvalidResponse),
        (302, &[("location", "/login")], "", ErrorKind::InvalidResponse),
        (401, &[], "", ErrorKind::CredentialsRefused),
        (403, &[], "", ErrorKind::BackendForbidden),
        (405, &[], "", ErrorKind::InvalidResponse),
        (429, &[("retry-after", "5")], "", ErrorKind::RateLimited),
        (500, &[], "Jane Doe", ErrorKind::BackendStatus),
        (503, &[], "", ErrorKind::BackendStatus),
        (504, &[], "", ErrorKind::Timeout),
    ] {
        let (_server, store) = always(status, headers, body).await;
        let children = ListChildren { folder: DocumentRef::Id(id("f")), query: ListQuery::first(5) };
        let error = store.call(children).await.expect_err("a failure");
        assert_eq!(error.kind(), kind, "{status} {headers:?} {body}: {error}");
        let told = format!("{} {}", error.detail(), error.native().unwrap_or_default());
        assert!(!told.contains("Jane") && !told.contains("passwd"), "{told}");
    }
}

#[tokio::test]
async fn a_page_in_place_of_xml_is_named() {
    let (_server, store) = always(200, &[("content-type", "text/html; charset=utf-8")], "<html/>").await;
    let error = store.get("a").await.expect_err("a page");
    assert!(error.detail().contains("text/html") && error.detail().contains("application/xml"), "{error}");
}

#[tokio::test]
async fn a_folder_with_too_many_entries_is_over_the_limit() {
    let body = "<multistatus xmlns='DAV:'>\
        <response><href>/f/</href><propstat><prop/><status>HTTP/1.1 200 OK</status></propstat></response>\
        <response><href>/f/a</href><propstat><prop/><status>HTTP/1.1 200 OK</status></propstat></response>\
        <response><href>/f/b</href><propstat><prop/><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>";
    let (_server, store) = always(207, XML, body).await;
    let children = ListChildren { folder: DocumentRef::Id(id("f")), query: ListQuery::first(5) };
    assert_eq!(store.refused(children).await, Some(ErrorKind::LimitExceeded));
}

#[tokio::test]
async fn content_behind_a_redirect_or_of_the_wrong_part_is_refused() {
    let read = |range| ReadContent { document: id("a"), range, unless: None, range_if: None };
    let part = Some(portico_contract::documents::ByteRange::FromTo { first: 0, last: Some(2) });
    let (_server, store) = always(206, &[("etag", "\"a\""), ("content-range", "bytes 5-7/10")], "567").await;
    assert_eq!(store.refused(read(part)).await, Some(ErrorKind::InvalidResponse));
    let (_server, store) = always(206, &[("etag", "\"a\"")], "567").await;
    assert_eq!(store.refused(read(part)).await, Some(ErrorKind::InvalidResponse));
    assert_eq!(store.refused(read(None)).await, Some(ErrorKind::InvalidResponse));
    let (_server, store) = always(304, &[], "").await;
    assert_eq!(store.refused(read(None)).await, Some(ErrorKind::InvalidResponse));
    // A server that ignores ranges answers all of it.
    let (_server, store) = always(200, &[("etag", "\"a\"")], "0123456789").await;
    let answer = store.call(read(part)).await.expect("all of it");
    assert_eq!((answer.head.range, answer.head.length), (None, Some(10)));
    // One that ignores conditions is held to its own tag.
    let unless = Some(portico_contract::documents::SourceVersion("a".into()));
    let same = ReadContent { document: id("a"), range: None, unless, range_if: None };
    assert!(store.call(same).await.expect("an answer").head.not_modified);
}

/// A server that has one file, and answers a DELETE as given.
async fn delete_answers(status: u16, body: &'static str) -> (Server, Store) {
    let found = "<multistatus xmlns='DAV:'><response><href>/f</href><propstat><prop><resourcetype><collection/></resourcetype>\
        </prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>";
    let server = Server::loopback(move |request: http::Request<Body>| async move {
        let (status, body) = if request.method() == "DELETE" { (status, body) } else { (207, found) };
        Response::builder()
            .status(status)
            .header("content-type", "text/xml")
            .body(full(body))
            .expect("an answer")
    });
    let server = server.await.expect("a free port");
    let store = open(&server.url(), None, json!({}));
    (server, store)
}

#[tokio::test]
async fn a_tree_that_is_deleted_in_part_is_a_failure_of_unknown_outcome() {
    let body = "<multistatus xmlns='DAV:'>\
        <response><href>/f</href><status>HTTP/1.1 424 Failed Dependency</status></response>\
        <response><href>/f/a</href><status>HTTP/1.1 423 Locked</status></response></multistatus>";
    let (_server, store) = delete_answers(207, body).await;
    let delete = || DeleteDocument { document: id("f"), precondition: Precondition::Exists };
    let error = store.call(delete()).await.expect_err("a part is left");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Locked, Outcome::Unknown));
    for (status, kind, outcome) in [
        (507, ErrorKind::InsufficientStorage, Outcome::Failed),
        (500, ErrorKind::BackendStatus, Outcome::Unknown),
        (202, ErrorKind::InvalidResponse, Outcome::Failed),
    ] {
        let (_server, store) = delete_answers(status, "").await;
        let error = store.call(delete()).await.expect_err("a failure");
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{status}");
    }
}

#[tokio::test]
async fn a_server_that_ignores_preconditions_is_found_out_and_still_compared() {
    let modified = "2026-01-01T00:00:00Z".parse().expect("a time");
    let builder = Simulator::builder(Flavour::WsgiDav).ignores_preconditions();
    let builder = builder.file("a.txt", Content::stored("a"), modified);
    let server = builder.start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let store = open(&server.base_url, None, json!({}));
    let report = store.call(CheckSystem).await.expect("a report");
    assert!(report.warnings.iter().any(|warning| warning.contains("ignores preconditions")), "{report:?}");
    let old = store.get("a.txt").await.expect("a document").version.expect("a version");
    store.try_write("a.txt", "bb", Precondition::Version(old.clone())).await.expect("the current version");
    let stale = store.try_write("a.txt", "ccc", Precondition::Version(old)).await;
    assert_eq!(stale.map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::PreconditionFailed));
    assert_eq!(store.read("a.txt").await.expect("a document"), "bb");
}

#[tokio::test]
async fn an_upload_is_not_touched_before_its_precondition_is_known() {
    let modified = "2026-01-01T00:00:00Z".parse().expect("a time");
    let builder = Simulator::builder(Flavour::Apache).file("a.txt", Content::stored("a"), modified);
    let server = builder.start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let store = open(&server.base_url, None, json!({}));
    let polled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&polled);
    let body = portico_contract::ByteStream::new(futures_util::stream::poll_fn(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        std::task::Poll::Ready(None)
    }));
    let upload = portico_contract::Upload::new(body, Some(0), None);
    let write = portico_contract::documents::WriteContent {
        document: id("a.txt"),
        precondition: Precondition::Absent,
        upload: upload.clone(),
    };
    assert_eq!(store.refused(write).await, Some(ErrorKind::PreconditionFailed));
    assert!(!upload.is_taken());
    assert_eq!(polled.load(Ordering::Relaxed), 0);
}
