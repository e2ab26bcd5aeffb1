//! Changes: whoever follows them knows what the directory knows.

use std::collections::BTreeMap;

use portico_contract::paging::Position;
use portico_contract::people::{PeopleChanges, PersonChange, PersonRecord};
use portico_contract::{ErrorKind, NativeId};
use portico_schemas::ChangeDetection;
use tokio::sync::mpsc;

use super::super::reference::same;
use super::super::world::{World, apply};
use crate::world::{Outcome, ensure, refused};

/// What somebody knows who follows the changes.
#[derive(Default)]
struct Follower {
    known: BTreeMap<NativeId, PersonRecord>,
    next: Option<Position>,
}

impl Follower {
    /// Follows up to now, and gives what was told.
    async fn catch_up(&mut self, world: &World) -> Result<Vec<PersonChange>, String> {
        let (steps, next) = world.changes(self.next.clone()).await?;
        self.known = apply(&self.known, &steps)?;
        self.next = next;
        Ok(steps)
    }

    /// Asserts that what is known is what is listed.
    async fn is_right(&self, world: &World, when: &str) -> Outcome {
        let listed = world.everybody().await?;
        let name = |one: &PersonRecord| one.profile.user_name.clone();
        let missing: Vec<_> =
            listed.values().filter(|one| !self.known.contains_key(&one.id)).map(name).take(3).collect();
        let strange: Vec<_> =
            self.known.values().filter(|one| !listed.contains_key(&one.id)).map(name).take(3).collect();
        let count = (listed.len(), self.known.len());
        ensure!(
            missing.is_empty() && strange.is_empty(),
            "{when}: {} are listed and {} known; missing {missing:?} …, strange {strange:?} …",
            count.0,
            count.1
        );
        for (id, listed) in &listed {
            let Some(known) = self.known.get(id) else { continue };
            same(&format!("{when}, {:?}, listed and told", name(listed)), listed, known)?;
        }
        Ok(())
    }
}

pub(crate) async fn everything_is_told_to_whoever_knows_nothing(world: &World) -> Outcome {
    let (steps, _) = world.changes(None).await?;
    let begins = steps.iter().filter(|step| **step == PersonChange::Begin { whole: true }).count();
    ensure!(begins >= 1, "everything is told without saying that it is everything");
    let follower = Follower { known: apply(&BTreeMap::new(), &steps)?, next: None };
    follower.is_right(world, "from nothing").await
}

pub(crate) async fn nothing_new_changes_nothing(world: &World) -> Outcome {
    let mut follower = Follower::default();
    follower.catch_up(world).await?;
    for when in ["at once", "once more"] {
        let steps = follower.catch_up(world).await?;
        follower.is_right(world, when).await?;
        is_small(world, &follower, &steps, when)?;
    }
    Ok(())
}

/// A directory that detects changes tells those, and not everybody again.
fn is_small(world: &World, follower: &Follower, steps: &[PersonChange], when: &str) -> Outcome {
    let detects = matches!(
        world.upstream.profile.change_detection,
        ChangeDetection::Native | ChangeDetection::ModifiedTime
    );
    if !detects || follower.next.is_none() {
        return Ok(());
    }
    let told = steps.iter().filter(|step| matches!(step, PersonChange::Put(_))).count();
    let whole = steps.contains(&PersonChange::Begin { whole: true });
    ensure!(!whole, "{when}: everything is told again");
    ensure!(told <= 5 + follower.known.len() / 10, "{when}: {told} people are told");
    Ok(())
}

pub(crate) async fn each_change_is_told(world: &World) -> Outcome {
    let mut follower = Follower::default();
    follower.catch_up(world).await?;

    world.add("suite-follows", "Suite Follows").await?;
    let id = world.person("suite-follows").await?.id;
    let steps = follower.catch_up(world).await?;
    follower.is_right(world, "after adding").await?;
    is_small(world, &follower, &steps, "after adding")?;

    world.edit_title("suite-follows", "Head of Suites").await?;
    let steps = follower.catch_up(world).await?;
    let title = follower.known.get(&id).and_then(|one| one.profile.title.clone());
    ensure!(title.as_deref() == Some("Head of Suites"), "after editing, the title is {title:?}");
    follower.is_right(world, "after editing").await?;
    is_small(world, &follower, &steps, "after editing")?;

    world.rename("suite-follows", "suite-followed").await?;
    follower.catch_up(world).await?;
    let name = follower.known.get(&id).and_then(|one| one.profile.user_name.clone());
    ensure!(name.as_deref() == Some("suite-followed"), "after renaming, the name is {name:?}");
    follower.is_right(world, "after renaming").await?;

    world.delete("suite-followed").await?;
    let steps = follower.catch_up(world).await?;
    ensure!(!follower.known.contains_key(&id), "who was deleted is still known");
    follower.is_right(world, "after deleting").await?;
    is_small(world, &follower, &steps, "after deleting")?;

    // Several at once, one of which comes and goes unseen.
    for user_name in ["suite-one", "suite-two", "suite-three"] {
        world.add(user_name, user_name).await?;
    }
    world.delete("suite-two").await?;
    world.rename("suite-three", "suite-four").await?;
    follower.catch_up(world).await?;
    follower.is_right(world, "after several").await
}

/// Whoever missed some tellings, or hears them twice, comes to the same end.
pub(crate) async fn an_old_position_still_leads_to_the_truth(world: &World) -> Outcome {
    world.add("suite-stays", "Suite Stays").await?;
    world.add("suite-goes", "Suite Goes").await?;
    let mut early = Follower::default();
    early.catch_up(world).await?;
    let old = early.next.clone();
    let before = early.known.clone();
    world.edit_title("suite-stays", "First").await?;
    early.catch_up(world).await?;
    world.delete("suite-goes").await?;
    world.add("suite-comes", "Suite Comes").await?;
    early.catch_up(world).await?;
    world.edit_title("suite-stays", "Second").await?;
    early.catch_up(world).await?;
    early.is_right(world, "step by step").await?;
    let mut late = Follower { known: before, next: old.clone() };
    late.catch_up(world).await?;
    late.is_right(world, "from an old position").await?;
    // The same again, over what is known already.
    late.next = old;
    late.catch_up(world).await?;
    late.is_right(world, "from an old position, twice").await
}

pub(crate) async fn the_telling_ends_when_nobody_listens(world: &World) -> Outcome {
    let (into, told) = mpsc::channel(1);
    drop(told);
    let done = world.call(PeopleChanges { since: None, into }).await;
    refused("telling nobody", done, &[ErrorKind::Cancelled])?;
    let (steps, _) = world.changes(None).await?;
    ensure!(steps.len() > 1, "after telling nobody, nothing is told any more");
    Ok(())
}
