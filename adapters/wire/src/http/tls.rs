//! Whom we trust, and how TLS failures are told apart.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portico_contract::{Error, ErrorKind};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Largest file of trust roots that is read.
const MAX_PEM: u64 = 4 * 1024 * 1024;

/// Which certificate authorities may vouch for the back office.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// The public ones that browsers trust, as compiled in: the same on every machine.
    #[default]
    Public,
    /// Those in this PEM file and no others: for an authority of one's own.
    File(PathBuf),
}

/// TLS 1.2 and 1.3, HTTP/2 offered before HTTP/1.1 (RFC 7301).
pub(crate) fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, String> {
    let roots = match trust {
        Trust::Public => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Trust::File(file) => read_roots(file)?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_roots(file: &Path) -> Result<RootCertStore, String> {
    let shown = file.display();
    let size = std::fs::metadata(file).map_err(|why| format!("cannot read `{shown}`: {why}"))?.len();
    if size > MAX_PEM {
        return Err(format!("`{shown}` is larger than 4 MiB: is it a file of certificates?"));
    }
    let pem = std::fs::read(file).map_err(|why| format!("cannot read `{shown}`: {why}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|why| format!("`{shown}` is not a PEM file: {why}"))?;
        roots
            .add(certificate)
            .map_err(|why| format!("`{shown}` holds a certificate that is no root: {why}"))?;
    }
    if roots.is_empty() {
        return Err(format!("`{shown}` holds no certificate"));
    }
    Ok(roots)
}

/// Classifies a failed handshake. Nothing of ours was sent yet.
pub(crate) fn handshake_fault(error: io::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (kind, detail) = match inner {
        Some(rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => (
            ErrorKind::TlsPeerExpired,
            "The certificate of the system behind has expired; its owner has to renew it.",
        ),
        Some(
            rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::UnsupportedNameType,
        ) => (
            ErrorKind::TlsUntrusted,
            "The certificate of the system behind is not trusted; check its name and `trust_roots`.",
        ),
        Some(rustls::Error::PeerIncompatible(_) | rustls::Error::AlertReceived(_)) => (
            ErrorKind::TlsUntrusted,
            "The system behind and the gateway agree on no kind of TLS; it has to offer TLS 1.2 or 1.3.",
        ),
        Some(_) => (ErrorKind::ConnectRefused, "The system behind does not speak TLS at this address."),
        None => {
            (ErrorKind::ConnectRefused, "The system behind broke the connection off while it was secured.")
        }
    };
    Error::new(kind, detail).with_source(error)
}
