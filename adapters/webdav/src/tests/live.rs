//! Against the real products, which `portico-servers` installs and starts.

use std::net::SocketAddr;

use portico_contract::ErrorKind;
use portico_contract::documents::{
    ByteRange, CopyDocument, CreateFolder, DeleteDocument, DocumentRef, ListChildren, MoveDocument,
    Precondition, ReadContent, SourceVersion,
};
use portico_contract::paging::ListQuery;
use portico_contract::systems::CheckSystem;
use portico_schemas::ObjectType;
use portico_servers::{Product, Running};
use serde_json::json;

use super::paths::NAMES;
use super::store::{Store, id, open};

fn start(product: Product) -> Option<(Running, Store)> {
    let running = portico_servers::for_test(product)?;
    let store = open(&running.base_url, Some((running.username, running.password)), json!({}));
    Some((running, store))
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => { $(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn apache() {
                if let Some((running, store)) = start(Product::Apache) { super::$name(&running, &store).await; }
            }

            #[tokio::test]
            async fn wsgidav() {
                if let Some((running, store)) = start(Product::WsgiDav) { super::$name(&running, &store).await; }
            }
        }
    )* };
}

on_both!(names, versions, races, trees, parts, checks, locks, places);

async fn names(running: &Running, store: &Store) {
    store.folder("f").await;
    for name in NAMES {
        let key = store.child("f", name).await.expect(name);
        let record = store.write(key.as_str(), name).await;
        assert_eq!((record.name.as_str(), &record.id), (*name, &key));
        assert_eq!(store.read(key.as_str()).await.expect(name), *name);
        let folder = store.child("f", &format!("{name} folder")).await.expect(name);
        assert_eq!(store.folder(folder.as_str()).await.object_type, ObjectType::Folder, "{name}");
    }
    let query = ListQuery::first(200);
    let page = store.call(ListChildren { folder: DocumentRef::Id(id("f")), query }).await.expect("a listing");
    let mut listed: Vec<_> = page.items.iter().map(|row| row.item.name.clone()).collect();
    let mut expected: Vec<_> = NAMES.iter().flat_map(|n| [(*n).to_owned(), format!("{n} folder")]).collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    for name in NAMES {
        let document = store.child("f", name).await.expect(name);
        let destination = store.child(&format!("f/{name} folder"), name).await.expect(name);
        let moved = MoveDocument {
            document: document.clone(),
            destination: destination.clone(),
            precondition: Precondition::Exists,
        };
        let moved = store.call(moved).await.map_err(|error| error.kind());
        if running.product == Product::WsgiDav && name.contains(['?', ';']) {
            // It would be moved to another name: refused, and left where it is.
            assert_eq!(moved, Err(ErrorKind::Conflict), "{name}");
            assert_eq!(store.read(document.as_str()).await.expect(name), *name);
            continue;
        }
        assert_eq!(moved.map(|record| record.id), Ok(destination.clone()), "{name}");
        let delete = DeleteDocument { document: destination, precondition: Precondition::Exists };
        store.call(delete).await.expect(name);
    }
}

