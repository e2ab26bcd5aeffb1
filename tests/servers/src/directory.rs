//! What directories (slapd, Samba) have in common: what they start with, and how they are reached.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::process::Running;

/// What a directory knows when it starts; the default is a dozen people in the product's own schema.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// A file with entries (RFC 2849) to load before the start, parents first. The base entry and the accounts are there
    /// already: [`DirectoryServer::base`] says below what the rest has to lie.
    pub ldif: Option<PathBuf>,
    /// slapd: whether it keeps `memberOf`.
    pub member_of: MemberOf,
}

/// Whether slapd tells a person's groups in `memberOf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemberOf {
    /// It keeps the attribute when groups change. What is loaded before the start has what the file says, and no more:
    /// an offline load computes nothing.
    #[default]
    Kept,
    /// It does not know the attribute, as most installations do not; lines with it are left out of the file.
    Unknown,
}

/// How a directory is reached, on top of [`Running::addr`] for plain LDAP and StartTLS.
///
/// Every account has [`crate::PASSWORD`].
#[derive(Debug, Clone)]
pub struct DirectoryServer {
    /// LDAPS.
    pub tls_addr: SocketAddr,
    /// The authority of its certificate, which is good for `localhost` and the address that it listens on.
    pub ca: PathBuf,
    /// The entry that everything lies below.
    pub base: &'static str,
    /// May read everything but passwords. slapd: 500 entries a search and 500 a page, as installed; paging goes on to the
    /// end.
    pub account: &'static str,
    /// May read everything but passwords, as much at once as it likes: what content sync wants.
    pub unlimited: &'static str,
    /// May do everything.
    pub admin: &'static str,
}

impl DirectoryServer {
    /// `ldaps://127.0.0.1:port`.
    pub fn tls_url(&self) -> String {
        format!("ldaps://{}", self.tls_addr)
    }
}

impl Running {
    /// How a directory is reached.
    ///
    /// # Panics
    /// If the product is none.
    pub fn directory(&self) -> &DirectoryServer {
        let Some(directory) = &self.directory else { panic!("{} is no directory", self.product) };
        directory
    }
}
