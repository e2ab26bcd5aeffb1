//! Content: whole, in ranges, and only if it changed.

use portico_contract::ErrorKind;
use portico_contract::documents::{ByteRange, DocumentRecord, Precondition, ReadContent, SourceVersion};

use crate::world::{Outcome, World, ensure, good, refused, version};

const TEXT: &[u8] = b"0123456789abcdefghij";

fn ask(record: &DocumentRecord, range: Option<ByteRange>) -> ReadContent {
    ReadContent { document: record.id.clone(), range, unless: None, range_if: None }
}

pub(crate) async fn content_round_trips_whatever_its_length(world: &World) -> Outcome {
    for length in [0, 1, 2, 8_191, 1 << 20] {
        let content: Vec<u8> =
            (0..length).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let made = world.file(&format!("{length} octets"), &content).await?;
        ensure!(
            made.content_length == Some(u64::from(length)),
            "of {length} octets, {:?} are recorded",
            made.content_length
        );
        world.holds(&made.id, &content, &format!("{length} octets")).await?;
    }
    Ok(())
}

/// Asserts what a range gives: the part, or everything where the system ignores ranges and says so.
async fn gives(world: &World, range: ByteRange, first: usize, last: usize) -> Outcome {
    let made = world.file(&format!("range {first}-{last}.txt"), TEXT).await?;
    let reply = good(&format!("reading {range:?}"), world.open(ask(&made, Some(range))).await)?;
    let head = reply.head.clone();
    let octets = good("reading a range to its end", reply.body.collect(1 << 20).await)?;
    let Some((from, to, whole)) = head.range else {
        ensure!(octets == TEXT, "{range:?}: no part is announced, and it is not everything either");
        return Ok(());
    };
    ensure!((from, to) == (first as u64, last as u64), "{range:?} announces {from} to {to}");
    ensure!(whole.is_none_or(|whole| whole == TEXT.len() as u64), "{range:?} announces {whole:?} in all");
    ensure!(octets == TEXT[first..=last], "{range:?} gives other octets than it announces");
    ensure!(
        head.length.is_none_or(|length| length == octets.len() as u64),
        "{range:?} announces {:?} octets",
        head.length
    );
    Ok(())
}

pub(crate) async fn a_range_from_first_to_last(world: &World) -> Outcome {
    gives(world, ByteRange::FromTo { first: 3, last: Some(7) }, 3, 7).await?;
    gives(world, ByteRange::FromTo { first: 18, last: Some(900) }, 18, 19).await
}

pub(crate) async fn a_range_to_the_end(world: &World) -> Outcome {
    gives(world, ByteRange::FromTo { first: 12, last: None }, 12, 19).await
}

pub(crate) async fn a_range_of_the_last_octets(world: &World) -> Outcome {
    gives(world, ByteRange::Suffix { length: 4 }, 16, 19).await?;
    gives(world, ByteRange::Suffix { length: 500 }, 0, 19).await
}

