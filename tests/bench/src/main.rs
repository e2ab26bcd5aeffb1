//! `cargo xtask bench`: the gateway against nginx and HAProxy on this machine, into `tests/bench/RESULTS.md`.
//!
//! People and claims have pages of their own: see [`people`] and [`claims`].
//!
//! Four parts: (a) small answers, (b) a large document, (c) starting and sitting there, (d) too much. In (a) and (b) the subjects take turns on one
//! core with one worker each; the load and the back office run on another core.

mod claims;
mod gateway;
mod http;
mod load;
mod machine;
mod measure;
mod overload;
mod people;
mod process;
mod results;
mod rounds;
mod subjects;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

use crate::measure::Plan;
use crate::results::Verdict;
use crate::subjects::{BackOffice, Proxies};

const METHOD: &str = include_str!("../METHOD.md");

#[derive(Parser)]
#[command(name = "cargo xtask bench", about = "The gateway measured against nginx and HAProxy")]
struct Arguments {
    /// One short round, printed and not kept: a look, not a result
    #[arg(long)]
    quick: bool,
    /// Only one part, printed and not kept
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// The gateway to measure
    #[arg(long, value_name = "FILE", env = "PORTICO_BIN")]
    binary: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// (a) a kibibyte of JSON
    Requests,
    /// (b) a document of 100 MB
    Documents,
    /// (c) start, memory, size
    Service,
    /// (d) three times as much as a system can bear
    Overload,
    /// People over a directory: a page of its own, kept unless it is a quick look
    People,
    /// Of people, the search among many alone, printed and not kept
    Search,
    /// Claims over Odoo, and what is kept of writes: a page of its own, kept unless it is a quick look
    Claims,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let plan = if arguments.quick { Plan::QUICK } else { Plan::FULL };
    let binary = std::path::absolute(&arguments.binary)?;
    let mut machine = machine::describe(&binary, profile(&binary));
    machine.push(("Scheduling", process::settle()?.to_owned()));

    if arguments.only.is_none_or(|only| only == Part::People) {
        people::bench(arguments.quick, &binary, &machine)?;
    }
    if arguments.only == Some(Part::Search) {
        return people::search(arguments.quick, &binary);
    }
    if arguments.only.is_none_or(|only| only == Part::Claims) {
        claims::bench(arguments.quick, &binary, &machine)?;
    }
    if matches!(arguments.only, Some(Part::People | Part::Claims)) {
        return Ok(());
    }
    let (verdicts, pages) = run(plan, arguments.only, &binary)?;
    let summary = results::summary(&verdicts);
    println!("\n{summary}");
    if arguments.quick || arguments.only.is_some() {
        return Ok(());
    }
    let mut page = "# What the gateway costs\n\nWritten by `cargo xtask bench`; do not edit.\n\n".to_owned();
    for (what, which) in machine {
        page += &format!("- {what}: {which}\n");
    }
    page += &format!("\n{summary}\n{}\n{METHOD}", pages.join("\n"));
    let file = portico_servers::checkout().join("tests/bench/RESULTS.md");
    std::fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))?;
    println!("kept in tests/bench/RESULTS.md");
    Ok(())
}

fn run(plan: Plan, only: Option<Part>, binary: &Path) -> Result<(Vec<Verdict>, Vec<String>)> {
    let wanted = |part| only.is_none_or(|only| only == part);
    let back_office = BackOffice::start()?;
    let proxies = Proxies::start(&back_office)?;
    let gateway = subjects::install(binary, &back_office)?;
    let (mut verdicts, mut pages) = (Vec::new(), Vec::new());
    if wanted(Part::Requests) {
        let requests = measure::requests(plan, &back_office, &proxies, &gateway)?;
        verdicts.extend(requests.verdicts());
        pages.push(requests.page());
    }
    if wanted(Part::Documents) {
        let documents = measure::documents(plan, &back_office, &proxies, &gateway)?;
        verdicts.extend(documents.verdicts());
        pages.push(documents.page());
    }
    if wanted(Part::Service) {
        verdicts.extend(measure::service(plan, binary, &gateway)?.verdicts());
    }
    if wanted(Part::Overload) {
        let overload = overload::overload(plan, binary)?;
        verdicts.extend(overload.verdicts());
        pages.push(overload.page());
    }
    Ok((verdicts, pages))
}

/// The cargo profile that the binary was built with: the name of the folder it lies in.
fn profile(binary: &Path) -> &str {
    binary.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("unknown")
}

/// Lets time pass: a load lasts, a rate has gaps, an idle process idles.
#[expect(clippy::disallowed_methods, reason = "the time itself is what is wanted, nothing is waited for")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
