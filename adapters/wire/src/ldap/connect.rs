//! From a host to a stream that speaks LDAP: TCP, TLS, StartTLS.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use portico_contract::certificate::PeerCertificate;
use portico_contract::{Error, ErrorKind};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::frame;
use super::message::{Answer, Message};
use super::{Host, LdapConfig, Security, Trust, fault};
use crate::http::tls;

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;
/// Octets that the answer to StartTLS may have: it is a result and a name.
const MAX_STARTTLS_ANSWER: usize = 64 * 1024;
/// ExtendedRequest 1.3.6.1.4.1.1466.20037 with id 1 (RFC 4511, section 4.14.1).
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// Any stream underneath a connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens streams to the hosts of one directory.
pub(super) struct Dialer {
    security: Security,
    tls: Option<Arc<ClientConfig>>,
    server_name: Option<String>,
    /// Where the certificate of the other side is noted.
    pub(super) peer: PeerCertificate,
}

impl Dialer {
    /// Reads the trust roots. The error is a sentence for the operator.
    pub(super) fn new(config: &LdapConfig) -> Result<Self, String> {
        let tls = match config.security {
            Security::Plain => None,
            Security::Ldaps | Security::StartTls => Some(client_config(&config.trust)?),
        };
        Ok(Self {
            security: config.security,
            tls,
            server_name: config.server_name.clone(),
            peer: PeerCertificate::default(),
        })
    }

    /// Opens one stream. Every failure says that nothing was attempted. The caller bounds the time.
    pub(super) async fn open(&self, host: &Host) -> Result<Box<dyn Stream>, Error> {
        let mut tcp = connect(host).await?;
        // Requests are small and written whole: waiting to fill a segment only adds delay.
        tcp.set_nodelay(true).map_err(refused)?;
        let Some(config) = &self.tls else { return Ok(Box::new(tcp)) };
        if self.security == Security::StartTls {
            start_tls(&mut tcp).await?;
        }
        let name = self.server_name.as_deref().unwrap_or(&host.name).to_owned();
        let name = ServerName::try_from(name).map_err(|why| {
            Error::new(ErrorKind::TlsUntrusted, "The configured host cannot stand in a certificate.")
                .with_source(why)
        })?;
        let connector = TlsConnector::from(Arc::clone(config));
        let tls = connector.connect(name, tcp).await.map_err(tls::handshake_fault)?;
        if let Some(leaf) = tls.get_ref().1.peer_certificates().and_then(<[_]>::first) {
            self.peer.note(leaf);
        }
        Ok(Box::new(tls))
    }
}

/// As for HTTP, but without offering to speak it.
fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, String> {
    let mut config = Arc::unwrap_or_clone(tls::client_config(trust)?);
    config.alpn_protocols.clear();
    Ok(Arc::new(config))
}

async fn connect(host: &Host) -> Result<TcpStream, Error> {
    if let Ok(ip) = host.name.parse::<IpAddr>() {
        return TcpStream::connect((ip, host.port)).await.map_err(refused);
    }
    let addresses = lookup_host((&*host.name, host.port)).await.map_err(unresolved)?;
    let mut last = None;
    for address in addresses.take(MAX_ADDRESSES) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| unresolved(io::ErrorKind::NotFound.into()), refused))
}

/// Asks for TLS and reads exactly the one answer: what a stranger may have written behind it must not be taken for
/// something said under TLS.
async fn start_tls(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), Error> {
    stream.write_all(START_TLS).await.map_err(broken)?;
    let mut answer = Vec::with_capacity(64);
    let length = loop {
        if let Some(length) = frame::length(&answer, MAX_STARTTLS_ANSWER).map_err(frame::Violation::error)? {
            break length;
        }
        answer.push(stream.read_u8().await.map_err(broken)?);
    };
    let read = answer.len();
    answer.resize(length.max(read), 0);
    stream.read_exact(&mut answer[read..]).await.map_err(broken)?;
    match frame::check(&answer).map_err(frame::Violation::error)? {
        Message { id: 1, answer: Answer::Extended(outcome), .. } => match outcome.code {
            0 => Ok(()),
            51 | 52 => fault::of_bind(outcome.code, outcome.text),
            code => Err(fault::of_start_tls(code, outcome.text)),
        },
        _ => Err(frame::Violation::Unexpected.error()),
    }
}

fn refused(error: io::Error) -> Error {
    Error::new(ErrorKind::ConnectRefused, "Nobody listens at the address of the directory; is it running?")
        .with_source(error)
}

fn broken(error: io::Error) -> Error {
    Error::new(
        ErrorKind::ConnectRefused,
        "The directory broke the connection off while it was secured; does it offer StartTLS?",
    )
    .with_source(error)
}

fn unresolved(error: io::Error) -> Error {
    Error::new(ErrorKind::Dns, "The host name of the directory does not resolve; check it in the settings.")
        .with_source(error)
}
