//! The three parts of the bench.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::gateway::Installed;
use crate::http::Connection;
use crate::load::{self, Latency, Shape, Throughput};
use crate::pause;
use crate::rounds::{Series, interleave};
use crate::subjects::{Asked, BackOffice, Contestant, NAMES, Proxies, contestants};

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    pub load: Shape,
    /// Downloads of the document in one turn.
    pub downloads: u32,
    pub starts: usize,
    pub idle: Duration,
}

impl Plan {
    pub const FULL: Self = Self {
        rounds: 5,
        load: Shape { connections: 32, warm_up: Duration::from_secs(1), measured: Duration::from_secs(5) },
        downloads: 10,
        starts: 11,
        idle: Duration::from_secs(30),
    };
    /// A look, not a result.
    pub const QUICK: Self = Self {
        rounds: 1,
        load: Shape {
            connections: 32,
            warm_up: Duration::from_millis(500),
            measured: Duration::from_secs(2),
        },
        downloads: 3,
        starts: 3,
        idle: Duration::from_secs(2),
    };
}

/// (a), in the order of [`NAMES`].
pub struct Requests {
    /// Answers a second.
    pub rates: Vec<Series>,
    /// Processor time as a part of one core while that was measured.
    pub busy: Vec<Series>,
    /// The constant rate of the latency.
    pub half: f64,
    /// Milliseconds.
    pub p50: Vec<Series>,
    pub p99: Vec<Series>,
    /// MiB of the gateway at the end.
    pub resident: f64,
}

/// (b), in the order of [`NAMES`].
pub struct Documents {
    /// MB a second.
    pub rates: Vec<Series>,
    pub busy: Vec<Series>,
    /// MiB of the gateway before the first download, and at most up to the end of the last.
    pub before: f64,
    pub peak: f64,
}

/// (c).
pub struct Service {
    /// Milliseconds from the start of the process to the ready file, and to the first answer.
    pub ready: Series,
    pub answered: Series,
    /// MiB once ready, and after the idle time.
    pub at_start: f64,
    pub idle: f64,
    /// MB of the binary.
    pub binary: f64,
}

fn by_subject<M: Copy>(measured: &[Vec<M>], of: impl Fn(M) -> f64) -> Vec<Series> {
    measured.iter().map(|rounds| rounds.iter().map(|round| of(*round)).collect()).collect()
}

/// (a) A kibibyte of JSON: as much as goes, then latency at half of what the gateway can do.
pub fn requests(
    plan: Plan,
    back_office: &BackOffice,
    proxies: &Proxies,
    gateway: &Installed,
) -> Result<Requests> {
    let gateway = gateway.start()?;
    let all = contestants(Asked::Json, back_office, proxies, &gateway)?;
    let measured: Vec<Vec<Throughput>> = interleave(plan.rounds, &all, |round, one| {
        let got = load::closed(&one.target, plan.load, &one.subject)?;
        told(round, one, &format!("{:.0} requests/s, busy {:.2}", got.rate, got.busy));
        Ok(got)
    })?;
    let rates = by_subject(&measured, |one| one.rate);
    let half = rates[NAMES.len() - 1].median() / 2.0;
    let latencies: Vec<Vec<Latency>> = interleave(plan.rounds, &all, |round, one| {
        let got = load::constant(&one.target, plan.load, half)?;
        told(round, one, &format!("p50 {:.3} ms, p99 {:.3} ms at {half:.0} requests/s", got.p50, got.p99));
        Ok(got)
    })?;
    Ok(Requests {
        rates,
        busy: by_subject(&measured, |one| one.busy),
        half,
        p50: by_subject(&latencies, |one| one.p50),
        p99: by_subject(&latencies, |one| one.p99),
        resident: gateway.subject().resident()?,
    })
}

/// (b) The document, one download after the other.
pub fn documents(
    plan: Plan,
    back_office: &BackOffice,
    proxies: &Proxies,
    gateway: &Installed,
) -> Result<Documents> {
    // A process of its own, so that its peak is that of the downloads.
    let gateway = gateway.start()?;
    let all = contestants(Asked::Document, back_office, proxies, &gateway)?;
    let before = gateway.subject().resident()?;
    let measured: Vec<Vec<(f64, f64)>> = interleave(plan.rounds, &all, |round, one| {
        let mut connection = Connection::to(&one.target)?;
        let (from, busy) = (Instant::now(), one.subject.busy()?);
        for _ in 0..plan.downloads {
            connection.exchange(&one.target)?;
        }
        let took = from.elapsed().as_secs_f64();
        let busy = one.subject.busy()?.saturating_sub(busy).as_secs_f64() / took;
        let rate = f64::from(plan.downloads) * one.target.length() as f64 / 1e6 / took;
        told(round, one, &format!("{rate:.0} MB/s, busy {busy:.2}"));
        Ok((rate, busy))
    })?;
    Ok(Documents {
        rates: by_subject(&measured, |one| one.0),
        busy: by_subject(&measured, |one| one.1),
        before,
        peak: gateway.subject().peak()?,
    })
}

/// (c) Starting and sitting there.
pub fn service(plan: Plan, binary: &Path, gateway: &Installed) -> Result<Service> {
    let (mut ready, mut answered) = (Vec::new(), Vec::new());
    for _ in 0..plan.starts {
        let from = Instant::now();
        let running = gateway.start()?;
        let (status, _) =
            Connection::open(running.api)?.request("GET", "/v1/me", Some(running.token()), "")?;
        ensure!(status == 200, "/v1/me answered {status}");
        answered.push(from.elapsed().as_secs_f64() * 1_000.0);
        ready.push(running.took.as_secs_f64() * 1_000.0);
    }
    println!("starts: ready after {ready:.1?} ms, first answer after {answered:.1?} ms");
    let running = gateway.start()?;
    let at_start = running.subject().resident()?;
    pause(plan.idle);
    let idle = running.subject().resident()?;
    println!("idle: {at_start:.1} MiB at the start, {idle:.1} MiB after {:?}", plan.idle);
    Ok(Service {
        ready: ready.into_iter().collect(),
        answered: answered.into_iter().collect(),
        at_start,
        idle,
        binary: std::fs::metadata(binary)?.len() as f64 / 1e6,
    })
}

fn told(round: usize, one: &Contestant, what: &str) {
    println!("round {}  {:<8} {what}", round + 1, one.name);
}
