//! OpenLDAP's slapd with a configuration and a database of our own.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::directory::{Directory, DirectoryServer, MemberOf};
use crate::process::{Spec, lasting_addr};
use crate::{PASSWORD, certificate, install};

const BASE: &str = "dc=council,dc=example";
const ACCOUNT: &str = "cn=portico,ou=services,dc=council,dc=example";
const UNLIMITED: &str = "cn=replica,ou=services,dc=council,dc=example";
const ADMIN: &str = "cn=admin,dc=council,dc=example";

/// Where Debian has the modules and the schema; other systems set them in `PORTICO_SLAPD_MODULES` and
/// `PORTICO_SLAPD_SCHEMA`.
const MODULES: &str = "/usr/lib/ldap";
const SCHEMA: &str = "/etc/ldap/schema";

/// A dozen people for whoever brings none.
const PEOPLE: &str = include_str!("slapd.ldif");

pub(crate) fn spec(home: &Path, directory: &Directory) -> anyhow::Result<Spec> {
    let (addr, tls_addr) = (lasting_addr()?, lasting_addr()?);
    let program = own_copy(home)?;
    let certificate = certificate::make(home, "DNS:localhost,IP:127.0.0.1")?;
    let database = home.join("data");
    fs::create_dir(&database)?;
    fs::set_permissions(&database, fs::Permissions::from_mode(0o700))?;
    let file = home.join("slapd.conf");
    fs::write(&file, config(home, &certificate, directory.member_of))?;
    load(&program, &file, &entries(home, directory)?)?;
    let command = [
        &*program.to_string_lossy(),
        "-f",
        &file.to_string_lossy(),
        "-h",
        &format!("ldap://{addr} ldaps://{tls_addr}"),
        // In the foreground, saying only what it says whatever the level.
        "-d",
        "none",
    ]
    .map(str::to_owned);
    let server = server(tls_addr, certificate.authority);
    Ok(Spec { data: Some(database), directory: Some(server), ..Spec::new(command.to_vec(), addr) })
}

fn server(tls_addr: SocketAddr, ca: PathBuf) -> DirectoryServer {
    DirectoryServer { tls_addr, ca, base: BASE, account: ACCOUNT, unlimited: UNLIMITED, admin: ADMIN }
}

/// Where AppArmor holds the installed slapd to its own folders, it does so by the program's path.
fn own_copy(home: &Path) -> anyhow::Result<PathBuf> {
    let program = install::program("slapd").context("there is no slapd")?;
    let copy = home.join("slapd");
    fs::copy(&program, &copy).with_context(|| format!("cannot copy {}", program.display()))?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755))?;
    Ok(copy)
}

/// Limits as in an installation that thinks of address book clients: 500 entries a search, a page of at most 500, and an
/// error for a larger one. Nothing is flushed to disk for every write: the machine does not crash in a test.
fn config(home: &Path, certificate: &certificate::Certificate, member_of: MemberOf) -> String {
    let folder = |variable, usual: &str| std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let modules = folder("PORTICO_SLAPD_MODULES", MODULES);
    let schema = folder("PORTICO_SLAPD_SCHEMA", SCHEMA);
    let (load_member_of, overlay_member_of) = match member_of {
        MemberOf::Kept => ("moduleload memberof", "overlay memberof"),
        MemberOf::Unknown => ("", ""),
    };
    let home = home.display();
    let (ca, chain, key) =
        (certificate.authority.display(), certificate.chain.display(), certificate.key.display());
    format!(
        "include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
moduleload syncprov
moduleload sssvlv
{load_member_of}
pidfile {home}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {chain}
TLSCertificateKeyFile {key}
TLSVerifyClient never
threads 8
sizelimit 500
database mdb
suffix \"{BASE}\"
rootdn \"{ADMIN}\"
rootpw {PASSWORD}
directory {home}/data
maxsize 8589934592
dbnosync
index objectClass,uid,employeeNumber,mail,manager,member,entryUUID,entryCSN eq
limits dn.exact=\"{ACCOUNT}\" size.soft=500 size.hard=500 size.pr=500 size.prtotal=unlimited
limits dn.exact=\"{UNLIMITED}\" size=unlimited time=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact=\"{ACCOUNT}\" read by dn.exact=\"{UNLIMITED}\" read by * none
{overlay_member_of}
overlay syncprov
syncprov-checkpoint 100 10
syncprov-sessionlog 10000
overlay sssvlv
"
    )
}

/// The base entry, the accounts and the caller's entries in one file.
fn entries(home: &Path, directory: &Directory) -> anyhow::Result<PathBuf> {
    let path = home.join("entries.ldif");
    let mut file = BufWriter::new(File::create(&path)?);
    write!(
        file,
        "dn: {BASE}\nobjectClass: organization\nobjectClass: dcObject\ndc: council\no: Council\n\n\
         dn: ou=services,{BASE}\nobjectClass: organizationalUnit\nou: services\n\n"
    )?;
    for (name, dn) in [("portico", ACCOUNT), ("replica", UNLIMITED)] {
        write!(
            file,
            "dn: {dn}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: {name}\n\
             userPassword: {PASSWORD}\n\n"
        )?;
    }
    match &directory.ldif {
        None => copy_lines(PEOPLE.as_bytes(), &mut file, directory.member_of)?,
        Some(ldif) => {
            let given = File::open(ldif).with_context(|| format!("cannot read {}", ldif.display()))?;
            copy_lines(BufReader::new(given), &mut file, directory.member_of)?;
        }
    }
    file.flush()?;
    Ok(path)
}

/// Copies LDIF, without `memberOf` where the server would not know it.
fn copy_lines(
    from: impl std::io::BufRead,
    to: &mut impl std::io::Write,
    member_of: MemberOf,
) -> anyhow::Result<()> {
    let mut dropping = false;
    for line in from.lines() {
        let line = line?;
        // A line that begins with a space continues the one before.
        if !line.starts_with(' ') {
            dropping = member_of == MemberOf::Unknown && line.starts_with("memberOf:");
        }
        if !dropping {
            writeln!(to, "{line}")?;
        }
    }
    Ok(())
}

fn load(program: &Path, config: &Path, entries: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    // `-q` checks less and is many times quicker: 100,000 people in seconds.
    command.args(["-T", "add", "-q", "-f"]).arg(config).arg("-l").arg(entries);
    let output = command.output().context("cannot run slapadd")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "slapadd refused the entries: {}", install::tail(&said));
    Ok(())
}
