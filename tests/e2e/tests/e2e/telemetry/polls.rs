//! What the gateway does by itself is traced as well: at a collector that we did not write.

use portico_ldap_sim::Dialect;
use portico_servers::{Product, for_test};
use portico_simkit::wait::wait_until;

use super::traces::{Span, spans};
use crate::people::World;
use crate::support::SOON;

#[tokio::test(flavor = "multi_thread")]
async fn each_look_for_changes_is_a_tree_of_its_own_with_what_had_changed_and_how_late() {
    let Some(rotel) = for_test(Product::Rotel) else { return };
    let tables = format!(
        "[people.refresh]\nchanges_seconds = 5\n[telemetry.otlp]\nendpoint = \"http://{}\"\nsample_ratio = 1.0\n",
        rotel.addr
    );
    let world = World::new(Dialect::OpenLdap, &tables).await;
    let polls = || {
        let mut polls = spans(&rotel.log_text());
        polls.retain(|span| span.name == "poll people");
        polls
    };
    wait_until(|| !polls().is_empty(), SOON).await.unwrap_or_else(|_| panic!("{}", rotel.log_text()));
    world.sim.add("zquux", "Zebedee", "Quuxley").unwrap();
    let told = |span: &Span, words: &str| span.text.contains(words);
    let one = |span: &Span| told(span, "portico.poll.changes: Int(1)");
    wait_until(|| polls().iter().any(one), SOON).await.unwrap_or_else(|_| panic!("{:#?}", polls()));
    let polls = polls();
    assert!(polls.iter().all(|poll| poll.parent.is_empty()), "each is a root: {polls:#?}");
    let mut traces: Vec<&str> = polls.iter().map(|poll| poll.trace.as_str()).collect();
    traces.dedup();
    assert_eq!(traces.len(), polls.len(), "two in one tree: {polls:#?}");
    let (first, changed) = (&polls[0], polls.iter().find(|poll| one(poll)).unwrap());
    assert!(told(first, "portico.poll.whole: Bool(true)"), "{first:#?}");
    assert!(!told(first, "portico.poll.lag_ms"), "nothing was known before: {first:#?}");
    assert!(told(changed, "portico.poll.whole: Bool(false)"), "{changed:#?}");
    assert!(told(changed, "portico.poll.lag_ms: Int("), "{changed:#?}");
    assert!(told(changed, "portico.system: Str(staff)"), "{changed:#?}");
    // The question that it put to the directory hangs below it.
    let below = spans(&rotel.log_text());
    assert!(below.iter().any(|span| span.trace == changed.trace && span.parent == changed.id), "{below:#?}");
}
