//! Documents that name files which do not exist.

use std::path::Path;

use super::Tree;

pub(super) fn check(tree: &Tree) -> Vec<String> {
    // Folders count as existing when a file lies below them.
    let exists = |path: &str| {
        let path = path.trim_end_matches('/');
        tree.files
            .iter()
            .any(|file| file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    };
    let mut tops: Vec<&str> =
        tree.files.iter().filter_map(|file| file.split_once('/')).map(|(top, _)| top).collect();
    tops.sort_unstable();
    tops.dedup();
    let mut findings = Vec::new();
    for (file, text) in tree.texts("md") {
        for (number, named) in named_paths(file, &text, &tops) {
            if !exists(&named) {
                findings.push(format!("{file}:{number}: names {named}, which does not exist"));
            }
        }
    }
    findings
}

/// Repository paths in a Markdown text, with their line numbers: link targets (relative to the document), and
/// code, inline or fenced, whose first folder is one of the repository's.
fn named_paths(file: &str, text: &str, tops: &[&str]) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let number = number + 1;
        if fenced {
            named.extend(words(line, tops).map(|word| (number, word)));
            continue;
        }
        for code in line.split('`').skip(1).step_by(2) {
            named.extend(words(code, tops).map(|word| (number, word)));
        }
        named.extend(links(line).filter_map(|link| Some((number, resolve(file, link)?))));
    }
    named
}

/// Words that look like a path in the repository; those with a placeholder in them do not.
fn words<'a>(code: &'a str, tops: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    let words = code.split(|letter: char| letter.is_whitespace() || "\"'=(),;|".contains(letter));
    words.filter_map(|word| {
        let word = word.trim_start_matches("./").trim_end_matches(['.', ':', '…']);
        let (top, rest) = word.split_once('/')?;
        let placeholder =
            word.contains(['<', '>', '*', '{', '}', '$', '…', '@', '\\']) || word.contains("...");
        if !tops.contains(&top) || rest.is_empty() || placeholder {
            return None;
        }
        // `file.rs:12` and `file.rs::test` name the file.
        let word = word.split_once(':').map_or(word, |(path, _)| path);
        Some(word.split_once('#').map_or(word, |(path, _)| path).to_owned())
    })
}

/// Targets of `[…](target)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next())
}

/// A link relative to its document as a path from the root; `None` for addresses and anchors.
fn resolve(file: &str, link: &str) -> Option<String> {
    let path = link.split('#').next().unwrap_or_default();
    if path.is_empty() || path.starts_with('/') || path.contains(':') {
        return None;
    }
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let mut parts: Vec<&str> = folder.iter().filter_map(|part| part.to_str()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        let tops = ["gateway", "deploy", "tests"];
        named_paths("gateway/docs/A.md", text, &tops).into_iter().map(|(_, path)| path).collect()
    }

    #[test]
    fn paths_in_code_and_links_are_found() {
        assert_eq!(
            named("see `gateway/edge/src/lib.rs:12` and `tests/x.toml`."),
            ["gateway/edge/src/lib.rs", "tests/x.toml"]
        );
        assert_eq!(named("[a](../../deploy/a.toml#x) [b](B.md)"), ["deploy/a.toml", "gateway/docs/B.md"]);
        assert_eq!(named("```\nportico serve --config deploy/a.toml\n```"), ["deploy/a.toml"]);
    }

    #[test]
    fn what_is_no_path_of_ours_is_left_alone() {
        for text in [
            "`/v1/documents`",
            "`text/html`",
            "gateway/edge in prose",
            "`gateway/<name>/x`",
            "`deploy/*`",
            "[x](https://example.org/a) [y](#z)",
        ] {
            assert_eq!(named(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_missing_file_is_a_finding() {
        let folder = std::env::temp_dir().join(format!("portico-tidy-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("docs")).unwrap();
        std::fs::write(folder.join("docs/a.md"), "`docs/a.md` `docs/b.md`").unwrap();
        let tree = Tree { root: folder.clone(), files: vec!["docs/a.md".to_owned()] };
        let findings = check(&tree);
        std::fs::remove_dir_all(folder).unwrap();
        assert_eq!(findings, ["docs/a.md:1: names docs/b.md, which does not exist"]);
    }
}
