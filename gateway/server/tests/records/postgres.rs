//! The store in a database, for several gateways.

use portico_servers::{PASSWORD, Product, USERNAME, for_test};

use crate::site::Site;

#[test]
fn two_gateways_share_a_database_and_commands_need_neither() {
    let Some(server) = for_test(Product::Postgres) else { return };
    let (host, port) = (server.addr.ip(), server.addr.port());
    let database = format!(
        "[store.postgres]\nhost = \"{host}\"\nport = {port}\ndatabase = \"postgres\"\nuser = \"{USERNAME}\"\n\
         password = \"file:store-password\"\ntls = false\n"
    );
    let site = || {
        let site = Site::new();
        std::fs::write(site.path("store-password"), PASSWORD).unwrap();
        site.with(&database)
    };
    let (first, second) = (site(), site());
    let (one, other) = (first.serve(), second.serve());
    for gateway in [&one, &other] {
        let status = gateway.store_status();
        assert_eq!(
            (status["engine"].as_str(), status["writable"].as_bool()),
            (Some("postgresql"), Some(true))
        );
    }
    assert!(!first.store_path().exists());
    assert!(first.run(&["intents", "list"]).with(0).contains("Every write is settled"));
    first.run(&["audit", "verify"]).with(0);
    let refused = first.run(&["backup", "copy"]).with(1);
    assert!(refused.contains("pg_dump"), "{refused}");
    let refused = first.run(&["restore", "copy"]).with(1);
    assert!(refused.contains("pg_restore"), "{refused}");
    other.stop();
    one.stop();
}

#[test]
fn a_database_that_does_not_answer_keeps_the_gateway_from_starting_and_says_which() {
    let site = Site::new().with(
        "[store.postgres]\nhost = \"127.0.0.1\"\nport = 1\ndatabase = \"portico\"\nuser = \"portico\"\ntls = false\n",
    );
    let said = site.run(&["serve"]).with(1);
    assert!(said.contains("portico on 127.0.0.1 cannot be opened"), "{said}");
}
