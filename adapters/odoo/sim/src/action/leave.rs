//! What is worked out for a request for time off: `addons/hr_holidays/models/hr_leave.py` of 18.0.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

use super::{default, employee, leave_rule};
use crate::Version;
use crate::database::Database;
use crate::error::Error;
use crate::orm::{Env, Who, timestamp};
use crate::value::{Value, float_repr};

const MODEL: &str = "hr.leave";

/// Hours of a working day, from eight to five with a break.
const HOURS: f64 = 8.0;

pub(super) fn defaults(env: &mut Env<'_>, values: &mut Vec<(String, Value)>) {
    default(values, "employee_id", employee::of_user(env.db, &env.who, env.who.uid));
    default(values, "state", Value::str("confirm"));
    default(values, "company_id", Value::Int(super::COMPANY));
    if env.db.version == Version::V17 {
        default(values, "holiday_type", Value::str("employee"));
    }
}

/// `_compute_date_from_to` and `_compute_duration`.
pub(super) fn changed(env: &mut Env<'_>, id: i64, keys: &[&str]) -> Result<(), Error> {
    let asked = [
        "request_date_from",
        "request_date_to",
        "request_unit_half",
        "request_unit_hours",
        "request_hour_from",
        "request_hour_to",
        "request_date_from_period",
        "employee_id",
    ];
    if !keys.iter().any(|key| asked.contains(key) || matches!(*key, "date_from" | "date_to")) {
        return Ok(());
    }
    // Instants that were written are kept, and the days follow them.
    if keys.contains(&"date_from") && !keys.contains(&"request_date_from") {
        for (at, day) in [("date_from", "request_date_from"), ("date_to", "request_date_to")] {
            let text: String = env.db.text(MODEL, id, at).chars().take(10).collect();
            env.db.set(MODEL, id, day, Value::Str(text));
        }
    }
    let day = |key| env.db.text(MODEL, id, key).parse::<Date>().ok();
    let Some(from) = day("request_date_from") else { return Ok(()) };
    let half = env.db.get(MODEL, id, "request_unit_half").truthy();
    let hourly = env.db.get(MODEL, id, "request_unit_hours").truthy();
    let to = if half || hourly { from } else { day("request_date_to").unwrap_or(from) };
    let (begin, end) = hours(env.db, id, half, hourly);
    let zone = env.db.zone.clone();
    let (days, hours) = duration_of(from, to, begin, end, half || hourly);
    for (key, value) in [
        ("request_date_to", Value::Str(to.to_string())),
        ("date_from", Value::Str(instant(&zone, from, begin))),
        ("date_to", Value::Str(instant(&zone, to, end))),
        ("number_of_days", Value::Float(days)),
        ("number_of_hours", Value::Float(hours)),
    ] {
        env.db.set(MODEL, id, key, value);
    }
    Ok(())
}

/// From which hour to which, local time.
fn hours(db: &Database, id: i64, half: bool, hourly: bool) -> (f64, f64) {
    let number = |key| db.get(MODEL, id, key).as_float().unwrap_or_default();
    if hourly {
        return (number("request_hour_from"), number("request_hour_to"));
    }
    match db.text(MODEL, id, "request_date_from_period") {
        "pm" if half => (13.0, 17.0),
        _ if half => (8.0, 12.0),
        _ => (8.0, 17.0),
    }
}

fn instant(zone: &TimeZone, day: Date, hour: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "an hour of a day in minutes")]
    let minutes = (hour * 60.0).round() as i64;
    let local = DateTime::from_parts(day, jiff::civil::Time::midnight());
    let local = local.checked_add(jiff::Span::new().minutes(minutes)).unwrap_or(local);
    zone.to_timestamp(local).map(timestamp).unwrap_or_default()
}

/// Working days and hours, Monday to Friday.
fn duration_of(from: Date, to: Date, begin: f64, end: f64, part: bool) -> (f64, f64) {
    let mut days = 0.0;
    let mut day = from;
    // Four years are more than anybody is away; the source has no bound.
    for _ in 0..1_500 {
        if day > to {
            break;
        }
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            days += 1.0;
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    if part {
        // The break from twelve to one is no work.
        let pause = (end.min(13.0) - begin.max(12.0)).max(0.0);
        let hours = (end - begin - pause).max(0.0) * days;
        return (hours / HOURS, hours);
    }
    (days, days * HOURS)
}

/// `_compute_display_name`.
pub(crate) fn name(db: &Database, id: i64) -> String {
    let kind = db.link(MODEL, id, "holiday_status_id").unwrap_or_default();
    let employee = db.link(MODEL, id, "employee_id").unwrap_or_default();
    let (from, to) = (american(db.text(MODEL, id, "date_from")), american(db.text(MODEL, id, "date_to")));
    let several = db.get(MODEL, id, "number_of_days").as_float().unwrap_or_default() > 1.0;
    let days = if several { format!("{from} to {to}") } else { from };
    format!(
        "{} on {}: {} ({days})",
        db.text("hr.employee", employee, "name"),
        db.text("hr.leave.type", kind, "name"),
        duration(db, &Who::root(), id).as_str().unwrap_or_default(),
    )
}

/// `format_date` in English of the United States.
pub(super) fn american(text: &str) -> String {
    match (text.get(..4), text.get(5..7), text.get(8..10)) {
        (Some(year), Some(month), Some(day)) => format!("{month}/{day}/{year}"),
        _ => String::new(),
    }
}

/// `_compute_duration_display`.
pub(crate) fn duration(db: &Database, _: &Who, id: i64) -> Value {
    let kind = db.link(MODEL, id, "holiday_status_id").unwrap_or_default();
    if db.text("hr.leave.type", kind, "request_unit") == "hour" {
        let hours = db.get(MODEL, id, "number_of_hours").as_float().unwrap_or_default();
        let (whole, rest) = (hours.trunc(), (hours.fract() * 60.0).round());
        return Value::Str(format!("{whole}:{rest:02} hours"));
    }
    let days = db.get(MODEL, id, "number_of_days").as_float().unwrap_or_default();
    // `%g` of a number with two decimals.
    let text = float_repr((days * 100.0).round() / 100.0);
    Value::Str(format!("{} days", text.trim_end_matches(".0")))
}

pub(crate) fn zone(db: &Database, _: &Who, _: i64) -> Value {
    Value::str(if db.zone == TimeZone::UTC { "UTC" } else { "Europe/London" })
}

pub(crate) fn can_approve(db: &Database, who: &Who, id: i64) -> Value {
    let both = leave_rule::validation(db, id) == "both";
    let first = both && db.text(MODEL, id, "state") == "confirm";
    Value::Bool(leave_rule::may(db, who, id, if first { "validate1" } else { "validate" }).is_ok())
}

/// `_compute_can_cancel`: only the person, and only before it begins.
pub(crate) fn can_cancel(db: &Database, who: &Who, id: i64) -> Value {
    let own = employee::user_of(db, db.link(MODEL, id, "employee_id")) == Some(who.uid);
    let state = matches!(db.text(MODEL, id, "state"), "validate" | "validate1");
    let today = timestamp(db.now);
    let ahead = db.text(MODEL, id, "date_from").get(..10) >= today.get(..10);
    Value::Bool(own && state && ahead)
}

pub(crate) fn can_reset(db: &Database, who: &Who, id: i64) -> Value {
    Value::Bool(leave_rule::may(db, who, id, "confirm").is_ok())
}
