//! Receipts: added, read, taken out.

use portico_contract::{ByteStream, Upload};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::upload::verified;

pub(super) fn upload(octets: &'static str, announced: &str, media_type: &str) -> ReceiptUpload {
    let body = Upload::new(ByteStream::once(octets), Some(octets.len() as u64), Some(media_type.to_owned()));
    let upload = verified(&body, Sha256::digest(announced).into(), 1 << 20);
    ReceiptUpload { name: "ticket.pdf".to_owned(), upload }
}

/// A report of Siân's with one line.
async fn with_line(world: &World) -> (CallContext, String, String) {
    let sian = world.by("sian").await;
    let asking = keyed("99999999-40d5-43e9-bc93-6a894a57f324", "r");
    let found = done(world.expenses.create(&sian, &world.new_report(), asking).await);
    let line = &found.record.lines.as_ref().unwrap()[0].id;
    let line = world.seals.seal(Kind::ExpenseLine, &key("claims"), line);
    (sian, world.id(found.record.id.as_str()), line)
}

#[tokio::test]
async fn a_receipt_is_added_once_read_and_taken_out() {
    let (world, office) = small().await;
    let (sian, report, line) = with_line(&world).await;
    let attach = async |octets, asking| {
        world.expenses.attach(&sian, &report, &line, upload(octets, octets, "application/pdf"), asking).await
    };
    let receipt = done(attach("%PDF", keyed(KEY, "p")).await);
    match attach("%PDF", keyed(KEY, "p")).await {
        Ok(Change::Repeated(again)) => assert_eq!(again.record, receipt.record),
        other => panic!("{other:?}"),
    }
    assert_eq!(office.written(), 2, "the report and one receipt");
    let id = world.seals.seal(Kind::Receipt, &key("claims"), &receipt.record.id);
    let content = world.expenses.receipt(&sian, &report, &id).await.unwrap();
    assert_eq!(content.head.name.as_deref(), Some("ticket.pdf"));
    assert_eq!(content.head.media_type.as_deref(), Some("application/pdf"));
    assert_eq!(content.body.collect(100).await.unwrap(), "%PDF");
    let owen = world.by("owen").await;
    assert!(world.expenses.receipt(&owen, &report, &id).await.is_ok(), "a manager reads");
    let bo = world.by("bo").await;
    assert_eq!(kind(world.expenses.receipt(&bo, &report, &id).await), ErrorKind::NotFound);
    let through = world.expenses.receipt(&sian, &world.id("one"), &id).await;
    assert_eq!(kind(through), ErrorKind::NotFound, "not through another report");
    assert_eq!(
        kind(world.expenses.remove_receipt(&owen, &report, &id, unkeyed()).await),
        ErrorKind::Forbidden
    );
    done(world.expenses.remove_receipt(&sian, &report, &id, unkeyed()).await);
    assert_eq!(
        kind(world.expenses.remove_receipt(&sian, &report, &id, unkeyed()).await),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn only_pictures_and_pdfs_that_are_what_they_say_are_taken() {
    let (world, office) = small().await;
    let (sian, report, line) = with_line(&world).await;
    let attach = async |receipt: ReceiptUpload, n: u8| {
        let asking = keyed(&format!("{n}{n}{n}{n}{n}{n}{n}{n}-40d5-43e9-bc93-6a894a57f324"), "x");
        kind(world.expenses.attach(&sian, &report, &line, receipt, asking).await)
    };
    for (n, bad) in (1..).zip(["text/html", "image/svg+xml", "application/octet-stream", "", "image/"]) {
        assert_eq!(attach(upload("x", "x", bad), n).await, ErrorKind::UnsupportedMediaType, "{bad}");
    }
    let named = |name: &str| ReceiptUpload { name: name.to_owned(), ..upload("x", "x", "image/png") };
    for bad in ["../../etc/passwd", "a\\b", "", "a\nb", &"x".repeat(201)] {
        assert_eq!(attach(named(bad), 7).await, ErrorKind::InvalidInput, "{bad:?}");
    }
    assert_eq!(attach(upload("cut", "cut off", "image/png"), 8).await, ErrorKind::InvalidInput);
    assert_eq!(office.written(), 1, "only the report");
    let large = Upload::new(ByteStream::once("x"), Some(17 << 20), Some("image/png".to_owned()));
    let large = ReceiptUpload { name: "x.png".to_owned(), upload: verified(&large, [0; 32], 1 << 20) };
    assert_eq!(attach(large, 9).await, ErrorKind::ContentTooLarge);
    let foreign = world.seals.seal(Kind::ExpenseLine, &key("claims"), &native("line-of-nobody"));
    let asking = keyed(KEY, "f");
    let refused =
        world.expenses.attach(&sian, &report, &foreign, upload("x", "x", "image/png"), asking).await;
    assert_eq!(kind(refused), ErrorKind::NotFound);
}
