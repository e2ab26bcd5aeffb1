//! Content: conditions, ranges, large files.

use std::collections::BTreeSet;
use std::time::Duration;

use portico_servers::Product;
use portico_simkit::client::Connection;
use portico_simkit::wait::wait_for;

use super::{Library, over_both};

over_both! {
    what_is_created_is_read_back_whole_and_in_parts
    nothing_is_overwritten_blindly
    a_native_lock_is_respected
    a_large_file_goes_through_without_being_held
}

const TEXT: &[u8] = b"Tenancy agreement for the hall, signed in Cardiff.\n";

async fn what_is_created_is_read_back_whole_and_in_parts(library: Library) {
    let (id, _) = library.create(&library.root, &library.fresh(), TEXT).await;
    let whole = library.read(&id, &[]).await;
    assert_eq!(whole.octets(200), TEXT);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    assert!(whole.header("content-disposition").unwrap().starts_with("attachment"));
    assert_eq!(whole.header("content-length"), Some(TEXT.len().to_string().as_str()));
    assert!(whole.header("cache-control").unwrap().contains("private"));
    let etag = whole.etag();
    let unchanged = library.read(&id, &[("If-None-Match", &etag)]).await;
    assert!(unchanged.octets(304).is_empty());
    assert_eq!(unchanged.etag(), etag);
    assert_eq!(library.read(&id, &[("If-None-Match", "\"another\"")]).await.octets(200), TEXT);

    let size = TEXT.len();
    for (range, from, to) in [
        ("bytes=0-6", 0, 7),
        ("bytes=8-", 8, size),
        ("bytes=-10", size - 10, size),
        ("bytes=10-100000", 10, size),
    ] {
        let part = library.read(&id, &[("Range", range)]).await;
        assert_eq!(part.octets(206), &TEXT[from..to], "{range}");
        let said = format!("bytes {from}-{}/{size}", to - 1);
        assert_eq!(part.header("content-range"), Some(said.as_str()), "{range}");
    }
    // A suffix that is longer than the whole: Apache answers with the whole and not as a range, which it may.
    let suffix = library.read(&id, &[("Range", "bytes=-100000")]).await;
    assert!(matches!(suffix.status(), 200 | 206), "{}", suffix.text());
    assert_eq!(suffix.octets(suffix.status()), TEXT);
    let beyond = library.read(&id, &[("Range", "bytes=1000-")]).await;
    beyond.problem(416, "range_not_satisfiable");
    // What is not a range that we know is no range (RFC 9110, section 14.2).
    for range in ["octets=0-6", "bytes=6-0", "bytes=a-b", "bytes=0-1,4-5"] {
        assert_eq!(library.read(&id, &[("Range", range)]).await.octets(200), TEXT, "{range}");
    }
    // Apache calls its tags weak for the first second and gives the whole until then, as it has to (section 13.1.5).
    let same = async || {
        let same = library.read(&id, &[("Range", "bytes=0-6"), ("If-Range", &etag)]).await;
        if same.status() == 200 {
            assert_eq!(same.octets(200), TEXT);
            return None;
        }
        assert_eq!(same.octets(206), &TEXT[..7]);
        Some(())
    };
    wait_for(same, Duration::from_secs(20)).await.expect("a part of the same version");
    let other = library.read(&id, &[("Range", "bytes=0-6"), ("If-Range", "\"another\"")]).await;
    assert_eq!(other.octets(200), TEXT);
    // The whole description, and only what is asked for.
    let path = format!("/v1/documents/{id}");
    let document = library.gateway.get(&path).await;
    let found = document.expect(200);
    assert_eq!(found["contentLength"], size);
    assert_eq!(found["source"]["system"], "library");
    let (reader, tag) = (&library.gateway.reader, document.etag());
    let unchanged = library.gateway.send("GET", &path, reader, &[("If-None-Match", &tag)], b"").await;
    assert!(unchanged.octets(304).is_empty());
    let named = library.gateway.get(&format!("{path}?fields=name,source.system")).await.expect(200);
    let members: BTreeSet<&str> = named.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["id", "name", "source"]));
    assert_eq!(named["source"].as_object().unwrap().len(), 1);
    library.end();
}

async fn nothing_is_overwritten_blindly(library: Library) {
    let (id, first) = library.create(&library.root, &library.fresh(), b"one").await;
    let path = format!("/v1/documents/{id}/content");
    let again = library.write("PUT", &path, &[("If-None-Match", "*")], b"again").await;
    again.problem(412, "precondition_failed");
    library.write("PUT", &path, &[], b"blind").await.problem(428, "precondition_required");
    // At once: Apache's tags are weak for the first second.
    let second = library.write("PUT", &path, &[("If-Match", &first)], b"two, longer").await;
    second.expect(200);
    library.write("PUT", &path, &[("If-Match", &first)], b"stale").await.problem(412, "precondition_failed");
    let third = library.write("PUT", &path, &[("If-Match", &second.etag())], b"three").await;
    third.expect(200);
    assert_eq!(library.read(&id, &[]).await.octets(200), b"three");
    // One of several versions, and any version.
    let either = format!("\"foreign\", {}, {}", first, third.etag());
    library.write("PUT", &path, &[("If-Match", &either)], b"four").await.expect(200);
    let any = library.write("PUT", &path, &[("If-Match", "*")], b"five").await;
    any.expect(200);
    library
        .write("PUT", &path, &[("If-Match", "\"foreign\"")], b"x")
        .await
        .problem(412, "precondition_failed");
    let both = [("If-Match", "*"), ("If-None-Match", "*")];
    library.write("PUT", &path, &both, b"x").await.problem(400, "invalid_request");
    library.write("PUT", &path, &[("If-Match", "unquoted")], b"x").await.problem(400, "invalid_request");
    // The tag of the content works for deleting the document, a stale one does not.
    let one = format!("/v1/documents/{id}");
    library.write("DELETE", &one, &[("If-Match", &first)], b"").await.problem(412, "precondition_failed");
    library.write("DELETE", &one, &[], b"").await.problem(428, "precondition_required");
    assert_eq!(library.read(&id, &[]).await.octets(200), b"five");
    // Nobody creates by replacing.
    let nothing = library.child_id(&library.root, &library.fresh()).await;
    let absent =
        library.write("PUT", &format!("/v1/documents/{nothing}/content"), &[("If-Match", "*")], b"x").await;
    absent.problem(412, "precondition_failed");
    // A reader is refused whatever the condition.
    let reader = library.gateway.reader.clone();
    let refused = library.gateway.send("PUT", &path, &reader, &[("If-Match", "*")], b"x").await;
    refused.problem(403, "forbidden");
    library.end();
}

