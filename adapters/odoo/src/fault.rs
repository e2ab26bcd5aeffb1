//! What a fault means: the one table from Odoo's words to our kinds.
//!
//! Every answer of Odoo is status 200. XML-RPC numbers its faults (1 any exception, 2 `UserError` and what is like it, 3
//! `AccessDenied`, 4 `AccessError`; `odoo/addons/base/controllers/rpc.py`), JSON-RPC names the exception. All of them roll
//! the transaction back, with one exception: what fails while the answer is *written* has been committed before.

use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use portico_contract::{Effect, Error, ErrorKind, Retry};
use portico_schemas::Outcome;
use portico_wire::http::Response;
use portico_wire::redact;
use portico_wire::rpc::Fault;

/// Whose fault it is, as far as the protocol says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Denied,
    Access,
    Business,
    Exception,
}

fn class(fault: &Fault) -> Class {
    if let Some(name) = fault.class() {
        return match name.rsplit('.').next().unwrap_or(name) {
            "AccessDenied" | "SessionExpiredException" => Class::Denied,
            "AccessError" => Class::Access,
            "UserError" | "ValidationError" | "RedirectWarning" | "MissingError" | "Warning"
            | "CacheMiss" => Class::Business,
            _ => Class::Exception,
        };
    }
    match fault.code() {
        3 => Class::Denied,
        4 => Class::Access,
        2 => Class::Business,
        _ => Class::Exception,
    }
}

/// Whether the call was committed and only its answer could not be written: "cannot marshal None".
pub(crate) fn is_committed(fault: &Fault) -> bool {
    class(fault) == Class::Exception
        && (fault.message().contains("    return dumps(")
            || fault.last_line().starts_with("TypeError: cannot marshal "))
}

/// A part of what Odoo says in English, the kind, and what we say.
const BUSINESS: &[(&str, ErrorKind, &str)] = &[
    (
        "overlaps with this period",
        ErrorKind::Conflict,
        "There is another absence in this time; cancel it first, or choose other days.",
    ),
    ("remaining time off is not sufficient", ErrorKind::Conflict, NO_BALANCE),
    ("do not have any allocation", ErrorKind::Conflict, NO_BALANCE),
    ("no valid allocation", ErrorKind::Conflict, NO_BALANCE),
    ("number of remaining", ErrorKind::Conflict, NO_BALANCE),
    (
        "should have a bank account",
        ErrorKind::Conflict,
        "Odoo cannot approve this: the employee has no bank account there. Ask personnel to enter one.",
    ),
    (
        "work email of some employees is missing",
        ErrorKind::Conflict,
        "Odoo cannot approve this: the employee has no mail address there. Ask personnel to enter one.",
    ),
    (
        "No work contact found",
        ErrorKind::Conflict,
        "Odoo cannot approve this: the employee has no work contact there. Ask personnel to enter one.",
    ),
    (
        "expense report is empty",
        ErrorKind::Conflict,
        "The report has no lines; add at least one expense first.",
    ),
    (
        "must be confirmed in order to approve it",
        ErrorKind::Conflict,
        "This no longer waits for an approval; read it again.",
    ),
    ("cannot delete a", ErrorKind::Conflict, "Odoo does not delete this in its present state."),
    ("cannot approve", ErrorKind::Conflict, "Odoo does not let the gateway's account approve this one."),
    ("cannot refuse", ErrorKind::Conflict, "Odoo does not let the gateway's account refuse this one."),
    (
        "a mandatory field is not set",
        ErrorKind::Conflict,
        "Odoo lacks something that it wants for this; complete it there, or ask its operator.",
    ),
    (
        "does not exist or has been deleted",
        ErrorKind::NotFound,
        "There is no such thing in Odoo; it may have been deleted.",
    ),
    ("Missing record", ErrorKind::NotFound, "There is no such thing in Odoo; it may have been deleted."),
    (
        "No matching record found",
        ErrorKind::InvalidInput,
        "Something that is named here does not exist in Odoo.",
    ),
    (
        "Unknown database identifier",
        ErrorKind::InvalidInput,
        "Something that is named here does not exist in Odoo.",
    ),
    (" doesn't exist", ErrorKind::InvalidResponse, RENAMED),
    ("nvalid field", ErrorKind::InvalidResponse, RENAMED),
];

