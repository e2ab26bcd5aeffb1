//! Folders, and where things are.

use portico_contract::ErrorKind;
use portico_contract::documents::{CreateFolder, DocumentRef, GetDocument};
use portico_schemas::ObjectType;

use crate::world::{Outcome, World, ensure, good, refused};

pub(crate) async fn root_is_a_folder(world: &World) -> Outcome {
    let root = good("getting the root", world.call(GetDocument { document: DocumentRef::Root }).await)?;
    ensure!(root.object_type == ObjectType::Folder, "the root is a document");
    ensure!(
        root.name.is_empty() && root.path.is_empty(),
        "the root has the name {:?}, the path {:?}",
        root.name,
        root.path
    );
    ensure!(root.parent.is_none(), "the root has a parent");
    ensure!(root.content_length.is_none() && root.media_type.is_none(), "the root has content");
    Ok(())
}

pub(crate) async fn a_folder_is_made_and_found(world: &World) -> Outcome {
    let id = world.id("Verträge & co").await?;
    let made = good("making a folder", world.call(CreateFolder { folder: id.clone() }).await)?;
    ensure!(made.id == id, "the folder has another id than its name was given");
    ensure!(made.name == "Verträge & co", "the folder is called {:?}", made.name);
    ensure!(made.object_type == ObjectType::Folder, "the folder is a document");
    let found = good("getting the folder", world.get(&id).await)?;
    ensure!(found.id == id && found.path == made.path, "found {:?} instead of {:?}", found.path, made.path);
    ensure!(found.object_type == ObjectType::Folder, "the folder is found as a document");
    Ok(())
}

pub(crate) async fn folders_nest_and_a_missing_one_is_a_conflict(world: &World) -> Outcome {
    let mut around = world.here()?;
    for depth in 0..6 {
        let made = world.folder_in(&around, &format!("level {depth} ŵ")).await?;
        let found = good("getting a nested folder", world.get(&made.id).await)?;
        let parent = match &around {
            DocumentRef::Id(id) => Some(id.clone()),
            DocumentRef::Root => None,
        };
        ensure!(found.parent == parent, "level {depth} is not in the folder it was made in");
        around = DocumentRef::Id(made.id);
    }
    let missing = world.id("missing").await?;
    let inside = world.name(&DocumentRef::Id(missing), "x").await?;
    let made = world.call(CreateFolder { folder: inside }).await;
    refused("making a folder in a missing one", made, &[ErrorKind::Conflict])
}

pub(crate) async fn a_folder_is_not_made_where_something_is(world: &World) -> Outcome {
    let folder = world.folder("twice").await?;
    let inside = world.file_in(&DocumentRef::Id(folder.id.clone()), "kept", b"kept").await?;
    let again = world.call(CreateFolder { folder: folder.id.clone() }).await;
    refused("making a folder twice", again, &[ErrorKind::PreconditionFailed])?;
    world.holds(&inside.id, b"kept", "after making its folder twice").await?;
    let file = world.file("file", b"a file").await?;
    let over = world.call(CreateFolder { folder: file.id.clone() }).await;
    refused("making a folder where a file is", over, &[ErrorKind::PreconditionFailed])?;
    world.holds(&file.id, b"a file", "after making a folder in its place").await
}

pub(crate) async fn what_is_missing_is_not_found(world: &World) -> Outcome {
    let missing = world.id("nothing here").await?;
    world.is_gone(&missing, "getting what is missing").await?;
    let inside = world.name(&DocumentRef::Id(missing), "nor here").await?;
    world.is_gone(&inside, "getting something in a missing folder").await
}

pub(crate) async fn naming_a_child_changes_nothing(world: &World) -> Outcome {
    let (first, second) = (world.id("a name").await?, world.id("a name").await?);
    ensure!(first == second, "a name has two keys");
    ensure!(first != world.id("another name").await?, "two names have one key");
    world.is_gone(&first, "getting what was only named").await
}
