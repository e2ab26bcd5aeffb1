//! What somebody writes in a claim, checked and turned into Odoo's values: every fault is named at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use portico_contract::expenses::{ExpenseLineDraft, ExpenseReportDraft};
use portico_contract::{CallContext, Error, ErrorKind, NativeId};
use portico_schemas::{FieldError, Money};
use portico_wire::rpc::Value;

use crate::client::{Call, Odoo};
use crate::domain::{Domain, id, id_list};
use crate::wire::Currency;

/// Lines that one claim may have; Odoo itself takes any number.
const MOST_LINES: usize = 500;

/// A line, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GoodLine {
    /// The line that it replaces.
    pub(crate) line: Option<i64>,
    category: i64,
    description: String,
    quantity: Option<rust_decimal::Decimal>,
    amount: Option<(rust_decimal::Decimal, i64)>,
    /// `None` for those of the category.
    pub(crate) taxes: Option<Vec<i64>>,
    date: String,
    booked_to: Vec<i64>,
}

impl GoodLine {
    /// For `create` and `write`.
    pub(crate) fn values(&self, employee: i64) -> Value {
        let mut values: Vec<(Cow<'static, str>, Value)> = vec![
            ("name".into(), self.description.clone().into()),
            ("employee_id".into(), employee.into()),
            ("product_id".into(), self.category.into()),
            ("date".into(), self.date.clone().into()),
            ("payment_mode".into(), "own_account".into()),
        ];
        if let Some(quantity) = self.quantity {
            values.push(("quantity".into(), quantity.into()));
        }
        if let Some((amount, currency)) = self.amount {
            values.push(("currency_id".into(), currency.into()));
            values.push(("total_amount_currency".into(), amount.into()));
        }
        if let Some(taxes) = &self.taxes {
            let set = Value::Array(vec![6_i64.into(), 0_i64.into(), id_list(taxes)]);
            values.push(("tax_ids".into(), Value::Array(vec![set])));
        }
        if !self.booked_to.is_empty() {
            values.push((
                "analytic_distribution".into(),
                Value::Struct(vec![(self.key().into(), 100_i64.into())]),
            ));
        } else if self.line.is_some() {
            values.push(("analytic_distribution".into(), false.into()));
        }
        Value::Struct(values)
    }

    /// The key of an analytic distribution: all accounts of one share, across plans.
    fn key(&self) -> String {
        self.booked_to.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
    }

    /// The columns of `load` that lines have.
    pub(crate) const COLUMNS: &[&str] = &[
        "expense_line_ids/name",
        "expense_line_ids/employee_id/.id",
        "expense_line_ids/product_id/.id",
        "expense_line_ids/date",
        "expense_line_ids/payment_mode",
        "expense_line_ids/quantity",
        "expense_line_ids/currency_id/.id",
        "expense_line_ids/total_amount_currency",
        "expense_line_ids/tax_ids/.id",
        "expense_line_ids/analytic_distribution",
    ];

    /// The cells of those columns: `load` takes text, and nothing for what is to be left to Odoo.
    pub(crate) fn cells(&self, employee: i64) -> Vec<Value> {
        let nothing = || Value::from("");
        let taxes = self.taxes.as_ref().filter(|taxes| !taxes.is_empty());
        let taxes = taxes.map(|taxes| taxes.iter().map(i64::to_string).collect::<Vec<_>>().join(","));
        let booked = (!self.booked_to.is_empty()).then(|| format!("{{\"{}\": 100}}", self.key()));
        vec![
            self.description.clone().into(),
            employee.to_string().into(),
            self.category.to_string().into(),
            self.date.clone().into(),
            "own_account".into(),
            self.quantity.map_or_else(nothing, |quantity| quantity.to_string().into()),
            self.amount.map_or_else(nothing, |(_, currency)| currency.to_string().into()),
            self.amount.map_or_else(nothing, |(amount, _)| amount.to_string().into()),
            taxes.map_or_else(nothing, Value::from),
            booked.map_or_else(nothing, Value::from),
        ]
    }

    /// Whether it is to have no tax at all, which `load` cannot say.
    pub(crate) fn without_tax(&self) -> bool {
        self.taxes.as_ref().is_some_and(Vec::is_empty)
    }
}

/// A claim, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GoodDraft {
    pub(crate) title: String,
    pub(crate) lines: Vec<GoodLine>,
}

/// All faults of a draft.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn at(&mut self, pointer: String, detail: impl Into<String>) {
        self.0.push(FieldError { detail: detail.into(), pointer });
    }
}

