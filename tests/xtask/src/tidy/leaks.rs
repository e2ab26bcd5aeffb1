//! What belongs to one machine and has no place in the repository.

use super::Tree;

/// The one registry that the lock file may name.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Binary files and recordings have no paths of ours in them by intent, and are long.
const SKIPPED: [&str; 6] = ["png", "svg", "ico", "woff2", "gz", "db"];

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in &tree.files {
        if SKIPPED.iter().any(|ending| file.ends_with(&format!(".{ending}"))) {
            continue;
        }
        let text = tree.text(file);
        for (number, line) in text.lines().enumerate() {
            if let Some(path) = machine_path(line) {
                findings.push(format!("{file}:{}: names a folder of one machine: {path}", number + 1));
            }
        }
        if file == "Cargo.lock" {
            findings.extend(foreign_sources(&text));
        }
    }
    findings
}

/// The home folder of somebody, or the folder that a build ran in.
fn machine_path(line: &str) -> Option<&'static str> {
    // Put together so that this file does not find itself.
    const PATHS: [&str; 4] =
        [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    PATHS.into_iter().find(|path| {
        line.match_indices(path).any(|(at, _)| {
            // In the middle of a longer path or address it is somebody's resource, not a folder.
            let before = line[..at].chars().next_back();
            before.is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '.' | '}' | '-' | '_'))
        })
    })
}

fn foreign_sources(lock: &str) -> Vec<String> {
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = \"")?.strip_suffix('"'));
    let foreign = sources.filter(|source| *source != REGISTRY);
    foreign
        .map(|source| format!("Cargo.lock: a dependency comes from {source}, not from crates.io"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_machine_are_found_and_addresses_are_not() {
        let found = |line: String| machine_path(&line).is_some();
        assert!(found(format!("see {}x/y", concat!("/ro", "ot/"))));
        assert!(found(format!("\"{}main\"", concat!("/wo", "rk/"))));
        assert!(!found(format!("https://dms.example{}plan", concat!("/wo", "rk/"))));
        assert!(!found("GET /v1/documents".to_owned()));
    }

    #[test]
    fn only_the_public_registry_may_be_named() {
        let line = |source: &str| format!("source = \"{source}\"\n");
        assert_eq!(foreign_sources(&line(REGISTRY)), Vec::<String>::new());
        assert_eq!(foreign_sources(&line("git+https://example.org/x")).len(), 1);
    }
}
