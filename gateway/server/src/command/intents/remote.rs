//! Settling through the gateway that runs: it has the store's only writer.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use portico_compose::writes::Finding;
use portico_settings::Settings;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cli::IntentsSettle;
use crate::store::ByHand;

/// An answer is a sentence.
const MAX_ANSWER: u64 = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn settle(command: &IntentsSettle, settings: &Settings, finding: &Finding) -> Result<String> {
    let Some(token) = &settings.ops.token else {
        bail!(
            "a gateway has the store open, and its operations port takes no token: set `ops.token`, or stop the gateway"
        );
    };
    let address = reachable(command.ops.unwrap_or(settings.listen.ops));
    ensure!(address.port() != 0, "the gateway runs on a port of its own choice: say which with --ops");
    let body = ByHand::new(finding, &command.by, &command.because);
    let body = serde_json::to_string(&body)?;
    let request = format!(
        "POST /intents/{}/settlement HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        command.id,
        token.expose_secret(),
        body.len(),
    );
    let answer = tokio::time::timeout(PATIENCE, exchange(address, &request)).await;
    let answer = answer.context("no answer in time").and_then(|answer| answer);
    let answer = answer.with_context(|| {
        format!("a gateway has the store open, but {address} cannot be asked; its operations port is named with --ops")
    })?;
    read(&answer)
}

/// A gateway that listens everywhere is asked here.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}

async fn exchange(address: SocketAddr, request: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The operations port answers with a length, never in chunks.
fn read(answer: &str) -> Result<String> {
    let (head, body) = answer.split_once("\r\n\r\n").context("that is no answer of a gateway")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    if status == "200" {
        return Ok(format!("{} is {}.", word("id"), word("state")));
    }
    let detail = word("detail");
    bail!("{}", if detail.is_empty() { format!("the gateway answered {status}") } else { detail })
}
