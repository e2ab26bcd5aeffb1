//! TLS by configuration, and another certificate without a restart.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};
use portico_simkit::wait::wait_for;
use portico_webdav_sim::Flavour;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tokio_rustls::{TlsConnector, rustls};

use crate::support::gateway::signal;
use crate::support::{ACCOUNT, SOON, Site, small_store};

/// Writes a new certificate for `localhost` that is good for some days, and part of another; its octets.
pub fn renew(folder: &Path, days: i32) -> CertificateDer<'static> {
    let last = (Timestamp::now() + (24 * (days + 1)).hours()).to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = date_time_ymd(last.year().into(), last.month() as u8, last.day() as u8);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    std::fs::write(folder.join("tls.pem"), &pem).unwrap();
    std::fs::write(folder.join("tls-key.pem"), key.serialize_pem()).unwrap();
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
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
    let first = renew(site.folder(), 365);
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
    let second = renew(gateway.site.folder(), 365);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_runs_out_is_warned_of_three_times() {
    let store = small_store(Flavour::Apache).await;
    let site = Site::over(&[("contracts", &store.base_url)], ACCOUNT)
        .listen("[listen.tls]\ncertificate = \"tls.pem\"\nkey = \"file:tls-key.pem\"\n");
    renew(site.folder(), 100);
    let gateway = site.start().await;
    let warnings = || gateway.log().matches("certificate expires soon").count();
    let metric = async || {
        let metrics =
            portico_simkit::client::get(&format!("{}/metrics", gateway.ops), &[]).await.unwrap().text();
        let line = metrics.lines().find(|line| line.contains("certificate_days") && !line.starts_with('#'));
        line.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
    };
    for (days, expected) in [(100, 0), (29, 1), (20, 1), (13, 2), (2, 3), (1, 3), (90, 3), (10, 4)] {
        renew(gateway.site.folder(), days);
        gateway.signal("HUP");
        let shown = async || (metric().await? == f64::from(days)).then_some(());
        wait_for(shown, SOON).await.unwrap_or_else(|_| panic!("the metric never showed {days} days"));
        assert_eq!(warnings(), expected, "with {days} days left: {}", gateway.log());
    }
    assert!(gateway.stop().status.success());
}
