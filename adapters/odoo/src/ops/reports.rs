//! Reading claims.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use portico_contract::access::Scope;
use portico_contract::documents::SourceVersion;
use portico_contract::expenses::{ExpenseReportRecord, GetExpenseReport, ListExpenseReports, ReportAction};
use portico_contract::paging::{ListQuery, SourcePage};
use portico_contract::{CallContext, Error, FilterCapability, Handler, NativeId};
use portico_schemas::ExpenseReportStatus;

use crate::cache::Known;
use crate::client::{Call, Odoo};
use crate::domain::{Domain, id, id_list, scope};
use crate::filters::{self, ONE_OF, RANGES, TEXT, by};
use crate::keyset::{Cut, Keyset, Order, Row};
use crate::links::{Currencies, known_person, money, native, person};
use crate::wire::{Line, LineStamp, Sheet};
use crate::{fault, map};

/// Newest first: a report keeps its place while it is changed.
pub(crate) const NATURAL: Order = Order { name: "createdAt", field: "create_date", descending: true };

/// Odoo's states and ours.
pub(crate) const STATES: &[(&str, &str)] = &[
    ("draft", "draft"),
    ("submit", "submitted"),
    ("approve", "approved"),
    ("post", "approved"),
    ("done", "reimbursed"),
    ("cancel", "rejected"),
];

pub(crate) fn filters() -> Vec<FilterCapability> {
    vec![
        by("status", ONE_OF),
        by("employeeId", ONE_OF),
        by("title", TEXT),
        by("createdAt", RANGES),
        by("updatedAt", RANGES),
    ]
}

impl Row for Sheet {
    fn id(&self) -> i64 {
        self.id
    }

    fn time(&self, field: &str) -> Timestamp {
        if field == "write_date" { self.write_date.0 } else { self.create_date.0 }
    }
}

/// What is known of the lines of a report without reading them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Summary {
    lines: usize,
    newest: i64,
    written: Option<Timestamp>,
    last_day: Option<Date>,
}

impl Summary {
    pub(crate) fn add(&mut self, line: i64, written: Timestamp, day: Option<Date>) {
        self.lines += 1;
        self.newest = self.newest.max(line);
        self.written = self.written.max(Some(written));
        self.last_day = self.last_day.max(day);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines == 0
    }
}

/// Seconds are all that Odoo tells, so the state and the lines go into it too: how many, and the newest, which tells a line
/// that took the place of another.
pub(crate) fn version(sheet: &Sheet, summary: &Summary) -> SourceVersion {
    let Summary { lines, newest, written, .. } = summary;
    let written = written.map_or(0, Timestamp::as_second);
    SourceVersion(format!("{}-{}-{lines}-{newest}-{written}", sheet.state, sheet.write_date.0.as_second()))
}

pub(crate) fn status(state: &str) -> Result<ExpenseReportStatus, Error> {
    Ok(match state {
        "draft" => ExpenseReportStatus::Draft,
        "submit" => ExpenseReportStatus::Submitted,
        "approve" | "post" => ExpenseReportStatus::Approved,
        "done" => ExpenseReportStatus::Reimbursed,
        "cancel" => ExpenseReportStatus::Rejected,
        _ => return Err(map::unknown_state("hr.expense.sheet")),
    })
}

fn actions(state: &str, summary: &Summary) -> BTreeSet<ReportAction> {
    match state {
        "draft" if summary.is_empty() => BTreeSet::from([ReportAction::Edit, ReportAction::Delete]),
        "draft" => BTreeSet::from([ReportAction::Edit, ReportAction::Delete, ReportAction::Submit]),
        "submit" => BTreeSet::from([ReportAction::Withdraw]),
        _ => BTreeSet::new(),
    }
}

