//! The back office, and the three programs in front of it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use portico_servers::{Product, Running, Setup};
use tempfile::TempDir;

use crate::gateway::{Gateway, Installed};
use crate::http::Target;
use crate::process::{OTHER_CORE, SUBJECT_CORE, Subject};

/// The answer of part (a) has a kibibyte.
const JSON: &str = "expense.json";
const JSON_LEN: usize = 1_024;
/// The document of part (b) has 100 MB.
const DOCUMENT: &str = "plan.bin";
const DOCUMENT_LEN: u64 = 100_000_000;

/// More than the load has connections: the way through is measured, not the refusal.
const STREAMS: u32 = 128;

/// A raw HTTP back office (nginx, files) on the other core.
pub struct BackOffice {
    running: Running,
    _files: TempDir,
}

impl BackOffice {
    pub fn start() -> Result<Self> {
        let files = tempfile::Builder::new().prefix("portico-bench-files-").tempdir()?;
        fs::write(files.path().join(JSON), json())?;
        write_document(&files.path().join(DOCUMENT))?;
        let setup =
            Setup { files: Some(files.path().to_owned()), core: Some(OTHER_CORE), ..Setup::default() };
        Ok(Self { running: portico_servers::start_with(Product::Nginx, &setup)?, _files: files })
    }

    pub fn addr(&self) -> SocketAddr {
        self.running.addr
    }
}

/// nginx and HAProxy in front of the back office, one worker each on the subjects' core.
pub struct Proxies {
    nginx: Running,
    haproxy: Running,
}

impl Proxies {
    pub fn start(back_office: &BackOffice) -> Result<Self> {
        let setup = Setup { target: Some(back_office.addr()), core: Some(SUBJECT_CORE), ..Setup::default() };
        Ok(Self {
            nginx: portico_servers::start_with(Product::Nginx, &setup)?,
            haproxy: portico_servers::start_with(Product::Haproxy, &setup)?,
        })
    }
}

/// One that is measured: which, what it is asked, and the process that does the work.
pub struct Contestant {
    pub name: &'static str,
    pub target: Target,
    pub subject: Subject,
}

/// The names, in the order of [`contestants`].
pub const NAMES: [&str; 4] = ["direct", "nginx", "HAProxy", "Portico"];

/// What all four are asked for.
#[derive(Clone, Copy)]
pub enum Asked {
    Json,
    Document,
}

/// The back office itself, nginx, HAProxy and Portico, asked for the same.
pub fn contestants(
    asked: Asked,
    back_office: &BackOffice,
    proxies: &Proxies,
    gateway: &Gateway<'_>,
) -> Result<[Contestant; 4]> {
    let (name, length) = match asked {
        Asked::Json => (JSON, JSON_LEN as u64),
        Asked::Document => (DOCUMENT, DOCUMENT_LEN),
    };
    let plain = |name_of: &'static str, running: &Running| Contestant {
        name: name_of,
        target: Target::get(running.addr, &format!("/{name}"), None, length),
        subject: Subject { pid: running.pid },
    };
    let path = gateway.content_path(name)?;
    if matches!(asked, Asked::Json) {
        ensure!(gateway.content(&path)? == json(), "the gateway changed the JSON");
    }
    Ok([
        plain(NAMES[0], &back_office.running),
        plain(NAMES[1], &proxies.nginx),
        plain(NAMES[2], &proxies.haproxy),
        Contestant {
            name: NAMES[3],
            target: Target::get(gateway.api, &path, Some(gateway.token()), length),
            subject: gateway.subject(),
        },
    ])
}

/// A gateway for this back office.
pub fn install(binary: &Path, back_office: &BackOffice) -> Result<Installed> {
    Installed::new(binary, back_office.addr(), STREAMS).context("cannot set up the gateway")
}

/// An expense report of exactly a kibibyte.
fn json() -> Vec<u8> {
    let line =
        |number: u32| format!(r#"{{"line":{number},"type":"travel","amount":"12.50","currency":"GBP"}}"#);
    let lines = (1..=12).map(line).collect::<Vec<_>>().join(",");
    let report = |note: &str| {
        format!(r#"{{"id":"ER2611-0001","status":"submitted","lines":[{lines}],"note":"{note}"}}"#)
    };
    let short = JSON_LEN.saturating_sub(report("").len());
    report(&"x".repeat(short)).into_bytes()
}

/// Octets that do not repeat within any buffer.
fn write_document(path: &Path) -> Result<()> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut octets = Vec::with_capacity(usize::try_from(DOCUMENT_LEN)?);
    while (octets.len() as u64) < DOCUMENT_LEN {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        octets.extend_from_slice(&state.to_le_bytes());
    }
    fs::write(path, octets).context("cannot write the document")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_json_of_a_kibibyte() {
        assert_eq!(json().len(), JSON_LEN);
        assert!(serde_json::from_slice::<serde_json::Value>(&json()).is_ok());
    }
}
