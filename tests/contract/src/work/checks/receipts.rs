//! Receipts: octet for octet, and no more of them than may be.

use bytes::Bytes;
use futures_util::StreamExt;
use portico_contract::expenses::{
    AttachReceipt, ExpenseReportRecord, ReadReceipt, ReceiptRecord, RemoveReceipt,
};
use portico_contract::{ByteStream, Error, ErrorKind, NativeId, Upload};

use super::super::world::{World, upload};
use super::reports::lines;
use crate::world::{Outcome, ensure, good, refused};

/// A report with one line, and the line.
async fn room(world: &World) -> Result<(ExpenseReportRecord, NativeId), String> {
    let report = world.report().await?;
    let line = lines(&report)?.first().ok_or("a report has no line")?.id.clone();
    Ok((report, line))
}

fn attach(report: &ExpenseReportRecord, line: &NativeId, name: &str, upload: Upload) -> AttachReceipt {
    AttachReceipt { report: report.id.clone(), line: line.clone(), name: name.to_owned(), upload }
}

async fn content(world: &World, report: &NativeId, receipt: &NativeId) -> Result<Bytes, Error> {
    let read = ReadReceipt { report: report.clone(), receipt: receipt.clone() };
    world.call(read).await?.body.collect(20 << 20).await
}

async fn receipts(world: &World, report: &NativeId) -> Result<Vec<ReceiptRecord>, String> {
    let report = good("reading the report", world.get(report).await)?;
    Ok(lines(&report)?.iter().flat_map(|line| line.receipts.clone()).collect())
}

fn octets(count: usize) -> Bytes {
    // No period that fits into a block of anything.
    (0..count).map(|at| u8::try_from((at * 31 + at / 251) % 256).unwrap_or_default()).collect()
}

pub(crate) async fn octet_for_octet(world: &World) -> Outcome {
    let (report, line) = room(world).await?;
    let mut known = Vec::new();
    for (count, name) in
        [(1, "a.pdf"), (2, "b"), (3, "Beleg – Łódź.pdf"), (60_001, "d.PDF"), (3 << 20, "large.pdf")]
    {
        let octets = octets(count);
        let said = (count != 60_001).then_some(count as u64);
        let doing = format!("attaching {count} octets");
        let receipt = good(&doing, world.call(attach(&report, &line, name, upload(&octets, said))).await)?;
        ensure!(receipt.name == name, "{doing}: it is called {:?} instead of {name:?}", receipt.name);
        let length = receipt.length;
        ensure!(length.is_none_or(|length| length == count as u64), "{doing}: {length:?}");
        known.push((receipt, octets));
    }
    let listed = receipts(world, &report.id).await?;
    ensure!(listed.len() == known.len(), "{} receipts instead of {}", listed.len(), known.len());
    for (receipt, octets) in &known {
        let id = receipt.id.as_str();
        ensure!(listed.contains(receipt), "receipt {id:?} is {receipt:?}, but the report has {listed:?}");
        let found = good("reading a receipt", content(world, &report.id, &receipt.id).await)?;
        ensure!(found == *octets, "{} octets came back as {}, or others", octets.len(), found.len());
    }
    Ok(())
}

pub(crate) async fn too_large(world: &World) -> Outcome {
    let (report, line) = room(world).await?;
    let body = upload(&Bytes::from_static(b"%PDF"), Some(AttachReceipt::MAX + 1));
    let told = attach(&report, &line, "large.pdf", body);
    let too_large = &[ErrorKind::ContentTooLarge];
    refused("attaching more than may be", world.call(told.clone()).await, too_large)?;
    ensure!(!told.upload.is_taken(), "the octets were taken although their number was told");
    // One that does not say how long it is is stopped on its way.
    let piece = Bytes::from(vec![7_u8; 1 << 20]);
    let pieces = usize::try_from(AttachReceipt::MAX >> 20).unwrap_or(16) + 1;
    let body = ByteStream::new(futures_util::stream::iter(0..pieces).map(move |_| Ok(piece.clone())));
    let untold = attach(&report, &line, "endless.pdf", Upload::new(body, None, None));
    refused("attaching more than may be without saying so", world.call(untold).await, too_large)?;
    let left = receipts(world, &report.id).await?;
    ensure!(left.is_empty(), "what was too large left {left:?}");
    Ok(())
}

pub(crate) async fn broken_off(world: &World) -> Outcome {
    let (report, line) = room(world).await?;
    let pieces = vec![
        Ok(Bytes::from(vec![1_u8; 40_000])),
        Err(Error::new(ErrorKind::ConnectionLost, "The client went away.")),
    ];
    let body = ByteStream::new(futures_util::stream::iter(pieces));
    let broken = attach(&report, &line, "half.pdf", Upload::new(body, Some(80_000), None));
    let answer = world.call(broken).await;
    ensure!(answer.is_err(), "half of a receipt was taken: {:?}", answer.ok());
    let left = receipts(world, &report.id).await?;
    ensure!(left.is_empty(), "a receipt that broke off left {left:?}");
    Ok(())
}

pub(crate) async fn removed_is_gone(world: &World) -> Outcome {
    let (report, line) = room(world).await?;
    let (other, _) = room(world).await?;
    let octets = Bytes::from_static(b"%PDF-1.7");
    let stays =
        good("attaching", world.call(attach(&report, &line, "stays", upload(&octets, Some(8)))).await)?;
    let goes = good("attaching", world.call(attach(&report, &line, "goes", upload(&octets, Some(8)))).await)?;
    let not_found = &[ErrorKind::NotFound];
    let elsewhere = RemoveReceipt { report: other.id.clone(), receipt: goes.id.clone() };
    refused("removing a receipt of another report", world.call(elsewhere).await, not_found)?;
    let read = content(world, &other.id, &goes.id).await;
    refused("reading a receipt of another report", read, not_found)?;
    let remove = RemoveReceipt { report: report.id.clone(), receipt: goes.id.clone() };
    good("removing a receipt", world.call(remove.clone()).await)?;
    refused("removing it again", world.call(remove).await, not_found)?;
    refused("reading what was removed", content(world, &report.id, &goes.id).await, not_found)?;
    let left = receipts(world, &report.id).await?;
    ensure!(left == [stays], "what is left is {left:?}");
    let nowhere = attach(
        &report,
        &NativeId::new("portico-suite-nothing").ok_or("short")?,
        "x",
        upload(&octets, Some(8)),
    );
    refused("attaching to a line that is not there", world.call(nowhere).await, not_found)?;
    Ok(())
}

pub(crate) async fn only_drafts_change(world: &World) -> Outcome {
    let (report, line) = room(world).await?;
    let octets = Bytes::from_static(b"%PDF-1.7");
    let receipt =
        good("attaching", world.call(attach(&report, &line, "bill.pdf", upload(&octets, Some(8)))).await)?;
    let report = good("reading it", world.get(&report.id).await)?;
    let report = world.submit(&report).await?;
    let conflict = &[ErrorKind::Conflict];
    let late = attach(&report, &line, "late.pdf", upload(&octets, Some(8)));
    refused("attaching to what was handed in", world.call(late).await, conflict)?;
    let remove = RemoveReceipt { report: report.id.clone(), receipt: receipt.id.clone() };
    refused("removing from what was handed in", world.call(remove).await, conflict)?;
    let found = good("reading a receipt", content(world, &report.id, &receipt.id).await)?;
    ensure!(found == octets, "the receipt changed when the report was handed in");
    let left = receipts(world, &report.id).await?;
    ensure!(left.len() == 1, "there are {} receipts", left.len());
    Ok(())
}
