//! `portico check`: tries every system before anybody depends on it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use portico_contract::systems::CheckSystem;
use portico_contract::{AdapterKind, CallContext, CallService, Error, Upstream};
use portico_settings::System;

use crate::cli::Check;
use crate::command::load;
use crate::say::say;
use crate::serve;

/// How long one system may take.
const DEADLINE: Duration = Duration::from_secs(15);

/// Tries the systems one after the other and prints what was found.
pub fn run(command: &Check, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    let settings = load(&command.config.files, None, kinds)?;
    let wanted = |system: &&System| command.system.as_deref().is_none_or(|key| system.key.as_str() == key);
    let systems: Vec<&System> = settings.systems.iter().filter(wanted).collect();
    if systems.is_empty() {
        bail!("no system has the key `{}`", command.system.as_deref().unwrap_or_default());
    }
    let runtime = serve::runtime(std::num::NonZeroUsize::MIN)?;
    let mut failed = 0;
    for system in &systems {
        failed += usize::from(!runtime.block_on(check(system)));
    }
    match failed {
        0 => say(format_args!("\nAll {} system(s) answered.", systems.len())),
        failed => say(format_args!("\n{failed} of {} system(s) cannot be used.", systems.len())),
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One attempt, without the stack: a check must say what happens the first time.
async fn check(system: &System) -> bool {
    say(format_args!("{} ({}, {})", system.key, system.title, system.adapter.profile().adapter));
    let service = CallService::new(system.adapter.clone());
    let upstream = Upstream::new(system.key.clone(), system.adapter.profile().clone(), service);
    let context = CallContext::internal("portico check", DEADLINE);
    let answer = tokio::time::timeout(DEADLINE, upstream.call(context, CheckSystem)).await;
    match answer {
        Ok(Ok(report)) => {
            say(format_args!(
                "  ok       {}",
                report.version.as_deref().unwrap_or("answers, and does not say its version")
            ));
            report.passed.iter().for_each(|line| say(format_args!("  ok       {line}")));
            report.warnings.iter().for_each(|line| say(format_args!("  warning  {line}")));
            if let Some(days) = system.adapter.peer_certificate().days_left(jiff::Timestamp::now()) {
                let word = if days <= 30 { "warning" } else { "ok     " };
                say(format_args!("  {word}  its certificate is good for another {days} day(s)"));
            }
            true
        }
        Ok(Err(error)) => {
            print_failure(system, &error);
            false
        }
        Err(_) => {
            say(format_args!("  FAILED   no answer within {} seconds", DEADLINE.as_secs()));
            say(format_args!("           ask {} ({})", system.owner.team, system.owner.contact));
            false
        }
    }
}

fn print_failure(system: &System, error: &Error) {
    say(format_args!("  FAILED   {error} [{}]", error.kind().code().as_str()));
    let mut cause = std::error::Error::source(error);
    for _ in 0..8 {
        let Some(under) = cause else { break };
        say(format_args!("           because: {under}"));
        cause = under.source();
    }
    say(format_args!("           ask {} ({})", system.owner.team, system.owner.contact));
}
