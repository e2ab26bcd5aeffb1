//! Personal data and secrets in every position that a caller or a store can fill, and nowhere afterwards.

use bytes::Bytes;
use portico_simkit::client;
use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::wait::wait_until;
use portico_webdav_sim::{Content, Flavour};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Gateway, SOON, Site, run, store};

const INSURANCE: &str = "QQ123456C";
const IBAN: &str = "GB29NWBK60161331926819";
const SALARY: &str = "48217.55";
const PASSWORD: &str = "correct-horse-battery";
const SENTINELS: [&str; 4] = [INSURANCE, IBAN, SALARY, PASSWORD];

/// All of them in one word, of characters that are allowed nearly everywhere.
pub(crate) fn all() -> String {
    SENTINELS.join(".")
}

/// Sends the sentinels in every position of a request.
async fn fill_every_position(gateway: &Gateway, root: &str, document: &str) {
    let all = all();
    for path in [
        format!("/v1/documents?q={all}"),
        format!("/v1/documents?name={all}"),
        format!("/v1/documents?{all}=1"),
        format!("/v1/documents?limit={all}"),
        format!("/v1/documents?sort={all}"),
        format!("/v1/documents?fields={all}"),
        format!("/v1/documents?source={all}"),
        format!("/v1/documents?updatedAt.gte={all}"),
        format!("/v1/documents?cursor={all}"),
        format!("/v1/documents/{all}"),
        format!("/v1/documents/{document}?{all}"),
        format!("/v1/systems/{all}"),
        format!("/v1/{all}/{all}"),
        format!("/docs/problems/{all}"),
        format!("/{all}"),
    ] {
        gateway.get(&path).await;
    }
    for name in [
        "User-Agent",
        "Referer",
        "Cookie",
        "X-Correlation-Id",
        "traceparent",
        "tracestate",
        "baggage",
        "Accept",
        "Accept-Language",
        "If-Match",
        "If-None-Match",
        "Range",
        "If-Range",
        "Origin",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-User",
        "Idempotency-Key",
        "Prefer",
        "Content-Digest",
        "Via",
        "X-Anything",
    ] {
        for path in ["/v1/documents".to_owned(), format!("/v1/documents/{document}/content")] {
            gateway.send("GET", &path, &gateway.reader, &[(name, &all)], b"").await;
            let quoted = format!("\"{all}\"");
            gateway.send("PUT", &path, &gateway.writer, &[(name, &quoted)], all.as_bytes()).await;
        }
    }
    let state = [
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("tracestate", "a=QQ123456C"),
        ("baggage", "ni=QQ123456C"),
    ];
    gateway.send("GET", "/v1/documents", &gateway.reader, &state, b"").await;
    for credentials in
        [format!("Bearer {all}"), format!("Basic {all}"), format!("Bearer {all}.{all}.{all}"), all.clone()]
    {
        gateway.send("GET", "/v1/me", "", &[("Authorization", &credentials)], b"").await;
    }
    let name = format!("/v1/documents/{root}/child-ids");
    for body in [json!({ "name": all }), json!({ "name": 1, &all: all }), json!({ &all: all }), json!(all)] {
        gateway.send_json("POST", &name, &[], &body).await;
    }
    gateway
        .send(
            "POST",
            &name,
            &gateway.writer,
            &[("Content-Type", "application/json")],
            format!("{{{all}").as_bytes(),
        )
        .await;
    gateway.send("POST", &name, &gateway.writer, &[("Content-Type", &all)], all.as_bytes()).await;
    gateway.send(&all, "/v1/me", &gateway.reader, &[], b"").await;
    // Heads that are refused before they are requests.
    for head in [
        format!("GET /v1/{all} HTTP/1.1\r\nHost: {all}\r\nHost: {all}\r\n\r\n"),
        format!("{all} {all} {all}\r\n\r\n"),
        format!(
            "GET /v1/me HTTP/1.1\r\nHost: {all}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            gateway.reader
        ),
    ] {
        client::raw(gateway.api_addr(), head.as_bytes()).await.unwrap();
    }
    client::get(&format!("{}/traces/{all}", gateway.ops), &[("Host", &all)]).await.unwrap();
    gateway.operate(&format!("/traces/{all}?{all}")).await;
}

