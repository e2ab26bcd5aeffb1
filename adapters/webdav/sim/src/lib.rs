//! A WebDAV server (RFC 4918, classes 1 and 2) with its tree in memory, for demonstrations and tests.
//!
//! It speaks the protocol on a real socket and deviates from it as the product it stands for does: [`Flavour::Apache`]
//! as Apache mod_dav 2.4, [`Flavour::WsgiDav`] as WsgiDAV 4.4. A test replays recorded exchanges of both products
//! against it, so that it cannot drift from them.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use portico_webdav_sim::{Content, Flavour, Simulator};
//!
//! let running = Simulator::builder(Flavour::Apache)
//!     .credentials("portico", "secret")
//!     .file("Contracts/2026/lease.txt", Content::stored("…"), jiff::Timestamp::now())
//!     .start(([127, 0, 0, 1], 0).into())
//!     .await?;
//! println!("{}", running.base_url);
//! # Ok(())
//! # }
//! ```
//!
//! Where it is simpler than the products: names are UTF-8, several ranges at once are answered with the whole content,
//! of a property that a client sets the character data is kept, and deleting a folder that holds a lock deletes nothing.

#![warn(missing_docs)]

mod answer;
mod clock;
mod condition;
mod content;
mod exchange;
mod flavour;
mod lock;
mod method;
mod path;
mod property;
pub mod seed;
mod server;
mod tree;
mod xml;

pub use clock::{Clock, Hand};
pub use content::Content;
pub use flavour::Flavour;
pub use server::{Builder, Running, Simulator};
pub use tree::Limits;