/// Right after a write, and again with a version that is no longer the current one.
async fn versions(_: &Running, store: &Store) {
    let mut version = store.write("a.txt", "0").await.version.expect("a version");
    let first = version.clone();
    for round in 1..6 {
        let content = "x".repeat(round);
        let written = store
            .try_write("a.txt", &content, Precondition::Version(version))
            .await
            .expect("its own version");
        version = written.version.expect("a version");
        assert_eq!(store.get("a.txt").await.expect("a document").version, Some(version.clone()));
    }
    let stale = Precondition::Version(first);
    let refused = |error: portico_contract::Error| error.kind();
    let written = store.try_write("a.txt", "lost", stale.clone()).await;
    assert_eq!(written.map(|_| ()).map_err(refused), Err(ErrorKind::PreconditionFailed));
    let delete = |precondition| DeleteDocument { document: id("a.txt"), precondition };
    assert_eq!(store.refused(delete(stale.clone())).await, Some(ErrorKind::PreconditionFailed));
    let transfer =
        |precondition| MoveDocument { document: id("a.txt"), destination: id("b.txt"), precondition };
    assert_eq!(store.refused(transfer(stale)).await, Some(ErrorKind::PreconditionFailed));
    assert_eq!(store.read("a.txt").await.expect("a document"), "xxxxx");

    let again = store.try_write("a.txt", "no", Precondition::Absent).await;
    assert_eq!(again.map(|_| ()).map_err(refused), Err(ErrorKind::PreconditionFailed));
    let missing = store.try_write("none.txt", "no", Precondition::Exists).await;
    assert_eq!(missing.map(|_| ()).map_err(refused), Err(ErrorKind::PreconditionFailed));
    assert_eq!(
        store.refused(DeleteDocument { document: id("none"), precondition: Precondition::Exists }).await,
        Some(ErrorKind::NotFound)
    );

    let moved = store.call(transfer(Precondition::Version(version))).await.expect("the current version");
    let current = Precondition::Version(moved.version.expect("a version"));
    store
        .call(DeleteDocument { document: id("b.txt"), precondition: current })
        .await
        .expect("the current version");
    assert_eq!(store.refused(delete(Precondition::Exists)).await, Some(ErrorKind::NotFound));

    // A folder, moved and deleted by version a moment after it was made.
    let made = Precondition::Version(store.folder("made").await.version.expect("a version"));
    let go = MoveDocument { document: id("made"), destination: id("gone"), precondition: made };
    let gone = store.call(go).await.expect("its own version");
    let gone = Precondition::Version(gone.version.expect("a version"));
    store.call(DeleteDocument { document: id("gone"), precondition: gone }).await.expect("its own version");
}

/// Many writers with one version: exactly one succeeds, and the others are told.
async fn races(_: &Running, store: &Store) {
    for round in 0..4 {
        let path = format!("race-{round}.txt");
        let version = store.write(&path, "start").await.version.expect("a version");
        let writers = (0..8).map(|writer| {
            let precondition = Precondition::Version(version.clone());
            let content = format!("writer {writer}{}", "!".repeat(writer));
            let path = path.clone();
            async move { store.try_write(&path, &content, precondition).await.map_err(|error| error.kind()) }
        });
        let results = futures_util::future::join_all(writers).await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        let lost =
            results.iter().filter(|result| matches!(result, Err(ErrorKind::PreconditionFailed))).count();
        assert_eq!((won, lost), (1, 7), "{results:?}");
        let content = store.read(&path).await.expect("a document");
        assert!(content.starts_with("writer "), "{content}");
    }
    // Only one of them can have made it.
    let makers = (0..8).map(|maker| async move {
        store
            .try_write("new.txt", &format!("{maker}"), Precondition::Absent)
            .await
            .map_err(|error| error.kind())
    });
    let results = futures_util::future::join_all(makers).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
}

async fn trees(_: &Running, store: &Store) {
    for folder in ["t", "t/in", "t/in/deep"] {
        store.folder(folder).await;
    }
    store.write("t/in/deep/x.txt", "x").await;
    let copy = |from: &str, to: &str| CopyDocument { document: id(from), destination: id(to) };
    let copied = store.call(copy("t", "u")).await.expect("a copy");
    assert_eq!((copied.object_type, copied.id), (ObjectType::Folder, id("u")));
    assert_eq!(store.read("u/in/deep/x.txt").await.expect("a copy"), "x");
    assert_eq!(store.refused(copy("t", "u")).await, Some(ErrorKind::PreconditionFailed));
    assert_eq!(
        store.refused(copy("t/in/deep/x.txt", "u/in/deep/x.txt")).await,
        Some(ErrorKind::PreconditionFailed)
    );
    assert_eq!(store.refused(copy("t", "t/in/t")).await, Some(ErrorKind::Conflict));
    assert_eq!(store.refused(copy("t", "t")).await, Some(ErrorKind::Conflict));
    assert_eq!(store.refused(copy("none", "v")).await, Some(ErrorKind::NotFound));
    let transfer = |from: &str, to: &str| MoveDocument {
        document: id(from),
        destination: id(to),
        precondition: Precondition::Exists,
    };
    assert_eq!(store.refused(transfer("t", "u")).await, Some(ErrorKind::PreconditionFailed));
    assert_eq!(store.refused(transfer("t", "no/such/t")).await, Some(ErrorKind::Conflict));
    store.call(transfer("u", "w")).await.expect("a move");
    assert_eq!(store.read("w/in/deep/x.txt").await.expect("moved"), "x");
    assert_eq!(store.get("u").await.map(|_| ()).map_err(|e| e.kind()), Err(ErrorKind::NotFound));
    store
        .call(DeleteDocument { document: id("w"), precondition: Precondition::Exists })
        .await
        .expect("a delete");
    assert_eq!(store.get("w/in").await.map(|_| ()).map_err(|e| e.kind()), Err(ErrorKind::NotFound));
}

