//! `portico demo`: a whole gateway on this machine, over simulated stores. It is configured like any other, from a file
//! that it writes into a folder of its own, and runs through the same code as `portico serve`.

mod people;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use portico_contract::AdapterKind;
use portico_ldap_sim::{Dialect, Options, Sim};
use portico_odoo_sim as odoo;
use portico_settings::{Settings, Sources};
use portico_simkit::council::{Council, DEMO_SIZE};
use portico_webdav_sim::{Flavour, Running, Simulator, seed};

use crate::cli::Demo;
use crate::command::{override_listen, token};
use crate::reload::Origin;
use crate::say::say;
use crate::serve::{self, Ready};
use people::Cast;

/// What the simulators want to see; they listen on loopback and hold made-up data.
const USERNAME: &str = "portico";

/// How long the simulated directory may take to be read; it takes a moment.
const FIRST_READING: Duration = Duration::from_secs(10);

/// Runs until it is stopped.
pub fn run(command: Demo, kinds: &[&'static AdapterKind]) -> Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("portico-demo-").tempdir().context("no temporary folder")?;
    let workers = std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    let runtime = serve::runtime(workers)?;
    say(format_args!("Portico demo: a council of {DEMO_SIZE} made-up people (seed {}).", command.seed));
    let council = Arc::new(Council::generate(command.seed, DEMO_SIZE));
    let stores = runtime.block_on(Stores::start(&council, command.seed))?;
    let staff = runtime.block_on(directory(command.seed))?;
    let claims = runtime.block_on(claims(command.seed))?;
    say(format_args!(
        "  started  two simulated document stores: {} (contracts), {} (policies)",
        stores.contracts.base_url, stores.policies.base_url
    ));
    say(format_args!("  started  a simulated directory: {} (staff)", staff.tls_url()));
    say(format_args!("  started  a simulated Odoo, with claims and leave: {} (odoo)", claims.url()));
    token::new_key(&folder.path().join("login"))?;
    let ops_token = write_secrets(folder.path(), &staff, &claims)?;
    let text = configuration(&stores, &staff, &claims);
    fs::write(folder.path().join("portico.toml"), &text).context("cannot write the demo's configuration")?;
    let sources = Sources::new().text("the demo's configuration", folder.path(), text);
    let sources = override_listen(sources, Some(&command.listen));
    let settings = portico_settings::load(&sources, kinds)?;
    let origin = Origin { sources, kinds: kinds.to_vec() };
    let cast = Cast::choose(&council, &settings, &folder.path().join("login/private.pem"))?;
    say(format_args!("  made     keys, tokens and a configuration in {}", folder.path().display()));
    let told = announce(&cast, &settings, &ops_token);
    let ready = Ready {
        file: command.listen.ready_file,
        tokens: cast.tokens(),
        patience: FIRST_READING,
        told: Some(told),
    };
    runtime.block_on(serve::serve(settings, origin, ready))?;
    drop((stores, staff, claims));
    Ok(ExitCode::SUCCESS)
}

/// The simulated back offices.
struct Stores {
    contracts: Running,
    policies: Running,
}

impl Stores {
    async fn start(council: &Arc<Council>, number: u64) -> Result<Self> {
        let store = |flavour| Simulator::builder(flavour).credentials(USERNAME, USERNAME).build();
        let (contracts, policies) = (store(Flavour::Apache), store(Flavour::WsgiDav));
        seed::council(council, number, &contracts, &policies);
        let start = async |simulator: Simulator| {
            simulator.start(([127, 0, 0, 1], 0).into()).await.context("a simulated store cannot start")
        };
        Ok(Self { contracts: start(contracts).await?, policies: start(policies).await? })
    }
}

/// The council as a directory.
async fn directory(seed: u64) -> Result<Sim> {
    let options = Options { people: DEMO_SIZE, seed, ..Options::new(Dialect::OpenLdap) };
    Sim::start(options).await.context("the simulated directory cannot start")
}

/// The claims and the leave of the council.
async fn claims(seed: u64) -> Result<odoo::Sim> {
    let options = odoo::Options { people: DEMO_SIZE, seed, ..odoo::Options::new() };
    odoo::Sim::start(options).await.context("the simulated Odoo cannot start")
}

fn write_secrets(folder: &Path, staff: &Sim, claims: &odoo::Sim) -> Result<String> {
    let mut octets = [0_u8; 16];
    getrandom::fill(&mut octets)
        .map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    let ops_token = octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    });
    fs::write(folder.join("store-password"), USERNAME).context("cannot write a secret")?;
    fs::write(folder.join("staff-password"), &staff.bind_password).context("cannot write a secret")?;
    fs::write(folder.join("odoo-password"), &claims.password).context("cannot write a secret")?;
    fs::write(folder.join("staff-ca.pem"), &staff.certificate_pem).context("cannot write a certificate")?;
    fs::write(folder.join("ops-token"), &ops_token).context("cannot write a secret")?;
    Ok(ops_token)
}

