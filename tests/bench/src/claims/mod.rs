//! Claims: the gateway in front of Odoo over XML-RPC against what a team would write in Python or Node, the XML reader against
//! libxml2, large answers, and what is kept of writes. A page of its own, `tests/bench/CLAIMS.md`.

mod intents;
mod measure;
mod odoo;
mod page;
mod peers;
mod reading;
mod same;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use self::odoo::Odoo;
use crate::load::Shape;
use crate::results::{self, Verdict};

const METHOD: &str = include_str!("../../CLAIMS-METHOD.md");
/// Octets of the answers of part (3).
const ANSWERS: [usize; 2] = [100 << 10, 16 << 20];

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Plan {
    rounds: usize,
    load: Shape,
    /// Connections for large pages: whoever takes long for one would answer all of 32 once in the time that is measured.
    for_large: usize,
    /// How long what stands behind is asked alone.
    calls: Duration,
    /// How long one reads one document in one round.
    reading: Duration,
    /// Large answers, one after the other.
    large: usize,
    /// How long each number of callers writes.
    intents: Duration,
}

impl Plan {
    const FULL: Self = Self {
        rounds: 3,
        load: Shape {
            connections: 32,
            warm_up: Duration::from_millis(500),
            measured: Duration::from_secs(2),
        },
        for_large: 8,
        calls: Duration::from_secs(1),
        reading: Duration::from_millis(700),
        large: 5,
        intents: Duration::from_secs(3),
    };
    /// A look, not a result.
    const QUICK: Self = Self {
        rounds: 1,
        load: Shape {
            connections: 32,
            warm_up: Duration::from_millis(300),
            measured: Duration::from_millis(1_200),
        },
        for_large: 8,
        calls: Duration::from_millis(300),
        reading: Duration::from_millis(400),
        large: 3,
        intents: Duration::from_millis(1_500),
    };
}

/// Measures, and writes the page unless it was only a look.
pub fn bench(quick: bool, binary: &Path, machine: &[(&'static str, String)]) -> Result<()> {
    let plan = if quick { Plan::QUICK } else { Plan::FULL };
    let peers = peers::install();
    for peer in &peers {
        println!("{}: {}", peer.name, peer.said);
    }
    let odoo = Odoo::start(measure::PEOPLE)?;
    let installed = measure::install(binary, &odoo)?;
    let answers = measure::answers(plan, &odoo, &installed, &peers)?;
    let (_, claims) = odoo.example(&["<string>hr.expense.sheet</string>", "<string>search_read</string>"])?;
    let reading = reading::reading(&claims, plan.rounds, plan.reading, peers[0].program())?;
    let large = ANSWERS
        .into_iter()
        .map(|octets| measure::large(plan, &odoo, &installed, octets))
        .collect::<Result<Vec<_>>>()?;
    drop(odoo);
    let intents = intents::intents(plan.intents)?;

    let verdicts: Vec<Verdict> =
        [answers.verdicts(), reading.verdicts(), page::large_verdicts(&large), intents.verdicts()]
            .into_iter()
            .flatten()
            .collect();
    let summary = results::summary(&verdicts);
    let parts = [answers.page(), reading.page(), page::large_page(&large), intents.page()].join("\n");
    println!("\n{summary}");
    if quick {
        println!("{parts}");
        return Ok(());
    }
    let mut text = "# What claims cost\n\nWritten by `cargo xtask bench`; do not edit.\n\n".to_owned();
    let machine = machine.iter().filter(|(what, _)| !["nginx", "HAProxy"].contains(what)).cloned();
    let peers = peers.iter().map(|peer| (peer.name, peer.said.clone()));
    for (what, which) in machine.chain(peers) {
        text += &format!("- {what}: {which}\n");
    }
    text += &format!("\n{summary}\n{parts}\n{METHOD}");
    let file = portico_servers::checkout().join("tests/bench/CLAIMS.md");
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    println!("kept in tests/bench/CLAIMS.md");
    Ok(())
}
