//! Every promise has an entry, and every entry a proof that exists or the issue that brings it.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

use super::Tree;

const LIST: &str = "tests/promises.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// How many promises each table makes, so that none is lost by mistake.
    tables: BTreeMap<String, usize>,
    promise: Vec<Promise>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Promise {
    /// `table-name`, never changed.
    id: String,
    promise: String,
    tier: Tier,
    /// `file::function`, each of them a test (or a function of the bench).
    #[serde(default)]
    proof: Vec<String>,
    /// Which issue brings it.
    issue: Option<u32>,
    /// What is still missing.
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tier {
    Test,
    Soak,
    Bench,
    /// Belongs to what a later issue builds.
    Later,
    /// Should be proven by now and is not.
    Open,
}

pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<String>> {
    let list: List = toml::from_str(&tree.text(LIST)).context(LIST)?;
    let open = list.promise.iter().filter(|promise| promise.tier == Tier::Open).count();
    if open > 0 {
        println!("tidy: {open} of {} promises are open", list.promise.len());
    }
    Ok(findings(&list, &|file| tree.files.iter().any(|known| known == file).then(|| tree.text(file))))
}

fn findings(list: &List, text_of: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for entry in &list.promise {
        let Promise { id, promise, tier, proof, issue, note } = entry;
        let mut wrong = |what: String| findings.push(format!("{LIST}: {id}: {what}"));
        if seen.contains(&id.as_str()) {
            wrong("the id is there twice".to_owned());
        }
        seen.push(id);
        if promise.trim().is_empty() {
            wrong("says nothing".to_owned());
        }
        match tier {
            Tier::Test | Tier::Soak | Tier::Bench if proof.is_empty() => wrong("has no proof".to_owned()),
            Tier::Later if issue.is_none() => wrong("comes later, but in which issue?".to_owned()),
            Tier::Open if note.is_none() => wrong("is open; say in `note` what is missing".to_owned()),
            _ => {}
        }
        for proof in proof {
            if let Err(what) = proven(proof, *tier, text_of) {
                wrong(what);
            }
        }
    }
    for (table, expected) in &list.tables {
        let count = seen.iter().filter(|id| id.split('-').next() == Some(table)).count();
        if count != *expected {
            findings.push(format!("{LIST}: {table} makes {expected} promises, {count} have an entry"));
        }
    }
    for id in seen {
        if !list.tables.contains_key(id.split('-').next().unwrap_or_default()) {
            findings.push(format!("{LIST}: {id} belongs to no table"));
        }
    }
    findings
}

/// The file exists and has a function of that name; for a test, with a test attribute close above it.
fn proven(proof: &str, tier: Tier, text_of: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
    let (file, function) =
        proof.split_once("::").ok_or_else(|| format!("{proof} is not `file::function`"))?;
    let text = text_of(file).ok_or_else(|| format!("there is no {file}"))?;
    let lines: Vec<&str> = text.lines().collect();
    let wanted = format!("fn {function}(");
    let at = lines.iter().position(|line| line.contains(&wanted));
    let at = at.ok_or_else(|| format!("{file} has no function {function}"))?;
    let above = &lines[at.saturating_sub(8)..at];
    // The attribute has to be this function's, not that of the one before.
    let own = above.iter().rev().take_while(|line| !line.trim_start().starts_with('}'));
    let own: Vec<&&str> = own.collect();
    let is_test = own.iter().any(|line| line.contains("test]") || line.contains("test("));
    if tier != Tier::Bench && !is_test {
        return Err(format!("{function} in {file} is not a test"));
    }
    let ignored = own.iter().any(|line| line.contains("#[ignore"));
    if tier == Tier::Test && ignored {
        return Err(format!("{function} in {file} is ignored: it proves nothing on every commit"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "#[test]\nfn good() {\n}\n\nfn helper() {\n}\n\n#[tokio::test(start_paused = true)]\n\
        async fn paused() {\n}\n\n#[test]\n#[ignore = \"soak\"]\nfn soak_long() {\n}\n";

    fn problems(entry: &str) -> usize {
        let list = format!("[tables]\nx = 1\n[[promise]]\nid = 'x-one'\npromise = 'it holds'\n{entry}");
        let list: List = toml::from_str(&list).unwrap();
        findings(&list, &|file| (file == "a.rs").then(|| SOURCE.to_owned())).len()
    }

    #[test]
    fn proofs_must_exist_and_be_tests() {
        for (entry, expected) in [
            ("tier = 'test'\nproof = ['a.rs::good']", 0),
            ("tier = 'test'\nproof = ['a.rs::paused']", 0),
            ("tier = 'soak'\nproof = ['a.rs::soak_long']", 0),
            ("tier = 'bench'\nproof = ['a.rs::helper']", 0),
            ("tier = 'later'\nissue = 4", 0),
            ("tier = 'open'\nnote = 'no test yet'", 0),
            ("tier = 'test'\nproof = []", 1),
            ("tier = 'test'\nproof = ['a.rs::helper']", 1),
            ("tier = 'test'\nproof = ['a.rs::soak_long']", 1),
            ("tier = 'test'\nproof = ['a.rs::missing']", 1),
            ("tier = 'test'\nproof = ['b.rs::good']", 1),
            ("tier = 'later'", 1),
            ("tier = 'open'", 1),
        ] {
            assert_eq!(problems(entry), expected, "{entry}");
        }
    }

    #[test]
    fn a_lost_or_doubled_promise_is_found() {
        let entry =
            |id: &str| format!("[[promise]]\nid = '{id}'\npromise = 'p'\ntier = 'later'\nissue = 3\n");
        let count = |ids: &[&str]| {
            let list = format!("[tables]\nx = 2\n{}", ids.iter().map(|id| entry(id)).collect::<String>());
            findings(&toml::from_str(&list).unwrap(), &|_| None).len()
        };
        assert_eq!(count(&["x-a", "x-b"]), 0);
        assert_eq!(count(&["x-a"]), 1);
        assert_eq!(count(&["x-a", "x-a"]), 1);
        assert_eq!(count(&["x-a", "x-b", "y-a"]), 1);
    }
}
