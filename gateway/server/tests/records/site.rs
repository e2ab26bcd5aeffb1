//! A folder with a configuration and a store in it, and the program.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use portico_simkit::wait::wait_blocking;
use portico_store::{
    Actor, Begun, Digest, IdempotencyKey, Intent, IntentId, NewDecision, NewIntent, Outcome, Settlement,
    Store, StoreConfig, Target, Trace,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const CONFIGURATION: &str = r#"
[listen]
api = "127.0.0.1:0"
ops = "127.0.0.1:0"
[runtime]
workers = 2
linger_ms = 0
drain_timeout_ms = 2000
[auth]
issuer = "https://login.council.example/"
audience = "portico"
[[auth.keys]]
id = "login"
algorithm = "ES256"
file = "login/public.pem"
[[policy.rules]]
resource = "documents"
actions = ["read"]
who = "role:staff"
[ops]
token = "file:ops-token"
[data]
dir = "data"
[systems.contracts]
title = "Contracts"
adapter = "webdav"
owner = { team = "IT", contact = "4400", hours = "8 to 18" }
settings = { base_url = "http://127.0.0.1:1/" }
"#;

pub const TOKEN: &str = "operators-only-0123456789";

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Site {
    folder: TempDir,
}

impl Site {
    pub fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(site.path("portico.toml"), CONFIGURATION).unwrap();
        fs::write(site.path("ops-token"), TOKEN).unwrap();
        fs::create_dir(site.path("data")).unwrap();
        let made = site.command().args(["token", "--new-key", "login"]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        site
    }

    /// Adds tables to the configuration.
    pub fn with(self, tables: &str) -> Self {
        fs::write(self.path("portico.toml"), format!("{CONFIGURATION}{tables}")).unwrap();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portico"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("USER", "kim")
            .env("PORTICO_CONFIG", "portico.toml");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said(self.command().args(arguments).output().unwrap())
    }

    /// Starts the gateway and waits until it is ready.
    pub fn serve(&self) -> Gateway<'_> {
        let ready = self.path("ready.json");
        drop(fs::remove_file(&ready));
        let log = fs::File::create(self.path("stderr")).unwrap();
        let mut child = self
            .command()
            .args(["serve", "--ready-file", "ready.json"])
            .stderr(log)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let told = wait_blocking(
            || {
                let ended = child.try_wait().unwrap();
                assert!(ended.is_none(), "{ended:?}\n{}", self.log());
                let text = fs::read_to_string(&ready).ok()?;
                Some(serde_json::from_str::<Value>(&text).unwrap())
            },
            PATIENCE,
        );
        let told = told.unwrap_or_else(|_| panic!("it is not ready\n{}", self.log()));
        let ops = told["ops"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
        Gateway { site: self, child, ops }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap_or_default()
    }

    pub fn store_path(&self) -> PathBuf {
        self.path("data/store.sqlite")
    }

    /// Works on the store while nobody else has it.
    pub fn with_store<T>(&self, work: impl AsyncFnOnce(&Store) -> T) -> T {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = Store::open(&StoreConfig::sqlite(self.store_path())).await.unwrap();
            let done = work(&store).await;
            store.close().await;
            done
        })
    }

    /// Writes that are unknown, confirmed (with a decision), and under way when the process ended.
    pub fn seeded() -> (Self, Seeded) {
        let site = Self::new();
        let seeded = site.with_store(async |store| {
            let lost = begin(store, "lost", None).await;
            let unknown = Outcome::Unknown { problem: None, look_after: Duration::from_secs(3_600) };
            store.settle(lost.id, Settlement::of_call(unknown)).await.unwrap();
            let decision = NewDecision {
                decision: "approve".to_owned(),
                shown_as: Some("EXP-0042".to_owned()),
                version: Some("7".to_owned()),
                declaration: Some("I have seen the receipts, all of them".to_owned()),
                comment: Some("=HYPERLINK(\"http://evil.example\")".to_owned()),
            };
            let decided = begin(store, "decided", Some(decision)).await;
            let confirmed = Outcome::Confirmed { native_id: Some("hr.expense,42".to_owned()) };
            store.settle(decided.id, Settlement::of_call(confirmed)).await.unwrap();
            let under_way = begin(store, "under way", None).await;
            Seeded { lost: lost.id, decided: decided.id, under_way: under_way.id }
        });
        (site, seeded)
    }
}

pub struct Seeded {
    pub lost: IntentId,
    pub decided: IntentId,
    pub under_way: IntentId,
}

async fn begin(store: &Store, key: &str, decision: Option<NewDecision>) -> Intent {
    let begun = store
        .begin_intent(NewIntent {
            id: IntentId::new(),
            key: IdempotencyKey {
                subject: "anna".to_owned(),
                route: "POST /v1/tasks/{id}/decisions".to_owned(),
                key: key.to_owned(),
            },
            digest: Digest::of(key.as_bytes()),
            target: Target {
                system: "odoo".to_owned(),
                action: "tasks decide".to_owned(),
                resource_type: "task".to_owned(),
                native_id: Some("hr.expense,42".to_owned()),
            },
            actor: Actor { subject: "anna".to_owned(), person: None, on_behalf_of: None },
            expected: json!({ "state": "approved" }),
            lease: Duration::from_secs(3_600),
            trace: Trace::default(),
            decision,
            events: Vec::new(),
        })
        .await;
    match begun.unwrap() {
        Begun::New(intent) => intent,
        other => panic!("{other:?}"),
    }
}

/// What a command said, and how it ended.
pub struct Said(Output);

impl Said {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned() + &String::from_utf8_lossy(&self.0.stderr)
    }

    /// What it said, if it ended so.
    #[track_caller]
    pub fn with(self, code: i32) -> String {
        assert_eq!(self.0.status.code(), Some(code), "{}", self.text());
        self.text()
    }
}

/// A gateway that runs.
pub struct Gateway<'a> {
    site: &'a Site,
    child: Child,
    pub ops: SocketAddr,
}

impl Gateway<'_> {
    /// What `/status` says of the store.
    pub fn store_status(&self) -> Value {
        let request = format!(
            "GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
        );
        let answer = self.exchange(&request);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str::<Value>(body).unwrap()["store"].take()
    }

    pub fn exchange(&self, request: &str) -> String {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.ops).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// SIGTERM, and the end of it.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", r#"kill -s TERM "$1""#, "sh", &pid]).status().unwrap();
        assert!(sent.success());
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}\n{}", self.site.log());
    }
}

impl Drop for Gateway<'_> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
