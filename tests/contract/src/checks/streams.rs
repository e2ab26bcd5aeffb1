//! Bodies that are too large to hold.

use std::sync::OnceLock;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use portico_contract::documents::{Precondition, ReadContent, WriteContent};
use portico_contract::{ByteStream, Error, ErrorKind, NativeId, Upload};
use tokio::sync::Mutex;

use crate::world::{Outcome, World, ensure, good};

/// Octets of the large document.
const LARGE: u64 = 20 << 20;
/// Octets of one piece of an upload.
const PIECE: u64 = 64 << 10;
/// No adapter needs pieces larger than this to stream.
const LARGEST_PIECE: usize = 4 << 20;
/// How much the process may grow while a document of [`LARGE`] octets passes through.
const GROWTH: u64 = 12 << 20;

/// A block whose length no piece size divides, so that swapped or lost pieces show.
const BLOCK: usize = 65_521;

/// The octets of the large document from `at` on; the same block again and again.
fn pattern(at: u64, length: usize) -> Vec<u8> {
    static ONCE: OnceLock<Vec<u8>> = OnceLock::new();
    let block =
        ONCE.get_or_init(|| (0..BLOCK as u64).map(|at| (at.wrapping_mul(at + 7) >> 3) as u8).collect());
    let start = usize::try_from(at % BLOCK as u64).unwrap_or_default();
    let mut octets = Vec::with_capacity(length + BLOCK);
    octets.extend_from_slice(&block[start..]);
    while octets.len() < length {
        octets.extend_from_slice(block);
    }
    octets.truncate(length);
    octets
}

fn large(length: u64) -> ByteStream {
    let pieces = (0..length / PIECE).map(|piece| Ok(Bytes::from(pattern(piece * PIECE, PIECE as usize))));
    ByteStream::new(stream::iter(pieces))
}

/// Large documents go one at a time in this process, so that one suite's memory is not taken for another's.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

async fn write_large(world: &World, id: &NativeId, length: u64) -> Outcome {
    let upload = Upload::new(large(length), Some(length), None);
    let write = WriteContent { document: id.clone(), precondition: Precondition::Absent, upload };
    let made = good("writing a large document", world.call(write).await)?;
    ensure!(
        made.content_length == Some(length),
        "of {length} octets, {:?} are recorded",
        made.content_length
    );
    Ok(())
}

fn read(id: &NativeId) -> ReadContent {
    ReadContent { document: id.clone(), range: None, unless: None, range_if: None }
}

/// Resident memory of this process (proc(5)); `None` where the machine does not say.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4_096)
}

pub(crate) async fn a_large_document_streams_both_ways_in_flat_memory(world: &World) -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().await;
    let id = world.id("large.bin").await?;
    let before = resident().filter(|_| world.target.separate_process);
    let grown = || before.zip(resident()).map_or(0, |(before, now)| now.saturating_sub(before));
    write_large(world, &id, LARGE).await?;
    let mut most = grown();
    let mut body = good("reading it", world.open(read(&id)).await)?.body;
    let mut at = 0;
    while let Some(piece) = body.next().await {
        let piece = good("reading a piece of it", piece)?;
        ensure!(piece.len() <= LARGEST_PIECE, "a piece of {} octets: this is not streamed", piece.len());
        ensure!(piece == pattern(at, piece.len()), "other octets than were written, somewhere from {at}");
        at += piece.len() as u64;
        most = most.max(grown());
    }
    ensure!(at == LARGE, "{at} of {LARGE} octets came back");
    ensure!(most <= GROWTH, "memory grew by {} KiB while {} KiB passed through", most >> 10, LARGE >> 10);
    Ok(())
}

pub(crate) async fn a_stream_that_is_dropped_early_harms_nothing(world: &World) -> Outcome {
    let _alone = ONE_AT_A_TIME.lock().await;
    let (id, length) = (world.id("dropped.bin").await?, 4 << 20);
    write_large(world, &id, length).await?;
    for _ in 0..8 {
        let mut body = good("reading a part", world.open(read(&id)).await)?.body;
        let first = body.next().await.ok_or("a document of 4 MiB is empty")?;
        good("reading the first piece", first)?;
    }
    let record = good("getting it afterwards", world.get(&id).await)?;
    ensure!(record.content_length == Some(length), "it is no longer as long as it was");
    let whole = world.content(&id).await?;
    ensure!(whole.len() as u64 == length, "after dropped streams, {} octets come back", whole.len());
    ensure!(whole == pattern(0, whole.len()), "after dropped streams, other octets come back");
    Ok(())
}

/// The caller goes away in the middle of an upload. What is then there is the system's affair; that it failed is ours.
pub(crate) async fn an_upload_that_breaks_off_is_an_error(world: &World) -> Outcome {
    let id = world.id("broken off").await?;
    let piece = || Ok(Bytes::from(vec![7; PIECE as usize]));
    let gone = Err(Error::new(ErrorKind::Cancelled, "The caller went away."));
    let body = ByteStream::new(stream::iter([piece(), piece(), gone]));
    let upload = Upload::new(body, Some(10 * PIECE), None);
    let write = WriteContent { document: id.clone(), precondition: Precondition::Absent, upload };
    if let Ok(record) = world.call(write).await {
        return Err(format!("an upload that broke off counts as done: {record:?}"));
    }
    let after = world.file("after it", b"after it").await?;
    world.holds(&after.id, b"after it", "after an upload that broke off").await
}