async fn parts(_: &Running, store: &Store) {
    let version = store.write("p.txt", "0123456789").await.version.expect("a version");
    let read = |range, unless: Option<SourceVersion>, range_if: Option<SourceVersion>| ReadContent {
        document: id("p.txt"),
        range,
        unless,
        range_if,
    };
    for (range, expected, text) in [
        (ByteRange::FromTo { first: 2, last: Some(4) }, (2, 4), "234"),
        (ByteRange::FromTo { first: 8, last: Some(99) }, (8, 9), "89"),
        (ByteRange::FromTo { first: 7, last: None }, (7, 9), "789"),
        (ByteRange::Suffix { length: 3 }, (7, 9), "789"),
    ] {
        let answer = store.call(read(Some(range), None, None)).await.expect("a part");
        assert_eq!(answer.head.range, Some((expected.0, expected.1, Some(10))), "{range:?}");
        assert_eq!(answer.head.length, Some(text.len() as u64));
        assert_eq!(&answer.body.collect(99).await.expect("octets")[..], text.as_bytes());
    }
    let outside = read(Some(ByteRange::FromTo { first: 10, last: None }), None, None);
    assert_eq!(store.refused(outside).await, Some(ErrorKind::RangeNotSatisfiable));

    let same = store.call(read(None, Some(version.clone()), None)).await.expect("an answer");
    assert!(same.head.not_modified && same.body.collect(99).await.expect("nothing").is_empty());
    assert_eq!(same.head.version, Some(version.clone()));
    let other = store.call(read(None, Some(SourceVersion("other".into())), None)).await.expect("an answer");
    assert!(!other.head.not_modified);
    assert_eq!(&other.body.collect(99).await.expect("octets")[..], b"0123456789");

    // A part only of the version that the caller has; otherwise all of it.
    let part = Some(ByteRange::FromTo { first: 2, last: Some(4) });
    let stale = store.call(read(part, None, Some(SourceVersion("other".into())))).await.expect("an answer");
    assert_eq!((stale.head.range, stale.head.length), (None, Some(10)));
    assert_eq!(&stale.body.collect(99).await.expect("octets")[..], b"0123456789");
    let current = store.call(read(part, None, Some(version))).await.expect("an answer");
    let whole = current.head.range.is_none();
    let text = current.body.collect(99).await.expect("octets");
    assert_eq!(&text[..], if whole { &b"0123456789"[..] } else { b"234" });

    store.folder("folder").await;
    let folder = ReadContent { document: id("folder"), range: None, unless: None, range_if: None };
    assert_eq!(store.refused(folder).await, Some(ErrorKind::Conflict));
    let none = ReadContent { document: id("none"), range: None, unless: None, range_if: None };
    assert_eq!(store.refused(none).await, Some(ErrorKind::NotFound));
    store.write("empty", "").await;
    assert_eq!(store.read("empty").await.expect("an empty document"), "");
}

