//! Leave: asked for, taken back, counted, and seen by colleagues.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::tz::TimeZone;
use portico_contract::absences::{
    AbsenceBalanceRecord, BusyTimes, CancelAbsence, GetAbsenceBalances, ListAbsences, ListBusyTimes,
    RequestAbsence,
};
use portico_contract::documents::SourceVersion;
use portico_contract::{Error, ErrorKind, NativeId};
use portico_schemas::{AbsenceStatus, DayPart, Outcome as Settled};
use rust_decimal::Decimal;

use super::super::world::{World, decimal};
use super::drafts::TEXTS;
use super::lists::some;
use super::reports::nothing;
use crate::world::{Outcome, ensure, good, refused};

pub(crate) async fn read_alone(world: &World) -> Outcome {
    let listed = some::<ListAbsences>(world, 30).await?;
    for some in listed.chunks(6) {
        let read = join_all(some.iter().map(|one| world.get_absence(&one.id))).await;
        for (listed, read) in some.iter().zip(read) {
            let read = good("reading an absence by the id from the list", read)?;
            ensure!(read == *listed, "read alone it is {read:?}, listed {listed:?}");
            ensure!(read.start_date <= read.end_date, "{:?} ends before it begins", read.id);
        }
    }
    Ok(())
}

pub(crate) async fn missing(world: &World) -> Outcome {
    for id in nothing() {
        let doing = format!("reading absence {:?}", id.as_str());
        refused(&doing, world.get_absence(&id).await, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

pub(crate) async fn holds_what_was_asked(world: &World) -> Outcome {
    let request = world.request(world.target.absence_type.as_ref(), 1, 3)?;
    let absence = world.ask(&request).await?;
    let asked = &request.draft;
    ensure!(absence.status == AbsenceStatus::Requested, "a new request is {:?}", absence.status);
    ensure!(absence.employee.id == request.employee, "it is of {:?}", absence.employee);
    let days = (absence.start_date, absence.end_date);
    ensure!(days == (asked.start_date, asked.end_date), "it is from {days:?}");
    let kind = absence.absence_type.as_ref().map(|link| &link.id);
    ensure!(kind == Some(&asked.absence_type), "it is of the type {kind:?}");
    ensure!(absence.note == asked.note && absence.day_part.is_none(), "it is {absence:?}");
    ensure!(absence.amount == Some(Decimal::from(3)), "three days are {:?}", absence.amount);
    let owner = absence.facts.owner.as_ref().map(|owner| owner.native_id.as_str());
    ensure!(owner == Some(request.employee.as_str()), "its owner is {owner:?}, not the employee");
    let read = good("reading it", world.get_absence(&absence.id).await)?;
    ensure!(read == absence, "read again it is {read:?}, when made {absence:?}");
    Ok(())
}

pub(crate) async fn notes_come_back(world: &World) -> Outcome {
    for (at, text) in TEXTS.iter().enumerate() {
        // Working days of two weeks, over and over.
        let day = i64::try_from(at % 10).unwrap_or_default();
        let day = day + day / 5 * 2;
        let mut request = world.request(world.target.absence_type.as_ref(), day, day)?;
        request.draft.note = Some((*text).to_owned());
        let absence = world.ask(&request).await?;
        // Line ends are line ends: XML has one for all.
        let lines = |text: &str| text.replace('\r', "\n");
        ensure!(
            absence.note.as_deref().map(lines) == Some(lines(text)),
            "{text:?} became {:?}",
            absence.note
        );
        world.leave().await?;
    }
    let mut silent = world.request(world.target.absence_type.as_ref(), 0, 0)?;
    silent.draft.note = None;
    let absence = world.ask(&silent).await?;
    ensure!(absence.note.is_none(), "nothing was said, but it notes {:?}", absence.note);
    Ok(())
}

pub(crate) async fn overlap(world: &World) -> Outcome {
    world.absence(1, 3).await?;
    for (first, last) in [(3, 4), (0, 1), (2, 2), (0, 7)] {
        let request = world.request(world.target.absence_type.as_ref(), first, last)?;
        let answer = world.try_ask(&request).await;
        let doing = format!("asking for the days {first} to {last} although 1 to 3 are taken");
        refused(&doing, answer, &[ErrorKind::Conflict])?;
    }
    world.absence(4, 4).await?;
    Ok(())
}

/// Asserts that a request was refused because of one field, and left nothing.
fn names(doing: &str, error: Option<Error>, pointer: &str) -> Outcome {
    let error = error.ok_or_else(|| format!("{doing}: it was done"))?;
    ensure!(error.kind() == ErrorKind::InvalidInput, "{doing}: {:?}: {error}", error.kind());
    let named: Vec<&str> = error.fields().iter().map(|field| field.pointer.as_str()).collect();
    ensure!(named == [pointer], "{doing}: it names {named:?} instead of {pointer:?}");
    ensure!(error.outcome() != Settled::Unknown, "{doing}: {:?}", error.outcome());
    Ok(())
}

pub(crate) async fn faults_are_named(world: &World) -> Outcome {
    let good_one = world.request(world.target.absence_type.as_ref(), 1, 3)?;
    let mut backwards = good_one.clone();
    std::mem::swap(&mut backwards.draft.start_date, &mut backwards.draft.end_date);
    names("an end before the beginning", world.try_ask(&backwards).await.err(), "/endDate")?;
    let mut halves = good_one.clone();
    halves.draft.day_part = Some(DayPart::Morning);
    names("half of three days", world.try_ask(&halves).await.err(), "/dayPart")?;
    let mut unknown = good_one.clone();
    unknown.draft.absence_type = NativeId::new("portico-suite-nothing").ok_or("short")?;
    names("a type that is not there", world.try_ask(&unknown).await.err(), "/policyId")?;
    world.ask(&good_one).await.map(drop).map_err(|why| format!("a refused request stands in the way: {why}"))
}

pub(crate) async fn half_a_day(world: &World) -> Outcome {
    for (day, part) in [(0, DayPart::Morning), (1, DayPart::Afternoon)] {
        let mut request = world.request(world.target.absence_type.as_ref(), day, day)?;
        request.draft.day_part = Some(part);
        let absence = world.ask(&request).await?;
        let found = (absence.day_part, absence.amount);
        ensure!(found == (Some(part), Some(decimal("0.5")?)), "half a day is {found:?}");
        // The other half is free.
        request.draft.day_part =
            Some(if part == DayPart::Morning { DayPart::Afternoon } else { DayPart::Morning });
        world.ask(&request).await?;
    }
    Ok(())
}

fn cancel(absence: &NativeId, version: Option<SourceVersion>) -> CancelAbsence {
    CancelAbsence { absence: absence.clone(), version }
}

pub(crate) async fn taken_back(world: &World) -> Outcome {
    let absence = world.absence(0, 1).await?;
    let stale = absence.version.as_ref().map(|version| SourceVersion(format!("{}x", version.0)));
    if stale.is_some() {
        let answer = world.call(cancel(&absence.id, stale)).await;
        refused("taking back a stale version", answer, &[ErrorKind::PreconditionFailed])?;
    }
    let taken_back = world.call(cancel(&absence.id, absence.version.clone())).await;
    if !absence.cancellable {
        refused("taking back what says that it cannot be", taken_back, &[ErrorKind::Conflict])?;
        let read = good("reading it", world.get_absence(&absence.id).await)?;
        ensure!(read == absence, "it became {read:?}");
        return Ok(());
    }
    let cancelled = good("taking leave back", taken_back)?;
    ensure!(cancelled.status == AbsenceStatus::Cancelled, "taken back it is {:?}", cancelled.status);
    ensure!(!cancelled.cancellable, "it could be taken back once more");
    let again = good("taking it back again", world.call(cancel(&absence.id, absence.version.clone())).await)?;
    ensure!(again == cancelled, "taken back twice it is {again:?}");
    let read = good("reading it", world.get_absence(&absence.id).await)?;
    ensure!(read == cancelled, "read again it is {read:?}");
    // Its days are free again.
    world.absence(0, 1).await?;
    for id in nothing() {
        let answer = world.call(cancel(&id, None)).await;
        refused("taking back what is not there", answer, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

async fn balances(world: &World, employee: &NativeId) -> Result<Vec<AbsenceBalanceRecord>, String> {
    let ask = GetAbsenceBalances { employee: employee.clone() };
    Ok(good("reading balances", world.call(ask).await)?.0)
}

async fn balance(world: &World, request: &RequestAbsence) -> Result<AbsenceBalanceRecord, String> {
    let kind = &request.draft.absence_type;
    let all = balances(world, &request.employee).await?;
    let mut of_it = all.into_iter().filter(|balance| balance.absence_type.id == *kind);
    let found = of_it.next().ok_or_else(|| format!("there is no balance of {:?}", kind.as_str()))?;
    ensure!(of_it.next().is_none(), "there are two balances of one type");
    Ok(found)
}

pub(crate) async fn balances_add_up(world: &World) -> Outcome {
    let request = world.request(world.target.balanced_type.as_ref(), 1, 2)?;
    let before = balance(world, &request).await?;
    let absence = world.ask(&request).await?;
    let during = balance(world, &request).await?;
    let amount = absence.amount.ok_or("an absence that counts has no amount")?;
    ensure!(amount == Decimal::from(2), "two days are {amount}");
    ensure!(during.granted == before.granted, "asking changed what was granted");
    ensure!(
        during.used == before.used + amount,
        "{} were used, and {} after {amount} more",
        before.used,
        during.used
    );
    world.leave().await?;
    let after = balance(world, &request).await?;
    ensure!(after == before, "the balance was {before:?}, and after all was cleared {after:?}");
    // Ten months, which no balance is enough for.
    let endless = world.request(world.target.balanced_type.as_ref(), 1, 300)?;
    let answer = world.try_ask(&endless).await;
    refused("asking for more than there is", answer, &[ErrorKind::Conflict])
}

pub(crate) async fn no_balances_of_nobody(world: &World) -> Outcome {
    for employee in nothing() {
        let doing = format!("balances of {:?}", employee.as_str());
        let answer = world.call(GetAbsenceBalances { employee }).await;
        refused(&doing, answer, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

pub(crate) async fn busy_times(world: &World) -> Outcome {
    let absence = world.absence(1, 2).await?;
    let (employee, monday) = (world.employee()?, world.monday()?);
    let nobody = NativeId::new("portico-suite-nothing").ok_or("short")?;
    let day = |days: i64| monday.checked_add(jiff::Span::new().days(days)).map_err(|error| error.to_string());
    let ask = async |first: i64, last: i64| -> Result<Vec<_>, String> {
        let employees = vec![employee.clone(), nobody.clone()];
        let ask = ListBusyTimes { employees, from: day(first)?, to: day(last)? };
        let BusyTimes(times) = good("asking when somebody is away", world.call(ask).await)?;
        Ok(times)
    };
    for (first, last, away) in [(0, 0, 0), (0, 1, 1), (2, 4, 1), (0, 4, 1), (3, 4, 0)] {
        let times = ask(first, last).await?;
        ensure!(times.len() == away, "in the days {first} to {last}: {times:?}");
        for time in times {
            ensure!(time.employee.id == employee && !time.agreed, "{time:?}");
            let at = |time: jiff::Timestamp| time.to_zoned(TimeZone::UTC).date();
            // A day of the system may begin late in the day before.
            let right = at(time.start) >= day(0)? && at(time.end) <= day(3)? && time.start < time.end;
            ensure!(right, "the days 1 and 2 are {time:?}");
        }
    }
    if absence.cancellable {
        good("taking leave back", world.call(cancel(&absence.id, None)).await)?;
        let times = ask(0, 4).await?;
        ensure!(times.is_empty(), "what was taken back still shows: {times:?}");
    }
    Ok(())
}

/// Whoever a list of absences shows as away at some time is shown as away then, and nobody else.
pub(crate) async fn busy_like_the_list(world: &World) -> Outcome {
    let listed = some::<ListAbsences>(world, 40).await?;
    let Some(middle) = listed.get(listed.len() / 2) else { return Ok(()) };
    let employees: BTreeSet<NativeId> = listed.iter().map(|one| one.employee.id.clone()).collect();
    let (from, to) = (middle.start_date, middle.end_date);
    let ask = ListBusyTimes { employees: employees.iter().cloned().collect(), from, to };
    let BusyTimes(times) = good("asking when people are away", world.call(ask).await)?;
    let order = times
        .windows(2)
        .all(|pair| pair[0].employee.id != pair[1].employee.id || pair[0].start <= pair[1].start);
    ensure!(order, "the times of one person are not in their order");
    let away: BTreeSet<&NativeId> = times.iter().map(|time| &time.employee.id).collect();
    let asked = away.iter().all(|id| employees.contains(*id));
    ensure!(asked, "somebody is away who was not asked for");
    for one in listed.iter().filter(|one| one.start_date <= to && one.end_date >= from) {
        let counts = matches!(one.status, AbsenceStatus::Requested | AbsenceStatus::Approved);
        let shown = times.iter().any(|time| {
            time.employee.id == one.employee.id && (time.agreed || one.status != AbsenceStatus::Approved)
        });
        ensure!(
            !counts || shown,
            "{:?} is away from {} to {}, but looks free",
            one.id,
            one.start_date,
            one.end_date
        );
    }
    Ok(())
}
