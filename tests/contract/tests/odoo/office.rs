//! An Odoo as a colleague in the office uses it, over JSON-RPC and without any code of the adapter: makes the people that the
//! suites act for, changes things behind their backs, and clears everything away.

use std::time::Duration;

use jiff::Span;
use jiff::civil::Date;
use parking_lot::Mutex;
use portico_contract::expenses::{ExpenseCategoryRecord, ListExpenseCategories};
use portico_contract::paging::ListQuery;
use portico_contract::{CallContext, NativeId, Upstream};
use portico_contract_suite::{Hooked, NativeWork, WorkTarget};
use portico_schemas::Currency;
use portico_wire::http::{Base, Client, Limits, Request, Trust, Verb};
use serde_json::{Value, json};

use super::Place;

const REPORT: &str = "hr.expense.sheet";
const LEAVE: &str = "hr.leave";

pub struct Office {
    client: Client,
    place: Place,
    uid: i64,
    /// What was made, in its order.
    made: Mutex<Vec<(&'static str, i64)>>,
}

fn native(id: i64) -> NativeId {
    NativeId::new(&id.to_string()).unwrap()
}

fn number(id: &NativeId) -> Result<i64, String> {
    id.as_str().parse().map_err(|error| format!("{:?} is no id of Odoo: {error}", id.as_str()))
}

async fn post(client: &Client, service: &str, method: &str, args: Value) -> Result<Value, String> {
    let params = json!({ "service": service, "method": method, "args": args });
    let body = json!({ "jsonrpc": "2.0", "method": "call", "id": 1, "params": params }).to_string();
    let context = CallContext::internal("suite", Duration::from_secs(60));
    let request = Request::new(Verb::POST, "/jsonrpc").bytes("application/json", body);
    let answer = client.send(&context, request).await.map_err(|error| error.to_string())?;
    let octets = answer.collect(16 << 20).await.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_slice(&octets).map_err(|error| error.to_string())?;
    match answer.get("error") {
        Some(error) => Err(error["data"]["message"].as_str().unwrap_or("an error without words").to_owned()),
        None => Ok(answer.get("result").cloned().unwrap_or(Value::Null)),
    }
}

impl Office {
    /// Signs in.
    pub async fn open(place: &Place) -> Result<Self, String> {
        let trust = place.trust_roots.clone().map_or(Trust::Public, |file| Trust::File(file.into()));
        let client = Client::new(Base::parse(&place.url)?, &trust, None, Limits::default())?;
        let login = json!([place.database, place.user, place.password]);
        let uid = post(&client, "common", "login", login).await?.as_i64().ok_or("the login is refused")?;
        Ok(Self { client, place: place.clone(), uid, made: Mutex::default() })
    }

    pub async fn call(&self, model: &str, method: &str, args: Value) -> Result<Value, String> {
        let place = &self.place;
        let all = json!([place.database, self.uid, place.password, model, method, args, {}]);
        let called = post(&self.client, "object", "execute_kw", all).await;
        called.map_err(|why| format!("{model}.{method}: {why}"))
    }

    async fn make(&self, model: &'static str, values: Value) -> Result<i64, String> {
        let id = self.call(model, "create", json!([values])).await?;
        let id = id.as_i64().ok_or_else(|| format!("{model}.create gave {id}"))?;
        self.made.lock().push((model, id));
        Ok(id)
    }

    async fn field(&self, model: &str, id: i64, field: &str) -> Result<Value, String> {
        let found = self.call(model, "read", json!([[id], [field]])).await?;
        Ok(found[0][field].clone())
    }

    /// The id behind a link.
    async fn link(&self, model: &str, id: i64, field: &str) -> Result<i64, String> {
        let link = self.field(model, id, field).await?;
        link[0].as_i64().ok_or_else(|| format!("{model}.{field} is {link}"))
    }

    async fn employee(&self, number: u8, can_be_paid: bool) -> Result<i64, String> {
        let mail = format!("portico-suite-{number}@example.org");
        let values = json!({ "name": format!("Portico Suite {number}"), "work_email": mail });
        let employee = self.make("hr.employee", values).await?;
        let contact = self.link("hr.employee", employee, "work_contact_id").await?;
        self.made.lock().push(("res.partner", contact));
        if can_be_paid {
            let account = json!({ "acc_number": format!("PORTICO-SUITE-{number}"), "partner_id": contact });
            let account = self.make("res.partner.bank", account).await?;
            let values = json!([[employee], { "bank_account_id": account }]);
            self.call("hr.employee", "write", values).await?;
        }
        Ok(employee)
    }

    async fn leave_type(&self, name: &str, balance: &str, validation: &str) -> Result<i64, String> {
        let values = json!({
            "name": format!("Portico suite, {name}"), "requires_allocation": balance, "request_unit": "day",
            "leave_validation_type": validation,
        });
        self.make("hr.leave.type", values).await
    }

