//! Moving, copying and deleting.

use portico_contract::ErrorKind;
use portico_contract::documents::{DocumentRecord, DocumentRef};

use crate::world::{Outcome, World, ensure, good, refused};

const TAKEN: &[ErrorKind] = &[ErrorKind::PreconditionFailed];
const MISSING: &[ErrorKind] = &[ErrorKind::NotFound];

/// A folder with a document, and a folder in it with another one.
struct Family {
    folder: DocumentRecord,
}

impl Family {
    async fn make(world: &World, name: &str) -> Result<Self, String> {
        let folder = world.folder(name).await?;
        let top = DocumentRef::Id(folder.id.clone());
        world.file_in(&top, "top #1", b"top").await?;
        let nested = world.folder_in(&top, "nested é").await?;
        world.file_in(&DocumentRef::Id(nested.id), "deep", b"deep").await?;
        Ok(Self { folder })
    }

    /// Asserts that a folder of this name holds what [`Family::make`] puts into one.
    async fn is_at(world: &World, name: &str) -> Outcome {
        let at = |folder| DocumentRef::Id(folder);
        let folder = world.id(name).await?;
        world.holds(&world.name(&at(folder.clone()), "top #1").await?, b"top", name).await?;
        let nested = world.name(&at(folder), "nested é").await?;
        world.holds(&world.name(&at(nested), "deep").await?, b"deep", name).await
    }
}

pub(crate) async fn a_document_is_renamed_and_moved(world: &World) -> Outcome {
    let made = world.file("before %.txt", b"moved").await?;
    let renamed = world.id("after é.txt").await?;
    let record = good("renaming", world.relocate(&made.id, &renamed).await)?;
    ensure!(record.name == "after é.txt", "renamed to {:?}", record.name);
    world.is_gone(&world.id("before %.txt").await?, "under the old name").await?;
    let folder = DocumentRef::Id(world.folder("into").await?.id);
    let target = world.name(&folder, "moved").await?;
    let moved = good("moving", world.relocate(&record.id, &target).await)?;
    ensure!(
        DocumentRef::Id(moved.parent.clone().ok_or("it is in no folder")?) == folder,
        "it is in another folder"
    );
    world.holds(&moved.id, b"moved", "after moving").await?;
    world.is_gone(&renamed, "in the old folder").await
}

pub(crate) async fn nothing_is_moved_onto_something(world: &World) -> Outcome {
    let (one, two) = (world.file("one", b"one").await?, world.file("two", b"the other").await?);
    refused("moving onto a document", world.relocate(&one.id, &two.id).await, TAKEN)?;
    let family = Family::make(world, "family").await?;
    refused("moving onto a folder", world.relocate(&one.id, &family.folder.id).await, TAKEN)?;
    refused("moving a folder onto a document", world.relocate(&family.folder.id, &two.id).await, TAKEN)?;
    world.holds(&one.id, b"one", "after moving it onto another").await?;
    world.holds(&two.id, b"the other", "after another was moved onto it").await?;
    Family::is_at(world, "family").await
}

pub(crate) async fn a_folder_moves_with_what_is_in_it(world: &World) -> Outcome {
    let family = Family::make(world, "old home").await?;
    let target = world.id("new home & garden").await?;
    let moved = good("moving a folder", world.relocate(&family.folder.id, &target).await)?;
    ensure!(moved.name == "new home & garden", "the folder is called {:?}", moved.name);
    Family::is_at(world, "new home & garden").await?;
    world.is_gone(&world.id("old home").await?, "the old folder").await
}

pub(crate) async fn a_folder_is_copied_with_what_is_in_it(world: &World) -> Outcome {
    let family = Family::make(world, "original").await?;
    let target = world.id("copy").await?;
    let copied = good("copying a folder", world.copy(&family.folder.id, &target).await)?;
    ensure!(copied.id == target && copied.name == "copy", "the copy is {:?}", copied.name);
    Family::is_at(world, "copy").await?;
    // A copy has a life of its own.
    let inside = world.name(&DocumentRef::Id(target), "top #1").await?;
    let changed = portico_contract::documents::Precondition::Exists;
    good("changing the copy", world.try_write(&inside, changed, b"changed").await)?;
    Family::is_at(world, "original").await
}

pub(crate) async fn nothing_is_copied_onto_something(world: &World) -> Outcome {
    let (one, two) = (world.file("one", b"one").await?, world.file("two", b"the other").await?);
    refused("copying onto a document", world.copy(&one.id, &two.id).await, TAKEN)?;
    let family = Family::make(world, "family").await?;
    refused("copying onto a folder", world.copy(&one.id, &family.folder.id).await, TAKEN)?;
    world.holds(&two.id, b"the other", "after another was copied onto it").await?;
    Family::is_at(world, "family").await
}

pub(crate) async fn a_document_is_deleted(world: &World) -> Outcome {
    let (made, kept) = (world.file("deleted", b"x").await?, world.file("deleted too?", b"kept").await?);
    good("deleting", world.delete(&made.id).await)?;
    world.is_gone(&made.id, "after deleting it").await?;
    world.holds(&kept.id, b"kept", "beside what was deleted").await?;
    let again = world.file("deleted", b"again").await?;
    world.holds(&again.id, b"again", "made again after deleting it").await
}

pub(crate) async fn a_folder_is_deleted_with_what_is_in_it(world: &World) -> Outcome {
    let family = Family::make(world, "whole family").await?;
    let beside = Family::make(world, "whole family 2").await?;
    let inside = world.name(&DocumentRef::Id(family.folder.id.clone()), "top #1").await?;
    good("deleting a folder", world.delete(&family.folder.id).await)?;
    world.is_gone(&family.folder.id, "the deleted folder").await?;
    world.is_gone(&inside, "what was in the deleted folder").await?;
    ensure!(beside.folder.name == "whole family 2", "the other folder is called {:?}", beside.folder.name);
    Family::is_at(world, "whole family 2").await
}

pub(crate) async fn what_is_missing_is_not_moved_copied_or_deleted(world: &World) -> Outcome {
    let (missing, target) = (world.id("missing").await?, world.id("target").await?);
    let gone = [ErrorKind::NotFound, ErrorKind::PreconditionFailed];
    refused("moving what is missing", world.relocate(&missing, &target).await, &gone)?;
    refused("copying what is missing", world.copy(&missing, &target).await, MISSING)?;
    refused("deleting what is missing", world.delete(&missing).await, MISSING)?;
    world.is_gone(&target, "the target of what is missing").await
}

pub(crate) async fn nothing_goes_into_a_missing_folder(world: &World) -> Outcome {
    let made = world.file("homeless", b"homeless").await?;
    let nowhere = DocumentRef::Id(world.id("nowhere").await?);
    let target = world.name(&nowhere, "in it").await?;
    let conflict = [ErrorKind::Conflict];
    refused("moving into a missing folder", world.relocate(&made.id, &target).await, &conflict)?;
    refused("copying into a missing folder", world.copy(&made.id, &target).await, &conflict)?;
    let absent = portico_contract::documents::Precondition::Absent;
    refused("writing into a missing folder", world.try_write(&target, absent, b"x").await, &conflict)?;
    world.holds(&made.id, b"homeless", "after moving it nowhere").await
}
