//! Getting hold of a product: what is installed already, Debian packages, or PyPI into `.servers/python`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::Product;
use crate::process::{read_lossy, wait_for};

/// Pinned, so that a test failure is ours. rotel has no other than pre-releases.
const WSGIDAV: [&str; 2] = ["wsgidav==4.4.0", "cheroot==11.1.2"];
const ODOORPC: [&str; 1] = ["odoorpc==0.10.1"];
const ROTEL: [&str; 1] = ["rotel==0.0.1a15"];

/// Samba's parts are packages of their own; a machine that only serves files has the programs and cannot make a domain.
const SAMBA: ([&str; 6], [&str; 8]) = (
    ["samba", "samba-tool", "ldbadd", "ldapsearch", "openssl", "/usr/share/samba/setup/provision.ldif"],
    [
        "samba",
        "winbind",
        "ldb-tools",
        "ldap-utils",
        "openssl",
        "samba-dsdb-modules",
        "samba-vfs-modules",
        "samba-ad-provision",
    ],
);

/// Downloads from a slow mirror included.
const STEP_TIMEOUT: Duration = Duration::from_secs(300);

/// What failed stays failed for this process: a missing network is waited for once, not once per test.
static FAILED: Mutex<Vec<(Product, String)>> = Mutex::new(Vec::new());

/// The root of the checkout.
pub fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// `.servers` in the checkout: everything that is installed for tests, and what `servers up` started.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let folder = checkout().join(".servers");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Sees to it that the product is installed; quick when it is. Several processes may call this at once.
pub fn prepare(product: Product) -> anyhow::Result<()> {
    let mut failed = FAILED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, why)) = failed.iter().find(|(known, _)| *known == product) {
        bail!("{why}");
    }
    let lock = File::create(folder()?.join("lock"))?;
    lock.lock().context("cannot lock .servers/lock")?;
    let done = match product {
        Product::Apache => debian(&["apache2"], &["apache2-bin"]),
        Product::Nginx => debian(&["nginx"], &["nginx-light"]),
        Product::Haproxy => debian(&["haproxy"], &["haproxy"]),
        Product::Samba => debian(&SAMBA.0, &SAMBA.1),
        Product::Postgres => debian(&["postgres", "initdb", "setpriv"], &["postgresql", "util-linux"]),
        Product::Slapd => debian(&["slapd", "ldapsearch", "openssl"], &["slapd", "ldap-utils", "openssl"]),
        Product::WsgiDav => pypi("wsgidav", &WSGIDAV),
        Product::Rotel => pypi("rotel", &ROTEL),
        Product::OdooRpc => pypi("odoorpc", &ODOORPC),
        Product::Faketime => debian(&["faketime"], &["faketime"]),
        Product::SocketActivate => debian(&["systemd-socket-activate"], &["systemd"]),
    };
    if let Err(error) = &done {
        failed.push((product, format!("{error:#}")));
    }
    done
}

/// The file of an installed tool: the library for faketime, the Python that has OdooRPC, the program for others.
pub(crate) fn tool(product: Product) -> anyhow::Result<PathBuf> {
    if product == Product::OdooRpc {
        return Ok(python()?.join("bin/python"));
    }
    if product != Product::Faketime {
        return program(product.name()).with_context(|| format!("there is no {product}"));
    }
    // Debian has a folder for each architecture.
    let folders =
        fs::read_dir("/usr/lib").context("/usr/lib")?.filter_map(Result::ok).map(|entry| entry.path());
    let library = folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|file| file.is_file());
    library.context("there is no libfaketime.so.1 below /usr/lib")
}

/// Where a program is, the folders of system services included.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let folders = folders.chain(postgres_folders());
    folders.map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

/// Debian keeps each version's programs in a folder of its own, the latest first here.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders
}

/// Installs packages without starting the services that come with them: those are the machine's business.
const INSTALL: &str = r#"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy || exit 1
fi
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
"#;

/// Programs out of Debian packages, which are installed where we may.
fn debian(programs: &[&str], packages: &[&str]) -> anyhow::Result<()> {
    let missing = || programs.iter().copied().find(|name| program(name).is_none());
    let Some(name) = missing() else { return Ok(()) };
    ensure!(program("apt-get").is_some(), "there is no {name} and no apt-get; install {name} by hand");
    let prefix: &[&str] = if is_root() {
        &[]
    } else if program("sudo").is_some() && quiet("sudo", &["-n", "true"]) {
        &["sudo", "-n"]
    } else {
        let packages = packages.join(" ");
        bail!("there is no {name} and no right to install it; run: sudo apt-get install {packages}")
    };
    let install = ["sh", "-c", INSTALL, "install"];
    let command: Vec<&str> = [prefix, &install, packages].concat();
    if step(&command).is_err() {
        // On a fresh machine there are no package lists yet.
        step(&[prefix, &["apt-get", "update"]].concat())?;
        step(&command)?;
    }
    let packages = packages.join(" ");
    missing().map_or(Ok(()), |name| bail!("{packages} was installed, but there is still no {name}"))
}

/// The folder of the virtual environment.
pub(crate) fn python() -> anyhow::Result<PathBuf> {
    Ok(folder()?.join("python"))
}

fn pypi(what: &str, requirements: &[&str]) -> anyhow::Result<()> {
    let marker = folder()?.join(format!("{what}.installed"));
    let wanted = requirements.join("\n");
    let venv = python()?;
    let pip = venv.join("bin/pip");
    if pip.is_file() && read_lossy(&marker) == wanted {
        return Ok(());
    }
    let folder = venv.to_string_lossy().into_owned();
    if !pip.is_file() {
        step(&["python3", "-m", "venv", "--clear", &folder])
            .context("python3 with its venv module is needed (Debian: python3-venv)")?;
    }
    let pip = pip.to_string_lossy().into_owned();
    let mut command = vec![pip.as_str(), "install", "--quiet", "--disable-pip-version-check"];
    command.extend(requirements);
    step(&command)?;
    fs::write(marker, wanted)?;
    Ok(())
}

/// Runs one command of an installation, its output kept in `.servers/install.log`.
fn step(command: &[&str]) -> anyhow::Result<()> {
    let log = folder()?.join("install.log");
    let file = File::create(&log)?;
    let words = command.iter().copied().filter(|word| !word.contains('\n')).collect::<Vec<_>>().join(" ");
    let mut child = Command::new(command[0])
        .args(&command[1..])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot run {words}"))?;
    let Some(status) = wait_for(STEP_TIMEOUT, || child.try_wait().ok().flatten()) else {
        let _ = child.kill();
        let _ = child.wait();
        bail!("`{words}` did not end within {} s", STEP_TIMEOUT.as_secs());
    };
    ensure!(status.success(), "`{words}` failed: {}", tail(&read_lossy(&log)));
    Ok(())
}

fn quiet(command: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(command);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether we may install packages and have to drop rights for a server.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// User and group id of a user, from `/etc/passwd`.
pub(crate) fn user(name: &str) -> Option<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The last lines of a log, in one line.
pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => "nothing".to_owned(),
        lines => lines[lines.len().saturating_sub(4)..].join(" | "),
    }
}
