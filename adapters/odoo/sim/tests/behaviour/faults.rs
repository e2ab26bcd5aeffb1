//! What a sick server does, and what it did by then.

use std::time::{Duration, Instant};

use portico_odoo_sim::{Fault, On};
use portico_simkit::wait::wait_until;
use serde_json::json;

use crate::client::{council, gateway};

const PATIENCE: Duration = Duration::from_secs(10);
const MODEL: &str = "res.partner";

#[tokio::test]
async fn the_connection_ends_before_during_or_after_the_commit() {
    let (sim, _) = council(12).await;
    sim.set_password("admin", Some("portico-sim"));
    let admin = crate::client::Caller { sim: &sim, uid: 2, password: "portico-sim" };
    let make = || async { admin.raw(MODEL, "create", &json!([{"name": "Supplier"}]), &json!({})).await };
    let late = Duration::from_millis(150);
    for (fault, at_once, in_the_end) in [
        (Fault::DropBefore, 0, 0),
        (Fault::DropAfter, 1, 1),
        (Fault::DropDuring(late), 0, 1),
        (Fault::BadGateway, 0, 0),
        (Fault::GatewayTimeout, 1, 1),
        (Fault::TooManyRequests(Some(3)), 0, 0),
        (Fault::Garbage, 1, 1),
        (Fault::Truncate(20), 1, 1),
        (Fault::SerializationFailure, 0, 0),
    ] {
        sim.reset_counters();
        let injected = sim.inject(On::method(MODEL, "create"), fault.clone());
        injected.times(1);
        let answer = make().await;
        assert_eq!(sim.created(MODEL), at_once, "{fault:?}");
        match (&fault, answer) {
            (Fault::DropBefore | Fault::DropAfter | Fault::DropDuring(_) | Fault::Truncate(_), answer) => {
                assert!(answer.is_err(), "{fault:?}");
            }
            (Fault::BadGateway, answer) => {
                let answer = answer.unwrap();
                assert_eq!(answer.status, 502);
                assert!(answer.header("content-type").unwrap().starts_with("text/html"));
            }
            (Fault::GatewayTimeout, answer) => assert_eq!(answer.unwrap().status, 504),
            (Fault::TooManyRequests(_), answer) => {
                let answer = answer.unwrap();
                assert_eq!((answer.status, answer.header("retry-after")), (429, Some("3")));
            }
            (Fault::Garbage, answer) => {
                assert!(serde_json::from_slice::<serde_json::Value>(&answer.unwrap().body).is_err());
            }
            (_, answer) => assert!(answer.unwrap().text().contains("SerializationFailure")),
        }
        assert_eq!(injected.met(), 1);
        wait_until(|| sim.created(MODEL) == in_the_end, PATIENCE).await.unwrap();
        // The next call meets no fault.
        assert_eq!(make().await.unwrap().status, 200);
        assert_eq!((sim.created(MODEL), sim.calls(MODEL, "create")), (in_the_end + 1, 2), "{fault:?}");
        sim.heal();
    }
}

#[tokio::test]
async fn faults_can_wait_for_their_call_and_slow_ones_take_their_time() {
    let (sim, _) = council(12).await;
    let gateway = gateway(&sim);
    sim.inject(On::model("hr.employee"), Fault::BadGateway).skip(2).times(1);
    let status = async || {
        let answer = gateway.raw("hr.employee", "search_count", &json!([[]]), &json!({})).await;
        answer.unwrap().status
    };
    assert_eq!([status().await, status().await, status().await, status().await], [200, 200, 502, 200]);
    for fault in [Fault::Delay(Duration::from_millis(60)), Fault::SlowCommit(Duration::from_millis(60))] {
        sim.heal();
        sim.inject(On::everything(), fault);
        let started = Instant::now();
        assert_eq!(status().await, 200);
        assert!(started.elapsed() >= Duration::from_millis(60));
    }
    sim.heal();
    sim.inject(On::everything(), Fault::Hang);
    assert!(tokio::time::timeout(Duration::from_millis(60), status()).await.is_err());
}