async fn checks(running: &Running, store: &Store) {
    let before = store.call(CheckSystem).await.expect("a report");
    assert!(before.warnings.iter().any(|warning| warning.contains("could not be tried")), "{before:?}");
    store.write("a.txt", "a").await;
    let report = store.call(CheckSystem).await.expect("a report");
    assert_eq!(report.warnings, [""; 0]);
    assert!(report.passed.iter().any(|line| line == "preconditions are honoured"));
    let product = if running.product == Product::Apache { "Apache" } else { "WsgiDAV" };
    assert!(report.version.is_some_and(|version| version.contains(product)));

    let wrong = open(&running.base_url, Some((running.username, "wrong")), json!({}));
    assert_eq!(wrong.refused(CheckSystem).await, Some(ErrorKind::CredentialsRefused));
    let nobody = open(&running.base_url, None, json!({}));
    assert_eq!(nobody.refused(CheckSystem).await, Some(ErrorKind::CredentialsRefused));
    let elsewhere =
        open(&format!("{}/no/such", running.base_url), Some((running.username, running.password)), json!({}));
    assert_eq!(elsewhere.refused(CheckSystem).await, Some(ErrorKind::InvalidResponse));
}

async fn locks(running: &Running, store: &Store) {
    store.write("l.txt", "free").await;
    assert_eq!(store.get("l.txt").await.expect("a document").locked, Some(false));
    lock(running, "l.txt").await;
    assert_eq!(store.get("l.txt").await.expect("a document").locked, Some(true));
    let version = store.get("l.txt").await.expect("a document").version.expect("a version");
    for precondition in [Precondition::Exists, Precondition::Version(version)] {
        let written = store.try_write("l.txt", "no", precondition.clone()).await;
        assert_eq!(written.map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::Locked));
        let delete = DeleteDocument { document: id("l.txt"), precondition };
        assert_eq!(store.refused(delete).await, Some(ErrorKind::Locked));
    }
    assert_eq!(store.read("l.txt").await.expect("a document"), "free");
}

/// As an editor on somebody's desk does it.
async fn lock(running: &Running, path: &str) {
    use base64::Engine as _;
    let addr: SocketAddr = running.addr;
    let pair = format!("{}:{}", running.username, running.password);
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let body = r#"<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>"#;
    let url = format!("{}/{path}", running.base_url);
    let headers =
        [("Authorization", basic.as_str()), ("Timeout", "Second-60"), ("Content-Type", "application/xml")];
    let reply =
        portico_simkit::client::request("LOCK", &url, &headers, body.as_bytes()).await.expect("an answer");
    assert_eq!(reply.head.status, 200, "{addr}");
}

async fn places(_: &Running, store: &Store) {
    let folder = store.folder("f").await;
    assert_eq!((folder.parent, folder.path.as_str()), (Some(id("")), "f"));
    assert_eq!(store.refused(CreateFolder { folder: id("f") }).await, Some(ErrorKind::PreconditionFailed));
    assert_eq!(store.refused(CreateFolder { folder: id("no/f") }).await, Some(ErrorKind::Conflict));
    assert_eq!(store.refused(CreateFolder { folder: id("") }).await, Some(ErrorKind::PreconditionFailed));
    let under = CreateFolder { folder: id("f/a.txt/g") };
    store.write("f/a.txt", "a").await;
    assert_eq!(
        store.get("f/a.txt/g/h").await.map(|_| ()).map_err(|error| error.kind()),
        Err(ErrorKind::NotFound)
    );
    assert_eq!(store.refused(under).await, Some(ErrorKind::Conflict));
    let below = store.try_write("f/a.txt/b", "b", Precondition::Absent).await;
    assert_eq!(below.map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::Conflict));
    let orphan = store.try_write("no/a.txt", "a", Precondition::Absent).await;
    assert_eq!(orphan.map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::Conflict));
    let onto = store.try_write("f", "a", Precondition::Exists).await;
    assert_eq!(onto.map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::Conflict));
    assert_eq!(
        store.refused(CreateFolder { folder: id("f/a.txt") }).await,
        Some(ErrorKind::PreconditionFailed)
    );
    let children = |folder| ListChildren { folder, query: ListQuery::first(10) };
    assert_eq!(store.refused(children(DocumentRef::Id(id("f/a.txt")))).await, Some(ErrorKind::Conflict));
    assert_eq!(store.refused(children(DocumentRef::Id(id("none")))).await, Some(ErrorKind::NotFound));
    assert_eq!(store.call(children(DocumentRef::Root)).await.expect("a listing").items.len(), 1);
    let root = store.get("").await.expect("the root");
    assert_eq!((root.parent, root.name.as_str(), root.object_type), (None, "", ObjectType::Folder));
}
