//! The three parts.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use portico_servers::{PASSWORD, Running};
use serde_json::Value;

use super::directory::{ATTRIBUTES, BASE, Staff, ids, time_ldapsearch};
use super::peers::{Installed as InstalledPeer, Peer};
use super::{Plan, ldap, typed};
use crate::gateway::{Gateway, Installed};
use crate::http::{Connection, Target};
use crate::load::{self, Asking, Latency, Throughput};
use crate::pause;
use crate::process::{OTHER_CORE, SUBJECT_CORE, Subject};
use crate::rounds::{Series, interleave};

const CONFIG: &str = include_str!("../../people.toml");
const OPS_TOKEN: &str = "people-bench";
/// Of the directory in parts (1) and (2).
const FEW: usize = 1_000;
const PAGE: usize = 200;
/// Until 100,000 people are read.
const READING: Duration = Duration::from_secs(120);

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

/// (1) and (2).
pub struct Few {
    /// Of `listing`; `ldapsearch` first, Portico second.
    pub listers: Vec<&'static str>,
    /// People a second.
    pub listing: Vec<Series>,
    /// People a second of `ldapsearch` without its start, its bind and its end.
    pub bare: Series,
    /// slapd first, Portico second.
    pub by_id: Loaded,
}

/// (3).
pub struct Many {
    pub people: usize,
    pub prefixes: usize,
    /// Portico first.
    pub typing: Loaded,
    /// From the start to the first search, seconds.
    pub read_in: f64,
    /// MiB of the index, as the gateway says, and of the process.
    pub index: f64,
    pub resident: f64,
}

pub fn all(plan: Plan, binary: &Path, peers: &[InstalledPeer]) -> Result<(Few, Many)> {
    Ok((few(plan, binary, peers)?, many(plan, binary, peers)?))
}

/// One that is asked over HTTP or LDAP.
struct Contestant {
    name: &'static str,
    subject: Subject,
    asked: Asked,
}

enum Asked {
    Http(Vec<Target>),
    Ldap { slapd: std::net::SocketAddr, account: &'static str, requests: Vec<Vec<u8>> },
}

impl Contestant {
    fn closed(&self, plan: Plan) -> Result<Throughput> {
        let shape = plan.load;
        match &self.asked {
            Asked::Http(targets) => {
                load::closed_by(&mut Asking::several(targets, shape.connections)?, shape, &self.subject)
            }
            Asked::Ldap { slapd, account, requests } => {
                let mut callers =
                    ldap::Searching::several(*slapd, account, PASSWORD, requests, shape.connections)?;
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
                let callers =
                    ldap::Searching::several(*slapd, account, PASSWORD, requests, shape.connections)?;
                load::constant_by(callers, shape, rate)
            }
        }
    }
}

/// `rate_of`: whose throughput is halved for a subject.
fn load_all(plan: Plan, all: &[Contestant], rate_of: impl Fn(usize) -> usize) -> Result<Loaded> {
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

fn install(binary: &Path, slapd: &Running) -> Result<Installed> {
    let config = CONFIG
        .replace("@URL@", &format!("ldap://{}", slapd.addr))
        .replace("@ACCOUNT@", slapd.directory().account)
        .replace("@BASE@", BASE);
    let files = [("password", PASSWORD), ("ops-token", OPS_TOKEN)];
    Installed::with(binary, &config, &files).context("cannot set up the gateway")
}

/// Waits until the directory has been read. Gives the seconds since `from`.
fn await_index(gateway: &Gateway<'_>, from: Instant) -> Result<f64> {
    loop {
        let (status, body) =
            Connection::open(gateway.api)?.request("GET", "/v1/people?q=a", Some(gateway.token()), "")?;
        if status == 200 {
            return Ok(from.elapsed().as_secs_f64());
        }
        ensure!(from.elapsed() < READING, "the directory is not read: {}", String::from_utf8_lossy(&body));
        pause(Duration::from_millis(50));
    }
}

fn start_peers(peers: &[InstalledPeer], slapd: &Running, staff: &Staff) -> Result<Vec<Peer>> {
    let started = peers.iter().filter_map(|peer| peer.start(slapd, &staff.names()).transpose());
    started.collect()
}

/// Who lists everybody.
enum Lister<'a> {
    Ldapsearch(&'a Running),
    Portico(&'a Gateway<'a>),
    Peer(&'a Peer),
}

impl Lister<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Ldapsearch(_) => "ldapsearch",
            Self::Portico(_) => "Portico",
            Self::Peer(peer) => peer.kind.name(),
        }
    }

