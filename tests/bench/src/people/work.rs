//! That the peers do the work that they are measured at: they give the same people, and in the form that does the same as the
//! gateway they also refuse, hide and save what the gateway does.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::directory::Staff;
use super::measure::Somebody;
use super::peers::{Form, Peer};
use super::typed;
use crate::gateway::Gateway;
use crate::http::PATIENCE;

/// Status, head and body of an answer on a connection of its own.
pub fn ask_at(
    (name, addr): (&str, SocketAddr),
    path: &str,
    token: Option<&str>,
    headers: &str,
) -> Result<(u16, String, Vec<u8>)> {
    let mut socket = TcpStream::connect_timeout(&addr, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{token}{headers}\r\n")?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.with_context(|| format!("{name} gives no answer to {path}"))?;
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    Ok((status, head, body))
}

fn ask(peer: &Peer, path: &str, token: Option<&str>, headers: &str) -> Result<(u16, String, Vec<u8>)> {
    ask_at((peer.name(), peer.addr), path, token, headers)
}

fn get(peer: &Peer, path: &str) -> Result<Value> {
    let (status, _, body) = ask(peer, path, peer.token.as_deref(), "")?;
    ensure!(status == 200, "{} answered {status}: {}", peer.name(), String::from_utf8_lossy(&body));
    Ok(serde_json::from_slice(&body)?)
}

/// The ids that a peer gives to everybody, whom it has to show as the gateway does.
pub fn listed(peer: &Peer, people: &[Somebody]) -> Result<Vec<String>> {
    let page = get(peer, "/people")?;
    let items = page["items"].as_array().context("no items")?;
    let mut names: Vec<&str> = items.iter().filter_map(|item| item["userName"].as_str()).collect();
    let mut wanted: Vec<&str> = people.iter().map(|one| one.user_name.as_str()).collect();
    names.sort_unstable();
    wanted.sort_unstable();
    ensure!(names == wanted, "{} lists other people than the gateway", peer.name());
    let ids: Vec<String> = items.iter().filter_map(|item| item["id"].as_str()).map(str::to_owned).collect();
    ensure!(ids.len() == items.len(), "{} lists people without ids", peer.name());
    for (item, id) in items.iter().zip(&ids).step_by(50) {
        let found = get(peer, &format!("/people/{id}"))?;
        let known = people.iter().find(|one| item["userName"] == one.user_name.as_str());
        let known = known.context("somebody else")?;
        ensure!(found["displayName"] == known.name.as_str(), "{} says {found}", peer.name());
    }
    if peer.form == Form::Same {
        same_work(peer, &ids[0])?;
    }
    Ok(ids)
}

/// Who is not signed in gets nothing, a query that is not understood is refused, numbers of personnel are hidden, ids do not
/// tell what they are made of, and who has the answer already does not get it again.
fn same_work(peer: &Peer, id: &str) -> Result<()> {
    let (name, token) = (peer.name(), peer.token.as_deref().context("no token")?);
    let person = format!("/people/{id}");
    let forged = |cut: usize, other: &str| format!("{}{other}", &token[..token.len() - cut]);
    // The end of the signature is another one, or missing.
    let (wrong, short) = (forged(4, if token.ends_with("AAAA") { "BBBB" } else { "AAAA" }), forged(4, ""));
    for (path, token, wanted) in [
        (person.as_str(), None, 401),
        (&person, Some(wrong.as_str()), 401),
        (&person, Some(short.as_str()), 401),
        ("/people?q=a&unknown=1", Some(token), 400),
        ("/people?q=a&q=b", Some(token), 400),
        ("/people/not-an-id", Some(token), 404),
    ] {
        let (status, ..) = ask(peer, path, token, "")?;
        ensure!(status == wanted, "{name} answers {path} with {status}, not {wanted}");
    }
    let (_, head, body) = ask(peer, &person, Some(token), "")?;
    let found: Value = serde_json::from_slice(&body)?;
    ensure!(found["employeeNumber"].is_null(), "{name} shows a number of personnel");
    let parts = id.split('-').map(str::len);
    ensure!(!parts.eq([8, 4, 4, 4, 12]), "{name} gives out the ids of the directory");
    let tag = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("etag").then(|| value.trim().to_owned())
    });
    let tag = tag.with_context(|| format!("{name} gives no entity tag"))?;
    let (status, ..) = ask(peer, &person, Some(token), &format!("If-None-Match: {tag}\r\n"))?;
    ensure!(status == 304, "{name} answers {status} to who has the answer");
    Ok(())
}

/// That everybody finds people by their whole names, first or last name first.
pub fn check_found(gateway: &Gateway<'_>, peers: &[Peer], staff: &Staff) -> Result<()> {
    for person in staff.council.people.iter().step_by(staff.council.people.len() / 20) {
        let swapped = format!("{} {}", person.family_name, person.given_name);
        for text in [&person.display_name, &swapped] {
            let query = typed::encoded(text);
            let mut found = vec![gateway.ask("GET", &format!("/v1/people?q={query}"), "")?];
            for peer in peers {
                found.push(get(peer, &format!("/people?q={query}"))?);
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
