//! What the kernel says about a process, and which core one runs on.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Where the subjects run.
pub const SUBJECT_CORE: usize = 0;
/// Where everything else runs: the load and the back office.
pub const OTHER_CORE: usize = 1;

/// A process with all that it started.
#[derive(Clone, Copy)]
pub struct Subject {
    pub pid: u32,
}

impl Subject {
    /// Processor time used so far.
    pub fn busy(self) -> Result<Duration> {
        let mut ticks = 0;
        for pid in family(self.pid)? {
            ticks += ticks_of(pid)?;
        }
        // USER_HZ is 100 on every Linux that Rust runs on.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Lets it stand still while others are measured: what it does beside its work, such as collecting garbage, would
    /// otherwise be done on the core that they all share, and count for whoever is measured then.
    pub fn rest(self) -> Result<()> {
        self.signal("STOP")
    }

    /// Lets it run again.
    pub fn wake(self) -> Result<()> {
        self.signal("CONT")
    }

    fn signal(self, name: &str) -> Result<()> {
        let pids: Vec<String> = family(self.pid)?.iter().map(u32::to_string).collect();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", pids.join(" "))]).status();
        ensure!(sent.context("sh")?.success(), "a subject is gone");
        Ok(())
    }

    /// Resident memory now, in MiB.
    pub fn resident(self) -> Result<f64> {
        self.status("VmRSS:")
    }

    /// The most that resident memory ever was, in MiB.
    pub fn peak(self) -> Result<f64> {
        self.status("VmHWM:")
    }

    fn status(self, name: &str) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib =
            line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<f64>().ok());
        Ok(kib.with_context(|| format!("the kernel does not say {name}"))? / 1024.0)
    }
}

fn family(pid: u32) -> Result<Vec<u32>> {
    let mut pids = vec![pid];
    let mut next = 0;
    while let Some(pid) = pids.get(next).copied() {
        next += 1;
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        for child in children.split_whitespace() {
            pids.push(child.parse()?);
        }
    }
    Ok(pids)
}

fn ticks_of(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the subject is gone")?;
    // The name stands in brackets and may hold anything; the state is the first field after it.
    let fields: Vec<&str> = stat.rsplit_once(") ").context("/proc/PID/stat")?.1.split(' ').collect();
    let field = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
    field(11).zip(field(12)).map(|(user, system)| user + system).context("/proc/PID/stat")
}

/// Keeps this process, and what it starts from now on, to one core; before everything else on the machine where that is
/// allowed. Says which of the two.
pub fn settle() -> Result<&'static str> {
    let (core, pid) = (OTHER_CORE.to_string(), std::process::id().to_string());
    let output = Command::new("taskset").args(["-cp", &core, &pid]).output();
    let output = output.context("taskset is needed (Debian: util-linux)")?;
    ensure!(
        output.status.success(),
        "the bench needs two cores: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    // A compiler in the background would otherwise hold a core for milliseconds, now one subject's and now another's.
    let ahead = Command::new("chrt").args(["--rr", "--pid", "1", &pid]).output();
    Ok(match ahead {
        Ok(output) if output.status.success() => "real-time, everything that is measured alike",
        _ => "ordinary: quiet the machine before you believe the figures",
    })
}
