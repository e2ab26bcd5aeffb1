//! Several subjects under the same load.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use portico_servers::PASSWORD;

use super::ldap::Searching;
use crate::http::Target;
use crate::load::{self, Asking, Latency, Shape, Throughput};
use crate::pause;
use crate::process::Subject;
use crate::rounds::{Series, interleave_some};

/// Until whoever was woken has done what waited for it.
const WAKING: Duration = Duration::from_millis(100);

/// As much as goes, then at half of that, of several subjects.
pub struct Loaded {
    pub names: Vec<&'static str>,
    /// Answers a second.
    pub rates: Vec<Series>,
    pub busy: Vec<Series>,
    /// The constant rate of each.
    pub halves: Vec<f64>,
    /// Milliseconds.
    pub p50: Vec<Series>,
    pub p99: Vec<Series>,
}

/// One that is asked over HTTP or LDAP.
pub struct Contestant {
    pub name: &'static str,
    pub rounds: usize,
    pub subject: Subject,
    pub asked: Asked,
}

pub enum Asked {
    Http(Vec<Target>),
    Ldap { slapd: SocketAddr, account: &'static str, requests: Vec<Vec<u8>> },
}

/// Wakes a subject for its turn and lets it rest again after it: of those on the core of the subjects, one runs at a time.
pub fn in_turn<T>(subject: Option<Subject>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if let Some(subject) = subject {
        subject.wake()?;
        pause(WAKING);
    }
    let done = work()?;
    subject.map_or(Ok(()), Subject::rest)?;
    Ok(done)
}

impl Contestant {
    fn closed(&self, shape: Shape) -> Result<Throughput> {
        match &self.asked {
            Asked::Http(targets) => {
                load::closed_by(&mut Asking::several(targets, shape.connections)?, shape, &self.subject)
            }
            Asked::Ldap { slapd, account, requests } => {
                let mut callers = Searching::several(*slapd, account, PASSWORD, requests, shape.connections)?;
                load::closed_by(&mut callers, shape, &self.subject)
            }
        }
    }

    fn constant(&self, shape: Shape, rate: f64) -> Result<Latency> {
        match &self.asked {
            Asked::Http(targets) => {
                load::constant_by(Asking::several(targets, shape.connections)?, shape, rate)
            }
            Asked::Ldap { slapd, account, requests } => {
                let callers = Searching::several(*slapd, account, PASSWORD, requests, shape.connections)?;
                load::constant_by(callers, shape, rate)
            }
        }
    }
}

/// `rate_of`: whose throughput is halved for a subject.
pub fn load_all(shape: Shape, all: &[Contestant], rate_of: impl Fn(usize) -> usize) -> Result<Loaded> {
    all.iter().try_for_each(|one| one.subject.rest())?;
    let measured = interleave_some(
        |one: &Contestant| one.rounds,
        all,
        |round, one| {
            let got = in_turn(Some(one.subject), || one.closed(shape))
                .with_context(|| format!("of {}", one.name))?;
            told(round, one.name, &format!("{:.0} requests/s, busy {:.2}", got.rate, got.busy));
            Ok(got)
        },
    )?;
    let series = |of: fn(&Throughput) -> f64| -> Vec<Series> {
        measured.iter().map(|rounds| rounds.iter().map(of).collect()).collect()
    };
    let rates = series(|one| one.rate);
    let halves: Vec<f64> = (0..all.len()).map(|at| rates[rate_of(at)].median() / 2.0).collect();
    let numbered: Vec<(usize, &Contestant)> = all.iter().enumerate().collect();
    let latencies = interleave_some(
        |(_, one): &(usize, &Contestant)| one.rounds,
        &numbered,
        |round, (at, one)| {
            let rate = halves[*at];
            let got = in_turn(Some(one.subject), || one.constant(shape, rate));
            let got = got.with_context(|| format!("of {}", one.name))?;
            told(
                round,
                one.name,
                &format!("p50 {:.3} ms, p99 {:.3} ms at {rate:.0} requests/s", got.p50, got.p99),
            );
            Ok(got)
        },
    )?;
    all.iter().try_for_each(|one| one.subject.wake())?;
    let of = |of: fn(&Latency) -> f64| -> Vec<Series> {
        latencies.iter().map(|rounds| rounds.iter().map(of).collect()).collect()
    };
    let (p50, p99) = (of(|one| one.p50), of(|one| one.p99));
    let names = all.iter().map(|one| one.name).collect();
    Ok(Loaded { names, rates, busy: series(|one| one.busy), halves, p50, p99 })
}

pub fn told(round: usize, name: &str, what: &str) {
    println!("round {}  {name:<12} {what}", round + 1);
}
