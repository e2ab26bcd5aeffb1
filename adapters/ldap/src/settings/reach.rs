//! How the directory is reached: addresses, protection, account.

use std::net::IpAddr;
use std::time::Duration;

use portico_contract::SettingFault;
use portico_wire::ldap::{Bind, Client, Host, LdapConfig, Limits, Security, Trust};
use url::Url;

use super::raw::Raw;

pub(super) struct Reach {
    pub(super) client: Client,
    pub(super) encrypted: bool,
    pub(super) in_clear: bool,
}

/// Checks everything about the way to the directory, and makes the client.
pub(super) fn reach(raw: &Raw, faults: &mut Vec<SettingFault>) -> Option<Reach> {
    let before = faults.len();
    let bind = bind(raw, faults);
    let (hosts, ldaps) = hosts(raw, faults)?;
    let security = match (ldaps, raw.start_tls) {
        (true, true) => {
            let why = "`ldaps` is encrypted from the start; leave `start_tls` out, or use `ldap` addresses";
            faults.push(SettingFault::at(&["start_tls"], why));
            Security::Ldaps
        }
        (true, false) => Security::Ldaps,
        (false, true) => Security::StartTls,
        (false, false) => Security::Plain,
    };
    let in_clear = security == Security::Plain && !hosts.iter().all(|host| is_local(&host.name));
    if in_clear && !raw.plain_ldap {
        faults.push(SettingFault::at(
            &["urls"],
            "passwords and people would travel readable by everyone on the way; use `ldaps`, or `start_tls = true`, or \
             say `plain_ldap = true`",
        ));
    }
    let mut config = LdapConfig::new(hosts, security);
    config.trust = raw.trust_roots.clone().map_or(Trust::Public, Trust::File);
    config.server_name.clone_from(&raw.tls_name);
    config.bind = bind.unwrap_or(Bind::Anonymous);
    config.limits = Limits {
        max_connections: raw.limits.max_connections,
        connect_timeout: Duration::from_millis(raw.limits.connect_timeout_ms),
        operation_timeout: Duration::from_millis(raw.limits.operation_timeout_ms),
        idle_timeout: Duration::from_millis(raw.limits.pool_idle_timeout_ms),
        ..Limits::default()
    };
    match Client::new(config) {
        Ok(client) => Some(Reach { client, encrypted: security != Security::Plain, in_clear }),
        Err(told) => {
            let known = faults.len() > before;
            faults.extend(told.into_iter().filter_map(|fault| ours(fault, known)));
            None
        }
    }
}

/// The client's own name for a setting, as ours. Limits are checked before; what the account lacks was told already.
fn ours(fault: SettingFault, known: bool) -> Option<SettingFault> {
    let first = fault.path.first().map(String::as_str);
    let path: &[&str] = match first {
        Some("hosts") => &["urls"],
        Some("server_name") => &["tls_name"],
        Some("trust") => &["trust_roots"],
        Some("bind") if fault.path.get(1).is_some_and(|key| key == "password") => &["password"],
        Some("bind") => &["bind_dn"],
        _ if known => return None,
        _ => &["limits"],
    };
    Some(SettingFault::at(path, fault.detail))
}

fn bind(raw: &Raw, faults: &mut Vec<SettingFault>) -> Option<Bind> {
    // What could not be read was taken out, and told.
    let told = |key: &str| faults.iter().any(|fault| fault.path.first().is_some_and(|first| first == key));
    if told("password") || told("bind_dn") {
        return None;
    }
    match (&raw.bind_dn, &raw.password) {
        (None, None) => Some(Bind::Anonymous),
        (Some(_), None) => {
            let why = "is missing: a bind without a password is an anonymous one (RFC 4513, section 5.1.2)";
            faults.push(SettingFault::at(&["password"], why));
            None
        }
        (None, Some(_)) => {
            faults.push(SettingFault::at(&["bind_dn"], "is missing: whose password is it?"));
            None
        }
        (Some(name), Some(password)) => {
            let good = !name.trim().is_empty() && !name.chars().any(char::is_control);
            if !good {
                let why = "is the DN of the service account, or `user@realm` for Active Directory";
                faults.push(SettingFault::at(&["bind_dn"], why));
            }
            match password.load() {
                Ok(password) if good => Some(Bind::Simple { name: name.clone(), password }),
                Ok(_) => None,
                Err(why) => {
                    faults.push(SettingFault::at(&["password"], why));
                    None
                }
            }
        }
    }
}

/// The hosts, and whether they are spoken to in TLS from the first octet.
fn hosts(raw: &Raw, faults: &mut Vec<SettingFault>) -> Option<(Vec<Host>, bool)> {
    let before = faults.len();
    if raw.urls.is_empty() || raw.urls.len() > 8 {
        faults.push(SettingFault::at(&["urls"], "names between 1 and 8 servers"));
    }
    let mut hosts = Vec::with_capacity(raw.urls.len());
    let mut schemes = Vec::with_capacity(raw.urls.len());
    for text in &raw.urls {
        match host(text) {
            Ok((host, ldaps)) => {
                hosts.push(host);
                schemes.push(ldaps);
            }
            Err(why) => faults.push(SettingFault::at(&["urls"], why)),
        }
    }
    if schemes.windows(2).any(|pair| pair[0] != pair[1]) {
        faults.push(SettingFault::at(
            &["urls"],
            "are all `ldaps`, or all `ldap`: one may not be safer than another",
        ));
    }
    (faults.len() == before).then(|| (hosts, schemes.first().copied().unwrap_or(true)))
}

fn host(text: &str) -> Result<(Host, bool), &'static str> {
    let shape =
        "holds something that is not an address such as `ldaps://ldap.example.org` or `ldap://10.0.0.5:1389`";
    let url = Url::parse(text).map_err(|_| shape)?;
    let ldaps = match url.scheme() {
        "ldaps" => true,
        "ldap" => false,
        _ => return Err(shape),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds an account; that belongs into `bind_dn` and `password`");
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("holds more than a server; where people are belongs into `people.base`");
    }
    let name = url.host_str().filter(|name| !name.is_empty()).ok_or(shape)?;
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let port = url.port().unwrap_or(if ldaps { 636 } else { 389 });
    Ok((Host::new(name, port), ldaps))
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
