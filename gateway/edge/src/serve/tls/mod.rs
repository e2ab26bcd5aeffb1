//! TLS 1.2 and 1.3 from PEM files, with a certificate that can be replaced while connections run.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use portico_contract::certificate::{days_between, not_after};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A certificate with its key, ready to serve. Clones share it, so that a reload through one is seen by all.
#[derive(Clone)]
pub struct Tls {
    current: Arc<Current>,
    acceptor: TlsAcceptor,
}

/// Why a certificate cannot be used. Names files, never what is in them.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file cannot be read or holds no PEM of the kind.
    #[error("{file} cannot be read as PEM: {source}")]
    Pem {
        /// The file.
        file: PathBuf,
        /// What the library says.
        source: rustls_pki_types::pem::Error,
    },
    /// The file holds no certificate.
    #[error("{0} holds no certificate")]
    Empty(PathBuf),
    /// The key does not belong to the certificate, or is of a kind that cannot be used.
    #[error("the key {key} does not go with the certificate {certificate}: {source}")]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the library says.
        source: rustls::Error,
    },
    /// The certificate's dates cannot be read.
    #[error("the validity of the certificate in {0} cannot be read")]
    Validity(PathBuf),
    /// The cryptography cannot do TLS 1.2 or 1.3.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

struct Current(ArcSwap<Loaded>);

struct Loaded {
    certificate: PathBuf,
    key: PathBuf,
    pair: Arc<CertifiedKey>,
    expires: Timestamp,
}

impl Tls {
    /// Reads a certificate, with the chain behind it, and its key.
    ///
    /// # Errors
    /// When a file cannot be used, or the two do not belong together.
    pub fn load(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsFault> {
        let current = Arc::new(Current(ArcSwap::from_pointee(read(certificate.into(), key.into())?)));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsFault::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { current, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Reads the files again. New connections get the new certificate, running ones go on; when the files cannot be used
    /// the old one stays.
    ///
    /// # Errors
    /// As [`Tls::load`].
    pub fn reload(&self) -> Result<(), TlsFault> {
        let before = self.current.0.load();
        let loaded = read(before.certificate.clone(), before.key.clone())?;
        self.current.0.store(Arc::new(loaded));
        Ok(())
    }

    /// Shows the certificate of another one from now on, and reads its files on a reload: for a configuration that names
    /// others. Running connections go on.
    pub fn adopt(&self, other: &Self) {
        self.current.0.store(other.current.0.load_full());
    }

    /// When the certificate in use expires.
    pub fn expires(&self) -> Timestamp {
        self.current.0.load().expires
    }

    /// Whole days until then; negative once it has expired.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        days_between(now, self.expires())
    }

    pub(super) async fn accept(&self, socket: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(socket).await
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().pair))
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").field("certificate", &self.0.load().certificate).finish_non_exhaustive()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.current.0.load().certificate).finish_non_exhaustive()
    }
}

fn read(certificate: PathBuf, key: PathBuf) -> Result<Loaded, TlsFault> {
    let unreadable = |file: &PathBuf| {
        let file = file.clone();
        |source| TlsFault::Pem { file, source }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect)
        .map_err(unreadable(&certificate))?;
    let first = chain.first().ok_or_else(|| TlsFault::Empty(certificate.clone()))?;
    let expires = not_after(first).ok_or_else(|| TlsFault::Validity(certificate.clone()))?;
    let private = PrivateKeyDer::from_pem_file(&key).map_err(unreadable(&key))?;
    let pair = CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(|source| {
        TlsFault::Mismatch { certificate: certificate.clone(), key: key.clone(), source }
    })?;
    Ok(Loaded { pair: Arc::new(pair), expires, certificate, key })
}

#[cfg(test)]
mod tests;
