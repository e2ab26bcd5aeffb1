//! Recorded exchanges of an Odoo 18.0, sent in their order to a simulator that begins with what the recorded database held.
//! The answers have to be the same, octet by octet; where the product's session tells more than a client needs, every
//! value that the simulator gives has to be the recorded one.
//!
//! What was masked in the recordings is put back here: the login, the password and the cookie.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod recording;

use std::time::Duration;

use jiff::Timestamp;
use portico_odoo_sim::{Clock, Content, Hand, Options, Sim};
use portico_simkit::client::{Connection, Reply};
use serde_json::{Value, json};

use recording::Recording;

/// Headers that have to be the same.
const HEADERS: [&str; 5] =
    ["content-type", "content-length", "server", "x-content-type-options", "connection"];

struct Replay {
    sim: Sim,
    hand: Hand,
    cookie: Option<String>,
}

impl Replay {
    async fn start() -> Self {
        let (clock, hand) = Clock::manual("2026-11-22T12:41:17Z".parse().unwrap());
        let options = Options {
            content: Content::Recorded,
            database: "odoo".to_owned(),
            login: "admin".to_owned(),
            password: "secret".to_owned(),
            // The recordings are of a build that does not carry the product's name.
            brand: "Qplexity".to_owned(),
            clock,
            ..Options::new()
        };
        Self { sim: Sim::start(options).await.unwrap(), hand, cookie: None }
    }

    /// What was done in between, unrecorded: the recordings that follow show it.
    fn meanwhile(&self, next: &str) {
        let at = |seconds: &str| self.hand.set(seconds.parse().unwrap());
        match next.get(..3) {
            Some("05-") => {
                at("2026-11-22T12:41:19.4Z");
                for number in 1..40 {
                    let name =
                        if number == 1 { "Jan Dvořák 1".to_owned() } else { format!("Person {number}") };
                    let mail = format!("e{number}@example.org");
                    self.make("hr.employee", &json!({"name": name, "work_email": mail, "parent_id": 2}));
                }
            }
            Some("08-") => {
                for number in 1..60_i64 {
                    at("2026-11-22T12:41:22.2Z");
                    self.hand.advance(Duration::from_millis(40 * u64::try_from(number).unwrap()));
                    let day = 1 + number % 28;
                    let amount: f64 = format!("{}.335", 33 + number).parse().unwrap();
                    self.make(
                        "hr.expense",
                        &json!({
                            "name": format!("Taxi Köln → Łódź {number}"),
                            "employee_id": 2 + number % 40,
                            "product_id": 5,
                            "total_amount_currency": amount,
                            "date": format!("2026-10-{day:02}"),
                            "payment_mode": "own_account",
                        }),
                    );
                }
            }
            Some("46b") => {
                let line =
                    json!([0, 0, {"name": "Desk", "product_qty": 1, "price_unit": 10.0, "product_id": 5}]);
                self.make("purchase.order", &json!({"partner_id": 47, "order_line": [line]}));
            }
            Some("78-") => {
                self.make(
                    "hr.expense.sheet",
                    &json!({"name": "Trip 3", "employee_id": 4, "expense_line_ids": [[6, 0, [3]]]}),
                );
                self.sim.act(2, "hr.expense.sheet", "action_submit_sheet", &[3]).unwrap();
            }
            _ => {}
        }
    }

    fn make(&self, model: &str, values: &Value) {
        self.sim.create(model, values).unwrap();
    }

    async fn send(&self, recording: &Recording) -> Reply {
        self.hand.set(began(recording));
        let mut body = recording.body.clone();
        let quote = |text: &str| {
            if recording.name.contains(".json") { format!("\"{text}\"") } else { text.to_owned() }
        };
        // Where the login is masked it comes first, and the password after it.
        if ["02-", "03-", "60-", "62-"].iter().any(|start| recording.name.starts_with(start)) {
            body = body.replacen("***", &quote("admin"), 1);
        }
        body = body.replace("***", &quote("secret"));
        let mut headers = Vec::new();
        for (name, value) in &recording.headers {
            match name.as_str() {
                "Host" => {}
                "Cookie" => headers.push((name.as_str(), self.cookie.clone().unwrap())),
                _ => headers.push((name.as_str(), value.clone())),
            }
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // A connection each: the product's own server closes them.
        let mut connection = Connection::open(self.sim.addr).await.unwrap();
        connection.request(&recording.method, &recording.target, &headers, body.as_bytes()).await.unwrap()
    }

    fn compare(&mut self, recording: &Recording, reply: &Reply) {
        let (at, answer) = (recording.name.as_str(), &recording.answer);
        assert_eq!(reply.status, answer.status, "{at}: {}", reply.text());
        if let Some(cookie) = reply.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        let signs_in = recording.name.starts_with("62-");
        // Paths and names were shortened in the recordings, after the length was told.
        let shortened = ["/srv/", "Qplexity"].iter().any(|part| answer.body.contains(part));
        for name in HEADERS {
            if name != "content-length" || !(signs_in || shortened) {
                assert_eq!(reply.header(name), answer.header(name), "{at}: {name}");
            }
        }
        if signs_in {
            assert!(reply.header("set-cookie").is_some() && answer.header("set-cookie").is_some());
            let recorded: Value = serde_json::from_str(&answer.body.replace("***", "\"admin\"")).unwrap();
            let given: Value = serde_json::from_str(&reply.text()).unwrap();
            within(&given, &recorded, at);
        } else {
            assert_eq!(reply.text(), answer.body, "{at}");
        }
    }
}

/// When the transaction began: an answer that took long came in the second after.
fn began(recording: &Recording) -> Timestamp {
    let date = httpdate::parse_http_date(recording.answer.header("date").unwrap()).unwrap();
    let date: Timestamp = date.try_into().unwrap();
    let slow = ["04-", "34-"].iter().any(|start| recording.name.starts_with(start));
    // A quarter of a second in: what is kept has microseconds, and shows none.
    let date = date + jiff::SignedDuration::from_millis(250);
    if slow { date - jiff::SignedDuration::from_secs(1) } else { date }
}

/// Everything that is in `some` is in `all`.
fn within(some: &Value, all: &Value, at: &str) {
    match (some, all) {
        (Value::Object(some), Value::Object(all)) => {
            for (name, value) in some {
                within(value, &all[name], &format!("{at}: {name}"));
            }
        }
        (some, all) => assert_eq!(some, all, "{at}"),
    }
}

#[tokio::test]
async fn every_recorded_call_is_answered_as_recorded() {
    let recordings = recording::load();
    assert_eq!(recordings.len(), 60, "all recordings are there");
    let mut replay = Replay::start().await;
    for recording in &recordings {
        replay.meanwhile(&recording.name);
        let reply = replay.send(recording).await;
        replay.compare(recording, &reply);
    }
}
