//! Who and what records point at: employees behind users, approvers, currencies, names.

use std::collections::HashMap;
use std::sync::Arc;

use portico_contract::access::Facts;
use portico_contract::expenses::ItemLink;
use portico_contract::people::PersonLink;
use portico_contract::{CallContext, Error, ErrorKind, NativeId};
use portico_schemas::{Currency as Code, Money, PersonRef};
use portico_wire::rpc::Decimal;

use crate::cache::{BookedTo, Known};
use crate::client::{Call, Odoo};
use crate::domain::{Domain, id_list};
use crate::wire::{Account, Approver, Currency, Link, Tax};

/// Ids asked for at a time.
const AT_A_TIME: usize = 500;

/// A native id of a record.
pub(crate) fn native(id: i64) -> NativeId {
    numbered("", id)
}

/// A native id made of a short word and a number.
pub(crate) fn numbered(prefix: &'static str, id: i64) -> NativeId {
    // A word and at most twenty digits always fit.
    NativeId::new(&format!("{prefix}{id}")).unwrap_or_else(|| unreachable!("an id is short"))
}

/// Somebody by their link.
pub(crate) fn person(link: &Link) -> PersonLink {
    PersonLink { id: native(link.0), display: link.display() }
}

/// An entry of a list by its link.
pub(crate) fn item(link: &Link) -> ItemLink {
    ItemLink { id: native(link.0), display: link.display() }
}

/// Currencies by id: code and decimal places.
pub(crate) type Currencies = HashMap<i64, (Arc<str>, u32)>;

/// An amount as Odoo stored it. Odoo rounds money to its currency; digits beyond are noise of its floats.
pub(crate) fn money(amount: Decimal, currency: &Option<Link>, known: &Currencies) -> Result<Money, Error> {
    let unusable = || {
        Error::new(
            ErrorKind::InvalidResponse,
            "Odoo gave an amount without a currency of three letters that it knows.",
        )
    };
    let link = currency.as_ref().ok_or_else(unusable)?;
    let (code, places) = known.get(&link.0).ok_or_else(unusable)?;
    let mut amount = amount.0.round_dp(*places);
    amount.rescale(*places);
    Ok(Money { amount, currency: Code::new(code).ok_or_else(unusable)? })
}

impl Odoo {
    /// Facts of something of an employee's.
    pub(crate) fn facts(&self, owner: &Option<Link>, department: &Option<Link>) -> Facts {
        Facts {
            owner: owner.as_ref().map(|link| PersonRef {
                id: None,
                system: self.system.as_str().to_owned(),
                native_id: link.0.to_string(),
                display: link.display(),
            }),
            unit: department.as_ref().map(|link| link.0.to_string()),
            ..Facts::default()
        }
    }

    /// A page of a record in Odoo's own user interface.
    pub(crate) async fn url(&self, context: &CallContext, model: &str, id: i64) -> Option<String> {
        let session = self.session(context).await.ok()?;
        let base = self.settings.client.base();
        Some(if session.major >= 18 {
            base.absolute(&format!("/odoo/{model}/{id}"))
        } else {
            base.absolute(&format!("/web#id={id}&model={model}&view_type=form"))
        })
    }