impl Handler<ListExpenseReports> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListExpenseReports,
    ) -> Result<SourcePage<ExpenseReportRecord>, Error> {
        let query = &op.query;
        let keyset = Keyset::new(query, NATURAL, 1)?;
        let domain = self.report_domain(context, query).await?;
        let rows = self.sheets(
            context,
            domain.clone().and_all(keyset.after(0)),
            keyset.batch(),
            keyset.order_text(),
        );
        let (rows, next) = match keyset.cut(vec![rows.await?]) {
            Cut::Page(rows, next) => (rows, next),
            Cut::Dense(second) => {
                let within = domain.and_all(keyset.within(second, 0));
                let rows = self.sheets(context, within, keyset.batch(), keyset.id_order()).await?;
                keyset.cut_second(second, vec![rows])
            }
        };
        let holds = |sheet: &Sheet| {
            filters::text_holds(&query.filters, "title", sheet.name.0.as_deref().unwrap_or(""))
        };
        let rows: Vec<_> = rows.into_iter().filter(|(_, sheet)| holds(sheet)).collect();
        let summaries = self.summaries(context, rows.iter().map(|(_, sheet)| sheet.id)).await?;
        let around = self.around(context, rows.iter().map(|(_, sheet)| sheet)).await?;
        let mut items = Vec::with_capacity(rows.len());
        for (_, sheet) in &rows {
            let summary = summaries.get(&sheet.id).copied().unwrap_or_default();
            items.push(self.report(context, sheet, &summary, &around).await?);
        }
        Ok(keyset.page(&rows, items, next))
    }
}

impl Handler<GetExpenseReport> for Odoo {
    async fn handle(
        &self,
        context: &CallContext,
        op: &GetExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        self.whole_report(context, report_id(&op.report)?).await
    }
}

/// The employees behind the users in claims, and their currencies.
pub(crate) struct Around {
    pub(crate) by_user: HashMap<i64, Known>,
    pub(crate) currencies: Currencies,
}

pub(crate) fn report_id(native: &NativeId) -> Result<i64, Error> {
    id(native).ok_or_else(no_such_report)
}

pub(crate) fn no_such_report() -> Error {
    fault::not_found("There is no such expense report in Odoo; it may have been deleted.")
}

impl Odoo {
    async fn report_domain(&self, context: &CallContext, query: &ListQuery) -> Result<Domain, Error> {
        let waits = self.assignees(context, &query.scope).await?;
        let waits_for =
            |_: &[i64]| Domain::all().and("state", "=", "submit").and("user_id", "in", id_list(&waits));
        let mut domain = scope(&query.scope, "employee_id", "department_id", &waits_for);
        for filter in &query.filters {
            domain = domain.and_all(match &*filter.field {
                "status" => filters::states(filter, STATES)?,
                "employeeId" => filters::link(filter, "employee_id")?,
                "title" => filters::text(filter, "name")?,
                "createdAt" => filters::time(filter, "create_date")?,
                "updatedAt" => filters::time(filter, "write_date")?,
                _ => return Err(filters::unsupported()),
            });
        }
        Ok(domain)
    }

    /// The users of everybody for whom a scope shows what waits.
    pub(crate) async fn assignees(&self, context: &CallContext, scope: &Scope) -> Result<Vec<i64>, Error> {
        fn named(scope: &Scope, into: &mut Vec<i64>) {
            match scope {
                Scope::Assignees(people) => {
                    into.extend(crate::domain::ids(people.iter().map(String::as_str)));
                }
                Scope::Any(scopes) => scopes.iter().for_each(|one| named(one, into)),
                _ => {}
            }
        }
        let mut employees = Vec::new();
        named(scope, &mut employees);
        if employees.is_empty() { Ok(employees) } else { self.users_of(context, &employees).await }
    }

    pub(crate) async fn sheets(
        &self,
        context: &CallContext,
        domain: Domain,
        limit: usize,
        order: portico_wire::rpc::Value,
    ) -> Result<Vec<Sheet>, Error> {
        self.ask(context, Call::search(Sheet::MODEL, Sheet::FIELDS, domain).page(limit, order)).await
    }

    /// One claim without its lines. `NotFound` when it is not there: Odoo gives an empty list.
    pub(crate) async fn sheet(&self, context: &CallContext, id: i64) -> Result<Sheet, Error> {
        let found = self.sheets(context, Domain::all().and("id", "=", id), 1, "id".into()).await?;
        found.into_iter().next().ok_or_else(no_such_report)
    }

