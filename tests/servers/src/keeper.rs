//! The shell that keeps one product: it starts it, says its process id, and ends it when we go, however we go.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::install;
use crate::process::{read_lossy, wait_for};

/// Runs the product (`$@`) and says its process id. The product ends when the script gets a TERM or, unless it is
/// to outlive us, when our end of standard input closes: then nothing is left behind even if we are killed. What
/// does not end within five seconds is killed with its whole process group, which the script leads.
const SCRIPT: &str = r#"
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

/// How a product is started, the first time and again.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub command: Vec<String>,
    /// Where it listens when it is up.
    pub addr: SocketAddr,
    /// How long it may take to listen.
    pub patience: Duration,
    /// What it says when it is up; where it listens before, that alone says little.
    pub says: Option<&'static str>,
    /// Run on this one core.
    pub core: Option<usize>,
    /// It can be left running when this process ends.
    pub outlive: bool,
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

/// Starts the product with its log going to `log`; gives the keeper and the product's process id.
pub(crate) fn spawn(start: &Start, home: &Path, log: &Path) -> anyhow::Result<(Child, u32)> {
    File::options().create(true).append(true).open(log).context("cannot make a log file")?;
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "keeper"]);
    if let Some(core) = start.core {
        command.args(["taskset", "-c", &core.to_string()]);
    }
    command
        .args(&start.command)
        .env("KEEPER_LOG", log)
        .env("KEEPER_DETACHED", if start.outlive { "yes" } else { "no" })
        .current_dir(home)
        .stdin(if start.outlive { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    let mut keeper = command.spawn().context("cannot start a shell")?;
    let mut first_line = String::new();
    if let Some(stdout) = keeper.stdout.take() {
        BufReader::new(stdout).read_line(&mut first_line).context("the shell said nothing")?;
    }
    let pid = first_line.trim().parse().context("the shell did not say a process id")?;
    Ok((keeper, pid))
}

/// Waits until the product accepts connections, or has ended.
pub(crate) fn await_start(start: &Start, keeper: &mut Child, log: &Path) -> Result<(), Failure> {
    let accepting = wait_for(start.patience, || {
        if let Ok(Some(_)) = keeper.try_wait() {
            return Some(false);
        }
        let said = start.says.is_none_or(|words| read_lossy(log).contains(words));
        let listens = said && TcpStream::connect_timeout(&start.addr, Duration::from_secs(1)).is_ok();
        listens.then_some(true)
    });
    // Whoever took the port in the meantime would accept connections too.
    let ended = keeper.try_wait().ok().flatten().is_some();
    if accepting == Some(true) && !ended {
        return Ok(());
    }
    let said = read_lossy(log);
    if ["address already in use", "address in use", "addrinuse"]
        .iter()
        .any(|words| said.to_lowercase().contains(words))
    {
        return Err(Failure::PortTaken);
    }
    let what = match ended {
        true => "it ended at once".to_owned(),
        false => format!("it did not listen within {} seconds", start.patience.as_secs()),
    };
    Err(Failure::Other(anyhow::anyhow!("{what}; it said: {}", install::tail(&said))))
}