fn configuration(stores: &Stores, staff: &Sim, claims: &odoo::Sim) -> String {
    include_str!("demo/portico.toml")
        .replace("@CONTRACTS@", &stores.contracts.base_url)
        .replace("@POLICIES@", &stores.policies.base_url)
        .replace("@ODOO@", &claims.url())
        .replace("@ODOO_DATABASE@", &claims.database)
        .replace("@ODOO_ACCOUNT@", &claims.login)
        .replace("@STAFF@", &staff.tls_url())
        .replace("@STAFF_BASE@", &staff.base)
        .replace("@STAFF_PEOPLE@", &staff.people_base)
        .replace("@STAFF_ACCOUNT@", &staff.bind_dn)
}

/// What is printed once the addresses are known: `@API@` and `@OPS@` stand for them.
fn announce(cast: &Cast, settings: &Settings, ops_token: &str) -> String {
    let mut text =
        "\nReady.\n  API            @API@\n  documentation  @API@/docs     (for a browser)\n  operations     @OPS@     token: "
            .to_owned();
    let _ = writeln!(
        text,
        "{ops_token}\n\nTokens, good for twelve hours. Paste the first `export` into another terminal:"
    );
    for (part, person) in cast.all() {
        let _ = writeln!(text, "  # {}, {}: {}", person.display_name, person.title, person.may);
        let _ = writeln!(text, "  export {}={}", part.to_uppercase(), person.token);
    }
    let _ = write!(
        text,
        "\nThen try there:\n\
         \x20 curl -s -H \"Authorization: Bearer $CLAIMANT\" '@API@/v1/documents?limit=3'\n\
         \x20 curl -s -H \"Authorization: Bearer $CLAIMANT\" '@API@/v1/people?q=sian&fields=displayName,title,department&limit=5'\n\
         \x20 curl -s -H \"Authorization: Bearer $CLAIMANT\" '@API@/v1/expense-reports?fields=title,status,totalAmount&limit=5'\n\
         \x20 curl -s -H \"Authorization: Bearer $MANAGER\" '@API@/v1/tasks?fields=title,subject,decisionOptions&limit=5'\n\
         \x20 curl -s -H \"Authorization: Bearer $CLAIMANT\" @API@/v1/systems\n\n\
         What failed or was slow is kept:  {} trace --dir {}\n\
         Stop with Ctrl-C; everything that the demo made is then removed.\n",
        program(),
        settings.telemetry.ring.dir.display()
    );
    text
}

/// How to run this program from here: nothing has put it on the path of whoever tries the demo.
fn program() -> String {
    let Ok(program) = std::env::current_exe() else { return "portico".to_owned() };
    let here = std::env::current_dir().ok();
    let inside = here.and_then(|here| program.strip_prefix(here).ok());
    inside.unwrap_or(&program).display().to_string()
}
