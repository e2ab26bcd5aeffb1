//! From what a system said to what a front-end sees.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use portico_compose::expenses::{FoundReport, MayDo};
use portico_compose::seal::{Kind, Seals};
use portico_contract::expenses::{ExpenseLineRecord, ItemLink, ReceiptRecord};
use portico_contract::people::PersonLink;
use portico_contract::{NativeId, SystemKey};
use portico_schemas::{
    AllowedAction, Declaration, Envelope, ExpenseLine, ExpenseReport, ExpenseReportContent, ItemRef, Method,
    PersonRef, Receipt, ResourceType, Source, Withdrawal,
};
use serde_json::{Value, json};

use crate::actions::{action, action_with, input_schema};
use crate::members::Projection;
use crate::{Api, conditions};

static CONTENT: LazyLock<Value> = LazyLock::new(input_schema::<ExpenseReportContent>);
static DECLARATION: LazyLock<Value> = LazyLock::new(input_schema::<Declaration>);
static WITHDRAWAL: LazyLock<Value> = LazyLock::new(input_schema::<Withdrawal>);

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// In a list.
    Row,
    /// By itself.
    Whole,
}

/// The address of a report.
pub fn address(id: &str) -> String {
    format!("/v1/expense-reports/{id}")
}

/// The canonical report, as it is shown with these members.
pub fn report(api: &Api, found: &FoundReport, fields: Option<&Projection>, depth: Depth) -> ExpenseReport {
    let (record, system) = (&found.record, &found.system);
    let id = api.seals.seal(ResourceType::ExpenseReport, system, &record.id);
    let person = |link: &PersonLink| api.links.link_ref(system, link);
    let employee = person(&record.employee);
    let approver = record.approver.as_ref().map(person);
    let approved_by = record.approved_by.as_ref().map(person);
    let people = [Some(&employee), approver.as_ref(), approved_by.as_ref()];
    let etag = etag(&api.seals, found, &people, &Projection::shape(fields), depth);
    let lines = record.lines.as_ref().map(|lines| {
        let lines = (1..).zip(lines);
        lines.map(|(number, one)| line(&api.seals, system, &id, number, one)).collect()
    });
    ExpenseReport {
        envelope: Envelope {
            source: Source { system: system.as_str().to_owned(), id: None, url: record.url.clone() },
            etag,
            created_at: record.created_at,
            updated_at: record.updated_at,
            fetched_at: found.fetched_at,
            allowed_actions: actions(&id, &found.may_do, depth),
            native_status: Some(record.native_status.clone()),
            owner: Some(employee.clone()),
            classification: record.facts.classification.unwrap_or_default(),
            extensions: Default::default(),
            id,
        },
        number: record.number.clone(),
        title: record.title.clone(),
        employee,
        status: record.status,
        transaction_date: record.transaction_date,
        sub_total: record.sub_total.clone(),
        total_tax: record.total_tax.clone(),
        total_amount: record.total_amount.clone(),
        reimbursable_amount: record.reimbursable_amount.clone(),
        approver,
        approved_by,
        lines,
    }
}

/// A reference to an entry of a look-up list.
pub fn item(seals: &Seals, system: &SystemKey, kind: ResourceType, link: &ItemLink) -> ItemRef {
    ItemRef { id: seals.seal(kind, system, &link.id), display: link.display.clone() }
}

fn line(
    seals: &Seals,
    system: &SystemKey,
    report: &str,
    number: u32,
    line: &ExpenseLineRecord,
) -> ExpenseLine {
    let item = |kind, link: &ItemLink| item(seals, system, kind, link);
    ExpenseLine {
        id: seals.seal(Kind::ExpenseLine, system, &line.id),
        line_number: number,
        category: line.category.as_ref().map(|link| item(ResourceType::ExpenseCategory, link)),
        description: line.description.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price.clone(),
        amount: line.amount.clone(),
        tax_rates: line.tax_rates.iter().map(|link| item(ResourceType::TaxRate, link)).collect(),
        tax_amount: line.tax_amount.clone(),
        transaction_date: line.transaction_date,
        project: line.project.as_ref().map(|link| item(ResourceType::Project, link)),
        cost_centre: line.cost_centre.as_ref().map(|link| item(ResourceType::CostCentre, link)),
        receipts: line.receipts.iter().map(|one| receipt(seals, system, report, one)).collect(),
    }
}

