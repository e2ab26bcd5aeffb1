//! Collectors of our own: one that keeps what it gets, one that speaks TLS.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use parking_lot::Mutex;
use portico_simkit::http as sim;

#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) body: Bytes,
}

/// A collector that keeps what it gets and answers with the given statuses in turn, then with 200.
pub(super) struct Collector {
    pub(super) server: sim::Server,
    pub(super) received: Arc<Mutex<Vec<Received>>>,
}

impl Collector {
    pub(super) async fn start(statuses: &[u16]) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        let statuses = Arc::new(Mutex::new(statuses.to_vec()));
        let server = sim::Server::loopback(move |request: http::Request<sim::Body>| {
            let (kept, statuses) = (Arc::clone(&kept), Arc::clone(&statuses));
            async move {
                let (head, body) = request.into_parts();
                let body = sim::read_capped(body, 1 << 24).await.unwrap();
                let header = head.headers.get("authorization").map(|v| v.to_str().unwrap().to_owned());
                let path = head.uri.path().to_owned();
                kept.lock().push(Received { method: head.method, path, authorization: header, body });
                let mut statuses = statuses.lock();
                let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
                let status = StatusCode::from_u16(status).unwrap();
                Response::builder().status(status).body(sim::empty()).unwrap()
            }
        });
        Self { server: server.await.unwrap(), received }
    }

    pub(super) fn traces(&self) -> Vec<Received> {
        self.received.lock().iter().filter(|r| r.path.ends_with("/v1/traces")).cloned().collect()
    }
}

/// One exchange over TLS, as little of HTTP as it takes.
pub(super) async fn tls_collector(
    key: rcgen::CertifiedKey<rcgen::KeyPair>,
) -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let secret = rustls_pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_no_client_auth().with_single_cert(vec![key.cert.der().clone()], secret).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let serving = tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
        loop {
            // A caller that does not trust us leaves in the middle of the handshake.
            let Ok(mut stream) = acceptor.accept(listener.accept().await.unwrap().0).await else { continue };
            let mut head = [0_u8; 512];
            let read = stream.read(&mut head).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            stream.shutdown().await.unwrap();
            return String::from_utf8_lossy(&head[..read]).into_owned();
        }
    });
    (endpoint, serving)
}
