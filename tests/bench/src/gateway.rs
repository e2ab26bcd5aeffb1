//! The gateway under measurement: its configuration, its keys, its start.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::http::Connection;
use crate::pause;
use crate::process::{SUBJECT_CORE, Subject};

const CONFIG: &str = include_str!("../portico.toml");
/// As both configurations say.
pub const ISSUER: &str = "https://login.bench.example/";
pub const AUDIENCE: &str = "portico";
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// Between two looks for the ready file: the error of a start time.
const GLANCE: Duration = Duration::from_micros(200);

/// A gateway that is set up and can be started again and again.
pub struct Installed {
    binary: PathBuf,
    folder: TempDir,
    token: String,
}

impl Installed {
    /// `streams` downloads at a time go to the back office at most.
    pub fn new(binary: &Path, back_office: SocketAddr, streams: u32) -> Result<Self> {
        let config = CONFIG.replace("@BACK_OFFICE@", &format!("http://{back_office}/"));
        Self::with(binary, &config.replace("@STREAMS@", &streams.to_string()), &[])
    }

    /// With this configuration, and these files beside it: names and contents.
    pub fn with(binary: &Path, config: &str, files: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("portico-bench-").tempdir()?;
        for (name, content) in [&[("portico.toml", config)], files].concat() {
            fs::write(folder.path().join(name), content)?;
        }
        let run = |arguments: &[&str]| -> Result<String> {
            let output = command(binary).args(arguments).current_dir(folder.path()).output();
            let output = output.with_context(|| format!("cannot run {}", binary.display()))?;
            ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        run(&["token", "--new-key", "keys"])?;
        let who = ["--key", "keys/private.pem", "--subject", "bench", "--role", "staff", "--minutes", "1440"];
        let token = run(&[&["token", "--config", "portico.toml"], &who[..]].concat())?;
        Ok(Self { binary: binary.to_owned(), folder, token })
    }

    /// Starts it on the core of the subjects, and waits for the ready file.
    pub fn start(&self) -> Result<Gateway<'_>> {
        let folder = self.folder.path();
        let (ready, log) = (folder.join("ready.json"), File::create(folder.join("log"))?);
        let _ = fs::remove_file(&ready);
        let mut command = command(Path::new("taskset"));
        command.args(["-c", &SUBJECT_CORE.to_string()]).arg(&self.binary);
        command.args(["serve", "--config", "portico.toml", "--ready-file", "ready.json"]);
        command.current_dir(folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let from = Instant::now();
        let child = command.spawn().context("cannot start the gateway")?;
        let mut gateway = Gateway {
            installed: self,
            child,
            api: SocketAddr::from(([127, 0, 0, 1], 0)),
            ops: SocketAddr::from(([127, 0, 0, 1], 0)),
            took: from.elapsed(),
        };
        while !ready.is_file() {
            if gateway.child.try_wait()?.is_some() || from.elapsed() > START_TIMEOUT {
                bail!("the gateway did not start: {}", fs::read_to_string(folder.join("log"))?);
            }
            pause(GLANCE);
        }
        gateway.took = from.elapsed();
        let said: Value = serde_json::from_slice(&fs::read(&ready)?)?;
        let address = |of: &str| -> Result<SocketAddr> {
            let address = said[of].as_str().and_then(|address| address.strip_prefix("http://"));
            Ok(address.context("no address in the ready file")?.parse()?)
        };
        (gateway.api, gateway.ops) = (address("api")?, address("ops")?);
        Ok(gateway)
    }
}

/// A command that sees none of our own variables: the gateway takes `PORTICO_…` for settings.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PORTICO_") {
            command.env_remove(name);
        }
    }
    command
}

/// A gateway that runs; it is stopped when this is dropped.
pub struct Gateway<'a> {
    installed: &'a Installed,
    child: Child,
    pub api: SocketAddr,
    /// Health.
    pub ops: SocketAddr,
    /// From the start of the process to the ready file.
    pub took: Duration,
}

impl Gateway<'_> {
    pub fn subject(&self) -> Subject {
        Subject { pid: self.child.id() }
    }

    pub fn token(&self) -> &str {
        &self.installed.token
    }

    /// The file of the key that tokens are verified with.
    pub fn public_key(&self) -> PathBuf {
        self.installed.folder.path().join("keys/public.pem")
    }

    /// The path of the content of a file in the root of the store.
    pub fn content_path(&self, name: &str) -> Result<String> {
        let systems = self.ask("GET", "/v1/systems", "")?;
        let root = systems["items"][0]["rootDocumentId"].as_str().context("the store has no root")?;
        let name = serde_json::json!({ "name": name }).to_string();
        let child = self.ask("POST", &format!("/v1/documents/{root}/child-ids"), &name)?;
        let id = child["id"].as_str().context("no id")?;
        Ok(format!("/v1/documents/{id}/content"))
    }

    /// What the content is, as a caller gets it.
    pub fn content(&self, path: &str) -> Result<Vec<u8>> {
        let (status, body) = Connection::open(self.api)?.request("GET", path, Some(self.token()), "")?;
        ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    /// One request, and the JSON that has to come.
    pub fn ask(&self, method: &str, path: &str, json: &str) -> Result<Value> {
        let (status, body) = Connection::open(self.api)?.request(method, path, Some(self.token()), json)?;
        ensure!(status == 200, "{method} {path}: {status}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }
}

impl Drop for Gateway<'_> {
    fn drop(&mut self) {
        // A last word to the telemetry, as in service; whatever is left after that is killed.
        let asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        let give_up = Instant::now() + Duration::from_secs(10);
        while asked.is_ok() && Instant::now() < give_up {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            pause(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