    /// The employees behind these users. A user who is no employee is left out.
    pub(crate) async fn employees_of(
        &self,
        context: &CallContext,
        users: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, Known>, Error> {
        let (mut known, unknown) = self.caches.by_user.known(users);
        for some in unknown.chunks(AT_A_TIME) {
            let domain = Domain::all().and("user_id", "in", id_list(some));
            let call = Call::search(Approver::MODEL, Approver::FIELDS, domain).with_archived();
            let found: Vec<Approver> = self.ask(context, call.page(AT_A_TIME * 4, "active desc, id")).await?;
            for user in some {
                // Somebody may be employed by several companies; the first active one counts.
                let employee =
                    found.iter().find(|e| e.user_id.0.as_ref().is_some_and(|link| link.0 == *user));
                let employee = employee.map(|e| Known {
                    id: e.id,
                    display: e.name.0.clone().unwrap_or_else(|| format!("#{}", e.id)).into(),
                });
                self.caches.by_user.put(*user, employee.clone());
                known.insert(*user, employee);
            }
        }
        Ok(known.into_iter().filter_map(|(user, employee)| Some((user, employee?))).collect())
    }

    /// By employee: their user, and the user who decides about their time off.
    pub(crate) async fn approvers_of(
        &self,
        context: &CallContext,
        employees: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, (Option<i64>, Option<i64>)>, Error> {
        let (mut known, unknown) = self.caches.approvers.known(employees);
        for some in unknown.chunks(AT_A_TIME) {
            let domain = Domain::all().and("id", "in", id_list(some));
            let call = Call::search(Approver::MODEL, Approver::FIELDS, domain).with_archived();
            let found: Vec<Approver> = self.ask(context, call.page(AT_A_TIME, "id")).await?;
            for employee in found {
                let id = |link: &Option<Link>| link.as_ref().map(|link| link.0);
                let users = (id(&employee.user_id.0), id(&employee.leave_manager_id.0));
                self.caches.approvers.put(employee.id, users);
                known.insert(employee.id, users);
            }
        }
        Ok(known)
    }

    /// The users of these employees.
    pub(crate) async fn users_of(&self, context: &CallContext, employees: &[i64]) -> Result<Vec<i64>, Error> {
        let known = self.approvers_of(context, employees.iter().copied()).await?;
        Ok(known.into_values().filter_map(|(user, _)| user).collect())
    }

    /// Every currency that is in use; read once and kept.
    pub(crate) async fn currencies(
        &self,
        context: &CallContext,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<Currencies, Error> {
        let (mut known, unknown) = self.caches.currencies.known(ids);
        if !unknown.is_empty() {
            let domain = Domain::all().and("id", "in", id_list(&unknown));
            let call = Call::search(Currency::MODEL, Currency::FIELDS, domain).with_archived();
            let found: Vec<Currency> = self.ask(context, call).await?;
            for currency in found {
                let value = (Arc::from(currency.name), currency.decimal_places.min(8));
                self.caches.currencies.put(currency.id, value.clone());
                known.insert(currency.id, value);
            }
        }
        Ok(known)
    }

    /// Analytic accounts by id; those that are gone are left out. None where analytic accounting is not installed.
    pub(crate) async fn accounts(
        &self,
        context: &CallContext,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, BookedTo>, Error> {
        let (mut known, unknown) = self.caches.accounts.known(ids);
        for some in unknown.chunks(AT_A_TIME) {
            let domain = Domain::all().and("id", "in", id_list(some));
            let call = Call::search(Account::MODEL, Account::FIELDS, domain).with_archived();
            let found: Vec<Account> = self.ask(context, call).await?;
            for account in found {
                let plan = account.root_plan_id.0.as_ref().map(Link::display).unwrap_or_default();
                let name = account.name.0.unwrap_or_else(|| format!("#{}", account.id));
                let value = BookedTo { name: name.into(), plan: plan.into() };
                self.caches.accounts.put(account.id, value.clone());
                known.insert(account.id, value);
            }
        }
        Ok(known)
    }

    /// Names of taxes by id.
    pub(crate) async fn tax_names(
        &self,
        context: &CallContext,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, Arc<str>>, Error> {
        let (mut known, unknown) = self.caches.taxes.known(ids);
        for some in unknown.chunks(AT_A_TIME) {
            let domain = Domain::all().and("id", "in", id_list(some));
            let call = Call::search(Tax::MODEL, Tax::FIELDS, domain).with_archived();
            let found: Vec<Tax> = self.ask(context, call).await?;
            for tax in found {
                let name: Arc<str> = tax.name.0.unwrap_or_else(|| format!("#{}", tax.id)).into();
                self.caches.taxes.put(tax.id, Arc::clone(&name));
                known.insert(tax.id, name);
            }
        }
        Ok(known)
    }

    /// Names of taxes as links, in the order given.
    pub(crate) fn tax_links(ids: &[i64], names: &HashMap<i64, Arc<str>>) -> Vec<ItemLink> {
        let link = |id: &i64| ItemLink {
            id: native(*id),
            display: names.get(id).map_or_else(|| format!("#{id}"), |name| name.to_string()),
        };
        ids.iter().map(link).collect()
    }
}

/// Somebody who is known by their user.
pub(crate) fn known_person(known: &Known) -> PersonLink {
    PersonLink { id: native(known.id), display: known.display.to_string() }
}
