use super::*;

/// What must never be let in: name, octets, words of the detail.
const HEADS: &[(&str, &str, &str)] = &[
    ("no host", "GET /hello HTTP/1.1\r\n\r\n", "no Host"),
    ("two hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "two Host"),
    ("two hosts, other case", "GET /hello HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", "two Host"),
    ("empty host", "GET /hello HTTP/1.1\r\nHost:\r\n\r\n", "Host field does not name"),
    ("host list", "GET /hello HTTP/1.1\r\nHost: a,b\r\n\r\n", "Host field does not name"),
    ("host with user", "GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", "Host field does not name"),
    ("host with path", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", "Host field does not name"),
    ("bare line feeds", "GET /hello HTTP/1.1\nHost: a\n\n", "bare line feed"),
    ("one bare line feed", "GET /hello HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "bare line feed"),
    ("bare line feed at the end", "GET /hello HTTP/1.1\r\nHost: a\r\n\n", "bare line feed"),
    ("bare carriage return", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\rContent-Length: 5\r\n\r\n", "control"),
    ("nul", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", "control"),
    ("obs-fold", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "folded"),
    ("fold before the first field", "GET /hello HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n", "folded"),
    ("space before colon", "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", "name of a"),
    ("no colon", "GET /hello HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", "no colon"),
    ("empty name", "GET /hello HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", "name of a"),
    (
        "length and chunks",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "both Transfer-Encoding",
    ),
    (
        "chunks and length",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG",
        "both Transfer-Encoding",
    ),
    (
        "chunks in 1.0",
        "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 has no",
    ),
    ("absolute, other host", "GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n", "another host"),
    ("absolute, other port", "GET http://a:81/hello HTTP/1.1\r\nHost: a\r\n\r\n", "another host"),
    ("absolute with user", "GET http://u@a/hello HTTP/1.1\r\nHost: a\r\n\r\n", "another host"),
    ("absolute without host", "GET http:///hello HTTP/1.1\r\nHost: a\r\n\r\n", "another host"),
    ("another scheme", "GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
    ("connect", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "CONNECT"),
    ("star", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
    ("fragment", "GET /hello#x HTTP/1.1\r\nHost: a\r\n\r\n", "percent-encoded"),
    ("bare octet in the address", "GET /h\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", "percent-encoded"),
    ("space in the address", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
    ("two spaces", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
    ("tab", "GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
    ("no version", "GET /hello\r\nHost: a\r\n\r\n", "request line"),
    ("version 1.2", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n", "request line"),
    ("version 2.0", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "request line"),
    ("small version", "GET /hello http/1.1\r\nHost: a\r\n\r\n", "request line"),
    ("tls to a plain port", "\x16\x03\x01\x02\0\x01\0", "not HTTP/1.1"),
    ("empty lines", "\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "not HTTP/1.1"),
];

/// Framings that must never be let in: name, fields, words of the detail.
const FRAMINGS: &[(&str, &str, &str)] = &[
    ("coding twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "only transfer coding"),
    ("two lengths", "Content-Length: 5\r\nContent-Length: 5", "two Content-Length"),
    ("two different lengths", "Content-Length: 5\r\nContent-Length: 6", "two Content-Length"),
    ("list of lengths", "Content-Length: 5, 5", "whole number"),
    ("signed length", "Content-Length: +5", "whole number"),
    ("negative length", "Content-Length: -5", "whole number"),
    ("hexadecimal length", "Content-Length: 0x5", "whole number"),
    ("empty length", "Content-Length:", "whole number"),
    ("endless length", "Content-Length: 99999999999999999999999", "whole number"),
    ("coding list", "Transfer-Encoding: gzip, chunked", "only transfer coding"),
    ("identity", "Transfer-Encoding: identity", "only transfer coding"),
    ("hidden coding", "Transfer-Encoding: \x0bchunked", "control"),
    ("quoted coding", "Transfer-Encoding: \"chunked\"", "only transfer coding"),
];

#[tokio::test]
async fn every_ambiguous_head_is_a_problem_and_closes() {
    let server = start(quick());
    let posts = FRAMINGS.iter().map(|(name, fields, words)| {
        (*name, format!("POST /echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\nhello"), *words)
    });
    let heads = HEADS.iter().map(|(name, octets, words)| (*name, (*octets).to_owned(), *words));
    for (name, octets, words) in heads.chain(posts) {
        let answer = server.raw(octets.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
        let lower = answer.to_ascii_lowercase();
        assert!(lower.contains("\r\nconnection: close\r\n"), "{name}: {answer}");
        assert!(lower.contains("\r\ncontent-type: application/problem+json\r\n"), "{name}: {answer}");
        assert!(answer.contains(words), "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name} got two answers: {answer}");
    }
    assert_eq!(server.recorder.refused(), vec!["malformed_head"; HEADS.len() + FRAMINGS.len()]);
}

#[tokio::test]
async fn a_refusal_waits_for_its_turn_and_ends_the_connection() {
    let server = start(quick());
    let good = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    let bad = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = server.raw(format!("{good}{good}{bad}{good}").as_bytes()).await;
    let statuses: Vec<&str> = answer.matches("HTTP/1.1 200").chain(answer.matches("HTTP/1.1 400")).collect();
    assert_eq!(statuses, ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 400"], "{answer}");
    assert!(answer.rfind("HTTP/1.1 200") < answer.find("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn the_stand_in_cannot_be_forged() {
    let server = start(quick());
    let answer = server.raw(b"GET / HTTP/1.1\r\nhost: refused.invalid\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(server.recorder.refused().is_empty());
}

#[tokio::test]
async fn what_is_strange_but_clear_is_let_in() {
    let server = start(quick());
    for (name, octets) in [
        (
            "absolute, same host",
            &b"GET http://A:80/hello HTTP/1.1\r\nHost: a:80\r\nConnection: close\r\n\r\n"[..],
        ),
        ("1.0 without a host", b"GET /hello HTTP/1.0\r\n\r\n"),
        ("an empty line first", b"\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        ("no space after the colon", b"GET /hello HTTP/1.1\r\nHost:a\r\nConnection:close\r\n\r\n"),
        ("tabs around a value", b"GET /hello HTTP/1.1\r\nHost:\ta\t\r\nConnection: close\r\n\r\n"),
        (
            "octets over 127 in a value",
            b"GET /hello HTTP/1.1\r\nHost: a\r\nX: \xe9\r\nConnection: close\r\n\r\n",
        ),
        ("an empty value", b"GET /hello HTTP/1.1\r\nHost: a\r\nX:\r\nConnection: close\r\n\r\n"),
        (
            "a query with braces",
            b"GET /hello?q={a|b}[]^` HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
        ),
    ] {
        let answer = server.raw(octets).await;
        assert!(answer.contains("200 OK") && answer.ends_with("hello"), "{name}: {answer}");
    }
}

#[tokio::test]
async fn every_framing_passes_whole_however_it_is_cut_up() {
    let server = start(quick());
    let requests = concat!(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "3\r\nwor\r\n0002;x=\"y\"\r\nld\r\n0\r\nX-Trailer: y\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    )
    .as_bytes();
    for piece in [1, 2, 3, 7, 64, requests.len()] {
        let mut connection = server.connect().await;
        for part in requests.chunks(piece) {
            connection.send(part).await.unwrap();
        }
        for body in ["hello", "world", "hello", "", ""] {
            let reply = connection.reply("POST").await.unwrap();
            assert_eq!((reply.status, reply.text().as_str()), (200, body), "in pieces of {piece}");
        }
        assert!(connection.rest().await.unwrap().is_empty());
    }
    assert!(server.recorder.refused().is_empty());
}

#[tokio::test]
async fn a_body_of_many_buffers_passes_and_the_next_request_follows() {
    let server = start(quick());
    let mut connection = server.connect().await;
    let body: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
    for _ in 0..2 {
        let reply = connection.request("POST", "/echo", &[], &body).await.unwrap();
        assert!(reply.status == 200 && reply.body == body, "the body changed on its way");
    }
    assert_eq!(connection.request("GET", "/hello", &[], b"").await.unwrap().text(), "hello");
}

#[tokio::test]
async fn broken_chunks_end_the_connection() {
    let server = start(quick());
    for (name, chunks) in [
        ("bare line feed after the size", "5\nhello\r\n0\r\n\r\n"),
        ("bare line feed after the data", "5\r\nhello\n0\r\n\r\n"),
        ("bare carriage return", "5\rhello\r\n0\r\n\r\n"),
        ("size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
        ("size with a prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("size with a space", "5 \r\nhello\r\n0\r\n\r\n"),
        ("no size", "\r\nhello\r\n0\r\n\r\n"),
        ("endless size", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("line feed in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        ("data past the size", "4\r\nhello\r\n0\r\n\r\n"),
        ("folded trailer", "5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"),
        ("bare line feed in the trailers", "5\r\nhello\r\n0\r\nX: a\n\r\n"),
    ] {
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let smuggled = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
        let answer = server.raw(format!("{head}{chunks}{smuggled}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
        assert!(answer.contains("framing of the body is broken"), "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: a smuggled request was served: {answer}");
    }
}

#[tokio::test]
async fn identity_headers_are_believed_only_from_listed_proxies() {
    let headers = [
        ("X-Forwarded-For", "192.0.2.1"),
        ("Forwarded", "for=192.0.2.1"),
        ("Portico-Person", "root"),
        ("Kept", "x"),
    ];
    for (listed, expected) in [
        (&["192.0.2.1"][..], "127.0.0.1 host kept"),
        (&["127.0.0.0/8"], "127.0.0.1 forwarded host kept portico-person x-forwarded-for"),
    ] {
        let server = start(ServeConfig { trusted: TrustedProxies::parse(listed).unwrap(), ..quick() });
        let reply = server.connect().await.request("GET", "/seen", &headers, b"").await.unwrap();
        assert_eq!(reply.text(), expected);
    }
}

#[tokio::test]
async fn a_token_is_not_shown_by_debug() {
    let server = start(quick());
    let headers = [("Authorization", "Bearer sentinel-1"), ("authorization", "Bearer sentinel-2")];
    let reply = server.connect().await.request("GET", "/debug", &headers, b"").await.unwrap();
    assert!(reply.text().contains("authorization") && !reply.text().contains("sentinel"), "{}", reply.text());
}

#[tokio::test]
async fn a_caller_that_waits_for_100_gets_it_or_the_refusal_without_sending() {
    let server = start(quick());
    let mut connection = server.connect().await;
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    connection.send(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    tokio::io::AsyncReadExt::read_exact(connection.socket(), &mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.send(b"hello").await.unwrap();
    assert_eq!(connection.reply("POST").await.unwrap().text(), "hello");
    connection.send(head.replace("/echo", "/nowhere").as_bytes()).await.unwrap();
    assert_eq!(connection.reply("POST").await.unwrap().status, 404);
}
