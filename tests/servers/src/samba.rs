//! Samba as an Active Directory domain controller, with a domain of our own on a loopback address of its own.
//!
//! A domain controller listens on ports that cannot be chosen (389, 636, 3268, 3269). Linux answers on every address of
//! 127.0.0.0/8, so each server takes one for itself, and several run side by side without a network namespace.
//! Ports below 1024 want root.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};

use crate::directory::{Directory, DirectoryServer};
use crate::process::{Spec, chance};
use crate::{certificate, install};

const BASE: &str = "DC=ad,DC=council,DC=example";
const ACCOUNT: &str = "portico@ad.council.example";
const UNLIMITED: &str = "replica@ad.council.example";
const ADMIN: &str = "Administrator@ad.council.example";

const PORTS: [u16; 4] = [389, 636, 3268, 3269];

/// Only until the rules for passwords are eased, which our own does not meet.
const FIRST_PASSWORD: &str = "Portico-test-1";

/// A machine under load may need a while to open its databases.
const PATIENCE: Duration = Duration::from_secs(60);

/// Templates kept on this machine, 35 MB each.
const TEMPLATES: usize = 6;

/// The accounts. The passwords are [`crate::PASSWORD`] in quotation marks, UTF-16, as the schema wants them.
const ACCOUNTS: &str = include_str!("samba-accounts.ldif");
/// Anybody may read; reading changes (DirSync) wants the right to replicate, which administrators have.
const RIGHTS: &str = include_str!("samba-rights.ldif");
/// A dozen people for whoever brings none.
const PEOPLE: &str = include_str!("samba.ldif");

pub(crate) fn spec(home: &Path, directory: &Directory) -> anyhow::Result<Spec> {
    ensure!(install::is_root(), "a domain controller listens on ports below 1024: run the tests as root");
    let address = free_address()?;
    let people = match &directory.ldif {
        Some(file) => fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
        None => PEOPLE.to_owned(),
    };
    let data = home.join("data");
    copy_template(&people, &data)?;
    let names = format!("DNS:localhost,DNS:dc1.ad.council.example,IP:{address}");
    let certificate = certificate::make(home, &names)?;
    fs::set_permissions(&certificate.key, fs::Permissions::from_mode(0o600))?;
    let tls = format!(
        "tls certfile = {}\ntls keyfile = {}\ntls cafile = {}\n",
        certificate.chain.display(),
        certificate.key.display(),
        certificate.authority.display()
    );
    let network = format!("interfaces = {address}/8\nbind interfaces only = yes\n");
    let file = home.join("smb.conf");
    fs::write(&file, config(&data, &format!("{network}{tls}")))?;
    let program = install::program("samba").context("there is no samba")?;
    // One process for everything: quick to start, and gone at once.
    let command =
        [&*program.to_string_lossy(), "-F", "--no-process-group", "-M", "single", "--debug-stdout", "-s"]
            .map(str::to_owned)
            .into_iter()
            .chain([file.to_string_lossy().into_owned()])
            .collect();
    let server = DirectoryServer {
        tls_addr: SocketAddr::new(address, 636),
        ca: certificate.authority,
        base: BASE,
        account: ACCOUNT,
        unlimited: UNLIMITED,
        admin: ADMIN,
    };
    Ok(Spec {
        data: Some(data),
        directory: Some(server),
        patience: PATIENCE,
        ..Spec::new(command, SocketAddr::new(address, 389))
    })
}

/// Everything that Samba would keep in the machine's folders lies below `data`.
fn config(data: &Path, more: &str) -> String {
    let data = data.display();
    format!(
        "[global]
netbios name = DC1
realm = AD.COUNCIL.EXAMPLE
workgroup = COUNCIL
server role = active directory domain controller
server services = ldap
dcerpc endpoint servers =
disable netbios = yes
private dir = {data}/private
state directory = {data}/state
lock directory = {data}/lock
cache directory = {data}/cache
pid directory = {data}/pid
ncalrpc dir = {data}/ncalrpc
winbindd socket directory = {data}/winbindd
ntp signd socket directory = {data}/ntp
binddns dir = {data}/bind-dns
log file = {data}/log
log level = 1
{more}"
    )
}

