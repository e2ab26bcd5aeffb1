//! `cargo xtask servers up|down`: products that outlive the command, for trying things by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::install::folder;
use crate::process::{signal, wait_for};
use crate::{NotRun, PASSWORD, Product, Setup, USERNAME, launch};

/// One line of the state file.
#[derive(Serialize, Deserialize)]
struct Entry {
    product: String,
    url: String,
    username: String,
    password: String,
    data: PathBuf,
    log: PathBuf,
    /// The keeper, which leads the process group.
    pid: u32,
    home: PathBuf,
}

/// Starts the products that are not up yet and says where they are. The rest stays up; what cannot start is given
/// back.
pub fn up(products: &[Product]) -> anyhow::Result<Vec<NotRun>> {
    let mut entries: Vec<Entry> = load()?.into_iter().filter(is_up).collect();
    let mut not_run = Vec::new();
    for &product in products {
        if entries.iter().any(|entry| entry.product == product.name()) {
            continue;
        }
        match launch(product, &Setup::default(), true) {
            Ok(running) => {
                let (url, data) = (running.base_url.clone(), running.dir.clone());
                let log = running.log.clone();
                let (username, password) = (USERNAME.to_owned(), PASSWORD.to_owned());
                let (pid, home) = running.leave();
                let product = product.name().to_owned();
                entries.push(Entry { product, url, username, password, data, log, pid, home });
            }
            Err(error) => not_run.push(NotRun { product, why: format!("{error:#}") }),
        }
        // After each, so that nothing that runs is ever unknown.
        save(&entries)?;
    }
    for entry in &entries {
        println!("{:<10} {}  user {}, password {}", entry.product, entry.url, entry.username, entry.password);
        println!("{:<10} files {}, log {}", "", entry.data.display(), entry.log.display());
    }
    Ok(not_run)
}

/// Stops what [`up`] started.
pub fn down() -> anyhow::Result<()> {
    for entry in load()?.iter().filter(|entry| is_up(entry)) {
        signal("TERM", &entry.pid.to_string())?;
        wait_for(Duration::from_secs(10), || (!is_up(entry)).then_some(()))
            .with_context(|| format!("{} (process {}) does not end", entry.product, entry.pid))?;
        println!("{} stopped", entry.product);
        fs::remove_dir_all(&entry.home).with_context(|| format!("cannot remove {}", entry.home.display()))?;
    }
    save(&[])
}

/// Whether the process is still the one we started: ids are used again.
fn is_up(entry: &Entry) -> bool {
    let command =
        fs::read(Path::new("/proc").join(entry.pid.to_string()).join("environ")).unwrap_or_default();
    String::from_utf8_lossy(&command).contains(&*entry.home.to_string_lossy())
}

fn state_file() -> anyhow::Result<PathBuf> {
    Ok(folder()?.join("state.json"))
}

fn load() -> anyhow::Result<Vec<Entry>> {
    let file = state_file()?;
    if !file.exists() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&fs::read(&file)?)
        .with_context(|| format!("{} is damaged: end its processes and remove it", file.display()))
}

fn save(entries: &[Entry]) -> anyhow::Result<()> {
    Ok(fs::write(state_file()?, serde_json::to_vec_pretty(entries)?)?)
}
