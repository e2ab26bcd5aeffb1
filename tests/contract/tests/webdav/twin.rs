//! The same requests to the simulator and to the product it stands for: beyond the recordings, and against whichever
//! version of the product is installed.

use portico_servers::Product;
use portico_simkit::client::Reply;
use portico_webdav_sim::{Flavour, Simulator};

use crate::{Place, real, simulated};

const LOCK: &str =
    "<lockinfo xmlns=\"DAV:\"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>";
const ASK: &str = "<propfind xmlns=\"DAV:\"><prop><getetag/><resourcetype/></prop></propfind>";
const SET: &str =
    "<propertyupdate xmlns=\"DAV:\"><set><prop><c xmlns=\"u\">v</c></prop></set></propertyupdate>";

/// A request: method and path, a header or two, and a body. `{url}` is the address of the store, `{tag}` the entity tag
/// and `{token}` the lock token that were given last.
type Step = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// What both products are asked.
const COMMON: &[Step] = &[
    ("MKCOL /f/", &[], ""),
    ("MKCOL /f/", &[], ""),
    ("MKCOL /no/such/", &[], ""),
    ("MKCOL /f/body/", &[], "<x/>"),
    ("PUT /f/a.txt", &[("If-None-Match", "*")], "hello"),
    ("PUT /f/a.txt", &[("If-None-Match", "*")], "hello"),
    ("PUT /f/a.txt", &[], "hello2"),
    ("PUT /f/a.txt", &[("If-Match", "\"stale\"")], "lost"),
    ("PUT /f/a.txt", &[("If-Match", "*")], "hello2"),
    ("PUT /f/", &[], "x"),
    ("PUT /f/a.txt/b", &[], "x"),
    ("PUT /no/x", &[], "x"),
    ("PUT /f/empty.txt", &[], ""),
    ("GET /f/a.txt", &[], ""),
    ("GET /f/missing", &[], ""),
    ("GET /f/a%2fb", &[], ""),
    ("GET /f/a.txt", &[("Range", "bytes=0-2")], ""),
    ("GET /f/a.txt", &[("Range", "bytes=2-")], ""),
    ("GET /f/a.txt", &[("Range", "bytes=-2")], ""),
    ("GET /f/a.txt", &[("Range", "bytes=4-99")], ""),
    ("GET /f/a.txt", &[("Range", "bytes=99-")], ""),
    ("GET /f/empty.txt", &[("Range", "bytes=0-")], ""),
    ("GET /f/a.txt", &[("If-None-Match", "\"other\"")], ""),
    ("HEAD /f/a.txt", &[], ""),
    ("GET /f/a.txt", &[("If-None-Match", "{tag}")], ""),
    ("PUT /f/a.txt", &[("If", "([{tag}])")], "by tag"),
    ("PUT /f/a.txt", &[("If", "([{tag}])")], "by a stale tag"),
    ("DELETE /f/a.txt", &[("If-Match", "\"stale\"")], ""),
    ("DELETE /f/a.txt", &[("If", "([\"stale\"])")], ""),
    ("PROPFIND /f/", &[("Depth", "1")], ASK),
    ("PROPFIND /f/", &[("Depth", "7")], ASK),
    ("PROPFIND /f/", &[("Depth", "0")], "<propfind xmlns=\"DAV:\"><prop>"),
    ("PROPFIND /f/", &[("Depth", "0")], "<x xmlns=\"u\"/>"),
    ("PROPFIND /gone", &[("Depth", "0")], ASK),
    ("PROPPATCH /f/a.txt", &[], SET),
    ("COPY /f/", &[("Destination", "{url}/g/")], ""),
    ("COPY /f/", &[("Destination", "{url}/g/"), ("Overwrite", "F")], ""),
    ("COPY /f/", &[("Destination", "{url}/g/")], ""),
    ("COPY /f/", &[("Destination", "{url}/f/")], ""),
    ("COPY /f/", &[("Destination", "{url}/f/below/")], ""),
    ("COPY /f/", &[], ""),
    ("COPY /f/a.txt", &[("Destination", "{url}/no/x")], ""),
    ("COPY /f/a.txt", &[("Destination", "{url}/f/c.txt"), ("If-Match", "\"stale\"")], ""),
    ("MOVE /missing", &[("Destination", "{url}/m")], ""),
    ("MOVE /g/", &[("Destination", "{url}/h/"), ("Overwrite", "F")], ""),
    ("GET /h/a.txt", &[], ""),
    ("GET /g/a.txt", &[], ""),
    ("MOVE /h/a.txt", &[("Destination", "{url}/h/%C3%A9%20%23.txt"), ("Overwrite", "F")], ""),
    ("MOVE /h/empty.txt", &[("Destination", "{url}/h/%C3%A9%20%23.txt"), ("Overwrite", "F")], ""),
    ("MOVE /h/%C3%A9%20%23.txt", &[("Destination", "{url}/h/x"), ("If-None-Match", "*")], ""),
    ("LOCK /f/a.txt", &[("Timeout", "Second-60")], LOCK),
    ("LOCK /f/a.txt", &[], LOCK),
    ("PUT /f/a.txt", &[], "x"),
    ("PUT /f/a.txt", &[("If-Match", "\"stale\"")], "x"),
    ("DELETE /f/a.txt", &[], ""),
    ("MOVE /f/a.txt", &[("Destination", "{url}/f/b.txt")], ""),
    ("COPY /f/a.txt", &[("Destination", "{url}/f/b.txt")], ""),
    ("MOVE /f/b.txt", &[("Destination", "{url}/f/a.txt")], ""),
    ("PROPPATCH /f/a.txt", &[], SET),
    ("MOVE /f/", &[("Destination", "{url}/ff/")], ""),
    ("LOCK /f/a.txt", &[("If", "({token})"), ("Timeout", "Second-100")], ""),
    ("PUT /f/a.txt", &[("If", "({token})")], "mine"),
    ("UNLOCK /f/a.txt", &[], ""),
    ("UNLOCK /f/a.txt", &[("Lock-Token", "{token}")], ""),
    ("UNLOCK /f/a.txt", &[("Lock-Token", "{token}")], ""),
    ("PUT /f/a.txt", &[], "free"),
    ("LOCK /f/free-name", &[], LOCK),
    ("PUT /f/free-name", &[], "x"),
    ("PUT /f/free-name", &[("If", "({token})")], "x"),
    ("UNLOCK /f/free-name", &[("Lock-Token", "{token}")], ""),
    ("REPORT /f/", &[], ASK),
    ("OPTIONS /f/", &[], ""),
    ("DELETE /missing", &[], ""),
    ("DELETE /f/", &[], ""),
    ("PROPFIND /f/", &[("Depth", "0")], ASK),
];

