//! `portico check`: whether Odoo has every model and field that the adapter uses, and lets the account do its work.

use std::collections::BTreeMap;

use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::rpc::{Fault, Value};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::client::{Call, Odoo};
use crate::domain::Domain;
use crate::fault;
use crate::settings::Protocol;
use crate::wire::{
    Account, Allocation, Approver, Attachment, Busy, Currency, Employee, ExternalId, Leave, LeaveType, Line,
    LineStamp, Product, Sheet, Taken, Tax, User,
};

/// A model, the fields that are read or written, and what the account has to be allowed.
struct Needed {
    model: &'static str,
    fields: Vec<&'static str>,
    rights: &'static [&'static str],
}

const READ: &[&str] = &["read"];
const ALL: &[&str] = &["read", "write", "create", "unlink"];

fn needed() -> Vec<Needed> {
    let need = |model, lists: &[&[&'static str]], rights| Needed { model, fields: lists.concat(), rights };
    vec![
        need(Sheet::MODEL, &[Sheet::FIELDS, &["expense_line_ids"]], ALL),
        need(Line::MODEL, &[Line::FIELDS, LineStamp::FIELDS, &["employee_id", "payment_mode"]], ALL),
        need("hr.expense.refuse.wizard", &[&["reason", "sheet_ids"]], &["create"]),
        need(Leave::MODEL, &[Leave::FIELDS, Busy::FIELDS, Taken::FIELDS], &["read", "write", "create"]),
        need(LeaveType::MODEL, &[LeaveType::FIELDS], READ),
        need(Allocation::MODEL, &[Allocation::FIELDS, &["employee_id", "state"]], READ),
        need(Employee::MODEL, &[Employee::FIELDS, Approver::FIELDS], READ),
        need(User::MODEL, &[User::FIELDS], READ),
        need(Product::MODEL, &[Product::FIELDS, &["can_be_expensed"]], READ),
        need(Tax::MODEL, &[Tax::FIELDS, &["type_tax_use"]], READ),
        need(Currency::MODEL, &[Currency::FIELDS], READ),
        need(
            Attachment::MODEL,
            &[Attachment::FIELDS, &["res_model", "datas", "description"]],
            &["read", "create", "unlink"],
        ),
        need(ExternalId::MODEL, &[ExternalId::FIELDS, &["module", "name"]], READ),
    ]
}

/// Models of modules that an Odoo may lack: what they are for is then missing, and nothing else.
fn optional() -> Vec<Needed> {
    let need = |model, fields: &[&'static str]| Needed { model, fields: fields.to_vec(), rights: READ };
    vec![need(Account::MODEL, Account::FIELDS)]
}

impl Handler<CheckSystem> for Odoo {
    async fn handle(&self, context: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        let mut report = CheckReport::default();
        let session = self.session(context).await?;
        report.version = Some(format!("Odoo {}", session.version));
        report.passed.push("the login and password of the service account are accepted".into());
        report.passed.push(match self.settings.protocol {
            Protocol::Jsonrpc => "JSON-RPC is spoken".into(),
            Protocol::Xmlrpc => "XML-RPC is spoken".into(),
        });
        if self.settings.in_clear {
            report.warnings.push(
                "The password travels readable by everybody on the way (`credentials.plain_http`).".into(),
            );
        }
        if !(17..=18).contains(&session.major) {
            report.warnings.push(format!(
                "This adapter was proven with Odoo 18 and written with 17 in mind; try everything on Odoo {} before relying \
                 on it.",
                session.version
            ));
        }
        let mut missing = Vec::new();
        for need in needed() {
            missing.extend(self.missing(context, &need).await?);
        }
        if !missing.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                format!(
                    "Odoo lacks what the gateway uses: {}. A module (hr_expense, hr_holidays, account) may be missing, a \
                     field renamed, or the account not allowed to see it.",
                    missing.join(", ")
                ),
            ));
        }
        report.passed.push("every model and field that is used is there".into());
        for need in optional() {
            let missing = self.missing(context, &need).await?;
            if !missing.is_empty() {
                report.warnings.push(format!(
                    "Projects and cost centres will be missing, and naming one fails: Odoo lacks {}. Switch analytic \
                     accounting on, or leave them out.",
                    missing.join(", ")
                ));
            }
        }
        self.check_rights(context, &mut report).await?;
        self.check_number_field(context, &mut report).await?;
        self.check_plans(context, &mut report).await?;
        self.check_people(context, &mut report).await?;
        self.check_modules(context, &mut report).await?;
        Ok(report)
    }
}

