//! What a team would write itself over Odoo, in Python and in Node.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use portico_servers::checkout;

use super::odoo::Odoo;
use crate::gateway::{self, Gateway};
use crate::pause;
use crate::people::peers::{ID_KEY, once, spaced, step};
use crate::process::{SUBJECT_CORE, Subject};

/// Pinned, so that figures of two days can be compared. lxml is for part (2).
const PYPI: [&str; 4] =
    ["uvicorn==0.54.0", "pyjwt[crypto]==2.15.1", "opentelemetry-sdk==1.45.2", "lxml==6.0.2"];
const NPM: [&str; 7] = [
    "fast-xml-parser@5.12.1",
    "undici@7.30.2",
    "fastify@5.12.8",
    "@fastify/jwt@10.2.8",
    "@fastify/etag@6.2.0",
    "@opentelemetry/api@1.9.1",
    "@opentelemetry/sdk-trace-node@2.12.0",
];
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// One that is installed, or why not.
pub struct Installed {
    pub name: &'static str,
    /// With its versions, or "not run" and why.
    pub said: String,
    command: Option<[PathBuf; 2]>,
}

/// Both of them. One that cannot be had is not run, and the page says so.
pub fn install() -> [Installed; 2] {
    let packages = [PYPI.join(", ").replace("==", " "), NPM.map(spaced).join(", ")];
    let made = [("Python", python()), ("Node", node())];
    let mut packages = packages.into_iter();
    made.map(|(name, done)| {
        let packages = packages.next().unwrap_or_default();
        match done {
            Ok(command) => {
                let said = Command::new(&command[0]).arg("--version").output().map(|output| output.stdout);
                let version =
                    String::from_utf8_lossy(&said.unwrap_or_default()).trim().replace("Python ", "");
                Installed { name, said: format!("{name} {version}, {packages}"), command: Some(command) }
            }
            Err(error) => Installed { name, said: format!("not run: {error:#}"), command: None },
        }
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
    let mut install = Command::new(pip);
    once("claims-python", &PYPI, install.args(["install", "--quiet", "--disable-pip-version-check"]))?;
    Ok([program, checkout().join("tests/bench/peers/claims.py")])
}

fn node() -> Result<[PathBuf; 2]> {
    for program in ["node", "npm"] {
        step(Command::new(program).arg("--version"))
            .context("install Node.js 20.18 or later with npm (Debian: nodejs, npm) to compare with it")?;
    }
    let folder = checkout().join(".servers/node");
    fs::create_dir_all(&folder)?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
    once("claims-node", &NPM, &mut install)?;
    // Node looks for packages beside the file.
    let script = folder.join("claims.mjs");
    fs::copy(checkout().join("tests/bench/peers/claims.mjs"), &script)?;
    Ok([PathBuf::from("node"), script])
}

/// One that runs on the subjects' core; it is stopped when this is dropped.
pub struct Peer {
    pub name: &'static str,
    pub addr: SocketAddr,
    /// Of somebody whom it lets in.
    pub token: String,
    child: Child,
}

impl Installed {
    /// The Python with lxml, where it could be had.
    pub fn program(&self) -> Option<&PathBuf> {
        self.command.as_ref().map(|[program, _]| program)
    }

    /// Starts it over an Odoo, for those whom the gateway signs in. `None` where it could not be had.
    pub fn start(&self, odoo: &Odoo, gateway: &Gateway<'_>) -> Result<Option<Peer>> {
        let Some([program, script]) = &self.command else { return Ok(None) };
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = tempfile::NamedTempFile::new()?;
        let mut command = Command::new("taskset");
        command.args(["-c", &SUBJECT_CORE.to_string()]).arg(program).arg(script);
        command.env("ODOO_URL", format!("http://{}", odoo.addr)).env("ODOO_DATABASE", &odoo.database);
        command.env("ODOO_LOGIN", &odoo.login).env("ODOO_PASSWORD", &odoo.password);
        command.env("PORT", addr.port().to_string());
        command.env("PUBLIC_KEY", gateway.public_key()).env("ID_KEY", ID_KEY);
        command.env("ISSUER", gateway::ISSUER).env("AUDIENCE", gateway::AUDIENCE);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log.path())?);
        let child = command.spawn().context("taskset")?;
        let mut peer = Peer { name: self.name, addr, token: gateway.token().to_owned(), child };
        let from = Instant::now();
        while TcpStream::connect(addr).is_err() {
            if peer.child.try_wait()?.is_some() || from.elapsed() > START_TIMEOUT {
                bail!("{} did not start: {}", peer.name, fs::read_to_string(log.path())?);
            }
            pause(Duration::from_millis(20));
        }
        Ok(Some(peer))
    }
}

impl Peer {
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