/// What is peculiar to Apache.
const APACHE: &[Step] = &[
    ("MKCOL /d/", &[], ""),
    ("PROPFIND /d", &[("Depth", "0")], ASK),
    ("PROPFIND /d/", &[("Depth", "infinity")], ASK),
    ("PUT /d/x", &[], "x"),
    ("PROPFIND /d/x/", &[("Depth", "0")], ASK),
    ("GET /d/x/", &[], ""),
    ("PUT /none", &[("If-Match", "*")], "x"),
    ("PUT /d/x", &[("If", "(<opaquelocktoken:0>)")], "x"),
    ("HEAD /d/x", &[], ""),
    ("DELETE /d/x", &[("If", "([{tag}])")], ""),
    ("MOVE /d/x", &[("Destination", "{url}/d/y"), ("If", "([{tag}])")], ""),
    ("MOVE /d/x", &[("Destination", "{url}/d/y"), ("If-Match", "*")], ""),
    ("COPY /d/x", &[("Destination", "{url}/d/y"), ("If-Match", "*")], ""),
    ("MOVE /d/x", &[("Destination", "{url}/d/y"), ("If", "<{url}/d/x> ([{tag}])")], ""),
    ("MOVE /d/y", &[("Destination", "{url}/no/y")], ""),
    ("COPY /d/", &[("Destination", "{url}/no/d/")], ""),
    ("MOVE /d/y", &[("Destination", "{url}/d")], ""),
    ("MKCOL /e/", &[], ""),
    ("MOVE /e/", &[("Destination", "{url}/d/y/"), ("Overwrite", "F")], ""),
    ("MOVE /d/y", &[("Destination", "{url}/e"), ("Overwrite", "F")], ""),
    ("LOCK /d/y", &[], LOCK),
    ("DELETE /d/", &[], ""),
    ("PATCH /d/y", &[], ""),
];

