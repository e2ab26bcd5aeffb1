//! The checks of the people domain.

mod checks;
#[cfg(test)]
mod memory;
mod reference;
pub(crate) mod target;
mod world;

use std::sync::Arc;

use portico_contract::Upstream;

use self::checks::Check;
use self::target::PeopleTarget;
use self::world::World;
use crate::{CHECK_TIMEOUT, Finding, Report, Verdict};

/// Runs every check of the people domain, one after the other.
pub async fn people(upstream: Upstream, target: PeopleTarget) -> Report {
    let target = Arc::new(target);
    let mut report = Report::default();
    for check in checks::all() {
        let verdict = match missing(&upstream, &check).await {
            Some(verdict) => verdict,
            None if check.changes && target.native.is_none() => Verdict::NotOffered,
            None => run(&upstream, &target, &check).await,
        };
        report.findings.push(Finding { check: check.name, verdict });
    }
    report
}

/// The verdict where the adapter does not claim what the check needs.
async fn missing(upstream: &Upstream, check: &Check) -> Option<Verdict> {
    let claimed = |id: &&&str| !upstream.profile.operations.contains_key(**id);
    let mut verdict = None;
    for id in check.needs.iter().filter(claimed) {
        verdict = Some(verdict.unwrap_or(Verdict::NotClaimed));
        if let Err(why) = checks::claims::refuses(upstream, id).await {
            verdict = Some(Verdict::Failed(why));
        }
    }
    verdict
}

async fn run(upstream: &Upstream, target: &Arc<PeopleTarget>, check: &Check) -> Verdict {
    let world = World::new(upstream.clone(), Arc::clone(target));
    let outcome = tokio::time::timeout(CHECK_TIMEOUT, (check.run)(&world)).await;
    // What a check left behind would only confuse the next one.
    let left = tokio::time::timeout(CHECK_TIMEOUT, world.leave()).await;
    match (outcome, left) {
        (Ok(Ok(())), Ok(())) => Verdict::Passed,
        (Ok(Err(why)), _) => Verdict::Failed(why),
        _ => Verdict::Failed(format!("it was not over after {CHECK_TIMEOUT:?}")),
    }
}
