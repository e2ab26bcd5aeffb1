//! Installs and starts the real products that the tests run against, on free ports of loopback addresses, with their data
//! in a temporary folder, and stops them when dropped.
//!
//! A test asks with [`for_test`]; every test gets a server of its own, so that none sees another's data. Nothing
//! that runs on the machine already is used or touched. How each product is had and set up: `README.md` here.

#![warn(missing_docs)]

mod apache;
mod certificate;
mod directory;
mod install;
mod keeper;
mod postgres;
mod process;
mod proxies;
mod report;
mod rotel;
mod samba;
mod session;
mod slapd;
#[cfg(test)]
mod tests;
mod wsgidav;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use directory::{Directory, DirectoryServer, MemberOf};
pub use install::{checkout, prepare};
pub use process::Running;
pub use report::{clear_report, not_run_report};
pub use session::{down, up};

/// The user that a server with authentication knows.
pub const USERNAME: &str = "portico";
/// Its password; the servers listen on loopback only and live for one test.
pub const PASSWORD: &str = "portico-test";

/// How often a start is tried again because another process took the port in between.
const ATTEMPTS: usize = 5;

/// A product that can be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Product {
    /// Apache httpd with mod_dav. WebDAV with Basic authentication under `/dav`, the same files readable without
    /// either under `/static`.
    Apache,
    /// WsgiDAV on cheroot: WebDAV with Basic authentication at the root, locks included.
    WsgiDav,
    /// An OpenTelemetry collector; it takes OTLP over HTTP and writes every span it gets into its log.
    Rotel,
    /// OpenLDAP's slapd with a directory of its own: LDAP with StartTLS, LDAPS, paging, sorting, content sync. See
    /// [`Directory`] and [`Running::directory`].
    Slapd,
    /// Samba as an Active Directory domain controller, on a loopback address of its own; wants root. LDAPS, and LDAP which
    /// takes no password before StartTLS. See [`Directory`] and [`Running::directory`].
    Samba,
    /// PostgreSQL with a cluster of its own: the user is a superuser, the one database is `postgres`, every commit waits for
    /// the disk.
    Postgres,
    /// nginx with one worker, for the bench; see [`Setup`].
    Nginx,
    /// HAProxy with one thread, for the bench; see [`Setup`].
    Haproxy,
    /// libfaketime, which shows a program another wall clock. A tool: see [`tool_for_test`].
    Faketime,
    /// systemd-socket-activate, which passes sockets as systemd does. A tool: see [`tool_for_test`].
    SocketActivate,
    /// A Python with OdooRPC, a client of Odoo. A tool: see [`tool_for_test`].
    OdooRpc,
}

impl Product {
    /// What the tests need.
    pub const FOR_TESTS: [Self; 6] =
        [Self::Apache, Self::WsgiDav, Self::Rotel, Self::Slapd, Self::Samba, Self::Postgres];
    /// What the bench compares with.
    pub const FOR_BENCH: [Self; 2] = [Self::Nginx, Self::Haproxy];

    /// The name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apache => "apache",
            Self::WsgiDav => "wsgidav",
            Self::Rotel => "rotel",
            Self::Slapd => "slapd",
            Self::Samba => "samba",
            Self::Postgres => "postgresql",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Faketime => "faketime",
            Self::SocketActivate => "systemd-socket-activate",
            Self::OdooRpc => "odoorpc",
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a start can be given beyond the product; the default is right for tests.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// nginx, HAProxy: forward everything to this address. HAProxy cannot do without.
    pub target: Option<SocketAddr>,
    /// nginx: serve this folder where there is no target.
    pub files: Option<PathBuf>,
    /// Run on this one core (with `taskset`).
    pub core: Option<usize>,
    /// slapd, Samba: what they know when they start.
    pub directory: Directory,
}

/// Why a product is not running.
#[derive(Debug, Clone)]
pub struct NotRun {
    /// Which one.
    pub product: Product,
    /// What stood in the way and, where there is something to do, what to do.
    pub why: String,
}

impl fmt::Display for NotRun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} was not run: {}", self.product, self.why)
    }
}

impl std::error::Error for NotRun {}

/// Installs the product if need be and starts it with the default [`Setup`].
pub fn start(product: Product) -> Result<Running, NotRun> {
    start_with(product, &Setup::default())
}

/// Installs the product if need be and starts it. When this returns, it accepts connections.
pub fn start_with(product: Product, setup: &Setup) -> Result<Running, NotRun> {
    launch(product, setup, false).map_err(|error| NotRun { product, why: format!("{error:#}") })
}

/// What a test calls: the running product, or `None` where the test has to pass without it.
///
/// The reason is printed and kept for the closing table of `cargo xtask test`.
///
/// # Panics
/// With `CI=true` in the environment, where a product that cannot start is a failure.
pub fn for_test(product: Product) -> Option<Running> {
    for_test_with(product, &Setup::default())
}

/// [`for_test`] with a [`Setup`].
///
/// # Panics
/// As [`for_test`].
pub fn for_test_with(product: Product, setup: &Setup) -> Option<Running> {
    match start_with(product, setup) {
        Ok(running) => Some(running),
        Err(not_run) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{not_run}");
            report::note(&not_run);
            None
        }
    }
}

/// What a test calls that needs a tool rather than a server: the file to use, or `None` where the test has to pass without.
///
/// # Panics
/// As [`for_test`].
pub fn tool_for_test(product: Product) -> Option<PathBuf> {
    match install::prepare(product).and_then(|()| install::tool(product)) {
        Ok(file) => Some(file),
        Err(error) => {
            let not_run = NotRun { product, why: format!("{error:#}") };
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{not_run}");
            report::note(&not_run);
            None
        }
    }
}

/// The gateway's binary for tests from outside: `PORTICO_BIN`, as `cargo xtask test` sets it, otherwise the one beside
/// the test's own binary, which may be stale.
///
/// # Panics
/// If there is none; the message says how to build it.
pub fn gateway_binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("PORTICO_BIN") {
        return binary.into();
    }
    // Tests run from `target/debug/deps`.
    let binary = std::env::current_exe().ok().and_then(|test| Some(test.parent()?.parent()?.join("portico")));
    let binary = binary.filter(|binary| binary.is_file());
    binary.expect("there is no gateway to test: run `cargo build -p portico`, or set PORTICO_BIN")
}

/// `outlive`: it can be left running when this process ends.
fn launch(product: Product, setup: &Setup, outlive: bool) -> anyhow::Result<Running> {
    install::prepare(product)?;
    let mut clashes = 0;
    loop {
        let home = process::new_home(product)?;
        let spec = match product {
            Product::Apache => apache::spec(home.path())?,
            Product::WsgiDav => wsgidav::spec(home.path())?,
            Product::Rotel => rotel::spec()?,
            Product::Slapd => slapd::spec(home.path(), &setup.directory)?,
            Product::Samba => samba::spec(home.path(), &setup.directory)?,
            Product::Postgres => postgres::spec(home.path())?,
            Product::Nginx => proxies::nginx(home.path(), setup)?,
            Product::Haproxy => proxies::haproxy(home.path(), setup)?,
            Product::Faketime | Product::SocketActivate | Product::OdooRpc => {
                anyhow::bail!("{product} is a tool and not a server")
            }
        };
        match process::run(product, spec, home, setup.core, outlive) {
            Err(keeper::Failure::PortTaken) if clashes < ATTEMPTS => clashes += 1,
            Err(failure) => return Err(failure.into()),
            Ok(running) => return Ok(running),
        }
    }
}
