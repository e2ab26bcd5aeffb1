//! Starting, watching and stopping one product.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::directory::DirectoryServer;
use crate::keeper::{self, Failure, Start};
use crate::{PASSWORD, Product, USERNAME};

/// How long most products may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What to start, and how to reach it.
pub(crate) struct Spec {
    pub command: Vec<String>,
    pub addr: SocketAddr,
    /// `/` or a path without a trailing slash.
    pub base_path: &'static str,
    /// The folder whose files it serves.
    pub data: Option<PathBuf>,
    /// The user it drops to; files made for it have to belong to that user.
    pub owner: Option<(u32, u32)>,
    /// What a directory is reached by on top.
    pub directory: Option<DirectoryServer>,
    /// How long it may take to listen.
    pub patience: Duration,
    /// What it says when it is up.
    pub says: Option<&'static str>,
}

impl Spec {
    /// A server of files or nothing, at the root of `addr`.
    pub fn new(command: Vec<String>, addr: SocketAddr) -> Self {
        Self {
            command,
            addr,
            base_path: "/",
            data: None,
            owner: None,
            directory: None,
            patience: START_TIMEOUT,
            says: None,
        }
    }
}

/// A folder for one server, below the machine's folder for temporary files: a server that drops to another user may
/// not get into the checkout.
pub(crate) fn new_home(product: Product) -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix(&format!("portico-{product}-")).tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// A product that runs; it is stopped when this is dropped.
pub struct Running {
    /// Which one.
    pub product: Product,
    /// Where it listens.
    pub addr: SocketAddr,
    /// `http://127.0.0.1:port/path`, without a trailing slash; `ldap://127.0.0.1:port` for a directory,
    /// `postgresql://127.0.0.1:port` for PostgreSQL.
    pub base_url: String,
    /// The user it knows, where it authenticates.
    pub username: &'static str,
    /// That user's password.
    pub password: &'static str,
    /// The folder whose files it serves; empty at the start. The server's home where it serves none.
    pub dir: PathBuf,
    /// Its process id.
    pub pid: u32,
    /// Everything it says.
    pub log: PathBuf,
    pub(crate) directory: Option<DirectoryServer>,
    owner: Option<(u32, u32)>,
    home: TempDir,
    start: Start,
    keeper: Child,
    /// It was started to outlive us, and is up.
    left: bool,
}

impl Running {
    /// What it has written into its log so far, bytes that are not UTF-8 replaced.
    pub fn log_text(&self) -> String {
        read_lossy(&self.log)
    }

    /// Stops its processes without ending them: connections stay open and silent.
    pub fn freeze(&self) -> anyhow::Result<()> {
        signal("STOP", &format!("-{}", self.keeper.id()))
    }

    /// Lets frozen processes go on.
    pub fn thaw(&self) -> anyhow::Result<()> {
        signal("CONT", &format!("-{}", self.keeper.id()))
    }

    /// Ends it at once, as a crash would (SIGKILL): nothing is flushed, nobody is told. What it has on disk stays.
    /// Nothing to do where it has ended already.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if !self.has_ended() {
            let group = self.keeper.id();
            signal("KILL", &format!("-{group}"))?;
            self.keeper.wait()?;
            // The product is nobody's child now: its end cannot be waited for, only seen.
            let gone = wait_for(STOP_TIMEOUT, || (!lives(group)).then_some(()));
            gone.with_context(|| format!("process group {group} was killed and goes on"))?;
            if self.product == Product::Postgres {
                // Its children lead groups of their own, and one that was just begun still holds the port.
                let silent = wait_for(STOP_TIMEOUT, || TcpStream::connect(self.addr).is_err().then_some(()));
                silent.context("PostgreSQL was killed and still listens")?;
            }
        }
        Ok(())
    }

    /// Ends it in good order. Its data and its address stay. Nothing to do where it has ended already.
    pub fn stop(&mut self) {
        if self.has_ended() {
            return;
        }
        let _ = self.thaw();
        // Either the end of its standard input or the signal ends the keeper, and with it the product.
        drop(self.keeper.stdin.take());
        let _ = signal("TERM", &self.keeper.id().to_string());
        if wait_for(STOP_TIMEOUT, || self.keeper.try_wait().ok().flatten()).is_none() {
            let _ = signal("KILL", &format!("-{}", self.keeper.id()));
            let _ = self.keeper.wait();
        }
    }

    /// Starts it again after [`Running::kill`] or [`Running::stop`], with the same address and the same data. When this
    /// returns, it accepts connections. Fails where another process took its port meanwhile.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        self.stop();
        // What was said before must not be taken for what is said now.
        fs::rename(&self.log, self.log.with_extension("log.before"))?;
        (self.keeper, self.pid) = keeper::spawn(&self.start, self.home.path(), &self.log)?;
        Ok(keeper::await_start(&self.start, &mut self.keeper, &self.log)?)
    }

    /// A process id is only ours as long as nobody has waited for it.
    fn has_ended(&mut self) -> bool {
        matches!(self.keeper.try_wait(), Ok(Some(_)))
    }

    /// Gives everything under `path` (inside [`Running::dir`]) to the user the server runs as, so that it can
    /// change files that a test put there.
    pub fn hand_over(&self, path: &Path) -> anyhow::Result<()> {
        own(path, self.owner)
    }

    /// Lets it outlive us; gives the process id of the script that keeps it, and its folder.
    pub(crate) fn leave(mut self) -> (u32, PathBuf) {
        self.left = true;
        self.home.disable_cleanup(true);
        (self.keeper.id(), self.home.path().to_owned())
    }

    #[cfg(test)]
    pub(crate) fn keeper(&self) -> u32 {
        self.keeper.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.left {
            self.stop();
        }
    }
}

