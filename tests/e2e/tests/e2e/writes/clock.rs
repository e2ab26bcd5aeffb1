//! A wall clock that jumps by an hour while writes are under way.

use std::time::Duration;

use portico_odoo_sim::{Fault, On};
use portico_simkit::wait::{wait_for, wait_until};

use super::{category, claim, claimants, key, post, sheets, site_over, text};
use crate::clock;
use crate::support::{SOON, ask};

const ROUTE: &str = "/v1/expense-reports";
const HOUR: i64 = 3_600;

#[tokio::test(flavor = "multi_thread")]
async fn leases_and_keys_hold_when_the_clock_jumps() {
    let Some(site) = clock::site() else { return };
    let (odoo, _directory, site) = site_over(site).await;
    let name: &'static str = Box::leak(claimants(&odoo).next().unwrap().username.clone().into_boxed_str());
    let token = clock::token(&site, name);
    let gateway = site.start().await;
    let category = category(&gateway.api, &token).await;
    let mut used = Vec::new();
    for seconds in [HOUR, -HOUR] {
        clock::set(&gateway.site, 0);
        let body = claim(&category, &format!("Under way at {seconds}"));
        let held =
            odoo.inject(On::method("hr.expense.sheet", "load"), Fault::SlowCommit(Duration::from_secs(2)));
        held.times(1);
        let (api, sent, under) = (gateway.api.clone(), body.clone(), key());
        let first = {
            let (token, under) = (token.clone(), under.clone());
            tokio::spawn(async move { post(&api, &token, ROUTE, &under, None, &sent).await })
        };
        wait_until(|| held.met() == 1, SOON).await.unwrap();
        clock::set(&gateway.site, seconds);
        // An hour ahead does not end the lease: it is under way until it is over.
        post(&gateway.api, &token, ROUTE, &under, None, &body).await.problem(409, "in_progress");
        let made = first.await.unwrap().expect(201);
        used.push((under, body, text(&made, "id").to_owned()));
        // A lost answer is found at the pace of the monotonic clock, whatever the wall clock says.
        odoo.inject(On::method("hr.expense.sheet", "load"), Fault::DropAfter).times(1);
        let lost = claim(&category, &format!("Lost at {seconds}"));
        let answer = post(&gateway.api, &token, ROUTE, &key(), None, &lost).await;
        answer.expect(202);
        let location = answer.header("location").unwrap().to_owned();
        clock::set(&gateway.site, -seconds);
        let confirmed = async || {
            let operation = ask(&gateway.api, "GET", &location, &token, &[], b"").await.expect(200);
            (operation["status"] == "confirmed").then_some(())
        };
        wait_for(confirmed, SOON).await.expect("it is found");
    }
    // Keys are known before and after they were used.
    for seconds in [-HOUR, HOUR, 0] {
        clock::set(&gateway.site, seconds);
        for (key, body, id) in &used {
            let again = post(&gateway.api, &token, ROUTE, key, None, body).await.expect(200);
            assert_eq!(again["id"], **id, "{seconds}");
        }
    }
    for title in [HOUR, -HOUR].iter().flat_map(|at| [format!("Under way at {at}"), format!("Lost at {at}")]) {
        assert_eq!(sheets(&odoo, &title), 1, "{title}");
    }
    assert!(gateway.stop().status.success());
}
