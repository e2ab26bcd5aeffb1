//! A server that answers with what a real Odoo answered. The state is kept by the simulator behind it, on the database that
//! was recorded; an answer of which the same was recorded goes out as those recorded octets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use portico_odoo_sim::Sim;
use portico_simkit::client::Connection;
use portico_simkit::http::{self, Body, Server};

/// The method that a recorded answer belongs to, and a word that tells it from other answers to that method.
const REPLAYED: [(&str, &str, &str); 5] = [
    ("version", "server_version", "01-version"),
    ("authenticate", "<int>", "03-auth"),
    ("action_submit_sheet", "cannot marshal None", "72-sheet-submit-fault-but-done"),
    ("action_approve_expense_sheets", "cannot marshal None", "73-sheet-approve"),
    ("action_approve_expense_sheets", "bank account", "12-sheet-approve"),
];

type Counts = Arc<Mutex<BTreeMap<&'static str, usize>>>;

pub struct Replay {
    server: Server,
    counts: Counts,
}

fn recorded(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../adapters/odoo/fixtures");
    let text = std::fs::read_to_string(folder.join(format!("{name}.xml.http"))).unwrap();
    let (_, answer) = text.split_once("--- response").unwrap();
    answer.split_once("\n\n").unwrap().1.to_owned()
}

impl Replay {
    pub async fn start(sim: &Sim) -> Self {
        let (addr, counts) = (sim.addr, Counts::default());
        let known: Arc<Vec<_>> = Arc::new(
            REPLAYED.iter().map(|(method, word, name)| (*method, *word, *name, recorded(name))).collect(),
        );
        let counting = Arc::clone(&counts);
        let server = Server::loopback(move |request: ::http::Request<Body>| {
            let (known, counts) = (Arc::clone(&known), Arc::clone(&counting));
            async move {
                let (head, body) = request.into_parts();
                let asked = http::read_capped(body, 64 << 20).await.unwrap();
                let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
                let kind = header("content-type").unwrap_or("text/xml").to_owned();
                let mut behind = Connection::open(addr).await.unwrap();
                let path = head.uri.path();
                let reply = behind
                    .request(head.method.as_str(), path, &[("Content-Type", &kind)], &asked)
                    .await
                    .unwrap();
                let mut answer = reply.body.clone();
                if kind.starts_with("text/xml") {
                    let asked = String::from_utf8_lossy(&asked);
                    let same = known.iter().find(|(method, word, ..)| {
                        asked.contains(&format!(">{method}<")) && reply.text().contains(word)
                    });
                    if let Some((_, _, name, octets)) = same {
                        *counts.lock().entry(name).or_default() += 1;
                        answer = octets.clone().into();
                    }
                }
                let built = ::http::Response::builder().status(reply.status).header(
                    "content-type",
                    reply.header("content-type").unwrap_or("text/xml; charset=utf-8"),
                );
                built.body(http::full(answer)).unwrap()
            }
        });
        Self { server: server.await.unwrap(), counts }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    /// How often a recording was the answer.
    pub fn answered(&self, name: &str) -> usize {
        self.counts.lock().get(name).copied().unwrap_or_default()
    }
}
