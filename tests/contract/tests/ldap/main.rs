//! The suite against the LDAP adapter: over the simulator in both dialects, over a real slapd and a real Samba domain
//! controller, with StartTLS and with TLS from the first octet; and what it does when a directory goes and comes back.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod known;
mod native;
mod outage;

use std::path::Path;
use std::sync::Arc;

use portico_contract::{Adapter, CallService, SystemKey, Upstream};
use portico_contract_suite::{KnownPhoto, NativeDirectory, PeopleTarget, people};
use portico_ldap_sim::{Account, Dialect, Options, Sim};
use portico_resilience::{CallFacts, Observer, StackSettings, stack};
use portico_servers::{Directory, MemberOf, Product, Running, Setup};
use portico_simkit::council::ldif::{self, Schema};
use portico_simkit::council::{Council, DEMO_SEED};
use serde_json::json;
use tempfile::TempDir;

use native::{Programs, Simulated};

/// How a directory is reached and where things are in it.
struct Place {
    schema: Schema,
    /// In order.
    urls: Vec<String>,
    /// PEM.
    authority: String,
    base: String,
    bind_dn: String,
    password: String,
}

impl Place {
    /// The adapter, built from settings as a site writes them.
    fn adapter(&self) -> (Adapter, TempDir) {
        // The suite is about right and wrong: two seconds for sixteen new connections are little on a busy machine, where
        // Samba has one process for them all.
        self.adapter_with(
            &json!({ "limits": { "connect_timeout_ms": 20_000, "operation_timeout_ms": 30_000 } }),
        )
    }

