//! What a team would write itself, in Python and in Node: got from their registries into `.servers`, and started.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use portico_servers::{PASSWORD, Running, checkout};

use super::directory::BASE;
use crate::gateway::{self, Gateway};
use crate::pause;
use crate::process::{SUBJECT_CORE, Subject};

/// Pinned, so that figures of two days can be compared.
const PYPI: [&str; 4] =
    ["ldap3==2.9.1", "uvicorn==0.54.0", "pyjwt[crypto]==2.15.1", "opentelemetry-sdk==1.45.2"];
const NPM: [&str; 6] = [
    "ldapts@9.2.0",
    "fastify@5.12.8",
    "@fastify/jwt@10.2.8",
    "@fastify/etag@6.2.0",
    "@opentelemetry/api@1.9.1",
    "@opentelemetry/sdk-trace-node@2.12.0",
];
/// Of the ids that a peer gives out: any will do.
pub const ID_KEY: &str = "6f0f3a5a1d8f4c0e9b7c2d4e5f60718293a4b5c6d7e8f90112233445566778ff";
/// Connecting, and reading 100,000 names.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Which of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Python,
    Node,
}

/// How much of the gateway's work a peer does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It signs in, decides what is shown, traces, seals ids and makes entity tags, as the gateway does.
    Same,
    /// It finds people and no more.
    Bare,
}

impl Form {
    pub const ALL: [Self; 2] = [Self::Same, Self::Bare];

    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Bare => "bare",
        }
    }
}

impl Kind {
    pub fn name(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::Python, Form::Same) => "Python",
            (Self::Python, Form::Bare) => "Python, bare",
            (Self::Node, Form::Same) => "Node",
            (Self::Node, Form::Bare) => "Node, bare",
        }
    }

    /// What it is made of, with its versions.
    fn described(self, program: &Path) -> String {
        let said =
            Command::new(program).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
        let version = String::from_utf8_lossy(&said).trim().replace("Python ", "");
        match self {
            Self::Python => format!("CPython {version}, {}", PYPI.join(", ").replace("==", " ")),
            Self::Node => format!("Node {version}, {}", NPM.map(spaced).join(", ")),
        }
    }
}

/// `@fastify/jwt 10.2.8` of `@fastify/jwt@10.2.8`.
pub fn spaced(package: &str) -> String {
    package.rsplit_once('@').map_or_else(|| package.to_owned(), |(name, version)| format!("{name} {version}"))
}

/// One that is installed, or why not.
pub struct Installed {
    pub kind: Kind,
    /// With its versions, or "not run" and why.
    pub said: String,
    command: Option<[PathBuf; 2]>,
}

/// Both of them. One that cannot be had is not run, and the page says so.
pub fn install() -> [Installed; 2] {
    [(Kind::Python, python()), (Kind::Node, node())].map(|(kind, done)| match done {
        Ok(command) => Installed { kind, said: kind.described(&command[0]), command: Some(command) },
        Err(error) => Installed { kind, said: format!("not run: {error:#}"), command: None },
    })
}

fn python() -> Result<[PathBuf; 2]> {
    let folder = checkout().join(".servers/python");
    let (pip, program) = (folder.join("bin/pip"), folder.join("bin/python"));
    if !pip.is_file() {
        let folder = folder.to_string_lossy().into_owned();
        step(Command::new("python3").args(["-m", "venv", &folder])).context(
            "install Python 3.11 or later with its venv module (Debian: python3-venv) to compare with it",
        )?;
    }
    once(
        "people-python",
        &PYPI,
        Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check"]),
    )?;
    Ok([program, checkout().join("tests/bench/peers/people.py")])
}

fn node() -> Result<[PathBuf; 2]> {
    for program in ["node", "npm"] {
        step(Command::new(program).arg("--version"))
            .context("install Node.js 20 or later with npm (Debian: nodejs, npm) to compare with it")?;
    }
    let folder = checkout().join(".servers/node");
    fs::create_dir_all(&folder)?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
    once("people-node", &NPM, &mut install)?;
    // Node looks for packages beside the file.
    let script = folder.join("people.mjs");
    fs::copy(checkout().join("tests/bench/peers/people.mjs"), &script)?;
    Ok([PathBuf::from("node"), script])
}

/// Installs what was not installed by an earlier run.
pub fn once(what: &str, packages: &[&str], command: &mut Command) -> Result<()> {
    let marker = checkout().join(format!(".servers/{what}.installed"));
    let wanted = packages.join("\n");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    step(command.args(packages))?;
    fs::write(marker, wanted)?;
    Ok(())
}

pub fn step(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run `{program}`"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} failed: {}", said.lines().last().unwrap_or_default());
    Ok(())
}

/// One that runs on the subjects' core; it is stopped when this is dropped.
pub struct Peer {
    pub kind: Kind,
    pub form: Form,
    pub addr: SocketAddr,
    /// Of somebody whom it knows; `None` where it asks nobody who they are.
    pub token: Option<String>,
    child: Child,
}

impl Installed {
    /// Starts it over a directory, with the people of this file to search in, for those whom the gateway signs in. `None` where
    /// it could not be had.
    pub fn start(
        &self,
        form: Form,
        slapd: &Running,
        names: &str,
        gateway: &Gateway<'_>,
    ) -> Result<Option<Peer>> {
        let Some([program, script]) = &self.command else { return Ok(None) };
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = tempfile::NamedTempFile::new()?;
        let mut command = Command::new("taskset");
        command.args(["-c", &SUBJECT_CORE.to_string()]).arg(program).arg(script);
        command
            .env("LDAP_URL", format!("ldap://{}", slapd.addr))
            .env("LDAP_USER", slapd.directory().unlimited);
        command.env("LDAP_PASSWORD", PASSWORD).env("LDAP_BASE", format!("ou=people,{BASE}"));
        command.env("NAMES", names).env("PORT", addr.port().to_string());
        command.env("FORM", form.word()).env("PUBLIC_KEY", gateway.public_key()).env("ID_KEY", ID_KEY);
        command.env("ISSUER", gateway::ISSUER).env("AUDIENCE", gateway::AUDIENCE);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log.path())?);
        let child = command.spawn().context("taskset")?;
        let token = (form == Form::Same).then(|| gateway.token().to_owned());
        let mut peer = Peer { kind: self.kind, form, addr, token, child };
        let from = Instant::now();
        while TcpStream::connect(addr).is_err() {
            if peer.child.try_wait()?.is_some() || from.elapsed() > START_TIMEOUT {
                bail!("{} did not start: {}", peer.name(), fs::read_to_string(log.path())?);
            }
            pause(Duration::from_millis(20));
        }
        Ok(Some(peer))
    }
}

impl Peer {
    pub fn name(&self) -> &'static str {
        self.kind.name(self.form)
    }

    pub fn subject(&self) -> Subject {
        Subject { pid: self.child.id() }
    }
}

impl Drop for Peer {
    /// Whether it runs or stands still.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
