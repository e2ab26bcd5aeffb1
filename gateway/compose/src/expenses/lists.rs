//! Lists: of reports, and of what a form for one has to offer.

use std::future::Future;

use jiff::Timestamp;
use portico_contract::access::Facts;
use portico_contract::expenses::{
    CostObjectRecord, ExpenseCategoryRecord, ListCostCentres, ListExpenseCategories, ListExpenseReports,
    ListProjects, ListTaxRates, TaxRateRecord,
};
use portico_contract::paging::{ListQuery, SourcePage};
use portico_contract::{CallContext, Error, Operation, OperationMeta, SystemKey};
use portico_schemas::ResourceType;

use super::{Expenses, FoundReport, REPORT, owned};
use crate::fan_out::HasFacts;
use crate::listing::{ListRequest, Listing, Refusal};
use crate::systems::System;

/// An entry of a look-up list.
#[derive(Debug, Clone)]
pub struct FoundItem<T> {
    /// The system that holds it.
    pub system: SystemKey,
    /// What it said.
    pub record: T,
    /// When it was read.
    pub fetched_at: Timestamp,
}

/// A record of a look-up list.
trait Item: HasFacts {
    fn facts_mut(&mut self) -> &mut Facts;
}

macro_rules! items {
    ($($record:ident),+) => {$(
        impl HasFacts for $record {
            fn facts(&self) -> &Facts {
                &self.facts
            }
        }

        impl Item for $record {
            fn facts_mut(&mut self) -> &mut Facts {
                &mut self.facts
            }
        }
    )+};
}
items!(ExpenseCategoryRecord, CostObjectRecord, TaxRateRecord);

impl Expenses {
    /// Every report of every system that the person may see. The filter `employeeId` takes ids of people, `q` a part of the
    /// title.
    ///
    /// # Errors
    /// A bad cursor, source key or id; a [`Refusal::NoSource`] when no system could answer.
    pub async fn list(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundReport>, Refusal> {
        self.0.check_people(&request.filters, "employeeId")?;
        let request = searching(request, "title");
        let ground = &self.0;
        ground
            .fan_out(&ground.systems, "expense-reports", REPORT, ListExpenseReports::META.id)
            .list(
                context,
                &request,
                |system, context, mut query| async move {
                    if !ground.to_natives(system.key(), &mut query, "employeeId")? {
                        return Ok(SourcePage::new(Vec::new(), None));
                    }
                    let mut page = system.upstream.call(context, ListExpenseReports { query }).await?;
                    page.items.iter_mut().for_each(|listed| owned(&system, &mut listed.item));
                    Ok(page)
                },
                |system, record| self.found(context, system, record),
            )
            .await
    }

    /// Kinds of expense that can be claimed.
    ///
    /// # Errors
    /// As [`Expenses::list`].
    pub async fn categories(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundItem<ExpenseCategoryRecord>>, Refusal> {
        let meta = &ListExpenseCategories::META;
        self.items(context, request, meta, |system, context, query| async move {
            system.upstream.call(context, ListExpenseCategories { query }).await
        })
        .await
    }

    /// Projects that costs can be booked to.
    ///
    /// # Errors
    /// As [`Expenses::list`].
    pub async fn projects(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundItem<CostObjectRecord>>, Refusal> {
        self.items(context, request, &ListProjects::META, |system, context, query| async move {
            system.upstream.call(context, ListProjects { query }).await
        })
        .await
    }

    /// Cost centres that costs can be booked to.
    ///
    /// # Errors
    /// As [`Expenses::list`].
    pub async fn cost_centres(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundItem<CostObjectRecord>>, Refusal> {
        self.items(context, request, &ListCostCentres::META, |system, context, query| async move {
            system.upstream.call(context, ListCostCentres { query }).await
        })
        .await
    }

    /// Rates of tax on what is bought.
    ///
    /// # Errors
    /// As [`Expenses::list`].
    pub async fn tax_rates(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundItem<TaxRateRecord>>, Refusal> {
        self.items(context, request, &ListTaxRates::META, |system, context, query| async move {
            system.upstream.call(context, ListTaxRates { query }).await
        })
        .await
    }

    async fn items<T: Item, Fut>(
        &self,
        context: &CallContext,
        request: &ListRequest,
        operation: &'static OperationMeta,
        ask: impl Fn(System, CallContext, ListQuery) -> Fut,
    ) -> Result<Listing<FoundItem<T>>, Refusal>
    where
        Fut: Future<Output = Result<SourcePage<T>, Error>>,
    {
        let request = searching(request, "name");
        let resource: ResourceType = operation.resource;
        self.0
            .fan_out(&self.0.systems, resource.plural(), resource, operation.id)
            .list(context, &request, ask, |system, mut record| {
                record.facts_mut().classification.get_or_insert(system.upstream.profile.classification);
                FoundItem { system: system.key().clone(), record, fetched_at: Timestamp::now() }
            })
            .await
    }
}

/// The text that is searched for (`q`) is a part of this field.
fn searching(request: &ListRequest, field: &'static str) -> ListRequest {
    let mut request = request.clone();
    for filter in request.filters.iter_mut().filter(|filter| filter.field == "q") {
        filter.field = field.into();
    }
    request
}
