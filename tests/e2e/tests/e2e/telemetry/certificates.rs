//! The certificate of a back office.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use portico_simkit::client;
use portico_simkit::wait::wait_for;
use portico_webdav_sim::Flavour;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto};

use crate::drain::renew;
use crate::support::{ACCOUNT, SOON, Site, small_store};

/// TLS in front of a store, with a certificate for `localhost` that is good for some days; its port. The certificate is
/// `tls.pem` in the folder.
async fn behind_tls(store: SocketAddr, folder: &Path, days: i32) -> u16 {
    let certificate = renew(folder, days);
    let key = PrivateKeyDer::from_pem_file(folder.join("tls-key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(socket).await else { return };
                let mut inside = TcpStream::connect(store).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut outside, &mut inside).await);
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn days_left_of_a_system_are_shown_and_warned_of() {
    let store = small_store(Flavour::Apache).await;
    let site = Site::new();
    let port = behind_tls(store.addr, site.folder(), 20).await;
    let url = format!("https://localhost:{port}/\"\ntrust_roots = \"tls.pem");
    let gateway = site.store("contracts", &url, ACCOUNT, "", "").start().await;
    let days = async || {
        let metrics = client::get(&format!("{}/metrics", gateway.ops), &[]).await.unwrap().text();
        let line = metrics.lines().find(|line| line.starts_with("portico_adapter_certificate_days{"));
        line.map(str::to_owned)
    };
    assert_eq!(days().await, None, "nothing was asked yet");
    let page = gateway.get("/v1/documents").await.expect(200);
    assert_eq!(page["sources"][0]["status"], "ok", "{page:#}");
    let line = days().await.expect("it is measured");
    assert!(line.contains("portico_system=\"contracts\"") && line.ends_with(" 20"), "{line}");
    let status: Value = serde_json::from_slice(&gateway.operate("/status").await.body).unwrap();
    assert_eq!(status["systems"][0]["certificate"]["daysLeft"], 20, "{status:#}");

    let warnings = || gateway.log().matches("certificate of a system expires soon").count();
    gateway.signal("HUP");
    let warned = async || (warnings() == 1).then_some(());
    wait_for(warned, SOON).await.expect("it is warned of");
    let looked = || gateway.log().matches("was read again and runs").count();
    for round in 2..4 {
        gateway.signal("HUP");
        wait_for(async || (looked() == round).then_some(()), SOON).await.expect("it looks again");
        gateway.get("/v1/documents").await.expect(200);
    }
    assert_eq!(warnings(), 1, "more than once a day: {}", gateway.log());
    let said = gateway.site.portico(&["check", "--config", "portico.toml"]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("warning  its certificate is good for another 20 day(s)"), "{said}");
    assert!(gateway.stop().status.success());
}
