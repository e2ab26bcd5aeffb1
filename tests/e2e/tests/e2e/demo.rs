//! `portico demo`: what a newcomer sees first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::process::{Child, Command, ExitStatus, Stdio};

use portico_simkit::client;
use portico_simkit::wait::{wait_blocking, wait_for};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gateway::{await_ready, read, signal};
use crate::support::site::command;
use crate::support::{SOON, allowed_action, ask};

/// A demo that runs; killed when dropped.
struct Demo {
    child: Child,
    folder: TempDir,
    ready: Value,
}

impl Demo {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(folder.path().join(name)).unwrap();
        let mut child = command(folder.path())
            .args([
                "demo",
                "--listen",
                "127.0.0.1:0",
                "--ops-listen",
                "127.0.0.1:0",
                "--ready-file",
                "ready.json",
            ])
            // What it makes for itself has to be gone afterwards.
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap();
        let ready = await_ready(&mut child, folder.path()).await;
        Self { child, folder, ready }
    }

    fn api(&self) -> &str {
        self.ready["api"].as_str().unwrap()
    }

    fn token(&self, part: &str) -> &str {
        self.ready["tokens"][part].as_str().unwrap()
    }

    fn said(&self) -> String {
        read(&self.folder.path().join("stdout"))
    }

    fn stop(mut self, name: &str) -> (ExitStatus, TempDir) {
        signal(self.child.id(), name);
        let status = wait_blocking(|| self.child.try_wait().unwrap(), SOON).expect("the demo stops");
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        assert!(!read(&folder.path().join("stderr")).contains("panicked"));
        (status, folder)
    }

    /// Every page of a list, from the given address on.
    async fn traverse(&self, path: &str, token: &str) -> Vec<Value> {
        let (mut items, mut next) = (Vec::new(), Some(path.to_owned()));
        let mut pages = 0;
        while let Some(path) = next {
            let page = ask(self.api(), "GET", &path, token, &[], b"").await.expect(200);
            for source in page["sources"].as_array().unwrap() {
                assert_eq!(source["status"], "ok", "{source}");
            }
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            next = page["next"].as_str().map(str::to_owned);
            pages += 1;
            assert!(pages < 5_000, "the list does not end");
        }
        items
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a printed line as a shell would that knows one variable, with a client of our own:
/// `curl -s -H "Name: value" address`.
async fn run_printed(line: &str, variable: (&str, &str)) -> client::Reply {
    let mut words = Vec::new();
    let line = line.replace(&format!("${}", variable.0), variable.1);
    let mut rest = line.trim();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'));
        let (word, after) = match quote {
            Some(quote) => rest[1..].split_once(quote).unwrap(),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word);
        rest = after.trim_start();
    }
    let ["curl", "-s", "-H", header, address] = words[..] else { panic!("not as expected: {line}") };
    client::get(address, &[header.split_once(": ").unwrap()]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_says_where_it_is_and_its_printed_lines_work() {
    let demo = Demo::start().await;
    for part in ["claimant", "manager", "finance"] {
        assert!(demo.token(part).split('.').count() == 3);
    }
    assert_eq!(demo.ready["token"], demo.ready["tokens"]["finance"]);
    let ops = demo.ready["ops"].as_str().unwrap();
    assert_eq!(client::get(&format!("{ops}/readyz"), &[]).await.unwrap().status, 200);
    // The directory is read in the first moments; a reader is slower than a test.
    let indexed = async || {
        let metrics = client::get(&format!("{ops}/metrics"), &[]).await.unwrap();
        metrics.text().contains("portico_index_people{portico_system=\"staff\"} 1000").then_some(())
    };
    wait_for(indexed, SOON).await.expect("the directory is read");

    let said = demo.said();
    let lines: Vec<&str> = said.lines().filter(|line| line.trim().starts_with("curl ")).collect();
    assert_eq!(lines.len(), 5, "{said}");
    let word = lines[1].split_once("q=").unwrap().1.split('&').next().unwrap().to_owned();
    let mut answers = Vec::new();
    for line in lines {
        let who = if line.contains("$MANAGER") { "manager" } else { "claimant" };
        // Who people are in Odoo is found out right after the directories are read; until then it is 503.
        let answered = async || {
            let reply = run_printed(line, (&who.to_uppercase(), demo.token(who))).await;
            assert!(matches!(reply.status, 200 | 503), "{line}: {}", reply.text());
            (reply.status == 200).then_some(reply)
        };
        let reply = wait_for(answered, SOON).await.unwrap_or_else(|_| panic!("{line} is 503"));
        answers.push(serde_json::from_slice::<Value>(&reply.body).unwrap());
    }
    assert_eq!(answers[0]["items"].as_array().unwrap().len(), 3);
    let found = answers[1]["items"].as_array().unwrap();
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|item| text(&item["displayName"]).to_lowercase().replace('â', "a").contains(&word)),
        "{word}: {found:#?}"
    );
    for (answer, what) in [(&answers[2], "claim"), (&answers[3], "task")] {
        assert!(!answer["items"].as_array().unwrap().is_empty(), "no {what}: {answer:#}");
    }
    let keys: Vec<&Value> = answers[4]["items"].as_array().unwrap().iter().map(|s| &s["id"]).collect();
    assert_eq!(keys, ["contracts", "policies", "staff", "odoo"]);
    // Each printed token is one of those in the ready file.
    for part in ["CLAIMANT", "MANAGER", "FINANCE"] {
        let token =
            said.lines().find_map(|line| line.trim().strip_prefix(&format!("export {part}="))).unwrap();
        assert_eq!(token, demo.token(&part.to_lowercase()));
    }

    // What is said to be a command is one, from where the demo was started.
    let command =
        said.lines().find_map(|line| line.strip_prefix("What failed or was slow is kept:  ")).unwrap();
    let mut words = command.split(' ');
    let traces = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(traces.status.success(), "{command}: {traces:?}");

    let (status, folder) = demo.stop("INT");
    assert!(status.success(), "{status}");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "ready file, stdout, stderr and nothing else: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_traversal_gives_every_document_of_both_stores_once_and_in_path_order() {
    let demo = Demo::start().await;
    let token = demo.token("claimant");
    let shape = "limit=200&fields=path,source.system";
    let merged = demo.traverse(&format!("/v1/documents?{shape}"), token).await;
    let mut separate: BTreeMap<String, String> = BTreeMap::new();
    for source in ["contracts", "policies"] {
        let own = demo.traverse(&format!("/v1/documents?source={source}&{shape}"), token).await;
        assert!(own.len() > 500, "{source}: {}", own.len());
        for item in own {
            assert_eq!(item["source"]["system"], source);
            let before = separate.insert(text(&item["id"]), source.to_owned());
            assert_eq!(before, None, "twice in {source}: {item}");
        }
    }
    assert!(separate.len() > 2_000, "{}", separate.len());
    let ids: Vec<String> = merged.iter().map(|item| text(&item["id"])).collect();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "an item came twice");
    assert_eq!(distinct, separate.keys().collect::<BTreeSet<_>>());

    // The order of path names, which is what the stores sort by natively.
    let paths: Vec<Vec<String>> =
        merged.iter().map(|item| text(&item["path"]).split('/').map(str::to_owned).collect()).collect();
    for (one, two) in paths.iter().zip(&paths[1..]) {
        assert!(one <= two, "{one:?} comes before {two:?}");
    }

    // A filter with short pages gives what the filter over the whole list gives.
    let by_name: BTreeSet<String> = demo
        .traverse("/v1/documents?limit=200&fields=name", token)
        .await
        .iter()
        .filter(|item| text(&item["name"]).to_lowercase().contains("leave"))
        .map(|item| text(&item["id"]))
        .collect();
    let filtered = demo.traverse("/v1/documents?q=leave&limit=3&fields=name", token).await;
    assert!(filtered.len() > 10, "{}", filtered.len());
    assert_eq!(filtered.len(), by_name.len());
    assert_eq!(filtered.iter().map(|item| text(&item["id"])).collect::<BTreeSet<_>>(), by_name);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_may_do_differs_and_holds() {
    let demo = Demo::start().await;
    let find = async |source: &str, part: &str| {
        let path = format!("/v1/documents?source={source}&objectTypeId=document&limit=1");
        let page = ask(demo.api(), "GET", &path, demo.token(part), &[], b"").await.expect(200);
        let found = page["items"][0].clone();
        assert!(found["id"].is_string(), "{page:#}");
        found
    };
    for (source, part, may) in [
        ("policies", "claimant", false),
        ("policies", "finance", true),
        ("policies", "manager", true),
        ("contracts", "claimant", true),
    ] {
        let document = find(source, part).await;
        assert!(allowed_action(&document, "readContent").is_some());
        for name in ["replaceContent", "move", "delete"] {
            assert_eq!(
                allowed_action(&document, name).is_some(),
                may,
                "{source} {part} {name}: {document:#}"
            );
        }
        let path = format!("/v1/documents/{}", document["id"].as_str().unwrap());
        let version = format!("\"{}\"", document["etag"].as_str().unwrap());
        let headers = [("If-Match", version.as_str())];
        let answer = ask(demo.api(), "DELETE", &path, demo.token(part), &headers, b"").await;
        if may {
            answer.expect(204);
            ask(demo.api(), "GET", &path, demo.token(part), &[], b"").await.problem(404, "not_found");
        } else {
            answer.problem(403, "forbidden");
            ask(demo.api(), "GET", &path, demo.token(part), &[], b"").await.expect(200);
        }
    }
    let (status, _folder) = demo.stop("TERM");
    assert!(status.success(), "{status}");
}
