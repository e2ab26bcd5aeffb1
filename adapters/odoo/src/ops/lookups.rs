//! The look-up lists of forms. They are paged by id: PostgreSQL orders names by rules of its own, which nobody could merge.

use portico_contract::access::{Facts, Scope};
use portico_contract::expenses::{
    CostObjectRecord, ExpenseCategoryRecord, ListCostCentres, ListExpenseCategories, ListProjects,
    ListTaxRates, TaxRateRecord,
};
use portico_contract::paging::{ListQuery, Listed, Position, Scalar, SourcePage};
use portico_contract::{CallContext, Error, ErrorKind, FilterCapability, Handler};
use portico_wire::rpc::Value;
use serde::Deserialize;

use crate::client::{Call, Odoo};
use crate::domain::Domain;
use crate::filters::{self, TEXT, by};
use crate::links::{Currencies, money, native};
use crate::map;
use crate::wire::{Account, LeaveType, Link, Maybe, Product, Stamp, Tax};

pub(crate) fn by_name() -> Vec<FilterCapability> {
    vec![by("name", TEXT)]
}

pub(crate) fn by_name_and_code() -> Vec<FilterCapability> {
    vec![by("name", TEXT), by("code", TEXT)]
}

impl Odoo {
    /// A page of a list by id, and where it goes on.
    pub(crate) async fn entries<E: LookUp>(
        &self,
        context: &CallContext,
        query: &ListQuery,
        domain: Domain,
    ) -> Result<(Vec<E>, Option<Position>), Error> {
        // A list that nobody owns shows all of itself or nothing.
        if !shows(&query.scope) {
            return Ok((Vec::new(), None));
        }
        let mut domain = domain;
        for filter in &query.filters {
            domain = domain.and_all(match &*filter.field {
                "name" => filters::text(filter, "name")?,
                "code" if E::CODE.is_some() => filters::text(filter, E::CODE.unwrap_or("id"))?,
                _ => return Err(filters::unsupported()),
            });
        }
        if let Some(position) = &query.after {
            let last: i64 = position.as_str().parse().map_err(|_| {
                Error::new(ErrorKind::InvalidCursor, "This cursor belongs to another list; begin anew.")
            })?;
            domain = domain.and("id", ">", last);
        }
        let call = Call::search(E::MODEL, E::FIELDS, domain).page(query.limit, "id");
        let rows: Vec<E> = self.ask(context, call).await?;
        let full = rows.len() >= query.limit;
        let next = rows.last().filter(|_| full).and_then(|row| Position::new(row.id().to_string()));
        let holds = |row: &E| {
            filters::text_holds(&query.filters, "name", row.name())
                && filters::text_holds(&query.filters, "code", row.code())
        };
        Ok((rows.into_iter().filter(holds).collect(), next))
    }
}

/// A record that can be looked up.
pub(crate) trait LookUp: for<'de> Deserialize<'de> + Send {
    const MODEL: &'static str;
    const FIELDS: &'static [&'static str];
    /// The field of its code.
    const CODE: Option<&'static str>;
    fn id(&self) -> i64;
    fn name(&self) -> &str;
    fn code(&self) -> &str;
}

macro_rules! look_ups {
    ($($type:ident $(, $code:ident)?;)*) => { $(
        impl LookUp for $type {
            const MODEL: &'static str = $type::MODEL;
            const FIELDS: &'static [&'static str] = $type::FIELDS;
            const CODE: Option<&'static str> = look_ups!(@name $($code)?);

            fn id(&self) -> i64 {
                self.id
            }

            fn name(&self) -> &str {
                self.name.0.as_deref().unwrap_or_default()
            }

            fn code(&self) -> &str {
                look_ups!(@of self $(, $code)?)
            }
        }
    )* };
    (@name) => { None };
    (@name $code:ident) => { Some(stringify!($code)) };
    (@of $self:ident) => { "" };
    (@of $self:ident, $code:ident) => { $self.$code.0.as_deref().unwrap_or_default() };
}
look_ups! { Product, default_code; Tax; Account, code; LeaveType; }

/// Whether a scope shows things that are nobody's.
pub(crate) fn shows(scope: &Scope) -> bool {
    scope.shows(&Facts::default())
}

/// A page of a list that is ordered by id.
pub(crate) fn page<T>(items: Vec<(i64, T)>, next: Option<Position>) -> SourcePage<T> {
    let listed = items.into_iter().filter_map(|(id, item)| {
        Some(Listed { item, key: vec![Scalar::Number(id)], position: Position::new(id.to_string())? })
    });
    SourcePage::new(listed.collect(), next)
}

