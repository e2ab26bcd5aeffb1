//! What must be true of every record, whatever the system.

use portico_contract::documents::{DocumentRecord, DocumentRef};
use portico_contract::paging::ListQuery;
use portico_schemas::ObjectType;

use crate::world::{Listing, Outcome, World, ensure, good};

/// What can be said of a record without asking the system.
fn sound(record: &DocumentRecord) -> Outcome {
    let path = &record.path;
    ensure!(!path.starts_with('/') && !path.ends_with('/'), "the path {path:?} has a slash at an end");
    ensure!(!path.is_empty() && !record.name.is_empty(), "a thing without a name: {path:?}");
    ensure!(
        path.rsplit('/').next() == Some(record.name.as_str()),
        "{:?} is not the last of {path:?}",
        record.name
    );
    ensure!(record.version.as_ref().is_none_or(|v| !v.0.is_empty()), "{path:?} has an empty version");
    let quoted = record.version.as_ref().is_some_and(|v| v.0.starts_with("W/") || v.0.contains('"'));
    ensure!(!quoted, "the version of {path:?} carries weakness or quotes: {:?}", record.version);
    let document = record.object_type == ObjectType::Document;
    ensure!(
        record.content_length.is_some() == document,
        "{path:?} has the length {:?}",
        record.content_length
    );
    ensure!(document || record.media_type.is_none(), "the folder {path:?} has a media type");
    let (made, changed) = (record.created_at, record.updated_at);
    let now = jiff::Timestamp::now();
    // A clock may be a little ahead of ours.
    let early = |time: Option<jiff::Timestamp>| time.is_none_or(|t| t.duration_since(now).as_secs() < 300);
    ensure!(early(made) && early(changed), "{path:?} is from the future: {made:?}, {changed:?}");
    Ok(())
}

/// What has to fit with what the system says when it is asked.
async fn resolves(world: &World, record: &DocumentRecord) -> Outcome {
    sound(record)?;
    let path = &record.path;
    let found = good(&format!("getting {path:?} by its id"), world.get(&record.id).await)?;
    ensure!(
        found.id == record.id && found.path == *path && found.name == record.name,
        "{path:?} is found as {:?}",
        found.path
    );
    ensure!(found.object_type == record.object_type, "{path:?} is found as another kind");
    ensure!(found.parent == record.parent, "{path:?} is found in another folder");
    let document = record.object_type == ObjectType::Document;
    ensure!(!document || found.version == record.version, "{path:?} is found in another version");
    ensure!(found.content_length == record.content_length, "{path:?} is found with another length");
    let parent = record.parent.clone().ok_or_else(|| format!("{path:?} is in no folder"))?;
    let around = good(&format!("getting the folder of {path:?}"), world.get(&parent).await)?;
    ensure!(around.object_type == ObjectType::Folder, "{path:?} is in something that is no folder");
    let joined = format!("{}/{}", around.path, record.name);
    ensure!(joined.trim_start_matches('/') == path, "{path:?} is in the folder {:?}", around.path);
    Ok(())
}

async fn some(world: &World) -> Result<Vec<DocumentRecord>, String> {
    let folder = world.folder("f & g").await?;
    let inside = DocumentRef::Id(folder.id.clone());
    let text = world.file_in(&inside, "ä #1.txt", b"text").await?;
    let empty = world.file_in(&inside, "empty", b"").await?;
    Ok(vec![folder, text, empty])
}

pub(crate) async fn records_hold_together(world: &World) -> Outcome {
    let records = some(world).await?;
    for record in &records {
        resolves(world, record).await?;
    }
    let list = Listing::Children(DocumentRef::Id(records[0].id.clone()));
    let listed = world.pages(&list, ListQuery::first(10)).await?;
    ensure!(listed.len() == 2, "the folder holds {} items", listed.len());
    for one in &listed {
        ensure!(
            one.item.parent.as_ref() == Some(&records[0].id),
            "{:?} is not listed as in its folder",
            one.item.path
        );
        resolves(world, &one.item).await?;
    }
    let root = Listing::Children(DocumentRef::Root);
    for one in world.pages(&root, ListQuery::first(50)).await? {
        sound(&one.item)?;
        ensure!(one.item.path == one.item.name, "{:?} is not directly in the root", one.item.path);
    }
    Ok(())
}

pub(crate) async fn listed_records_hold_together(world: &World) -> Outcome {
    let records = some(world).await?;
    let listed = world.listed(&Listing::All, ListQuery::first(200)).await?;
    ensure!(listed.len() == records.len(), "{} items are listed, {} are there", listed.len(), records.len());
    for one in &listed {
        resolves(world, &one.item).await?;
    }
    Ok(())
}
