//! TLS, addresses, and secrets.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use portico_contract::ErrorKind;
use portico_schemas::Outcome;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::authority::{Authority, authority};
use crate::http::Credentials;

/// Serves one host name over TLS until the test ends, and answers with the protocol version.
async fn tls_server(authority: &Authority, name: &str, last_year: i32, h2: bool) -> u16 {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
    let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    if h2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(tls) = acceptor.accept(socket).await else { return };
                let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                    let told = format!("{:?} {}", request.version(), request.uri().path());
                    Ok::<_, Infallible>(Answer::new(Full::new(Bytes::from(told))))
                });
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(tls), service).await);
            });
        }
    });
    port
}

async fn ask(port: u16, trust: &Trust) -> Result<String, (ErrorKind, Outcome)> {
    let base = Base::parse(&format!("https://localhost:{port}/dav")).expect("an address");
    let client = Client::new(base, trust, None, Limits::default()).expect("a client");
    let request = || Request::new(Verb::POST, "/x").bytes("text/plain", "x");
    let mut told = String::new();
    // Twice, so that a pooled connection is used as well.
    for _ in 0..2 {
        let answer = client.send(&context(), request()).await.map_err(|e| (e.kind(), e.outcome()))?;
        let body = answer.collect(1_000).await.map_err(|e| (e.kind(), e.outcome()))?;
        told = String::from_utf8(body.to_vec()).expect("text");
    }
    Ok(told)
}

#[tokio::test]
async fn a_trusted_server_is_spoken_to_in_either_version() {
    let authority = authority();
    let trust = Trust::File(authority.pem.path().to_owned());
    let one = tls_server(&authority, "localhost", 2090, false).await;
    assert_eq!(ask(one, &trust).await.as_deref(), Ok("HTTP/1.1 /dav/x"));
    let two = tls_server(&authority, "localhost", 2090, true).await;
    assert_eq!(ask(two, &trust).await.as_deref(), Ok("HTTP/2.0 /dav/x"));
}

#[tokio::test]
async fn the_certificate_of_the_other_side_is_noted_at_the_handshake() {
    let authority = authority();
    let trust = Trust::File(authority.pem.path().to_owned());
    for (last_year, h2) in [(2090, false), (2049, true)] {
        let port = tls_server(&authority, "localhost", last_year, h2).await;
        let base = Base::parse(&format!("https://localhost:{port}/")).expect("an address");
        let client = Client::new(base, &trust, None, Limits::default()).expect("a client");
        let seen = client.peer_certificate();
        assert_eq!(seen.expires(), None, "nothing was asked yet");
        client.send(&context(), Request::new(Verb::GET, "/")).await.expect("an answer").finish().await;
        let expires = seen.expires().expect("it was noted");
        assert_eq!(expires.to_string(), format!("{last_year}-01-01T00:00:00Z"));
    }
    let echo = echo().await;
    let plain = client(&echo.url(), Limits::default());
    plain.send(&context(), Request::new(Verb::GET, "/")).await.expect("an answer").finish().await;
    assert_eq!(plain.peer_certificate().expires(), None);
}

#[tokio::test]
async fn certificates_that_do_not_hold_are_told_apart() {
    let (other, authority) = (authority(), authority());
    let trust = Trust::File(authority.pem.path().to_owned());
    let expired = tls_server(&authority, "localhost", 2021, false).await;
    assert_eq!(ask(expired, &trust).await, Err((ErrorKind::TlsPeerExpired, Outcome::NotAttempted)));
    let good = tls_server(&authority, "localhost", 2090, false).await;
    assert_eq!(ask(good, &Trust::Public).await, Err((ErrorKind::TlsUntrusted, Outcome::NotAttempted)));
    let foreign = Trust::File(other.pem.path().to_owned());
    assert_eq!(ask(good, &foreign).await, Err((ErrorKind::TlsUntrusted, Outcome::NotAttempted)));
    let misnamed = tls_server(&authority, "files.example.org", 2090, false).await;
    assert_eq!(ask(misnamed, &trust).await, Err((ErrorKind::TlsUntrusted, Outcome::NotAttempted)));
    let plain = echo().await.addr().port();
    assert_eq!(ask(plain, &trust).await, Err((ErrorKind::ConnectRefused, Outcome::NotAttempted)));
}

