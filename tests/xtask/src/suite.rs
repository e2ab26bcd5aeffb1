//! `cargo xtask test`.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use portico_servers::Product;

use crate::parts::{self, Outcome, Parts, cargo};
use crate::{deny, generate, tidy};

/// What cargo's own lines add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Everything, in order; prints the minutes of each part, a closing table and the sum of the tests. False if anything
/// failed: the sum stays the last line.
pub fn test() -> bool {
    let mut parts = Parts::default();
    let mut sums = Sums::default();
    parts.run("format", || {
        parts::run(cargo().args(["fmt", "--all", "--check"]))?;
        Ok(Outcome::Passed)
    });
    parts.run("tidy", || {
        tidy::run()?;
        Ok(Outcome::Passed)
    });
    deny::check(&mut parts);
    parts.run("products", || {
        portico_servers::clear_report()?;
        products()
    });
    // Builds everything the tests need, the gateway's binary included, with one set of features.
    parts.run("build", || {
        parts::run(cargo().args(["build", "--workspace", "--all-targets"]))?;
        Ok(Outcome::Passed)
    });
    let binary = portico();
    parts.run("generated files", || {
        generate::check(&binary)?;
        Ok(Outcome::Passed)
    });
    parts.run("tests", || {
        let done = tests(&binary, &mut sums);
        // A test binary that does not build or crashes has no line of its own.
        sums.failed += u64::from(done.is_err() && sums.failed == 0);
        done.map(|()| Outcome::Passed)
    });
    parts.run("lints", || {
        parts::run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
        Ok(Outcome::Passed)
    });
    for (name, why, tests) in portico_servers::not_run_report() {
        let why = format!("{why} ({tests} tests did without)");
        parts.note(&format!("against {name}"), Outcome::NotRun(why), Duration::ZERO);
        sums.skipped += tests as u64;
    }
    let passed = parts.close();
    println!("\n{} passed, {} failed, {} skipped", sums.passed, sums.failed, sums.skipped);
    passed
}

/// Installs the products and starts each once, so that the tests find them ready and a missing one shows here.
fn products() -> anyhow::Result<Outcome> {
    let mut missing = Vec::new();
    for product in Product::FOR_TESTS {
        match portico_servers::start(product) {
            Ok(running) => println!("{product} starts ({})", running.base_url),
            Err(not_run) => missing.push(not_run.to_string()),
        }
    }
    if missing.is_empty() {
        return Ok(Outcome::Passed);
    }
    let missing = missing.join("; ");
    ensure!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
    Ok(Outcome::NotRun(missing))
}

/// The gateway's binary, where the build part put it.
fn portico() -> std::path::PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    portico_servers::checkout().join(target).join("debug/portico")
}

fn tests(binary: &Path, sums: &mut Sums) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).env("PORTICO_BIN", binary);
    parts::run_seeing(&mut command, |line| sums.add(line))
}

impl Sums {
    /// Adds a line such as `test result: ok. 4 passed; 0 failed; 1 ignored; …`; other lines count nothing.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let words: Vec<&str> = result.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_lines_add_up() {
        let mut sums = Sums::default();
        for line in [
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.31s",
            "test result: FAILED. 15 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s",
            "test a::b ... ok",
        ] {
            sums.add(line);
        }
        assert_eq!(sums, Sums { passed: 19, failed: 4, skipped: 1 });
    }
}