    /// People a second; for `ldapsearch` also without its start and its end.
    fn list(&self, time: Duration) -> Result<(f64, f64)> {
        let (from, mut lists, mut beside) = (Instant::now(), 0_u32, Duration::ZERO);
        let (mut took, mut connection) = (Duration::ZERO, None);
        while lists == 0 || from.elapsed() < time {
            let begun = Instant::now();
            match self {
                Self::Ldapsearch(slapd) => {
                    let (all, nobody) = time_ldapsearch(slapd)?;
                    took += all;
                    beside += nobody;
                }
                Self::Portico(gateway) => {
                    list_pages(connection.get_or_insert(Connection::open(gateway.api)?), gateway.token())?;
                    took += begun.elapsed();
                }
                Self::Peer(peer) => {
                    let open = connection.get_or_insert(Connection::open(peer.addr)?);
                    let (status, _) = open.request("GET", "/people", None, "")?;
                    ensure!(status == 200, "{} answered {status}", peer.kind.name());
                    took += begun.elapsed();
                }
            }
            lists += 1;
        }
        let rate = |took: Duration| f64::from(lists) * FEW as f64 / took.as_secs_f64();
        Ok((rate(took), rate(took.saturating_sub(beside))))
    }
}

/// Five requests, each at the address that the answer before gave.
fn list_pages(connection: &mut Connection, token: &str) -> Result<()> {
    let mut path = format!("/v1/people?limit={PAGE}");
    let mut pages = 0;
    loop {
        let (status, body) = connection.request("GET", &path, Some(token), "")?;
        ensure!(status == 200, "{path} answered {status}");
        pages += 1;
        match next(&body)? {
            Some(next) => path = next,
            None => break,
        }
    }
    ensure!(pages == FEW / PAGE, "there were {pages} pages");
    Ok(())
}

/// The address of the next page, without reading all the JSON: behind the items.
fn next(body: &[u8]) -> Result<Option<String>> {
    const KEY: &[u8] = b"\"next\":\"";
    let Some(at) = body.windows(KEY.len()).rposition(|octets| octets == KEY) else { return Ok(None) };
    let rest = &body[at + KEY.len()..];
    let end = rest.iter().position(|octet| *octet == b'"').context("an address without an end")?;
    Ok(Some(String::from_utf8(rest[..end].to_vec())?))
}

/// (1) and (2), over one slapd with 1,000 people on the other core.
fn few(plan: Plan, binary: &Path, peers: &[InstalledPeer]) -> Result<Few> {
    let staff = Staff::new(FEW)?;
    let slapd = staff.slapd(OTHER_CORE)?;
    // A subject itself, so on their core; nobody else asks it.
    let alone = staff.slapd(SUBJECT_CORE)?;
    let installed = install(binary, &slapd)?;
    let gateway = installed.start()?;
    await_index(&gateway, Instant::now())?;
    let peers = start_peers(peers, &slapd, &staff)?;

    let people = everybody(&gateway)?;
    check_peers(&peers, &people)?;
    let mut listers = vec![Lister::Ldapsearch(&slapd), Lister::Portico(&gateway)];
    listers.extend(peers.iter().map(Lister::Peer));
    let lists = interleave(plan.rounds, &listers, |round, lister| {
        let (rate, bare) = lister.list(plan.listing)?;
        told(round, lister.name(), &format!("{rate:.0} people/s, {bare:.0} without start and end"));
        Ok((rate, bare))
    })?;
    let listing = lists.iter().map(|rounds| rounds.iter().map(|round| round.0).collect()).collect();
    let bare = lists[0].iter().map(|round| round.1).collect();

    let place = format!("ou=people,{BASE}");
    let requests = ids(&alone)?.iter().map(|id| ldap::search(&place, id, &ATTRIBUTES)).collect();
    let account = alone.directory().account;
    let portico = people
        .iter()
        .map(|one| Target::get_any(gateway.api, &format!("/v1/people/{}", one.id), Some(gateway.token())));
    let mut all = vec![
        Contestant {
            name: "slapd",
            subject: Subject { pid: alone.pid },
            asked: Asked::Ldap { slapd: alone.addr, account, requests },
        },
        Contestant { name: "Portico", subject: gateway.subject(), asked: Asked::Http(portico.collect()) },
    ];
    all.extend(peers.iter().map(|peer| {
        Contestant {
            name: peer.kind.name(),
            subject: peer.subject(),
            asked: Asked::Http(
                people
                    .iter()
                    .map(|one| Target::get_any(peer.addr, &format!("/people/{}", one.native), None))
                    .collect(),
            ),
        }
    }));
    // slapd at the rate of the gateway; the peers, who could not bear that, at half of their own.
    let by_id = load_all(plan, &all, |at| at.max(1))?;
    Ok(Few { listers: listers.iter().map(Lister::name).collect(), listing, bare, by_id })
}

/// Somebody in the directory.
struct Somebody {
    id: String,
    native: String,
    name: String,
}

