//! The suite against the WebDAV adapter: over the simulator in each flavour, over the real products, and once more
//! through the whole stack; and the simulator against the real products.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod twin;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use portico_contract::{Adapter, CallService, SystemKey, Upstream};
use portico_contract_suite::{Hooked, NativeLocks, SuiteTarget, documents};
use portico_resilience::{CallFacts, Observer, StackSettings, stack};
use portico_servers::Product;
use portico_simkit::client::{Connection, Reply};
use portico_webdav_sim::{Builder, Flavour, Running, Simulator};
use tempfile::TempDir;

const USERNAME: &str = "suite";
const PASSWORD: &str = "p\u{e4}ss:word";

/// Where a store is and who may use it.
struct Place {
    addr: SocketAddr,
    base_url: String,
    username: String,
    password: String,
}

impl Place {
    /// The adapter, built from settings as a site writes them.
    fn adapter(&self) -> (Adapter, TempDir) {
        let secrets = tempfile::tempdir().unwrap();
        let file = secrets.path().join("password");
        std::fs::write(&file, &self.password).unwrap();
        let settings = serde_json::json!({
            "base_url": self.base_url,
            "credentials": { "username": self.username, "password": format!("file:{}", file.display()) },
        });
        let key = SystemKey::new("suite").unwrap();
        let adapter = (portico_webdav::KIND.build)(key, settings);
        (adapter.unwrap_or_else(|faults| panic!("{faults:?}")), secrets)
    }

    /// Runs the suite on the adapter as it is, every attempt a call.
    async fn run_raw(self, expected: SuiteTarget) {
        let (adapter, _secrets) = self.adapter();
        let system = adapter.system().clone();
        let upstream = Upstream::new(system, adapter.profile().clone(), CallService::new(adapter));
        self.run(upstream, expected).await;
    }

    /// Runs the suite through the layers that every call passes in the gateway.
    async fn run_through_the_stack(self, expected: SuiteTarget) {
        let (adapter, _secrets) = self.adapter();
        let (system, profile) = (adapter.system().clone(), adapter.profile().clone());
        let (service, _health) = stack(adapter, &StackSettings::default(), Arc::new(Unobserved));
        self.run(Upstream::new(system, profile, service), expected).await;
    }

    async fn run(self, upstream: Upstream, expected: SuiteTarget) {
        let target = SuiteTarget { locks: Some(Arc::new(self)), ..expected };
        let report = documents(upstream, target).await;
        println!("{report}");
        report.assert_passed();
        assert_eq!(report.passed(), report.findings.len(), "this adapter claims everything: {report}");
    }

    fn target(&self, path: &str) -> String {
        let base = self
            .base_url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'))
            .map_or("", |(_, path)| path);
        let mut target = String::new();
        for segment in base.split('/').filter(|segment| !segment.is_empty()).chain(path.split('/')) {
            target.push('/');
            for octet in segment.bytes() {
                match octet {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => target.push(char::from(octet)),
                    _ => write!(target, "%{octet:02X}").unwrap(),
                }
            }
        }
        target
    }

    /// One request of a native client, to a target that is escaped already.
    async fn exchange(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> Result<Reply, String> {
        let basic = format!("Basic {}", base64(format!("{}:{}", self.username, self.password).as_bytes()));
        let mut connection = Connection::open(self.addr).await.map_err(|error| error.to_string())?;
        let mut all = vec![("Authorization", basic.as_str())];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
        connection.request(method, target, &all, body.as_bytes()).await.map_err(|error| error.to_string())
    }
}

/// RFC 4648, section 4.
fn base64(octets: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in octets.chunks(3) {
        let bits =
            group.iter().enumerate().fold(0, |bits, (at, octet)| bits | usize::from(*octet) << (16 - 8 * at));
        for at in 0..4 {
            let digit = if at <= group.len() { DIGITS[bits >> (18 - 6 * at) & 63] } else { b'=' };
            text.push(char::from(digit));
        }
    }
    text
}

const LOCK: &str = "<?xml version=\"1.0\"?><lockinfo xmlns=\"DAV:\"><lockscope><exclusive/></lockscope><locktype><write/></locktype><owner>a colleague</owner></lockinfo>";

impl NativeLocks for Place {
    fn lock<'a>(&'a self, path: &'a str) -> Hooked<'a, String> {
        Box::pin(async move {
            let timeout = [("Timeout", "Second-600".to_owned())];
            let reply = self.exchange("LOCK", &self.target(path), &timeout, LOCK).await?;
            match reply.header("lock-token") {
                Some(token) if reply.status == 200 => Ok(token.to_owned()),
                _ => Err(format!("LOCK gave {}", reply.status)),
            }
        })
    }

    fn unlock<'a>(&'a self, path: &'a str, token: &'a str) -> Hooked<'a, ()> {
        Box::pin(async move {
            let token = [("Lock-Token", token.to_owned())];
            match self.exchange("UNLOCK", &self.target(path), &token, "").await?.status {
                204 => Ok(()),
                status => Err(format!("UNLOCK gave {status}")),
            }
        })
    }
}

struct Unobserved;

impl Observer for Unobserved {
    fn finished(&self, _: &CallFacts) {}
}

async fn simulated(builder: Builder) -> (Running, Place) {
    let running = builder.credentials(USERNAME, PASSWORD).start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let place = Place {
        addr: running.addr,
        base_url: running.base_url.clone(),
        username: USERNAME.to_owned(),
        password: PASSWORD.to_owned(),
    };
    (running, place)
}

/// The product as it is, or nothing where it cannot be run here.
fn real(product: Product) -> Option<(portico_servers::Running, Place)> {
    let running = portico_servers::for_test(product)?;
    let place = Place {
        addr: running.addr,
        base_url: running.base_url.clone(),
        username: running.username.to_owned(),
        password: running.password.to_owned(),
    };
    Some((running, place))
}

/// What may be expected of the real products. Both look at a condition in one step and write in another; that of eight
/// writers only one wins all the same is the adapter's doing.
fn real_product() -> SuiteTarget {
    SuiteTarget { separate_process: true, ..SuiteTarget::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_apache() {
    let (_running, place) = simulated(Simulator::builder(Flavour::Apache)).await;
    place.run_raw(SuiteTarget::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_apache_through_the_stack() {
    let (_running, place) = simulated(Simulator::builder(Flavour::Apache)).await;
    place.run_through_the_stack(SuiteTarget::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_wsgidav() {
    let (_running, place) = simulated(Simulator::builder(Flavour::WsgiDav)).await;
    place.run_raw(SuiteTarget::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_apache_that_ignores_preconditions() {
    let (_running, place) = simulated(Simulator::builder(Flavour::Apache).ignores_preconditions()).await;
    place.run_raw(SuiteTarget::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_apache() {
    let Some((_running, place)) = real(Product::Apache) else { return };
    place.run_raw(real_product()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_apache_through_the_stack() {
    let Some((_running, place)) = real(Product::Apache) else { return };
    place.run_through_the_stack(real_product()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_wsgidav() {
    let Some((_running, place)) = real(Product::WsgiDav) else { return };
    // It looks at a condition in one step and writes in another, on a thread for each request.
    let expected =
        SuiteTarget { separate_process: true, preconditions_can_race: true, ..SuiteTarget::default() };
    place.run_raw(expected).await;
}
