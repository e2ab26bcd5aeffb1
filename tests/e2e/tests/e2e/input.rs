//! What callers get for input that cannot be used: a problem that says all of it, and never a crash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portico_simkit::client::{self, Connection};
use portico_webdav_sim::{Flavour, Running};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Answer, Gateway, Person, Site, small_store};

async fn gateway() -> (Running, Gateway) {
    let contracts = small_store(Flavour::Apache).await;
    let gateway = Site::over(&[("contracts", &contracts.base_url)], ACCOUNT).start().await;
    (contracts, gateway)
}

/// The id of the root of the only store.
async fn root(gateway: &Gateway) -> String {
    let system = gateway.get("/v1/systems/contracts").await.expect(200);
    system["rootDocumentId"].as_str().unwrap().to_owned()
}

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_query_is_named_at_once() {
    let (_contracts, gateway) = gateway().await;
    let query = "colour=red&limit=0&sort=shape&q=a&q=b&fields=nope&updatedAt.gte=soon&source=No%20Key&contentLength=x";
    let problem = gateway.get(&format!("/v1/documents?{query}")).await.problem(400, "invalid_request");
    let mut found = pointers(&problem);
    found.sort_unstable();
    let wanted =
        ["?colour", "?contentLength", "?fields", "?limit", "?q", "?sort", "?source", "?updatedAt.gte"];
    assert_eq!(found, wanted, "{problem:#}");
    assert_eq!(problem["instance"], "/v1/documents");
    assert_eq!((&problem["origin"], &problem["retryable"]), (&json!("caller"), &json!(false)));
    for (path, pointer) in [
        ("/v1/documents?limit=201", "?limit"),
        ("/v1/documents?limit=1&limit=1", "?limit"),
        ("/v1/documents?name.gte=a", "?name.gte"),
        ("/v1/documents?objectTypeId=spoon", "?objectTypeId"),
        ("/v1/documents?cursor=", "?cursor"),
        ("/v1/documents?q=%FF", "?q"),
        ("/v1/me?fields=roles", "?fields"),
        ("/v1/systems?limit=1", "?limit"),
    ] {
        let problem = gateway.get(path).await.problem(400, "invalid_request");
        assert_eq!(pointers(&problem), [pointer], "{path}: {problem:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_good_for_one_person_one_route_and_one_query() {
    let (_contracts, gateway) = gateway().await;
    let page = gateway.get("/v1/documents?limit=1").await.expect(200);
    let next = page["next"].as_str().unwrap().to_owned();
    let cursor = next.split_once("cursor=").unwrap().1;
    gateway.get(&next).await.expect(200);
    let root = root(&gateway).await;
    let flipped = if cursor.ends_with('A') { "B" } else { "A" };
    for path in [
        format!("/v1/documents?limit=1&q=lease&cursor={cursor}"),
        format!("/v1/documents?limit=1&sort=-path&cursor={cursor}"),
        format!("/v1/documents/{root}/children?limit=1&cursor={cursor}"),
        format!("/v1/documents?limit=1&cursor={}{flipped}", &cursor[..cursor.len() - 1]),
        format!("/v1/documents?limit=1&cursor={}", &cursor[..cursor.len() / 2]),
        "/v1/documents?limit=1&cursor=nonsense".to_owned(),
        "/v1/documents?limit=1&cursor=%F0%9F%8C%BC".to_owned(),
    ] {
        let answer = gateway.get(&path).await;
        assert_eq!(answer.status(), 400, "{path}: {}", answer.text());
        answer.problem(400, "invalid_cursor");
    }
    let other = gateway.send("GET", &next, &gateway.writer, &[], b"").await;
    other.problem(400, "invalid_cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_ours_name_nothing() {
    let (_contracts, gateway) = gateway().await;
    let root = root(&gateway).await;
    let last = if root.ends_with('A') { "B" } else { "A" };
    for id in [
        "x".to_owned(),
        "..%2F..%2Fetc%2Fpasswd".to_owned(),
        "2026%2Flease.txt".to_owned(),
        "%00".to_owned(),
        "A".repeat(3_000),
        root[..root.len() - 1].to_owned() + last,
        format!("{root}AAAA"),
    ] {
        for rest in ["", "/content", "/children"] {
            let path = format!("/v1/documents/{id}{rest}");
            let problem = gateway.get(&path).await.problem(400, "invalid_request");
            assert_eq!(pointers(&problem), ["/id"], "{problem:#}");
        }
    }
    gateway.get("/v1/systems/nowhere").await.problem(404, "not_found");
    gateway.get("/v1/nothing").await.problem(404, "not_found");
    gateway.get("/v1/documents/").await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_read_strictly() {
    let (_contracts, gateway) = gateway().await;
    let path = format!("/v1/documents/{}/child-ids", root(&gateway).await);
    let post = async |headers: &[(&str, &str)], body: &str| -> Answer {
        gateway.send("POST", &path, &gateway.writer, headers, body.as_bytes()).await
    };
    let json = [("Content-Type", "application/json")];
    post(&json, r#"{"name": "a"}"#).await.expect(200);
    for (body, words) in [
        (r#"{"name": "a", "colour": "red"}"#, "colour"),
        (r#"{"name": "a", "name": "b"}"#, "name"),
        (r#"{"name": 7}"#, ""),
        (r#"{}"#, "name"),
        (r#"{"name": "a"} {"#, ""),
        (r#"{"name": "a""#, ""),
        (r#"["a"]"#, ""),
        ("\u{feff}{\"name\": \"a\"}", ""),
        ("", ""),
    ] {
        let problem = post(&json, body).await.problem(400, "invalid_request");
        assert!(!pointers(&problem).is_empty(), "{body}: {problem:#}");
        assert!(problem["errors"].to_string().contains(words), "{body}: {problem:#}");
    }
    for name in ["", ".", "..", "a/b", "a\u{0}b", "a\nb"] {
        let answer = post(&json, &json!({ "name": name }).to_string()).await;
        answer.problem(400, "invalid_request");
    }
    for kind in ["text/plain", "application/xml", "application/json5", ""] {
        let problem = post(&[("Content-Type", kind)], r#"{"name": "a"}"#).await;
        problem.problem(415, "unsupported_media_type");
    }
    post(&[], r#"{"name": "a"}"#).await.problem(415, "unsupported_media_type");
    let large = format!("{{\"name\": \"{}\"}}", "a".repeat(70_000));
    post(&json, &large).await.problem(413, "content_too_large");
    // Depth costs nothing, whatever it is.
    post(&json, &"[".repeat(60_000)).await.problem(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_addresses_and_heads_have_their_limits() {
    let (_contracts, gateway) = gateway().await;
    let answer = gateway.send("DELETE", "/v1/documents", &gateway.writer, &[], b"").await;
    answer.problem(405, "method_not_allowed");
    let allow = answer.header("allow").unwrap_or_default();
    assert!(allow.contains("GET") && !allow.contains("DELETE"), "Allow: {allow}");
    let answer = gateway.send("PATCH", "/v1/documents/x", &gateway.writer, &[], b"").await;
    answer.problem(405, "method_not_allowed");
    assert!(answer.header("allow").unwrap_or_default().contains("PUT"));

    let long = format!("/v1/documents?q={}", "a".repeat(9_000));
    let answer = Answer(client::get(&format!("{}{long}", gateway.api), &[]).await.unwrap());
    assert_eq!(answer.status(), 414, "{}", answer.text());
    assert_eq!(answer.json()["code"], "uri_too_long");
    let fat = "x".repeat(40_000);
    let answer = Answer(client::get(&format!("{}/v1/me", gateway.api), &[("X-Fat", &fat)]).await.unwrap());
    assert_eq!(answer.status(), 431, "{}", answer.text());
    assert_eq!(answer.json()["code"], "header_fields_too_large");
    // A body larger than any route takes is refused by its declared length.
    let huge = [("Content-Type", "application/json"), ("Content-Length", "99999999")];
    let mut connection = Connection::open(gateway.api_addr()).await.unwrap();
    let bearer = format!("Bearer {}", gateway.writer);
    let mut headers = huge.to_vec();
    headers.push(("Authorization", &bearer));
    let reply = connection.request("POST", "/v1/documents/x/child-ids", &headers, b"").await.unwrap();
    Answer(reply).problem(413, "content_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_two_readers_could_read_differently_are_refused_and_close() {
    let (_contracts, gateway) = gateway().await;
    let token = &gateway.reader;
    let chunks = "Transfer-Encoding: chunked\r\n";
    for (name, message) in [
        (
            "two lengths",
            format!("GET /v1/me HTTP/1.1\r\nHost: a\r\n{chunks}Content-Length: 4\r\n\r\n0\r\n\r\n"),
        ),
        ("two hosts", "GET /v1/me HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned()),
        ("bare line feeds", "GET /v1/me HTTP/1.1\nHost: a\n\n".to_owned()),
        ("a folded field", "GET /v1/me HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n".to_owned()),
        ("no host", "GET /v1/me HTTP/1.1\r\n\r\n".to_owned()),
        ("a space before the colon", "GET /v1/me HTTP/1.1\r\nHost : a\r\n\r\n".to_owned()),
        (
            "two lengths that differ",
            "GET /v1/me HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_owned(),
        ),
        (
            "a list of codings",
            "GET /v1/me HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned(),
        ),
    ] {
        // What follows would be a second request to whoever read the first one otherwise.
        let smuggled = format!("GET /v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
        let answer = client::raw(gateway.api_addr(), (message + &smuggled).as_bytes()).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name} was answered twice: {answer}");
        assert!(answer.contains("application/problem+json"), "{name}: {answer}");
        assert!(!answer.contains("rhian"), "{name}: {answer}");
    }
    gateway.get("/v1/me").await.expect(200);
    assert!(gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_do_not_hold_are_401_and_say_how_to_sign_in() {
    let (_contracts, gateway) = gateway().await;
    let parts: Vec<&str> = gateway.writer.split('.').collect();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let none = format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), parts[1]);
    let hmac = part(&json!({ "alg": "HS256", "typ": "JWT", "kid": "login" }));
    let stranger = part(&json!({ "alg": "ES256", "typ": "JWT", "kid": "somebody-else" }));
    let mut raised = claims.clone();
    raised["roles"] = json!(["staff", "writer", "admin"]);
    let elsewhere = Site::over(&[("contracts", "http://127.0.0.1:1/")], ACCOUNT);
    for (name, token) in [
        ("none", none),
        ("another algorithm", format!("{hmac}.{}.{}", parts[1], parts[2])),
        ("an unknown key", format!("{stranger}.{}.{}", parts[1], parts[2])),
        ("altered claims", format!("{}.{}.{}", parts[0], part(&raised), parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("another signer", elsewhere.token(&Person::WRITER)),
        ("not a token", "opensesame".to_owned()),
        ("very long", "a".repeat(20_000)),
    ] {
        let answer = gateway.send("GET", "/v1/me", &token, &[], b"").await;
        let problem = answer.problem(401, "unauthenticated");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(challenge.starts_with("Bearer "), "{name}: {challenge}");
        assert!(!problem.to_string().contains(&token), "{name}");
    }
    let answer = gateway.send("GET", "/v1/me", "", &[], b"").await;
    answer.problem(401, "unauthenticated");
    assert!(!answer.header("www-authenticate").unwrap().contains("error"));
    let basic = gateway.send("GET", "/v1/me", "", &[("Authorization", "Basic cG9ydGljbzp4")], b"").await;
    basic.problem(401, "unauthenticated");
    // Nothing that a caller says about itself counts.
    let says = [("X-Forwarded-User", "wyn"), ("X-Remote-User", "wyn"), ("Forwarded", "for=127.0.0.1")];
    gateway.send("GET", "/v1/me", "", &says, b"").await.problem(401, "unauthenticated");
    assert!(gateway.stop().status.success());
}
