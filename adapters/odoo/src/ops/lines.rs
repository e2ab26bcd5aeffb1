//! Single expenses and their receipts.

use std::collections::{BTreeSet, HashMap};

use portico_contract::expenses::{ExpenseLineRecord, ItemLink, ReceiptRecord};
use portico_contract::{CallContext, Error};

use crate::cache::BookedTo;
use crate::client::{Call, Odoo};
use crate::domain::{Domain, id_list};
use crate::links::{item, money, native};
use crate::map;
use crate::ops::reports::booked_to;
use crate::wire::{Attachment, Line};

/// The model that receipts hang on.
pub(crate) const LINE_MODEL: &str = "hr.expense";

impl Odoo {
    pub(crate) async fn line_records(
        &self,
        context: &CallContext,
        lines: Vec<Line>,
    ) -> Result<Vec<ExpenseLineRecord>, Error> {
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let mut receipts = self.receipts(context, &ids).await?;
        let currencies: BTreeSet<i64> =
            lines.iter().filter_map(|line| Some(line.currency_id.0.as_ref()?.0)).collect();
        let currencies = self.currencies(context, currencies).await?;
        let taxes: BTreeSet<i64> = lines.iter().flat_map(|line| line.tax_ids.iter().copied()).collect();
        let taxes = self.tax_names(context, taxes).await?;
        let booked: BTreeSet<i64> = lines
            .iter()
            .filter_map(|line| line.analytic_distribution.0.as_ref())
            .flat_map(booked_to)
            .collect();
        let accounts = self.accounts(context, booked).await?;
        let mut records = Vec::with_capacity(lines.len());
        for line in lines {
            let currency = &line.currency_id.0;
            let booked = line.analytic_distribution.0.as_ref().map(booked_to).unwrap_or_default();
            let in_plan = |plan: &str| in_plan(&booked, &accounts, plan);
            records.push(ExpenseLineRecord {
                id: native(line.id),
                category: line.product_id.0.as_ref().map(item),
                description: map::text(&line.name).unwrap_or_else(|| format!("#{}", line.id)),
                quantity: line.quantity.0.normalize(),
                unit_price: Some(money(line.price_unit, currency, &currencies)?),
                amount: money(line.total_amount_currency, currency, &currencies)?,
                tax_rates: Self::tax_links(&line.tax_ids, &taxes),
                tax_amount: Some(money(line.tax_amount_currency, currency, &currencies)?),
                transaction_date: line.date.0.map(|day| day.0),
                project: in_plan(&self.settings.project_plan),
                cost_centre: in_plan(&self.settings.cost_centre_plan),
                receipts: receipts.remove(&line.id).unwrap_or_default(),
            });
        }
        Ok(records)
    }

    /// Receipts by line.
    pub(crate) async fn receipts(
        &self,
        context: &CallContext,
        lines: &[i64],
    ) -> Result<HashMap<i64, Vec<ReceiptRecord>>, Error> {
        let mut all: HashMap<i64, Vec<ReceiptRecord>> = HashMap::new();
        if lines.is_empty() {
            return Ok(all);
        }
        let domain = Domain::all().and("res_model", "=", LINE_MODEL).and("res_id", "in", id_list(lines));
        let call = Call::search(Attachment::MODEL, Attachment::FIELDS, domain).keyword("order", "id");
        let found: Vec<Attachment> = self.ask(context, call).await?;
        for attachment in found {
            let Some(line) = attachment.res_id.0 else { continue };
            all.entry(line).or_default().push(receipt(&attachment));
        }
        Ok(all)
    }
}

pub(crate) fn receipt(attachment: &Attachment) -> ReceiptRecord {
    ReceiptRecord {
        id: native(attachment.id),
        name: map::text(&attachment.name).unwrap_or_else(|| format!("#{}", attachment.id)),
        media_type: map::text(&attachment.mimetype),
        length: attachment.file_size.0.and_then(|octets| u64::try_from(octets).ok()),
    }
}

fn in_plan(booked: &[i64], accounts: &HashMap<i64, BookedTo>, plan: &str) -> Option<ItemLink> {
    let found = booked
        .iter()
        .find_map(|id| Some((*id, accounts.get(id).filter(|account| *account.plan == *plan)?)))?;
    Some(ItemLink { id: native(found.0), display: found.1.name.to_string() })
}