/// A receipt of a report, whose id is sealed already.
pub fn receipt(seals: &Seals, system: &SystemKey, report: &str, record: &ReceiptRecord) -> Receipt {
    let id = receipt_id(seals, system, &record.id);
    Receipt {
        href: format!("{}/receipts/{id}", address(report)),
        id,
        name: record.name.clone(),
        media_type: record.media_type.clone(),
        content_length: record.length,
    }
}

fn receipt_id(seals: &Seals, system: &SystemKey, receipt: &NativeId) -> String {
    seals.seal(Kind::Receipt, system, receipt)
}

/// The tag of this shape of the report. What can change without a new version counts too: what the person may do, and
/// whom the people in it are.
fn etag(
    seals: &Seals,
    found: &FoundReport,
    people: &[Option<&PersonRef>],
    shape: &str,
    depth: Depth,
) -> Option<String> {
    let version = found.record.version.as_ref()?;
    let mut shape = format!("{shape};{depth:?};{:?};{}", found.may_do, found.record.native_status);
    for person in people.iter().flatten() {
        // Writing to a string cannot fail.
        let _ = write!(shape, ";{:?};{}", person.id, person.display);
    }
    Some(conditions::tag(seals, version, &shape))
}

fn actions(id: &str, may_do: &BTreeSet<MayDo>, depth: Depth) -> Vec<AllowedAction> {
    let at = |rest: &str| format!("{}{rest}", address(id));
    let with_body = |name: &str, method, href: String, schema: &LazyLock<Value>| match depth {
        Depth::Row => action(name, method, href),
        Depth::Whole => action_with(name, method, href, schema),
    };
    let one = |may: &MayDo| match may {
        MayDo::Edit => with_body("edit", Method::Put, at(""), &CONTENT),
        MayDo::Delete => action("delete", Method::Delete, at("")),
        MayDo::Submit => with_body("submit", Method::Post, at("/submission"), &DECLARATION),
        MayDo::Withdraw => with_body("withdraw", Method::Post, at("/withdrawal"), &WITHDRAWAL),
        MayDo::AttachReceipt => action("attachReceipt", Method::Post, at("/lines/{lineId}/receipts")),
        MayDo::RemoveReceipt => action("removeReceipt", Method::Delete, at("/receipts/{receiptId}")),
    };
    may_do.iter().map(one).collect()
}

/// A report for the published contract.
pub fn example() -> Value {
    json!({
        "id": "5uXr9x0dJ2Vw0jQm3Yq1Cg", "source": { "system": "odoo" }, "etag": "djc.c2hhcGU",
        "createdAt": "2026-11-18T16:02:11Z", "updatedAt": "2026-11-20T08:15:00Z", "fetchedAt": "2026-11-22T09:30:00Z",
        "allowedActions": [
            { "name": "withdraw", "method": "POST", "href": "/v1/expense-reports/5uXr9x0dJ2Vw0jQm3Yq1Cg/withdrawal" }
        ],
        "nativeStatus": "submit", "classification": "internal",
        "title": "Site visits in October", "status": "submitted", "transactionDate": "2026-10-29",
        "employee": {
            "id": "0bUG3pGq3d7dTq4rXnWg0Q", "system": "odoo", "nativeId": "17", "display": "Siân Jones"
        },
        "totalAmount": { "amount": "58.40", "currency": "GBP" },
        "lines": [{
            "id": "m1Yk1y6jv2gYp8d0m5mYqA", "lineNumber": 1, "description": "Train to Cardiff and back",
            "category": { "id": "pE0o9m3h8Jtq1uTq0c3xwA", "display": "Travel" },
            "quantity": "1", "amount": { "amount": "58.40", "currency": "GBP" }, "transactionDate": "2026-10-29",
            "receipts": [{
                "id": "9q1nX4xv0gU2r7c3k8b5dw", "name": "ticket.pdf", "mediaType": "application/pdf",
                "contentLength": 48213,
                "href": "/v1/expense-reports/5uXr9x0dJ2Vw0jQm3Yq1Cg/receipts/9q1nX4xv0gU2r7c3k8b5dw"
            }]
        }]
    })
}
