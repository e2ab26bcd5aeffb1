//! Uploads and downloads in base64, in pieces.

use std::time::Duration;

use ::base64::Engine as _;
use ::base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Response as Answer;
use portico_contract::{ByteStream, CallContext, Error, ErrorKind};
use portico_simkit::http::{Body, Server, full, read_capped};
use proptest::prelude::*;

use crate::http::{Base, Client, Limits as HttpLimits, Request, Trust, Verb};
use crate::rpc::{Limits, Member, Protocol, Value, base64_body, member};
use crate::{jsonrpc, xmlrpc};

/// Answers with what it was sent.
async fn echo() -> (Server, Client) {
    let server = Server::loopback(|request: http::Request<Body>| async move {
        let body = read_capped(request.into_body(), 1 << 26).await.unwrap_or_default();
        Answer::builder().body(full(body)).expect("an answer")
    });
    let server = server.await.expect("a free port");
    let base = Base::parse(&format!("http://{}", server.addr())).expect("an address");
    (server, Client::new(base, &Trust::Public, None, HttpLimits::default()).expect("a client"))
}

async fn send(client: &Client, request: Request<'_>) -> crate::http::Response {
    let context = CallContext::internal("test", Duration::from_secs(30));
    client.send(&context, request).await.expect("an answer")
}

fn pieces(octets: &[u8], sizes: &[usize]) -> ByteStream {
    let mut rest = Bytes::copy_from_slice(octets);
    let mut cut = Vec::new();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        cut.push(Ok(rest.split_to((*size).clamp(1, rest.len()))));
    }
    ByteStream::new(stream::iter(cut))
}

async fn read(protocol: Protocol, client: &Client, answer: &str) -> Result<Result<Bytes, Bytes>, Error> {
    let request = Request::new(Verb::POST, "/").bytes("text/plain", answer.to_owned());
    let response = send(client, request).await;
    match member(protocol, response, "datas", &Limits { answer: 200_000, ..Limits::default() }).await? {
        Member::Content(stream) => stream.collect(1 << 26).await.map(Ok),
        Member::Answer(whole) => Ok(Err(whole)),
    }
}

fn xml(value: &str, behind: &str) -> String {
    format!(
        "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n<value><struct>\n<member>\n\
         <name>id</name>\n<value><int>922</int></value>\n</member>\n<member>\n<name>datas</name>\n{value}\n</member>\n{behind}\
         </struct></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n"
    )
}