/// Puts them into a document's name and content, in every way that a writer has.
async fn write_documents(gateway: &Gateway, root: &str) -> String {
    let all = all();
    let path = format!("/v1/documents/{root}/child-ids");
    let named =
        gateway.send_json("POST", &path, &[], &json!({ "name": format!("{all}.txt") })).await.expect(200);
    let id = named["id"].as_str().unwrap().to_owned();
    for sentinel in SENTINELS {
        assert!(!id.contains(sentinel));
    }
    let headers = [("If-None-Match", "*"), ("Content-Type", "text/plain")];
    let path = format!("/v1/documents/{id}/content");
    gateway.send("PUT", &path, &gateway.writer, &headers, all.as_bytes()).await.expect(201);
    gateway
        .send("PUT", &path, &gateway.writer, &headers, all.as_bytes())
        .await
        .problem(412, "precondition_failed");
    gateway.get(&format!("/v1/documents/{id}")).await.expect(200);
    gateway.get(&path).await.octets(200);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_is_in_no_log_trace_metric_or_foreign_problem() {
    let all = all();
    let then = "2026-03-01T09:00:00Z".parse().unwrap();
    let contracts = store(Flavour::Apache).file("lease.txt", Content::stored("lease"), then);
    let contracts =
        run(contracts.file(&format!("payroll/{all}.txt"), Content::stored(all.clone()), then)).await;
    let proxy = FaultProxy::start(contracts.addr).await.unwrap();
    let site = Site::new()
        .store(
            "contracts",
            &proxy.url(),
            ACCOUNT,
            "breaker_failures = 1000\nmax_attempts = 1\nattempt_timeout_ms = 500",
            "",
        )
        .with("[telemetry]\nlog_level = \"trace\"\nslow_request_ms = 1\n");
    let gateway = site.start().await;
    let list = gateway.get("/v1/documents?q=lease").await.expect(200);
    let lease = list["items"][0]["id"].as_str().unwrap().to_owned();
    let system = gateway.get("/v1/systems/contracts").await.expect(200);
    let root = system["rootDocumentId"].as_str().unwrap().to_owned();
    gateway.get("/v1/documents").await.expect(200);
    let written = write_documents(&gateway, &root).await;
    fill_every_position(&gateway, &root, &lease).await;

    // The store says them too: in headers, in its words, in what it calls things.
    let mut foreign = String::new();
    for status in [
        "500 Oops",
        "401 Unauthorized",
        "403 Forbidden",
        "409 Conflict",
        "423 Locked",
        "207 Multi-Status",
        "200 OK",
        "302 Found",
        "507 Full",
    ] {
        for kind in ["text/html", "application/xml", "text/plain"] {
            let body = format!(
                "<?xml version=\"1.0\"?><D:error xmlns:D=\"DAV:\"><D:responsedescription>{all}</D:responsedescription>\
                 <D:href>/{all}</D:href></D:error>"
            );
            let answer = format!(
                "HTTP/1.1 {status} {all}\r\nContent-Type: {kind}; charset={all}\r\nLocation: /{all}\r\nETag: \"{all}\"\r\n\
                 WWW-Authenticate: Basic realm=\"{all}\"\r\nServer: {all}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            proxy.set(Fault::Replace(Bytes::from(answer))).await;
            for path in [
                "/v1/documents".to_owned(),
                format!("/v1/documents/{written}"),
                format!("/v1/documents/{lease}"),
            ] {
                foreign += &gateway.get(&path).await.text();
            }
            let path = format!("/v1/documents/{lease}");
            foreign +=
                &gateway.send("DELETE", &path, &gateway.writer, &[("If-Match", "*")], b"").await.text();
        }
    }
    proxy.set(Fault::RefuseConnections).await;
    let problem = gateway.get(&format!("/v1/documents/{written}")).await.json();
    foreign += &problem.to_string();
    let system = gateway.get("/v1/systems").await.text();
    search("what callers were told of other things", &(foreign + &system));

    let log = nothing_is_kept(gateway, problem["traceId"].as_str().unwrap()).await;
    // The log did say things.
    assert!(log.matches("call failed").count() > 2, "{log}");
}

/// Looks at everything that is kept, once the last request is in it, and at the log, which it gives.
pub(crate) async fn nothing_is_kept(gateway: Gateway, last: &str) -> String {
    let ring = || {
        let mut whole = Vec::new();
        for entry in std::fs::read_dir(gateway.site.path("data/traces")).unwrap() {
            whole.extend(std::fs::read(entry.unwrap().path()).unwrap());
        }
        String::from_utf8_lossy(&whole).into_owned()
    };
    let listed = async || gateway.operate("/traces").await.text();
    portico_simkit::wait::wait_for(async || listed().await.contains(last).then_some(()), SOON).await.unwrap();
    wait_until(|| ring().len() > 1_000, SOON).await.unwrap();
    search("the ring", &ring());
    let traces = listed().await;
    search("/traces", &traces);
    for id in traces.split_whitespace().filter(|word| word.len() == 32) {
        search("/traces/{id}", &gateway.operate(&format!("/traces/{id}")).await.text());
    }
    for path in ["/metrics", "/status"] {
        search(path, &gateway.operate(path).await.text());
    }
    for entry in walk(&gateway.site.path("data")) {
        search("a file in the data folder", &String::from_utf8_lossy(&std::fs::read(&entry).unwrap()));
        search("a file name in the data folder", &entry.to_string_lossy());
    }
    let ended = gateway.stop();
    search("the log", &ended.log);
    ended.log
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[track_caller]
pub(crate) fn search(place: &str, text: &str) {
    for secret in SENTINELS.into_iter().chain([ACCOUNT.1]) {
        if let Some(at) = text.find(secret) {
            let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
            let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
            panic!("{secret} in {place}: {}", &text[line..end]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_finds_what_is_there() {
    let store = crate::support::small_store(Flavour::Apache).await;
    let gateway = Site::over(&[("contracts", &store.base_url)], ACCOUNT).start().await;
    // What somebody asked about themselves comes back to them, so the sentinels do get in.
    let answer = gateway.get(&format!("/v1/documents?q={INSURANCE}")).await;
    let page: Value = answer.expect(200);
    assert!(page["self"].as_str().unwrap().contains(INSURANCE));
    let found = std::panic::catch_unwind(|| search("the answer", &answer.text()));
    assert!(found.is_err());
}
