//! Servers that send what would harm a parser, too much, or nothing.

use ldap3_proto::proto::{LdapOp, LdapResultCode as Code};
use portico_contract::ErrorKind;
use portico_simkit::wait::wait_until;

use super::server::{Reply, Server, done, entry, friendly, searching};
use super::*;
use crate::ldap::ber::{ENUMERATED, INTEGER, OCTETS, SEQUENCE, element, number};

fn raw(id: i32, operation: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&number(INTEGER, i64::from(id)), operation].concat())
}

fn raw_done(id: i32) -> Vec<u8> {
    raw(id, &element(0x65, &[number(ENUMERATED, 0), element(OCTETS, b""), element(OCTETS, b"")].concat()))
}

/// Answers a search with these octets; the id of the request is given.
async fn says(octets: impl Fn(i32) -> Vec<u8> + Send + Sync + 'static) -> Server {
    Server::start(searching(move |request, _| Reply::Raw(octets(request.msgid)))).await
}

/// What becomes of one search, and that the connection is not used again.
async fn becomes(server: &Server, config: LdapConfig) -> Error {
    let client = client(config);
    let error = ask(&client).await.expect_err("a failure");
    wait_until(|| server.open() == 0, SOON).await.expect("the connection is closed");
    error
}

#[tokio::test]
async fn a_nesting_bomb_ends_its_connection_alone() {
    let server = says(|_| {
        // A quarter of this ends a process with 2 MiB of stack. Each length reaches to the end of the message.
        let (mut bomb, depth) = (Vec::new(), 20_000_u32);
        for level in 0..depth {
            bomb.extend([0x30, 0x84]);
            bomb.extend(((depth - level - 1) * 6).to_be_bytes());
        }
        bomb
    });
    let server = server.await;
    let error = becomes(&server, config(&[server.addr])).await;
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.detail().contains("64"), "{error}");
}

#[tokio::test]
async fn huge_messages_are_not_waited_for() {
    let server = says(|_| vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02]).await;
    let error = becomes(&server, config(&[server.addr])).await;
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.detail().contains("4194304"), "{error}");
}

#[tokio::test]
async fn garbage_is_an_invalid_response() {
    let answers: [fn(i32) -> Vec<u8>; 7] = [
        |_| b"HTTP/1.1 400 Bad Request\r\n\r\nJane Doe".to_vec(),
        |_| b"\x30\x80\x02\x01\x02\x00\x00".to_vec(),
        |_| vec![0xff; 4_000],
        // Somebody else's answer, an answer to another kind of request, and one that is shaped wrongly.
        |id| raw_done(id + 1),
        |id| {
            raw(
                id,
                &element(0x61, &[number(ENUMERATED, 0), element(OCTETS, b""), element(OCTETS, b"")].concat()),
            )
        },
        |id| raw(id, &element(0x64, b"")),
        |id| {
            raw(
                id,
                &element(
                    0x65,
                    &[number(ENUMERATED, 0), element(OCTETS, b"\xff"), element(OCTETS, b"")].concat(),
                ),
            )
        },
    ];
    for (at, octets) in answers.into_iter().enumerate() {
        let server = says(octets).await;
        let error = becomes(&server, config(&[server.addr])).await;
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{at}: {error}");
        assert!(!format!("{error}{error:?}").contains("Jane"));
    }
}

#[tokio::test]
async fn names_and_controls_that_cannot_be_read_are_an_invalid_response() {
    let bad_name = |id| {
        [
            raw(id, &element(0x64, &[element(OCTETS, b"no name"), element(SEQUENCE, b"")].concat())),
            raw_done(id),
        ]
    };
    let server = says(move |id| bad_name(id).concat()).await;
    assert_eq!(becomes(&server, config(&[server.addr])).await.kind(), ErrorKind::InvalidResponse);
    let server = says(|id| {
        let control = element(
            SEQUENCE,
            &[element(OCTETS, b"1.2.840.113556.1.4.319"), element(OCTETS, b"\x30\x01")].concat(),
        );
        let result =
            element(0x65, &[number(ENUMERATED, 0), element(OCTETS, b""), element(OCTETS, b"")].concat());
        raw(id, &[result, element(0xa0, &control)].concat())
    });
    let server = server.await;
    let error = ask(&client(config(&[server.addr]))).await.expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test]
async fn a_truncated_answer_is_a_lost_connection() {
    let server = Server::start(|request| match &request.op {
        LdapOp::SearchRequest(_) => Reply::Close,
        _ => friendly(request),
    });
    let server = server.await;
    let error = becomes(&server, config(&[server.addr])).await;
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    // Half a message, and then the end.
    let proxy = portico_simkit::fault::FaultProxy::start(Server::start(friendly).await.addr)
        .await
        .expect("a free port");
    proxy.set(portico_simkit::fault::Fault::Truncate(30)).await;
    let error = ask(&client(config(&[proxy.addr()]))).await.expect_err("a failure");
    assert!(matches!(error.kind(), ErrorKind::ConnectionLost | ErrorKind::ConnectRefused), "{error}");
}

#[tokio::test]
async fn silence_ends_with_the_operation() {
    let server = Server::start(searching(|_, _| Reply::Nothing)).await;
    let mut config = config(&[server.addr]);
    config.limits.operation_timeout = Duration::from_millis(200);
    let error = becomes(&server, config).await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn silence_ends_with_the_deadline_of_the_call() {
    let server = Server::start(searching(|_, _| Reply::Nothing)).await;
    let client = client(config(&[server.addr]));
    let context = CallContext::internal("test", Duration::from_millis(200));
    let error = client.search(&context, &people()).await.expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    wait_until(|| server.open() == 0, SOON).await.expect("the connection is closed");
}

#[tokio::test]
async fn entries_and_octets_of_a_result_are_bounded() {
    let server = Server::start(searching(|request, _| {
        let mut said: Vec<_> =
            (0..100).map(|n| entry(request, &format!("uid={n}"), &[("uid", &[b"0123456789"])])).collect();
        said.push(done(request, Code::Success, ""));
        Reply::Say(said)
    }));
    let server = server.await;
    let mut few = config(&[server.addr]);
    few.limits.max_entries = 99;
    let error = becomes(&server, few).await;
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.detail().contains("99 entries"), "{error}");
    let mut small = config(&[server.addr]);
    small.limits.max_octets = 1_000;
    let error = becomes(&server, small).await;
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.detail().contains("1000 octets"), "{error}");
    let mut exactly = config(&[server.addr]);
    exactly.limits.max_entries = 100;
    assert_eq!(ask(&client(exactly)).await.expect("a result").entries.len(), 100);
}

#[tokio::test]
async fn a_farewell_of_the_server_is_no_answer() {
    let server = says(|_| {
        // As Active Directory writes it, with an element where none belongs.
        let result =
            element(0x78, &[number(ENUMERATED, 52), element(OCTETS, b""), element(OCTETS, b"")].concat());
        raw(0, &[result, element(0x8a, b"1.3.6.1.4.1.1466.20036")].concat())
    });
    let server = server.await;
    let error = becomes(&server, config(&[server.addr])).await;
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
}

#[tokio::test]
async fn nothing_that_comes_unasked_is_taken_for_an_answer() {
    // The answer, and another one for the request that has not been sent yet.
    let server = says(|id| [raw_done(id), raw_done(id + 1)].concat()).await;
    let client = client(config(&[server.addr]));
    ask(&client).await.expect("the first answer");
    wait_until(|| server.open() == 0, SOON).await.expect("the connection is closed");
    ask(&client).await.expect("on another connection");
    assert_eq!(server.connections(), 2);
}
