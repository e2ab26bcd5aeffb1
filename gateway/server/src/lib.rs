//! The composition root: settings in, a running gateway out.
//!
//! It is a library too: a site with adapters of its own has a `main` that calls [`run`] with a longer list.
#![warn(missing_docs)]

mod assemble;
mod certificates;
mod cli;
mod command;
mod keys;
mod live;
mod observe;
mod ops;
mod people;
mod reload;
mod say;
mod serve;
mod store;
mod tokens;

use std::process::ExitCode;

use clap::Parser;
use portico_contract::AdapterKind;

/// Runs the command line with these adapters. Returns when the command is done or the gateway has stopped.
pub fn run(kinds: &[&'static AdapterKind]) -> ExitCode {
    let cli = cli::Cli::parse();
    match command::run(cli.command, kinds) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("portico: {error:#}");
            ExitCode::FAILURE
        }
    }
}
