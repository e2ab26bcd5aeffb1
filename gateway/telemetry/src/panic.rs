//! A panic costs one request and leaves one log line.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::PanicHookInfo;
use std::sync::Once;
use std::time::Duration;

use crate::limit::RateLimiter;

static INSTALLED: Once = Once::new();

thread_local! {
    static LOGGING: Cell<bool> = const { Cell::new(false) };
}

/// Replaces the hook that writes panics to standard error: a panic becomes a log line, at most one a second per place.
///
/// The message is logged only if it is a literal of the program: a formatted one may hold whatever was being worked on.
pub(crate) fn install(foreign_text: bool) {
    INSTALLED.call_once(|| {
        let limiter = RateLimiter::new(Duration::from_secs(1));
        std::panic::set_hook(Box::new(move |panic| {
            // A panic inside the log itself must not come back here.
            if LOGGING.replace(true) {
                return;
            }
            let place = panic.location().map(|at| (at.file().to_owned(), at.line()));
            if let Some(suppressed) = limiter.admit(place) {
                log(panic, foreign_text, suppressed);
            }
            LOGGING.set(false);
        }));
    });
}

fn log(panic: &PanicHookInfo<'_>, foreign_text: bool, suppressed: u64) {
    let thread = std::thread::current();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(
        error = message(panic.payload(), foreign_text),
        code.file.path = panic.location().map(std::panic::Location::file),
        code.line.number = panic.location().map(std::panic::Location::line),
        thread.name = thread.name(),
        backtrace,
        suppressed,
        "panic: a defect of the gateway; please report this line"
    );
}

fn message(payload: &(dyn Any + Send), foreign_text: bool) -> &str {
    match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
        (Some(literal), _) => literal,
        (None, Some(formatted)) if foreign_text => formatted,
        _ => "(the message may hold data and is not logged)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_literal_message_is_logged() {
        let caught = |panicking: fn()| std::panic::catch_unwind(panicking).unwrap_err();
        let literal = caught(|| panic!("the queue is empty"));
        assert_eq!(message(&*literal, false), "the queue is empty");
        let formatted = || caught(|| panic!("{} has no manager", std::hint::black_box("QQ123456C")));
        assert!(!message(&*formatted(), false).contains("QQ123456C"));
        assert!(message(&*formatted(), true).contains("QQ123456C"));
    }
}