fn everybody(gateway: &Gateway<'_>) -> Result<Vec<Somebody>> {
    let (mut all, mut path) = (Vec::new(), Some(format!("/v1/people?limit={PAGE}")));
    while let Some(this) = path {
        let page = gateway.ask("GET", &this, "")?;
        for item in page["items"].as_array().context("no items")? {
            let text =
                |value: &Value| value.as_str().map(str::to_owned).context("a person without a name or an id");
            let native = text(&item["owner"]["nativeId"])?;
            all.push(Somebody { id: text(&item["id"])?, native, name: text(&item["displayName"])? });
        }
        path = page["next"].as_str().map(str::to_owned);
    }
    ensure!(all.len() == FEW, "the gateway lists {} people", all.len());
    Ok(all)
}

/// That the peers do the same work: they list everybody, and give the same name for the same id.
fn check_peers(peers: &[Peer], people: &[Somebody]) -> Result<()> {
    for peer in peers {
        let mut connection = Connection::open(peer.addr)?;
        let mut ask = |path: &str| -> Result<Value> {
            Ok(serde_json::from_slice(&connection.request("GET", path, None, "")?.1)?)
        };
        let name = peer.kind.name();
        let listed = ask("/people")?["items"].as_array().map_or(0, Vec::len);
        ensure!(listed == FEW, "{name} lists {listed} people");
        for somebody in people.iter().step_by(50) {
            let found = ask(&format!("/people/{}", somebody.native))?;
            ensure!(found["displayName"] == somebody.name.as_str(), "{name} says {found}");
        }
    }
    Ok(())
}

/// (3), among 100,000 people.
fn many(plan: Plan, binary: &Path, peers: &[InstalledPeer]) -> Result<Many> {
    let staff = Staff::new(plan.many)?;
    let slapd = staff.slapd(OTHER_CORE)?;
    let installed = install(binary, &slapd)?;
    let from = Instant::now();
    let gateway = installed.start()?;
    let read_in = await_index(&gateway, from)?;
    println!("{} people read after {read_in:.1} s", plan.many);
    let peers = start_peers(peers, &slapd, &staff)?;

    let typed = typed::prefixes(&staff.council.people, 250);
    let queries: Vec<String> = typed.iter().map(|text| typed::encoded(text)).collect();
    let mut all = vec![Contestant {
        name: "Portico",
        subject: gateway.subject(),
        asked: Asked::Http(
            queries
                .iter()
                .map(|query| {
                    Target::get_any(gateway.api, &format!("/v1/people?q={query}"), Some(gateway.token()))
                })
                .collect(),
        ),
    }];
    all.extend(peers.iter().map(|peer| {
        Contestant {
            name: peer.kind.name(),
            subject: peer.subject(),
            asked: Asked::Http(
                queries
                    .iter()
                    .map(|query| Target::get_any(peer.addr, &format!("/people?q={query}"), None))
                    .collect(),
            ),
        }
    }));
    check_found(&gateway, &peers, &staff)?;
    let typing = load_all(plan, &all, |at| at)?;
    let (status, body) = Connection::open(gateway.ops)?.request("GET", "/status", Some(OPS_TOKEN), "")?;
    ensure!(status == 200, "/status answered {status}");
    let told: Value = serde_json::from_slice(&body)?;
    let index = &told["peopleIndexes"][0];
    let people = index["people"].as_u64().context("no index")?;
    ensure!(people == plan.many as u64, "the index has {people} people");
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    Ok(Many {
        people: plan.many,
        prefixes: queries.len(),
        typing,
        read_in,
        index: mib(index["bytes"].as_u64().context("no size of the index")?),
        resident: gateway.subject().resident()?,
    })
}

/// That everybody finds people by their whole names, first or last name first.
fn check_found(gateway: &Gateway<'_>, peers: &[Peer], staff: &Staff) -> Result<()> {
    for person in staff.council.people.iter().step_by(staff.council.people.len() / 20) {
        let swapped = format!("{} {}", person.family_name, person.given_name);
        for text in [&person.display_name, &swapped] {
            let query = typed::encoded(text);
            let mut found = vec![gateway.ask("GET", &format!("/v1/people?q={query}"), "")?];
            for peer in peers {
                let (_, body) =
                    Connection::open(peer.addr)?.request("GET", &format!("/people?q={query}"), None, "")?;
                found.push(serde_json::from_slice(&body)?);
            }
            for found in found {
                let items = found["items"].as_array().context("no items")?;
                let has = items.iter().any(|item| item["displayName"] == person.display_name.as_str());
                ensure!(has, "{text} is not found: {found}");
            }
        }
    }
    Ok(())
}

fn told(round: usize, name: &str, what: &str) {
    println!("round {}  {name:<10} {what}", round + 1);
}
