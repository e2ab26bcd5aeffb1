//! Running commands, and the table of what was run.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// How one part of a run ended.
pub enum Outcome {
    Passed,
    Failed(String),
    NotRun(String),
}

struct Part {
    name: String,
    outcome: Outcome,
    took: Duration,
}

/// The parts of a run, in order.
#[derive(Default)]
pub struct Parts {
    parts: Vec<Part>,
}

impl Parts {
    /// Runs one part; a failure is kept and the next part is run all the same.
    pub fn run(&mut self, name: &str, part: impl FnOnce() -> anyhow::Result<Outcome>) {
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = part().unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        let took = start.elapsed();
        match &outcome {
            Outcome::Passed => {}
            Outcome::Failed(why) => println!("{name} failed: {why}"),
            Outcome::NotRun(why) => println!("{name} was not run: {why}"),
        }
        println!("=== {name}: {} min", minutes(took));
        self.note(name, outcome, took);
    }

    /// Adds a line that took part in another part.
    pub fn note(&mut self, name: &str, outcome: Outcome, took: Duration) {
        self.parts.push(Part { name: name.to_owned(), outcome, took });
    }

    /// Prints the table; true if nothing failed.
    pub fn close(self) -> bool {
        let width = self.parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
        let line = |name: &str, result: &str, minutes: &str, why: &str| {
            println!("{}", format!("{name:<width$}  {result:<8}  {minutes:>7}  {why}").trim_end());
        };
        println!();
        line("part", "result", "minutes", "why");
        let (mut whole, mut failed) = (Duration::ZERO, 0);
        for part in &self.parts {
            whole += part.took;
            let (result, why) = match &part.outcome {
                Outcome::Passed => ("passed", ""),
                Outcome::Failed(why) => ("FAILED", why.as_str()),
                Outcome::NotRun(why) => ("not run", why.as_str()),
            };
            failed += usize::from(result == "FAILED");
            line(&part.name, result, &minutes(part.took), why);
        }
        line("all", if failed == 0 { "passed" } else { "FAILED" }, &minutes(whole), "");
        failed == 0
    }
}

fn minutes(took: Duration) -> String {
    format!("{:.1}", took.as_secs_f64() / 60.0)
}

/// Cargo, in the checkout.
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(portico_servers::checkout());
    // What `cargo run` tells about xtask itself is no business of the crates that are built.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let words = words(command);
    let status = command.status().with_context(|| format!("cannot run {words}"))?;
    ensure!(status.success(), "`{words}` failed");
    Ok(())
}

/// Runs a command, passes its standard output on and shows every line to `see`.
pub fn run_seeing(command: &mut Command, mut see: impl FnMut(&str)) -> anyhow::Result<()> {
    let words = words(command);
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {words}"))?;
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            see(text.trim_end());
            line.clear();
        }
    }
    ensure!(child.wait()?.success(), "`{words}` failed");
    Ok(())
}

/// Runs a command for its standard output.
pub fn output(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let words = words(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {words}"))?;
    ensure!(output.status.success(), "`{words}` failed");
    Ok(output.stdout)
}

fn words(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Builds the gateway with a profile (`dev`, `release` or `dist`) and says where the binary is.
pub fn build_portico(profile: &str) -> anyhow::Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--package", "portico", "--bin", "portico", "--profile", profile]);
    command.args(["--message-format", "json-render-diagnostics"]);
    let messages = String::from_utf8(output(&mut command)?)?;
    for message in messages.lines().rev() {
        let message: serde_json::Value = serde_json::from_str(message)?;
        if let Some(binary) = message["executable"].as_str() {
            return Ok(PathBuf::from(binary));
        }
    }
    bail!("cargo built portico and did not say where")
}
