//! TLS to the database of the store.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// TLS 1.2 and 1.3, trusting these authorities, or the public ones as compiled in.
///
/// # Errors
/// The text holds no certificate, or something that is none.
pub fn client(trust_pem: Option<&str>) -> Result<Arc<ClientConfig>> {
    let roots = match trust_pem {
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.context("it is not a PEM file")?;
                roots.add(certificate).context("it holds a certificate that is no root")?;
            }
            ensure!(!roots.is_empty(), "it holds no certificate");
            roots
        }
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
