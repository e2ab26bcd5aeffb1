//! HTTP/2, in the clear and over TLS.

use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::*;

async fn http2(server: &Running) -> (SendRequest<Empty<Bytes>>, JoinHandle<hyper::Result<()>>) {
    let socket = TcpStream::connect(server.address).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    (sender, tokio::spawn(connection))
}

fn get(path: &str) -> Request<Empty<Bytes>> {
    Request::builder().uri(format!("http://a{path}")).body(Empty::new()).unwrap()
}

async fn text(response: http::Response<hyper::body::Incoming>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn prior_knowledge_works_with_many_streams() {
    let server = start(quick());
    let (sender, _connection) = http2(&server).await;
    let calls = (0..50).map(|_| {
        let mut sender = sender.clone();
        async move { text(sender.send_request(get("/hello")).await.unwrap()).await }
    });
    assert!(futures_util::future::join_all(calls).await.iter().all(|body| body == "hello"));
    assert_eq!(server.recorder.open(), 1);
}

#[tokio::test]
async fn a_host_that_disagrees_is_refused() {
    let server = start(quick());
    let (mut sender, _connection) = http2(&server).await;
    let mut request = get("/hello");
    request.headers_mut().insert("host", "b".parse().unwrap());
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(text(response).await.contains("another host"));
    assert_eq!(text(sender.send_request(get("/hello")).await.unwrap()).await, "hello");
}

#[tokio::test]
async fn a_stream_that_nobody_reads_is_cut_but_one_that_waits_for_us_is_not() {
    let server = start(ServeConfig { write_stall: Duration::from_millis(120), ..quick() });
    let (mut patient, _connection) = http2(&server).await;
    let mut other = patient.clone();
    let slow = tokio::spawn(async move { text(patient.send_request(get("/drip")).await.unwrap()).await });
    server.slow_inside(1).await;

    let (mut sender, connection) = http2(&server).await;
    let unread = sender.send_request(get("/large")).await.unwrap();
    assert_eq!(unread.status(), 200);
    // The client's end of the connection sees it go, with the body still unread.
    let cut = tokio::time::timeout(Duration::from_secs(10), connection).await.unwrap();
    drop((cut, unread));
    assert_eq!(text(other.send_request(get("/hello")).await.unwrap()).await, "hello");
    server.gate.add_permits(1);
    assert_eq!(slow.await.unwrap(), "dripped");
}

#[tokio::test]
async fn a_stop_says_goaway_and_lets_streams_finish() {
    let config = ServeConfig { drain_grace: Duration::from_secs(20), ..quick() };
    let server = start(config);
    let (mut sender, connection) = http2(&server).await;
    let mut second = sender.clone();
    let slow = tokio::spawn(async move { text(sender.send_request(get("/slow")).await.unwrap()).await });
    server.slow_inside(1).await;
    server.drain.begin();
    // After GOAWAY the client's side takes no more requests, though the grace has 20 seconds to go.
    portico_simkit::wait::wait_for(
        async || second.send_request(get("/hello")).await.is_err().then_some(()),
        Duration::from_secs(10),
    )
    .await
    .unwrap();
    server.gate.add_permits(1);
    assert_eq!(slow.await.unwrap(), "slow");
    connection.await.unwrap().unwrap();
    server.task.abort();
}

#[tokio::test]
async fn tls_agrees_on_a_protocol_and_a_reload_keeps_connections() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_pair(folder.path());
    let tls = Tls::load(folder.path().join("cert.pem"), folder.path().join("key.pem")).unwrap();
    let server = start_with(quick(), Some(tls.clone()));
    let mut kept = over_tls(&server, first.clone(), b"h2").await;
    assert_eq!(text(kept.send_request(get("/hello")).await.unwrap()).await, "hello");

    let second = write_pair(folder.path());
    tls.reload().unwrap();
    let mut new = over_tls(&server, second, b"h2").await;
    assert_eq!(text(new.send_request(get("/hello")).await.unwrap()).await, "hello");
    assert_eq!(text(kept.send_request(get("/hello")).await.unwrap()).await, "hello");

    std::fs::write(folder.path().join("key.pem"), "nonsense").unwrap();
    assert!(tls.reload().is_err());
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(folder.path());
    let tls = Tls::load(folder.path().join("cert.pem"), folder.path().join("key.pem")).unwrap();
    let config = ServeConfig { handshake: Duration::from_millis(100), ..quick() };
    let server = start_with(config, Some(tls));
    assert_eq!(server.raw(b"\x16\x03\x01").await, "");
    assert_eq!(server.recorder.refused(), ["tls_handshake_too_slow"]);
}

/// Writes a new certificate for `localhost` with its key; gives the certificate back.
fn write_pair(folder: &Path) -> rustls_pki_types::CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

async fn over_tls(
    server: &Running,
    trusted: rustls_pki_types::CertificateDer<'static>,
    alpn: &[u8],
) -> SendRequest<Empty<Bytes>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let socket = TcpStream::connect(server.address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect("localhost".try_into().unwrap(), socket).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}
