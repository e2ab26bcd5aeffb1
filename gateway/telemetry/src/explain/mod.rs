//! One trace in plain words, for somebody who is on call and tired: what was asked, what came of it, what was done and
//! how long each step took, what failed, what that means and what to do next.

mod meaning;
mod outcome;

use std::fmt::{self, Write as _};
use std::time::Duration;

use portico_contract::trace::attr;

use crate::Kept;
use crate::ring::{StoredSpan, StoredTrace};
use meaning::meaning;
use outcome::{head, outcome, title, why_kept};

/// Columns of the text.
const WIDTH: usize = 100;

/// Steps that are listed. The rest is counted.
const MAX_STEPS: usize = 60;

/// Levels of indentation; what lies deeper is shown at the last one.
const MAX_DEPTH: usize = 6;

/// The trace as text that ends with a line end. A trace without spans, or with spans whose parents are missing, gives a
/// shorter text and says so.
pub fn explain(trace: &StoredTrace) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(trace, &mut text);
    text
}

/// One line: when, which, how long, what came of it. For lists of traces.
pub fn summary(trace: &StoredTrace) -> String {
    let Some(root) = trace.root() else {
        return format!("{}  {}  (no request in it)", time(trace, "%F %T"), trace.trace_id);
    };
    format!(
        "{}  {}  {:>8}  {:7}  {} → {}",
        time(trace, "%F %T"),
        trace.trace_id,
        Took(root.took()).to_string(),
        match trace.kept {
            Kept::Failed => "failed",
            Kept::Partial => "partial",
            Kept::Slow => "slow",
        },
        title(root),
        outcome(root),
    )
}

fn write(trace: &StoredTrace, to: &mut String) -> fmt::Result {
    let why = why_kept(trace.kept, trace.root());
    writeln!(to, "Trace {}, kept because {why}.", trace.trace_id)?;
    let service = &trace.service;
    let when = time(trace, "%-d %B %Y at %H:%M:%S%.3f UTC");
    writeln!(to, "{when}, {} {} on {}.", service.name, service.version, service.instance)?;
    let Some(root) = trace.root() else {
        return writeln!(
            to,
            "\nThe request itself is missing from this trace: it had too many steps to keep."
        );
    };
    write!(to, "\n{}", head(root))?;

    writeln!(to, "\nWhat was done, in order")?;
    let mut steps = Steps { trace, to, left: MAX_STEPS, hidden: 0 };
    steps.below(root, 1)?;
    let hidden = steps.hidden + trace.dropped;
    if trace.children(root).is_empty() {
        writeln!(to, "  No system was asked: the gateway answered by itself.")?;
    }
    if hidden > 0 {
        writeln!(to, "  … and {hidden} more steps that are not shown.")?;
    }
    where_the_time_went(trace, root, to)?;
    what_failed(trace, root, to)
}

fn time(trace: &StoredTrace, format: &str) -> String {
    jiff::Timestamp::try_from(trace.started_at())
        .map_or_else(|_| "at an unknown time".to_owned(), |at| at.strftime(format).to_string())
}

struct Steps<'a> {
    trace: &'a StoredTrace,
    to: &'a mut String,
    left: usize,
    hidden: usize,
}

