//! Starting, watching and stopping one product.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{PASSWORD, Product, USERNAME, install};

const START_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the product (`$@`) and says its process id. The product ends when the script gets a TERM or, unless it is
/// to outlive us, when our end of standard input closes: then nothing is left behind even if we are killed. What
/// does not end within five seconds is killed with its whole process group, which the script leads.
const KEEPER: &str = r#"
exec 3<&0
end() {
    kill -s CONT -- -$$ 2>/dev/null
    kill -TERM $child 2>/dev/null
    tries=0
    while kill -0 $child 2>/dev/null; do
        tries=$((tries + 1))
        if [ $tries -gt 50 ]; then kill -s KILL -- -$$; fi
        sleep 0.1
    done
}
"$@" </dev/null 3<&- >>"$KEEPER_LOG" 2>&1 &
child=$!
trap 'end; exit 0' TERM
echo $child
exec >/dev/null
if [ "$KEEPER_DETACHED" = no ]; then { cat <&3; kill -TERM $$; } & fi
wait $child
"#;

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
}

/// A folder for one server, below the machine's folder for temporary files: a server that drops to another user may
/// not get into the checkout.
pub(crate) fn new_home(product: Product) -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix(&format!("portico-{product}-")).tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// Why a start did not work.
#[derive(Debug)]
pub(crate) enum Failure {
    PortTaken,
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<Failure> for anyhow::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::PortTaken => anyhow::anyhow!("every port that was tried was taken by another process"),
            Failure::Other(error) => error,
        }
    }
}

/// A product that runs; it is stopped when this is dropped.
pub struct Running {
    /// Which one.
    pub product: Product,
    /// Where it listens.
    pub addr: SocketAddr,
    /// `http://127.0.0.1:port/path`, without a trailing slash.
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
    owner: Option<(u32, u32)>,
    home: TempDir,
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
        if self.left {
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
    File::create(&log).context("cannot make a log file")?;
    let mut command = Command::new("sh");
    command.args(["-c", KEEPER, "keeper"]);
    if let Some(core) = core {
        command.args(["taskset", "-c", &core.to_string()]);
    }
    command
        .args(&spec.command)
        .env("KEEPER_LOG", &log)
        .env("KEEPER_DETACHED", if outlive { "yes" } else { "no" })
        .current_dir(home.path())
        .stdin(if outlive { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    let mut keeper = command.spawn().context("cannot start a shell")?;
    let mut first_line = String::new();
    if let Some(stdout) = keeper.stdout.take() {
        BufReader::new(stdout).read_line(&mut first_line).context("the shell said nothing")?;
    }
    let pid = first_line.trim().parse().context("the shell did not say a process id")?;
    let base_path = spec.base_path.trim_end_matches('/');
    let mut running = Running {
        product,
        addr: spec.addr,
        base_url: format!("http://{}{base_path}", spec.addr),
        username: USERNAME,
        password: PASSWORD,
        dir: spec.data.unwrap_or_else(|| home.path().to_owned()),
        pid,
        log,
        owner: spec.owner,
        home,
        keeper,
        left: false,
    };
    await_start(&mut running)?;
    Ok(running)
}

fn await_start(running: &mut Running) -> Result<(), Failure> {
    let addr = running.addr;
    let accepting = wait_for(START_TIMEOUT, || {
        if let Ok(Some(_)) = running.keeper.try_wait() {
            return Some(false);
        }
        TcpStream::connect_timeout(&addr, Duration::from_secs(1)).ok().map(|_| true)
    });
    // Whoever took the port in the meantime would accept connections too.
    let ended = running.keeper.try_wait().ok().flatten().is_some();
    if accepting == Some(true) && !ended {
        return Ok(());
    }
    let log = running.log_text();
    if ["address already in use", "address in use", "addrinuse"]
        .iter()
        .any(|words| log.to_lowercase().contains(words))
    {
        return Err(Failure::PortTaken);
    }
    let what = if ended { "it ended at once" } else { "it did not listen within 30 seconds" };
    Err(Failure::Other(anyhow::anyhow!("{what}; it said: {}", install::tail(&log))))
}

/// A port of 127.0.0.1 that is free now. Somebody may take it before the server does: then try again.
pub(crate) fn free_addr() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").context("no free port")?.local_addr()?)
}

/// Sends a signal to a process, or to a group if `target` begins with `-`.
pub(crate) fn signal(name: &str, target: &str) -> anyhow::Result<()> {
    let status = Command::new("sh").args(["-c", r#"kill -s "$1" -- "$2""#, "sh", name, target]).status()?;
    anyhow::ensure!(status.success(), "could not send {name} to {target}");
    Ok(())
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
