//! The shared behaviour suite: what every adapter of a domain must do, in named checks that follow its capabilities.
//!
//! ```no_run
//! # async fn run(upstream: portico_contract::Upstream) {
//! use portico_contract_suite::{SuiteTarget, documents};
//!
//! let report = documents(upstream, SuiteTarget::default()).await;
//! report.assert_passed();
//! # }
//! ```
//!
//! [`people`] is the suite of directories: it has to be told whom the directory holds ([`PeopleTarget`]), since nobody is
//! added through the adapter. [`expenses`], [`absences`] and [`tasks`] are those of claims, leave and approvals: they make what
//! they need for an employee whom they are told ([`WorkTarget`]), clear it away, and write nothing where that is asked.
//!
//! A check whose operations the adapter does not claim asserts instead that each of those answers
//! [`portico_contract::ErrorKind::Unsupported`]. Every check of the documents works in a folder of its own, which
//! it deletes at its end, so that the suite can run against a store that holds other things.

#![warn(missing_docs)]

mod checks;
#[cfg(test)]
mod memory;
mod people;
#[cfg(test)]
mod planted;
mod reference;
mod report;
mod target;
mod work;
mod world;

use std::time::Duration;

use portico_contract::Upstream;

pub use people::people;
pub use people::target::{KnownPerson, KnownPhoto, NativeDirectory, PeopleTarget};
pub use report::{Finding, Report, Verdict};
pub use target::{Hooked, NativeLocks, SuiteTarget};
pub use work::target::{LosesAnswers, LostWrite, NativeWork, WorkTarget};
pub use work::{absences, expenses, tasks};

use world::World;

/// A check that takes longer has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs every check of the documents domain, one after the other.
pub async fn documents(upstream: Upstream, target: SuiteTarget) -> Report {
    let mut report = Report::default();
    for (number, check) in checks::all().into_iter().enumerate() {
        let missing: Vec<_> =
            check.needs.iter().filter(|id| !upstream.profile.operations.contains_key(*id)).collect();
        let verdict = if !missing.is_empty() {
            let mut verdict = Verdict::NotClaimed;
            for id in missing {
                if let Err(why) = checks::claims::refuses(&upstream, id).await {
                    verdict = Verdict::Failed(why);
                }
            }
            verdict
        } else if check.locks && target.locks.is_none() {
            Verdict::NotOffered
        } else {
            run(&upstream, &target, number, &check).await
        };
        report.findings.push(Finding { check: check.name, verdict });
    }
    report
}

async fn run(upstream: &Upstream, target: &SuiteTarget, number: usize, check: &checks::Check) -> Verdict {
    let attempt = async {
        let world = World::enter(upstream.clone(), target.clone(), number, check.needs).await?;
        let outcome = (check.run)(&world).await;
        // What a failed check left behind would only confuse the next one.
        let left = world.leave().await;
        outcome.and(left)
    };
    match tokio::time::timeout(CHECK_TIMEOUT, attempt).await {
        Ok(Ok(())) => Verdict::Passed,
        Ok(Err(why)) => Verdict::Failed(why),
        Err(_) => Verdict::Failed(format!("it was not over after {CHECK_TIMEOUT:?}")),
    }
}