fn json(value: &str, behind: &str) -> String {
    format!(r#"{{"jsonrpc": "2.0", "id": 7, "result": [{{"id": 922, "datas": {value}{behind}}}]}}"#)
}

#[tokio::test]
async fn content_is_decoded_as_it_comes_whatever_its_size() {
    let (_server, client) = echo().await;
    for size in [0, 1, 2, 3, 9, 60, 65_536, 5_000_001] {
        let octets: Vec<u8> = (0..size).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let text = BASE64_STANDARD.encode(&octets);
        let name = "<member><name>name</name><value>a.pdf</value></member>";
        for answer in [
            xml(&format!("<value><string>{text}</string></value>"), ""),
            // Bare and empty it would be given whole, as any other empty text.
            xml(
                &if size == 0 {
                    "<value><string></string></value>".into()
                } else {
                    format!("<value>{text}</value>")
                },
                name,
            ),
            xml(&format!("<value>\n<base64>\n{text}\n</base64></value>"), name),
        ] {
            let read = read(Protocol::Xml, &client, &answer).await.expect("an answer").expect("content");
            assert!(read == octets, "{size}");
        }
        for answer in
            [json(&format!("\"{text}\""), ""), json(&format!(" \"{text}\""), r#", "name": "a.pdf""#)]
        {
            let read = read(Protocol::Json, &client, &answer).await.expect("an answer").expect("content");
            assert!(read == octets, "{size}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_content_is_given_whole() {
    let (_server, client) = echo().await;
    for answer in [
        xml("<value><boolean>0</boolean></value>", ""),
        xml("<value><nil/></value>", ""),
        include_str!("../../../fixtures/odoo/18-read-missing.xml.http")
            .split_once("\n\n<?xml")
            .expect("a head")
            .1
            .into(),
        "x".repeat(100_000),
    ] {
        let whole = read(Protocol::Xml, &client, &answer).await.expect("an answer");
        assert_eq!(whole.expect_err("no content"), answer.as_bytes());
    }
    for answer in [json("false", ""), r#"{"jsonrpc":"2.0","id":7,"result":[]}"#.to_owned()] {
        let whole = read(Protocol::Json, &client, &answer).await.expect("an answer");
        assert_eq!(whole.expect_err("no content"), answer.as_bytes());
    }
    let error = read(Protocol::Xml, &client, &"x".repeat(300_000)).await.expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

#[tokio::test]
async fn content_in_a_broken_answer_ends_with_an_error() {
    let (_server, client) = echo().await;
    let string = |text: &str| format!("<value><string>{text}</string></value>");
    let long = "QUJD".repeat(40_000);
    for answer in [
        xml(&string("QUJ"), ""),
        xml(&string("QUJD=QUJD"), ""),
        xml(&string("QQ==QQ=="), ""),
        xml(&string("QU&#74;D"), ""),
        xml("<value><string>QUJD</string></value><value>x</value>", ""),
        xml(&string("QUJD"), "<member>"),
        xml(&string(&long), "<unknown/>"),
        xml(&string(&long), &"<member><name>x</name><value>y</value></member>".repeat(4_000)),
        xml(&string("QUJD"), "") + "more",
        xml(&string(&long), "").replace("<?xml version='1.0'?>", "<x/>"),
        xml(&string(&long), "").replace("</methodResponse>", ""),
    ] {
        assert!(read(Protocol::Xml, &client, &answer).await.is_err(), "{}", &answer[..answer.len().min(500)]);
    }
    for answer in [
        json("\"QUJ\"", ""),
        json("\"QU\\u004aD\"", ""),
        json("\"QUJD\"", ", \"x\": }"),
        json("\"QUJD\"", "") + "more",
        json(&format!("\"{long}"), ""),
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"x","datas":"QUJD"}}"#.to_owned()
            + &" ".repeat(64),
    ] {
        assert!(
            read(Protocol::Json, &client, &answer).await.is_err(),
            "{}",
            &answer[..answer.len().min(200)]
        );
    }
    // What is found in a comment is not content.
    let comment =
        xml("<value/>", "").replace("<params>", "<params><!-- <name>datas</name><value><string>QUJD -->");
    assert!(read(Protocol::Xml, &client, &comment).await.expect("an answer").is_err());
}

#[tokio::test]
async fn an_upload_goes_into_the_call_as_it_comes() {
    let (_server, client) = echo().await;
    for size in [0_usize, 1, 2, 3, 100_000] {
        let octets = vec![0xA5_u8; size];
        for length in [Some(size as u64), None] {
            let arguments = [Value::members([("datas", Value::Content), ("name", "<ä>".into())])];
            let call = xmlrpc::call("create", &arguments).expect("a call");
            let request = call.into_request(Verb::POST, "/", Some((pieces(&octets, &[7, 1_000]), length)));
            let sent = send(&client, request).await.collect(1 << 20).await.expect("an echo");
            let text = String::from_utf8(sent.to_vec()).expect("UTF-8");
            let expected = format!(
                "<member><name>datas</name><value><string>{}</string></value></member><member><name>name</name>",
                BASE64_STANDARD.encode(&octets)
            );
            assert!(text.contains(&expected), "{text}");
            assert!(text.ends_with(
                "&lt;ä&gt;</string></value></member></struct></value></param></params></methodCall>"
            ));
            let call = jsonrpc::call(7, "call", &Value::Array(arguments.to_vec())).expect("a call");
            let request = call.into_request(Verb::POST, "/", Some((pieces(&octets, &[7, 1_000]), length)));
            let sent = send(&client, request).await.collect(1 << 20).await.expect("an echo");
            let sent: serde_json::Value = serde_json::from_slice(&sent).expect("JSON");
            assert_eq!(sent["params"][0]["datas"], BASE64_STANDARD.encode(&octets));
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_breaks_the_call() {
    let broken = || Error::new(ErrorKind::CallerTooSlow, "too slow");
    let body = ByteStream::new(stream::iter([Ok(Bytes::from_static(b"abcd")), Err(broken())]));
    let steps: Vec<_> = StreamExt::collect(base64_body(body)).await;
    assert_eq!(steps.len(), 2);
    assert!(steps[0].as_ref().is_ok_and(|text| text == "YWJj") && steps[1].is_err());
}

proptest! {
    #[test]
    fn pieces_of_any_size_make_the_same_text(
        octets in prop::collection::vec(any::<u8>(), 0..200), sizes in prop::collection::vec(1usize..9, 1..6),
    ) {
        let encoded = futures_util::FutureExt::now_or_never(base64_body(pieces(&octets, &sizes)).collect(1 << 20));
        let encoded = encoded.expect("at once").expect("text");
        let whole = BASE64_STANDARD.encode(&octets);
        prop_assert_eq!(&encoded[..], whole.as_bytes());
        let mut decoder = super::super::base64::Decoder::default();
        let (mut rest, mut decoded) = (&encoded[..], Vec::new());
        for size in sizes.iter().cycle() {
            if rest.is_empty() { break; }
            let (piece, behind) = rest.split_at((*size).min(rest.len()));
            decoded.extend_from_slice(&decoder.push(piece).expect("base64"));
            rest = behind;
        }
        prop_assert!(decoder.finish().is_ok());
        prop_assert_eq!(decoded, octets);
    }
}
