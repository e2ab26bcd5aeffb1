//! The simulator as tests and the demonstration see it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use portico_simkit::council::{DEMO_SEED, DEMO_SIZE};

use crate::directory::{ChangeFault, Modification, New, rdn};
use crate::dn;
use crate::entry::{Value, value};
use crate::fault::{Fault, On};
use crate::schema::Attr;
use crate::seed::{self, Account, Plan};
use crate::server::{Running, Server};
use crate::tls::Certificate;
use crate::{Dialect, known};

/// What a simulator is to be like. [`Options::new`] gives what the product does by default.
#[derive(Debug, Clone)]
pub struct Options {
    /// The product.
    pub dialect: Dialect,
    /// How many people, up to 200,000.
    pub people: usize,
    /// The same seed gives the same people, as everywhere in the demonstration.
    pub seed: u64,
    /// The topmost name.
    pub base: String,
    /// Where to listen without TLS; StartTLS is offered there. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where to listen with TLS from the first octet.
    pub listen_tls: SocketAddr,
    /// The certificate; one of its own unless given.
    pub certificate: Option<Certificate>,
    /// The password of the administrator and of the gateway's account.
    pub bind_password: String,
    /// The password of every person.
    pub person_password: String,
    /// Who has not signed in may read. Otherwise only the root DSE.
    pub anonymous_read: bool,
    /// Take passwords without TLS. Active Directory does not.
    pub cleartext_bind: bool,
    /// Write memberOf. OpenLDAP lacks it after an offline load.
    pub member_of: bool,
    /// Entries for one search, and the largest page, for everybody but OpenLDAP's administrator.
    pub size_limit: usize,
    /// Active Directory: values of one attribute in one answer.
    pub value_limit: usize,
    /// Active Directory: wrong passwords after which an account is locked; 0 for never.
    pub lockout: u32,
}

impl Options {
    /// The council of the demonstration, on free ports of 127.0.0.1.
    pub fn new(dialect: Dialect) -> Self {
        let openldap = dialect == Dialect::OpenLdap;
        Self {
            dialect,
            people: DEMO_SIZE,
            seed: DEMO_SEED,
            base: if openldap { "dc=council,dc=example" } else { "DC=corp,DC=council,DC=example" }.to_owned(),
            listen: ([127, 0, 0, 1], 0).into(),
            listen_tls: ([127, 0, 0, 1], 0).into(),
            certificate: None,
            bind_password: "portico-sim".to_owned(),
            person_password: "portico-person".to_owned(),
            anonymous_read: false,
            cleartext_bind: openldap,
            member_of: true,
            size_limit: if openldap { 500 } else { 1_000 },
            value_limit: 1_500,
            lockout: 5,
        }
    }
}

/// Why a person was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditFault {
    /// Nobody has this user name.
    #[error("there is nobody with the user name {0}")]
    NoSuchPerson(String),
    /// The schema of the dialect does not have it.
    #[error("the schema has no attribute {0}")]
    NoSuchAttribute(String),
    /// The name is taken, or no name.
    #[error("not done: {0}")]
    Refused(String),
}

impl From<EditFault> for io::Error {
    fn from(fault: EditFault) -> Self {
        Self::other(fault)
    }
}

impl From<ChangeFault> for EditFault {
    fn from(fault: ChangeFault) -> Self {
        Self::Refused(fault.to_string())
    }
}

/// A running simulator. It stops when dropped.
#[derive(Debug)]
pub struct Sim {
    /// Where it listens without TLS.
    pub addr: SocketAddr,
    /// Where it listens with TLS.
    pub tls_addr: SocketAddr,
    /// The topmost name.
    pub base: String,
    /// Below it are the people.
    pub people_base: String,
    /// An account that may read everything, as a gateway would have it.
    pub bind_dn: String,
    /// Its password.
    pub bind_password: String,
    /// An account that may do everything; the password is the same.
    pub admin_dn: String,
    /// The certificate to trust, PEM.
    pub certificate_pem: String,
    dialect: Dialect,
    running: Running,
}

