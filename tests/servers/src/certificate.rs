//! A certificate authority for one server, made when it starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::install::{program, tail};

/// Files in PEM.
pub(crate) struct Certificate {
    /// Whom clients have to trust.
    pub authority: PathBuf,
    pub chain: PathBuf,
    /// Readable by us alone.
    pub key: PathBuf,
}

/// P-256: made in an instant, and taken by OpenSSL, GnuTLS and rustls alike.
const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/// Makes an authority and, from it, a certificate for `names` in the form `DNS:localhost,IP:127.0.0.1`. Valid for a week,
/// because `cargo xtask servers up` leaves servers running.
pub(crate) fn make(home: &Path, names: &str) -> anyhow::Result<Certificate> {
    let path = |name: &str| home.join(name).to_string_lossy().into_owned();
    let (ca, ca_key, request) = (path("ca.pem"), path("ca.key"), path("server.csr"));
    let (chain, key, extensions) = (path("server.pem"), path("server.key"), path("server.ext"));
    let subject = ["-subj", "/CN=Portico test authority", "-addext", "keyUsage=critical,keyCertSign"];
    let authority = ["req", "-x509", "-days", "7", "-keyout", &ca_key, "-out", &ca];
    openssl(&[&authority[..], &NEW_KEY, &subject].concat())?;
    let wanted = ["req", "-subj", "/CN=Portico test server", "-keyout", &key, "-out", &request];
    openssl(&[&wanted[..], &NEW_KEY].concat())?;
    fs::write(
        &extensions,
        format!("subjectAltName={names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"),
    )?;
    let sign = ["x509", "-req", "-days", "7", "-in", &request, "-CA", &ca, "-CAkey", &ca_key];
    openssl(&[&sign[..], &["-CAcreateserial", "-extfile", &extensions, "-out", &chain]].concat())?;
    Ok(Certificate { authority: ca.into(), chain: chain.into(), key: key.into() })
}

fn openssl(arguments: &[&str]) -> anyhow::Result<()> {
    let program = program("openssl").context("there is no openssl")?;
    let output = Command::new(program).args(arguments).output().context("cannot run openssl")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "openssl {} failed: {}", arguments[0], tail(&said));
    Ok(())
}
