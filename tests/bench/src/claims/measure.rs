//! (1) claims from XML-RPC to JSON, and (3) answers that are large.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Plan;
use super::odoo::Odoo;
use super::peers::{Installed as InstalledPeer, Peer};
use super::same::{self, Claims, Source};
use crate::gateway::{Gateway, Installed};
use crate::http::{Connection, Target};
use crate::load::Shape;
use crate::people::contest::{Asked, Contestant, Loaded, load_all};

const CONFIG: &str = include_str!("../../claims.toml");
const OPS_TOKEN: &str = "nobody-else-is-on-this-machine";
/// Of the council; seven in eight have a claim.
pub const PEOPLE: usize = 2_000;
/// Claims on a page.
pub const SMALL: usize = 25;
pub const LARGE: usize = 200;
/// Pages, and claims, that are asked for in turn.
const PAGES: usize = 8;
const READ: usize = 200;

/// (1): Portico first, then the peers.
pub struct Answers {
    pub claims: usize,
    /// Pages of [`SMALL`], pages of [`LARGE`], one claim with its lines.
    pub loads: [Loaded; 3],
    /// Of each.
    pub connections: [usize; 3],
    /// Octets that Odoo answers for the claims of a small and a large page.
    pub octets: [usize; 2],
    /// Calls a second, one after the other, for such a page: the simulator, and the answers that are kept.
    pub behind: [[f64; 2]; 2],
    /// Requests, and how many of them the simulator was asked.
    pub asked: (u64, u64),
}

/// (3): one answer of this size, several times.
pub struct Large {
    pub octets: usize,
    /// Of the JSON.
    pub given: usize,
    /// MiB of the process: before, and at most.
    pub before: f64,
    pub peak: f64,
    pub took: Vec<Duration>,
}

/// The gateway over an Odoo.
pub fn install(binary: &Path, odoo: &Odoo) -> Result<Installed> {
    let config = CONFIG
        .replace("@URL@", &format!("http://{}", odoo.addr))
        .replace("@DATABASE@", &odoo.database)
        .replace("@LOGIN@", &odoo.login);
    let files = [("password", odoo.password.as_str()), ("ops-token", OPS_TOKEN)];
    Installed::with(binary, &config, &files).context("cannot set up the gateway")
}

/// What one is asked, and where.
struct Asks {
    paths: [Vec<String>; 3],
    claims: Claims,
}

fn asks(source: &Source<'_>) -> Result<Asks> {
    let (large, claims) = source.pages(LARGE)?;
    let (small, same) = source.pages(SMALL)?;
    ensure!(
        same.len() == claims.len(),
        "small pages show {} claims, large ones {}",
        same.len(),
        claims.len()
    );
    let mut single = source.addresses(&claims);
    single.truncate(READ);
    let first = |mut paths: Vec<String>| {
        // The last page may be a short one.
        paths.truncate(PAGES.min(paths.len() - 1));
        paths
    };
    Ok(Asks { paths: [first(small), first(large), single], claims })
}

pub fn answers(plan: Plan, odoo: &Odoo, installed: &Installed, peers: &[InstalledPeer]) -> Result<Answers> {
    let gateway = installed.start()?;
    let peers: Vec<Peer> =
        peers.iter().filter_map(|peer| peer.start(odoo, &gateway).transpose()).collect::<Result<_>>()?;
    let portico = Source::Portico(&gateway);
    let ours = asks(&portico)?;
    println!("{} claims", ours.claims.len());
    // Before the peers ask: they ask for fewer rows, so an example of theirs would be another one.
    let pages = [example(odoo, SMALL)?, example(odoo, LARGE)?];
    let mut theirs = Vec::new();
    for peer in &peers {
        let source = Source::Peer(peer);
        let asks = asks(&source)?;
        same::compare((&portico, &ours.claims), (&source, &asks.claims), peer.name)?;
        same::refuses(peer, &asks.paths[2][0])?;
        theirs.push(asks);
    }
    // Every claim that is measured was asked for once, so that the simulator has nothing to do later.
    for path in ours.paths.iter().flatten() {
        gateway.ask("GET", path, "")?;
    }
    for (peer, asks) in peers.iter().zip(&theirs) {
        let mut connection = Connection::open(peer.addr)?;
        for path in asks.paths.iter().flatten() {
            let (status, _) = connection.request("GET", path, Some(&peer.token), "")?;
            ensure!(status == 200, "{} answered {path} with {status}", peer.name);
        }
    }
    let behind = [calls(odoo, &pages[0].0, plan.calls)?, calls(odoo, &pages[1].0, plan.calls)?];
    println!("calls a second, simulator and kept answers, small and large pages: {behind:.0?}");
    let before = odoo.asked();
    let mut loads = Vec::new();
    let wide = plan.load.connections;
    for (at, (what, connections)) in
        [("small pages", wide), ("large pages", plan.for_large), ("one claim", wide)].into_iter().enumerate()
    {
        println!("{what}");
        let shape = Shape { connections, ..plan.load };
        let all = contestants(plan, &gateway, &ours, &peers, &theirs, at);
        loads.push(load_all(shape, &all, |at| at)?);
    }
    let after = odoo.asked();
    Ok(Answers {
        claims: ours.claims.len(),
        loads: loads.try_into().ok().context("three loads")?,
        connections: [wide, plan.for_large, wide],
        octets: [pages[0].1.len(), pages[1].1.len()],
        behind,
        asked: (after.0 - before.0, after.1 - before.1),
    })
}

