//! `portico backup` and `portico restore`.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use portico_contract::AdapterKind;
use portico_settings::{Settings, StorePlace};
use portico_store::Actor;

use super::records::{to_write, with_store};
use crate::cli::{Backup, Restore};
use crate::command::load;
use crate::say::say;
use crate::serve;

/// Copies the store into a new file.
pub fn backup(command: &Backup, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    with_store(&command.config.files, kinds, async |_, store| {
        store.backup(&command.file).await.context("the backup was not made")?;
        say(format_args!(
            "Made {}. Keep it with the id key: neither is of use without the other.",
            command.file.display()
        ));
        Ok(ExitCode::SUCCESS)
    })
}

/// Puts a backup in the store's place, opens a restored store for writes, or both.
pub fn restore(command: &Restore, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    let settings = load(&command.config.files, None, kinds)?;
    let StorePlace::Sqlite(path) = &settings.store.place else {
        if command.file.is_some() {
            bail!(
                "the store is a PostgreSQL database: restore it with `pg_restore`, then `portico restore --accept-gap`"
            );
        }
        return accept_gap(command, &settings);
    };
    if let Some(file) = &command.file {
        portico_store::restore(file, path).context("the backup was not restored")?;
        say(format_args!("Restored {} to {}.", file.display(), path.display()));
    }
    if command.accept_gap {
        return accept_gap(command, &settings);
    }
    say("The gateway starts with it and takes no writes yet: what happened after the backup is not in it.");
    say(
        "  1. Compare the systems behind with `portico intents list --state confirmed` from the time of the backup on.",
    );
    say("  2. portico restore --accept-gap");
    Ok(ExitCode::SUCCESS)
}

fn accept_gap(command: &Restore, settings: &Settings) -> Result<ExitCode> {
    serve::runtime(std::num::NonZeroUsize::MIN)?.block_on(async {
        let Some(store) = to_write(settings).await? else {
            bail!("a gateway has the store open: stop it first, so that it starts with a store that takes writes");
        };
        if !store.is_closed() {
            say("The store takes writes already.");
            return Ok(ExitCode::SUCCESS);
        }
        let by = Actor { subject: command.by.clone(), person: None, on_behalf_of: None };
        store.accept_gap(by).await?;
        store.close().await;
        say("The store takes writes again. That you said so is in the audit trail.");
        Ok(ExitCode::SUCCESS)
    })
}
