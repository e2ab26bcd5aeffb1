//! People: the gateway in front of slapd against `ldapsearch`, against slapd itself, and against what a team would write
//! in Python or Node. A page of its own, `tests/bench/PEOPLE.md`.
//!
//! Three parts: (1) a list of 1,000, (2) one person by id, (3) a search among 100,000 while somebody types.

pub mod contest;
mod directory;
mod ldap;
mod listing;
mod measure;
pub mod page;
pub mod peers;
mod typed;
pub mod work;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use self::peers::Form;
use crate::load::Shape;
use crate::results::{self, Verdict};

const METHOD: &str = include_str!("../../PEOPLE-METHOD.md");

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Plan {
    rounds: usize,
    /// Of peers that do less than the gateway: they are shown, and nothing is wanted of them.
    bare_rounds: usize,
    load: Shape,
    /// How long one subject lists people in one round.
    listing: Duration,
    /// Of part (3).
    many: usize,
}

impl Plan {
    const FULL: Self = Self {
        rounds: 5,
        bare_rounds: 3,
        load: Shape {
            connections: 32,
            warm_up: Duration::from_millis(500),
            measured: Duration::from_secs(3),
        },
        listing: Duration::from_secs(3),
        many: 100_000,
    };
    /// A look, not a result.
    const QUICK: Self = Self {
        rounds: 1,
        bare_rounds: 1,
        load: Shape {
            connections: 32,
            warm_up: Duration::from_millis(300),
            measured: Duration::from_millis(1_500),
        },
        listing: Duration::from_secs(1),
        many: 100_000,
    };
}

/// Part (3) alone: what whoever works on the search looks at.
pub fn search(quick: bool, binary: &Path) -> Result<()> {
    let many = measure::many(if quick { Plan::QUICK } else { Plan::FULL }, binary, &peers::install())?;
    println!("\n{}\n{}", results::summary(&many.verdicts()), many.page());
    Ok(())
}

/// Measures, and writes the page unless it was only a look.
pub fn bench(quick: bool, binary: &Path, machine: &[(&'static str, String)]) -> Result<()> {
    let plan = if quick { Plan::QUICK } else { Plan::FULL };
    let peers = peers::install();
    for peer in &peers {
        println!("{}: {}", peer.kind.name(Form::Same), peer.said);
    }
    let (few, many) = measure::all(plan, binary, &peers)?;
    let verdicts: Vec<Verdict> = few.verdicts().into_iter().chain(many.verdicts()).collect();
    let summary = results::summary(&verdicts);
    println!("\n{summary}");
    if quick {
        return Ok(());
    }
    let mut text = "# What people cost\n\nWritten by `cargo xtask bench`; do not edit.\n\n".to_owned();
    let peers = peers.iter().map(|peer| (peer.kind.name(Form::Same), peer.said.clone()));
    let slapd = ("slapd", directory::version());
    let machine = machine.iter().filter(|(what, _)| !["nginx", "HAProxy"].contains(what)).cloned();
    for (what, which) in machine.chain([slapd]).chain(peers) {
        text += &format!("- {what}: {which}\n");
    }
    text += &format!("\n{summary}\n{}\n{}\n{METHOD}", few.page(), many.page());
    let file = portico_servers::checkout().join("tests/bench/PEOPLE.md");
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    println!("kept in tests/bench/PEOPLE.md");
    Ok(())
}
