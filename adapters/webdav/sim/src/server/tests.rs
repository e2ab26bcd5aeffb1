//! Behaviour that the recordings do not show. Statuses are those that Apache 2.4.71 and WsgiDAV 4.4.0 gave when asked.

use std::time::Duration;

use http::Request;

use super::*;
use crate::clock::Hand;

const LOCK: &str =
    "<lockinfo xmlns=\"DAV:\"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>";

struct Client(Simulator);

impl Client {
    fn new(flavour: Flavour) -> Self {
        Self::of(Simulator::builder(flavour))
    }

    fn of(builder: Builder) -> Self {
        Self(builder.build())
    }

    fn with_hand(flavour: Flavour) -> (Self, Hand) {
        let (clock, hand) = Clock::manual("2026-11-22T12:00:00Z".parse().unwrap());
        (Self::of(Simulator::builder(flavour).clock(clock)), hand)
    }

    fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
        let (method, target) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(target).header("host", "h");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.0.handle(&request.body(()).unwrap().into_parts().0, Bytes::copy_from_slice(body.as_bytes()))
    }

    fn status(&self, line: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        self.send(line, headers, body).status().as_u16()
    }

    fn etag(&self, target: &str) -> String {
        let response = self.send(&format!("HEAD {target}"), &[], "");
        response.headers()["etag"].to_str().unwrap().to_owned()
    }

    fn text(&self, target: &str) -> String {
        String::from_utf8(self.send(&format!("GET {target}"), &[], "").into_body().to_vec()).unwrap()
    }
}

#[test]
fn a_tag_is_weak_for_a_moment_and_if_match_fails_until_it_is_strong() {
    let (client, hand) = Client::with_hand(Flavour::Apache);
    assert_eq!(client.status("PUT /a", &[], "one"), 201);
    let weak = client.etag("/a");
    assert!(weak.starts_with("W/"));
    let strong = weak.trim_start_matches("W/").to_owned();
    for tag in [&weak, &strong] {
        assert_eq!(client.status("PUT /a", &[("if-match", tag)], "two"), 412);
    }
    assert_eq!(client.status("PUT /a", &[("if", &format!("([{weak}])"))], "two"), 204);
    assert_eq!(client.status("PUT /a", &[("if", &format!("([{weak}])"))], "three"), 412);
    hand.advance(Duration::from_millis(1_001));
    let strong = client.etag("/a");
    assert!(!strong.starts_with("W/"));
    assert_eq!(client.status("PUT /a", &[("if-match", &strong)], "three"), 204);
    assert_eq!(client.text("/a"), "three");
}

#[test]
fn a_wsgidav_tag_is_strong_at_once_but_blind_within_a_second() {
    let (client, hand) = Client::with_hand(Flavour::WsgiDav);
    client.send("PUT /a", &[], "one");
    let tag = client.etag("/a");
    assert_eq!(client.status("PUT /a", &[("if-match", &tag)], "two"), 204);
    assert_eq!(client.etag("/a"), tag, "same second, same length");
    hand.advance(Duration::from_secs(1));
    assert_eq!(client.status("PUT /a", &[("if-match", &tag)], "six"), 204);
    assert_ne!(client.etag("/a"), tag);
    assert_eq!(
        client.status("PUT /none", &[("if-match", "*")], "x"),
        201,
        "where nothing is, nothing is asked"
    );
}

#[test]
fn untagged_conditions_on_what_goes_away_are_also_put_to_its_folder_by_apache() {
    let client = Client::new(Flavour::Apache);
    client.send("MKCOL /f/", &[], "");
    client.send("PUT /f/a", &[], "x");
    let tag = client.etag("/f/a");
    assert_eq!(client.status("DELETE /f/a", &[("if", &format!("([{tag}])"))], ""), 424);
    for resource in ["http://h/f/a", "/f/a"] {
        let stale = format!("<{resource}> ([\"stale\"])");
        assert_eq!(client.status("DELETE /f/a", &[("if", &stale)], ""), 412);
    }
    let any = [("if-match", "*"), ("destination", "http://h/f/b")];
    assert_eq!(client.status("MOVE /f/a", &any, ""), 412, "it is held against the destination, too");
    assert_eq!(client.status("COPY /f/a", &any, ""), 412);
    let tagged = format!("<http://h/f/a> ([{tag}])");
    let headers = [("if", tagged.as_str()), ("destination", "http://h/f/b"), ("overwrite", "F")];
    assert_eq!(client.status("MOVE /f/a", &headers, ""), 201);
    assert_eq!(client.status("MOVE /f/a", &headers, ""), 404);
}

