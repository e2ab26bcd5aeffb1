//! What tests of every client with TLS need.

/// A certificate authority of a test, and the file that says to trust it.
pub(crate) struct Authority {
    pub(crate) issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pub(crate) pem: tempfile::NamedTempFile,
}

pub(crate) fn authority() -> Authority {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).expect("a certificate");
    let pem = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(pem.path(), certificate.pem()).expect("a file");
    Authority { issuer: rcgen::Issuer::new(params, key), pem }
}
