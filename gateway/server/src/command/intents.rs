//! `portico intents`: writes on record, and what only a person can settle.

mod remote;

use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use portico_compose::writes::{Finding, settle_by_hand};
use portico_contract::{AdapterKind, NativeId};
use portico_settings::Settings;
use portico_store::{Intent, IntentQuery, IntentState, SettledBy, Store};

use super::records::{to_write, with_store};
use crate::cli::{IntentsCommand, IntentsList, IntentsSettle, IntentsShow};
use crate::command::load;
use crate::say::say;
use crate::{keys, serve};

/// Lists, shows or settles.
pub fn run(command: &IntentsCommand, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    match command {
        IntentsCommand::List(list) => with_store(&list.config.files, kinds, async |_, store| {
            print_all(list, &store).await.map(|()| ExitCode::SUCCESS)
        }),
        IntentsCommand::Show(show) => with_store(&show.config.files, kinds, async |_, store| {
            print_one(show, &store).await.map(|()| ExitCode::SUCCESS)
        }),
        IntentsCommand::Settle(settle) => {
            let settings = load(&settle.config.files, None, kinds)?;
            let settled =
                serve::runtime(std::num::NonZeroUsize::MIN)?.block_on(settle_one(settle, &settings))?;
            say(settled);
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn print_all(command: &IntentsList, store: &Store) -> Result<()> {
    let open = [IntentState::Unknown, IntentState::Sent, IntentState::Accepted];
    let states = command.state.map_or(open.to_vec(), |state| vec![state]);
    let mut found = 0;
    for state in states {
        let query = IntentQuery {
            state: Some(state),
            system: command.system.clone(),
            limit: command.limit,
            ..IntentQuery::default()
        };
        let page = store.intents(&query).await?;
        if found == 0 && !page.items.is_empty() {
            say(format_args!("{:<36}  {:<9}  {:<20}  {:<5}  {}", "ID", "STATE", "SINCE", "LOOKS", "WHAT"));
        }
        found += page.items.len();
        for intent in &page.items {
            let since = intent.created.strftime("%Y-%m-%dT%H:%M:%SZ");
            let what = format!("{} on {}", intent.target.action, intent.target.system);
            let state = intent.state.as_str();
            say(format_args!("{}  {state:<9}  {since:<20}  {:<5}  {what}", intent.id, intent.looks));
        }
        if page.more {
            say(format_args!("… and more that are {state}; see --limit"));
        }
    }
    if found == 0 {
        match command.state {
            Some(state) => say(format_args!("No write is {state}.")),
            None => say("Every write is settled."),
        }
    }
    Ok(())
}

async fn print_one(command: &IntentsShow, store: &Store) -> Result<()> {
    let intent = store.intent(command.id).await?;
    let intent = intent.ok_or_else(|| anyhow!("no write {} is on record", command.id))?;
    let lines = [
        ("operation", Some(intent.id.to_string())),
        ("marker", Some(intent.id.marker())),
        ("state", Some(intent.state.to_string())),
        ("what", Some(format!("{} on {}", intent.target.action, intent.target.system))),
        ("thing", intent.target.native_id.clone()),
        ("result", intent.result.clone()),
        ("asked by", Some(intent.actor.subject.clone())),
        ("person", intent.actor.person.clone()),
        ("for", intent.actor.on_behalf_of.clone()),
        ("route", Some(intent.key.route.clone())),
        ("asked at", Some(intent.created.to_string())),
        ("changed at", Some(intent.updated.to_string())),
        ("looked", Some(format!("{} times", intent.looks))),
        ("expected", (!intent.expected.is_null()).then(|| intent.expected.to_string())),
        ("problem", problem(&intent)),
        ("settled by", intent.settled.as_ref().map(|settled| settled.by.clone())),
        ("because", intent.settled.as_ref().and_then(|settled| settled.because.clone())),
        ("trace", intent.trace.trace_id.clone()),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            say(format_args!("{name:<11} {value}"));
        }
    }
    if intent.state == IntentState::Unknown {
        say(
            "\nThe gateway looks for it by itself where the system lets it. Where only a person can tell: look in the system",
        );
        say("behind for the marker, or for the thing as it should be, then");
        say(format_args!(
            "  portico intents settle {} --confirmed | --refused --because \"how you know\"",
            intent.id
        ));
    }
    Ok(())
}

fn problem(intent: &Intent) -> Option<String> {
    let problem = intent.problem.as_ref()?;
    let word = |key: &str| problem.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    Some(format!("{}: {}", word("code"), word("detail")))
}

/// Says what became of it.
async fn settle_one(command: &IntentsSettle, settings: &Settings) -> Result<String> {
    let finding = match (command.confirmed, &command.result) {
        (true, Some(id)) => match NativeId::new(id) {
            Some(id) => Finding::Happened(Some(id)),
            None => bail!("no system has ids of that length"),
        },
        (true, None) => Finding::Happened(None),
        (false, _) => Finding::DidNotHappen,
    };
    let Some(store) = to_write(settings).await? else {
        return remote::settle(command, settings, &finding).await;
    };
    let seals = keys::seals(settings)?;
    let by = SettledBy::person(&command.by, &command.because);
    // With a file this process is the only one. With a database a gateway may be at work.
    let alone = store.status().engine == "sqlite";
    let settled = settle_by_hand(&store, &seals, command.id, finding, by, alone).await;
    let intent = settled.map_err(|error| anyhow!("{error}"))?;
    store.close().await;
    Ok(format!("{} is {}.", intent.id, intent.state))
}
