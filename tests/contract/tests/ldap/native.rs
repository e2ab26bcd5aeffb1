//! Changing directories past the adapter: real ones with the programs of OpenLDAP, simulated ones from inside.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portico_contract_suite::{Hooked, KnownPerson, NativeDirectory};
use portico_ldap_sim::{EditFault, Sim};
use portico_simkit::council::ldif::Schema;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// `ldapadd` and its like, as an administrator over TLS.
pub struct Programs {
    pub schema: Schema,
    pub url: String,
    pub ca: PathBuf,
    pub admin: String,
    pub password: String,
    /// Below it are the people.
    pub base: String,
}

impl Programs {
    fn user_name(&self) -> &'static str {
        match self.schema {
            Schema::OpenLdap => "uid",
            Schema::ActiveDirectory => "sAMAccountName",
        }
    }

    async fn run(&self, program: &str, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut command = Command::new(program);
        command.args(["-x", "-H", &self.url, "-D", &self.admin, "-w", &self.password]).args(arguments);
        command.env("LDAPTLS_CACERT", &self.ca).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await.map_err(|error| error.to_string())?;
        }
        let output = child.wait_with_output().await.map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(said),
            false => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        }
    }

    async fn dn(&self, user_name: &str) -> Result<String, String> {
        let filter = format!("({}={user_name})", self.user_name());
        let arguments = ["-LLL", "-o", "ldif-wrap=no", "-b", &self.base, &filter, "1.1"];
        let said = self.run("ldapsearch", &arguments, "").await?;
        for line in said.lines() {
            if let Some(dn) = line.strip_prefix("dn: ") {
                return Ok(dn.to_owned());
            }
            if let Some(dn) = line.strip_prefix("dn:: ") {
                let octets = STANDARD.decode(dn).map_err(|error| error.to_string())?;
                return String::from_utf8(octets).map_err(|error| error.to_string());
            }
        }
        Err(format!("there is nobody called {user_name}"))
    }

    async fn modify(&self, dn: &str, changes: &[(&str, &str)]) -> Result<(), String> {
        let mut text = line("dn", dn) + "changetype: modify\n";
        for (attribute, value) in changes {
            let _ = write!(text, "replace: {attribute}\n{}-\n", line(attribute, value));
        }
        self.run("ldapmodify", &[], &text).await.map(drop)
    }

    async fn add_entry(&self, person: &KnownPerson) -> Result<(), String> {
        let kind = if self.schema == Schema::OpenLdap { "inetOrgPerson" } else { "user" };
        let common = person.display_name.as_str();
        let mut text = line("dn", &format!("cn={},{}", escape(common), self.base));
        let pairs = [
            ("objectClass", Some(kind)),
            ("cn", Some(common)),
            (self.user_name(), Some(&person.user_name)),
            ("displayName", Some(&person.display_name)),
            ("givenName", Some(&person.given_name)),
            ("sn", Some(&person.family_name)),
            ("title", person.title.as_deref()),
            ("employeeNumber", person.employee_number.as_deref()),
            ("mail", person.email.as_deref()),
            ("telephoneNumber", person.telephone.as_deref()),
            // An account that needs no password.
            ("userAccountControl", (self.schema == Schema::ActiveDirectory).then_some("544")),
        ];
        for (attribute, value) in pairs {
            text.extend(value.map(|value| line(attribute, value)));
        }
        self.run("ldapadd", &[], &text).await.map(drop)
    }

    async fn rename_entry(&self, user_name: &str, to: &str) -> Result<(), String> {
        let dn = self.dn(user_name).await?;
        let text =
            line("dn", &dn) + &format!("changetype: modrdn\nnewrdn: cn={to} renamed\ndeleteoldrdn: 1\n");
        self.run("ldapmodify", &[], &text).await?;
        let dn = format!("cn={to} renamed,{}", self.base);
        self.modify(&dn, &[(self.user_name(), to)]).await
    }
}

/// A line of LDIF (RFC 2849) that may hold anything.
fn line(attribute: &str, value: &str) -> String {
    format!("{attribute}:: {}\n", STANDARD.encode(value))
}

/// A value in a name (RFC 4514, section 2.4).
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for (at, letter) in value.char_indices() {
        match letter {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => escaped.extend(['\\', letter]),
            '#' | ' ' if at == 0 => escaped.extend(['\\', letter]),
            _ => escaped.push(letter),
        }
    }
    escaped
}

impl NativeDirectory for Programs {
    fn add<'a>(&'a self, person: &'a KnownPerson) -> Hooked<'a, ()> {
        Box::pin(self.add_entry(person))
    }

    fn edit_title<'a>(&'a self, user_name: &'a str, title: &'a str) -> Hooked<'a, ()> {
        Box::pin(async move { self.modify(&self.dn(user_name).await?, &[("title", title)]).await })
    }

    fn rename<'a>(&'a self, user_name: &'a str, to: &'a str) -> Hooked<'a, ()> {
        Box::pin(self.rename_entry(user_name, to))
    }

    fn delete<'a>(&'a self, user_name: &'a str) -> Hooked<'a, ()> {
        Box::pin(async move {
            let dn = self.dn(user_name).await?;
            self.run("ldapdelete", &["-v"], &format!("{dn}\n")).await.map(drop)
        })
    }
}

/// The simulator, from inside.
pub struct Simulated {
    pub sim: Arc<Sim>,
    pub schema: Schema,
}

impl Simulated {
    fn add_person(&self, person: &KnownPerson) -> Result<(), EditFault> {
        let user_name = person.user_name.as_str();
        // Entries of Active Directory are named by the person's names: those of the suite are many of one name.
        self.sim.add(user_name, user_name, &person.family_name)?;
        let pairs = [
            ("givenName", Some(&person.given_name)),
            ("displayName", Some(&person.display_name)),
            ("title", person.title.as_ref()),
            ("employeeNumber", person.employee_number.as_ref()),
            ("mail", person.email.as_ref()),
            ("telephoneNumber", person.telephone.as_ref()),
        ];
        for (attribute, value) in pairs {
            if let Some(value) = value {
                self.sim.edit(user_name, attribute, &[value])?;
            }
        }
        Ok(())
    }

    fn rename_person(&self, user_name: &str, to: &str) -> Result<(), EditFault> {
        match self.schema {
            Schema::OpenLdap => self.sim.rename(user_name, "uid", to),
            Schema::ActiveDirectory => {
                self.sim.rename(user_name, "cn", to)?;
                self.sim.edit(user_name, "sAMAccountName", &[to])
            }
        }
    }
}

/// What a change came to, at once.
fn done(result: Result<(), EditFault>) -> Hooked<'static, ()> {
    let result = result.map_err(|fault| fault.to_string());
    Box::pin(async { result })
}

impl NativeDirectory for Simulated {
    fn add<'a>(&'a self, person: &'a KnownPerson) -> Hooked<'a, ()> {
        done(self.add_person(person))
    }

    fn edit_title<'a>(&'a self, user_name: &'a str, title: &'a str) -> Hooked<'a, ()> {
        done(self.sim.edit(user_name, "title", &[title]))
    }

    fn rename<'a>(&'a self, user_name: &'a str, to: &'a str) -> Hooked<'a, ()> {
        done(self.rename_person(user_name, to))
    }

    fn delete<'a>(&'a self, user_name: &'a str) -> Hooked<'a, ()> {
        done(self.sim.delete(user_name))
    }
}
