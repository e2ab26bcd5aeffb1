//! Several subjects under the same load.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use portico_servers::PASSWORD;

use super::Plan;
use super::ldap::Searching;
use crate::http::Target;
use crate::load::{self, Asking, Latency, Throughput};
use crate::process::Subject;
use crate::rounds::{Series, interleave};

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
    pub subject: Subject,
    pub asked: Asked,
}

pub enum Asked {
    Http(Vec<Target>),
    Ldap { slapd: SocketAddr, account: &'static str, requests: Vec<Vec<u8>> },
}

impl Contestant {
    fn closed(&self, plan: Plan) -> Result<Throughput> {
        let shape = plan.load;
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

    fn constant(&self, plan: Plan, rate: f64) -> Result<Latency> {
        let shape = plan.load;
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
pub fn load_all(plan: Plan, all: &[Contestant], rate_of: impl Fn(usize) -> usize) -> Result<Loaded> {
    let measured = interleave(plan.rounds, all, |round, one| {
        let got = one.closed(plan).with_context(|| format!("of {}", one.name))?;
        told(round, one.name, &format!("{:.0} requests/s, busy {:.2}", got.rate, got.busy));
        Ok(got)
    })?;
    let series = |of: fn(&Throughput) -> f64| -> Vec<Series> {
        measured.iter().map(|rounds| rounds.iter().map(of).collect()).collect()
    };
    let rates = series(|one| one.rate);
    let halves: Vec<f64> = (0..all.len()).map(|at| rates[rate_of(at)].median() / 2.0).collect();
    let numbered: Vec<(usize, &Contestant)> = all.iter().enumerate().collect();
    let latencies = interleave(plan.rounds, &numbered, |round, (at, one)| {
        let rate = halves[*at];
        let got = one.constant(plan, rate).with_context(|| format!("of {}", one.name))?;
        told(
            round,
            one.name,
            &format!("p50 {:.3} ms, p99 {:.3} ms at {rate:.0} requests/s", got.p50, got.p99),
        );
        Ok(got)
    })?;
    let of = |of: fn(&Latency) -> f64| -> Vec<Series> {
        latencies.iter().map(|rounds| rounds.iter().map(of).collect()).collect()
    };
    let (p50, p99) = (of(|one| one.p50), of(|one| one.p99));
    let names = all.iter().map(|one| one.name).collect();
    Ok(Loaded { names, rates, busy: series(|one| one.busy), halves, p50, p99 })
}

pub fn told(round: usize, name: &str, what: &str) {
    println!("round {}  {name:<10} {what}", round + 1);
}