impl Steps<'_> {
    fn below(&mut self, parent: &StoredSpan, depth: usize) -> fmt::Result {
        // Depth is bounded by the number of spans; a ring of parents cannot be entered from the root.
        let inside = self.trace.children(parent);
        let again = inside.iter().any(|span| resends(span).is_some());
        for span in inside {
            if self.left == 0 {
                self.hidden += 1;
            } else {
                self.left -= 1;
                self.step(span, again, depth)?;
            }
            if depth < MAX_DEPTH {
                self.below(span, depth + 1)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, span: &StoredSpan, again: bool, depth: usize) -> fmt::Result {
        write!(self.to, "{:indent$}", "", indent = depth * 2)?;
        if again {
            write!(self.to, "attempt {}: ", resends(span).unwrap_or(0) + 1)?;
        }
        write!(self.to, "{}", span.name)?;
        match (span.text(attr::SYSTEM), span.text(attr::SERVER_ADDRESS)) {
            (Some(system), _) => write!(self.to, " on `{system}`")?,
            (None, Some(host)) => {
                write!(self.to, " to {host}")?;
                if let Some(port) = span.number(attr::SERVER_PORT) {
                    write!(self.to, ":{port}")?;
                }
            }
            (None, None) => {}
        }
        let took = Took(span.took());
        match &span.error {
            Some(error) => write!(self.to, " — FAILED after {took}: {}", why(span, error))?,
            None => write!(self.to, " — {took}")?,
        }
        if let Some(status) = span.number(attr::HTTP_STATUS) {
            write!(self.to, ", status {status}")?;
        }
        self.facts(span)?;
        writeln!(self.to)
    }

    fn facts(&mut self, span: &StoredSpan) -> fmt::Result {
        if let Some(queued) = span.number(attr::QUEUED_MS).filter(|ms| *ms > 0) {
            write!(self.to, ", {queued} ms of it waiting for a place")?;
        }
        if let Some(attempts) = span.number(attr::ATTEMPTS).filter(|attempts| *attempts > 1) {
            write!(self.to, ", {attempts} attempts")?;
        }
        let told = span.error.as_deref() == Some(BREAKER_OPEN) && span.text(attr::BREAKER_CAUSE).is_some();
        if let Some(breaker) = span.text(attr::BREAKER).filter(|state| *state != "closed" && !told) {
            write!(self.to, ", circuit breaker {}", breaker.replace('_', "-"))?;
            if let Some(cause) = span.text(attr::BREAKER_CAUSE) {
                write!(self.to, " because of: {}", error_words(cause))?;
            }
        }
        if let Some(items) = span.number(attr::ITEMS) {
            write!(self.to, ", {items} items")?;
        }
        if let Some(octets) = span.number(attr::STREAM_BYTES) {
            write!(self.to, ", {octets} octets")?;
        }
        Ok(())
    }
}

/// How often the same had been asked before.
fn resends(span: &StoredSpan) -> Option<i64> {
    span.number(attr::HTTP_RESEND).or_else(|| span.number(attr::RESEND))
}

/// `error.type` of a call that was not sent.
const BREAKER_OPEN: &str = "breaker_open";

/// Why a step failed. One that the breaker refused failed for what opened it.
fn why(span: &StoredSpan, error: &str) -> String {
    match span.text(attr::BREAKER_CAUSE) {
        Some(cause) if error == BREAKER_OPEN => {
            format!("not asked, the circuit breaker is open because of: {}", error_words(cause))
        }
        _ => error_words(error),
    }
}

fn error_words(error: &str) -> String {
    format!("{} ({error})", meaning(error).what)
}

/// Names the step that took longest by itself, if it took most of a slow request.
fn where_the_time_went(trace: &StoredTrace, root: &StoredSpan, to: &mut String) -> fmt::Result {
    let own = |span: &StoredSpan| {
        let inside: Duration = trace.children(span).into_iter().map(StoredSpan::took).sum();
        span.took().saturating_sub(inside)
    };
    let Some(longest) = trace.spans.iter().max_by_key(|span| own(span)) else { return Ok(()) };
    let (spent, whole) = (own(longest), root.took());
    if trace.kept != Kept::Slow || spent * 2 < whole {
        return Ok(());
    }
    let place = if longest.id == root.id {
        "in the gateway itself, not in a system behind it".to_owned()
    } else {
        match system_of(trace, longest) {
            Some(system) => format!("in `{}`, waiting for `{system}`", longest.name),
            None => format!("in `{}`", longest.name),
        }
    };
    writeln!(to, "\nWhere the time went")?;
    paragraph(to, "", &format!("{} of {} went by {place}.", Took(spent), Took(whole)))
}

/// The system that a span belongs to: its own, or that of the nearest span around it.
fn system_of<'a>(trace: &'a StoredTrace, span: &'a StoredSpan) -> Option<&'a str> {
    let mut around = Some(span);
    for _ in 0..trace.spans.len() {
        let span = around?;
        if let Some(system) = span.text(attr::SYSTEM) {
            return Some(system);
        }
        around = trace.spans.iter().find(|outer| Some(&outer.id) == span.parent.as_ref());
    }
    None
}

fn what_failed(trace: &StoredTrace, root: &StoredSpan, to: &mut String) -> fmt::Result {
    let mut told: Vec<(Option<&str>, &str)> = Vec::new();
    let calls = trace.spans.iter().filter(|span| span.kind == "internal" && span.error.is_some());
    for span in calls {
        let Some(error) = span.error.as_deref() else { continue };
        let system = system_of(trace, span);
        if !told.contains(&(system, error)) {
            told.push((system, error));
        }
    }
    if told.is_empty() {
        told.extend(root.error.as_deref().map(|error| (None, error)));
    }
    if told.is_empty() {
        return Ok(());
    }
    writeln!(to, "\nWhat failed")?;
    for (system, error) in told {
        let meaning = meaning(error);
        let name = system.map_or_else(|| "The request".to_owned(), |system| format!("`{system}`"));
        let fill = |text: &str| text.replace("{system}", system.unwrap_or("SYSTEM"));
        writeln!(to, "  {name}: {} ({error}).", meaning.what)?;
        paragraph(to, "Means  ", &fill(meaning.means))?;
        paragraph(to, "Do     ", &fill(meaning.next))?;
    }
    if trace.spans.iter().any(|span| span.text(attr::OUTCOME) == Some("unknown")) {
        writeln!(to)?;
        let caution = "It is NOT known whether the system did what it was asked. Look there before anybody sends it again.";
        paragraph(to, "", caution)?;
    }
    Ok(())
}

/// Text broken at words, indented, with a label in front of the first line.
fn paragraph(to: &mut String, label: &str, text: &str) -> fmt::Result {
    let mut column = 4 + label.len();
    write!(to, "    {label}")?;
    for (place, word) in text.split_whitespace().enumerate() {
        let wide = word.chars().count();
        if place > 0 && column + 1 + wide > WIDTH {
            write!(to, "\n{:indent$}", "", indent = 4 + label.len())?;
            column = 4 + label.len();
        } else if place > 0 {
            to.push(' ');
            column += 1;
        }
        to.push_str(word);
        column += wide;
    }
    writeln!(to)
}

/// A duration as people say it.
struct Took(Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            short if short < Duration::from_millis(1) => "under 1 ms".to_owned(),
            short if short < Duration::from_secs(1) => format!("{} ms", short.as_millis()),
            long if long < Duration::from_secs(60) => format!("{:.2} s", long.as_secs_f64()),
            longer => format!("{} min {} s", longer.as_secs() / 60, longer.as_secs() % 60),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests;
