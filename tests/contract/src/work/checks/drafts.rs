//! What is written in a report comes back as it was written, or is refused with where and why.

use std::collections::BTreeSet;

use portico_contract::expenses::{
    ExpenseLineDraft, ExpenseLineRecord, ExpenseReportDraft, ListCostCentres, ListProjects, ListTaxRates,
    ReportAction,
};
use portico_contract::{Error, ErrorKind, NativeId};
use portico_schemas::{Currency, ExpenseReportStatus, Outcome as Settled};

use super::super::lists::{Listing, everything, walk};
use super::super::world::{World, decimal};
use super::reports::{lines, own};
use crate::world::{Outcome, ensure, good};

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

/// Asserts that an error names exactly these lines, and that nothing was done.
pub(crate) fn names(error: &Error, wanted: &[usize]) -> Outcome {
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
    let Err(error) = world.try_create(&world.employee()?, &draft).await else {
        return Err("a report with faults in four lines was made".to_owned());
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