impl Sim {
    /// Fills a directory and serves it.
    ///
    /// # Errors
    /// An address cannot be listened on, or the certificate cannot be used.
    pub async fn start(options: Options) -> io::Result<Self> {
        let certificate = match &options.certificate {
            Some(given) => given.clone(),
            None => Certificate::own()?,
        };
        let (dialect, base) = (options.dialect, options.base.clone());
        let (people, gateway, admin) = match dialect {
            Dialect::OpenLdap => ("ou=people", "cn=gateway,ou=services", "cn=admin"),
            Dialect::ActiveDirectory => ("OU=Staff", "CN=Gateway,OU=Services", "CN=Administrator,CN=Users"),
        };
        let below = |name: &str| format!("{name},{base}");
        let (people_base, bind_dn, admin_dn) = (below(people), below(gateway), below(admin));
        let bind_password = options.bind_password.clone();
        let filling = options.clone();
        // A hundred thousand people take a second or two: not on a thread that serves others.
        let directory = tokio::task::spawn_blocking(move || {
            seed::directory(&Plan {
                dialect: filling.dialect,
                base: &filling.base,
                seed: filling.seed,
                people: filling.people,
                member_of: filling.member_of,
            })
        });
        let directory = directory.await.map_err(io::Error::other)?;
        let acceptor = certificate.acceptor()?;
        let running = Server { directory, options, acceptor }.start().await?;
        Ok(Self {
            addr: running.addr,
            tls_addr: running.tls_addr,
            people_base,
            bind_dn,
            bind_password,
            admin_dn,
            certificate_pem: certificate.chain_pem,
            base,
            dialect,
            running,
        })
    }

