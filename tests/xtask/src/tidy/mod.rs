//! The rules of the house that a compiler does not check. Each check gives findings: what is wrong, where, and
//! what to do about it.

mod documents;
mod imports;
mod leaks;
mod promises;
mod sizes;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::git;

/// The repository as the checks see it: files known to git, and new ones that are not ignored.
struct Tree {
    root: PathBuf,
    files: Vec<String>,
}

impl Tree {
    fn of_checkout() -> anyhow::Result<Self> {
        let root = portico_servers::checkout();
        let listed = git(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        // A file that is deleted and not yet committed is still listed.
        let mut files: Vec<String> =
            listed.split('\0').filter(|file| root.join(file).is_file()).map(str::to_owned).collect();
        files.sort();
        files.dedup();
        Ok(Self { root, files })
    }

    /// Files by extension, with their text.
    fn texts<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = (&'a str, String)> {
        let wanted =
            move |file: &&String| Path::new(file).extension().is_some_and(|ending| ending == extension);
        self.files.iter().filter(wanted).map(|file| (file.as_str(), self.text(file)))
    }

    fn text(&self, file: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.root.join(file)).unwrap_or_default()).into_owned()
    }
}

/// Runs every check and prints all findings.
pub fn run() -> anyhow::Result<()> {
    let tree = Tree::of_checkout()?;
    let mut findings = Vec::new();
    findings.extend(imports::check(&tree)?);
    findings.extend(sizes::check(&tree)?);
    findings.extend(documents::check(&tree));
    findings.extend(promises::check(&tree)?);
    findings.extend(leaks::check(&tree));
    for finding in &findings {
        println!("tidy: {finding}");
    }
    ensure!(findings.is_empty(), "{} findings", findings.len());
    println!("tidy: {} files, nothing to say", tree.files.len());
    Ok(())
}

/// The checkout has to be tidy in the ordinary test run too.
#[cfg(test)]
mod tests {
    #[test]
    fn the_checkout_is_tidy() {
        super::run().unwrap();
    }
}