#[test]
fn a_server_that_ignores_preconditions_still_respects_locks() {
    let client = Client::of(Simulator::builder(Flavour::Apache).ignores_preconditions());
    client.send("PUT /a", &[], "x");
    for (name, value) in [("if-match", "\"stale\""), ("if-none-match", "*"), ("if", "([\"stale\"])")] {
        assert_eq!(client.status("PUT /a", &[(name, value)], "y"), 204, "{name}");
    }
    assert_eq!(client.status("LOCK /a", &[], LOCK), 200);
    assert_eq!(client.status("PUT /a", &[("if-match", "*")], "z"), 423);
}

#[test]
fn locks_hold_until_they_are_released_or_run_out() {
    for flavour in [Flavour::Apache, Flavour::WsgiDav] {
        let (client, hand) = Client::with_hand(flavour);
        client.send("MKCOL /f/", &[], "");
        client.send("PUT /f/a", &[], "x");
        let answer = client.send("LOCK /f/a", &[("timeout", "Second-60")], LOCK);
        assert_eq!(answer.status(), 200);
        let token = answer.headers()["lock-token"].to_str().unwrap().to_owned();
        let shown = format!("({token})");
        let destination = ("destination", "http://h/f/b");
        assert_eq!(client.status("LOCK /f/a", &[], LOCK), 423);
        assert_eq!(client.status("PUT /f/a", &[], "y"), 423);
        assert_eq!(client.status("MOVE /f/a", &[destination], ""), 423);
        assert_eq!(client.status("COPY /f/a", &[destination], ""), 201);
        assert_eq!(client.status("MOVE /f/b", &[("destination", "http://h/f/a")], ""), 423);
        let (delete, relocate) = if flavour == Flavour::Apache { (424, 424) } else { (207, 423) };
        assert_eq!(client.status("DELETE /f/", &[], ""), delete);
        assert_eq!(client.status("MOVE /f/", &[("destination", "http://h/g/")], ""), relocate);
        assert_eq!(client.status("PUT /f/a", &[("if", &shown)], "y"), 204);
        assert_eq!(client.status("LOCK /f/a", &[("if", &shown), ("timeout", "Second-100")], ""), 200);
        hand.advance(Duration::from_secs(99));
        assert_eq!(client.status("PUT /f/a", &[], "z"), 423, "refreshed");
        hand.advance(Duration::from_secs(2));
        assert_eq!(client.status("PUT /f/a", &[], "z"), 204, "run out");
        let unlock = client.status("UNLOCK /f/a", &[("lock-token", &token)], "");
        assert_eq!(unlock, if flavour == Flavour::Apache { 400 } else { 409 });
    }
}

#[test]
fn a_lock_on_a_free_name_keeps_it_for_its_holder() {
    for (flavour, status, get) in [(Flavour::Apache, 200, 404), (Flavour::WsgiDav, 201, 200)] {
        let client = Client::new(flavour);
        let answer = client.send("LOCK /n", &[], LOCK);
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(client.status("GET /n", &[], ""), get);
        assert_eq!(client.status("PROPFIND /n", &[("depth", "0")], ""), 207);
        assert_eq!(client.status("PUT /n", &[], "x"), 423);
        let shown = format!("({})", answer.headers()["lock-token"].to_str().unwrap());
        let put = client.status("PUT /n", &[("if", &shown)], "x");
        assert_eq!(put, if flavour == Flavour::Apache { 201 } else { 204 });
    }
}

