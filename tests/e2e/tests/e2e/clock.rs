//! A wall clock that jumps under a running gateway. The program runs with libfaketime, which changes its wall clock and
//! leaves the monotonic one alone, as somebody who sets the machine's clock does.

use std::fs;
use std::time::{Duration, Instant};

use portico_servers::{Product, tool_for_test};
use portico_simkit::fault::{Fault, FaultProxy};
use portico_simkit::wait::{wait_for, wait_until};
use portico_webdav_sim::Flavour;
use serde_json::Value;

use crate::support::{ACCOUNT, Person, SOON, Site, ask, small_store};

const HOUR: i64 = 3_600;

/// A site whose clock can be set; `None` where libfaketime cannot be had.
pub fn site() -> Option<Site> {
    let library = tool_for_test(Product::Faketime)?;
    let site = Site::new();
    let clock = site.path("clock");
    fs::write(&clock, "+0").unwrap();
    let site = site
        .variable("LD_PRELOAD", library.to_str().unwrap())
        .variable("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap())
        .variable("FAKETIME_NO_CACHE", "1")
        .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .variable("DONT_FAKE_MONOTONIC", "1");
    Some(site)
}

/// Sets the clock this many seconds off the machine's.
pub fn set(site: &Site, seconds: i64) {
    let aside = site.path("clock.new");
    fs::write(&aside, format!("{seconds:+}")).unwrap();
    fs::rename(aside, site.path("clock")).unwrap();
}

/// A token that is good an hour before and after now.
pub fn token(site: &Site, subject: &'static str) -> String {
    set(site, -HOUR - 60);
    site.write();
    let arguments = ["token", "--config", "portico.toml", "--key", "login/private.pem", "--subject", subject];
    let made = site.portico(&[&arguments[..], &["--role", "staff", "--minutes", "600"]].concat());
    assert!(made.status.success(), "{made:?}");
    set(site, 0);
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// How far the program's clock is off, by when it says that it asked the source of a page.
fn off(page: &Value) -> i64 {
    let fetched: jiff::Timestamp = page["sources"][0]["fetchedAt"].as_str().unwrap().parse().unwrap();
    fetched.as_second() - jiff::Timestamp::now().as_second()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_hold_by_the_wall_clock_with_the_leeway_and_no_more() {
    let Some(site) = site() else { return };
    let site = site.store("contracts", "http://127.0.0.1:1/", ACCOUNT, "", "");
    let made = Instant::now();
    let token = site.token(&Person::READER);
    let gateway = site.start().await;
    // The token is good for an hour from now; the leeway is 30 s. 10 s are kept for a slow machine.
    for (seconds, expected) in
        [(0, 200), (-20, 200), (-45, 401), (-HOUR, 401), (HOUR + 15, 200), (HOUR + 45, 401), (0, 200)]
    {
        set(&gateway.site, seconds);
        let answer = ask(&gateway.api, "GET", "/v1/me", &token, &[], b"").await;
        if made.elapsed() < Duration::from_secs(10) {
            assert_eq!(answer.status(), expected, "at {seconds} s: {}", answer.0.text());
        }
    }
    assert!(made.elapsed() < Duration::from_secs(10), "the machine is too slow for this test");
    assert!(gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_hold_while_the_clock_jumps() {
    let Some(site) = site() else { return };
    let store = small_store(Flavour::Apache).await;
    let proxy = FaultProxy::start(store.addr).await.unwrap();
    let limits = "max_attempts = 1\nattempt_timeout_ms = 3000\nbreaker_failures = 50";
    let site = site.store("contracts", &proxy.url(), ACCOUNT, limits, "");
    let token = token(&site, "ann");
    let gateway = site.start().await;
    for seconds in [HOUR, -HOUR] {
        for (fault, expected) in [(Fault::Delay(Duration::from_millis(1_200)), 200), (Fault::BlackHole, 504)]
        {
            set(&gateway.site, 0);
            proxy.set(fault).await;
            let (api, token, before) = (gateway.api.clone(), token.clone(), proxy.counts());
            let started = Instant::now();
            let asked =
                tokio::spawn(
                    async move { ask(&api, "GET", "/v1/documents?limit=1", &token, &[], b"").await },
                );
            let sent = || {
                proxy.counts().connections > before.connections || proxy.counts().requests > before.requests
            };
            wait_until(sent, SOON).await.unwrap();
            set(&gateway.site, seconds);
            let answer = asked.await.unwrap();
            assert_eq!(answer.status(), expected, "{seconds}: {}", answer.0.text());
            let took = started.elapsed();
            assert!(took >= Duration::from_millis(1_100), "{seconds}: cut short after {took:?}");
            assert!(took < Duration::from_secs(8), "{seconds}: {took:?}");
            proxy.set(Fault::RefuseConnections).await;
            proxy.set(Fault::None).await;
        }
    }
    assert!(gateway.stop().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn breakers_shares_and_cursors_hold_when_the_clock_jumps() {
    let Some(site) = site() else { return };
    let store = small_store(Flavour::Apache).await;
    let (long, short) =
        (FaultProxy::start(store.addr).await.unwrap(), FaultProxy::start(store.addr).await.unwrap());
    let limits = |open: u32| format!("max_attempts = 1\nbreaker_failures = 2\nbreaker_open_ms = {open}");
    let site = site
        .with("[rate_limit]\nrequests_per_second = 1\nburst = 600\n")
        .store("long", &long.url(), ACCOUNT, &limits(600_000), "")
        .store("short", &short.url(), ACCOUNT, &limits(1_500), "");
    let (ann, ben, cleo) = (token(&site, "ann"), token(&site, "ben"), token(&site, "cleo"));
    let gateway = site.start().await;
    let get = async |path: &str, token: &str| ask(&gateway.api, "GET", path, token, &[], b"").await;
    let breaker = async |index: usize| {
        let status: Value = serde_json::from_slice(&gateway.operate("/status").await.body).unwrap();
        status["systems"][index]["breaker"].as_str().unwrap().to_owned()
    };
    let page = get("/v1/documents?limit=1", &cleo).await.expect(200);
    let next = page["next"].as_str().expect("there is more").to_owned();
    let next = next.strip_prefix(&gateway.api).unwrap_or(&next).to_owned();

    for proxy in [&long, &short] {
        proxy.set(Fault::RefuseConnections).await;
    }
    let opened = async || {
        get("/v1/documents", &ann).await;
        (breaker(0).await == "open" && breaker(1).await == "open").then_some(())
    };
    wait_for(opened, SOON).await.expect("both breakers open");
    for proxy in [&long, &short] {
        proxy.set(Fault::None).await;
    }
    for seconds in [HOUR, -HOUR] {
        set(&gateway.site, seconds);
        // An open breaker neither closes early nor, with the clock behind, too late.
        let sick = get("/v1/documents?source=long", &ann).await;
        assert_eq!(sick.status(), 503, "{seconds}: {}", sick.0.text());
        assert_eq!(breaker(0).await, "open", "{seconds}");
        let well = async || {
            let answer = get("/v1/documents?source=short", &ann).await;
            (answer.status() == 200).then(|| answer.json())
        };
        let page = wait_for(well, SOON).await.expect("the short breaker lets a probe through");
        let off = off(&page);
        assert!((off - seconds).abs() < 30, "the clock jumped by {off} s and not by {seconds}");
        // Cursors are good for a day. This one begins with both stores, of which one is still left alone.
        assert_ne!(get(&next, &cleo).await.status(), 400, "{seconds}");
        // For the next jump.
        short.set(Fault::RefuseConnections).await;
        let opened = async || {
            get("/v1/documents?source=short", &ann).await;
            (breaker(1).await == "open").then_some(())
        };
        wait_for(opened, SOON).await.expect("the short breaker opens again");
        short.set(Fault::None).await;
    }

    set(&gateway.site, 0);
    let started = Instant::now();
    let used_up = async || (get("/v1/me", &ben).await.status() == 429).then_some(());
    wait_for(used_up, SOON).await.expect("the share is used up");
    for seconds in [HOUR, -HOUR] {
        set(&gateway.site, seconds);
        let mut passed = 0;
        for _ in 0..60 {
            passed += u64::from(get("/v1/me", &ben).await.status() == 200);
        }
        let seconds_since = started.elapsed().as_secs() + 1;
        assert!(passed <= seconds_since, "{passed} passed in {seconds_since} s after a jump of {seconds}");
        let again = async || (get("/v1/me", &ben).await.status() == 200).then_some(());
        wait_for(again, SOON).await.expect("the share comes back");
    }
    assert!(gateway.stop().status.success());
}