const NO_BALANCE: &str = "There is not enough of this kind of absence left, pending requests counted.";
const RENAMED: &str = "Odoo lacks a model or a field that the gateway uses; `portico check` names it. A module may be missing or changed.";

/// The failure behind a fault. Nothing was changed, except where [`is_committed`] says so: ask that first.
pub(crate) fn of(fault: &Fault, effect: Effect) -> Error {
    let (kind, detail) = match class(fault) {
        Class::Denied => (
            ErrorKind::CredentialsRefused,
            "Odoo refuses the gateway's login and password; its operator has to renew them.",
        ),
        Class::Access => (
            ErrorKind::BackendForbidden,
            "Odoo does not let the gateway's account do this; its operator has to grant the rights in the fact sheet.",
        ),
        Class::Business => business(fault.message()),
        Class::Exception if is_busy(fault) => {
            (ErrorKind::BackendStatus, "Odoo was busy with the same records; try again in a moment.")
        }
        Class::Exception => match fault.last_line() {
            line if line.contains("nvalid field") => (ErrorKind::InvalidResponse, RENAMED),
            _ => (ErrorKind::BackendStatus, "Odoo reports a failure of its own; try again later."),
        },
    };
    let mut error = Error::new(kind, detail).with_native(fault.native()).with_outcome(Outcome::Failed);
    if is_busy(fault) {
        error = error.with_retry(Retry::Soon);
    }
    if effect == Effect::Write && is_committed(fault) {
        error = error.with_outcome(Outcome::Unknown);
    }
    error
}

/// What a message of `load` means: it rolls back and says why in a list. `row` is the line that it is about.
pub(crate) fn of_message(message: &str) -> Error {
    let (kind, detail) = business(message);
    let fault = Fault::new(2, None, message.to_owned());
    Error::new(kind, detail).with_native(fault.native()).with_outcome(Outcome::Failed)
}

fn business(message: &str) -> (ErrorKind, &'static str) {
    let known = BUSINESS.iter().find(|(part, ..)| message.contains(part));
    known.map_or(
        (
            ErrorKind::Conflict,
            "Odoo refuses this by a rule of its own; look at it there, or ask its operator.",
        ),
        |(_, kind, detail)| (*kind, *detail),
    )
}

fn is_busy(fault: &Fault) -> bool {
    let line = fault.last_line();
    ["could not serialize access", "deadlock detected", "could not obtain lock", "SerializationFailure"]
        .iter()
        .any(|known| line.contains(known))
}