#[test]
fn copies_are_deep_and_nothing_is_overwritten_unless_wished() {
    for flavour in [Flavour::Apache, Flavour::WsgiDav] {
        let client = Client::new(flavour);
        client.send("MKCOL /f/", &[], "");
        client.send("MKCOL /f/g/", &[], "");
        client.send("PUT /f/g/a", &[], "deep");
        let to = |target: &'static str, overwrite: &'static str| {
            [("destination", target), ("overwrite", overwrite)]
        };
        assert_eq!(client.status("COPY /f/", &to("http://h/c/", "F"), ""), 201);
        assert_eq!(client.text("/c/g/a"), "deep");
        assert_eq!(client.status("COPY /f/", &to("http://h/c/", "F"), ""), 412);
        assert_eq!(client.status("COPY /f/", &to("http://h/c/", "T"), ""), 204);
        assert_eq!(client.status("COPY /f/", &to("http://h/f/", "T"), ""), 403);
        assert_eq!(client.status("COPY /f/", &to("http://h/f/g/h/", "T"), ""), 403);
        assert_eq!(client.status("COPY /f/g/a", &to("http://h/no/x", "T"), ""), 409);
        let (copy, relocate) = if flavour == Flavour::Apache { (403, 500) } else { (409, 409) };
        assert_eq!(client.status("COPY /f/", &to("http://h/no/x/", "T"), ""), copy);
        assert_eq!(client.status("MOVE /f/g/a", &to("http://h/no/x", "T"), ""), relocate);
        assert_eq!(client.status("COPY /f/", &[], ""), 400);
        let elsewhere = client.status("COPY /f/g/a", &to("http://other/x", "T"), "");
        assert_eq!(elsewhere, if flavour == Flavour::Apache { 201 } else { 502 });
        assert_eq!(client.status("MOVE /c/", &to("http://h/d/", "F"), ""), 201);
        assert_eq!((client.text("/d/g/a").as_str(), client.status("GET /c/g/a", &[], "")), ("deep", 404));
    }
}

#[test]
fn wsgidav_reads_a_destination_as_an_address_after_decoding_it() {
    let client = Client::new(Flavour::WsgiDav);
    client.send("PUT /a", &[], "x");
    for (destination, made) in
        [("/q%3Fx%3By%23z", "/q"), ("/p%3By", "/p"), ("/h%23z", "/h%23z"), ("/c%2525", "/c%2525")]
    {
        assert_eq!(client.status("COPY /a", &[("destination", destination)], ""), 201, "{destination}");
        assert_eq!(client.text(made), "x");
    }
}

#[test]
fn ranges_are_cut_to_what_there_is() {
    for flavour in [Flavour::Apache, Flavour::WsgiDav] {
        let client = Client::new(flavour);
        client.send("PUT /a", &[], "abcdef");
        client.send("PUT /empty", &[], "");
        for (range, status, text) in [
            ("bytes=1-2", 206, "bc"),
            ("bytes=4-", 206, "ef"),
            ("bytes=4-99", 206, "ef"),
            ("bytes=-2", 206, "ef"),
            ("bytes=-99", 206, "abcdef"),
            ("bytes=x", 200, "abcdef"),
            ("items=0-1", 200, "abcdef"),
        ] {
            let answer = client.send("GET /a", &[("range", range)], "");
            assert_eq!((answer.status().as_u16(), &answer.body()[..]), (status, text.as_bytes()), "{range}");
        }
        assert_eq!(client.status("GET /a", &[("range", "bytes=6-")], ""), 416);
        assert_eq!(client.status("GET /empty", &[("range", "bytes=0-")], ""), 200);
        assert_eq!(client.status("GET /a", &[("range", "bytes=0-1"), ("if-range", "\"x\"")], ""), 200);
    }
}

