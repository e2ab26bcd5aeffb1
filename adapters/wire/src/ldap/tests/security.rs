//! LDAPS, StartTLS, configuration and secrets.

use std::io;
use std::sync::Arc;

use ldap3_proto::proto::{LdapMsg, LdapOp, LdapResultCode as Code};
use portico_contract::ErrorKind;
use portico_schemas::Outcome;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::server::{Reply, Server, friendly};
use super::*;
use crate::authority::{Authority, authority};
use crate::ldap::Trust;
use crate::ldap::ber::{ENUMERATED, INTEGER, OCTETS, SEQUENCE, element, number};

fn acceptor(authority: &Authority, name: &str, last_year: i32) -> TlsAcceptor {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
    let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}

fn start_tls_answer(id: i64, code: i64) -> Vec<u8> {
    let result = [number(ENUMERATED, code), element(OCTETS, b""), element(OCTETS, b"for Jane only")].concat();
    element(SEQUENCE, &[number(INTEGER, id), element(0x78, &result)].concat())
}

/// Reads a StartTLS request, answers with these octets, and goes on in TLS.
async fn after_start_tls(
    mut socket: TcpStream,
    tls: TlsAcceptor,
    answer: Vec<u8>,
) -> io::Result<TlsStream<TcpStream>> {
    let mut request = [0; 31];
    socket.read_exact(&mut request).await?;
    assert_eq!(&request[9..], b"1.3.6.1.4.1.1466.20037");
    socket.write_all(&answer).await?;
    tls.accept(socket).await
}

fn trusting(server: &Server, security: Security, authority: &Authority) -> LdapConfig {
    let mut config = LdapConfig::new(vec![Host::new("localhost", server.addr.port())], security);
    config.trust = Trust::File(authority.pem.path().to_owned());
    config
}

#[tokio::test]
async fn ldaps_is_spoken_to_who_is_trusted() {
    let (authority, other) = (authority(), authority());
    let tls = acceptor(&authority, "localhost", 2090);
    let server = Server::with(friendly, move |socket| tls.clone().accept(socket)).await;
    let config = trusting(&server, Security::Ldaps, &authority);
    let client = client(signed_in(config.clone(), "open sesame"));
    assert_eq!(client.peer_certificate().expires(), None);
    ask(&client).await.expect("a result");
    ask(&client).await.expect("a result");
    assert_eq!((server.connections(), server.binds()), (1, 1));
    let expires = client.peer_certificate().expires().map(|at| at.to_string());
    assert_eq!(expires.as_deref(), Some("2090-01-01T00:00:00Z"));
    for trust in [Trust::Public, Trust::File(other.pem.path().to_owned())] {
        let distrusting = LdapConfig { trust, ..config.clone() };
        let error =
            ask(&super::client(signed_in(distrusting, "open sesame"))).await.expect_err("not trusted");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::TlsUntrusted, Outcome::NotAttempted));
    }
    let misnamed = LdapConfig { server_name: Some("ldap.example.org".to_owned()), ..config };
    assert_eq!(ask(&super::client(misnamed)).await.expect_err("misnamed").kind(), ErrorKind::TlsUntrusted);
    assert_eq!(server.binds(), 1, "no password went to a stranger");
}

#[tokio::test]
async fn a_certificate_may_bear_another_configured_name_and_must_not_have_expired() {
    let authority = authority();
    let tls = acceptor(&authority, "ldap.example.org", 2090);
    let server = Server::with(friendly, move |socket| tls.clone().accept(socket)).await;
    let mut config = trusting(&server, Security::Ldaps, &authority);
    config.server_name = Some("ldap.example.org".to_owned());
    ask(&client(config)).await.expect("a result");
    let tls = acceptor(&authority, "localhost", 2021);
    let server = Server::with(friendly, move |socket| tls.clone().accept(socket)).await;
    let error = ask(&client(trusting(&server, Security::Ldaps, &authority))).await.expect_err("expired");
    assert_eq!(error.kind(), ErrorKind::TlsPeerExpired);
    let plain = Server::start(friendly).await;
    let error = ask(&client(trusting(&plain, Security::Ldaps, &authority))).await.expect_err("no TLS");
    assert_eq!(error.kind(), ErrorKind::ConnectRefused);
}

