//! What is wrong with the settings, where, and what would be right.

use std::fmt;
use std::io::IsTerminal;

use crate::render;

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File {
        /// Its name, as it was given.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// The line itself, with `***` in place of what may be a secret.
        shown: String,
        /// Octets of `shown` that the fault is about.
        marked: std::ops::Range<usize>,
    },
    /// In an environment variable.
    Variable(String),
    /// In no single place: a file that cannot be read, or no file at all.
    Whole(String),
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub place: Place,
    /// The setting, as keys with dots: `auth.keys[0].file`. Empty for the file as a whole.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub help: Option<String>,
    /// The word that was probably meant.
    pub suggestion: Option<String>,
}

/// Every fault of a configuration, in the order of the files and then of the variables. Never empty.
///
/// `Display` is for files and pipes; [`Faults::to_terminal`] has colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    /// The faults, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Fault> {
        self.0.iter()
    }

    /// The faults with colours if standard error is a terminal and `NO_COLOR` is not set, plain otherwise.
    pub fn to_terminal(&self) -> String {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        render::render(&self.0, wanted && std::io::stderr().is_terminal())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render::render(&self.0, false))
    }
}

impl std::error::Error for Faults {}

/// What a finding points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// The key itself.
    Key,
    /// What stands behind the key.
    Value,
}

/// A fault whose place is still a path of keys.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub path: Vec<String>,
    pub anchor: Anchor,
    pub problem: String,
    pub help: Option<String>,
    pub suggestion: Option<String>,
    /// The setting that is not there, where that is the fault.
    pub missing: Option<String>,
}

impl Finding {
    pub(crate) fn at(path: &[String], problem: impl Into<String>) -> Self {
        let path = path.to_vec();
        let problem = problem.into();
        Self { path, anchor: Anchor::Value, problem, help: None, suggestion: None, missing: None }
    }

    pub(crate) fn at_key(path: &[String], problem: impl Into<String>) -> Self {
        Self { anchor: Anchor::Key, ..Self::at(path, problem) }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the nearest of these words, if one is near.
    #[must_use]
    pub(crate) fn suggest<'a>(mut self, word: &str, among: impl IntoIterator<Item = &'a str>) -> Self {
        self.suggestion = nearest(word, among).map(str::to_owned);
        self
    }
}

/// `auth.keys[0].file`
pub(crate) fn dotted(path: &[String]) -> String {
    let mut text = String::new();
    for key in path {
        if !key.is_empty() && key.bytes().all(|octet| octet.is_ascii_digit()) {
            text.push_str(&format!("[{key}]"));
        } else {
            let dot = if text.is_empty() { "" } else { "." };
            text.push_str(&format!("{dot}{key}"));
        }
    }
    text
}

/// The nearest word, unless none is near: more than a third of it would have to change.
pub(crate) fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let ranked = among.into_iter().map(|candidate| {
        let lower = candidate.to_lowercase();
        (strsim::damerau_levenshtein(&word, &lower), candidate)
    });
    let (distance, best) = ranked.min_by_key(|(distance, _)| *distance)?;
    let longest = best.chars().count().max(word.chars().count());
    let near = distance <= (longest / 3).max(1) && distance < best.chars().count();
    near.then_some(best)
}
