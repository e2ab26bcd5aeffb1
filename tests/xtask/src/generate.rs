//! Files that are generated from the code and committed: `cargo xtask gen` writes them, `--check` refuses drift.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::parts;

/// Each file and the command of the gateway that prints it.
const GENERATED: [(&str, &[&str]); 2] = [
    ("schemas/openapi/portico.json", &["openapi"]),
    ("schemas/config/portico.schema.json", &["config-schema"]),
];

/// Builds the gateway, then writes or checks.
pub fn run(check_only: bool) -> anyhow::Result<()> {
    let binary = parts::build_portico("dev")?;
    if check_only {
        return check(&binary);
    }
    for (file, arguments) in GENERATED {
        let path = portico_servers::checkout().join(file);
        let text = generate(&binary, arguments)?;
        if fs::read(&path).is_ok_and(|known| known == text) {
            println!("{file} is current");
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text)?;
        println!("{file} written");
    }
    Ok(())
}

/// An error that names every file that differs from what the code says.
pub fn check(binary: &Path) -> anyhow::Result<()> {
    let mut stale = Vec::new();
    for (file, arguments) in GENERATED {
        let known = fs::read(portico_servers::checkout().join(file)).unwrap_or_default();
        if known != generate(binary, arguments)? {
            stale.push(file);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!("not what the code says: {}; run `cargo xtask gen` and look at the difference", stale.join(", "))
}

fn generate(binary: &Path, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    let text = parts::output(Command::new(binary).args(arguments))?;
    anyhow::ensure!(!text.is_empty(), "`portico {}` printed nothing", arguments.join(" "));
    Ok(text)
}
