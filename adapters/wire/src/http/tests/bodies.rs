//! Bodies both ways.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use portico_contract::{ByteStream, ErrorKind};
use portico_schemas::Outcome;
use portico_simkit::wait::wait_until;

use super::*;

fn pieces(count: usize, size: usize) -> ByteStream {
    ByteStream::new(stream::iter((0..count).map(move |_| Ok(Bytes::from(vec![b'p'; size])))))
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_whether_or_not_it_is_announced() {
    let lab = Lab::new(Limits::default()).await;
    for cap in [0, 1, (1 << 20) - 1] {
        let response = lab.send(Verb::GET, "/big", "").await.expect("an answer");
        assert_eq!(response.collect(cap).await.expect_err("too large").kind(), ErrorKind::LimitExceeded);
    }
    let response = lab.send(Verb::GET, "/big", "").await.expect("an answer");
    assert_eq!(response.collect(1 << 20).await.expect("just so").len(), 1 << 20);
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
    lab.fault(Fault::Replace(chunked.into())).await;
    assert_eq!(
        lab.send(Verb::GET, "/", "").await.expect("an answer").collect(10).await.expect("all"),
        "helloworld"
    );
    let error =
        lab.send(Verb::GET, "/", "").await.expect("an answer").collect(9).await.expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

#[tokio::test]
async fn uploads_are_framed_by_their_length_or_in_chunks() {
    let lab = Lab::new(Limits::default()).await;
    for length in [Some(3_000), None] {
        let request = Request::new(Verb::PUT, "/").stream(pieces(3, 1_000), length);
        let response = lab.client.send(&context(), request).await.expect("an answer");
        assert_eq!(response.collect(1 << 20).await.expect("an echo").len(), 3_000);
    }
    let empty = Request::new(Verb::PUT, "/").stream(ByteStream::once(""), Some(0));
    lab.client.send(&context(), empty).await.expect("an answer").finish().await;
    assert_eq!(lab.proxy.counts().connections, 1);
}

#[tokio::test]
async fn an_upload_that_is_not_as_long_as_said_is_the_callers_fault() {
    let lab = Lab::new(Limits::default()).await;
    for length in [2_999, 3_001] {
        let request = Request::new(Verb::PUT, "/").stream(pieces(3, 1_000), Some(length));
        let error = lab.client.send(&context(), request).await.expect_err("a mismatch");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::Unknown), "{length}");
    }
}

#[tokio::test]
async fn an_upload_that_breaks_says_why() {
    let lab = Lab::new(Limits::default()).await;
    let broken = stream::iter([
        Ok(Bytes::from_static(b"x")),
        Err(Error::new(ErrorKind::CallerTooSlow, "The caller stopped.")),
    ]);
    let request = Request::new(Verb::PUT, "/").stream(ByteStream::new(broken), None);
    let error = lab.client.send(&context(), request).await.expect_err("a broken upload");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::CallerTooSlow, Outcome::Unknown));
}

#[tokio::test]
async fn an_upload_that_crawls_is_not_cut_and_one_that_stands_is() {
    let lab = Lab::new(impatient()).await;
    let crawling = stream::iter(0..6).then(|_| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(Bytes::from_static(b"x"))
    });
    let request = Request::new(Verb::PUT, "/").stream(ByteStream::new(crawling), None);
    let response = lab.client.send(&context(), request).await.expect("an answer");
    assert_eq!(response.collect(10).await.expect("an echo"), "xxxxxx");
    let standing = stream::iter([Ok(Bytes::from_static(b"x"))]).chain(stream::pending());
    let request = Request::new(Verb::PUT, "/").stream(ByteStream::new(standing), None);
    let error = lab.client.send(&context(), request).await.expect_err("it stands");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown));
}

/// The answer came before the upload ended: nothing more is read from the caller.
#[tokio::test]
async fn an_early_answer_ends_the_upload() {
    let server =
        Server::loopback(|_| async { Answer::builder().status(413).body(full("no")).expect("an answer") });
    let server = server.await.expect("a free port");
    let client = client(&server.url(), Limits::default());
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let endless = stream::repeat_with(move || {
        let _held = &held;
        Ok(Bytes::from(vec![b'x'; 65_536]))
    });
    let request = Request::new(Verb::PUT, "/").stream(ByteStream::new(endless), None);
    // Whether the answer is seen before the connection breaks is up to timing.
    if let Ok(response) = client.send(&context(), request).await {
        assert_eq!(response.status.as_u16(), 413);
        response.finish().await;
    }
    wait_until(|| Arc::strong_count(&alive) == 1, SOON).await.expect("the upload is dropped");
}

#[tokio::test]
async fn a_compressed_answer_is_refused() {
    let lab = Lab::new(impatient()).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx";
    lab.fault(Fault::Replace(answer.into())).await;
    let error = lab.whole(Verb::GET, "/", "").await.expect_err("compressed");
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}
