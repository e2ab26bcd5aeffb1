//! `portico token`: key pairs and tokens, for trying things and for scripts.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use portico_contract::AdapterKind;
use portico_edge::auth::KeyPair;
use secrecy::ExposeSecret;

use crate::cli::Token;
use crate::command::load;
use crate::say::say;
use crate::tokens::{self, Person};

/// Makes what was asked for.
pub fn run(command: &Token, kinds: &[&AdapterKind]) -> Result<ExitCode> {
    if let Some(folder) = &command.new_key {
        new_key(folder)?;
        say(format_args!("Wrote {0}/private.pem and {0}/public.pem (ES256).", folder.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let settings = load(&command.files, None, kinds)?;
    let key = command.key.as_deref().context("name the private key with --key")?;
    let person = Person {
        subject: command.subject.clone().unwrap_or_default(),
        name: command.name.clone(),
        roles: command.roles.iter().cloned().collect(),
        units: command.units.iter().cloned().collect(),
        ..Person::default()
    };
    let valid = Duration::from_secs(command.minutes * 60);
    say(tokens::mint(&settings.auth, command.key_id.as_deref(), key, &person, valid)?);
    Ok(ExitCode::SUCCESS)
}

/// Makes a key pair; files that are there are not replaced.
pub fn new_key(folder: &Path) -> Result<()> {
    let pair = KeyPair::generate()?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    write_new(&folder.join("private.pem"), 0o600, pair.private_pem.expose_secret())?;
    write_new(&folder.join("public.pem"), 0o644, &pair.public_pem)
}

fn write_new(path: &Path, mode: u32, text: &str) -> Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file =
        opened.with_context(|| format!("cannot make {} (it is never replaced)", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
