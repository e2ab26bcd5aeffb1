//! A hundred thousand people.

use std::time::{Duration, Instant};

use portico_ldap_sim::{Dialect, Options};

use crate::client::{installed, start};

#[tokio::test]
async fn a_hundred_thousand_people_are_there_soon_and_found_at_once() {
    if !installed() {
        return;
    }
    let begun = Instant::now();
    let started = start(Options { people: 100_000, ..Options::new(Dialect::OpenLdap) }).await;
    let filled = begun.elapsed();
    let name = started.sim.dn("ameredith").unwrap();
    let queries = [
        "(uid=ameredith)".to_owned(),
        "(&(objectClass=person)(mail=angharad.meredith@council.example))".to_owned(),
        "(|(employeeNumber=E104211)(uid=nobody))".to_owned(),
        format!("(manager={name})"),
    ];
    let mut slowest = Duration::ZERO;
    for query in &queries {
        let asked = Instant::now();
        let said = started.gateway.search(&["-LLL", query, "dn"]).await;
        slowest = slowest.max(asked.elapsed());
        assert!(said.names() >= 1, "{query} {}", said.err);
    }
    let paged = Instant::now();
    let said = started.gateway.search(&["-LLL", "(uid=*)", "dn", "-E", "pr=500/noprompt"]).await;
    assert_eq!(said.names(), 100_000);
    println!("filled in {filled:?}, slowest search {slowest:?}, all in pages {:?}", paged.elapsed());
    // Without the index a search looks at a hundred thousand entries. Generous: other tests run beside this one.
    assert!(filled < Duration::from_secs(60) && slowest < Duration::from_secs(2));
}
