//! `portico trace`: what was kept of failed and slow requests, whether the gateway runs or not.

use std::process::ExitCode;

use anyhow::{Context, Result};
use portico_contract::AdapterKind;
use portico_telemetry::{explain, ring};

use crate::cli::Trace;
use crate::command::load;
use crate::say::say;

/// Requests that are listed.
const RECENT: usize = 20;

/// Prints one trace, or lists the recent ones.
pub fn run(command: &Trace, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    let dir = match &command.dir {
        Some(dir) => dir.clone(),
        None => load(&command.files, None, kinds)?.telemetry.ring.dir,
    };
    let cannot = || format!("cannot read the traces in {}", dir.display());
    let Some(id) = &command.id else {
        let recent = ring::recent(&dir, RECENT).with_context(cannot)?;
        if recent.is_empty() {
            say(format_args!("No failed or slow request is kept in {}.", dir.display()));
        }
        recent.iter().for_each(|trace| say(explain::summary(trace)));
        return Ok(ExitCode::SUCCESS);
    };
    let found = ring::find_all(&dir, id).with_context(cannot)?;
    if found.is_empty() {
        say(format_args!("Nothing is kept of {id}: it went well and was quick, or it was too long ago."));
        return Ok(ExitCode::FAILURE);
    }
    found.iter().for_each(|trace| say(explain::explain(trace)));
    Ok(ExitCode::SUCCESS)
}
