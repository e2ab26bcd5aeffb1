//! Where settings come from.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// Settings files larger than this are refused.
pub(crate) const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where settings come from: files in order, then the environment. What comes later wins, key by key; lists are replaced
/// as a whole.
#[derive(Clone, Default)]
pub struct Sources {
    pub(crate) layers: Vec<Layer>,
    pub(crate) variables: Vec<(OsString, OsString)>,
}

#[derive(Clone)]
pub(crate) enum Layer {
    File(PathBuf),
    Text { name: String, folder: PathBuf, text: String },
}

impl Layer {
    /// The name shown in faults.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Text { name, .. } => name.clone(),
        }
    }

    /// Against what relative paths in it resolve.
    pub(crate) fn folder(&self) -> PathBuf {
        let folder = match self {
            Self::File(path) => path.parent().map(Path::to_path_buf).unwrap_or_default(),
            Self::Text { folder, .. } => folder.clone(),
        };
        std::path::absolute(&folder).or_else(|_| std::env::current_dir()).unwrap_or(folder)
    }

    /// Reads it. The error says why in words.
    pub(crate) fn read(&self) -> Result<String, String> {
        let path = match self {
            Self::Text { text, .. } => return Ok(text.clone()),
            Self::File(path) => path,
        };
        let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
        if about.len() > MAX_FILE_BYTES {
            return Err("it is larger than 1 MiB".to_owned());
        }
        let octets = std::fs::read(path).map_err(|error| error.to_string())?;
        String::from_utf8(octets).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes().iter().take(good).filter(|octet| **octet == b'\n').count() + 1;
            format!("it is not UTF-8 text (line {line}); save it as UTF-8")
        })
    }
}

impl Sources {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The usual sources of a process: one file, and its own environment.
    pub fn of_process(file: impl Into<PathBuf>) -> Self {
        Self::new().file(file).environment(std::env::vars_os())
    }

    /// Adds a TOML file. Relative paths in it resolve against its folder.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.layers.push(Layer::File(path.into()));
        self
    }

    /// Adds TOML text under a name that faults will show. Relative paths in it resolve against `folder`.
    #[must_use]
    pub fn text(
        mut self,
        name: impl Into<String>,
        folder: impl Into<PathBuf>,
        text: impl Into<String>,
    ) -> Self {
        self.layers.push(Layer::Text { name: name.into(), folder: folder.into(), text: text.into() });
        self
    }

    /// Adds variables. Only those that start with `PORTICO_` are settings: `PORTICO_LISTEN__API` is `listen.api`. Left
    /// out are `PORTICO_CONFIG`, which names the file, and those that an `env:` reference names. A list is written with
    /// commas; relative paths resolve against the folder of the first file.
    #[must_use]
    pub fn environment<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let ours = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let ours = ours.filter(|(name, _): &(OsString, _)| {
            let name = name.to_string_lossy();
            name.starts_with("PORTICO_") && name != "PORTICO_CONFIG"
        });
        self.variables.extend(ours);
        self.variables.sort();
        self
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: a text or a value may hold what should have been a secret.
        let layers: Vec<_> = self.layers.iter().map(Layer::name).collect();
        let variables: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        f.debug_struct("Sources").field("layers", &layers).field("variables", &variables).finish()
    }
}
