//! The three parts.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use portico_servers::{PASSWORD, Running};
use serde_json::Value;

use super::contest::{Asked, Contestant, Loaded, load_all, told};
use super::directory::{ATTRIBUTES, BASE, Staff, ids};
use super::listing::{Lister, PAGE};
use super::peers::{Installed as InstalledPeer, Peer};
use super::{Plan, ldap, typed};
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

fn start_peers(peers: &[InstalledPeer], slapd: &Running, staff: &Staff) -> Result<Vec<Peer>> {
    let started = peers.iter().filter_map(|peer| peer.start(slapd, &staff.names()).transpose());
    started.collect()
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
    let account = alone.directory().unlimited;
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
