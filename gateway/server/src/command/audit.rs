//! `portico audit`: was the trail tampered with, and what is in it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use portico_contract::AdapterKind;
use portico_settings::{Settings, StorePlace};
use portico_store::{Anchor, AuditEntry, AuditFault, AuditQuery, Verified, read_anchor};
use serde_json::{Value, json};

use super::export::Printer;
use super::records::with_store;
use crate::cli::{AuditExport, AuditVerify};
use crate::say::say;

const PAGE: u32 = 500;

/// Follows the trail. The exit code is 1 when something is wrong with it.
pub fn verify(command: &AuditVerify, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    with_store(&command.config.files, kinds, async |settings, store| {
        // Before the trail, because a gateway that runs goes on writing both.
        let anchor = anchor(&settings, command.anchor.as_deref())?;
        if anchor.is_none() {
            say(
                "No note of the trail's end is kept elsewhere (`store.audit_anchor`): a trail that was cut off would not",
            );
            say("be noticed.");
        }
        Ok(match store.audit_verify(anchor).await? {
            Verified::Intact { first, anchor } => {
                let pruned =
                    if first > 1 { " Older ones were taken out when their time was over." } else { "" };
                say(format_args!(
                    "Intact: entries {first} to {}, head {}.{pruned}",
                    anchor.count, anchor.head
                ));
                ExitCode::SUCCESS
            }
            Verified::Broken { seq, fault } => {
                say(format_args!("BROKEN at entry {seq}: {}.", words(fault)));
                say(
                    "Keep the store and its backups as they are, and tell whoever answers for information security.",
                );
                ExitCode::FAILURE
            }
        })
    })
}

fn words(fault: AuditFault) -> &'static str {
    match fault {
        AuditFault::Altered => "it was changed after it was written, or moved",
        AuditFault::Missing => "it is missing",
        AuditFault::CutOff => "the trail ends before the note of its end does; what came after was taken out",
        AuditFault::Rewritten => "it is not the entry that was noted: the trail was written anew",
    }
}

/// The end that was noted, where the command line or the configuration says.
fn anchor(settings: &Settings, named: Option<&Path>) -> Result<Option<Anchor>> {
    let beside = || match &settings.store.place {
        StorePlace::Sqlite(path) => {
            let mut beside = path.clone().into_os_string();
            beside.push(".audit-anchor");
            Some(PathBuf::from(beside))
        }
        StorePlace::Postgres(_) => None,
    };
    let configured = || settings.store.audit_anchor.clone().or_else(beside);
    let Some(file) = named.map(Path::to_owned).or_else(configured) else { return Ok(None) };
    let read = read_anchor(&file).with_context(|| format!("cannot read {}", file.display()))?;
    anyhow::ensure!(named.is_none() || read.is_some(), "there is no note in {}", file.display());
    Ok(read)
}

const COLUMNS: &[&str] = &[
    "seq",
    "at",
    "kind",
    "subject",
    "person",
    "onBehalfOf",
    "system",
    "action",
    "resourceType",
    "nativeId",
    "operation",
    "traceId",
    "correlationId",
    "detail",
    "digest",
];

/// Prints it, oldest first.
pub fn export(command: &AuditExport, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    with_store(&command.config.files, kinds, async |_, store| {
        let printer = Printer::new(command.export.format, COLUMNS);
        let mut query = AuditQuery {
            kind: command.kind.clone(),
            subject: command.export.subject.clone(),
            system: command.export.system.clone(),
            from: command.export.from,
            until: command.export.until,
            limit: PAGE,
            ..AuditQuery::default()
        };
        loop {
            let page = store.audit_page(&query).await?;
            query.after = page.items.last().map_or(query.after, |entry| entry.seq);
            page.items.into_iter().for_each(|entry| printer.row(row(entry)));
            if !page.more {
                return Ok(ExitCode::SUCCESS);
            }
        }
    })
}

fn row(entry: AuditEntry) -> Vec<Value> {
    let AuditEntry { seq, at, kind, actor, target, intent, trace, detail, digest } = entry;
    let target = target.as_ref();
    vec![
        json!(seq),
        json!(at),
        json!(kind),
        json!(actor.subject),
        json!(actor.person),
        json!(actor.on_behalf_of),
        json!(target.map(|target| &target.system)),
        json!(target.map(|target| &target.action)),
        json!(target.map(|target| &target.resource_type)),
        json!(target.and_then(|target| target.native_id.as_ref())),
        json!(intent.map(|id| id.to_string())),
        json!(trace.trace_id),
        json!(trace.correlation_id),
        detail,
        json!(digest.hex()),
    ]
}
