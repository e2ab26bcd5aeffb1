//! One running gateway.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use portico_simkit::client::{self, Reply};
use portico_simkit::wait::{wait_blocking, wait_for};
use serde_json::Value;

use super::answer::Answer;
use super::site::{OPS_TOKEN, Site};

/// How long a start or a stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who calls.
pub struct Person {
    pub subject: &'static str,
    pub roles: &'static [&'static str],
}

impl Person {
    pub const READER: Self = Self { subject: "rhian", roles: &["staff"] };
    pub const WRITER: Self = Self { subject: "wyn", roles: &["staff", "writer"] };
    pub const NOBODY: Self = Self { subject: "nia", roles: &[] };
}

/// A gateway that runs; it is killed when dropped, unless it was stopped.
pub struct Gateway {
    /// `http://address`
    pub api: String,
    /// `http://address`
    pub ops: String,
    pub site: Site,
    /// A token of [`Person::READER`].
    pub reader: String,
    /// A token of [`Person::WRITER`].
    pub writer: String,
    child: Child,
}

/// How a gateway ended.
pub struct Ended {
    pub status: ExitStatus,
    /// Everything it said on its standard error.
    pub log: String,
}

impl Gateway {
    pub async fn start(site: Site) -> Self {
        let (reader, writer) = (site.token(&Person::READER), site.token(&Person::WRITER));
        let child = spawn(&site);
        let mut gateway = Self { api: String::new(), ops: String::new(), site, reader, writer, child };
        gateway.await_ready().await;
        gateway
    }

    /// Waits for the file that says where it listens.
    async fn await_ready(&mut self) {
        let ready = await_ready(&mut self.child, self.site.folder()).await;
        self.api = ready["api"].as_str().unwrap().to_owned();
        self.ops = ready["ops"].as_str().unwrap().to_owned();
    }

    pub fn api_addr(&self) -> SocketAddr {
        address(&self.api)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        read(&self.site.path("stderr"))
    }

    /// As the reader.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &self.reader, &[], b"").await
    }

    /// One request with a token.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        ask(&self.api, method, path, token, headers, body).await
    }

    /// JSON as the writer.
    pub async fn send_json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut all = headers.to_vec();
        all.push(("Content-Type", "application/json"));
        self.send(method, path, &self.writer, &all, body.to_string().as_bytes()).await
    }

    /// The operations port, with its token.
    pub async fn operate(&self, path: &str) -> Reply {
        let bearer = format!("Bearer {OPS_TOKEN}");
        client::get(&format!("{}{path}", self.ops), &[("Authorization", &bearer)]).await.unwrap()
    }

    /// Sends a signal; the name without `SIG`.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) -> Ended {
        self.signal("TERM");
        self.wait()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> Ended {
        let status =
            wait_blocking(|| self.child.try_wait().unwrap(), PATIENCE).expect("it stops when told to");
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
        Ended { status, log }
    }

    /// Ends it without a chance to say anything, and starts it again over the same folders.
    pub async fn kill_and_restart(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        fs::remove_file(self.site.path("ready.json")).unwrap();
        self.child = spawn(&self.site);
        self.await_ready().await;
        self
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let log = self.log();
            assert!(!log.contains("panicked"), "{log}");
        } else {
            println!("the gateway said:\n{}", self.log());
        }
    }
}

fn spawn(site: &Site) -> Child {
    site.write();
    let stderr = File::options().create(true).append(true).open(site.path("stderr")).unwrap();
    site.command()
        .args(["serve", "--config", "portico.toml", "--ready-file", "ready.json"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .expect("the gateway's program starts")
}

/// Waits for the ready file of a child that says its errors into `stderr` in the same folder.
pub async fn await_ready(child: &mut Child, folder: &Path) -> Value {
    let file: PathBuf = folder.join("ready.json");
    let ready = wait_for(
        async || {
            if let Ok(text) = fs::read_to_string(&file) {
                return Some(serde_json::from_str(&text).unwrap());
            }
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended with {ended:?}:\n{}", read(&folder.join("stderr")));
            None
        },
        PATIENCE,
    );
    ready.await.expect("it is ready in time")
}

pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("sh").args(["-c", r#"kill -s "$1" "$2""#, "sh", name, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

pub fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn address(url: &str) -> SocketAddr {
    url.split_once("://").unwrap().1.parse().unwrap()
}

/// One request; an empty token sends none.
pub async fn ask(
    api: &str,
    method: &str,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut all = headers.to_vec();
    if !token.is_empty() {
        all.push(("Authorization", &bearer));
    }
    if body.is_empty() && matches!(method, "PUT" | "POST") {
        all.push(("Content-Length", "0"));
    }
    let reply = client::request(method, &format!("{api}{path}"), &all, body).await;
    Answer(reply.unwrap_or_else(|error| panic!("{method} {path}: {error}")))
}
