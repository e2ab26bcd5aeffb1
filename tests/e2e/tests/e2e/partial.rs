//! Sick stores: what is there is given, what is missing is said, and nothing that a store says gets out.

mod breaker;
mod matrix;

use std::time::Duration;

use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::wait::wait_for;
use portico_webdav_sim::{Flavour, Running};
use serde_json::Value;

use crate::support::{ACCOUNT, Gateway, SOON, Site, small_store};

/// Words that a sick store says and nobody else may.
const SAID: &str = "Zaphod-42";

/// How much more than its deadline an answer may take on a busy machine.
const MARGIN: Duration = Duration::from_secs(2);

/// Two stores, each behind a proxy.
struct Pair {
    _stores: [Running; 2],
    left: FaultProxy,
    right: FaultProxy,
    gateway: Gateway,
    /// A document in the right store, and that store's root.
    document: String,
    root: String,
}

impl Pair {
    /// Both are well at first. `limits` and `wire` are lines of the two tables of limits.
    async fn start(limits: &str, wire: &str) -> Self {
        let stores = [small_store(Flavour::Apache).await, small_store(Flavour::WsgiDav).await];
        let left = FaultProxy::start(stores[0].addr).await.unwrap();
        let right = FaultProxy::start(stores[1].addr).await.unwrap();
        let site = Site::new().store("left", &left.url(), ACCOUNT, limits, wire).store(
            "right",
            &right.url(),
            ACCOUNT,
            limits,
            wire,
        );
        let gateway = site.start().await;
        let list = gateway.get("/v1/documents?source=right&q=lease").await.expect(200);
        let document = list["items"][0]["id"].as_str().unwrap().to_owned();
        let system = gateway.get("/v1/systems/right").await.expect(200);
        let root = system["rootDocumentId"].as_str().unwrap().to_owned();
        Self { _stores: stores, left, right, gateway, document, root }
    }

    /// Sets the fault of a store, for kept connections too.
    async fn sicken(&self, system: &str, fault: Fault) {
        let proxy = if system == "left" { &self.left } else { &self.right };
        if fault == Fault::ResetOnAccept {
            // It acts on new connections only, so those that are kept have to end before.
            proxy.set(Fault::RefuseConnections).await;
            let path = format!("/v1/documents?source={system}");
            let ended = async || (self.gateway.get(&path).await.status() != 200).then_some(());
            wait_for(ended, SOON).await.expect("kept connections end");
        }
        proxy.set(fault).await;
    }

    async fn breaker(&self, system: &str) -> String {
        let status = self.gateway.operate("/status").await;
        let status: Value = serde_json::from_slice(&status.body).unwrap();
        let systems = status["systems"].as_array().unwrap();
        let one = systems.iter().find(|one| one["id"] == system).unwrap();
        one["breaker"].as_str().unwrap().to_owned()
    }
}

/// The report on one source.
fn source<'a>(answer: &'a Value, system: &str) -> &'a Value {
    let sources = answer["sources"].as_array().unwrap_or_else(|| panic!("no sources: {answer:#}"));
    sources.iter().find(|source| source["system"] == system).unwrap()
}
