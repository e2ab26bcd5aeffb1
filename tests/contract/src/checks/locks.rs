//! Somebody works on a document with a native client: what they locked is left alone.

use portico_contract::ErrorKind;
use portico_contract::documents::{DocumentRecord, Precondition};

use crate::world::{Outcome, World, ensure, good, refused, version};

const LOCKED: &[ErrorKind] = &[ErrorKind::Locked];

async fn lock(world: &World, record: &DocumentRecord) -> Result<String, String> {
    let locks = world.target.locks.as_ref().ok_or("the target offers no locks")?;
    locks.lock(&record.path).await
}

async fn unlock(world: &World, record: &DocumentRecord, token: &str) -> Outcome {
    let locks = world.target.locks.as_ref().ok_or("the target offers no locks")?;
    locks.unlock(&record.path, token).await
}

pub(crate) async fn a_locked_document_is_not_written(world: &World) -> Outcome {
    let made = world.file("locked é.txt", b"mine").await?;
    let token = lock(world, &made).await?;
    let outcome = locked(world, &made).await;
    // The lock goes whatever happened, so that the folder can be deleted.
    unlock(world, &made, &token).await?;
    outcome?;
    let write = world.try_write(&made.id, Precondition::Exists, b"free again").await;
    good("writing after the lock is released", write)?;
    world.holds(&made.id, b"free again", "after the lock is released").await
}

async fn locked(world: &World, made: &DocumentRecord) -> Outcome {
    for precondition in [Precondition::Exists, Precondition::Version(version(made)?)] {
        let doing = format!("writing what is locked ({precondition:?})");
        refused(&doing, world.try_write(&made.id, precondition, b"not mine").await, LOCKED)?;
    }
    world.holds(&made.id, b"mine", "while it is locked").await?;
    let found = good("getting what is locked", world.get(&made.id).await)?;
    ensure!(found.locked != Some(false), "a locked document is said not to be");
    Ok(())
}

pub(crate) async fn a_locked_document_is_not_moved_or_deleted(world: &World) -> Outcome {
    let made = world.file("locked too", b"mine").await?;
    let (target, free) = (world.id("elsewhere").await?, world.file("free", b"free").await?);
    let token = lock(world, &made).await?;
    let outcome = async {
        refused("moving what is locked", world.relocate(&made.id, &target).await, LOCKED)?;
        refused("deleting what is locked", world.delete(&made.id).await, LOCKED)?;
        // The folder around it holds something that is locked.
        refused("deleting a folder around it", world.delete(&world.room()?.id).await, LOCKED)?;
        world.holds(&made.id, b"mine", "while it is locked").await
    };
    let outcome = outcome.await;
    unlock(world, &made, &token).await?;
    outcome?;
    good("moving it after the lock is released", world.relocate(&made.id, &target).await)?;
    // WsgiDAV deletes what it can of a folder that holds a lock; what is not locked may be gone.
    let _ = free;
    world.holds(&target, b"mine", "after the lock is released").await
}
