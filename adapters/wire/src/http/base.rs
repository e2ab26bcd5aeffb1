//! The one address that a client speaks to.

use std::sync::Arc;

use http::HeaderValue;
use http::uri::{Authority, Scheme};
use url::{Host, Url};

use crate::path;

/// A base address from configuration, taken apart once so that no request has to parse it.
#[derive(Debug, Clone)]
pub struct Base {
    pub(crate) tls: bool,
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
    pub(crate) host_header: HeaderValue,
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    segments: Vec<String>,
    prefix: String,
}

impl Base {
    /// Reads a base address: `http` or `https`, a host, an optional port and path. The path is a folder with or without
    /// a slash at its end.
    ///
    /// # Errors
    /// A sentence for the operator: not an address, another scheme, credentials, a query or a fragment in it, or a path
    /// that escapes slashes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|why| format!("not an address: {why}"))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(format!("`{other}` is not spoken here; use `http` or `https`")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("credentials do not belong in an address; use `credentials`".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("an address of a folder has neither `?` nor `#`".to_owned());
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => format!("[{ip}]"),
            None => return Err("the address names no host".to_owned()),
        };
        let port = url.port_or_known_default().ok_or("the address names no port")?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let segments = path::decode(url.path()).map_err(|why| format!("the path cannot be used: {why}"))?;
        let mut prefix = String::new();
        for segment in &segments {
            prefix.push('/');
            path::encode_segment(segment, &mut prefix);
        }
        Ok(Self {
            tls,
            host: host.trim_matches(['[', ']']).into(),
            port,
            host_header: HeaderValue::from_str(&authority).map_err(|e| e.to_string())?,
            scheme: if tls { Scheme::HTTPS } else { Scheme::HTTP },
            authority: authority.parse().map_err(|_| "the address names no usable host".to_owned())?,
            segments,
            prefix,
        })
    }

    /// The host, without brackets around an IPv6 address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the default of the scheme where none was given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is `https`.
    pub fn is_encrypted(&self) -> bool {
        self.tls
    }

    /// The path of the base folder, percent-encoded, without a slash at its end; empty for the root of the server.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The decoded segments of the path of the base folder.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The absolute address of a percent-encoded path below the base, as a `Destination` header needs it.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}://{}{}{}", self.scheme, self.authority, self.prefix, path)
    }

    /// Whether an absolute address has our scheme, host and port.
    pub fn is_same_origin(&self, url: &Url) -> bool {
        let host = url.host_str().map(|host| host.trim_matches(['[', ']']));
        url.scheme() == self.scheme.as_str()
            && host.is_some_and(|host| host.eq_ignore_ascii_case(&self.host))
            && url.port_or_known_default() == Some(self.port)
    }
}
