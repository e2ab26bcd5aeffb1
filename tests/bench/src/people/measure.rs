//! The three parts.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use portico_servers::{PASSWORD, Running};
use serde_json::Value;

use super::contest::{Asked, Contestant, Loaded, in_turn, load_all, told};
use super::directory::{ATTRIBUTES, BASE, Staff, ids};
use super::listing::{Lister, PAGE};
use super::peers::{Form, Installed as InstalledPeer, Peer};
use super::{Plan, ldap, typed, work};
use crate::gateway::{Gateway, Installed};
use crate::http::{Connection, Target};
use crate::pause;
use crate::process::{OTHER_CORE, SUBJECT_CORE, Subject};
use crate::rounds::{Series, interleave};

const CONFIG: &str = include_str!("../../people.toml");
const OPS_TOKEN: &str = "nobody-else-is-on-this-machine";
/// Of the directory in parts (1) and (2).
pub const FEW: usize = 1_000;
/// Until 100,000 people are read.
const READING: Duration = Duration::from_secs(120);

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

fn install(binary: &Path, slapd: &Running) -> Result<Installed> {
    let config = CONFIG
        .replace("@URL@", &format!("ldap://{}", slapd.addr))
        .replace("@ACCOUNT@", slapd.directory().unlimited)
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
        let why = || format!("the directory is not read: {}", String::from_utf8_lossy(&body));
        ensure!(from.elapsed() < READING, "{}", why());
        pause(Duration::from_millis(50));
    }
}

/// Each in both forms, as far as it can be had: all that do the same first.
fn start_peers(
    peers: &[InstalledPeer],
    slapd: &Running,
    staff: &Staff,
    gateway: &Gateway<'_>,
) -> Result<Vec<Peer>> {
    let all = Form::ALL.into_iter().flat_map(|form| peers.iter().map(move |peer| (peer, form)));
    let started = all.filter_map(|(peer, form)| peer.start(form, slapd, &staff.names(), gateway).transpose());
    started.collect()
}

/// A peer that is asked for these paths in turn.
fn contestant(plan: Plan, peer: &Peer, paths: impl Iterator<Item = String>) -> Contestant {
    let target = |path: String| Target::get_any(peer.addr, &path, peer.token.as_deref());
    Contestant {
        name: peer.name(),
        rounds: if peer.form == Form::Same { plan.rounds } else { plan.bare_rounds },
        subject: peer.subject(),
        asked: Asked::Http(paths.map(target).collect()),
    }
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
    let peers = start_peers(peers, &slapd, &staff, &gateway)?;

    let people = everybody(&gateway)?;
    let listed = peers.iter().map(|peer| work::listed(peer, &people)).collect::<Result<Vec<_>>>()?;
    let mut listers = vec![Lister::Ldapsearch(&slapd), Lister::Portico(&gateway)];
    listers.extend(peers.iter().filter(|peer| peer.form == Form::Same).map(Lister::Peer));
    gateway.subject().rest()?;
    peers.iter().try_for_each(|peer| peer.subject().rest())?;
    let lists = interleave(plan.rounds, &listers, |round, lister| {
        let (rate, bare) = in_turn(lister.subject(), || lister.list(plan.listing))?;
        told(round, lister.name(), &format!("{rate:.0} people/s, {bare:.0} without start and end"));
        Ok((rate, bare))
    })?;
    let listing = lists.iter().map(|rounds| rounds.iter().map(|round| round.0).collect()).collect();
    let bare = lists[0].iter().map(|round| round.1).collect();

    let place = format!("ou=people,{BASE}");
    let requests = ids(&alone)?.iter().map(|id| ldap::search(&place, id, &ATTRIBUTES)).collect();
    let account = alone.directory().unlimited;
    let portico = people
        .iter()
        .map(|one| Target::get_any(gateway.api, &format!("/v1/people/{}", one.id), Some(gateway.token())));
    let mut all = vec![
        Contestant {
            name: "slapd",
            rounds: plan.rounds,
            subject: Subject { pid: alone.pid },
            asked: Asked::Ldap { slapd: alone.addr, account, requests },
        },
        Contestant {
            name: "Portico",
            rounds: plan.rounds,
            subject: gateway.subject(),
            asked: Asked::Http(portico.collect()),
        },
    ];
    all.extend(
        peers
            .iter()
            .zip(&listed)
            .map(|(peer, ids)| contestant(plan, peer, ids.iter().map(|id| format!("/people/{id}")))),
    );
    // slapd at the rate of the gateway; the peers, who could not bear that, at half of their own.
    let by_id = load_all(plan.load, &all, |at| at.max(1))?;
    Ok(Few { listers: listers.iter().map(Lister::name).collect(), listing, bare, by_id })
}

/// Somebody in the directory, as the gateway shows them.
pub struct Somebody {
    pub id: String,
    pub user_name: String,
    pub name: String,
}

fn everybody(gateway: &Gateway<'_>) -> Result<Vec<Somebody>> {
    let (mut all, mut path) = (Vec::new(), Some(format!("/v1/people?limit={PAGE}")));
    while let Some(this) = path {
        let page = gateway.ask("GET", &this, "")?;
        for item in page["items"].as_array().context("no items")? {
            let text = |name: &str| {
                item[name].as_str().map(str::to_owned).context("a person without a name or an id")
            };
            all.push(Somebody { id: text("id")?, user_name: text("userName")?, name: text("displayName")? });
        }
        path = page["next"].as_str().map(str::to_owned);
    }
    ensure!(all.len() == FEW, "the gateway lists {} people", all.len());
    Ok(all)
}

/// (3), among 100,000 people.
pub fn many(plan: Plan, binary: &Path, peers: &[InstalledPeer]) -> Result<Many> {
    let staff = Staff::new(plan.many)?;
    let slapd = staff.slapd(OTHER_CORE)?;
    let installed = install(binary, &slapd)?;
    let from = Instant::now();
    let gateway = installed.start()?;
    let read_in = await_index(&gateway, from)?;
    println!("{} people read after {read_in:.1} s", plan.many);
    let peers = start_peers(peers, &slapd, &staff, &gateway)?;

    let typed = typed::prefixes(&staff.council.people, 250);
    let queries: Vec<String> = typed.iter().map(|text| typed::encoded(text)).collect();
    let portico = queries
        .iter()
        .map(|query| Target::get_any(gateway.api, &format!("/v1/people?q={query}"), Some(gateway.token())));
    let mut all = vec![Contestant {
        name: "Portico",
        rounds: plan.rounds,
        subject: gateway.subject(),
        asked: Asked::Http(portico.collect()),
    }];
    all.extend(
        peers
            .iter()
            .map(|peer| contestant(plan, peer, queries.iter().map(|query| format!("/people?q={query}")))),
    );
    work::check_found(&gateway, &peers, &staff)?;
    let typing = load_all(plan.load, &all, |at| at)?;
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
