//! Whether a write whose answer was lost happened, by reading the report.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use portico_contract::documents::SourceVersion;
use portico_contract::expenses::{
    AttachReceipt, DeleteExpenseReport, EditExpenseReport, ExpenseLineDraft, ExpenseLineRecord,
    ExpenseReportDraft, ExpenseReportRecord, GetExpenseReport, ItemLink, ReceiptRecord, RemoveReceipt,
    SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::{Error, ErrorKind, NativeId, Operation};
use portico_schemas::{ExpenseReportStatus as Status, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::writes::{Look, ReadBack, Verdict};

/// Transitions, edits and deletions.
pub(super) struct Reports;

/// Receipts of a line.
pub(super) struct Receipts;

/// What an edit leaves behind: digests, because what is on record says nothing of money or words.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Edited {
    /// The version that was edited.
    version: Option<String>,
    /// Of the title.
    title: String,
    /// Of each line 17 hexadecimal digits: which of its members were given, and a digest of those.
    lines: String,
}

/// What a receipt leaves behind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    /// The line, where one is added.
    line: Option<String>,
    /// The receipt, where one is taken out.
    receipt: Option<String>,
    /// Octets of the one that is added.
    length: Option<u64>,
    /// Digests of the receipts that were there, 16 hexadecimal digits each.
    there: String,
}

/// What to expect of an edit.
pub(super) fn edited(draft: &ExpenseReportDraft, version: Option<&SourceVersion>) -> Value {
    let lines = draft.lines.iter().map(|line| {
        let given = Given::of(line);
        format!("{:x}{}", given.mask(), given.digest(&Said::draft(line)))
    });
    let edited = Edited {
        version: version.map(|version| version.0.clone()),
        title: short(&[draft.title.trim()]),
        lines: lines.collect(),
    };
    serde_json::to_value(edited).unwrap_or_default()
}

/// What to expect of a receipt that is added to a line.
pub(super) fn attached(line: &ExpenseLineRecord, length: Option<u64>) -> Value {
    // As many as fit on record; a line with more receipts than this is for a person to look at.
    let there = line.receipts.iter().take(100).map(|receipt| short(&[receipt.id.as_str()]));
    let receipt =
        Receipt { line: Some(line.id.as_str().to_owned()), receipt: None, length, there: there.collect() };
    serde_json::to_value(receipt).unwrap_or_default()
}

/// What to expect of a receipt that is taken out.
pub(super) fn removed(receipt: &NativeId) -> Value {
    let receipt = Some(receipt.as_str().to_owned());
    serde_json::to_value(Receipt { line: None, receipt, length: None, there: String::new() })
        .unwrap_or_default()
}

impl ReadBack for Reports {
    fn operations(&self) -> &'static [&'static str] {
        &[
            SubmitExpenseReport::META.id,
            WithdrawExpenseReport::META.id,
            EditExpenseReport::META.id,
            DeleteExpenseReport::META.id,
        ]
    }

    fn look<'a>(&'a self, look: Look<'a>) -> BoxFuture<'a, Result<Verdict, Error>> {
        async move {
            let action = look.intent.target.action.clone();
            let expected = look.intent.expected.clone();
            let found = read(look).await?;
            Ok(verdict(&action, &expected, found.as_ref()))
        }
        .boxed()
    }
}

impl ReadBack for Receipts {
    fn operations(&self) -> &'static [&'static str] {
        &[AttachReceipt::META.id, RemoveReceipt::META.id]
    }

    fn look<'a>(&'a self, look: Look<'a>) -> BoxFuture<'a, Result<Verdict, Error>> {
        async move {
            let expected = serde_json::from_value::<Receipt>(look.intent.expected.clone());
            let found = read(look).await?;
            Ok(expected.map_or(Verdict::CannotTell, |expected| hangs_there(&expected, found.as_ref())))
        }
        .boxed()
    }
}