    /// What the versions of claims have to know of their lines.
    pub(crate) async fn summaries(
        &self,
        context: &CallContext,
        sheets: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, Summary>, Error> {
        let ids: Vec<i64> = sheets.into_iter().collect();
        let mut all: HashMap<i64, Summary> = HashMap::with_capacity(ids.len());
        if ids.is_empty() {
            return Ok(all);
        }
        let domain = Domain::all().and("sheet_id", "in", id_list(&ids));
        let lines: Vec<LineStamp> =
            self.ask(context, Call::search(LineStamp::MODEL, LineStamp::FIELDS, domain)).await?;
        for line in lines {
            let Some(sheet) = line.sheet_id.0.as_ref().map(|link| link.0) else { continue };
            all.entry(sheet).or_default().add(line.id, line.write_date.0, line.date.0.map(|day| day.0));
        }
        Ok(all)
    }

    pub(crate) async fn around(
        &self,
        context: &CallContext,
        sheets: impl IntoIterator<Item = &Sheet> + Clone + Send,
    ) -> Result<Around, Error> {
        let users: BTreeSet<i64> =
            sheets.clone().into_iter().filter_map(|s| Some(s.user_id.0.as_ref()?.0)).collect();
        let currencies: BTreeSet<i64> =
            sheets.into_iter().filter_map(|s| Some(s.company_currency_id.0.as_ref()?.0)).collect();
        Ok(Around {
            by_user: self.employees_of(context, users).await?,
            currencies: self.currencies(context, currencies).await?,
        })
    }

    /// A claim with its lines.
    pub(crate) async fn whole_report(
        &self,
        context: &CallContext,
        id: i64,
    ) -> Result<ExpenseReportRecord, Error> {
        let sheet = self.sheet(context, id).await?;
        let lines = self.lines(context, id).await?;
        let mut summary = Summary::default();
        for line in &lines {
            summary.add(line.id, line.write_date.0, line.date.0.map(|day| day.0));
        }
        let around = self.around(context, [&sheet]).await?;
        let mut record = self.report(context, &sheet, &summary, &around).await?;
        record.lines = Some(self.line_records(context, lines).await?);
        Ok(record)
    }

    pub(crate) async fn lines(&self, context: &CallContext, sheet: i64) -> Result<Vec<Line>, Error> {
        let domain = Domain::all().and("sheet_id", "=", sheet);
        self.ask(context, Call::search(Line::MODEL, Line::FIELDS, domain).keyword("order", "id")).await
    }

    /// A claim in our shape, without its lines.
    pub(crate) async fn report(
        &self,
        context: &CallContext,
        sheet: &Sheet,
        summary: &Summary,
        around: &Around,
    ) -> Result<ExpenseReportRecord, Error> {
        let status = status(&sheet.state)?;
        let employee =
            sheet.employee_id.0.as_ref().ok_or_else(|| map::missing("hr.expense.sheet.employee_id"))?;
        let decider = sheet.user_id.0.as_ref().and_then(|user| around.by_user.get(&user.0));
        let decided = matches!(sheet.state.as_str(), "approve" | "post" | "done");
        let currency = &sheet.company_currency_id.0;
        let total = money(sheet.total_amount, currency, &around.currencies)?;
        let mut facts = self.facts(&sheet.employee_id.0, &sheet.department_id.0);
        if sheet.state == "submit" {
            facts.assignees = decider.map(|known| known.id.to_string()).into_iter().collect();
        }
        Ok(ExpenseReportRecord {
            id: native(sheet.id),
            version: Some(version(sheet, summary)),
            created_at: Some(sheet.create_date.0),
            updated_at: Some(sheet.write_date.0),
            url: self.url(context, Sheet::MODEL, sheet.id).await,
            // Odoo numbers claims only once they are journal entries.
            number: None,
            title: map::text(&sheet.name).unwrap_or_else(|| format!("#{}", sheet.id)),
            status,
            native_status: sheet.state.clone(),
            employee: person(employee),
            approver: decider.map(known_person),
            approved_by: decider.filter(|_| decided).map(known_person),
            transaction_date: summary.last_day,
            sub_total: Some(money(sheet.untaxed_amount, currency, &around.currencies)?),
            total_tax: Some(money(sheet.total_tax_amount, currency, &around.currencies)?),
            // What the body paid itself is not paid back.
            reimbursable_amount: (sheet.payment_mode.0.as_deref() != Some("company_account"))
                .then(|| total.clone()),
            total_amount: total,
            lines: None,
            actions: actions(&sheet.state, summary),
            facts,
        })
    }
}

/// Ids in an analytic distribution: `{"12": 100}`, and since 17 `{"12,15": 100}` for several plans.
pub(crate) fn booked_to<T>(distribution: &BTreeMap<String, T>) -> Vec<i64> {
    crate::domain::ids(distribution.keys().flat_map(|key| key.split(',')).map(str::trim))
}
