//! The simulator as tests and the demonstration see it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::tz::TimeZone;
use parking_lot::Mutex;
use portico_simkit::council::{DEMO_SEED, DEMO_SIZE};
use portico_simkit::http::Server;

use crate::Version;
use crate::clock::Clock;
use crate::database::Database;
use crate::fault::{Fault, Faults, Injected, On};
use crate::seed::{self, Account, Content};
use crate::web::{self, Shared};

/// What a simulator is to be like. [`Options::new`] gives the council of the demonstration.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is in the database.
    pub content: Content,
    /// How many people, up to 10,000.
    pub people: usize,
    /// The same seed gives the same people, as everywhere in the demonstration.
    pub seed: u64,
    /// The release.
    pub version: Version,
    /// The name of the database.
    pub database: String,
    /// The login of the gateway's account, which sees and decides everything in expenses and time off.
    pub login: String,
    /// The password, or the API key, of the gateway's account and of the administrator (`admin`).
    pub password: String,
    /// The password of every person.
    pub person_password: String,
    /// What tells the time.
    pub clock: Clock,
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Leave connections open after an answer. The product's own server closes them, a proxy before it may not.
    pub keep_alive: bool,
    /// The name of the product where answers carry it: in tracebacks and in messages of JSON-RPC.
    pub brand: String,
}

impl Options {
    /// The council of the demonstration, on a free port of 127.0.0.1.
    pub fn new() -> Self {
        Self {
            content: Content::Council,
            people: DEMO_SIZE,
            seed: DEMO_SEED,
            version: Version::V18,
            database: "council".to_owned(),
            login: "portico".to_owned(),
            password: "portico-sim".to_owned(),
            person_password: "portico-person".to_owned(),
            clock: Clock::system(),
            listen: ([127, 0, 0, 1], 0).into(),
            keep_alive: false,
            brand: "Odoo".to_owned(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// A running simulator. It stops when dropped.
#[derive(Debug)]
pub struct Sim {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The name of the database.
    pub database: String,
    /// The login of the gateway's account.
    pub login: String,
    /// Its password.
    pub password: String,
    /// Its id in `res.users`.
    pub uid: i64,
    /// The people of the council with their ids, in the order of the council; none with [`Content::Recorded`].
    pub accounts: Vec<Account>,
    pub(crate) shared: Arc<Shared>,
    server: Server,
}

impl Sim {
    /// Fills a database and serves it.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(options: Options) -> io::Result<Self> {
        let filling = options.clone();
        // Ten thousand people take a second or two: not on a thread that serves others.
        let filled = tokio::task::spawn_blocking(move || {
            // What the working hours are in: those of the recordings are UTC, those of the council British.
            let zone = match filling.content {
                Content::Recorded => TimeZone::UTC,
                Content::Council => seed::british(),
            };
            let mut db = Database::new(filling.version, zone, filling.clock.now());
            let seeded = seed::fill(&mut db, &filling);
            (db, seeded)
        });
        let (db, seeded) = filled.await.map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            db: Mutex::new(db),
            passwords: Mutex::new(seeded.passwords),
            sessions: Mutex::new(HashMap::new()),
            faults: Faults::default(),
            calls: Mutex::new(HashMap::new()),
            created: Mutex::new(HashMap::new()),
            options: options.clone(),
        });
        let serving = Arc::clone(&shared);
        let server = Server::start(options.listen, move |request| {
            let shared = Arc::clone(&serving);
            async move { web::serve(&shared, request).await }
        })
        .await?;
        Ok(Self {
            addr: server.addr(),
            database: options.database,
            login: options.login,
            password: options.password,
            uid: seeded.gateway,
            accounts: seeded.accounts,
            shared,
            server,
        })
    }

    /// `http://address`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// From now on this happens to these calls, to the first that comes and all after it unless [`Injected::times`] or
    /// [`Injected::skip`] say otherwise. Of several faults a call meets the first that fits.
    pub fn inject(&self, on: On, fault: Fault) -> Injected {
        self.shared.faults.add(on, fault)
    }

    /// No more faults.
    pub fn heal(&self) {
        self.shared.faults.clear();
    }

    /// How often a method of a model was called so far, with whatever outcome; `("common", "authenticate")` for logins. Calls
    /// that met a fault count.
    pub fn calls(&self, model: &str, method: &str) -> u64 {
        self.shared.calls.lock().get(&(model.to_owned(), method.to_owned())).copied().unwrap_or_default()
    }

    /// How often anything was called so far.
    pub fn all_calls(&self) -> u64 {
        self.shared.calls.lock().values().sum()
    }

    /// How many records of a model were made so far by callers, and committed; those that were deleted again count. What
    /// a test made with [`Sim::create`] does not.
    pub fn created(&self, model: &str) -> u64 {
        self.shared.created.lock().get(model).copied().unwrap_or_default()
    }

    /// Starts to count anew.
    pub fn reset_counters(&self) {
        self.shared.calls.lock().clear();
        self.shared.created.lock().clear();
    }

    /// The account of a person by user name.
    pub fn account(&self, username: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.username == username)
    }

    /// Stops: lets calls in flight end for a moment, then cuts what is left.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}
