//! The checks of claims, absence and tasks.

mod checks;
mod lists;
pub(crate) mod target;
mod world;

use std::sync::Arc;

use portico_contract::Upstream;

use self::checks::Check;
use self::target::WorkTarget;
use self::world::World;
use crate::{CHECK_TIMEOUT, Finding, Report, Verdict};

/// Runs every check of expense reports, one after the other.
pub async fn expenses(upstream: Upstream, target: WorkTarget) -> Report {
    all(upstream, target, checks::expenses()).await
}

/// Runs every check of absences, one after the other.
pub async fn absences(upstream: Upstream, target: WorkTarget) -> Report {
    all(upstream, target, checks::absences()).await
}

/// Runs every check of tasks, one after the other. What they decide about is made through the domains of reports and absences.
pub async fn tasks(upstream: Upstream, target: WorkTarget) -> Report {
    all(upstream, target, checks::tasks()).await
}

async fn all(upstream: Upstream, target: WorkTarget, checks: Vec<Check>) -> Report {
    let target = Arc::new(target);
    let mut report = Report::default();
    for check in checks {
        let offered = (check.offered)(&target) && !(check.writes && target.read_only);
        let verdict = match missing(&upstream, &target, &check).await {
            Some(verdict) => verdict,
            None if !offered => Verdict::NotOffered,
            None => run(&upstream, &target, &check).await,
        };
        report.findings.push(Finding { check: check.name, verdict });
    }
    report
}

/// The verdict where the adapter does not claim what the check needs.
async fn missing(upstream: &Upstream, target: &WorkTarget, check: &Check) -> Option<Verdict> {
    let claimed = |id: &&&str| !upstream.profile.operations.contains_key(**id);
    let mut verdict = None;
    for id in check.needs.iter().filter(claimed) {
        verdict = Some(verdict.unwrap_or(Verdict::NotClaimed));
        if target.read_only {
            continue;
        }
        if let Err(why) = checks::claims::refuses(upstream, id).await {
            verdict = Some(Verdict::Failed(why));
        }
    }
    verdict
}

async fn run(upstream: &Upstream, target: &Arc<WorkTarget>, check: &Check) -> Verdict {
    let world = World::new(upstream.clone(), Arc::clone(target));
    let outcome = tokio::time::timeout(CHECK_TIMEOUT, (check.run)(&world)).await;
    // What a check left behind would only confuse the next one.
    let left = tokio::time::timeout(CHECK_TIMEOUT, world.leave()).await;
    match (outcome, left) {
        (Ok(Ok(())), Ok(Ok(()))) => Verdict::Passed,
        (Ok(Err(why)), _) | (Ok(Ok(())), Ok(Err(why))) => Verdict::Failed(why),
        _ => Verdict::Failed(format!("it was not over after {CHECK_TIMEOUT:?}")),
    }
}