pub(crate) async fn a_range_outside_is_refused(world: &World) -> Outcome {
    let made = world.file("short", TEXT).await?;
    for first in [20, 21, 1 << 40] {
        let range = ByteRange::FromTo { first, last: None };
        match world.open(ask(&made, Some(range))).await {
            // A system that ignores ranges gives everything.
            Ok(reply) if reply.head.range.is_none() => {
                let octets = good("reading everything", reply.body.collect(1 << 20).await)?;
                ensure!(octets == TEXT, "a range outside gives something that is not everything");
            }
            answer => {
                refused(
                    "a range outside",
                    answer.map(|reply| reply.head),
                    &[ErrorKind::RangeNotSatisfiable],
                )?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn a_range_of_nothing(world: &World) -> Outcome {
    let made = world.file("empty", b"").await?;
    for range in [ByteRange::FromTo { first: 0, last: None }, ByteRange::Suffix { length: 5 }] {
        match world.open(ask(&made, Some(range))).await {
            Ok(reply) => {
                ensure!(reply.head.range.is_none(), "an empty document has the part {:?}", reply.head.range);
                let octets = good("reading an empty document", reply.body.collect(10).await)?;
                ensure!(octets.is_empty(), "an empty document gives {} octets", octets.len());
            }
            Err(error) => {
                let kind = error.kind();
                ensure!(
                    kind == ErrorKind::RangeNotSatisfiable,
                    "a range of nothing is refused with {kind:?}"
                );
            }
        }
    }
    Ok(())
}

pub(crate) async fn a_range_of_another_version_gives_everything(world: &World) -> Outcome {
    let made = world.file("versions", TEXT).await?;
    let range = Some(ByteRange::FromTo { first: 0, last: Some(1) });
    let stale = ReadContent { range_if: Some(SourceVersion("not-this-one".into())), ..ask(&made, range) };
    let reply = good("reading a range of another version", world.open(stale).await)?;
    ensure!(reply.head.range.is_none(), "a part of another version is given");
    let octets = good("reading everything", reply.body.collect(1 << 20).await)?;
    ensure!(octets == TEXT, "a range of another version does not give everything");
    let current = ReadContent { range_if: Some(version(&made)?), ..ask(&made, range) };
    let reply = good("reading a range of this version", world.open(current).await)?;
    let part = reply.head.range.is_some();
    let octets = good("reading it to its end", reply.body.collect(1 << 20).await)?;
    ensure!(octets == if part { &TEXT[..2] } else { TEXT }, "a range of this version gives other octets");
    Ok(())
}

pub(crate) async fn an_unchanged_version_is_not_sent_again(world: &World) -> Outcome {
    let made = world.file("cached", TEXT).await?;
    let unless = |version| ReadContent { unless: Some(version), ..ask(&made, None) };
    let same = good("reading unless changed", world.open(unless(version(&made)?)).await)?;
    ensure!(same.head.not_modified, "the version that was just written is sent again");
    let octets = good("reading what did not change", same.body.collect(1 << 20).await)?;
    ensure!(octets.is_empty(), "what did not change has a body of {} octets", octets.len());
    let write = world.try_write(&made.id, Precondition::Exists, b"changed").await;
    good("changing it", write)?;
    let changed = good("reading unless changed", world.open(unless(version(&made)?)).await)?;
    ensure!(!changed.head.not_modified, "a changed document counts as unchanged");
    let octets = good("reading what changed", changed.body.collect(1 << 20).await)?;
    ensure!(octets == "changed", "what changed is not what was written");
    Ok(())
}

pub(crate) async fn content_agrees_with_its_record(world: &World) -> Outcome {
    world.file("agreement.txt", TEXT).await?;
    let record = good("getting it", world.get(&world.id("agreement.txt").await?).await)?;
    let head = good("reading it", world.open(ask(&record, None)).await)?.head;
    ensure!(
        head.length.is_none() || head.length == record.content_length,
        "{:?} against {:?} octets",
        head.length,
        record.content_length
    );
    ensure!(head.version.is_none() || head.version == record.version, "content and record have two versions");
    ensure!(head.range.is_none() && !head.not_modified, "everything was asked for: {head:?}");
    ensure!(
        head.name.as_deref().is_none_or(|name| name == record.name),
        "the content is called {:?}",
        head.name
    );
    let types = (head.media_type, record.media_type.clone());
    if let (Some(of_content), Some(of_record)) = types {
        // Parameters such as the character set may only be known of the content.
        let essence = |media_type: &str| media_type.split(';').next().unwrap_or_default().trim().to_owned();
        ensure!(
            essence(&of_content) == essence(&of_record),
            "media type {of_content:?} against {of_record:?}"
        );
    }
    Ok(())
}

pub(crate) async fn a_folder_has_no_content(world: &World) -> Outcome {
    let folder = world.folder("no content").await?;
    let read = world.open(ask(&folder, None)).await.map(|reply| reply.head);
    refused("reading a folder", read, &[ErrorKind::Conflict])?;
    let write = world.try_write(&folder.id, Precondition::Exists, b"x").await;
    refused("writing over a folder", write, &[ErrorKind::Conflict, ErrorKind::PreconditionFailed])?;
    let missing = ReadContent { document: world.id("missing").await?, ..ask(&folder, None) };
    refused(
        "reading what is missing",
        world.open(missing).await.map(|reply| reply.head),
        &[ErrorKind::NotFound],
    )
}