impl Odoo {
    /// The names of the fields of a model that the account may see; `None` when there is no such model.
    async fn fields(&self, context: &CallContext, model: &'static str) -> Result<Option<Vec<String>>, Error> {
        let call = Call::read(model, "fields_get")
            .argument(Value::list::<&'static str>([]))
            .keyword("attributes", Value::list(["type"]));
        let answered: Result<BTreeMap<String, IgnoredAny>, Fault> = self.call(context, call).await?;
        match answered {
            Ok(fields) => Ok(Some(fields.into_keys().collect())),
            Err(said) => match fault::of(&said, portico_contract::Effect::Read).kind() {
                // "Object … doesn't exist", and a `KeyError` in 17.
                ErrorKind::InvalidResponse | ErrorKind::BackendStatus | ErrorKind::BackendForbidden => {
                    Ok(None)
                }
                _ => Err(fault::of(&said, portico_contract::Effect::Read)),
            },
        }
    }

    /// What of a model is not there, by name.
    async fn missing(&self, context: &CallContext, need: &Needed) -> Result<Vec<String>, Error> {
        let Some(fields) = self.fields(context, need.model).await? else {
            return Ok(vec![format!("`{}`", need.model)]);
        };
        let mut missing: Vec<String> = need
            .fields
            .iter()
            .filter(|field| !fields.iter().any(|there| there == *field))
            .map(|field| format!("`{}.{field}`", need.model))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        Ok(missing)
    }

    async fn check_rights(&self, context: &CallContext, report: &mut CheckReport) -> Result<(), Error> {
        let mut refused = Vec::new();
        for need in needed() {
            for right in need.rights {
                let call = Call::read(need.model, "check_access_rights")
                    .argument(*right)
                    .keyword("raise_exception", false);
                if !self.ask::<bool>(context, call).await? {
                    refused.push(format!("{right} `{}`", need.model));
                }
            }
        }
        if refused.is_empty() {
            report.passed.push("the account may do what it has to".into());
        } else {
            report.warnings.push(format!(
                "The account may not: {}. Give it the groups of the fact sheet (Expenses: Administrator, Time Off: Administrator).",
                refused.join(", ")
            ));
        }
        Ok(())
    }

    async fn check_number_field(&self, context: &CallContext, report: &mut CheckReport) -> Result<(), Error> {
        let Some(field) = &self.settings.employee_number_field else { return Ok(()) };
        let fields = self.fields(context, Employee::MODEL).await?.unwrap_or_default();
        if fields.iter().any(|there| there == field) {
            report.passed.push("the number that personnel uses can be read".into());
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidResponse,
            format!(
                "Odoo lacks `hr.employee.{field}`, which `employee_number_field` names, or the account may not see it (it may \
                 need the group Employees: Officer)."
            ),
        ))
    }

    async fn check_plans(&self, context: &CallContext, report: &mut CheckReport) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Plan {
            name: String,
        }
        let call = Call::search("account.analytic.plan", &["name"], Domain::all());
        let Ok(plans) = self.call::<Vec<Plan>>(context, call).await? else { return Ok(()) };
        for (what, setting, plan) in [
            ("Projects", "project_plan", &self.settings.project_plan),
            ("Cost centres", "cost_centre_plan", &self.settings.cost_centre_plan),
        ] {
            if !plans.iter().any(|there| there.name == *plan) {
                report.warnings.push(format!(
                    "{what} will be missing: Odoo has no analytic plan of the name in `analytic.{setting}`."
                ));
            }
        }
        Ok(())
    }

    /// Employees whose claims cannot be approved.
    async fn check_people(&self, context: &CallContext, report: &mut CheckReport) -> Result<(), Error> {
        let without = Domain::all().and("bank_account_id", "=", false);
        let call = Call::read(Employee::MODEL, "search_count").argument(without.into_value());
        match self.call::<i64>(context, call).await? {
            Ok(0) => report.passed.push("every employee has a bank account".into()),
            Ok(count) => report.warnings.push(format!(
                "{count} employees have no bank account in Odoo: their claims can be handed in but not approved."
            )),
            Err(_) => report.warnings.push(
                "The account may not see bank accounts of employees (group Employees: Officer), so it is not known whose \
                 claims cannot be approved for lack of one."
                    .into(),
            ),
        }
        Ok(())
    }

    async fn check_modules(&self, context: &CallContext, report: &mut CheckReport) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Module {
            name: String,
            latest_version: crate::wire::Maybe<String>,
        }
        let domain = Domain::all()
            .and("name", "in", Value::list(["hr_expense", "hr_holidays", "account", "analytic", "project"]))
            .and("state", "=", "installed");
        let call =
            Call::search("ir.module.module", &["name", "latest_version"], domain).keyword("order", "name");
        if let Ok(modules) = self.call::<Vec<Module>>(context, call).await? {
            let named = modules.into_iter().map(|module| {
                format!("{} {}", module.name, module.latest_version.0.as_deref().unwrap_or("?"))
            });
            report.passed.push(format!("installed: {}", named.collect::<Vec<_>>().join(", ")));
        }
        Ok(())
    }
}
