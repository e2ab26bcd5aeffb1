use std::collections::BTreeMap;

use http::Request;

use super::*;
use crate::flavour::Flavour;

fn stores(seed: u64) -> (Simulator, Simulator) {
    let people = Arc::new(Council::demo());
    let (contracts, policies) =
        (Simulator::builder(Flavour::Apache).build(), Simulator::builder(Flavour::WsgiDav).build());
    council(&people, seed, &contracts, &policies);
    (contracts, policies)
}

fn ask(store: &Simulator, method: &str, target: &str, depth: &str) -> (u16, Vec<u8>) {
    let request = Request::builder().method(method).uri(target).header("depth", depth).body(()).unwrap();
    let response = store.handle(&request.into_parts().0, bytes::Bytes::new());
    (response.status().as_u16(), response.into_body().to_vec())
}

/// Every file of a store with its content, found by walking it as a client does.
fn walk(store: &Simulator) -> BTreeMap<String, Vec<u8>> {
    let (mut open, mut files) = (vec!["/".to_owned()], BTreeMap::new());
    while let Some(folder) = open.pop() {
        let (status, body) = ask(store, "PROPFIND", &folder, "1");
        assert_eq!(status, 207, "{folder}");
        let body = String::from_utf8(body).unwrap();
        for href in body.split("<D:href>").skip(1).map(|rest| rest.split_once("</D:href>").unwrap().0) {
            let href = href.replace("&amp;", "&");
            if href == folder {
                continue;
            }
            if href.ends_with('/') {
                open.push(href);
            } else {
                let (status, content) = ask(store, "GET", &href, "0");
                assert_eq!(status, 200, "{href}");
                files.insert(href, content);
            }
        }
    }
    files
}

#[test]
fn the_council_has_some_thousand_papers_that_are_the_same_for_the_same_seed() {
    let (contracts, policies) = stores(7);
    let (bought, written) = (walk(&contracts), walk(&policies));
    assert!(bought.len() > 2_000, "{}", bought.len());
    assert!(written.len() > 700, "{}", written.len());
    let (again, _) = stores(7);
    assert!(walk(&again) == bought, "the same seed");
    let (other, _) = stores(8);
    assert!(walk(&other) != bought, "another seed");
    for (href, content) in bought.iter().chain(&written) {
        assert!(!content.is_empty(), "{href}");
        let pdf = href.ends_with(".pdf");
        assert_eq!(content.starts_with(b"%PDF-1.4\n") && content.ends_with(b"%%EOF\n"), pdf, "{href}");
        assert!(pdf || std::str::from_utf8(content).is_ok(), "{href}");
    }
    for piece in ["&", "%23", "%25", "%c3%", "%c5%b7", "'", "%3b", "+"] {
        assert!(bought.keys().any(|href| href.contains(piece)), "a name with {piece}");
    }
}

#[test]
fn nothing_is_dated_after_october_2026() {
    let (contracts, policies) = stores(20_261_101);
    for store in [&contracts, &policies] {
        let (_, body) = ask(store, "PROPFIND", "/", "1");
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains("getlastmodified"));
        for month in ["Nov 2026", "Dec 2026"] {
            assert!(!body.split("<D:href>").skip(2).any(|response| response.contains(month)), "{month}");
        }
    }
}
