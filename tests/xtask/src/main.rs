//! `cargo xtask …`: everything that is run on this repository, the same on a laptop and in continuous integration.

mod deny;
mod generate;
mod parts;
mod suite;
mod tidy;

use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use portico_servers::Product;

use crate::parts::cargo;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Everything that is run on this repository")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything a change has to pass: format, lints, tidy, dependencies, generated files and all tests, against
    /// the real products too
    Test,
    /// The long tests: names that begin with `soak_`, in release, minutes to hours
    Soak {
        /// Only tests with this in their name
        filter: Option<String>,
    },
    /// The measurements, in release; writes tests/bench/RESULTS.md
    Bench {
        /// Passed on to the bench
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write the files that are generated from the code
    Gen {
        /// Only say whether they are current
        #[arg(long)]
        check: bool,
    },
    /// The rules of the house: imports, file sizes, documents, promises, generated files
    Tidy,
    /// The real products, left running to try things by hand
    Servers {
        #[command(subcommand)]
        what: Servers,
    },
}

#[derive(Subcommand)]
enum Servers {
    /// Start them (all that the tests use, if none is named) and say where they are
    Up {
        /// apache, wsgidav, rotel, slapd, samba
        products: Vec<String>,
    },
    /// Stop what `up` started
    Down,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test if suite::test() => Ok(()),
        Task::Test => return ExitCode::FAILURE,
        Task::Soak { filter } => soak(filter.as_deref()),
        Task::Bench { arguments } => bench(&arguments),
        Task::Gen { check } => generate::run(check),
        Task::Tidy => tidy::run().and_then(|()| generate::run(true)),
        Task::Servers { what } => servers(what),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn soak(filter: Option<&str>) -> anyhow::Result<()> {
    let binary = parts::build_portico("release")?;
    let mut command = cargo();
    command.args(["test", "--release", "--workspace", "--no-fail-fast", "--", "--ignored"]);
    // The marks are `#[ignore = "soak"]` and the prefix: the one keeps them out of `test`, the other finds them.
    command.arg(filter.unwrap_or("soak_"));
    parts::run(command.env("PORTICO_SOAK", "1").env("PORTICO_BIN", binary))
}

fn bench(arguments: &[String]) -> anyhow::Result<()> {
    // What is measured is what is shipped; a quick look does not wait for link-time optimisation.
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let binary = parts::build_portico(if quick { "release" } else { "dist" })?;
    for product in Product::FOR_BENCH {
        if let Err(error) = portico_servers::prepare(product) {
            eprintln!("{product} cannot be measured: {error:#}");
        }
    }
    let mut command = cargo();
    command.args(["run", "--release", "--package", "portico-bench", "--"]).args(arguments);
    parts::run(command.env("PORTICO_BIN", binary))
}

fn servers(what: Servers) -> anyhow::Result<()> {
    let Servers::Up { products } = what else { return portico_servers::down() };
    let products = match products.as_slice() {
        [] => Product::FOR_TESTS.to_vec(),
        names => names.iter().map(|name| product(name)).collect::<anyhow::Result<_>>()?,
    };
    let not_run = portico_servers::up(&products)?;
    for not_run in &not_run {
        eprintln!("{not_run}");
    }
    anyhow::ensure!(not_run.is_empty(), "{} of {} did not start", not_run.len(), products.len());
    println!("stop them with: cargo xtask servers down");
    Ok(())
}

fn product(name: &str) -> anyhow::Result<Product> {
    let known = Product::FOR_TESTS;
    known.into_iter().find(|product| product.name() == name).with_context(|| {
        let names = known.map(Product::name).join(", ");
        format!("there is no product {name}; those that can be left running: {names}")
    })
}

/// `git ls-files` and the like, from the root of the checkout.
fn git(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git").args(arguments).current_dir(portico_servers::checkout()).output()?;
    anyhow::ensure!(
        output.status.success(),
        "git {}: {}",
        arguments[0],
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
