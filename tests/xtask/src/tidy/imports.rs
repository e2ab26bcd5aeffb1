//! Who may depend on whom: the allow-list of `tests/imports.toml` against `cargo metadata`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

use super::Tree;
use crate::parts::{cargo, output};

const LIST: &str = "tests/imports.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// By folder, exact or with `*` for one part; an exact entry wins.
    folders: BTreeMap<String, Allowed>,
    /// Crates of others that only some folders may name.
    libraries: BTreeMap<String, Library>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    /// Folders, exact or with `*`.
    uses: Vec<String>,
    /// What its tests may use on top.
    #[serde(default)]
    tests_use: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    /// Folders that may name it; absent: all but `never`.
    only: Option<Vec<String>>,
    #[serde(default)]
    never: Vec<String>,
    reason: String,
}

/// One dependency of one of our crates.
#[derive(Debug, Clone)]
struct Edge {
    from: String,
    to: To,
    /// Only its tests need it.
    tests: bool,
}

#[derive(Debug, Clone)]
enum To {
    Folder(String),
    Library(String),
}

pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<String>> {
    let list: List = toml::from_str(&tree.text(LIST)).context(LIST)?;
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Metadata = serde_json::from_slice(&output(&mut command)?)?;
    let (folders, edges) = metadata.edges();
    Ok(findings(&list, &folders, &edges))
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: String,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

impl Metadata {
    fn edges(&self) -> (Vec<String>, Vec<Edge>) {
        let relative =
            |path: &str| path.strip_prefix(&self.workspace_root).unwrap_or(path).trim_matches('/').to_owned();
        let (mut folders, mut edges) = (Vec::new(), Vec::new());
        for package in &self.packages {
            let from = relative(package.manifest_path.trim_end_matches("Cargo.toml"));
            folders.push(from.clone());
            edges.extend(package.dependencies.iter().map(|dependency| Edge {
                from: from.clone(),
                to: match &dependency.path {
                    Some(path) => To::Folder(relative(path)),
                    None => To::Library(dependency.name.clone()),
                },
                tests: dependency.kind.as_deref() == Some("dev"),
            }));
        }
        (folders, edges)
    }
}

fn findings(list: &List, folders: &[String], edges: &[Edge]) -> Vec<String> {
    let mut findings = Vec::new();
    for folder in folders {
        if allowed(list, folder).is_none() {
            findings.push(format!("{folder} has no entry in {LIST}; say what it may use"));
        }
    }
    for Edge { from, to, tests } in edges {
        let scope = if *tests { " in its tests" } else { "" };
        match to {
            To::Folder(to) => {
                let Some(entry) = allowed(list, from) else { continue };
                let normal = entry.uses.iter().any(|pattern| matches(pattern, to));
                let for_tests = *tests && entry.tests_use.iter().any(|pattern| matches(pattern, to));
                if !normal && !for_tests {
                    findings.push(format!("{from} may not use {to}{scope} ({LIST})"));
                }
            }
            To::Library(name) => {
                let Some((_, library)) = list.libraries.iter().find(|(known, _)| prefixed(known, name))
                else {
                    continue;
                };
                let listed = |list: &[String]| list.iter().any(|pattern| matches(pattern, from));
                let outside = library.only.as_deref().is_some_and(|only| !listed(only));
                if outside || listed(&library.never) {
                    findings.push(format!("{from} may not name {name}{scope}: {} ({LIST})", library.reason));
                }
            }
        }
    }
    findings
}

fn allowed<'a>(list: &'a List, folder: &str) -> Option<&'a Allowed> {
    let pattern =
        || list.folders.iter().find(|(pattern, _)| matches(pattern, folder)).map(|(_, entry)| entry);
    list.folders.get(folder).or_else(pattern)
}

/// `adapters/*` matches `adapters/webdav` and not `adapters/webdav/sim`.
fn matches(pattern: &str, folder: &str) -> bool {
    let (mut pattern, mut folder) = (pattern.split('/'), folder.split('/'));
    loop {
        match (pattern.next(), folder.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted == "*" || wanted == part => {}
            _ => return false,
        }
    }
}

/// `hyper*` stands for hyper and all crates whose name begins so.
fn prefixed(known: &str, name: &str) -> bool {
    known.strip_suffix('*').map_or(known == name, |prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"
        [folders."core"]
        uses = []
        tests_use = ["kit"]
        [folders."adapters/*"]
        uses = ["core"]
        [libraries."hyper*"]
        only = ["kit"]
        reason = "one client"
        [libraries."tokio"]
        never = ["core"]
        reason = "the model knows no runtime"
    "#;

    fn edge(from: &str, to: To, tests: bool) -> Edge {
        Edge { from: from.to_owned(), to, tests }
    }

    #[test]
    fn what_is_not_allowed_is_found() {
        let list: List = toml::from_str(EXAMPLE).unwrap();
        let folder = |to: &str| To::Folder(to.to_owned());
        let library = |to: &str| To::Library(to.to_owned());
        for (edge, good) in [
            (edge("adapters/a", folder("core"), false), true),
            (edge("adapters/a", folder("adapters/b"), false), false),
            (edge("core", folder("kit"), true), true),
            (edge("core", folder("kit"), false), false),
            (edge("kit", library("hyper-util"), false), true),
            (edge("adapters/a", library("hyper-util"), true), false),
            (edge("core", library("tokio"), false), false),
            (edge("adapters/a", library("tokio"), false), true),
            (edge("core", library("serde"), false), true),
        ] {
            let found = findings(&list, &[], std::slice::from_ref(&edge));
            assert_eq!(found.is_empty(), good, "{edge:?}: {found:?}");
        }
    }

    #[test]
    fn a_folder_without_an_entry_is_found() {
        let list: List = toml::from_str(EXAMPLE).unwrap();
        let folders = ["core", "adapters/a", "adapters/a/sim"].map(str::to_owned);
        assert_eq!(findings(&list, &folders, &[]).len(), 1);
    }
}