#[test]
fn what_may_grow_has_a_bound_and_nothing_changes_at_it() {
    let limits = Limits { body: 10, items: 3, stored: 8 };
    let client = Client::of(Simulator::builder(Flavour::Apache).limits(limits));
    assert_eq!(client.status("PUT /a", &[], "12345"), 201);
    assert_eq!(client.status("PUT /b", &[], "1234"), 507, "octets");
    assert_eq!(client.status("PUT /a", &[], "123456789"), 507, "octets");
    assert_eq!(client.text("/a"), "12345");
    assert_eq!(client.status("COPY /a", &[("destination", "/b")], ""), 507);
    assert_eq!(client.status("MKCOL /f", &[], ""), 201);
    assert_eq!(client.status("MKCOL /g", &[], ""), 507, "items");
    assert_eq!(client.status("DELETE /f/", &[], ""), 204);
    assert_eq!(client.status("MKCOL /g", &[], ""), 201);
    assert_eq!(client.0.items(), 3);
}

#[test]
fn who_may_not_is_refused_before_anything_else() {
    let client = Client::of(Simulator::builder(Flavour::WsgiDav).credentials("u", "p").read_only());
    let basic = ("authorization", "Basic dTpw");
    assert_eq!(client.status("GET /../x", &[("authorization", "Basic dTpx")], ""), 401);
    assert_eq!(client.status("PROPFIND /", &[basic, ("depth", "0")], ""), 207);
    for line in ["PUT /a", "MKCOL /f/", "DELETE /", "LOCK /a", "PROPPATCH /"] {
        assert_eq!(client.status(line, &[basic], ""), 403, "{line}");
    }
}

#[test]
fn folders_and_files_are_told_apart_by_their_slash() {
    let client = Client::new(Flavour::Apache);
    client.send("MKCOL /f/", &[], "");
    client.send("PUT /a", &[], "x");
    let answer = client.send("PROPFIND /f", &[("depth", "0")], "");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (301, &HeaderValue::from_static("http://h/f/"))
    );
    for (line, status) in [
        ("PROPFIND /a/", 400),
        ("GET /a/", 404),
        ("PUT /a/b", 400),
        ("PUT /f/", 409),
        ("GET /f/", 404),
        ("DELETE /", 403),
    ] {
        assert_eq!(client.status(line, &[("depth", "0")], ""), status, "{line}");
    }
    let long = format!("PUT /{}", "a".repeat(256));
    assert_eq!(client.status(&long, &[], "x"), 403);
    let wsgidav = Client::new(Flavour::WsgiDav);
    wsgidav.send("MKCOL /f/", &[], "");
    assert_eq!(wsgidav.status("PROPFIND /f", &[("depth", "0")], ""), 207);
    assert_eq!(wsgidav.status("PUT /f/", &[], "x"), 405);
    assert_eq!(wsgidav.status("PUT /a/", &[], "x"), 201);
    assert_eq!(wsgidav.status("PROPFIND /a/", &[("depth", "0")], ""), 207);
    assert_eq!(wsgidav.status("MKCOL /a/", &[], ""), 405);
    let target = |destination| [("destination", destination), ("overwrite", "F")];
    assert_eq!(wsgidav.status("MOVE /f/", &target("http://h/a/"), ""), 412);
    for (destination, status) in [("/a/", 400), ("/a/b", 400), ("/a", 412), ("/f", 301), ("/f/", 403)] {
        assert_eq!(client.status("MOVE /f/", &target(destination), ""), status, "{destination}");
    }
    assert_eq!(client.status("MOVE /a", &target("/f"), ""), 301);
    assert_eq!(wsgidav.status("DELETE /f", &[], ""), 204);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_cut_off_and_the_next_caller_is_served() {
    let limits = Limits { body: 1_000, ..Limits::default() };
    let builder = Simulator::builder(Flavour::Apache).limits(limits).credentials("u", "p");
    let running = builder.start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let send = async |basic: &str, length: usize| {
        let mut connection = portico_simkit::client::Connection::open(running.addr).await.unwrap();
        connection.request("PUT", "/a", &[("authorization", basic)], &vec![7; length]).await.unwrap()
    };
    assert_eq!(send("Basic eDp4", 1_000).await.status, 401, "before any content is read");
    let refused = send("Basic dTpw", 1_001).await;
    assert_eq!((refused.status, refused.header("connection")), (413, Some("close")));
    assert_eq!(send("Basic dTpw", 1_000).await.status, 201);
    assert_eq!(running.simulator.items(), 2);
    running.stop().await;
}