impl Handler<ListExpenseCategories> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListExpenseCategories,
    ) -> Result<SourcePage<ExpenseCategoryRecord>, Error> {
        let domain = Domain::all().and("can_be_expensed", "=", true);
        let (rows, next) = self.entries::<Product>(context, &op.query, domain).await?;
        let taxes = rows.iter().flat_map(|row| row.supplier_taxes_id.iter().copied()).collect::<Vec<_>>();
        let taxes = self.tax_names(context, taxes).await?;
        let own = self.own_currency(context).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let priced = row.standard_price.0 > rust_decimal::Decimal::ZERO;
            let unit_price = match &own {
                Some((link, known)) if priced => Some(money(row.standard_price, &Some(link.clone()), known)?),
                _ => None,
            };
            items.push((
                row.id,
                ExpenseCategoryRecord {
                    id: native(row.id),
                    name: map::text(&row.name).unwrap_or_else(|| format!("#{}", row.id)),
                    code: map::text(&row.default_code),
                    unit: row.uom_id.0.as_ref().filter(|_| priced).map(Link::display),
                    unit_price,
                    tax_rates: Self::tax_links(&row.supplier_taxes_id, &taxes),
                    updated_at: stamp(&row.write_date),
                    facts: Facts::default(),
                },
            ));
        }
        Ok(page(items, next))
    }
}

impl Handler<ListTaxRates> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListTaxRates,
    ) -> Result<SourcePage<TaxRateRecord>, Error> {
        let domain = Domain::all().and("type_tax_use", "=", "purchase");
        let (rows, next) = self.entries::<Tax>(context, &op.query, domain).await?;
        let items = rows.into_iter().map(|row| {
            (
                row.id,
                TaxRateRecord {
                    id: native(row.id),
                    name: map::text(&row.name).unwrap_or_else(|| format!("#{}", row.id)),
                    percent: (row.amount_type == "percent").then(|| row.amount.0.normalize()),
                    // Odoo takes every amount of an expense to include its taxes, whatever the tax says elsewhere.
                    included: true,
                    updated_at: stamp(&row.write_date),
                    facts: Facts::default(),
                },
            )
        });
        Ok(page(items.collect(), next))
    }
}

impl Handler<ListProjects> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListProjects,
    ) -> Result<SourcePage<CostObjectRecord>, Error> {
        self.cost_objects(context, &op.query, &self.settings.project_plan).await
    }
}

impl Handler<ListCostCentres> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListCostCentres,
    ) -> Result<SourcePage<CostObjectRecord>, Error> {
        self.cost_objects(context, &op.query, &self.settings.cost_centre_plan).await
    }
}

impl Odoo {
    async fn cost_objects(
        &self,
        context: &CallContext,
        query: &ListQuery,
        plan: &str,
    ) -> Result<SourcePage<CostObjectRecord>, Error> {
        let domain = Domain::all().and("root_plan_id.name", "=", plan.to_owned());
        let (rows, next) = self.entries::<Account>(context, query, domain).await?;
        let items = rows.into_iter().map(|row| {
            (
                row.id,
                CostObjectRecord {
                    id: native(row.id),
                    name: map::text(&row.name).unwrap_or_else(|| format!("#{}", row.id)),
                    code: map::text(&row.code),
                    updated_at: stamp(&row.write_date),
                    facts: Facts::default(),
                },
            )
        });
        Ok(page(items.collect(), next))
    }

    /// The currency of the service account's company, in which prices of categories are.
    async fn own_currency(&self, context: &CallContext) -> Result<Option<(Link, Currencies)>, Error> {
        #[derive(Deserialize)]
        struct Company {
            currency_id: Maybe<Link>,
        }
        let call = Call::search("res.company", &["currency_id"], Domain::all()).page(1, Value::from("id"));
        let companies: Vec<Company> = self.ask(context, call).await?;
        let Some(link) = companies.into_iter().next().and_then(|company| company.currency_id.0) else {
            return Ok(None);
        };
        let known = self.currencies(context, [link.0]).await?;
        Ok(Some((link, known)))
    }
}

pub(crate) fn stamp(time: &Maybe<Stamp>) -> Option<jiff::Timestamp> {
    time.0.map(|stamp| stamp.0)
}
