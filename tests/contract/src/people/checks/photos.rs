//! Photos: whole, only if they changed, and nobody's where there is none.

use std::collections::BTreeMap;

use portico_contract::documents::SourceVersion;
use portico_contract::people::{PersonRecord, Photo, ReadPhoto};
use portico_contract::{ErrorKind, NativeId};

use super::super::target::{KnownPerson, KnownPhoto};
use super::super::world::World;
use super::lookups::{NEVER_GIVEN_OUT, native};
use crate::world::{Outcome, ensure, good, refused};

/// Photos that are looked at.
const PHOTOS: usize = 10;

async fn read(world: &World, person: &NativeId, unless: Option<&SourceVersion>) -> Result<Photo, String> {
    let asked = ReadPhoto { person: person.clone(), unless: unless.cloned() };
    good("reading a photo", world.call(asked).await)
}

/// Some of those with or without a photo.
async fn some(world: &World, with: bool) -> Result<Vec<(&KnownPerson, PersonRecord)>, String> {
    let mut all = world.by_user_name().await?;
    let wanted = world.target.people.iter().filter(|known| (known.photo != KnownPhoto::None) == with);
    let found = wanted.filter_map(|known| Some((known, all.remove(&known.user_name)?)));
    Ok(found.take(PHOTOS).collect())
}

pub(crate) async fn a_photo_is_read_whole_and_with_its_version(world: &World) -> Outcome {
    let mut seen = BTreeMap::new();
    for (known, record) in some(world, true).await? {
        let who = &known.user_name;
        let Photo::Picture { octets, media_type, version } = read(world, &record.id, None).await? else {
            return Err(format!("the photo of {who:?} counts as not modified, though no version was named"));
        };
        if let KnownPhoto::Octets(known) = &known.photo {
            ensure!(octets == *known, "the photo of {who:?} has {} octets, or others", octets.len());
        }
        let magic: &[u8] = match media_type {
            "image/jpeg" => &[0xFF, 0xD8, 0xFF],
            "image/png" => b"\x89PNG",
            "image/gif" => b"GIF8",
            other => return Err(format!("the photo of {who:?} is {other}")),
        };
        ensure!(octets.starts_with(magic), "the photo of {who:?} is no {media_type}");
        ensure!(!version.0.is_empty(), "the photo of {who:?} has an empty version");
        let other = seen.insert(octets.clone(), version.clone());
        ensure!(other.is_none_or(|other| other == version), "one photo has two versions");
        let again = read(world, &record.id, None).await?;
        ensure!(again == Photo::Picture { octets, media_type, version }, "read again, it is another photo");
    }
    let versions: std::collections::BTreeSet<&String> = seen.values().map(|version| &version.0).collect();
    ensure!(versions.len() == seen.len(), "{} photos have {} versions", seen.len(), versions.len());
    Ok(())
}

pub(crate) async fn an_unchanged_photo_is_not_sent_again(world: &World) -> Outcome {
    for (_, record) in some(world, true).await? {
        let Photo::Picture { version, .. } = read(world, &record.id, None).await? else { continue };
        let same = read(world, &record.id, Some(&version)).await?;
        ensure!(same == Photo::NotModified, "the version that was just read is sent again");
        let other = SourceVersion(format!("{}-not", version.0));
        let changed = read(world, &record.id, Some(&other)).await?;
        ensure!(changed != Photo::NotModified, "another version counts as this one");
    }
    Ok(())
}

pub(crate) async fn who_has_no_photo_has_none_to_read(world: &World) -> Outcome {
    let ids = some(world, false).await?.into_iter().map(|(_, record)| Ok(record.id));
    for id in ids.chain(NEVER_GIVEN_OUT.map(native)) {
        let photo = world.call(ReadPhoto { person: id?, unless: None }).await;
        refused("a photo that is not there", photo, &[ErrorKind::NotFound])?;
    }
    Ok(())
}
