//! The certificate of a simulator.

use std::io;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

/// A certificate chain with its key, both PEM.
#[derive(Clone)]
pub struct Certificate {
    /// The certificates, the server's own first.
    pub chain_pem: String,
    /// The private key.
    pub key_pem: String,
}

impl Certificate {
    /// Makes one that is its own root, for `localhost` and 127.0.0.1.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn own() -> io::Result<Self> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        Ok(Self { chain_pem: made.cert.pem(), key_pem: made.signing_key.serialize_pem() })
    }

    pub(crate) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.chain_pem.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(io::Error::other)?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain.map_err(io::Error::other)?, key)
            .map_err(io::Error::other)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
}