/// An address of 127.0.0.0/8 whose ports nobody has.
fn free_address() -> anyhow::Result<IpAddr> {
    (0..50)
        .map(|_| {
            let [a, b, c, ..] = chance().to_le_bytes();
            IpAddr::from(Ipv4Addr::new(127, a % 254 + 1, b, c % 254 + 1))
        })
        .find(|address| PORTS.iter().all(|&port| TcpListener::bind((*address, port)).is_ok()))
        .context("no loopback address with the free ports 389, 636, 3268 and 3269")
}

/// A domain with these people in it, at `data`. Making one takes seconds, so each is made once on a machine and copied.
fn copy_template(people: &str, data: &Path) -> anyhow::Result<()> {
    let folder = install::folder()?.join("samba");
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock().context("cannot lock the templates")?;
    let empty = template(&folder, &[ACCOUNTS, RIGHTS], provision)?;
    let wanted = template(&folder, &[ACCOUNTS, RIGHTS, people], |new| {
        copy(&empty, new)?;
        add(new, "ldbadd", people)
    })?;
    copy(&wanted, data)?;
    forget_old(&folder, &[&empty, &wanted])
}

/// The template that was made of `parts` with this Samba; `make` fills it where there is none.
fn template(
    folder: &Path,
    parts: &[&str],
    make: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    run(Command::new("samba").arg("--version"))?.hash(&mut hasher);
    (config(Path::new(""), ""), parts).hash(&mut hasher);
    let path = folder.join(format!("{:016x}", hasher.finish()));
    if path.is_dir() {
        // The time of its last use.
        File::open(&path)?.set_modified(SystemTime::now())?;
        return Ok(path);
    }
    let new = tempfile::Builder::new().prefix("new-").tempdir_in(folder)?;
    make(&new.path().join("data"))?;
    fs::rename(new.path().join("data"), &path)?;
    Ok(path)
}

fn provision(data: &Path) -> anyhow::Result<()> {
    let target = format!("--targetdir={}", data.display());
    let password = format!("--adminpass={FIRST_PASSWORD}");
    run(Command::new("samba-tool").args(["domain", "provision", &target, &password]).args([
        "--realm=AD.COUNCIL.EXAMPLE",
        "--domain=COUNCIL",
        "--server-role=dc",
        "--host-name=dc1",
        "--host-ip=127.0.0.1",
        "--dns-backend=NONE",
        // Its own log files would go to the machine's.
        &format!("--option=log file={}/log", data.display()),
    ]))?;
    for folder in ["lock", "pid"] {
        fs::create_dir_all(data.join(folder))?;
    }
    add(data, "ldbmodify", RULES)?;
    add(data, "ldbadd", ACCOUNTS)?;
    add(data, "ldbmodify", RIGHTS)
}

/// Passwords may be simple and never expire.
const RULES: &str = "dn: DC=ad,DC=council,DC=example\nchangetype: modify\nreplace: pwdProperties\npwdProperties: 0\n-\n\
                     replace: minPwdLength\nminPwdLength: 0\n-\nreplace: minPwdAge\nminPwdAge: 0\n-\nreplace: maxPwdAge\n\
                     maxPwdAge: 0\n";

/// Runs `ldbadd` or `ldbmodify` on the database itself, before any server has it.
fn add(data: &Path, program: &str, ldif: &str) -> anyhow::Result<()> {
    let (file, settings) = (data.join("entries.ldif"), data.join("smb.conf"));
    fs::write(&file, ldif)?;
    fs::write(&settings, config(data, ""))?;
    let mut command =
        Command::new(install::program(program).with_context(|| format!("there is no {program}"))?);
    command.arg("-H").arg(data.join("private/sam.ldb"));
    command.arg(format!("--configfile={}", settings.display())).arg(&file);
    run(&mut command)?;
    fs::remove_file(&settings)?;
    fs::remove_file(&file)?;
    Ok(())
}

/// What a command says; an error with the end of that where it fails.
fn run(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    ensure!(output.status.success(), "{name} failed: {}", install::tail(&said));
    Ok(said)
}

/// Copies a folder with the rights of everything in it; sockets are left out.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Removes the templates that were not used for longest.
fn forget_old(folder: &Path, keep: &[&Path]) -> anyhow::Result<()> {
    let mut old = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !keep.contains(&path.as_path()) {
            old.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    old.sort();
    let surplus = old.len().saturating_sub(TEMPLATES - keep.len());
    for (_, path) in &old[..surplus] {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}
