//! `portico people links`: how the people of other systems are linked to the directory of record.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use portico_compose::Systems;
use portico_compose::people::{AmbiguousLink, Indexes, LinksReport, SharedLink};
use portico_contract::people::PersonKey;
use portico_contract::{AdapterKind, CallContext, NativeId, SystemKey};
use portico_resilience::{CallFacts, Observer, stack};
use portico_settings::Settings;

use crate::cli::PeopleLinks;
use crate::command::load;
use crate::people::Directory;
use crate::say::say;
use crate::{assemble, keys, serve};

/// How long reading one directory may take.
const DEADLINE: Duration = Duration::from_secs(600);

/// Reads every directory, links their people by the rules of the configuration, and prints what an operator has to look at.
/// The exit code is 1 while somebody is ambiguous.
pub fn links(command: &PeopleLinks, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    let settings = load(&command.config.files, None, kinds)?;
    let Some(record) = settings.people.directory.clone() else {
        bail!("no configured system has people, so there is nothing to link");
    };
    let runtime = serve::runtime(std::num::NonZeroUsize::MIN)?;
    let directory = runtime.block_on(read(&settings))?;
    let reports = directory.links.links_report();
    if reports.is_empty() {
        say(format_args!("`{record}` is the only directory: there is nobody to link."));
        return Ok(ExitCode::SUCCESS);
    }
    for report in &reports {
        print(report, &record, &directory.indexes, command.unlinked);
    }
    let ambiguous = reports.iter().any(|report| report.ambiguous > 0);
    Ok(if ambiguous { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Everybody in every directory, linked.
async fn read(settings: &Settings) -> Result<Directory> {
    let systems = settings.systems.iter().map(|configured| {
        let (service, health) = stack(configured.adapter.clone(), &configured.limits, Arc::new(Unobserved));
        assemble::system(configured, service, health)
    });
    let systems = Arc::new(Systems::new(systems.collect()));
    let seals = Arc::new(keys::passing());
    let directory = Directory::new(settings, &systems, &seals, None);
    for index in directory.indexes.state() {
        let context = CallContext::internal("portico people links", DEADLINE);
        let read = directory.indexes.refresh(&index.system, context).await;
        read.with_context(|| format!("the directory `{}` cannot be read", index.system))?;
    }
    directory.links.rebuild().await;
    Ok(directory)
}

/// Nobody watches a command.
struct Unobserved;

impl Observer for Unobserved {
    fn finished(&self, _: &CallFacts) {}
}

fn print(report: &LinksReport, record: &SystemKey, indexes: &Indexes, unlinked: bool) {
    let system = &report.system;
    say(format_args!("{system} to {record}"));
    say(format_args!("  linked     {:>7}", report.linked));
    say(format_args!("  ambiguous  {:>7}", report.ambiguous));
    say(format_args!("  unlinked   {:>7}", report.unlinked));
    let there = |id: &NativeId| indexes.name(system, id).unwrap_or_else(|| "somebody who is gone".to_owned());
    let of_record =
        |id: &NativeId| indexes.name(record, id).unwrap_or_else(|| "somebody who is gone".to_owned());
    let several = |ids: &[NativeId], name: &dyn Fn(&NativeId) -> String| {
        ids.iter().map(name).collect::<Vec<_>>().join("; or ")
    };
    for AmbiguousLink { native, candidates, rule } in &report.ambiguous_links {
        let candidates = several(candidates, &of_record);
        say(format_args!("  ambiguous by {}: {} may be {candidates}", word(*rule), there(native)));
    }
    for SharedLink { record, natives } in &report.shared_links {
        let natives = natives.iter().map(there).collect::<Vec<_>>().join("; and ");
        say(format_args!("  shared: {natives} are all linked to {}", of_record(record)));
    }
    if unlinked {
        for native in &report.unlinked_people {
            say(format_args!("  unlinked: {}", there(native)));
        }
    }
    if report.ambiguous > 0 {
        say("  Correct the key that they share in one of the systems, or put a sharper rule first; see");
        say("  `people.links` in the configuration. Until then they are not linked to anybody.");
    }
}

/// As the configuration writes it.
const fn word(key: PersonKey) -> &'static str {
    match key {
        PersonKey::UserName => "userName",
        PersonKey::EmployeeNumber => "employeeNumber",
        PersonKey::Email => "email",
    }
}