#[tokio::test]
async fn many_requests_share_an_http_2_connection() {
    let authority = authority();
    let port = tls_server(&authority, "localhost", 2090, true).await;
    let proxy = FaultProxy::start(([127, 0, 0, 1], port).into()).await.expect("a free port");
    let base = Base::parse(&format!("https://localhost:{}/", proxy.addr().port())).expect("an address");
    let trust = Trust::File(authority.pem.path().to_owned());
    let client = Client::new(base, &trust, None, Limits::default()).expect("a client");
    client.send(&context(), Request::new(Verb::GET, "/")).await.expect("an answer").finish().await;
    let many = (0..20).map(|_| async {
        client.send(&context(), Request::new(Verb::GET, "/")).await.expect("an answer").finish().await;
    });
    futures_util::future::join_all(many).await;
    assert_eq!(proxy.counts().connections, 1);
}

#[test]
fn addresses_are_read_once_and_strictly() {
    let base = Base::parse("https://Files.Example.org/a%20b/%c3%a4/").expect("an address");
    assert_eq!((base.host(), base.port(), base.prefix()), ("files.example.org", 443, "/a%20b/%C3%A4"));
    assert_eq!(base.absolute("/x"), "https://files.example.org/a%20b/%C3%A4/x");
    let six = Base::parse("http://[::1]:8080").expect("an address");
    assert_eq!((six.host(), six.port(), six.prefix()), ("::1", 8080, ""));
    assert_eq!(six.absolute("/"), "http://[::1]:8080/");
    for bad in [
        "",
        "x",
        "ftp://a/",
        "http://",
        "http://u:p@a/",
        "http://a/?b",
        "http://a/#b",
        "http://a/b%2Fc",
        "file:///x",
    ] {
        assert!(Base::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let basic = Credentials::Basic { username: "jane".into(), password: "hunter2".to_owned().into() };
    let bearer = Credentials::Bearer("hunter2".to_owned().into());
    for credentials in [&basic, &bearer] {
        assert!(!format!("{credentials:?}").contains("hunter2"));
        let header = credentials.header().expect("a header");
        assert!(header.is_sensitive() && !format!("{header:?}").contains("hunter2"));
    }
    for (username, password) in [("a:b", "hunter2"), ("a\n", "hunter2"), ("a", "hunter2\r\nX: y")] {
        let bad = Credentials::Basic { username: username.into(), password: password.to_owned().into() };
        let why = bad.header().expect_err("not a header");
        assert!(!why.contains(password));
    }
}

#[tokio::test]
async fn nothing_in_a_path_leads_elsewhere() {
    let server = Server::loopback(|request: http::Request<Body>| async move {
        let host = request.headers().get("host").and_then(|v| v.to_str().ok()).unwrap_or("-").to_owned();
        Answer::new(full(format!("{host} {}", request.uri())))
    });
    let server = server.await.expect("a free port");
    let client = client(&format!("{}/base", server.url()), Limits::default());
    for path in ["/..%2F", "//evil.example.net/", "/@evil.example.net", "/http://evil.example.net/"] {
        let answer = client.send(&context(), Request::new(Verb::GET, path)).await.expect("an answer");
        let told = answer.collect(1_000).await.expect("a body");
        assert_eq!(told, format!("{} /base{path}", &server.url()[7..]));
    }
    for path in ["/a b", "/a\r\nX: y", "/\u{e4}\n"] {
        let error = client.send(&context(), Request::new(Verb::GET, path)).await.expect_err("not a path");
        assert_eq!(error.kind(), ErrorKind::Internal, "{path:?}");
    }
}