/// An answer that is not 200: Odoo itself never gives one to a call, so something stands before it.
pub(crate) async fn of_status(response: Response, effect: Effect) -> Error {
    let status = response.status;
    let (kind, detail) = match status {
        StatusCode::NOT_FOUND => (
            ErrorKind::InvalidResponse,
            "Nothing answers to remote calls there; check `base_url`, and that Odoo serves this `protocol`.",
        ),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => (
            ErrorKind::BackendForbidden,
            "Something before Odoo refuses the gateway; its operator has to let it through.",
        ),
        StatusCode::TOO_MANY_REQUESTS => {
            (ErrorKind::RateLimited, "Something before Odoo asks for fewer requests; try again later.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            (ErrorKind::ContentTooLarge, "Something before Odoo does not take content of this size.")
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
            (ErrorKind::Timeout, "Odoo took too long; try again in a moment.")
        }
        status if status.is_server_error() => {
            (ErrorKind::BackendStatus, "Odoo, or what stands before it, reports a failure; try again later.")
        }
        _ => (ErrorKind::InvalidResponse, "Something other than Odoo answered; check `base_url`."),
    };
    let wait = response.header(&RETRY_AFTER).and_then(|text| text.trim().parse().ok());
    let lost = effect == Effect::Write && (status.is_server_error() || kind == ErrorKind::Timeout);
    let mut error = Error::new(kind, detail).with_native(response.native().await);
    if let Some(seconds) = wait.filter(|_| matches!(status.as_u16(), 429 | 503)) {
        // Seconds only, and an hour at most.
        error = error.with_retry(Retry::After(Duration::from_secs(u64::min(seconds, 3_600))));
    }
    if lost { error.with_outcome(Outcome::Unknown) } else { error.with_outcome(Outcome::Failed) }
}

/// Something else came where an answer was expected: a login page, a proxy's error page.
pub(crate) async fn not_an_answer(response: Response, expected: &str, effect: Effect) -> Error {
    let found = response.media_type();
    let found = found.as_deref().map_or("no media type", redact::safe_media_type).to_owned();
    let outcome = if effect == Effect::Write { Outcome::Unknown } else { Outcome::Failed };
    Error::new(
        ErrorKind::InvalidResponse,
        format!(
            "Odoo answered with {found} where {expected} was expected; check that `base_url` leads to Odoo and that no \
             proxy or login page answers in its place."
        ),
    )
    .with_native(response.native().await)
    .with_outcome(outcome)
}

pub(crate) fn not_found(what: &'static str) -> Error {
    Error::new(ErrorKind::NotFound, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: i64, message: &str) -> Fault {
        Fault::new(code, None, message.to_owned())
    }

    #[test]
    fn the_table_is_as_the_fact_sheet_says() {
        for (code, message, expected) in [
            (3, "Access Denied", ErrorKind::CredentialsRefused),
            (4, "You are not allowed to access 'Expense' (hr.expense) records.", ErrorKind::BackendForbidden),
            (
                4,
                "Private methods (such as _do_refuse) cannot be called remotely.",
                ErrorKind::BackendForbidden,
            ),
            (2, "('Employee(s) should have a bank account set.', {'type': 'x'})", ErrorKind::Conflict),
            (
                2,
                "An employee already booked time off which overlaps with this period:\nX",
                ErrorKind::Conflict,
            ),
            (2, "Time off request must be confirmed in order to approve it.", ErrorKind::Conflict),
            (2, "You cannot delete a time off which is in Refused state", ErrorKind::Conflict),
            (2, "You cannot delete a posted or approved expense.", ErrorKind::Conflict),
            (2, "Object no.such doesn't exist", ErrorKind::InvalidResponse),
            (
                2,
                "Record does not exist or has been deleted.\n(Record: hr.leave(1,), User: 2)",
                ErrorKind::NotFound,
            ),
            (2, "Some rule of theirs", ErrorKind::Conflict),
            (
                1,
                "Traceback\nValueError: Invalid field hr.expense.nosuch in leaf ('nosuch', '=', 1)",
                ErrorKind::InvalidResponse,
            ),
            (
                1,
                "Traceback\npsycopg2.errors.SerializationFailure: could not serialize access",
                ErrorKind::BackendStatus,
            ),
            (1, "Traceback\nKeyError: 'x'", ErrorKind::BackendStatus),
        ] {
            let error = of(&fault(code, message), Effect::Write);
            assert_eq!(error.kind(), expected, "{message}");
            assert_eq!(error.outcome(), Outcome::Failed, "{message}");
        }
        for (class, expected) in [
            ("odoo.exceptions.AccessDenied", ErrorKind::CredentialsRefused),
            ("odoo.exceptions.AccessError", ErrorKind::BackendForbidden),
            ("odoo.exceptions.ValidationError", ErrorKind::Conflict),
            ("builtins.KeyError", ErrorKind::BackendStatus),
        ] {
            let named = Fault::new(200, Some(class.to_owned()), "anything".to_owned());
            assert_eq!(of(&named, Effect::Read).kind(), expected, "{class}");
        }
    }

    #[test]
    fn a_fault_in_writing_the_answer_came_after_the_commit() {
        let marshal = "Traceback (most recent call last):\n  File x\n    return dumps((result,))\nTypeError: cannot marshal None unless allow_none is enabled\n";
        assert!(is_committed(&fault(1, marshal)));
        assert!(is_committed(&fault(
            1,
            "Traceback\n    return dumps((result,))\nOverflowError: int exceeds XML-RPC limits"
        )));
        assert_eq!(of(&fault(1, marshal), Effect::Write).outcome(), Outcome::Unknown);
        for other in ["Traceback\nKeyError: 'cannot marshal None'", "Traceback\nTypeError: x"] {
            assert!(!is_committed(&fault(1, other)), "{other}");
        }
        assert!(!is_committed(&fault(2, "TypeError: cannot marshal None unless allow_none is enabled")));
    }
}
