//! What the tests share: a site to configure, a gateway that runs it, and looking at answers.

mod answer;
pub mod gateway;
mod load;
pub mod site;

pub use answer::{Answer, allowed_action};
pub use gateway::{Gateway, Person, ask};
pub use load::Load;
pub use site::{OPS_TOKEN, Site};

use std::time::Duration;

use portico_webdav_sim::{Builder, Flavour, Running, Simulator};

/// For waits on a state that comes within milliseconds unless the machine is busy.
pub const SOON: Duration = Duration::from_secs(20);

/// The account that simulated stores know.
pub const ACCOUNT: (&str, &str) = ("portico", "a-store-password");

/// A simulated store that asks for [`ACCOUNT`].
pub fn store(flavour: Flavour) -> Builder {
    Simulator::builder(flavour).credentials(ACCOUNT.0, ACCOUNT.1)
}

/// Puts a simulator on a free port.
pub async fn run(builder: Builder) -> Running {
    builder.start(([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// A store with a few documents.
pub async fn small_store(flavour: Flavour) -> Running {
    let then = "2026-03-01T09:00:00Z".parse().unwrap();
    let mut builder = store(flavour);
    for path in ["2026/lease.txt", "2026/prices.csv", "notes.md"] {
        builder = builder.file(path, portico_webdav_sim::Content::stored(path.to_owned()), then);
    }
    run(builder).await
}
