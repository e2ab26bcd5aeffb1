//! One key, many requests: one write.

use std::time::Duration;

use portico_odoo_sim::{Fault, On};
use portico_simkit::client::Connection;
use portico_simkit::wait::{wait_for, wait_until};
use serde_json::Value;

use super::waiting::Scenario;
use super::{Office, key, post, sheets, text};
use crate::support::{Answer, SOON};

const ROUTE: &str = "/v1/expense-reports";
/// Requests at once.
const MANY: usize = 50;

/// Sends the same request many times at once.
async fn all_at_once(office: &Office, key: &str, bodies: &[Value]) -> Vec<Answer> {
    let send = |number: usize| {
        let (api, token) = (office.gateway.api.clone(), office.claimant.token.clone());
        let (key, body) = (key.to_owned(), bodies[number % bodies.len()].clone());
        tokio::spawn(async move { post(&api, &token, ROUTE, &key, None, &body).await })
    };
    let sent: Vec<_> = (0..MANY).map(send).collect();
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers
}

fn with_status(answers: &[Answer], status: u16) -> Vec<&Answer> {
    answers.iter().filter(|answer| answer.status() == status).collect()
}

/// The ids of what was answered with success.
fn ids(answers: &[Answer]) -> Vec<String> {
    let good = answers.iter().filter(|answer| matches!(answer.status(), 200 | 201));
    good.map(|answer| text(&answer.json(), "id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_posts_with_one_key_make_one_report() {
    let office = Office::new().await;
    let slow = Fault::SlowCommit(Duration::from_millis(500));
    office.odoo.inject(On::method("hr.expense.sheet", "load"), slow).times(1);
    office.odoo.reset_counters();
    let (key, claim) = (key(), office.claim("Fifty at once"));
    let answers = all_at_once(&office, &key, std::slice::from_ref(&claim)).await;
    assert_eq!(with_status(&answers, 201).len(), 1, "{answers:?}");
    let busy = with_status(&answers, 409);
    assert!(busy.len() > MANY / 2, "the others came while it was under way: {answers:?}");
    for refused in &busy {
        refused.problem(409, "in_progress");
        assert!(refused.header("retry-after").is_some());
    }
    let again = all_at_once(&office, &key, std::slice::from_ref(&claim)).await;
    assert_eq!(with_status(&again, 200).len(), MANY, "{again:?}");
    let (mut first, more) = (ids(&answers), ids(&again));
    assert_eq!(first.len() + busy.len(), MANY, "nothing else is answered: {answers:?}");
    first.extend(more);
    first.dedup();
    assert_eq!(first.len(), 1, "one resource: {first:?}");
    assert_eq!((office.sheets("Fifty at once"), office.odoo.created("hr.expense.sheet")), (1, 1));
    assert_eq!(office.odoo.calls("hr.expense.sheet", "load"), 1, "Odoo was asked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_with_another_body_is_refused_whoever_is_first() {
    let office = Office::new().await;
    office.odoo.reset_counters();
    let (one, other) = (office.claim("This one"), office.claim("That one"));
    let used = key();
    let answers = all_at_once(&office, &used, &[one.clone(), other.clone()]).await;
    let made = with_status(&answers, 201);
    assert_eq!(made.len(), 1, "{answers:?}");
    assert_eq!(office.odoo.created("hr.expense.sheet"), 1);
    let (won, lost) = if office.sheets("This one") == 1 { (&one, &other) } else { (&other, &one) };
    for answer in with_status(&answers, 422) {
        answer.problem(422, "idempotency_key_reused");
    }
    assert_eq!(with_status(&answers, 422).len(), MANY / 2, "all of the other body: {answers:?}");
    // The same over two connections that stay open, request after request.
    let bearer = format!("Bearer {}", office.claimant.token);
    let headers =
        [("Authorization", &*bearer), ("Content-Type", "application/json"), ("Idempotency-Key", &*used)];
    let mut connections = Vec::new();
    for _ in 0..2 {
        connections.push(Connection::open(office.gateway.api_addr()).await.unwrap());
    }
    for number in 0..MANY {
        let connection = &mut connections[number % 2];
        let refused = connection.request("POST", ROUTE, &headers, lost.to_string().as_bytes()).await.unwrap();
        Answer(refused).problem(422, "idempotency_key_reused");
    }
    let repeated = connections[0].request("POST", ROUTE, &headers, won.to_string().as_bytes()).await.unwrap();
    assert_eq!(Answer(repeated).expect(200)["id"], made[0].json()["id"]);
    assert_eq!(office.odoo.created("hr.expense.sheet"), 1);
    // A key counts for one person: somebody else's is another one.
    let colleague = super::claimants(&office.odoo).nth(1).unwrap();
    let colleague = office.sign_in(colleague);
    let own = office.post(&colleague, ROUTE, &used, None, lost).await.expect(201);
    assert_ne!(own["id"], made[0].json()["id"]);
    assert_eq!(office.odoo.created("hr.expense.sheet"), 2);
}

#[test]
fn one_key_makes_one_report_although_the_process_is_killed_in_the_middle() {
    Scenario::DoubleAndKilled.ended();
}

pub async fn killed_in_the_middle() {
    let Office { odoo, _directory, gateway, claimant, category } = Office::new().await;
    let claim = super::claim(&category, "Killed in the middle");
    odoo.reset_counters();
    let slow = Fault::SlowCommit(Duration::from_millis(300));
    let held = odoo.inject(On::method("hr.expense.sheet", "load"), slow);
    held.times(1);
    let key = key();
    let send = |_| {
        let (address, bearer) = (gateway.api_addr(), format!("Bearer {}", claimant.token));
        let (key, body) = (key.clone(), claim.to_string());
        tokio::spawn(async move {
            let headers = [
                ("Authorization", &*bearer),
                ("Content-Type", "application/json"),
                ("Idempotency-Key", &*key),
            ];
            let mut connection = Connection::open(address).await?;
            connection.request("POST", ROUTE, &headers, body.as_bytes()).await
        })
    };
    let sent: Vec<_> = (0..MANY).map(send).collect();
    // It was sent and is not committed: the process dies here, Odoo goes on.
    wait_until(|| held.met() == 1, SOON).await.unwrap();
    let gateway = gateway.kill_and_restart().await;
    for answer in sent {
        let answer = answer.await.unwrap();
        assert!(
            !matches!(&answer, Ok(reply) if reply.status < 300),
            "nobody was told that it was done: {answer:?}"
        );
    }
    wait_until(|| odoo.created("hr.expense.sheet") == 1, SOON).await.unwrap();
    let done = async || {
        let answer = post(&gateway.api, &claimant.token, ROUTE, &key, None, &claim).await;
        match answer.status() {
            200 => Some(answer.json()),
            // Before its lease is over, before it was looked for, before it is known who people are.
            202 | 409 | 503 => None,
            _ => panic!("{}", answer.text()),
        }
    };
    let report = wait_for(done, Duration::from_secs(120)).await.expect("it is found by its marker");
    assert_eq!(report["title"], "Killed in the middle");
    assert_eq!((sheets(&odoo, "Killed in the middle"), odoo.created("hr.expense.sheet")), (1, 1));
    assert_eq!(odoo.calls("hr.expense.sheet", "load"), 1, "it was not sent again");
}
