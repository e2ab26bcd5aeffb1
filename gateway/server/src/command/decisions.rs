//! `portico decisions export`: the record that stands for signatures.

use std::process::ExitCode;

use anyhow::Result;
use portico_contract::AdapterKind;
use portico_store::{DecisionQuery, DecisionRecord};
use serde_json::{Value, json};

use super::export::Printer;
use super::records::with_store;
use crate::cli::DecisionsExport;

const PAGE: u32 = 500;

const COLUMNS: &[&str] = &[
    "seq",
    "decidedAt",
    "decision",
    "outcome",
    "settledAt",
    "subject",
    "person",
    "onBehalfOf",
    "system",
    "action",
    "resourceType",
    "nativeId",
    "shownAs",
    "version",
    "declaration",
    "comment",
    "operation",
];

/// Prints them all, oldest first.
pub fn export(command: &DecisionsExport, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    with_store(&command.config.files, kinds, async |_, store| {
        let printer = Printer::new(command.export.format, COLUMNS);
        let mut query = DecisionQuery {
            system: command.export.system.clone(),
            subject: command.export.subject.clone(),
            from: command.export.from,
            until: command.export.until,
            limit: PAGE,
            ..DecisionQuery::default()
        };
        loop {
            let page = store.decision_records(&query).await?;
            query.after = page.items.last().map_or(query.after, |record| record.seq);
            page.items.into_iter().for_each(|record| printer.row(row(record)));
            if !page.more {
                return Ok(ExitCode::SUCCESS);
            }
        }
    })
}

fn row(record: DecisionRecord) -> Vec<Value> {
    let DecisionRecord { seq, intent, at, actor, target, decision, outcome, settled } = record;
    vec![
        json!(seq),
        json!(at),
        json!(decision.decision),
        json!(outcome),
        json!(settled),
        json!(actor.subject),
        json!(actor.person),
        json!(actor.on_behalf_of),
        json!(target.system),
        json!(target.action),
        json!(target.resource_type),
        json!(target.native_id),
        json!(decision.shown_as),
        json!(decision.version),
        json!(decision.declaration),
        json!(decision.comment),
        json!(intent.to_string()),
    ]
}
