//! Licences, bans and sources of the dependencies, through cargo-deny.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::parts::{self, Outcome, Parts, cargo};

/// Pinned; built once into `.servers/tools` without optimisation, which is quicker than any run of it gains.
const VERSION: &str = "0.20.2";

/// Two parts: what can be told offline, and the advisories, whose list has to be fetched.
pub fn check(parts: &mut Parts) {
    let mut tool = None;
    parts.run("licences, bans, sources", || {
        let program = install()?;
        tool = Some(program.clone());
        let mut command = Command::new(program);
        command.args(["check", "--allow", "duplicate", "bans", "licenses", "sources"]);
        parts::run(command.current_dir(portico_servers::checkout()))?;
        Ok(Outcome::Passed)
    });
    parts.run("advisories", || match tool {
        Some(tool) => advisories(&tool),
        None => Ok(Outcome::NotRun("cargo-deny is not there".to_owned())),
    });
}

/// The program; the machine's own if it has the version, otherwise built from the registry.
fn install() -> anyhow::Result<PathBuf> {
    let root = portico_servers::checkout().join(".servers/tools");
    let program = root.join("bin/cargo-deny");
    for candidate in [PathBuf::from("cargo-deny"), program.clone()] {
        let mut command = Command::new(&candidate);
        let output = command.arg("--version").stdin(Stdio::null()).output();
        if output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(VERSION)) {
            return Ok(candidate);
        }
    }
    println!("building cargo-deny {VERSION}, once");
    let mut command = cargo();
    command.args([
        "install",
        "cargo-deny",
        "--version",
        VERSION,
        "--locked",
        "--debug",
        "--no-default-features",
    ]);
    command.arg("--quiet").arg("--root").arg(&root);
    // Its build shares nothing with ours, and its features must not follow ours.
    command.env("CARGO_TARGET_DIR", root.join("build"));
    parts::run(&mut command).context("cargo-deny could not be built")?;
    // Hundreds of megabytes that nobody needs again.
    let _ = std::fs::remove_dir_all(root.join("build"));
    Ok(program)
}

/// Fails on an advisory; not reaching the list is "not run".
fn advisories(tool: &PathBuf) -> anyhow::Result<Outcome> {
    let mut command = Command::new("timeout");
    command.arg(TIMEOUT.as_secs().to_string()).arg(tool).args(["check", "advisories"]);
    let output = command.current_dir(portico_servers::checkout()).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(Outcome::Passed);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(TIMED_OUT) || said.contains("failed to fetch advisory database") {
        return Ok(Outcome::NotRun("the advisory list of github.com/RustSec is not reachable".to_owned()));
    }
    println!("{said}{}", String::from_utf8_lossy(&output.stdout));
    Ok(Outcome::Failed("an advisory concerns a dependency, see above".to_owned()))
}

const TIMEOUT: Duration = Duration::from_secs(90);
/// What `timeout` of coreutils answers.
const TIMED_OUT: i32 = 124;