/// The report as it is; `None` when it is not there.
async fn read(look: Look<'_>) -> Result<Option<ExpenseReportRecord>, Error> {
    let Some(report) = look.intent.target.native_id.as_deref().and_then(NativeId::new) else {
        return Ok(None);
    };
    match look.system.upstream.call(look.context, GetExpenseReport { report }).await {
        Ok(record) => Ok(Some(record)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => Ok(None),
        Err(error) => Err(error),
    }
}

fn verdict(action: &str, expected: &Value, found: Option<&ExpenseReportRecord>) -> Verdict {
    let happened = Verdict::Happened(None);
    let Some(record) = found else {
        // Somebody deleted it, which says nothing about what was done to it before.
        return if action == DeleteExpenseReport::META.id { happened } else { Verdict::CannotTell };
    };
    if action == DeleteExpenseReport::META.id {
        return Verdict::DidNotHappen;
    }
    if action == EditExpenseReport::META.id {
        let expected = serde_json::from_value::<Edited>(expected.clone());
        return expected.map_or(Verdict::CannotTell, |expected| is_edited(&expected, record));
    }
    let is_submit = action == SubmitExpenseReport::META.id;
    match (is_submit, record.status) {
        (true, Status::Draft) | (false, Status::Submitted) => Verdict::DidNotHappen,
        (true, Status::Voided) => Verdict::CannotTell,
        // Whatever was decided since: it was handed in before.
        (true, _) | (false, Status::Draft | Status::Voided) => happened,
        (false, _) => Verdict::CannotTell,
    }
}

fn is_edited(expected: &Edited, record: &ExpenseReportRecord) -> Verdict {
    let is_as_wanted = short(&[record.title.trim()]) == expected.title
        && record.lines.as_ref().is_some_and(|lines| same_lines(&expected.lines, lines));
    if is_as_wanted {
        return Verdict::Happened(None);
    }
    match (&expected.version, &record.version) {
        (Some(before), Some(now)) if *before == now.0 => Verdict::DidNotHappen,
        // It is another version and not ours: somebody else wrote, before or after.
        _ => Verdict::CannotTell,
    }
}

/// Whether each line that was wanted is there, in whatever order, and no other.
fn same_lines(wanted: &str, lines: &[ExpenseLineRecord]) -> bool {
    const EACH: usize = 17;
    if !wanted.is_ascii() || wanted.len() != lines.len() * EACH {
        return false;
    }
    let mut left: Vec<Said<'_>> = lines.iter().map(Said::record).collect();
    wanted.as_bytes().chunks(EACH).all(|line| {
        let Some((mask, digest)) = std::str::from_utf8(line).ok().and_then(|line| line.split_at_checked(1))
        else {
            return false;
        };
        let Some(given) = u8::from_str_radix(mask, 16).ok().map(Given::from_mask) else { return false };
        match left.iter().position(|said| given.digest(said) == digest) {
            Some(at) => {
                left.swap_remove(at);
                true
            }
            None => false,
        }
    })
}

fn hangs_there(expected: &Receipt, found: Option<&ExpenseReportRecord>) -> Verdict {
    let Some(lines) = found.and_then(|record| record.lines.as_ref()) else { return Verdict::CannotTell };
    if let Some(removed) = &expected.receipt {
        let mut receipts = lines.iter().flat_map(|line| &line.receipts);
        let is_there = receipts.any(|receipt| receipt.id.as_str() == removed);
        return if is_there { Verdict::DidNotHappen } else { Verdict::Happened(None) };
    }
    let line = lines.iter().find(|line| Some(line.id.as_str()) == expected.line.as_deref());
    let Some(line) = line else { return Verdict::CannotTell };
    let is_new = |receipt: &&ReceiptRecord| {
        let digest = short(&[receipt.id.as_str()]);
        !expected.there.as_bytes().chunks(16).any(|known| known == digest.as_bytes())
    };
    match line.receipts.iter().filter(is_new).collect::<Vec<_>>().as_slice() {
        [] => Verdict::DidNotHappen,
        [one] if one.length.is_some() && one.length == expected.length => {
            Verdict::Happened(Some(one.id.clone()))
        }
        _ => Verdict::CannotTell,
    }
}

/// Members of a line that somebody may leave to the system.
#[derive(Clone, Copy)]
struct Given {
    quantity: bool,
    amount: bool,
    tax_rates: bool,
}

impl Given {
    fn of(line: &ExpenseLineDraft) -> Self {
        Self {
            quantity: line.quantity.is_some(),
            amount: line.amount.is_some(),
            tax_rates: line.tax_rates.is_some(),
        }
    }

    fn mask(self) -> u8 {
        u8::from(self.quantity) | u8::from(self.amount) << 1 | u8::from(self.tax_rates) << 2
    }

    const fn from_mask(mask: u8) -> Self {
        Self { quantity: mask & 1 != 0, amount: mask & 2 != 0, tax_rates: mask & 4 != 0 }
    }

    fn digest(self, said: &Said<'_>) -> String {
        let number = |number: Decimal| number.normalize().to_string();
        let quantity = said.quantity.filter(|_| self.quantity).map(number).unwrap_or_default();
        let amount = said.amount.filter(|_| self.amount);
        let amount =
            amount.map(|money| format!("{} {}", number(money.amount), money.currency)).unwrap_or_default();
        let mut rates = if self.tax_rates { said.tax_rates.clone() } else { Vec::new() };
        rates.sort_unstable();
        short(&[
            said.category,
            said.description.trim(),
            &quantity,
            &amount,
            &rates.join("\0"),
            &said.date,
            said.project,
            said.cost_centre,
        ])
    }
}

/// What a line says, written or read.
struct Said<'a> {
    category: &'a str,
    description: &'a str,
    quantity: Option<Decimal>,
    amount: Option<&'a Money>,
    tax_rates: Vec<&'a str>,
    date: String,
    project: &'a str,
    cost_centre: &'a str,
}

impl<'a> Said<'a> {
    fn draft(line: &'a ExpenseLineDraft) -> Self {
        let id = |id: &'a Option<NativeId>| id.as_ref().map_or("", NativeId::as_str);
        Self {
            category: line.category.as_str(),
            description: &line.description,
            quantity: line.quantity,
            amount: line.amount.as_ref(),
            tax_rates: line.tax_rates.iter().flatten().map(NativeId::as_str).collect(),
            date: line.transaction_date.to_string(),
            project: id(&line.project),
            cost_centre: id(&line.cost_centre),
        }
    }

    fn record(line: &'a ExpenseLineRecord) -> Self {
        let id = |link: &'a Option<ItemLink>| link.as_ref().map_or("", |link| link.id.as_str());
        Self {
            category: id(&line.category),
            description: &line.description,
            quantity: Some(line.quantity),
            amount: Some(&line.amount),
            tax_rates: line.tax_rates.iter().map(|rate| rate.id.as_str()).collect(),
            date: line.transaction_date.map(|date| date.to_string()).unwrap_or_default(),
            project: id(&line.project),
            cost_centre: id(&line.cost_centre),
        }
    }
}

/// 16 hexadecimal digits over some texts.
fn short(parts: &[&str]) -> String {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part);
    }
    sum.finalize().iter().take(8).map(|octet| format!("{octet:02x}")).collect()
}
