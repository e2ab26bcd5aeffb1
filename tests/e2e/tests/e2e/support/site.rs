//! A folder with a configuration, its secrets and its keys.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portico_servers::gateway_binary;
use tempfile::TempDir;

use super::gateway::{Gateway, Person};

/// What operators send.
pub const OPS_TOKEN: &str = "an-operators-token-of-a-test";

/// What a gateway is configured with. Staff read everything, writers write everything.
pub struct Site {
    folder: TempDir,
    systems: String,
    sections: String,
    runtime: String,
    listen: String,
    environment: Vec<(String, String)>,
}

impl Site {
    /// A site without systems; it waits for nobody when it stops.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("portico-e2e-").tempdir().unwrap();
        let site = Self {
            folder,
            systems: String::new(),
            sections: String::new(),
            runtime: "linger_ms = 0\ndrain_timeout_ms = 5000\n".to_owned(),
            listen: String::new(),
            environment: Vec::new(),
        };
        fs::write(site.path("ops-token"), OPS_TOKEN).unwrap();
        let made = site.portico(&["token", "--new-key", "login"]);
        assert!(made.status.success(), "{made:?}");
        site
    }

    /// A site over WebDAV stores, all with this account.
    pub fn over(stores: &[(&str, &str)], account: (&str, &str)) -> Self {
        stores.iter().fold(Self::new(), |site, (key, url)| site.store(key, url, account, "", ""))
    }

    /// Adds a WebDAV store, with lines for its `limits` table and for the limits of the adapter.
    pub fn store(mut self, key: &str, url: &str, account: (&str, &str), limits: &str, wire: &str) -> Self {
        fs::write(self.path(&format!("{key}-password")), account.1).unwrap();
        write!(
            self.systems,
            "[systems.{key}]\ntitle = \"Store {key}\"\nadapter = \"webdav\"\n\
             [systems.{key}.owner]\nteam = \"Team {key}\"\ncontact = \"{key}@council.example\"\nhours = \"always\"\n\
             [systems.{key}.limits]\n{limits}\n\
             [systems.{key}.settings]\nbase_url = \"{url}\"\n\
             credentials = {{ username = \"{}\", password = \"file:{key}-password\" }}\n\
             [systems.{key}.settings.limits]\n{wire}\n",
            account.0
        )
        .unwrap();
        self
    }

    /// Replaces all systems, in the file that a running gateway reads again too.
    pub fn replace_systems(&mut self, tables: &str) {
        tables.clone_into(&mut self.systems);
        self.write();
    }

    /// The tables of all systems.
    pub fn systems(&self) -> &str {
        &self.systems
    }

    /// Adds whole tables.
    pub fn with(mut self, tables: &str) -> Self {
        self.sections.push_str(tables);
        self.sections.push('\n');
        self
    }

    /// Replaces the lines of `[runtime]`.
    pub fn runtime(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.runtime);
        self
    }

    /// Adds lines and tables to `[listen]`.
    pub fn listen(mut self, lines: &str) -> Self {
        self.listen.push_str(lines);
        self
    }

    /// Adds a variable to the environment of the program, whatever it is run for.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program, to run in the site's folder with its variables.
    pub fn command(&self) -> Command {
        let mut command = command(self.folder());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A file of the site.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the configuration; its path.
    pub fn write(&self) -> PathBuf {
        let text = format!(
            r#"
[listen]
api = "127.0.0.1:0"
ops = "127.0.0.1:0"
{}
[runtime]
{}
[auth]
issuer = "https://login.council.example/"
audience = "portico"

[[auth.keys]]
id = "login"
algorithm = "ES256"
file = "login/public.pem"

[[policy.rules]]
name = "Staff read"
resource = "documents"
actions = ["read"]
who = "role:staff"

[[policy.rules]]
name = "Writers write"
resource = "documents"
actions = ["read", "write"]
who = "role:writer"

[ops]
token = "file:ops-token"

[data]
dir = "data"
{}
{}
"#,
            self.listen, self.runtime, self.sections, self.systems
        );
        let path = self.path("portico.toml");
        fs::write(&path, text).unwrap();
        path
    }

    /// Runs a command of the program in the site's folder, to its end.
    pub fn portico(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().expect("the gateway's program runs")
    }

    /// A token by the command line.
    pub fn token(&self, person: &Person) -> String {
        self.write();
        let mut arguments = vec![
            "token",
            "--config",
            "portico.toml",
            "--key",
            "login/private.pem",
            "--subject",
            person.subject,
        ];
        for role in person.roles {
            arguments.extend(["--role", role]);
        }
        let made = self.portico(&arguments);
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    /// Starts a gateway and waits until it is ready.
    pub async fn start(self) -> Gateway {
        Gateway::start(self).await
    }
}

/// The program without the settings of whoever runs the tests.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(gateway_binary());
    command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("TMPDIR", std::env::temp_dir());
    command
}
