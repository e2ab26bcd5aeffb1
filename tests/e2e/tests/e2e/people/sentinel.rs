//! Personal data in every position that a caller or a directory can fill, and nowhere afterwards.

use portico_ldap_sim::{Dialect, Fault, On};

use super::{World, text};
use crate::telemetry::sentinel::{all, nothing_is_kept, search};

/// Asks for them in every way that the routes of people have; the answers are the caller's own words.
async fn ask_in_every_way(world: &World, person: &str) {
    let all = all();
    let queries =
        ["q", "userName", "email", "department", "title", "employeeNumber", "active", "managerId", "cursor"];
    for query in queries.iter().chain(&["orgUnitId", "sort", "fields", "source", "limit", &*all]) {
        world.gateway.get(&format!("/v1/people?{query}={all}")).await;
        world.gateway.get(&format!("/v1/org-units?{query}={all}")).await;
    }
    for rest in ["", "/manager", "/reports", "/chain", "/photo"] {
        world.gateway.get(&format!("/v1/people/{all}{rest}")).await;
        world.gateway.get(&format!("/v1/people/{person}{rest}?{all}={all}")).await;
        let headers = [("If-None-Match", all.as_str()), ("Accept", all.as_str())];
        world
            .gateway
            .send("GET", &format!("/v1/people/{person}{rest}"), &world.gateway.reader, &headers, b"")
            .await;
    }
    // Somebody whose name at the identity provider is personal.
    let token = world.token(&all, &["staff"]);
    world.get_as(&token, "/v1/people?q=a").await;
    world.get_as(&token, &format!("/v1/people/{person}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_of_a_directory_is_in_no_log_trace_metric_or_foreign_problem() {
    let world =
        World::new(Dialect::OpenLdap, "[telemetry]\nlog_level = \"trace\"\nslow_request_ms = 1\n").await;
    let person = world.search("manager").await.remove(0);
    let (id, user_name) = (text(&person, "id").to_owned(), text(&person, "userName").to_owned());
    for attribute in ["title", "telephoneNumber", "employeeNumber", "description", "mail", "manager"] {
        // What the schema refuses cannot get in.
        let _ = world.sim.edit(&user_name, attribute, &[&all()]);
    }
    ask_in_every_way(&world, &id).await;
    let told = world.gateway.get(&format!("/v1/people/{id}")).await.text();
    assert!(told.contains(&all()), "the sentinels do get in: {told}");
    let mut foreign = String::new();
    for fault in
        [Fault::Garbage, Fault::HalfFrame, Fault::DropAfter(0), Fault::Busy, Fault::Unavailable, Fault::Drop]
    {
        world.sim.fault(On::Search, fault);
        foreign += &world.gateway.get(&format!("/v1/people/{id}")).await.text();
        foreign += &world.gateway.get(&format!("/v1/people/{id}/reports")).await.text();
    }
    let problem = world.gateway.get(&format!("/v1/people/{id}")).await.json();
    search("what callers were told", &(foreign + &problem.to_string()));
    let World { gateway, sim: _directory } = world;
    nothing_is_kept(gateway, text(&problem, "traceId")).await;
}