    /// The adapter with some more settings.
    fn adapter_with(&self, more: &serde_json::Value) -> (Adapter, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let password = file("password", &self.password);
        let below = |name: &str| format!("{name},{}", self.base);
        let (dialect, people, units) = match self.schema {
            Schema::OpenLdap => ("openldap", below("ou=people"), self.base.clone()),
            Schema::ActiveDirectory => ("activeDirectory", below("OU=Staff"), below("OU=Staff")),
        };
        let mut settings = json!({
            "dialect": dialect,
            "urls": self.urls,
            "start_tls": self.urls.iter().all(|url| url.starts_with("ldap:")),
            "trust_roots": file("ca.pem", &self.authority),
            "bind_dn": self.bind_dn,
            "password": format!("file:{}", password.display()),
            "people": { "base": people },
            "org_units": { "base": units },
            "groups": { "base": below("ou=groups") },
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            settings[name] = value.clone();
        }
        let adapter = (portico_ldap::KIND.build)(SystemKey::new("suite").unwrap(), settings);
        (adapter.unwrap_or_else(|faults| panic!("{faults:?}")), folder)
    }

    /// Runs the suite on the adapter as it is, every attempt a call.
    async fn run(&self, target: PeopleTarget) {
        let (adapter, _files) = self.adapter();
        let system = adapter.system().clone();
        let upstream = Upstream::new(system, adapter.profile().clone(), CallService::new(adapter));
        run(upstream, target).await;
    }

    /// Runs the suite through the layers that every call passes in the gateway.
    async fn run_through_the_stack(&self, target: PeopleTarget) {
        let (adapter, _files) = self.adapter();
        let (system, profile) = (adapter.system().clone(), adapter.profile().clone());
        let (service, _health) = stack(adapter, &StackSettings::default(), Arc::new(Unobserved));
        run(Upstream::new(system, profile, service), target).await;
    }
}

async fn run(upstream: Upstream, target: PeopleTarget) {
    let report = people(upstream, target).await;
    println!("{report}");
    report.assert_passed();
    assert_eq!(report.passed(), report.findings.len(), "this adapter claims everything: {report}");
}

struct Unobserved;

impl Observer for Unobserved {
    fn finished(&self, _: &CallFacts) {}
}

fn target(council: &Council, schema: Schema, native: impl NativeDirectory + 'static) -> PeopleTarget {
    PeopleTarget {
        people: known::people(council, schema, |_, known| known),
        units: known::units(council, schema),
        native: Some(Arc::new(native)),
    }
}

/// A simulator of this many people, and what it holds.
async fn simulated(schema: Schema, size: usize) -> (Arc<Sim>, Place, PeopleTarget) {
    let dialect = match schema {
        Schema::OpenLdap => Dialect::OpenLdap,
        Schema::ActiveDirectory => Dialect::ActiveDirectory,
    };
    let sim = Arc::new(Sim::start(Options { people: size, ..Options::new(dialect) }).await.unwrap());
    let place = Place {
        schema,
        urls: vec![sim.tls_url()],
        authority: sim.certificate_pem.clone(),
        base: sim.base.clone(),
        bind_dn: sim.bind_dn.clone(),
        password: sim.bind_password.clone(),
    };
    let council = Council::generate(DEMO_SEED, size);
    let mut target = target(&council, schema, Simulated { sim: Arc::clone(&sim), schema });
    target.people = known::people(&council, schema, |person, mut known| {
        // It has pictures and states of its own.
        if known.photo != KnownPhoto::None {
            known.photo = KnownPhoto::Some;
        }
        let account = sim.account(person.index);
        let ended = schema == Schema::ActiveDirectory && account == Account::Expired;
        known.active = account != Account::Disabled && !ended;
        known
    });
    (sim, place, target)
}

/// A file with a council for a product to be loaded with.
fn council_file(council: &Council, schema: Schema, base: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut buffered = std::io::BufWriter::new(file.as_file_mut());
    ldif::write(council, schema, base, true, &mut buffered).unwrap();
    std::io::Write::flush(&mut buffered).unwrap();
    drop(buffered);
    file
}

const SLAPD_BASE: &str = "dc=council,dc=example";
const SAMBA_BASE: &str = "DC=ad,DC=council,DC=example";

/// A real directory that holds a council, or nothing where it cannot be run here.
fn real(product: Product, size: usize, member_of: MemberOf) -> Option<(Running, Place, PeopleTarget)> {
    let (schema, base, people) = match product {
        Product::Samba => (Schema::ActiveDirectory, SAMBA_BASE, "OU=Staff"),
        _ => (Schema::OpenLdap, SLAPD_BASE, "ou=people"),
    };
    let council = Council::generate(DEMO_SEED, size);
    let file = council_file(&council, schema, base);
    let directory = Directory { ldif: Some(file.path().to_owned()), member_of };
    let running = portico_servers::for_test_with(product, &Setup { directory, ..Setup::default() })?;
    let server = running.directory();
    assert_eq!(server.base, base);
    let place = Place {
        schema,
        urls: vec![server.tls_url()],
        authority: std::fs::read_to_string(&server.ca).unwrap(),
        base: base.to_owned(),
        bind_dn: server.account.to_owned(),
        password: running.password.to_owned(),
    };
    let native = Programs {
        schema,
        url: server.tls_url(),
        ca: Path::new(&server.ca).to_owned(),
        admin: server.admin.to_owned(),
        password: running.password.to_owned(),
        base: format!("{people},{base}"),
    };
    let target = target(&council, schema, native);
    Some((running, place, target))
}

/// One more server with the same people, and its authority.
fn real_again(schema: Schema, size: usize) -> Option<(Running, String)> {
    let product = if schema == Schema::OpenLdap { Product::Slapd } else { Product::Samba };
    let (running, place, _) = real(product, size, MemberOf::Kept)?;
    Some((running, place.authority))
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_openldap() {
    let (_sim, place, target) = simulated(Schema::OpenLdap, 400).await;
    place.run(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_openldap_with_starttls_through_the_stack() {
    let (sim, place, target) = simulated(Schema::OpenLdap, 300).await;
    Place { urls: vec![sim.url()], ..place }.run_through_the_stack(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_active_directory() {
    let (_sim, place, target) = simulated(Schema::ActiveDirectory, 400).await;
    place.run(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_slapd() {
    let Some((_running, place, target)) = real(Product::Slapd, 1_000, MemberOf::Kept) else { return };
    place.run(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_slapd_with_starttls_and_without_member_of() {
    let Some((running, place, target)) = real(Product::Slapd, 1_000, MemberOf::Unknown) else { return };
    Place { urls: vec![running.base_url.clone()], ..place }.run(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_slapd_through_the_stack() {
    let Some((_running, place, target)) = real(Product::Slapd, 300, MemberOf::Kept) else { return };
    place.run_through_the_stack(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_samba_for_an_ordinary_account() {
    let Some((_running, place, target)) = real(Product::Samba, 300, MemberOf::Kept) else { return };
    place.run(target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_samba_with_starttls_for_an_account_that_may_replicate() {
    let Some((running, place, target)) = real(Product::Samba, 300, MemberOf::Kept) else { return };
    let bind_dn = running.directory().unlimited.to_owned();
    Place { urls: vec![running.base_url.clone()], bind_dn, ..place }.run(target).await;
}
