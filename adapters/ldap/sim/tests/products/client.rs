//! `ldapsearch` and its like, and what they say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use portico_ldap_sim::{Dialect, Options, Sim};
use portico_servers::{Product, prepare};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// For one program to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server to ask, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    pub url: String,
    pub dn: String,
    pub password: String,
    pub base: String,
    pub ca: PathBuf,
}

/// What a program said.
#[derive(Debug, Clone)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: Option<i32>,
}

impl Said {
    /// Lines of the output that begin so, without that.
    pub fn after<'a>(&'a self, start: &'a str) -> Vec<&'a str> {
        self.out.lines().filter_map(|line| line.strip_prefix(start)).collect()
    }

    pub fn names(&self) -> usize {
        self.out.lines().filter(|line| line.starts_with("dn:")).count()
    }
}

/// Whether the programs are there; they come with slapd. In CI they have to be.
pub fn installed() -> bool {
    match prepare(Product::Slapd) {
        Ok(()) => true,
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{error:#}");
            eprintln!("not run: {error:#}");
            false
        }
    }
}

impl Target {
    pub async fn run(&self, program: &str, arguments: &[&str], input: &str) -> Said {
        let mut command = Command::new(program);
        command.args(["-x", "-o", "nettimeout=20", "-H", &self.url]);
        if !self.dn.is_empty() {
            command.args(["-D", &self.dn, "-w", &self.password]);
        }
        command.args(arguments).env("LDAPTLS_CACERT", &self.ca);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("{program} {arguments:?} did not end")).unwrap();
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        Said { out: text(&output.stdout), err: text(&output.stderr), code: output.status.code() }
    }

    /// Lines are not folded.
    pub async fn search(&self, arguments: &[&str]) -> Said {
        let mut all = vec!["-o", "ldif-wrap=no"];
        if !arguments.contains(&"-b") {
            all.extend(["-b", &self.base]);
        }
        all.extend(arguments);
        self.run("ldapsearch", &all, "").await
    }

    pub async fn modify(&self, ldif: &str) {
        let said = self.run("ldapmodify", &[], ldif).await;
        assert_eq!(said.code, Some(0), "{}", said.err);
    }

    pub fn with(&self, dn: &str, password: &str) -> Self {
        Self { dn: dn.to_owned(), password: password.to_owned(), ..self.clone() }
    }
}

/// A simulator with its certificate in a file.
pub struct Started {
    pub sim: Sim,
    /// As the gateway's account: plain at OpenLDAP, TLS at Active Directory.
    pub gateway: Target,
    pub admin: Target,
    _home: tempfile::TempDir,
}

pub async fn start(options: Options) -> Started {
    let dialect = options.dialect;
    let sim = Sim::start(options).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let ca = home.path().join("ca.pem");
    std::fs::write(&ca, &sim.certificate_pem).unwrap();
    let url = match dialect {
        Dialect::OpenLdap => sim.url(),
        Dialect::ActiveDirectory => sim.tls_url(),
    };
    let base = sim.base.clone();
    let gateway = Target { url, dn: sim.bind_dn.clone(), password: sim.bind_password.clone(), base, ca };
    let admin = gateway.with(&sim.admin_dn, &sim.bind_password);
    Started { sim, gateway, admin, _home: home }
}

/// Entries of LDIF output by name: the lines of each, sorted.
pub fn entries(ldif: &str) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    let unfolded = ldif.replace("\n ", "");
    for block in unfolded.split("\n\n") {
        let mut lines: Vec<String> = block
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(str::to_owned)
            .collect();
        let Some(name) = lines.first().filter(|line| line.starts_with("dn:")).cloned() else { continue };
        lines.remove(0);
        lines.sort();
        assert!(all.insert(name.clone(), lines).is_none(), "{name} twice");
    }
    all
}

/// A recording, its command line left out.
pub fn recording(product: &str, name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(product);
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.lines().filter(|line| !line.starts_with("# exit")).collect::<Vec<_>>().join("\n")
}

/// The form of a text: digits and letters made alike, so that only what is between them counts.
pub fn form(text: &str) -> String {
    let mut form = String::new();
    for c in text.chars() {
        let kind = if c.is_numeric() {
            '9'
        } else if c.is_alphabetic() {
            'a'
        } else {
            c
        };
        if !(form.ends_with(kind) && kind.is_alphanumeric()) {
            form.push(kind);
        }
    }
    form
}
