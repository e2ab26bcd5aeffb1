//! The keys that seal ids and cursors. Where none is configured, they are made once and kept in the data folder.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use portico_compose::seal::{CURSOR_KEY_LEN, ID_KEY_LEN, Seals};
use portico_settings::Settings;

/// The seals of this gateway.
///
/// # Errors
/// A key file in the data folder cannot be read, made, or has another length than it should: it is then not replaced,
/// because every id ever given out depends on it.
pub fn seals(settings: &Settings) -> Result<Seals> {
    let ids = match &settings.keys.ids {
        Some(key) => *key.expose(),
        None => kept::<ID_KEY_LEN>(&settings.data_dir, "ids.key")?,
    };
    let cursors = match &settings.keys.cursors {
        Some(key) => *key.expose(),
        None => kept::<CURSOR_KEY_LEN>(&settings.data_dir, "cursors.key")?,
    };
    Ok(Seals::new(ids, cursors))
}

/// Seals for a command that gives nothing out.
pub fn passing() -> Seals {
    Seals::new([0; ID_KEY_LEN], [0; CURSOR_KEY_LEN])
}

fn kept<const N: usize>(data: &Path, name: &str) -> Result<[u8; N]> {
    let folder = data.join("keys");
    let path = folder.join(name);
    if path.try_exists().unwrap_or(true) { kept_at(&path) } else { make(&folder, &path) }
}

fn kept_at<const N: usize>(path: &Path) -> Result<[u8; N]> {
    let octets = fs::read(path).with_context(|| format!("cannot read the key {}", path.display()))?;
    match octets.try_into() {
        Ok(key) => Ok(key),
        Err(_) => bail!("the key {} does not have {N} octets; restore it from the backup", path.display()),
    }
}

/// Writes aside, then names: a crash leaves either no key or a whole one.
fn make<const N: usize>(folder: &Path, path: &Path) -> Result<[u8; N]> {
    let mut key = [0; N];
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let aside = path.with_extension(format!("new-{}", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(&key)?;
        file.sync_all()?;
        // A link never replaces: of two first starts at once, the second takes the key of the first.
        let linked = fs::hard_link(&aside, path);
        fs::remove_file(&aside)?;
        linked?;
        fs::File::open(folder)?.sync_all()
    };
    match write() {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return kept_at(path),
        written => written.with_context(|| format!("cannot write the key {}", path.display()))?,
    }
    tracing::info!(path = %path.display(), "made a new key; back it up");
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = kept::<64>(folder.path(), "ids.key").unwrap();
        assert_ne!(first, [0; 64]);
        assert_eq!(kept::<64>(folder.path(), "ids.key").unwrap(), first);
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/ids.key");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "short").unwrap();
        assert!(kept::<64>(folder.path(), "ids.key").unwrap_err().to_string().contains("restore it"));
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
