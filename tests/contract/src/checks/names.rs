//! Names of every kind.

use portico_contract::ErrorKind;
use portico_contract::documents::{DocumentRef, NameChild, Precondition};

use crate::world::{Outcome, World, ensure, good, refused};

/// Names that people give, and names that break programs.
const NAMES: &[&str] = &[
    "plain.txt",
    "two words.txt",
    "two  spaces",
    "Müller & Söhne #1 100%.pdf",
    "#?%;&+'\"",
    "100%25 not an escape",
    "a%2Fb",
    "question?mark=1&x=2",
    "semi;colon,comma:colon",
    "plus+and space",
    "(brackets) [square] {curly}",
    "<angle> |pipe| ^caret^ `tick`",
    "tilde~ star* at@ dollar$ bang!",
    "back\\slash",
    "Ysgol Gyfun Gŵyr – cofnodion Tŷ'r Ddôl",
    "Straße ÄÖÜ ñ ç ø æ Ł ő ć",
    "Ελληνικά, Русский, 日本語, العربية, हिन्दी",
    "🗳️ ballot 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    ".hidden",
    "..two dots first",
    "dots at the end..",
    " space first",
    "space last ",
    "-dash first",
    "CON",
    "name.with.many.dots.tar.gz",
    "UPPER and lower",
    "no\u{a0}break",
    "zero\u{200b}width",
];

/// Names that no store of this kind can hold in one folder.
const IMPOSSIBLE: &[&str] = &["", ".", "..", "a/b", "/", "../x", "a\0b"];

/// A name of many octets that file systems still hold, in characters of two octets.
fn long() -> String {
    "ŵ".repeat(110)
}

pub(crate) async fn names_of_every_kind_round_trip(world: &World) -> Outcome {
    let long = long();
    let held = NAMES
        .iter()
        .copied()
        .chain([long.as_str()])
        .filter(|name| !world.target.names_not_held.contains(name));
    for (number, name) in held.enumerate() {
        let content = format!("content {number}");
        let made = world.file(name, content.as_bytes()).await?;
        ensure!(made.name == name, "{name:?} became {:?}", made.name);
        let found = good(&format!("getting {name:?}"), world.get(&made.id).await)?;
        ensure!(found.name == name, "{name:?} is found as {:?}", found.name);
        ensure!(found.path.ends_with(name), "{name:?} has the path {:?}", found.path);
        world.holds(&made.id, content.as_bytes(), name).await?;
    }
    for name in &world.target.names_not_held {
        let named = world.call(NameChild { folder: world.here()?, name: (*name).to_owned() }).await;
        refused(&format!("naming {name:?}"), named, &[ErrorKind::InvalidInput])?;
    }
    let folder = world.folder("a folder #1 100% & more").await?;
    let inside = world.file_in(&DocumentRef::Id(folder.id), "ŷ in it?.txt", b"in it").await?;
    world.holds(&inside.id, b"in it", "in a folder whose name has to be escaped").await
}

/// The same letters, composed and decomposed. A system may take them for one name, but must not lose either content.
pub(crate) async fn names_that_differ_only_in_normal_form_are_not_mixed_up(world: &World) -> Outcome {
    let (composed, decomposed) = ("Caf\u{e9} \u{175}.txt", "Cafe\u{301} w\u{302}.txt");
    let first = world.file(composed, b"composed").await?;
    let id = world.id(decomposed).await?;
    match world.try_write(&id, Precondition::Absent, b"decomposed").await {
        Ok(second) => {
            ensure!(second.name == decomposed, "the decomposed name became {:?}", second.name);
            world.holds(&id, b"decomposed", "under the decomposed name").await?;
        }
        Err(error) => {
            let kind = error.kind();
            ensure!(kind == ErrorKind::PreconditionFailed, "the decomposed name is refused with {kind:?}");
        }
    }
    world.holds(&first.id, b"composed", "under the composed name").await
}

pub(crate) async fn names_that_cannot_be_are_refused(world: &World) -> Outcome {
    for name in IMPOSSIBLE {
        let named = world.call(NameChild { folder: world.here()?, name: (*name).to_owned() }).await;
        refused(&format!("naming {name:?}"), named, &[ErrorKind::InvalidInput])?;
    }
    let endless = "x".repeat(5_000);
    let named = world.call(NameChild { folder: world.here()?, name: endless }).await;
    refused("naming something with 5,000 characters", named, &[ErrorKind::InvalidInput])
}