/// Starts `spec` and waits until it accepts connections.
pub(crate) fn run(
    product: Product,
    spec: Spec,
    home: TempDir,
    core: Option<usize>,
    outlive: bool,
) -> Result<Running, Failure> {
    let log = home.path().join("server.log");
    let Spec { command, addr, patience, says, .. } = spec;
    let start = Start { command, addr, patience, says, core, outlive };
    let (keeper, pid) = keeper::spawn(&start, home.path(), &log)?;
    let scheme = match product {
        Product::Postgres => "postgresql",
        _ if spec.directory.is_some() => "ldap",
        _ => "http",
    };
    let base_path = spec.base_path.trim_end_matches('/');
    let mut running = Running {
        product,
        addr: spec.addr,
        base_url: format!("{scheme}://{}{base_path}", spec.addr),
        username: spec.directory.as_ref().map_or(USERNAME, |directory| directory.account),
        password: PASSWORD,
        dir: spec.data.unwrap_or_else(|| home.path().to_owned()),
        pid,
        log,
        directory: spec.directory,
        owner: spec.owner,
        home,
        start,
        keeper,
        left: false,
    };
    keeper::await_start(&running.start, &mut running.keeper, &running.log)?;
    Ok(running)
}

/// A port of 127.0.0.1 that is free now. Somebody may take it before the server does: then try again.
pub(crate) fn free_addr() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").context("no free port")?.local_addr()?)
}

/// An address to come back to: free now, and outside the range that outgoing connections take their ports from. Nobody
/// is given it by chance while the server is down, and a client that tries it then cannot connect to itself.
pub(crate) fn lasting_addr() -> anyhow::Result<SocketAddr> {
    (0..200)
        .map(|_| SocketAddr::from(([127, 0, 0, 1], LASTING_PORTS.start + (chance() % 12_000) as u16)))
        .find(|addr| TcpListener::bind(addr).is_ok())
        .context("no free port below those of outgoing connections")
}

/// Below `net.ipv4.ip_local_port_range` as Linux has it from the start; 12,000 of them.
const LASTING_PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A number that differs from process to process and from call to call.
pub(crate) fn chance() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// Sends a signal to a process, or to a group if `target` begins with `-`.
pub(crate) fn signal(name: &str, target: &str) -> anyhow::Result<()> {
    let status = Command::new("sh").args(["-c", r#"kill -s "$1" -- "$2""#, "sh", name, target]).status()?;
    anyhow::ensure!(status.success(), "could not send {name} to {target}");
    Ok(())
}

/// Whether any process of a group runs; one that has ended and waits for its parent does not.
fn lives(group: u32) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    processes.filter_map(Result::ok).any(|process| {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // `pid (name) state parent group …`; the name may hold anything.
        let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let state = fields.next().unwrap_or("Z");
        state != "Z" && fields.nth(1) == Some(&group.to_string())
    })
}

/// Gives a file or a whole folder to `owner`; nothing to do without one.
pub(crate) fn own(path: &Path, owner: Option<(u32, u32)>) -> anyhow::Result<()> {
    let Some((user, group)) = owner else { return Ok(()) };
    std::os::unix::fs::lchown(path, Some(user), Some(group))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path)? {
            own(&entry?.path(), owner)?;
        }
    }
    Ok(())
}

pub(crate) fn read_lossy(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Polls until there is a value or the time is up.
pub(crate) fn wait_for<T>(timeout: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let give_up = Instant::now() + timeout;
    loop {
        if let Some(value) = probe() {
            return Some(value);
        }
        if Instant::now() >= give_up {
            return None;
        }
        #[expect(clippy::disallowed_methods, reason = "this is a wait on state with a time-out")]
        std::thread::sleep(Duration::from_millis(10));
    }
}
