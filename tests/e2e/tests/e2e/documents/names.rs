//! Names of every kind go in and come out unchanged.

use std::collections::BTreeSet;

use super::{Library, over_both};

over_both! {
    every_name_comes_back_as_it_was_given
}

const NAMES: &[&str] = &[
    "plain.txt",
    "with space.txt",
    " leading and trailing ",
    "per%cent %41.txt",
    "hash#and?query=1&b=2;c.txt",
    "plus+and,comma!.txt",
    "quote'and\"double.txt",
    "back\\slash.txt",
    "colon:star*pipe|.txt",
    "<angle> [square] {curly}.txt",
    "at@tilde~dollar$caret^backtick`.txt",
    "Cytundeb Tŷ’r Cyngor – ŵŷâêîôû.txt",
    "e\u{301} and \u{e9}.txt",
    "합의서 契約書 договор ελληνικά عقد.pdf",
    "emoji 🏛️📜.md",
    "...dots",
    ".hidden",
    "-dash",
    "no extension",
    "UPPER lower.TXT",
    "a\u{a0}b\u{200b}c.txt",
];

async fn every_name_comes_back_as_it_was_given(library: Library) {
    let folder = library.folder(&library.root, "Enwau & names 100%").await;
    let mut expected = BTreeSet::new();
    for name in NAMES {
        let id = library.child_id(&folder, name).await;
        assert!(!id.contains('%') && !id.contains(' '), "{id}");
        let path = format!("/v1/documents/{id}/content");
        let made = library.write("PUT", &path, &[("If-None-Match", "*")], name.as_bytes()).await;
        let document = made.expect(201);
        assert_eq!(document["name"], *name);
        assert_eq!(document["id"], id.as_str());
        expected.insert((id, (*name).to_owned()));
    }
    let found: BTreeSet<(String, String)> = library
        .children(&folder)
        .await
        .iter()
        .map(|child| (child["id"].as_str().unwrap().to_owned(), child["name"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(found, expected);
    for (id, name) in &expected {
        let read = library.read(id, &[]).await;
        assert_eq!(read.octets(200), name.as_bytes(), "{name}");
        let disposition = read.header("content-disposition").unwrap();
        assert!(disposition.is_ascii() && disposition.contains("filename*=UTF-8''"), "{disposition}");
    }
    // By its name among the others, a comma being part of it.
    let page =
        library.gateway.get("/v1/documents?name=plus%2Band%5C%2Ccomma!.txt,plain.txt").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2, "{page:#}");
    // The same on disk: the name is a name, not a path, and nothing was normalised away.
    let on_disk: BTreeSet<String> = std::fs::read_dir(library.product.dir.join("Enwau & names 100%"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".DAV")
        .collect();
    assert_eq!(on_disk, NAMES.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>());
    library.end();
}