    async fn allocation(&self, kind: i64, employee: i64, monday: Date) -> Result<(), String> {
        let day = |days: i64| monday.saturating_add(Span::new().days(days)).to_string();
        let values = json!({
            "name": "Portico suite", "holiday_status_id": kind, "employee_id": employee, "number_of_days": 20,
            "date_from": day(-40), "date_to": day(320),
        });
        let id = self.make("hr.leave.allocation", values).await?;
        // Releases differ in which of them is there; the state tells.
        for method in ["action_approve", "action_validate"] {
            if self.field("hr.leave.allocation", id, "state").await? != "validate" {
                let _ = self.call("hr.leave.allocation", method, json!([[id]])).await;
            }
        }
        match self.field("hr.leave.allocation", id, "state").await? {
            state if state == "validate" => Ok(()),
            state => Err(format!("the allocation stays in the state {state}")),
        }
    }

    /// Makes everybody and everything that the suites need.
    pub async fn furnish(self: &std::sync::Arc<Self>, upstream: &Upstream) -> Result<WorkTarget, String> {
        let (employee, colleague, unpayable) =
            (self.employee(1, true).await?, self.employee(2, true).await?, self.employee(3, false).await?);
        let one = self.leave_type("one agrees", "no", "hr").await?;
        let two = self.leave_type("two agree", "no", "both").await?;
        let balanced = self.leave_type("with a balance", "yes", "hr").await?;
        let monday = super::simulated::monday();
        self.allocation(balanced, employee, monday).await?;
        let company = self.link("res.users", self.uid, "company_id").await?;
        let currency = self.field("res.company", company, "currency_id").await?;
        let query = ListQuery::first(200);
        let context = CallContext::internal("suite", Duration::from_secs(60));
        let categories = upstream.call(context, ListExpenseCategories { query }).await;
        let categories = categories.map_err(|error| error.to_string())?.items;
        let first = |priced: bool| {
            let is = |one: &ExpenseCategoryRecord| one.unit_price.is_some() == priced;
            categories.iter().map(|listed| &listed.item).find(|one| is(one)).map(|one| one.id.clone())
        };
        Ok(WorkTarget {
            read_only: false,
            employee: Some(native(employee)),
            colleague: Some(native(colleague)),
            unpayable: Some(native(unpayable)),
            currency: currency[1].as_str().and_then(Currency::new),
            category: first(false),
            priced_category: first(true),
            absence_type: Some(native(one)),
            absence_type_of_two: Some(native(two)),
            balanced_type: Some(native(balanced)),
            monday: Some(monday),
            native: Some(std::sync::Arc::clone(self) as std::sync::Arc<dyn NativeWork>),
            ..WorkTarget::read_only()
        })
    }

    /// Deletes what was made, the last first. Gives what is left behind.
    pub async fn clear(&self) -> Vec<String> {
        let made = std::mem::take(&mut *self.made.lock());
        let mut left = Vec::new();
        for (model, id) in made.into_iter().rev() {
            if model == "hr.leave.allocation" {
                // What is agreed cannot be deleted.
                let _ = self.call(model, "action_refuse", json!([[id]])).await;
            }
            let gone = self.call(model, "unlink", json!([[id]])).await;
            left.extend(gone.err().map(|why| format!("{model} {id} is left behind: {why}")));
        }
        left
    }

    async fn is_gone(&self, model: &str, id: i64) -> Result<bool, String> {
        let count = self.call(model, "search_count", json!([[["id", "=", id]]])).await?;
        Ok(count == 0)
    }

    async fn purge(&self, report: i64) -> Result<(), String> {
        if self.is_gone(REPORT, report).await? {
            return Ok(());
        }
        let lines = self.field(REPORT, report, "expense_line_ids").await?;
        if self.field(REPORT, report, "state").await? != "draft" {
            self.call(REPORT, "action_reset_expense_sheets", json!([[report]])).await?;
        }
        self.call(REPORT, "unlink", json!([[report]])).await?;
        if lines.as_array().is_some_and(|lines| !lines.is_empty()) {
            self.call("hr.expense", "unlink", json!([lines])).await?;
        }
        Ok(())
    }

    async fn purge_leave(&self, leave: i64) -> Result<(), String> {
        if self.is_gone(LEAVE, leave).await? {
            return Ok(());
        }
        for (state, methods) in [
            ("validate", &["action_refuse"][..]),
            ("validate1", &["action_refuse"]),
            ("refuse", &["action_reset_confirm", "action_draft"]),
        ] {
            if self.field(LEAVE, leave, "state").await? == state {
                for method in methods {
                    let _ = self.call(LEAVE, method, json!([[leave]])).await;
                }
            }
        }
        self.call(LEAVE, "unlink", json!([[leave]])).await.map(drop)
    }
}

impl NativeWork for Office {
    fn retitle_report<'a>(&'a self, report: &'a NativeId, title: &'a str) -> Hooked<'a, ()> {
        Box::pin(async move {
            let values = json!([[number(report)?], { "name": title }]);
            self.call(REPORT, "write", values).await.map(drop)
        })
    }

    fn purge_report<'a>(&'a self, report: &'a NativeId) -> Hooked<'a, ()> {
        Box::pin(async move { self.purge(number(report)?).await })
    }

    fn purge_absence<'a>(&'a self, absence: &'a NativeId) -> Hooked<'a, ()> {
        Box::pin(async move { self.purge_leave(number(absence)?).await })
    }
}
