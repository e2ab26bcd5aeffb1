//! That the peers do the work that they are measured at: they give the same claims as the gateway, and refuse what it
//! refuses.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::peers::Peer;
use crate::gateway::Gateway;
use crate::people::work::ask_at;

/// Of claims and their lines, as both show them. Ids are each one's own.
const CLAIM: [&str; 15] = [
    "title",
    "status",
    "nativeStatus",
    "createdAt",
    "updatedAt",
    "transactionDate",
    "subTotal",
    "totalTax",
    "totalAmount",
    "reimbursableAmount",
    "employee",
    "approver",
    "approvedBy",
    "lines",
    "number",
];
const LINE: [&str; 12] = [
    "lineNumber",
    "category",
    "description",
    "quantity",
    "unitPrice",
    "amount",
    "taxRates",
    "taxAmount",
    "transactionDate",
    "project",
    "costCentre",
    "receipts",
];
const LINKED: [&str; 7] = ["nativeId", "display", "name", "mediaType", "contentLength", "amount", "currency"];

/// Every claim by its address in Odoo.
pub type Claims = BTreeMap<String, Claim>;

/// A claim as the list shows it.
pub struct Claim {
    pub id: String,
    shown: Value,
}

/// Whoever is asked for claims.
pub enum Source<'a> {
    Portico(&'a Gateway<'a>),
    Peer(&'a Peer),
}

impl Source<'_> {
    fn path(&self) -> &'static str {
        match self {
            Self::Portico(_) => "/v1/expense-reports",
            Self::Peer(_) => "/claims",
        }
    }

    fn get(&self, path: &str) -> Result<Value> {
        let (name, addr, token) = match self {
            Self::Portico(gateway) => ("Portico", gateway.api, gateway.token()),
            Self::Peer(peer) => (peer.name, peer.addr, peer.token.as_str()),
        };
        let (status, _, body) = ask_at((name, addr), path, Some(token), "")?;
        ensure!(status == 200, "{name} answered {path} with {status}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }

    /// The addresses of the pages with this many claims, and what they show.
    pub fn pages(&self, limit: usize) -> Result<(Vec<String>, Claims)> {
        let (mut path, mut paths, mut claims) =
            (Some(format!("{}?limit={limit}", self.path())), Vec::new(), Claims::new());
        while let Some(this) = path {
            let page = self.get(&this)?;
            for item in page["items"].as_array().context("no items")? {
                let id = item["id"].as_str().context("a claim without an id")?.to_owned();
                let url = item["source"]["url"].as_str().context("a claim without an address")?.to_owned();
                let twice = claims.insert(url, Claim { id, shown: comparable(item) });
                ensure!(twice.is_none(), "a claim is listed twice");
            }
            paths.push(this);
            path = page["next"].as_str().map(str::to_owned);
        }
        Ok((paths, claims))
    }

    /// The addresses of these claims in the order of those in Odoo.
    pub fn addresses(&self, claims: &Claims) -> Vec<String> {
        claims.values().map(|one| format!("{}/{}", self.path(), one.id)).collect()
    }
}

/// What of a claim has to be the same, whoever shows it.
fn comparable(claim: &Value) -> Value {
    let only = |from: &Value, names: &[&str]| -> Value {
        // A list without entries may be left out.
        let there = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
        let kept = names.iter().filter(|name| there(&from[**name]));
        kept.map(|name| ((*name).to_owned(), from[*name].clone())).collect()
    };
    let linked = |value: &mut Value| match value {
        Value::Object(_) => *value = only(value, &LINKED),
        Value::Array(items) => items.iter_mut().for_each(|item| *item = only(item, &LINKED)),
        _ => {}
    };
    let mut shown = only(claim, &CLAIM);
    let members = shown.as_object_mut().into_iter().flat_map(|members| members.iter_mut());
    for (name, member) in members {
        match (name.as_str(), &mut *member) {
            ("lines", Value::Array(lines)) => {
                for line in lines {
                    *line = only(line, &LINE);
                    line.as_object_mut().into_iter().flatten().for_each(|(_, value)| linked(value));
                }
            }
            (_, member) => linked(member),
        }
    }
    shown
}

/// That these are the same claims, in the list and each by itself (every hundredth is looked at).
pub fn compare(portico: (&Source<'_>, &Claims), peer: (&Source<'_>, &Claims), name: &str) -> Result<()> {
    let (mine, theirs) = (portico.1, peer.1);
    ensure!(mine.keys().eq(theirs.keys()), "{name} lists other claims than Portico");
    for ((url, one), other) in mine.iter().zip(theirs.values()) {
        ensure!(one.shown == other.shown, "{name} lists {url} as {}, Portico as {}", other.shown, one.shown);
    }
    let (ours, others) = (portico.0.addresses(mine), peer.0.addresses(theirs));
    for (our, other) in ours.iter().zip(&others).step_by(100) {
        let (one, two) = (comparable(&portico.0.get(our)?), comparable(&peer.0.get(other)?));
        ensure!(one["lines"].as_array().is_some_and(|lines| !lines.is_empty()), "Portico shows {one}");
        ensure!(one == two, "{name} shows {two}, Portico {one}");
    }
    Ok(())
}

/// Who is not signed in gets nothing, a query that is not understood is refused, an id that nobody made is nobody's, and who
/// has the answer already does not get it again.
pub fn refuses(peer: &Peer, claim: &str) -> Result<()> {
    let (name, token) = (peer.name, peer.token.as_str());
    let at = (name, peer.addr);
    let forged =
        format!("{}{}", &token[..token.len() - 4], if token.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    for (path, token, wanted) in [
        (claim, None, 401),
        (claim, Some(forged.as_str()), 401),
        ("/claims?unknown=1", Some(token), 400),
        ("/claims?limit=0", Some(token), 400),
        ("/claims/not-an-id", Some(token), 404),
    ] {
        let (status, ..) = ask_at(at, path, token, "")?;
        ensure!(status == wanted, "{name} answers {path} with {status}, not {wanted}");
    }
    let (_, head, _) = ask_at(at, claim, Some(token), "")?;
    let tag = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("etag").then(|| value.trim().to_owned())
    });
    let tag = tag.with_context(|| format!("{name} gives no entity tag"))?;
    let (status, ..) = ask_at(at, claim, Some(token), &format!("If-None-Match: {tag}\r\n"))?;
    ensure!(status == 304, "{name} answers {status} to who has the answer");
    Ok(())
}