    /// `ldap://address`.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.addr)
    }

    /// `ldaps://address`.
    pub fn tls_url(&self) -> String {
        format!("ldaps://{}", self.tls_addr)
    }

    /// From now on, this happens to these requests, also on open connections. Nothing else does.
    pub fn fault(&self, on: On, fault: Fault) {
        *self.running.shared.fault.lock() = (on, fault);
    }

    /// What a restart of the server does: all connections are cut, and what it knew of deletions is forgotten.
    pub fn restart(&self) {
        self.running.cut();
        self.running.shared.directory.write().open();
    }

    /// Cuts all connections. New ones are welcome.
    pub fn cut(&self) {
        self.running.cut();
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        self.running.shared.open.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Binds that were asked for so far: good, bad and those that met a fault.
    pub fn binds(&self) -> u64 {
        self.running.shared.binds.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Searches that were asked for so far, likewise.
    pub fn searches(&self) -> u64 {
        self.running.shared.searches.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// The distinguished name of a person now.
    pub fn dn(&self, username: &str) -> Option<String> {
        let directory = self.running.shared.directory.read();
        let id = directory.find_by(self.user_name(), username.as_bytes())?;
        Some(directory.entry(id).dn.to_string())
    }

    /// The state that the account of the person at `index` of the council was given.
    pub fn account(&self, index: usize) -> Account {
        let people = self.running.shared.options.people;
        if index < people { seed::account(index, people) } else { Account::Enabled }
    }

    /// Replaces the values of an attribute of a person; none removes it.
    ///
    /// # Errors
    /// There is no such person or attribute.
    pub fn edit(&self, username: &str, attribute: &str, values: &[&str]) -> Result<(), EditFault> {
        let attr = self.attribute(attribute)?;
        let values: Vec<Value> = values.iter().map(value).collect();
        self.change(username, |directory, id| directory.modify(id, &[Modification::Replace(attr, values)]))
    }

    /// Gives a person another relative name, `cn=…` with its value unescaped, in the same place.
    ///
    /// # Errors
    /// There is no such person, or the name is taken.
    pub fn rename(&self, username: &str, attribute: &str, name: &str) -> Result<(), EditFault> {
        self.attribute(attribute)?;
        let short = self.dialect == Dialect::ActiveDirectory;
        self.change(username, |directory, id| {
            let above = dn::parent(&directory.entry(id).dn).unwrap_or_default().to_owned();
            directory.rename(id, &format!("{attribute}={},{above}", dn::escape(name, short)))
        })
    }

    /// Deletes a person.
    ///
    /// # Errors
    /// There is no such person.
    pub fn delete(&self, username: &str) -> Result<(), EditFault> {
        self.change(username, |directory, id| directory.delete(id))
    }

    /// Adds a person with what a directory needs to know at least.
    ///
    /// # Errors
    /// The user name is taken.
    pub fn add(&self, username: &str, given_name: &str, family_name: &str) -> Result<(), EditFault> {
        let mut directory = self.running.shared.directory.write();
        let user = self.user_name();
        if directory.find_by(user, username.as_bytes()).is_some() {
            return Err(ChangeFault::Exists.into());
        }
        // Whatever all people have, this one has as well.
        let like = (0..directory.end())
            .find(|id| !directory.entry(*id).held(user).is_empty() && rdn_is_person(&directory, *id));
        let shared = like.map_or_else(|| Arc::from([]), |id| Arc::clone(&directory.entry(id).shared));
        let common = format!("{given_name} {family_name}");
        let name = match self.dialect {
            Dialect::OpenLdap => format!("uid={},{}", dn::escape(username, false), self.people_base),
            Dialect::ActiveDirectory => {
                format!(
                    "CN={},{}",
                    dn::escape(&format!("{family_name}, {given_name}"), true),
                    self.people_base
                )
            }
        };
        let common_names = match self.dialect {
            Dialect::OpenLdap => common.clone(),
            Dialect::ActiveDirectory => format!("{family_name}, {given_name}"),
        };
        let own = [
            (Attr::CN, common_names),
            (user, username.to_owned()),
            (Attr::SN, family_name.to_owned()),
            (Attr::GIVEN_NAME, given_name.to_owned()),
            (Attr::DISPLAY_NAME, common),
        ];
        let own = own.into_iter().map(|(attr, text)| (attr, vec![value(text)])).collect();
        // Random, as a server's are.
        let uuid = uuid::Uuid::new_v4();
        directory.create(New { dn: name, uuid, own, shared })?;
        Ok(())
    }

    /// The people, units and groups as LDIF (RFC 2849), parents first: what a real server is loaded with to hold the
    /// same. The topmost entry and the accounts of services stay out.
    pub fn ldif(&self) -> String {
        let directory = self.running.shared.directory.read();
        let services = format!("ou=services,{}", self.base).to_lowercase();
        crate::ldif::write(&directory, |dn| {
            dn.eq_ignore_ascii_case(&self.base) || dn.to_lowercase().ends_with(&services)
        })
    }

    /// Stops: cuts all connections and no longer listens.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    fn user_name(&self) -> Attr {
        match self.dialect {
            Dialect::OpenLdap => Attr::UID,
            Dialect::ActiveDirectory => Attr::SAM_ACCOUNT_NAME,
        }
    }

    fn attribute(&self, name: &str) -> Result<Attr, EditFault> {
        let attr = Attr::named(name).filter(|attr| known(self.dialect, *attr));
        attr.ok_or_else(|| EditFault::NoSuchAttribute(name.to_owned()))
    }

    fn change(
        &self,
        username: &str,
        change: impl FnOnce(&mut crate::directory::Directory, u32) -> Result<(), ChangeFault>,
    ) -> Result<(), EditFault> {
        let mut directory = self.running.shared.directory.write();
        let id = directory.find_by(self.user_name(), username.as_bytes());
        let id = id.ok_or_else(|| EditFault::NoSuchPerson(username.to_owned()))?;
        Ok(change(&mut directory, id)?)
    }
}

fn rdn_is_person(directory: &crate::directory::Directory, id: u32) -> bool {
    rdn(&directory.entry(id).dn).is_some() && !directory.entry(id).held(Attr::SN).is_empty()
}