/// What is peculiar to WsgiDAV.
const WSGIDAV: &[Step] = &[
    ("MKCOL /d", &[], ""),
    ("PROPFIND /d", &[("Depth", "0")], ASK),
    ("PROPFIND /d", &[("Depth", "infinity")], ASK),
    ("PUT /d/x/", &[], "x"),
    ("PROPFIND /d/x/", &[("Depth", "0")], ASK),
    ("PUT /none", &[("If-Match", "*")], "x"),
    ("HEAD /d/x", &[], ""),
    ("PUT /d/x", &[("If-Match", "{tag}")], "longer"),
    ("MOVE /d/x", &[("Destination", "{url}/d/y"), ("If", "<{url}/d/x> ([\"stale\"])")], ""),
    ("COPY /d/y", &[("Destination", "{url}/d/q%3Fx%3By")], ""),
    ("GET /d/q", &[], ""),
    ("COPY /d/y", &[("Destination", "http://elsewhere.example/x")], ""),
    ("LOCK /d/y", &[], LOCK),
    ("DELETE /d/y", &[], ""),
    ("DELETE /d/q", &[], ""),
];

/// One of the two servers, and what it made up last.
struct Twin {
    place: Place,
    tag: String,
    token: String,
}

impl Twin {
    fn new(place: Place) -> Self {
        Self { place, tag: "\"none\"".to_owned(), token: "<none>".to_owned() }
    }

    async fn take(&mut self, step: &Step) -> Reply {
        let (line, headers, body) = step;
        let (method, path) = line.split_once(' ').unwrap();
        let url = self.place.base_url.trim_end_matches('/');
        let filled = |value: &str| {
            value.replace("{url}", url).replace("{tag}", &self.tag).replace("{token}", &self.token)
        };
        let headers: Vec<(&str, String)> =
            headers.iter().map(|(name, value)| (*name, filled(value))).collect();
        let base =
            url.strip_prefix("http://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or("");
        let reply = self.place.exchange(method, &format!("{base}{path}"), &headers, body).await.unwrap();
        if let Some(tag) = reply.header("etag") {
            tag.clone_into(&mut self.tag);
        }
        if let Some(token) = reply.header("lock-token") {
            token.clone_into(&mut self.token);
        }
        reply
    }
}

async fn compare(simulated: Place, real: Place, steps: impl Iterator<Item = &Step>) {
    let (mut simulated, mut real) = (Twin::new(simulated), Twin::new(real));
    let mut differences = Vec::new();
    for step in steps {
        let (ours, theirs) = (simulated.take(step).await, real.take(step).await);
        let seen = |reply: &Reply| {
            let header = |name| reply.header(name).map(str::to_owned);
            let there = |name: &str| reply.header(name).is_some();
            (reply.status, header("content-range"), header("dav"), there("etag"), there("lock-token"))
        };
        let content = step.0.starts_with("GET ") && ours.status < 300 && ours.body != theirs.body;
        if seen(&ours) != seen(&theirs) || content {
            differences.push(format!("{step:?}: simulated {:?}, real {:?}", seen(&ours), seen(&theirs)));
        }
    }
    assert!(differences.is_empty(), "the simulator differs:\n{}", differences.join("\n"));
}

#[tokio::test]
async fn simulated_apache_answers_like_the_installed_one() {
    let Some((_real, real)) = real(Product::Apache) else { return };
    let (_running, simulated) = simulated(Simulator::builder(Flavour::Apache)).await;
    compare(simulated, real, COMMON.iter().chain(APACHE)).await;
}

#[tokio::test]
async fn simulated_wsgidav_answers_like_the_installed_one() {
    let Some((_real, real)) = real(Product::WsgiDav) else { return };
    let (_running, simulated) = simulated(Simulator::builder(Flavour::WsgiDav)).await;
    compare(simulated, real, COMMON.iter().chain(WSGIDAV)).await;
}
