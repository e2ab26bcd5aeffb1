//! A client for tests: JSON-RPC, without any code of the adapter.

use portico_odoo_sim::{Clock, Hand, Options, Sim};
use portico_simkit::client::{Connection, Reply};
use serde_json::{Value, json};

/// A council of a size that starts at once, at noon of a Monday, with the hand of its clock.
pub async fn council(people: usize) -> (Sim, Hand) {
    let (clock, hand) = Clock::manual("2026-11-02T12:00:00.25Z".parse().unwrap());
    let sim = Sim::start(Options { people, clock, ..Options::new() }).await.unwrap();
    (sim, hand)
}

/// Somebody who calls.
pub struct Caller<'a> {
    pub sim: &'a Sim,
    pub uid: i64,
    pub password: &'a str,
}

/// The gateway's account.
pub fn gateway(sim: &Sim) -> Caller<'_> {
    Caller { sim, uid: sim.uid, password: &sim.password }
}

/// The person at this place of the council.
pub fn person(sim: &Sim, index: usize) -> Caller<'_> {
    Caller { sim, uid: sim.accounts[index].uid.unwrap(), password: "portico-person" }
}

pub async fn post(sim: &Sim, path: &str, body: &[u8]) -> std::io::Result<Reply> {
    let mut connection = Connection::open(sim.addr).await?;
    connection.request("POST", path, &[("Content-Type", "application/json")], body).await
}

impl Caller<'_> {
    /// The whole answer, with `result`, with `error`, or with neither.
    pub async fn raw(
        &self,
        model: &str,
        method: &str,
        placed: &Value,
        named: &Value,
    ) -> std::io::Result<Reply> {
        let args = json!([self.sim.database, self.uid, self.password, model, method, placed, named]);
        let params = json!({"service": "object", "method": "execute_kw", "args": args});
        let body = json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params});
        post(self.sim, "/jsonrpc", body.to_string().as_bytes()).await
    }

    /// The result, `null` for none, or what went wrong: the class of the exception and what was said.
    pub async fn call(
        &self,
        model: &str,
        method: &str,
        placed: Value,
        named: Value,
    ) -> Result<Value, (String, String)> {
        let reply = self.raw(model, method, &placed, &named).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        if let Some(error) = answer.get("error") {
            let text = |name: &str| error["data"][name].as_str().unwrap().to_owned();
            return Err((text("name"), text("message")));
        }
        Ok(answer.get("result").cloned().unwrap_or(Value::Null))
    }

    pub async fn read(&self, model: &str, id: i64, field: &str) -> Value {
        let found = self.call(model, "read", json!([[id]]), json!({"fields": [field]})).await.unwrap();
        found[0][field].clone()
    }

    pub async fn make(&self, model: &str, values: Value) -> Result<i64, (String, String)> {
        Ok(self.call(model, "create", json!([values]), json!({})).await?.as_i64().unwrap())
    }

    /// A report with one line of this amount.
    pub async fn report(&self, employee: i64, amount: f64) -> i64 {
        let line = json!([0, 0, {"name": "Train", "product_id": 2, "employee_id": employee,
                                 "total_amount_currency": amount, "date": "2026-10-30"}]);
        let values = json!({"name": "Trip", "employee_id": employee, "expense_line_ids": [line]});
        self.make("hr.expense.sheet", values).await.unwrap()
    }
}

/// What was said, of an error of this class.
#[track_caller]
pub fn said<T: std::fmt::Debug>(outcome: Result<T, (String, String)>, class: &str) -> String {
    let (name, said) = outcome.unwrap_err();
    assert!(name.ends_with(class), "{name}: {said}");
    said
}
