//! slapd with people in it, and what the command line gets out of it.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use portico_servers::{Directory, PASSWORD, Product, Running, Setup};
use portico_simkit::council::{Council, DEMO_SEED, ldif};
use tempfile::TempDir;

use crate::process::SUBJECT_CORE;

pub const BASE: &str = "dc=council,dc=example";

/// What the gateway reads of every person. The others are asked for the same.
pub const ATTRIBUTES: [&str; 33] = [
    "entryUUID",
    "createTimestamp",
    "modifyTimestamp",
    "entryCSN",
    "pwdAccountLockedTime",
    "pwdEndTime",
    "shadowExpire",
    "uid",
    "displayName",
    "cn",
    "givenName",
    "sn",
    "title",
    "mail",
    "telephoneNumber",
    "mobile",
    "homePhone",
    "facsimileTelephoneNumber",
    "employeeNumber",
    "o",
    "ou",
    "departmentNumber",
    "roomNumber",
    "physicalDeliveryOfficeName",
    "preferredLanguage",
    "postalAddress",
    "street",
    "l",
    "st",
    "postalCode",
    "co",
    "c",
    "manager",
];

/// People of the demo's council, as files: for slapd, and for those who search in memory.
pub struct Staff {
    folder: TempDir,
    pub council: Council,
}

impl Staff {
    pub fn new(people: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("portico-bench-people-").tempdir()?;
        let council = Council::generate(DEMO_SEED, people);
        let mut to = BufWriter::new(File::create(folder.path().join("council.ldif"))?);
        ldif::write(&council, ldif::Schema::OpenLdap, BASE, true, &mut to)?;
        to.flush()?;
        let people: Vec<_> = council
            .people
            .iter()
            .map(|one| {
                serde_json::json!({
                    "id": one.id, "userName": one.username, "displayName": one.display_name,
                    "name": { "givenName": one.given_name, "familyName": one.family_name },
                    "title": one.title, "department": one.department, "employeeNumber": one.employee_number,
                    "emails": [{ "value": one.mail }],
                    "phoneNumbers": [{ "value": ldif::telephone(one) }],
                })
            })
            .collect();
        std::fs::write(folder.path().join("names.json"), serde_json::to_vec(&people)?)?;
        Ok(Self { folder, council })
    }

    /// The JSON file of everybody.
    pub fn names(&self) -> String {
        self.folder.path().join("names.json").to_string_lossy().into_owned()
    }

    /// A slapd with everybody, on this core.
    pub fn slapd(&self, core: usize) -> Result<Running> {
        let directory =
            Directory { ldif: Some(self.folder.path().join("council.ldif")), ..Directory::default() };
        let setup = Setup { directory, core: Some(core), ..Setup::default() };
        Ok(portico_servers::start_with(Product::Slapd, &setup)?)
    }
}

/// `ldapsearch` for everybody, in pages of 500 as the gateway asks for them, on the subjects' core.
fn ldapsearch(slapd: &Running, filter: &str, attributes: &[&str], output: Stdio) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &SUBJECT_CORE.to_string(), "ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no"]);
    command.args([
        "-H",
        &format!("ldap://{}", slapd.addr),
        "-D",
        slapd.directory().unlimited,
        "-w",
        PASSWORD,
    ]);
    command.args(["-b", &format!("ou=people,{BASE}"), "-E", "pr=500/noprompt", filter]).args(attributes);
    command.stdin(Stdio::null()).stdout(output).stderr(Stdio::null());
    command
}

const EVERYBODY: &str = "(objectClass=inetOrgPerson)";

/// How long `ldapsearch` takes for everybody, and with an answer of nobody: what of that is its start, its bind and its end.
pub fn time_ldapsearch(slapd: &Running) -> Result<(Duration, Duration)> {
    let time = |filter| -> Result<Duration> {
        let from = Instant::now();
        let done = ldapsearch(slapd, filter, &ATTRIBUTES, Stdio::null()).status().context("ldapsearch")?;
        ensure!(done.success(), "ldapsearch failed");
        Ok(from.elapsed())
    };
    Ok((time(EVERYBODY)?, time("(uid=nobody at all)")?))
}

/// The ids that this slapd gave its people.
pub fn ids(slapd: &Running) -> Result<Vec<String>> {
    let output =
        ldapsearch(slapd, EVERYBODY, &["entryUUID"], Stdio::piped()).output().context("ldapsearch")?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().filter_map(|line| line.strip_prefix("entryUUID: ")).map(str::to_owned).collect())
}

/// Which slapd.
pub fn version() -> String {
    let output =
        Command::new("sh").args(["-c", "PATH=$PATH:/usr/sbin:/usr/local/sbin slapd -VV 2>&1"]).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let version = text.split_whitespace().skip_while(|word| *word != "slapd").nth(1);
    version.map_or_else(|| "unknown".to_owned(), |version| format!("OpenLDAP {version}"))
}
