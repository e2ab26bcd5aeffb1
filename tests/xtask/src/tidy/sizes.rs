//! Source files that have grown too long.

use anyhow::Context as _;
use serde::Deserialize;

use super::Tree;

/// Past this a file wants splitting.
const MOST_LINES: usize = 400;
const LIST: &str = "tests/large-files.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    file: Vec<Large>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Large {
    path: String,
    reason: String,
}

pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<String>> {
    let list: List = toml::from_str(&tree.text(LIST)).context(LIST)?;
    let sizes: Vec<(String, usize)> =
        tree.texts("rs").map(|(file, text)| (file.to_owned(), text.lines().count())).collect();
    Ok(findings(&list, &sizes))
}

fn findings(list: &List, sizes: &[(String, usize)]) -> Vec<String> {
    let mut findings = Vec::new();
    for (file, lines) in sizes {
        let listed = list.file.iter().any(|large| large.path == *file && !large.reason.trim().is_empty());
        if *lines > MOST_LINES && !listed {
            findings.push(format!("{file} has {lines} lines; split it, or list it in {LIST} with a reason"));
        }
    }
    for large in &list.file {
        if !sizes.iter().any(|(file, lines)| *file == large.path && *lines > MOST_LINES) {
            findings.push(format!("{LIST} excuses {}, which is not there or not large", large.path));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_need_a_reason_and_reasons_need_a_long_file() {
        let list = |toml: &str| toml::from_str::<List>(toml).unwrap();
        let sizes = [("a.rs".to_owned(), 401), ("b.rs".to_owned(), 400)];
        assert_eq!(findings(&list(""), &sizes).len(), 1);
        assert_eq!(findings(&list("[[file]]\npath='a.rs'\nreason='a table'"), &sizes), Vec::<String>::new());
        assert_eq!(findings(&list("[[file]]\npath='a.rs'\nreason=' '"), &sizes).len(), 1);
        let unused = "[[file]]\npath='a.rs'\nreason='x'\n[[file]]\npath='b.rs'\nreason='x'";
        assert_eq!(findings(&list(unused), &sizes).len(), 1);
    }
}
