//! Writes that depend on what is there. Contents differ in length, because some systems' versions only tell lengths apart
//! within a second.

use futures_util::future::join_all;
use portico_contract::documents::{
    DeleteDocument, DocumentRecord, MoveDocument, Precondition, SourceVersion, WriteContent,
};
use portico_contract::{Error, ErrorKind, NativeId};

use crate::world::{Outcome, World, ensure, good, refused, version};

const FAILED: &[ErrorKind] = &[ErrorKind::PreconditionFailed];
/// How many write at the same moment.
const WRITERS: usize = 8;

pub(crate) async fn absent_creates_once(world: &World) -> Outcome {
    let made = world.file("once", b"first").await?;
    let again = world.try_write(&made.id, Precondition::Absent, b"second, and longer").await;
    refused("creating what is there", again, FAILED)?;
    world.holds(&made.id, b"first", "after creating it again").await
}

pub(crate) async fn exists_replaces_only_what_is_there(world: &World) -> Outcome {
    let id = world.id("there").await?;
    refused("replacing what is missing", world.try_write(&id, Precondition::Exists, b"x").await, FAILED)?;
    world.is_gone(&id, "after replacing what is missing").await?;
    world.file("there", b"first").await?;
    good("replacing what is there", world.try_write(&id, Precondition::Exists, b"second one").await)?;
    world.holds(&id, b"second one", "after replacing it").await
}

/// Some systems only give a weak version for a while after a write, which RFC 9110 forbids to match: the adapter has to
/// find another way, not the person who pressed the button twice.
pub(crate) async fn a_version_replaces_at_once_after_a_write(world: &World) -> Outcome {
    let mut record = world.file("edited", b"1").await?;
    for round in 2..6 {
        let content = "x".repeat(round);
        let write =
            world.try_write(&record.id, Precondition::Version(version(&record)?), content.as_bytes()).await;
        let written = good(&format!("replacing version {} at once", round - 1), write)?;
        ensure!(version(&written)? != version(&record)?, "another content has the same version");
        let found = good("getting it", world.get(&record.id).await)?;
        ensure!(
            version(&found)? == version(&written)?,
            "the version after a write is not the one that is found"
        );
        record = written;
    }
    world.holds(&record.id, b"xxxxx", "after four replacements").await
}

pub(crate) async fn a_stale_version_is_refused(world: &World) -> Outcome {
    let first = world.file("contended", b"first").await?;
    let stale = version(&first)?;
    good("a colleague's write", world.try_write(&first.id, Precondition::Exists, b"a colleague's").await)?;
    let late = world.try_write(&first.id, Precondition::Version(stale), b"the lost update").await;
    refused("replacing a stale version", late, FAILED)?;
    world.holds(&first.id, b"a colleague's", "after replacing a stale version").await?;
    let strange = Precondition::Version(SourceVersion("never-was".into()));
    let write = world.try_write(&first.id, strange, b"never").await;
    refused("replacing a version that never was", write, FAILED)?;
    world.holds(&first.id, b"a colleague's", "after replacing a version that never was").await
}

pub(crate) async fn a_version_of_what_is_missing_is_refused(world: &World) -> Outcome {
    let id = world.id("nothing").await?;
    let write = world.try_write(&id, Precondition::Version(SourceVersion("1-2-3".into())), b"x").await;
    refused("replacing a version of what is missing", write, FAILED)?;
    world.is_gone(&id, "after replacing a version of what is missing").await
}

/// Writes at the same moment; content number `n` has `n + 1` octets more than `base`.
async fn race(
    world: &World,
    id: &NativeId,
    base: usize,
    precondition: &Precondition,
) -> Vec<Result<DocumentRecord, Error>> {
    let contents: Vec<Vec<u8>> =
        (0..WRITERS).map(|number| vec![b'a' + number as u8; base + number + 1]).collect();
    join_all(contents.iter().map(|content| world.try_write(id, precondition.clone(), content))).await
}

async fn one_wins(
    world: &World,
    id: &NativeId,
    base: usize,
    race: Vec<Result<DocumentRecord, Error>>,
) -> Outcome {
    let mut winners = Vec::new();
    for (number, result) in race.into_iter().enumerate() {
        match result {
            Ok(_) => winners.push(number),
            Err(error) => {
                let lost = [ErrorKind::PreconditionFailed, ErrorKind::Conflict, ErrorKind::Locked];
                ensure!(
                    lost.contains(&error.kind()),
                    "writer {number} failed with {:?}: {error}",
                    error.kind()
                );
            }
        }
    }
    let enough = if world.target.preconditions_can_race { !winners.is_empty() } else { winners.len() == 1 };
    ensure!(enough, "{} of {WRITERS} writers at the same moment won", winners.len());
    let found = world.content(id).await?;
    let number = found.len().checked_sub(base + 1).ok_or("the content is that of before the race")?;
    ensure!(winners.contains(&number), "the content is that of writer {number}, who was refused");
    ensure!(found.iter().all(|octet| *octet == b'a' + number as u8), "the contents of two writers are mixed");
    Ok(())
}

pub(crate) async fn of_concurrent_writers_one_wins(world: &World) -> Outcome {
    let made = world.file("raced", b"before").await?;
    let precondition = Precondition::Version(version(&made)?);
    let results = race(world, &made.id, 10, &precondition).await;
    one_wins(world, &made.id, 10, results).await
}

pub(crate) async fn of_concurrent_creators_one_wins(world: &World) -> Outcome {
    let id = world.id("raced into being").await?;
    let results = race(world, &id, 10, &Precondition::Absent).await;
    one_wins(world, &id, 10, results).await
}

pub(crate) async fn a_stale_delete_is_refused(world: &World) -> Outcome {
    let made = world.file("deleted", b"first").await?;
    let delete = |precondition| world.call(DeleteDocument { document: made.id.clone(), precondition });
    let stale = version(&made)?;
    let changed = good("changing it", world.try_write(&made.id, Precondition::Exists, b"second one").await)?;
    refused("deleting a stale version", delete(Precondition::Version(stale)).await, FAILED)?;
    world.holds(&made.id, b"second one", "after deleting a stale version").await?;
    good("deleting this version", delete(Precondition::Version(version(&changed)?)).await)?;
    world.is_gone(&made.id, "after deleting this version").await
}

pub(crate) async fn a_stale_move_is_refused(world: &World) -> Outcome {
    let (made, to) = (world.file("moved", b"first").await?, world.id("moved to").await?);
    let relocate = |precondition| {
        world.call(MoveDocument { document: made.id.clone(), destination: to.clone(), precondition })
    };
    let stale = version(&made)?;
    let write = WriteContent {
        document: made.id.clone(),
        precondition: Precondition::Exists,
        upload: portico_contract::Upload::new(
            portico_contract::ByteStream::once("second one"),
            Some(10),
            None,
        ),
    };
    let changed = good("changing it", world.call(write).await)?;
    refused("moving a stale version", relocate(Precondition::Version(stale)).await, FAILED)?;
    world.holds(&made.id, b"second one", "after moving a stale version").await?;
    world.is_gone(&to, "after moving a stale version").await?;
    good("moving this version", relocate(Precondition::Version(version(&changed)?)).await)?;
    world.holds(&to, b"second one", "after moving this version").await
}
