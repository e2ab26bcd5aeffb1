//! What the tests share: an adapter over a simulator, and short ways to call it.

use std::time::Duration;

use jiff::civil::date;
use portico_contract::expenses::{
    CreateExpenseReport, ExpenseLineDraft, ExpenseReportDraft, ExpenseReportRecord,
};
use portico_contract::paging::ListQuery;
use portico_contract::{
    CallContext, CallService, Error, ErrorKind, Marker, NativeId, Operation, SystemKey, Upstream,
};
use portico_odoo_sim::{Options, Sim, Version};
use portico_schemas::{Currency, Money};
use serde_json::{Value, json};

pub(super) struct Lab {
    pub(super) sim: Sim,
    pub(super) upstream: Upstream,
}

/// Every test runs over both protocols.
macro_rules! in_both {
    ($($(#[$attribute:meta])* async fn $name:ident($lab:ident: &Lab) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, reason = "not every test uses all of them")]
            use super::*;

            async fn body($lab: &crate::tests::lab::Lab) $body

            #[tokio::test]
            async fn jsonrpc() {
                body(&crate::tests::lab::Lab::start("jsonrpc").await).await;
            }

            #[tokio::test]
            async fn xmlrpc() {
                body(&crate::tests::lab::Lab::start("xmlrpc").await).await;
            }
        }
    )* };
}
pub(super) use in_both;

pub(super) fn open(url: &str, database: &str, login: &str, password: &str, extra: &Value) -> Upstream {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), password).expect("a temporary file");
    let mut settings = json!({
        "base_url": url,
        "database": database,
        "credentials": { "username": login, "password": format!("file:{}", file.path().display()) },
        "employee_number_field": "barcode",
    });
    for (key, value) in extra.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    let key = SystemKey::new("odoo").expect("a key");
    let adapter = (crate::KIND.build)(key.clone(), settings).expect("good settings");
    let profile = adapter.profile().clone();
    Upstream::new(key, profile, CallService::new(adapter))
}

impl Lab {
    pub(super) async fn start(protocol: &str) -> Self {
        Self::with(protocol, Version::V18).await
    }

    pub(super) async fn with(protocol: &str, version: Version) -> Self {
        let options = Options { people: 60, version, ..Options::new() };
        let sim = Sim::start(options).await.expect("a free port");
        let upstream =
            open(&sim.url(), &sim.database, &sim.login, &sim.password, &json!({ "protocol": protocol }));
        Self { sim, upstream }
    }

    pub(super) async fn call<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.upstream.call(context(), operation).await
    }

    pub(super) async fn marked<O: Operation>(
        &self,
        marker: &Marker,
        operation: O,
    ) -> Result<O::Output, Error> {
        let mut context = context();
        context.marker = Some(marker.clone());
        self.upstream.call(context, operation).await
    }

    pub(super) async fn refused<O: Operation>(&self, operation: O) -> Option<ErrorKind> {
        self.call(operation).await.err().map(|error| error.kind())
    }

    /// An employee with a bank account, a manager who has one, and a login.
    pub(super) fn somebody(&self) -> &portico_odoo_sim::Account {
        let manager = |account: &&portico_odoo_sim::Account| {
            let above =
                account.manager.and_then(|id| self.sim.accounts.iter().find(|other| other.employee == id));
            account.bank_account && above.is_some_and(|above| above.uid.is_some())
        };
        self.sim.accounts.iter().rev().find(manager).expect("somebody")
    }

    /// A category without a price of its own, and one with.
    pub(super) fn categories(&self) -> (NativeId, NativeId) {
        let find = |code: &str| {
            let found =
                self.sim.find("product.product", &json!([["default_code", "=", code]])).expect("a model");
            native(found[0])
        };
        (find("RAIL"), find("MILE"))
    }

    pub(super) async fn new_report(&self, employee: i64) -> ExpenseReportRecord {
        let draft = self.draft();
        self.call(CreateExpenseReport { employee: native(employee), draft }).await.expect("a report")
    }

    pub(super) fn draft(&self) -> ExpenseReportDraft {
        ExpenseReportDraft {
            title: "Trip to Łódź & <back>".to_owned(),
            lines: vec![self.line("Train", "33.34")],
        }
    }

    pub(super) fn line(&self, description: &str, amount: &str) -> ExpenseLineDraft {
        ExpenseLineDraft {
            line: None,
            category: self.categories().0,
            description: description.to_owned(),
            quantity: None,
            amount: Some(pounds(amount)),
            tax_rates: None,
            transaction_date: date(2026, 10, 1),
            project: None,
            cost_centre: None,
        }
    }
}

pub(super) fn context() -> CallContext {
    CallContext::internal("test", Duration::from_secs(20))
}

pub(super) fn native(id: i64) -> NativeId {
    NativeId::new(&id.to_string()).expect("short")
}

pub(super) fn number(native: &NativeId) -> i64 {
    native.as_str().parse().expect("a number")
}

pub(super) fn pounds(amount: &str) -> Money {
    Money { amount: amount.parse().expect("a number"), currency: Currency::new("GBP").expect("a code") }
}

pub(super) fn marker(digit: char) -> Marker {
    Marker::new(&digit.to_string().repeat(32)).expect("a marker")
}

pub(super) fn first(limit: usize) -> ListQuery {
    ListQuery::first(limit)
}