impl Odoo {
    /// Checks a draft: what can be known here is known before anything is sent.
    pub(crate) async fn good_draft(
        &self,
        context: &CallContext,
        draft: &ExpenseReportDraft,
        of: &[i64],
    ) -> Result<GoodDraft, Error> {
        let currencies = self.currencies_by_code(context, draft).await?;
        let mut faults = Faults::default();
        if draft.title.trim().is_empty() {
            faults.at("/title".to_owned(), "A report has a title.");
        }
        if draft.lines.len() > MOST_LINES {
            faults.at("/lines".to_owned(), format!("A report has at most {MOST_LINES} lines."));
        }
        let mut lines = Vec::with_capacity(draft.lines.len());
        for (at, line) in draft.lines.iter().enumerate().take(MOST_LINES) {
            lines.extend(good_line(at, line, of, &currencies, &mut faults));
        }
        if faults.0.is_empty() {
            return Ok(GoodDraft { title: draft.title.trim().to_owned(), lines });
        }
        let detail = "Odoo cannot take the report as it is; every fault is listed.";
        Err(Error::new(ErrorKind::InvalidInput, detail).with_fields(faults.0))
    }

    /// Currencies that are in use in Odoo, by their code.
    async fn currencies_by_code(
        &self,
        context: &CallContext,
        draft: &ExpenseReportDraft,
    ) -> Result<HashMap<String, (i64, u32)>, Error> {
        let mut codes: Vec<String> =
            draft.lines.iter().filter_map(|line| Some(line.amount.as_ref()?.currency.to_string())).collect();
        codes.sort_unstable();
        codes.dedup();
        if codes.is_empty() {
            return Ok(HashMap::new());
        }
        let domain = Domain::all().and("name", "in", Value::list(codes));
        let found: Vec<Currency> =
            self.ask(context, Call::search(Currency::MODEL, Currency::FIELDS, domain)).await?;
        Ok(found
            .into_iter()
            .map(|currency| (currency.name, (currency.id, currency.decimal_places)))
            .collect())
    }
}

fn good_line(
    at: usize,
    line: &ExpenseLineDraft,
    of: &[i64],
    currencies: &HashMap<String, (i64, u32)>,
    faults: &mut Faults,
) -> Option<GoodLine> {
    let before = faults.0.len();
    let pointer = |field: &str| format!("/lines/{at}/{field}");
    let replaced = line.line.as_ref().map(|native| id(native).filter(|id| of.contains(id)));
    if replaced == Some(None) {
        faults.at(pointer("id"), "The report has no such line; leave the id out for a new one.");
    }
    if line.description.trim().is_empty() {
        faults.at(pointer("description"), "A line says what was bought.");
    }
    let mut known = |native: &NativeId, field: &str, what: &str| {
        let found = id(native);
        if found.is_none() {
            faults.at(pointer(field), format!("There is no such {what} in Odoo."));
        }
        found
    };
    let category = known(&line.category, "categoryId", "category");
    let booked_to: Vec<i64> = [
        line.project.as_ref().and_then(|native| known(native, "projectId", "project")),
        line.cost_centre.as_ref().and_then(|native| known(native, "costCentreId", "cost centre")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let taxes: Option<Vec<i64>> = line
        .tax_rates
        .as_ref()
        .map(|rates| rates.iter().filter_map(|native| known(native, "taxRateIds", "rate of tax")).collect());
    if line.quantity.is_some_and(|quantity| quantity <= rust_decimal::Decimal::ZERO) {
        faults.at(pointer("quantity"), "A quantity is more than nothing.");
    }
    if line.amount.is_none() && line.quantity.is_none() {
        faults.at(pointer("amount"), "A line has an amount, or a quantity of something with a fixed price.");
    }
    let amount =
        line.amount.as_ref().and_then(|amount| good_amount(amount, currencies, &pointer("amount"), faults));
    (faults.0.len() == before).then(|| GoodLine {
        line: replaced.flatten(),
        category: category.unwrap_or_default(),
        description: line.description.trim().to_owned(),
        quantity: line.quantity,
        amount,
        taxes,
        date: line.transaction_date.to_string(),
        booked_to,
    })
}

/// Odoo rounds to the currency without a word; what it would round is refused here.
fn good_amount(
    money: &Money,
    currencies: &HashMap<String, (i64, u32)>,
    pointer: &str,
    faults: &mut Faults,
) -> Option<(rust_decimal::Decimal, i64)> {
    let Some((currency, places)) = currencies.get(money.currency.as_str()) else {
        faults
            .at(format!("{pointer}/currency"), format!("Odoo does not use the currency {}.", money.currency));
        return None;
    };
    if money.amount.normalize().scale() > *places {
        faults.at(format!("{pointer}/amount"), format!("{} has {places} decimal places.", money.currency));
        return None;
    }
    if money.amount < rust_decimal::Decimal::ZERO {
        faults.at(format!("{pointer}/amount"), "An amount is not less than nothing.");
        return None;
    }
    let mut amount = money.amount;
    amount.rescale(*places);
    Some((amount, *currency))
}

/// Texts of a problem by what they are about, for tests and messages of `load`.
pub(crate) fn pointer_of_row(row: usize, count: usize) -> Option<String> {
    (count > 0 && row < count).then(|| format!("/lines/{row}"))
}

/// Which lines of a draft are to have no tax, by their place.
pub(crate) fn untaxed(draft: &GoodDraft) -> BTreeMap<usize, String> {
    let lines = draft.lines.iter().enumerate();
    lines.filter(|(_, line)| line.without_tax()).map(|(at, line)| (at, line.description.clone())).collect()
}
