//! From what somebody writes to what a system takes: every fault at once, with its place.

use std::collections::BTreeSet;

use portico_contract::expenses::{ExpenseLineDraft, ExpenseLineRecord, ExpenseReportDraft};
use portico_contract::{Error, NativeId};
use portico_schemas::{ExpenseLineContent, Money, ResourceType};
use rust_decimal::Decimal;

use crate::change::text_fault;
use crate::ground::Ground;
use crate::ids::Opening;
use crate::seal::Kind;
use crate::systems::System;

/// Lines that one report may have.
const LINES: usize = 200;
/// Characters of a title.
const TITLE: usize = 200;
/// Characters of what was bought.
const DESCRIPTION: usize = 500;
/// Rates of tax that one line may name.
const TAX_RATES: usize = 10;
/// Places of a quantity.
const QUANTITY_PLACES: u32 = 6;
/// What no amount and no quantity reaches.
const TOO_MUCH: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// Reads a draft for a system. `lines_there` are those of the report that is edited: only they can be replaced.
///
/// # Errors
/// [`portico_contract::ErrorKind::InvalidInput`] with every fault.
pub(super) fn read(
    ground: &Ground,
    system: &System,
    title: &str,
    lines: &[ExpenseLineContent],
    lines_there: &[ExpenseLineRecord],
) -> Result<ExpenseReportDraft, Error> {
    let mut opening = Opening::new(&ground.seals, &ground.systems);
    if let Some(fault) = text_fault(title, TITLE) {
        opening.fault("/title", fault);
    }
    if lines.len() > LINES {
        opening.fault("/lines", format!("has {} lines; a report has {LINES} at most", lines.len()));
    }
    let mut reading = Reading { system, lines_there, named: BTreeSet::new(), opening };
    let lines = lines.iter().take(LINES).enumerate();
    let lines: Vec<_> = lines.filter_map(|(at, line)| reading.line(&format!("/lines/{at}"), line)).collect();
    reading.opening.done()?;
    Ok(ExpenseReportDraft { title: title.trim().to_owned(), lines })
}

struct Reading<'a> {
    system: &'a System,
    lines_there: &'a [ExpenseLineRecord],
    named: BTreeSet<NativeId>,
    opening: Opening<'a>,
}

impl Reading<'_> {
    /// `None` only where a fault was noted.
    fn line(&mut self, at: &str, line: &ExpenseLineContent) -> Option<ExpenseLineDraft> {
        if let Some(fault) = text_fault(&line.description, DESCRIPTION) {
            self.opening.fault(format!("{at}/description"), fault);
        }
        self.amounts(at, line);
        if !(1970..2200).contains(&line.transaction_date.year()) {
            let fault = "is no day on which money can have been laid out";
            self.opening.fault(format!("{at}/transactionDate"), fault);
        }
        let replaced = line.id.as_deref().map(|id| self.replaced(&format!("{at}/id"), id));
        let category = self.id(ResourceType::ExpenseCategory, &line.category_id, at, "categoryId");
        let tax_rates = line.tax_rate_ids.as_ref().map(|ids| self.tax_rates(at, ids));
        let project = line.project_id.as_ref().map(|id| self.id(ResourceType::Project, id, at, "projectId"));
        let centre =
            line.cost_centre_id.as_ref().map(|id| self.id(ResourceType::CostCentre, id, at, "costCentreId"));
        Some(ExpenseLineDraft {
            line: replaced.map_or(Some(None), |line| line.map(Some))?,
            category: category?,
            description: line.description.trim().to_owned(),
            quantity: line.quantity,
            amount: line.amount.clone(),
            tax_rates,
            transaction_date: line.transaction_date,
            project: project.map_or(Some(None), |id| id.map(Some))?,
            cost_centre: centre.map_or(Some(None), |id| id.map(Some))?,
        })
    }

    fn amounts(&mut self, at: &str, line: &ExpenseLineContent) {
        if let Some(fault) = line.amount.as_ref().and_then(amount_fault) {
            self.opening.fault(format!("{at}/amount/amount"), fault);
        }
        if let Some(fault) = line.quantity.and_then(quantity_fault) {
            self.opening.fault(format!("{at}/quantity"), fault);
        }
        if line.amount.is_none() && line.quantity.is_none() {
            let fault = "is missing; give it, or the `quantity` where the category has a price";
            self.opening.fault(format!("{at}/amount"), fault);
        }
    }

    /// A line that is replaced: one of this report, named once.
    fn replaced(&mut self, at: &str, id: &str) -> Option<NativeId> {
        let line = self.opening.of(self.system, Kind::ExpenseLine, id, at)?;
        if !self.lines_there.iter().any(|there| there.id == line) {
            self.opening.fault(at, "is no line of this report now");
            return None;
        }
        if !self.named.insert(line.clone()) {
            self.opening.fault(at, "is named twice");
            return None;
        }
        Some(line)
    }

    fn tax_rates(&mut self, at: &str, ids: &[String]) -> Vec<NativeId> {
        if ids.len() > TAX_RATES {
            let fault = format!("has more than {TAX_RATES} rates");
            self.opening.fault(format!("{at}/taxRateIds"), fault);
        }
        let ids = ids.iter().take(TAX_RATES).enumerate();
        ids.filter_map(|(n, id)| self.id(ResourceType::TaxRate, id, at, &format!("taxRateIds/{n}"))).collect()
    }

    fn id(&mut self, kind: ResourceType, id: &str, at: &str, member: &str) -> Option<NativeId> {
        self.opening.of(self.system, kind, id, &format!("{at}/{member}"))
    }
}

fn amount_fault(money: &Money) -> Option<String> {
    let places = money.currency.places();
    if money.amount.is_sign_negative() && !money.amount.is_zero() {
        Some("is negative; an expense is money that was laid out".to_owned())
    } else if money.amount.scale() > places {
        Some(format!("has more than the {places} decimal places that {} has", money.currency))
    } else {
        (money.amount >= TOO_MUCH).then(|| "is larger than any expense".to_owned())
    }
}

fn quantity_fault(quantity: Decimal) -> Option<String> {
    if quantity <= Decimal::ZERO {
        Some("must be more than nothing".to_owned())
    } else if quantity.scale() > QUANTITY_PLACES {
        Some(format!("has more than {QUANTITY_PLACES} decimal places"))
    } else {
        (quantity >= TOO_MUCH).then(|| "is larger than any quantity".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: &str, currency: &str) -> Money {
        let currency = portico_schemas::Currency::new(currency).unwrap();
        Money { amount: amount.parse().unwrap(), currency }
    }

    #[test]
    fn amounts_have_the_places_of_their_currency_and_no_sign() {
        for (amount, currency) in
            [("0", "GBP"), ("12.34", "GBP"), ("1200", "JPY"), ("1.234", "KWD"), ("999999999999.99", "EUR")]
        {
            assert_eq!(amount_fault(&money(amount, currency)), None, "{amount} {currency}");
        }
        for (amount, currency) in [
            ("12.345", "GBP"),
            ("12.340", "GBP"),
            ("1200.5", "JPY"),
            ("1.2345", "KWD"),
            ("-0.01", "GBP"),
            ("1000000000000", "GBP"),
        ] {
            assert!(amount_fault(&money(amount, currency)).is_some(), "{amount} {currency}");
        }
    }

    #[test]
    fn quantities_are_positive_and_bounded() {
        assert_eq!(quantity_fault("0.5".parse().unwrap()), None);
        for bad in ["0", "-1", "0.0000001", "1000000000000"] {
            assert!(quantity_fault(bad.parse().unwrap()).is_some(), "{bad}");
        }
    }
}
