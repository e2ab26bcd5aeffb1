//! One file per command.

mod audit;
mod backup;
mod check;
mod decisions;
mod demo;
mod export;
mod intents;
mod people;
mod records;
mod token;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use portico_contract::AdapterKind;
use portico_settings::{Settings, Sources};

use crate::cli::{AuditCommand, Command, DecisionsCommand, Listen, PeopleCommand, Serve, Validate};
use crate::reload::Origin;
use crate::say::say;
use crate::serve::{self, Ready};

/// Runs one command. The exit code is 0 when it did what was asked, 1 when it found a fault, 2 for a wrong command line.
///
/// # Errors
/// Whatever keeps the command from doing its work, as a sentence for the person at the terminal.
pub fn run(command: Command, kinds: &[&'static AdapterKind]) -> Result<ExitCode> {
    match command {
        Command::Demo(demo) => demo::run(demo, kinds),
        Command::Serve(serve) => run_gateway(serve, kinds),
        Command::Validate(validate) => Ok(check_settings(&validate, kinds)),
        Command::Check(check) => check::run(&check, kinds),
        Command::People(PeopleCommand::Links(links)) => people::links(&links, kinds),
        Command::Intents(intents) => intents::run(&intents, kinds),
        Command::Decisions(DecisionsCommand::Export(export)) => decisions::export(&export, kinds),
        Command::Audit(AuditCommand::Verify(verify)) => audit::verify(&verify, kinds),
        Command::Audit(AuditCommand::Export(export)) => audit::export(&export, kinds),
        Command::Backup(backup) => backup::backup(&backup, kinds),
        Command::Restore(restore) => backup::restore(&restore, kinds),
        Command::Token(token) => token::run(&token, kinds),
        Command::Trace(trace) => trace::run(&trace, kinds),
        Command::Openapi => {
            say(portico_api::openapi_document().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::ConfigSchema => {
            say(serde_json::to_string_pretty(&portico_settings::json_schema(kinds))?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Reads the files, the environment, and what the command line overrides.
///
/// # Errors
/// Every fault in the configuration at once.
pub fn load(files: &[PathBuf], listen: Option<&Listen>, kinds: &[&AdapterKind]) -> Result<Settings> {
    Ok(portico_settings::load(&sources(files, listen), kinds)?)
}

fn sources(files: &[PathBuf], listen: Option<&Listen>) -> Sources {
    let sources = files.iter().fold(Sources::new(), |sources, file| sources.file(file));
    override_listen(sources.environment(std::env::vars_os()), listen)
}

/// The command line wins over files and environment.
fn override_listen(sources: Sources, listen: Option<&Listen>) -> Sources {
    let Some(listen) = listen else { return sources };
    let api = listen.listen.map(|address| ("PORTICO_LISTEN__API", address.to_string()));
    let ops = listen.ops_listen.map(|address| ("PORTICO_LISTEN__OPS", address.to_string()));
    sources.environment(api.into_iter().chain(ops))
}

fn run_gateway(command: Serve, kinds: &[&'static AdapterKind]) -> Result<ExitCode> {
    let origin =
        Origin { sources: sources(&command.config.files, Some(&command.listen)), kinds: kinds.to_vec() };
    let settings = portico_settings::load(&origin.sources, kinds)?;
    let runtime = serve::runtime(settings.runtime.workers)?;
    let ready = Ready { file: command.listen.ready_file, ..Ready::default() };
    runtime.block_on(serve::serve(settings, origin, ready))?;
    Ok(ExitCode::SUCCESS)
}

fn check_settings(command: &Validate, kinds: &[&AdapterKind]) -> ExitCode {
    match load(&command.config.files, None, kinds) {
        Ok(settings) => {
            if command.show {
                say(settings.redacted_toml().trim_end());
            } else {
                say(format_args!(
                    "The configuration is valid: {} system(s), hash {}.",
                    settings.systems.len(),
                    settings.hash()
                ));
            }
            ExitCode::SUCCESS
        }
        Err(faults) => {
            eprintln!("{faults}");
            ExitCode::FAILURE
        }
    }
}
