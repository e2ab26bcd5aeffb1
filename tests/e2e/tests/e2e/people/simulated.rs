//! What front-ends do with people, over a directory of either dialect.

use std::time::Duration;

use portico_ldap_sim::{Dialect, Fault, On};
use portico_simkit::wait::wait_for;
use serde_json::Value;

use super::{World, text};
use crate::support::{OPS_TOKEN, SOON};

/// Changes are looked for as often as may be configured, groups are forgotten as soon.
const QUICK: &str = "[people.refresh]\nchanges_seconds = 5\ngroups_seconds = 5\nstale_seconds = 10\n";

macro_rules! in_both_dialects {
    ($($name:ident)*) => {
        mod openldap {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(portico_ldap_sim::Dialect::OpenLdap).await; })*
        }
        mod active_directory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(portico_ldap_sim::Dialect::ActiveDirectory).await; })*
        }
    };
}

in_both_dialects! {
    a_person_is_found_and_read_with_everything_around_them
    what_changes_in_the_directory_is_found
}

/// Somebody with a manager who has a manager, and both of these.
async fn a_line(world: &World) -> [Value; 3] {
    for person in world.search("manager").await {
        let chain = world.gateway.get(&format!("/v1/people/{}/chain", text(&person, "id"))).await.expect(200);
        let chain = chain["items"].as_array().unwrap().clone();
        let reports =
            world.gateway.get(&format!("/v1/people/{}/reports", text(&person, "id"))).await.expect(200);
        if let (Some(above), Some(below)) = (chain.first(), reports["items"].as_array().unwrap().first()) {
            return [below.clone(), person, above.clone()];
        }
    }
    panic!("the council has no such line");
}

async fn a_person_is_found_and_read_with_everything_around_them(dialect: Dialect) {
    let world = World::new(dialect, "").await;
    let [claimant, manager, head] = a_line(&world).await;
    let id = text(&claimant, "id");
    // By name in either order, without accents, with a slip, by extension.
    let name = text(&claimant, "displayName").to_owned();
    let words: Vec<&str> = name.split(' ').collect();
    let swapped = format!("{} {}", words[words.len() - 1], words[0]);
    for typed in [name.clone(), swapped, name.to_uppercase()] {
        let found = world.search(&typed).await;
        assert!(found.iter().any(|hit| text(hit, "id") == id), "{typed}: {found:#?}");
    }
    let read = world.gateway.get(&format!("/v1/people/{id}")).await;
    let person = read.expect(200);
    assert_eq!(text(&person, "displayName"), name);
    let etag = read.etag();
    let again = world
        .gateway
        .send("GET", &format!("/v1/people/{id}"), &world.gateway.reader, &[("If-None-Match", &etag)], b"")
        .await;
    assert_eq!(again.status(), 304);
    let above = world.gateway.get(&format!("/v1/people/{id}/manager")).await.expect(200);
    assert_eq!(text(&above, "id"), text(&manager, "id"));
    assert_eq!(text(&person["manager"], "id"), text(&manager, "id"));
    let chain = world.gateway.get(&format!("/v1/people/{id}/chain")).await.expect(200);
    let line: Vec<&str> = chain["items"].as_array().unwrap().iter().map(|one| text(one, "id")).collect();
    assert_eq!(line[..2], [text(&manager, "id"), text(&head, "id")]);
    assert_eq!(chain["complete"], true);
    let top = world.gateway.get(&format!("/v1/people/{}/manager", line[line.len() - 1])).await;
    top.problem(404, "not_found");
}