async fn a_native_lock_is_respected(library: Library) {
    let name = library.fresh();
    let (id, etag) = library.create(&library.root, &name, b"open").await;
    let lock = "<?xml version=\"1.0\"?><D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>\
        <D:locktype><D:write/></D:locktype></D:lockinfo>";
    let account = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{}:{}", library.product.username, library.product.password),
    );
    let basic = format!("Basic {account}");
    let headers =
        [("Authorization", basic.as_str()), ("Content-Type", "application/xml"), ("Timeout", "Second-60")];
    let address = format!("{}/{}", library.product.base_url, name.replace(' ', "%20"));
    let held = portico_simkit::client::request("LOCK", &address, &headers, lock.as_bytes()).await.unwrap();
    assert_eq!(held.status, 200, "{}", held.text());
    for (method, rest) in [("PUT", "/content"), ("DELETE", "")] {
        let path = format!("/v1/documents/{id}{rest}");
        let answer = library.write(method, &path, &[("If-Match", &etag)], b"").await;
        answer.problem(409, "locked");
    }
    assert_eq!(library.read(&id, &[]).await.octets(200), b"open");
    let shown = library.gateway.get(&format!("/v1/documents/{id}")).await.expect(200);
    assert_eq!(shown["locked"], true, "{shown:#}");
    let token = held.header("lock-token").unwrap();
    let headers = [("Authorization", basic.as_str()), ("Lock-Token", token)];
    let freed = portico_simkit::client::request("UNLOCK", &address, &headers, b"").await.unwrap();
    assert_eq!(freed.status, 204, "{}", freed.text());
    library
        .write("PUT", &format!("/v1/documents/{id}/content"), &[("If-Match", &etag)], b"x")
        .await
        .expect(200);
    library.end();
}

/// The most memory that a process has had, in KiB (`VmHWM`). Linux counts per processor and adds up now and then
/// (proc_pid_status(5): "inaccurate"), so that a later reading may be a little *lower* than an earlier one.
fn most_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn a_large_file_goes_through_without_being_held(library: Library) {
    const SIZE: usize = 20 * 1024 * 1024;
    const LARGER: usize = 64 * 1024 * 1024;
    let content: Vec<u8> = (0..LARGER).map(|at| (at * 31 + at / 251) as u8).collect();
    there_and_back(&library, "large.bin", &content[..SIZE]).await;
    // By now buffers and pools are as large as they get; only a body that is held would add to them.
    let before = most_memory(library.gateway.pid());
    there_and_back(&library, "larger.bin", &content).await;
    let grown = most_memory(library.gateway.pid()).saturating_sub(before);
    assert!(grown < SIZE as u64 / 1024, "{grown} KiB more for a file of {} KiB", LARGER / 1024);
    if library.product.product == Product::WsgiDav {
        // It writes straight into the file and keeps what came when an upload breaks off.
        return library.end();
    }
    // A caller that leaves in the middle of an upload leaves nothing half written under the name.
    let half = library.child_id(&library.root, "half.bin").await;
    let host = library.gateway.api_addr();
    let mut connection = Connection::open(host).await.unwrap();
    let head = format!(
        "PUT /v1/documents/{half}/content HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
         If-None-Match: *\r\nContent-Length: {SIZE}\r\n\r\n",
        library.gateway.writer
    );
    connection.send(head.as_bytes()).await.unwrap();
    connection.send(&content[..SIZE / 2]).await.unwrap();
    drop(connection);
    let gone = async || {
        let answer = library.gateway.get(&format!("/v1/documents/{half}")).await;
        (answer.status() == 404).then_some(())
    };
    wait_for(gone, Duration::from_secs(20)).await.expect("nothing is left of the half upload");
    library.end();
}

/// Uploads, and downloads again piece by piece.
async fn there_and_back(library: &Library, name: &str, content: &[u8]) {
    let (id, _) = library.create(&library.root, name, content).await;
    let host = library.gateway.api_addr();
    let mut connection = Connection::open(host).await.unwrap();
    let request = format!(
        "GET /v1/documents/{id}/content HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n",
        library.gateway.reader
    );
    connection.send(request.as_bytes()).await.unwrap();
    let head = connection.head("GET").await.unwrap();
    assert_eq!(head.status, 200);
    let mut at = 0;
    while let Some(chunk) = connection.chunk().await.unwrap() {
        assert!(chunk == content[at..at + chunk.len()], "other octets behind {at}");
        at += chunk.len();
    }
    assert_eq!(at, content.len());
}
