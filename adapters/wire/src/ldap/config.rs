//! What a client has to know of a directory, checked once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portico_contract::SettingFault;
use rustls_pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};

use super::Trust;

/// Hosts that one directory may have: failover within two seconds leaves each a share of them.
const MAX_HOSTS: usize = 8;

/// One server of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// A DNS name or an address, without brackets.
    pub name: Arc<str>,
    /// Usually 389, or 636 for [`Security::Ldaps`].
    pub port: u16,
}

impl Host {
    /// A host by name or address, and port.
    pub fn new(name: &str, port: u16) -> Self {
        Self { name: name.into(), port }
    }
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first octet.
    Ldaps,
    /// TLS after the StartTLS operation (RFC 4511, section 4.14). A server that refuses it is not spoken to.
    StartTls,
    /// No protection: everybody on the way reads the password and every entry. For loopback, or a named opt-in.
    Plain,
}

/// Who we are to the directory. `Debug` hides the secret and the name.
#[derive(Clone)]
pub enum Bind {
    /// Nobody.
    Anonymous,
    /// Simple authentication (RFC 4513, section 5.1.3).
    Simple {
        /// A DN, or what else the server takes (`user@realm` for Active Directory).
        name: String,
        /// Never empty: with an empty password servers answer *success* and treat us as nobody (RFC 4513, 5.1.2).
        password: SecretString,
    },
}

impl fmt::Debug for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Simple { .. } => "Simple(***)",
        })
    }
}

/// Bounds of one client. The defaults suit a server in the same building.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time, not counting short looks at whether a host lives.
    pub max_connections: usize,
    /// For name, connection, TLS and bind together, on one host. With several hosts each but the last gets less, so
    /// that a failover takes no more than two seconds in all.
    pub connect_timeout: Duration,
    /// For one search from request to result; the deadline of the call, where that is earlier.
    pub operation_timeout: Duration,
    /// How long an idle connection is kept. Keep it under what the server allows (Active Directory: 15 minutes).
    pub idle_timeout: Duration,
    /// After how much idleness a connection is asked for the root entry before it is used.
    pub revalidate_after: Duration,
    /// How long a connection is used in all.
    pub max_age: Duration,
    /// How often a host that was left is asked whether it answers again.
    pub retry_host_after: Duration,
    /// Entries and referrals of one result; more are [`portico_contract::ErrorKind::LimitExceeded`].
    pub max_entries: usize,
    /// Octets of one result, as sent.
    pub max_octets: u64,
    /// Octets of one message. At most 4 MiB.
    pub max_frame: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 16,
            connect_timeout: Duration::from_secs(2),
            operation_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            revalidate_after: Duration::from_secs(10),
            max_age: Duration::from_secs(3_600),
            retry_host_after: Duration::from_secs(5),
            max_entries: 100_000,
            max_octets: 256 * 1024 * 1024,
            max_frame: 4 * 1024 * 1024,
        }
    }
}

/// A directory.
#[derive(Debug, Clone)]
pub struct LdapConfig {
    /// Tried in order; 1 to 8.
    pub hosts: Vec<Host>,
    /// How connections are protected.
    pub security: Security,
    /// Who may vouch for the server. Not looked at for [`Security::Plain`].
    pub trust: Trust,
    /// The name that the certificate has to bear, where it is not the host's.
    pub server_name: Option<String>,
    /// Who we are.
    pub bind: Bind,
    /// Bounds.
    pub limits: Limits,
}

impl LdapConfig {
    /// A directory that is asked anonymously, with the public authorities and the default bounds.
    pub fn new(hosts: Vec<Host>, security: Security) -> Self {
        Self {
            hosts,
            security,
            trust: Trust::Public,
            server_name: None,
            bind: Bind::Anonymous,
            limits: Limits::default(),
        }
    }

    /// Every fault at once. Paths are `hosts`, `server_name`, `bind.name`, `bind.password` and `limits.<name>`.
    pub(super) fn faults(&self) -> Vec<SettingFault> {
        let mut faults = Vec::new();
        if self.hosts.is_empty() || self.hosts.len() > MAX_HOSTS {
            faults.push(SettingFault::at(&["hosts"], format!("name between 1 and {MAX_HOSTS} hosts")));
        }
        for host in &self.hosts {
            if ServerName::try_from(&*host.name).is_err() || host.port == 0 {
                faults.push(SettingFault::at(
                    &["hosts"],
                    format!("`{}:{}` is not a host name or address with a port", host.name, host.port),
                ));
            }
        }
        if self.server_name.as_deref().is_some_and(|name| ServerName::try_from(name).is_err()) {
            faults.push(SettingFault::at(&["server_name"], "it is not a name that a certificate can bear"));
        }
        if let Bind::Simple { name, password } = &self.bind {
            if name.is_empty() {
                faults.push(SettingFault::at(&["bind", "name"], "it is empty: bind anonymously instead"));
            }
            if password.expose_secret().is_empty() {
                let why = "it is empty: a server would take that for an anonymous bind and report success";
                faults.push(SettingFault::at(&["bind", "password"], why));
            }
        }
        self.limits.faults(&mut faults);
        faults
    }
}

impl Limits {
    fn faults(&self, faults: &mut Vec<SettingFault>) {
        let some = [
            ("max_connections", self.max_connections > 0),
            ("connect_timeout", !self.connect_timeout.is_zero()),
            ("operation_timeout", !self.operation_timeout.is_zero()),
            ("idle_timeout", !self.idle_timeout.is_zero()),
            ("max_age", !self.max_age.is_zero()),
            ("retry_host_after", !self.retry_host_after.is_zero()),
            ("max_entries", self.max_entries > 0),
            ("max_octets", self.max_octets > 0),
        ];
        for (name, good) in some {
            if !good {
                faults.push(SettingFault::at(&["limits", name], "it has to be more than nothing"));
            }
        }
        if !(512..=super::frame::MAX_FRAME).contains(&self.max_frame) {
            faults.push(SettingFault::at(&["limits", "max_frame"], "between 512 octets and 4 MiB"));
        }
    }
}