async fn what_changes_in_the_directory_is_found(dialect: Dialect) {
    let world = World::new(dialect, QUICK).await;
    world.sim.add("zquux", "Zebedee", "Quuxley").unwrap();
    let found = async |typed: &str, count: usize| {
        let is_so = async || (world.search(typed).await.len() == count).then_some(());
        wait_for(is_so, SOON).await.unwrap_or_else(|_| panic!("`{typed}` should find {count}"));
    };
    found("quuxley", 1).await;
    let id = text(&world.search("quuxley").await[0], "id").to_owned();
    world.sim.edit("zquux", "title", &["Keeper of the Kestrels"]).unwrap();
    found("kestrels", 1).await;
    assert_eq!(text(&world.search("kestrels").await[0], "id"), id, "an id survives an edit");
    world.sim.delete("zquux").unwrap();
    found("quuxley", 0).await;
    world.gateway.get(&format!("/v1/people/{id}")).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sensitive_is_for_the_person_and_the_manager() {
    let world = World::new(Dialect::OpenLdap, "").await;
    let [claimant, manager, head] = a_line(&world).await;
    let path = format!("/v1/people/{}", text(&claimant, "id"));
    let hidden = world.gateway.get(&path).await.expect(200);
    assert!(hidden.get("employeeNumber").is_none(), "{hidden:#}");
    for who in [&claimant, &manager] {
        let token = world.token(text(who, "userName"), &["staff"]);
        let shown = world.get_as(&token, &path).await.expect(200);
        let number = text(&shown, "employeeNumber");
        // Nobody else may find out by asking for it.
        let filter = format!("/v1/people?employeeNumber={number}");
        let asked = world.gateway.get(&filter).await;
        assert!(asked.status() == 403 || asked.status() == 400, "{}", asked.text());
        let searched = world.search(number).await;
        assert!(!searched.iter().any(|hit| hit["id"] == claimant["id"]), "{searched:#?}");
    }
    let other = world.token(text(&head, "userName"), &["staff"]);
    let me = world.get_as(&other, "/v1/me").await.expect(200);
    assert_eq!(me["person"]["id"], head["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_give_roles_for_as_long_as_they_are_known() {
    let rule = "[[policy.rules]]\nname = \"Leaders read the organisation\"\nresource = \"org-units\"\n\
                actions = [\"read\"]\nwho = \"role:leaders\"\n";
    let people = format!("[people]\nroles = {{ leaders = [\"Managers\"] }}\n{QUICK}{rule}");
    let world = World::new(Dialect::OpenLdap, &people).await;
    let [claimant, manager, _] = a_line(&world).await;
    let roles = async |who: &Value| {
        let me = world.get_as(&world.token(text(who, "userName"), &[]), "/v1/me").await.expect(200);
        me["roles"].as_array().unwrap().clone()
    };
    assert_eq!(roles(&manager).await, ["leaders"]);
    assert!(roles(&claimant).await.is_empty());
    let leader = world.token(text(&manager, "userName"), &[]);
    world.get_as(&leader, "/v1/org-units").await.expect(200);
    // Without the directory what it said holds for five seconds, and not for ever.
    world.sim.fault(On::Search, Fault::Drop);
    let lost = async || (world.get_as(&leader, "/v1/org-units").await.status() == 403).then_some(());
    wait_for(lost, Duration::from_secs(40)).await.expect("a role outlives the directory that gave it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_goes_away_leaves_a_stale_search_and_comes_back_by_itself() {
    let world = World::new(Dialect::OpenLdap, QUICK).await;
    let person = world.search("manager").await.remove(0);
    let path = format!("/v1/people/{}", text(&person, "id"));
    world.sim.fault(On::Search, Fault::Drop);
    let status =
        async || world.gateway.get("/v1/people?q=manager").await.expect(200)["sources"][0]["status"].clone();
    let stale = async || (status().await == "stale").then_some(());
    wait_for(stale, Duration::from_secs(40)).await.expect("the search says how old it is");
    let gone = world.gateway.get(&path).await;
    assert!([502, 503, 504].contains(&gone.status()), "{}", gone.text());
    let shown = world.gateway.operate("/status").await;
    let shown: Value = serde_json::from_slice(&shown.body).unwrap();
    assert_eq!(shown["peopleIndexes"][0]["stale"], true, "{shown:#}");
    assert!(shown["peopleIndexes"][0]["people"].as_u64().unwrap() >= 300);
    world.sim.fault(On::Search, Fault::None);
    let back = async || (world.gateway.get(&path).await.status() == 200).then_some(());
    wait_for(back, Duration::from_secs(40)).await.expect("it comes back unaided");
    let fresh = async || (status().await == "ok").then_some(());
    wait_for(fresh, Duration::from_secs(40)).await.expect("the search is fresh again");
    assert!(!world.gateway.log().contains(OPS_TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_what_was_read() {
    let world = World::new(Dialect::OpenLdap, "").await;
    let found = world.search("manager").await.len();
    // From now on nothing can be read any more: what is found afterwards was kept.
    world.sim.fault(On::Search, Fault::Drop);
    let before = world.gateway.operate("/status").await.body;
    let hash = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["configHash"].clone();
    let tables = format!("{}\n[rate_limit]\nrequests_per_second = 100000\n", world.gateway.site.systems());
    let mut world = world;
    world.gateway.site.replace_systems(&tables);
    world.gateway.signal("HUP");
    let reloaded = async || {
        let now = world.gateway.operate("/status").await.body;
        (hash(&now) != hash(&before)).then_some(())
    };
    wait_for(reloaded, SOON).await.expect("the configuration is read again");
    let answer = world.gateway.get("/v1/people?q=manager&limit=50").await.expect(200);
    assert_eq!(answer["items"].as_array().unwrap().len(), found);
}
