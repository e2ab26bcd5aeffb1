//! TLS by configuration, and another certificate without a restart.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use portico_simkit::wait::wait_for;
use portico_webdav_sim::Flavour;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tokio_rustls::{TlsConnector, rustls};

use crate::support::gateway::signal;
use crate::support::{ACCOUNT, SOON, Site, small_store};

/// Writes a new certificate for `localhost`; its octets.
fn renew(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("tls.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("tls-key.pem"), signing_key.serialize_pem()).unwrap();
    CertificateDer::from_pem_slice(cert.pem().as_bytes()).unwrap()
}

async fn connect(
    api: SocketAddr,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(api).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), socket).await
}

/// One request; reads the answer's head and body by its length.
async fn ask(stream: &mut TlsStream<TcpStream>, token: &str) -> String {
    let request = format!("GET /v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        stream.read_buf(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(str::to_owned));
            if body.len() >= length.unwrap().trim().parse().unwrap() {
                return text;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_configured_and_a_renewed_certificate_needs_no_restart() {
    let store = small_store(Flavour::Apache).await;
    let site = Site::over(&[("contracts", &store.base_url)], ACCOUNT)
        .listen("[listen.tls]\ncertificate = \"tls.pem\"\nkey = \"file:tls-key.pem\"\n");
    let first = renew(site.folder());
    let gateway = site.start().await;
    assert!(gateway.api.starts_with("https://"));
    let api = gateway.api_addr();
    for (version, expected) in
        [(&version::TLS13, ProtocolVersion::TLSv1_3), (&version::TLS12, ProtocolVersion::TLSv1_2)]
    {
        let mut stream = connect(api, &first, &[version]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        assert!(ask(&mut stream, &gateway.reader).await.starts_with("HTTP/1.1 200 "));
    }
    // Plain HTTP on this port is no way in.
    let plain =
        portico_simkit::client::raw(api, b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(!plain.starts_with(b"HTTP/"));

    let mut kept = connect(api, &first, rustls::ALL_VERSIONS).await.unwrap();
    let second = renew(gateway.site.folder());
    signal(gateway.pid(), "HUP");
    let renewed = async || connect(api, &second, rustls::ALL_VERSIONS).await.ok();
    let mut new = wait_for(renewed, SOON).await.expect("the new certificate is shown");
    assert!(ask(&mut new, &gateway.reader).await.starts_with("HTTP/1.1 200 "));
    // What was connected goes on.
    assert!(ask(&mut kept, &gateway.reader).await.starts_with("HTTP/1.1 200 "));
    assert!(connect(api, &first, rustls::ALL_VERSIONS).await.is_err());
    // A broken renewal changes nothing and is said.
    std::fs::write(gateway.site.path("tls.pem"), "not a certificate").unwrap();
    signal(gateway.pid(), "HUP");
    let said = async || gateway.log().contains("certificate stays as it was").then_some(());
    wait_for(said, SOON).await.expect("it says so");
    connect(api, &second, rustls::ALL_VERSIONS).await.expect("the last good one stays");
    let metrics = portico_simkit::client::get(&format!("{}/metrics", gateway.ops), &[]).await.unwrap().text();
    assert!(
        metrics.lines().any(|line| line.contains("certificate_days") && !line.starts_with('#')),
        "{metrics}"
    );
    assert!(gateway.stop().status.success());
}
