//! An LDAP directory (RFC 4511) with the people of a council in memory, for demonstrations and tests.
//!
//! It speaks the protocol on a real socket and deviates from it as the product it stands for does: [`Dialect::OpenLdap`]
//! as OpenLDAP's slapd 2.5, [`Dialect::ActiveDirectory`] as a domain controller, Samba's where the two differ in detail
//! and Microsoft's where Samba has no limit. Tests compare it with recorded exchanges of both, and with a running slapd.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use portico_ldap_sim::{Dialect, Options, Sim};
//!
//! let sim = Sim::start(Options::new(Dialect::OpenLdap)).await?;
//! println!("ldap://{} as {} with {}", sim.addr, sim.bind_dn, sim.bind_password);
//! sim.delete("sjones")?;
//! # Ok(())
//! # }
//! ```
//!
//! Where it is simpler than the products: no SASL, no aliases, no schema checks, no virtual list views and no persistent
//! search; one request of a connection after the other, so that there is nothing to abandon; DirSync tells all values of
//! a group that changed, not which came and went.

#![warn(missing_docs)]

mod directory;
mod dn;
mod entry;
mod fault;
mod filter;
mod frame;
mod ldif;
mod schema;
mod seed;
mod server;
mod session;
mod sim;
mod time;
mod tls;

pub use fault::{Fault, On};
pub use seed::Account;
pub use sim::{EditFault, Options, Sim};
pub use tls::Certificate;

/// The product that the simulator stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenLDAP slapd 2.5.
    OpenLdap,
    /// An Active Directory domain controller.
    ActiveDirectory,
}

/// Whether the schema of a product has the attribute.
pub(crate) fn known(dialect: Dialect, attr: schema::Attr) -> bool {
    dialect == Dialect::ActiveDirectory || attr < schema::Attr::NAME
}
