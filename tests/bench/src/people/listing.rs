//! Everybody in one list, again and again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use portico_servers::Running;

use super::directory::time_ldapsearch;
use super::measure::FEW;
use super::peers::Peer;
use crate::gateway::Gateway;
use crate::http::Connection;
use crate::process::Subject;

/// People on one page of the gateway.
pub const PAGE: usize = 200;

/// Who lists everybody.
pub enum Lister<'a> {
    Ldapsearch(&'a Running),
    Portico(&'a Gateway<'a>),
    Peer(&'a Peer),
}

impl Lister<'_> {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ldapsearch(_) => "ldapsearch",
            Self::Portico(_) => "Portico",
            Self::Peer(peer) => peer.name(),
        }
    }

    /// The process that is asked; `None` for one that lives for an answer.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Ldapsearch(_) => None,
            Self::Portico(gateway) => Some(gateway.subject()),
            Self::Peer(peer) => Some(peer.subject()),
        }
    }

    /// People a second; for `ldapsearch` also without its start and its end.
    pub fn list(&self, time: Duration) -> Result<(f64, f64)> {
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
                    let (status, _) = open.request("GET", "/people", peer.token.as_deref(), "")?;
                    ensure!(status == 200, "{} answered {status}", peer.name());
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