#[tokio::test]
async fn start_tls_secures_the_connection_before_anything_else() {
    let authority = authority();
    let tls = acceptor(&authority, "localhost", 2090);
    let secure = move |socket| after_start_tls(socket, tls.clone(), start_tls_answer(1, 0));
    let server = Server::with(friendly, secure).await;
    let client = client(signed_in(trusting(&server, Security::StartTls, &authority), "open sesame"));
    ask(&client).await.expect("a result");
    ask(&client).await.expect("a result");
    assert_eq!((server.connections(), server.binds()), (1, 1));
}

#[tokio::test]
async fn a_server_without_start_tls_learns_nothing() {
    let authority = authority();
    let injected = [start_tls_answer(1, 0), start_tls_answer(0, 0)].concat();
    for (answer, kind) in [
        (start_tls_answer(1, 2), ErrorKind::TlsUntrusted),
        (start_tls_answer(1, 52), ErrorKind::BackendStatus),
        (start_tls_answer(2, 0), ErrorKind::InvalidResponse),
        (b"\x30\x80".to_vec(), ErrorKind::InvalidResponse),
        (b"\x30\x84\x7f\xff\xff\xff".to_vec(), ErrorKind::LimitExceeded),
        (b"HTTP/1.1 400".to_vec(), ErrorKind::InvalidResponse),
        // What a stranger wrote behind the answer is no TLS, and is not taken for something said under it.
        (injected, ErrorKind::ConnectRefused),
    ] {
        let tls = acceptor(&authority, "localhost", 2090);
        let said = answer.clone();
        let server =
            Server::with(friendly, move |socket| after_start_tls(socket, tls.clone(), said.clone())).await;
        let config = signed_in(trusting(&server, Security::StartTls, &authority), "open sesame");
        let error = ask(&client(config)).await.expect_err("a failure");
        assert_eq!(error.kind(), kind, "{answer:02x?}: {error}");
        assert_eq!(server.binds(), 0);
        assert!(!format!("{error:?}{error}{:?}", error.native()).contains("Jane"));
    }
}

#[tokio::test]
async fn active_directory_wants_protection() {
    let refuse = |request: &LdapMsg| match &request.op {
        LdapOp::BindRequest(_) => super::server::bound(
            request,
            Code::StrongerAuthRequired,
            "BindSimple: Transport encryption required.",
        ),
        _ => Reply::Close,
    };
    let server = Server::start(refuse).await;
    let error = ask(&client(signed_in(config(&[server.addr]), "open sesame"))).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::CredentialsRefused);
    assert!(error.detail().contains("StartTLS"), "{error}");
}

#[test]
fn all_faults_of_a_configuration_are_told_at_once() {
    let mut bad =
        LdapConfig::new(vec![Host::new("a b", 389), Host::new("ldap.example.org", 0)], Security::Ldaps);
    bad.trust = Trust::File("/no/such/file".into());
    bad.server_name = Some("not a name".to_owned());
    bad.bind = Bind::Simple { name: String::new(), password: String::new().into() };
    bad.limits.max_connections = 0;
    bad.limits.max_frame = usize::MAX;
    bad.limits.operation_timeout = Duration::ZERO;
    let faults = Client::new(bad).err().expect("faults");
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.join(".")).collect();
    assert_eq!(
        paths,
        [
            "hosts",
            "hosts",
            "server_name",
            "bind.name",
            "bind.password",
            "limits.max_connections",
            "limits.operation_timeout",
            "limits.max_frame",
            "trust"
        ]
    );
    let none = LdapConfig::new(Vec::new(), Security::Plain);
    assert_eq!(Client::new(none).err().map(|faults| faults.len()), Some(1));
}

#[test]
fn secrets_are_not_shown() {
    let config = signed_in(config(&[([127, 0, 0, 1], 389).into()]), "hunter2");
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("cn=gateway"), "{shown}");
}
