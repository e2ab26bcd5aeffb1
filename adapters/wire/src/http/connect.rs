//! From a base address to a connection that can carry requests.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use portico_contract::certificate::PeerCertificate;
use portico_contract::{Error, ErrorKind};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::Base;
use super::pool::{Connection, Exclusive};
use super::tls::handshake_fault;

/// Largest head of an answer.
const MAX_HEAD: usize = 64 * 1024;
/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// Opens connections to one base address.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) base: Base,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) timeout: Duration,
    /// Where the certificate of the other side is noted.
    pub(crate) peer: PeerCertificate,
}

impl Dialer {
    /// Opens one connection. Every failure says that nothing was attempted.
    pub(crate) async fn dial(&self) -> Result<Connection, Error> {
        match tokio::time::timeout(self.timeout, self.open()).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(
                ErrorKind::ConnectRefused,
                "Nobody answered at the address of the system behind; is it running, and is a firewall in between?",
            )),
        }
    }

    async fn open(&self) -> Result<Connection, Error> {
        let tcp = self.tcp().await?;
        // Requests are small and written whole: waiting to fill a segment only adds delay.
        tcp.set_nodelay(true).map_err(refused)?;
        let Some(config) = &self.tls else { return exclusive(tcp).await };
        let name = ServerName::try_from(self.base.host.to_string()).map_err(|why| {
            Error::new(ErrorKind::TlsUntrusted, "The configured host cannot stand in a certificate.")
                .with_source(why)
        })?;
        let tls = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await.map_err(handshake_fault)?;
        if let Some(leaf) = tls.get_ref().1.peer_certificates().and_then(<[_]>::first) {
            self.peer.note(leaf);
        }
        if tls.get_ref().1.alpn_protocol() == Some(b"h2") {
            return shared(tls).await;
        }
        exclusive(tls).await
    }

    async fn tcp(&self) -> Result<TcpStream, Error> {
        let (host, port) = (&*self.base.host, self.base.port);
        if let Ok(ip) = host.parse::<IpAddr>() {
            return TcpStream::connect((ip, port)).await.map_err(refused);
        }
        let addresses = lookup_host((host, port)).await.map_err(unresolved)?;
        let mut last = None;
        for address in addresses.take(MAX_ADDRESSES) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(|| unresolved(io::ErrorKind::NotFound.into()), refused))
    }
}

async fn exclusive<T>(io: T) -> Result<Connection, Error>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_header_size(MAX_HEAD)
        .handshake(TokioIo::new(io))
        .await
        .map_err(|why| Error::new(ErrorKind::ConnectRefused, LOST).with_source(why))?;
    let task = tokio::spawn(async move {
        // The request that is concerned hears of a failure through its own channel.
        drop(connection.await);
    });
    Ok(Connection::Exclusive(Exclusive::new(sender, task.abort_handle())))
}

async fn shared<T>(io: T) -> Result<Connection, Error>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD as u32)
        .adaptive_window(true)
        // A connection that died silently is noticed and given up.
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(Duration::from_secs(10))
        .handshake(TokioIo::new(io))
        .await
        .map_err(|why| Error::new(ErrorKind::ConnectRefused, LOST).with_source(why))?;
    tokio::spawn(async move { drop(connection.await) });
    Ok(Connection::Shared(sender))
}

const LOST: &str = "The system behind broke the connection off before anything was sent.";

fn refused(error: io::Error) -> Error {
    Error::new(
        ErrorKind::ConnectRefused,
        "Nobody listens at the address of the system behind; is it running?",
    )
    .with_source(error)
}

fn unresolved(error: io::Error) -> Error {
    Error::new(
        ErrorKind::Dns,
        "The host name of the system behind does not resolve; check it in the settings.",
    )
    .with_source(error)
}