fn contestants(
    plan: Plan,
    gateway: &Gateway<'_>,
    ours: &Asks,
    peers: &[Peer],
    theirs: &[Asks],
    at: usize,
) -> Vec<Contestant> {
    let targets = |addr, token: &str, paths: &[String]| {
        Asked::Http(paths.iter().map(|path| Target::get_any(addr, path, Some(token))).collect())
    };
    let mut all = vec![Contestant {
        name: "Portico",
        rounds: plan.rounds,
        subject: gateway.subject(),
        asked: targets(gateway.api, gateway.token(), &ours.paths[at]),
    }];
    all.extend(peers.iter().zip(theirs).map(|(peer, asks)| Contestant {
        name: peer.name,
        rounds: plan.rounds,
        subject: peer.subject(),
        asked: targets(peer.addr, &peer.token, &asks.paths[at]),
    }));
    all
}

/// The gateway's call for the claims of such a page, and the answer. It asks for a few rows more than it shows.
fn example(odoo: &Odoo, limit: usize) -> Result<(String, String)> {
    let rows = format!("<int>{}</int>", limit + 16);
    odoo.example(&["<string>hr.expense.sheet</string>", "<string>search_read</string>", &rows])
}

/// The same call again and again: how many a second the simulator answers, and how many are answered from what is kept.
fn calls(odoo: &Odoo, body: &str, time: Duration) -> Result<[f64; 2]> {
    let rate = |addr| -> Result<f64> {
        let mut connection = Connection::open(addr)?;
        let (from, mut calls) = (Instant::now(), 0_u32);
        while calls == 0 || from.elapsed() < time {
            let (status, _) = connection.request("POST", "/xmlrpc/2/object", None, body)?;
            ensure!(status == 200, "Odoo answered {status}");
            calls += 1;
        }
        Ok(f64::from(calls) / from.elapsed().as_secs_f64())
    };
    Ok([rate(odoo.simulator)?, rate(odoo.addr)?])
}

/// One claim whose lines are an answer of so many octets, read by a gateway that has done next to nothing else.
pub fn large(plan: Plan, odoo: &Odoo, installed: &Installed, octets: usize) -> Result<Large> {
    odoo.make_lines(0);
    let gateway = installed.start()?;
    let page = gateway.ask("GET", "/v1/expense-reports?limit=1&status=submitted", "")?;
    let id = page["items"][0]["id"].as_str().context("no claim")?;
    let path = format!("/v1/expense-reports/{id}");
    let own = gateway.ask("GET", &path, "")?;
    odoo.make_lines(octets);
    let mut connection = Connection::open(gateway.api)?;
    let (before, mut took, mut given) = (gateway.subject().resident()?, Vec::new(), 0);
    for turn in 0..plan.large {
        let from = Instant::now();
        let (status, body) = connection.request("GET", &path, Some(gateway.token()), "")?;
        took.push(from.elapsed());
        ensure!(status == 200, "{octets} octets: {status}: {}", String::from_utf8_lossy(&body));
        if turn == 0 {
            let shown: Value = serde_json::from_slice(&body)?;
            let lines = |of: &Value| of["lines"].as_array().map(Vec::len).unwrap_or_default();
            ensure!(lines(&shown) > 10 * lines(&own), "the claim has {} lines", lines(&shown));
        }
        given = body.len();
    }
    let peak = gateway.subject().peak()?;
    println!("{octets} octets: {before:.1} to {peak:.1} MiB, {given} octets of JSON, {took:?}");
    odoo.make_lines(0);
    Ok(Large { octets, given, before, peak, took })
}
