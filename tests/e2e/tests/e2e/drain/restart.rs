//! Stopping under load, and restarts behind a socket that somebody else holds.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portico_servers::gateway_binary;
use portico_simkit::client;
use portico_simkit::wait::{wait_blocking, wait_for, wait_until};
use portico_webdav_sim::Flavour;

use crate::support::gateway::{await_ready, read, signal};
use crate::support::{ACCOUNT, Load, Person, SOON, Site, small_store};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_fails_while_it_lingers_and_readiness_ends_at_once() {
    let store = small_store(Flavour::Apache).await;
    let site = Site::over(&[("contracts", &store.base_url)], ACCOUNT);
    let mut gateway = site.runtime("linger_ms = 2000\ndrain_timeout_ms = 5000").start().await;
    let load = Load::start(gateway.api_addr(), &gateway.reader, 4);
    load.more(20).await;
    gateway.signal("TERM");
    let started = Instant::now();
    let ready = format!("{}/readyz", gateway.ops);
    let not_ready = async || (client::get(&ready, &[]).await.ok()?.status == 503).then_some(());
    wait_for(not_ready, SOON).await.expect("it says that it is not ready");
    assert!(started.elapsed() < Duration::from_millis(1_500), "only after {:?}", started.elapsed());
    // New connections are taken all the same, and told to close.
    let answer = gateway.get("/v1/me").await;
    answer.expect(200);
    assert_eq!(answer.header("connection"), Some("close"));
    load.more(20).await;
    assert!(started.elapsed() < Duration::from_secs(2), "the machine is too slow for this test");
    let failures = load.end().await;
    assert!(failures.is_empty(), "{failures:?}");
    let ended = tokio::task::block_in_place(|| gateway.wait());
    assert!(ended.status.success());
    assert!(started.elapsed() >= Duration::from_secs(2), "it did not linger");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_that_it_is_ready_may_stop_it() {
    for _ in 0..10 {
        let gateway = Site::over(&[("contracts", "http://127.0.0.1:1/")], ACCOUNT).start().await;
        gateway.signal("HUP");
        let ended = gateway.stop();
        assert!(ended.status.success(), "{} {}", ended.status, ended.log);
        assert!(ended.log.contains("stopped"), "{}", ended.log);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_finished() {
    let store = small_store(Flavour::Apache).await;
    let proxy = portico_simkit::fault::FaultProxy::start(store.addr).await.unwrap();
    let mut gateway = Site::over(&[("contracts", &proxy.url())], ACCOUNT).start().await;
    proxy.set(portico_simkit::fault::Fault::Delay(Duration::from_millis(800))).await;
    let (api, reader) = (gateway.api.clone(), gateway.reader.clone());
    let before = proxy.counts().requests;
    let slow = tokio::spawn(async move {
        crate::support::ask(&api, "GET", "/v1/documents?source=contracts&limit=1", &reader, &[], b"").await
    });
    wait_until(|| proxy.counts().requests > before, SOON).await.unwrap();
    gateway.signal("TERM");
    slow.await.unwrap().expect(200);
    assert!(tokio::task::block_in_place(|| gateway.wait()).status.success());
}

/// A gateway that got its listening socket as systemd passes it (sd_listen_fds(3)): descriptor 3, and its number and
/// its owner in the environment. The test holds the socket too, as systemd does.
fn start_on(socket: &TcpListener, site: &Site) -> Child {
    let _ = fs::remove_file(site.path("ready.json"));
    let stderr = File::options().create(true).append(true).open(site.path("stderr")).unwrap();
    Command::new("sh")
        .args(["-c", r#"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@""#, "sh"])
        .arg(gateway_binary())
        .args(["serve", "--config", "portico.toml", "--ready-file", "ready.json"])
        .current_dir(site.folder())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())))
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .unwrap()
}

/// Kills it when a test fails.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_restarts_behind_a_held_socket_fail_no_request() {
    restart(20).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "soak"]
async fn soak_three_hundred_restarts_behind_a_held_socket_fail_no_request() {
    restart(300).await;
}

async fn restart(times: usize) {
    let store = small_store(Flavour::Apache).await;
    let site = Site::over(&[("contracts", &store.base_url)], ACCOUNT)
        .runtime("linger_ms = 250\ndrain_timeout_ms = 5000");
    let token = site.token(&Person::READER);
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = socket.local_addr().unwrap();
    let mut child = Guarded(start_on(&socket, &site));
    let ready = await_ready(&mut child.0, site.folder()).await;
    assert_eq!(ready["api"], format!("http://{api}"), "it listens on the socket that it was given");
    let load = Load::start(api, &token, 3);
    for _ in 0..times {
        load.more(3).await;
        signal(child.0.id(), "TERM");
        let ended = tokio::task::block_in_place(|| {
            wait_blocking(|| child.0.try_wait().unwrap(), SOON).expect("it stops")
        });
        assert!(ended.success(), "{}", read(&site.path("stderr")));
        child = Guarded(start_on(&socket, &site));
        await_ready(&mut child.0, site.folder()).await;
    }
    load.more(3).await;
    let failures = load.end().await;
    assert!(failures.is_empty(), "{failures:?}");
    assert!(!read(&site.path("stderr")).contains("panicked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_caller_wakes_it_behind_systemd_socket_activate() {
    let Some(activate) = portico_servers::tool_for_test(portico_servers::Product::SocketActivate) else {
        return;
    };
    let store = small_store(Flavour::Apache).await;
    let site = Site::over(&[("contracts", &store.base_url)], ACCOUNT);
    let token = site.token(&Person::READER);
    // Somebody could take the port in between; then it ends at once and another one is tried.
    for _ in 0..5 {
        let api = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let stderr = File::options().create(true).append(true).open(site.path("stderr")).unwrap();
        let mut child = Guarded(
            Command::new(&activate)
                .args(["-l", &api.to_string()])
                .arg(gateway_binary())
                .args(["serve", "--config", "portico.toml", "--ready-file", "ready.json"])
                .current_dir(site.folder())
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(stderr)
                .spawn()
                .unwrap(),
        );
        let listening = async || match tokio::net::TcpStream::connect(api).await {
            Ok(first) => Some(Some(first)),
            Err(_) => child.0.try_wait().unwrap().map(|_| None),
        };
        let Some(first) = wait_for(listening, SOON).await.expect("it listens") else { continue };
        await_ready(&mut child.0, site.folder()).await;
        let answer = crate::support::ask(&format!("http://{api}"), "GET", "/v1/me", &token, &[], b"").await;
        assert_eq!(answer.expect(200)["subject"], "rhian");
        drop(first);
        signal(child.0.id(), "TERM");
        let ended = tokio::task::block_in_place(|| wait_blocking(|| child.0.try_wait().unwrap(), SOON));
        assert!(ended.expect("it stops").success());
        return;
    }
    panic!("no port could be had");
}
