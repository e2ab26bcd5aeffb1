//! Many calls at once, and calls that nobody waits for.

use std::time::Duration;

use futures_util::future::join_all;
use portico_contract::paging::ListQuery;
use portico_contract::people::{ListPeople, PeopleChanges, PersonKey, PersonRecord};
use tokio::sync::mpsc;

use super::super::reference::same;
use super::super::world::World;
use crate::world::{Outcome, ensure, good};

/// Calls at the same time.
const AT_ONCE: usize = 24;
/// Calls that are given up, each a little later than the one before.
const GIVEN_UP: u32 = 40;

pub(crate) async fn calls_at_the_same_time_are_not_mixed_up(world: &World) -> Outcome {
    let all = world.by_user_name().await?;
    let asked = world.some(AT_ONCE).into_iter().enumerate().map(async |(number, known)| {
        let who = &known.user_name;
        let listed = all.get(who).ok_or_else(|| format!("{who:?} is not listed"))?;
        for round in 0..4 {
            let found = match (number + round) % 12 {
                0 | 2 | 4 | 6 | 8 | 10 => good(&format!("getting {who:?}"), world.get(&listed.id).await)?,
                11 => {
                    let query = ListQuery::first(20);
                    good("listing", world.call(ListPeople { query }).await)?;
                    good(&format!("getting {who:?}"), world.get(&listed.id).await)?
                }
                _ => world.person(who).await?,
            };
            same(&format!("{who:?}, listed and asked for"), listed, &found)?;
        }
        Ok(())
    });
    join_all(asked).await.into_iter().collect()
}

pub(crate) async fn a_call_that_is_given_up_leaves_the_client_usable(world: &World) -> Outcome {
    let known = world.target.people.first().ok_or("nobody is known")?;
    let person = world.person(&known.user_name).await?;
    for number in 0..GIVEN_UP {
        // From before the first octet to well after the last.
        let patience = Duration::from_micros(u64::from(number * number) * 20);
        let query = ListQuery::first(200);
        let (into, _told) = mpsc::channel(1);
        let _ = tokio::time::timeout(patience, world.call(ListPeople { query })).await;
        again(world, &person).await?;
        let _ = tokio::time::timeout(patience, world.get(&person.id)).await;
        again(world, &person).await?;
        let _ = tokio::time::timeout(patience, world.find(PersonKey::UserName, &known.user_name)).await;
        again(world, &person).await?;
        if world.claims::<PeopleChanges>() {
            let _ = tokio::time::timeout(patience, world.call(PeopleChanges { since: None, into })).await;
            again(world, &person).await?;
        }
    }
    let count = world.everybody().await?.len();
    ensure!(count == world.target.people.len(), "after all that, {count} people are listed");
    Ok(())
}

async fn again(world: &World, person: &PersonRecord) -> Outcome {
    let found = good("getting somebody after a call was given up", world.get(&person.id).await)?;
    same("somebody, before a call was given up and after it", person, &found)
}
