//! An Odoo that answers at once: each answer is the simulator's to the same request, kept when it was first asked for.
//!
//! The simulator computes like the product and is one process. Asked directly it would be measured, and not those who ask.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use parking_lot::Mutex;
use portico_odoo_sim::{Options, Sim};
use portico_simkit::http::{Body, Server, full, read_capped};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// Octets of a request.
const MOST_ASKED: usize = 16 << 20;
/// Octets of all answers that are kept; then all are forgotten.
const MOST_KEPT: usize = 256 << 20;
/// How a record begins, as the simulator (and Python's marshaller) writes it.
const RECORD: &str = "<value><struct>\n<member>\n<name>id</name>\n<value><int>";
const END: &str = "</data></array></value>";
/// Between the ids of two copies of one record: more than there are records.
const APART: usize = 10_000;

/// It stops when dropped.
pub struct Odoo {
    /// Of the one that answers at once.
    pub addr: SocketAddr,
    /// Of the simulator itself.
    pub simulator: SocketAddr,
    pub database: String,
    pub login: String,
    pub password: String,
    kept: Arc<Kept>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

#[derive(Default)]
struct Kept {
    /// By path and body.
    answers: Mutex<HashMap<(String, Bytes), Bytes>>,
    /// Octets that an answer with the lines of a claim is made to have; 0: as it is.
    lines: AtomicUsize,
    asked: AtomicU64,
    passed_on: AtomicU64,
}

impl Odoo {
    /// With the people of the demo's council and their claims, in a thread of this process, and so on the core of the load.
    pub fn start(people: usize) -> Result<Self> {
        let options = Options { people, keep_alive: true, ..Options::new() };
        let kept = Arc::<Kept>::default();
        let (stop, stopped) = oneshot::channel();
        let (started, begun) = mpsc::channel();
        let for_thread = Arc::clone(&kept);
        let thread = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let sim = Sim::start(options).await?;
                let simulator = sim.addr;
                let server = Server::loopback(move |request| {
                    let kept = Arc::clone(&for_thread);
                    async move { kept.answer(simulator, request).await }
                })
                .await?;
                let said = [&sim.database, &sim.login, &sim.password].map(Clone::clone);
                started.send((server.addr(), simulator, said))?;
                let _ = stopped.await;
                Ok(())
            })
        });
        let (addr, simulator, [database, login, password]) =
            begun.recv().context("the simulator of Odoo did not start")?;
        Ok(Self { addr, simulator, database, login, password, kept, stop: Some(stop), thread: Some(thread) })
    }

    /// From now on the lines of a claim, copied with other ids, make an answer of this many octets.
    pub fn make_lines(&self, octets: usize) {
        self.kept.lines.store(octets, Ordering::Relaxed);
        self.kept.answers.lock().clear();
    }

    /// Requests so far, and how many of them the simulator was asked.
    pub fn asked(&self) -> (u64, u64) {
        (self.kept.asked.load(Ordering::Relaxed), self.kept.passed_on.load(Ordering::Relaxed))
    }

    /// A request that was made, and its answer: the longest one whose request holds all of these.
    pub fn example(&self, holding: &[&str]) -> Result<(String, String)> {
        let answers = self.kept.answers.lock();
        let fits = answers.iter().filter_map(|((_, body), answer)| {
            let text = std::str::from_utf8(body).ok()?;
            holding.iter().all(|one| text.contains(one)).then_some((text, answer))
        });
        let (body, answer) = fits.max_by_key(|(_, answer)| answer.len()).context("nobody asked for that")?;
        Ok((body.to_owned(), String::from_utf8(answer.to_vec())?))
    }
}

impl Drop for Odoo {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Kept {
    async fn answer(&self, simulator: SocketAddr, request: Request<Body>) -> Response<Body> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let path = request.uri().path().to_owned();
        let Ok(body) = read_capped(request.into_body(), MOST_ASKED).await else {
            return failed(StatusCode::PAYLOAD_TOO_LARGE, "too large");
        };
        let key = (path, body);
        let known = self.answers.lock().get(&key).cloned();
        if let Some(known) = known {
            return xml(known);
        }
        self.passed_on.fetch_add(1, Ordering::Relaxed);
        match self.pass_on(simulator, &key.0, &key.1).await {
            Ok(answer) => {
                let mut answers = self.answers.lock();
                if answers.values().map(Bytes::len).sum::<usize>() > MOST_KEPT {
                    answers.clear();
                }
                answers.insert(key, answer.clone());
                xml(answer)
            }
            Err(error) => failed(StatusCode::BAD_GATEWAY, &format!("{error:#}")),
        }
    }

    async fn pass_on(&self, simulator: SocketAddr, path: &str, body: &Bytes) -> Result<Bytes> {
        let mut socket = TcpStream::connect(simulator).await?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {simulator}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        socket.write_all(head.as_bytes()).await?;
        socket.write_all(body).await?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await?;
        let end =
            answer.windows(4).position(|four| four == b"\r\n\r\n").context("an answer without a head")?;
        let text = String::from_utf8(answer.split_off(end + 4))?;
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        let asked = std::str::from_utf8(body)?;
        let of_lines = ["<string>hr.expense</string>", "<string>quantity</string>"];
        Ok(match self.lines.load(Ordering::Relaxed) {
            octets @ 1.. if of_lines.iter().all(|one| asked.contains(one)) => sized(&text, octets)?.into(),
            _ => text.into(),
        })
    }
}

fn xml(answer: Bytes) -> Response<Body> {
    let mut answer = Response::new(full(answer));
    let kind = HeaderValue::from_static("text/xml; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

fn failed(status: StatusCode, why: &str) -> Response<Body> {
    let mut answer = Response::new(full(why.to_owned()));
    *answer.status_mut() = status;
    answer
}

/// A list of records with as many of them as it takes to have this many octets, each with an id of its own.
pub fn sized(answer: &str, octets: usize) -> Result<String> {
    let begin = answer.find(RECORD).context("an answer without records")?;
    let end = answer.rfind(END).context("an answer that is no list")?;
    let (head, tail) = (&answer[..begin], &answer[end..]);
    let records: Vec<&str> = answer[begin..end].split(RECORD).skip(1).collect();
    let mut whole = String::with_capacity(octets + octets / 8);
    whole += head;
    for copy in 0.. {
        for record in &records {
            if whole.len() + tail.len() >= octets {
                whole += tail;
                return Ok(whole);
            }
            let (id, rest) = record.split_once('<').context("a record without an id")?;
            whole += RECORD;
            whole += &(id.parse::<usize>()? + copy * APART).to_string();
            whole.push('<');
            whole += rest;
        }
    }
    bail!("too few records")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_made_longer_with_ids_of_its_own() {
        let record = |id: usize| format!("{RECORD}{id}</int></value>\n</member>\n</struct></value>\n");
        let answer = format!("<value><array><data>\n{}{}{END}\n", record(1), record(2));
        let long = sized(&answer, 10 * answer.len()).unwrap();
        assert!(long.len() >= 10 * answer.len() && long.len() < 11 * answer.len());
        assert_eq!(long.matches(RECORD).count(), long.matches("</struct></value>").count());
        assert!(
            long.contains("<int>2</int>")
                && long.contains("<int>10001</int>")
                && long.ends_with("</value>\n")
        );
        assert_eq!(sized(&answer, 1).unwrap().matches(RECORD).count(), 0);
    }
}
