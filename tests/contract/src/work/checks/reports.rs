//! Reports from the first line to the last: made, changed, handed in, taken back, deleted.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use portico_contract::documents::SourceVersion;
use portico_contract::expenses::{
    DeleteExpenseReport, EditExpenseReport, ExpenseLineDraft, ExpenseLineRecord, ExpenseReportDraft,
    ExpenseReportRecord, ListCostCentres, ListExpenseReports, ListProjects, ListTaxRates, ReportAction,
    SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::paging::{Comparison, Filter, ListQuery, Scalar};
use portico_contract::{Error, ErrorKind, NativeId};
use portico_schemas::{Currency, ExpenseReportStatus, Outcome as Settled};

use super::super::lists::{Listing, everything, walk};
use super::super::world::{World, decimal, some_days_ago, unique};
use super::lists::some;
use crate::world::{Outcome, ensure, good, refused};

/// Texts that something on the way could take for something else.
pub(crate) const TEXTS: &[&str] = &[
    "Zażółć gęślą jaźń → Łódź, Åre & Πάτρα",
    "<b>bold</b> & \"quoted\" 'single' </value>",
    "]]><![CDATA[ x",
    "100 % of _under_ \\back\\ slash",
    "🚆👩‍👩‍👧 家族 عربي",
    "False",
    "null",
    "0",
    "[1, \"x\"]",
    "{\"a\": 1}",
    "=1+1;DROP TABLE hr_expense;--",
    "two\nlines",
    "tab\there",
    "return\rhere",
    "e\u{301} is not é",
    "a,b;c/d",
];
/// Texts that some systems cannot hold.
pub(crate) const ODD_TEXTS: &[&str] = &["bell\u{7}", "nul\0", "\u{fffe}", "esc\u{1b}[1m"];

pub(crate) fn lines(report: &ExpenseReportRecord) -> Result<&[ExpenseLineRecord], String> {
    report.lines.as_deref().ok_or_else(|| "a report that was read alone has no lines".to_owned())
}

/// The same lines again.
fn again(line: &ExpenseLineRecord, draft: &ExpenseLineDraft) -> ExpenseLineDraft {
    ExpenseLineDraft { line: Some(line.id.clone()), ..draft.clone() }
}

fn edit(report: &ExpenseReportRecord, draft: &ExpenseReportDraft) -> EditExpenseReport {
    EditExpenseReport { report: report.id.clone(), version: report.version.clone(), draft: draft.clone() }
}

pub(crate) async fn read_alone(world: &World) -> Outcome {
    let listed = some::<ListExpenseReports>(world, 30).await?;
    for some in listed.chunks(6) {
        let read = join_all(some.iter().map(|one| world.get(&one.id))).await;
        for (listed, read) in some.iter().zip(read) {
            let mut read = good("reading a report by the id from the list", read)?;
            let id = listed.id.as_str();
            let total = read.total_amount.clone();
            let sum = lines(&read)?.iter().map(|line| line.amount.amount).sum::<rust_decimal::Decimal>();
            let same = lines(&read)?.iter().all(|line| line.amount.currency == total.currency);
            ensure!(
                !same || sum == total.amount,
                "the lines of report {id:?} add up to {sum}, not {total:?}"
            );
            ensure!(listed.lines.is_none(), "the list shows lines of report {id:?}");
            read.lines = None;
            ensure!(read == *listed, "report {id:?} read alone is {read:?}, listed {listed:?}");
        }
    }
    Ok(())
}

pub(crate) fn nothing() -> Vec<NativeId> {
    ["portico-suite-nothing", "999999999", "0", "-1", "1e3", "1 or 1=1", "é"]
        .iter()
        .filter_map(|id| NativeId::new(id))
        .collect()
}

pub(crate) async fn missing(world: &World) -> Outcome {
    for id in nothing() {
        refused(&format!("reading report {:?}", id.as_str()), world.get(&id).await, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

pub(crate) async fn missing_is_not_changed(world: &World) -> Outcome {
    let draft = world.draft("Portico suite")?;
    for id in nothing() {
        let (report, version) = (id.clone(), None);
        let not_found = &[ErrorKind::NotFound];
        let edit = EditExpenseReport { report: report.clone(), version, draft: draft.clone() };
        refused("editing what is not there", world.call(edit).await, not_found)?;
        let version = Some(SourceVersion("x".to_owned()));
        let delete = DeleteExpenseReport { report: report.clone(), version: version.clone() };
        refused("deleting what is not there", world.call(delete).await, not_found)?;
        let submit = SubmitExpenseReport { report: report.clone(), version: version.clone() };
        refused("handing in what is not there", world.call(submit).await, not_found)?;
        let withdraw = WithdrawExpenseReport { report, version };
        refused("taking back what is not there", world.call(withdraw).await, not_found)?;
    }
    Ok(())
}

/// The first entry of a look-up list, where there is one.
async fn choose<L: Listing>(world: &World) -> Result<Option<NativeId>, String> {
    if !world.upstream.profile.operations.contains_key(L::ID) {
        return Ok(None);
    }
    Ok(walk::<L>(world, everything::<L>(5), 1).await?.ids().first().cloned())
}

pub(crate) async fn holds_what_was_asked(world: &World) -> Outcome {
    let employee = world.employee()?;
    let mut booked = world.line("Train → Łódź", "120.00")?;
    booked.project = choose::<ListProjects>(world).await?;
    booked.cost_centre = choose::<ListCostCentres>(world).await?;
    booked.tax_rates = choose::<ListTaxRates>(world).await?.map(|rate| vec![rate]);
    let mut untaxed = world.line("Taxi", "7.5")?;
    untaxed.tax_rates = Some(Vec::new());
    let penny = world.line("A stamp", "0.01")?;
    let large = world.line("A lorry", "98765.43")?;
    let mut asked = vec![booked, untaxed, penny, large];
    if let Some(category) = world.target.priced_category.clone() {
        let quantity = Some(decimal("12")?);
        asked.push(ExpenseLineDraft { category, quantity, amount: None, ..world.line("Car", "1")? });
    }
    let draft = ExpenseReportDraft { title: "Everything at once".to_owned(), lines: asked };
    let report = world.create(&draft).await?;
    let status = (report.status, &report.title);
    ensure!(report.status == ExpenseReportStatus::Draft, "a new report is {:?}", report.status);
    ensure!(report.title == draft.title && report.employee.id == employee, "it is {status:?}");
    let owner = report.facts.owner.as_ref().map(|owner| owner.native_id.clone());
    ensure!(owner.as_deref() == Some(employee.as_str()), "its owner is {owner:?}, not the employee");
    for action in [ReportAction::Edit, ReportAction::Delete, ReportAction::Submit] {
        ensure!(report.actions.contains(&action), "a new report does not offer {action:?}");
    }
    hold(&draft, lines(&report)?)?;
    let read = good("reading the new report", world.get(&report.id).await)?;
    ensure!(read == report, "read again it is {read:?}, when made {report:?}");
    Ok(())
}

/// Asserts that lines are what was asked.
pub(crate) fn hold(draft: &ExpenseReportDraft, found: &[ExpenseLineRecord]) -> Outcome {
    let (count, wanted) = (found.len(), draft.lines.len());
    ensure!(count == wanted, "{count} lines instead of {wanted}");
    for (at, (asked, line)) in draft.lines.iter().zip(found).enumerate() {
        let text = &line.description;
        ensure!(*text == asked.description, "line {at} says {text:?} instead of {:?}", asked.description);
        let category = line.category.as_ref().map(|link| &link.id);
        ensure!(category == Some(&asked.category), "line {at} has the category {category:?}");
        if let Some(amount) = &asked.amount {
            ensure!(line.amount == *amount, "line {at} is over {:?} instead of {amount:?}", line.amount);
        }
        if let (Some(quantity), None) = (asked.quantity, &asked.amount) {
            ensure!(line.quantity == quantity, "line {at} counts {} instead of {quantity}", line.quantity);
            let price = line.unit_price.as_ref().ok_or_else(|| format!("line {at} has no price"))?;
            let product = price.amount * quantity;
            ensure!(line.amount.amount == product, "line {at}: {quantity} of {price:?} is {:?}", line.amount);
        }
        let day = line.transaction_date;
        ensure!(day == Some(asked.transaction_date), "line {at} is of {day:?}");
        let project = line.project.as_ref().map(|link| &link.id);
        ensure!(project == asked.project.as_ref(), "line {at} is booked to project {project:?}");
        let centre = line.cost_centre.as_ref().map(|link| &link.id);
        ensure!(centre == asked.cost_centre.as_ref(), "line {at} is booked to cost centre {centre:?}");
        let rates: BTreeSet<&NativeId> = line.tax_rates.iter().map(|link| &link.id).collect();
        if let Some(asked) = &asked.tax_rates {
            ensure!(rates == asked.iter().collect(), "line {at} has the tax rates {rates:?}");
        }
    }
    Ok(())
}

pub(crate) async fn amounts_come_back(world: &World) -> Outcome {
    // Some of these are not what a binary fraction makes of them.
    let amounts = ["33.34", "0.1", "0.07", "1.15", "2.675", "4.35", "1234567.89", "70000.01", "8.41"];
    let places = world.target.currency.map_or(2, |currency| currency.places());
    let held = |text: &&&str| decimal(text).is_ok_and(|amount| amount.scale() <= places);
    let asked: Result<Vec<_>, String> =
        amounts.iter().filter(held).map(|amount| world.line(amount, amount)).collect();
    let draft = ExpenseReportDraft { title: "Pennies".to_owned(), lines: asked? };
    let report = world.create(&draft).await?;
    hold(&draft, lines(&report)?)?;
    let sum = draft.lines.iter().filter_map(|line| Some(line.amount.as_ref()?.amount)).sum();
    let total = &report.total_amount;
    ensure!(total.amount == sum, "the lines add up to {sum}, the report says {total:?}");
    Ok(())
}

pub(crate) async fn texts_come_back(world: &World) -> Outcome {
    for text in TEXTS.iter().chain(ODD_TEXTS) {
        let mut draft = world.draft(text)?;
        draft.lines[0].description = (*text).to_owned();
        match world.try_create(&world.employee()?, &draft).await {
            // What a system cannot hold it must not change.
            Err(error) if ODD_TEXTS.contains(text) && error.kind() == ErrorKind::InvalidInput => {
                ensure!(error.outcome() == Settled::NotAttempted, "{text:?}: {:?}", error.outcome());
            }
            made => {
                let report = good(&format!("making a report {text:?}"), made)?;
                // XML has one line end for all (XML 1.0, section 2.11), and systems that speak it read the others as it.
                let text = text.replace('\r', "\n");
                draft.lines[0].description.clone_from(&text);
                let title = report.title.replace('\r', "\n");
                ensure!(title == text, "{text:?} became {:?}", report.title);
                let mut found = lines(&report)?.to_vec();
                found[0].description = found[0].description.replace('\r', "\n");
                hold(&draft, &found).map_err(|why| format!("{text:?}: {why}"))?;
            }
        }
    }
    Ok(())
}

/// All reports of the employee.
pub(crate) async fn own(world: &World) -> Result<BTreeSet<NativeId>, String> {
    let values = vec![Scalar::Text(world.employee()?.as_str().to_owned())];
    let filters = vec![Filter { field: "employeeId".into(), comparison: Comparison::In, values }];
    let query = ListQuery { filters, ..ListQuery::first(200) };
    Ok(walk::<ListExpenseReports>(world, query, 10_000).await?.ids().into_iter().collect())
}

/// Asserts that an error names exactly these lines, and that nothing was done.
fn names(error: &Error, wanted: &[usize]) -> Outcome {
    let line = |pointer: &str| pointer.strip_prefix("/lines/")?.split('/').next()?.parse().ok();
    let named: BTreeSet<usize> = error.fields().iter().filter_map(|field| line(&field.pointer)).collect();
    ensure!(error.kind() == ErrorKind::InvalidInput, "{:?} instead of InvalidInput: {error}", error.kind());
    ensure!(named == wanted.iter().copied().collect(), "it names the lines {named:?} instead of {wanted:?}");
    let outcome = error.outcome();
    ensure!(outcome != Settled::Unknown, "a draft that was refused has the outcome {outcome:?}");
    Ok(())
}

pub(crate) async fn refused_names_every_fault(world: &World) -> Outcome {
    let before = own(world).await?;
    let nothing = NativeId::new("portico-suite-nothing").ok_or("short")?;
    let places = world.target.currency.map_or(2, |currency| currency.places());
    let tiny = format!("1.{:0width$}5", 0, width = usize::try_from(places).unwrap_or(2));
    let unknown = ExpenseLineDraft { category: nothing.clone(), ..world.line("unknown category", "1")? };
    let other = ExpenseLineDraft { line: Some(nothing), ..world.line("a line that is not there", "1")? };
    let mut strange = world.line("a currency for tests", "1")?;
    strange.amount = strange.amount.map(|money| portico_schemas::Money {
        currency: Currency::new("XTS").unwrap_or(money.currency),
        ..money
    });
    let lines = vec![
        world.line("good", "1")?,
        unknown,
        world.line("good", "2")?,
        world.line("x", &tiny)?,
        strange,
        other,
    ];
    let draft = ExpenseReportDraft { title: "Faults".to_owned(), lines };
    let error = match world.try_create(&world.employee()?, &draft).await {
        Ok(_) => return Err("a report with faults in four lines was made".to_owned()),
        Err(error) => error,
    };
    names(&error, &[1, 3, 4, 5])?;
    let left = own(world).await?;
    ensure!(
        left == before,
        "a draft that was refused left {} reports behind",
        left.difference(&before).count()
    );
    Ok(())
}

pub(crate) async fn edit_replaces(world: &World) -> Outcome {
    let draft = ExpenseReportDraft {
        title: "Before".to_owned(),
        lines: vec![
            world.line("first", "10.00")?,
            world.line("second", "20.00")?,
            world.line("third", "30.00")?,
        ],
    };
    let report = world.create(&draft).await?;
    let before = lines(&report)?;
    let first =
        ExpenseLineDraft { line: Some(before[0].id.clone()), ..world.line("first, changed", "11.11")? };
    let third = again(&before[2], &draft.lines[2]);
    let changed = ExpenseReportDraft {
        title: "After".to_owned(),
        lines: vec![first, third, world.line("fourth", "40.40")?],
    };
    let after = good("editing a draft", world.call(edit(&report, &changed)).await)?;
    ensure!(after.id == report.id && after.title == "After", "it is {:?} now", after.title);
    hold(&changed, lines(&after)?)?;
    let ids: Vec<&NativeId> = lines(&after)?.iter().map(|line| &line.id).collect();
    ensure!(*ids[0] == before[0].id && *ids[1] == before[2].id, "lines that were named have other ids");
    ensure!(before.iter().all(|line| line.id != *ids[2]), "a new line has the id of an old one");
    ensure!(
        after.version != report.version || report.version.is_none(),
        "an edit leaves the version as it was"
    );
    let read = good("reading what was edited", world.get(&report.id).await)?;
    ensure!(read == after, "read again it is {read:?}, when edited {after:?}");
    // A line of somebody else's report is none of this one's.
    let other = world.report().await?;
    let strange = again(&lines(&other)?[0], &draft.lines[0]);
    let lines_now = vec![strange];
    let stolen = ExpenseReportDraft { title: "Stolen".to_owned(), lines: lines_now };
    match world.call(edit(&after, &stolen)).await {
        Ok(_) => return Err("an edit took a line out of another report".to_owned()),
        Err(error) => names(&error, &[0])?,
    }
    let still = good("reading the other report", world.get(&other.id).await)?;
    ensure!(still == other, "an edit of one report changed another");
    Ok(())
}

/// A version that the report had and has no longer, with the report as it is.
async fn stale(world: &World) -> Result<(ExpenseReportRecord, SourceVersion), String> {
    let draft = world.draft("Stale")?;
    let report = world.create(&draft).await?;
    let old = report.version.clone().ok_or("a report has no version")?;
    let mut longer = draft.clone();
    longer.lines[0].line = Some(lines(&report)?[0].id.clone());
    // One line more: seen even by a system that tells times to the second.
    longer.lines.push(world.line("one more", "3.21")?);
    let now = good("editing a draft", world.call(edit(&report, &longer)).await)?;
    Ok((now, old))
}

pub(crate) async fn stale_version(world: &World) -> Outcome {
    let (now, old) = stale(world).await?;
    let (report, version) = (now.id.clone(), Some(old));
    let failed = &[ErrorKind::PreconditionFailed];
    let draft = world.draft("Too late")?;
    let edit = EditExpenseReport { report: report.clone(), version: version.clone(), draft };
    refused("editing a stale version", world.call(edit).await, failed)?;
    let delete = DeleteExpenseReport { report: report.clone(), version: version.clone() };
    refused("deleting a stale version", world.call(delete).await, failed)?;
    let submit = SubmitExpenseReport { report: report.clone(), version };
    refused("handing in a stale version", world.call(submit).await, failed)?;
    let read = good("reading it again", world.get(&report).await)?;
    ensure!(read == now, "a write with a stale version changed it to {read:?}");
    let submitted = world.submit(&now).await?;
    let withdraw = WithdrawExpenseReport { report: report.clone(), version: now.version.clone() };
    refused("taking back a stale version", world.call(withdraw).await, failed)?;
    let still = good("reading it again", world.get(&report).await)?.status;
    ensure!(still == submitted.status, "taking back a stale version made it {still:?}");
    Ok(())
}

pub(crate) async fn native_change_is_seen(world: &World) -> Outcome {
    let report = world.report().await?;
    // Systems that tell times to the second show a change in the second after.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    world.native()?.retitle_report(&report.id, "Changed in the office").await?;
    let now = good("reading it", world.get(&report.id).await)?;
    ensure!(now.title == "Changed in the office", "the title is {:?}", now.title);
    ensure!(now.version != report.version, "a change in the office leaves the version as it was");
    ensure!(
        now.updated_at > report.updated_at,
        "it was changed at {:?}, before at {:?}",
        now.updated_at,
        report.updated_at
    );
    let mut draft = world.draft("Ours")?;
    draft.lines[0].line = Some(lines(&report)?[0].id.clone());
    refused("writing over it", world.call(edit(&report, &draft)).await, &[ErrorKind::PreconditionFailed])?;
    good("writing after reading it", world.call(edit(&now, &draft)).await)?;
    Ok(())
}

pub(crate) async fn submitted_and_withdrawn(world: &World) -> Outcome {
    let report = world.report().await?;
    let submit = SubmitExpenseReport { report: report.id.clone(), version: report.version.clone() };
    for round in 0..2 {
        let submitted = match round {
            0 => good("handing in", world.call(submit.clone()).await)?,
            _ => {
                let submit = SubmitExpenseReport { report: report.id.clone(), version: None };
                good("handing in again", world.call(submit).await)?
            }
        };
        ensure!(submitted.status == ExpenseReportStatus::Submitted, "handed in it is {:?}", submitted.status);
        ensure!(!submitted.actions.contains(&ReportAction::Edit), "it can be edited after it was handed in");
        ensure!(submitted.actions.contains(&ReportAction::Withdraw), "it cannot be taken back");
        let approver = submitted.approver.as_ref().map(|link| link.id.clone());
        if let Some(wanted) = &world.target.approver {
            ensure!(approver.as_ref() == Some(wanted), "{approver:?} is asked instead of {wanted:?}");
            let waits = submitted.facts.assignees.contains(wanted.as_str());
            ensure!(waits, "it waits for {:?}", submitted.facts.assignees);
        }
        let twice = good("handing in twice", world.call(submit.clone()).await)?;
        ensure!(twice == submitted, "handed in twice it is {twice:?}");
        let withdraw =
            WithdrawExpenseReport { report: report.id.clone(), version: submitted.version.clone() };
        let draft = good("taking back", world.call(withdraw.clone()).await)?;
        ensure!(draft.status == ExpenseReportStatus::Draft, "taken back it is {:?}", draft.status);
        ensure!(lines(&draft)?.len() == 1 && draft.facts.assignees.is_empty(), "taken back it is {draft:?}");
        let twice = good("taking back twice", world.call(withdraw).await)?;
        ensure!(twice == draft, "taken back twice it is {twice:?}");
    }
    Ok(())
}

pub(crate) async fn no_draft_is_not_written(world: &World) -> Outcome {
    let report = world.submit(&world.report().await?).await?;
    let conflict = &[ErrorKind::Conflict];
    let mut draft = world.draft("Too late")?;
    draft.lines[0].line = Some(lines(&report)?[0].id.clone());
    refused("editing what was handed in", world.call(edit(&report, &draft)).await, conflict)?;
    let delete = DeleteExpenseReport { report: report.id.clone(), version: report.version.clone() };
    refused("deleting what was handed in", world.call(delete).await, conflict)?;
    let read = good("reading it", world.get(&report.id).await)?;
    ensure!(read == report, "it became {read:?}");
    Ok(())
}

pub(crate) async fn deleted_is_gone(world: &World) -> Outcome {
    let report = world.report().await?;
    let delete = DeleteExpenseReport { report: report.id.clone(), version: report.version.clone() };
    good("deleting a draft", world.call(delete.clone()).await)?;
    refused("reading what was deleted", world.get(&report.id).await, &[ErrorKind::NotFound])?;
    refused("deleting it again", world.call(delete).await, &[ErrorKind::NotFound])?;
    ensure!(!own(world).await?.contains(&report.id), "it is still listed");
    Ok(())
}

pub(crate) async fn at_the_same_time(world: &World) -> Outcome {
    let drafts: Result<Vec<_>, String> =
        (0..6).map(|_| world.draft(&format!("At the same time {}", unique()))).collect();
    let (drafts, employee) = (drafts?, world.employee()?);
    let made = join_all(drafts.iter().map(|draft| world.try_create(&employee, draft))).await;
    let mut ids = BTreeSet::new();
    for (draft, made) in drafts.iter().zip(made) {
        let report = good("making several reports at the same time", made)?;
        ensure!(report.title == draft.title, "{:?} became {:?}", draft.title, report.title);
        hold(draft, lines(&report)?)?;
        ids.insert(report.id);
    }
    ensure!(ids.len() == drafts.len(), "{} reports for {} drafts", ids.len(), drafts.len());
    let listed = own(world).await?;
    ensure!(ids.is_subset(&listed), "not all of them are listed");
    Ok(())
}

pub(crate) async fn new_is_listed_at_once(world: &World) -> Outcome {
    let report = world.report().await?;
    ensure!(own(world).await?.contains(&report.id), "a new report is not listed");
    let day = some_days_ago()?;
    ensure!(report.transaction_date.is_none_or(|is| is == day), "its day is {:?}", report.transaction_date);
    Ok(())
}
