//! Listening, threads, origins, the operations port, rate limits.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use secrecy::ExposeSecret;
use url::{Host, Url};

use super::Checker;
use crate::network::Network;
use crate::raw;
use crate::settings::{Listen, ListenLimits, Ops, RateLimit, Runtime, Tls};

/// Octets that the operators' token has to have.
const MIN_TOKEN_BYTES: usize = 16;

impl Checker<'_> {
    pub(super) fn listen(&mut self) -> Option<Listen> {
        let raw: raw::Listen = self.rest_of_section(&["listen"])?;
        let api = self.address(&["listen", "api"], &raw.api);
        let ops = self.address(&["listen", "ops"], &raw.ops);
        if !self.is_bad(&super::owned(&["listen"]))
            && api.is_some()
            && api == ops
            && api.is_some_and(|address| address.port() != 0)
        {
            let problem = "the operations port cannot be the API's";
            self.refuse::<()>(&["listen", "ops"], problem, "take another port");
        }
        let mut trusted_proxies = Vec::new();
        for (index, text) in raw.trusted_proxies.iter().enumerate() {
            let path = ["listen", "trusted_proxies", &index.to_string()];
            match Network::parse(text) {
                Ok(network) => trusted_proxies.push(network),
                Err(why) => self.refuse(&path, why, "these are addresses, not names").unwrap_or_default(),
            }
        }
        let tls = match raw.tls {
            None => None,
            Some(tls) => {
                self.pem(&["listen", "tls", "certificate"], &tls.certificate);
                self.secret(&["listen", "tls", "key"], &tls.key);
                Some(Tls { certificate: tls.certificate.into(), key: tls.key })
            }
        };
        Some(Listen { api: api?, ops: ops?, tls, trusted_proxies, limits: limits(&raw.limits) })
    }

    fn address(&mut self, path: &[&str], text: &str) -> Option<SocketAddr> {
        match text.parse() {
            Ok(address) => Some(address),
            Err(_) => self.refuse(
                path,
                "this is not an address and a port",
                "write `127.0.0.1:8080`, or `[::1]:8080`; names are not looked up, and `0.0.0.0` is every address",
            ),
        }
    }

    pub(super) fn runtime(&mut self) -> Option<Runtime> {
        let raw: raw::Runtime = self.section(&["runtime"])?;
        let configured = raw.workers.and_then(|workers| NonZeroUsize::new(usize::try_from(workers).ok()?));
        let workers = configured.or_else(|| std::thread::available_parallelism().ok());
        Some(Runtime {
            workers: workers.unwrap_or(NonZeroUsize::MIN),
            linger: Duration::from_millis(raw.linger_ms),
            drain_timeout: Duration::from_millis(raw.drain_timeout_ms),
        })
    }

    pub(super) fn cors_origins(&mut self) -> Option<Vec<String>> {
        let raw: raw::Cors = self.rest_of_section(&["cors"])?;
        for (index, text) in raw.origins.iter().enumerate() {
            let origin = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let exact = origin.as_ref().map(|url| url.origin().ascii_serialization());
            if exact.as_deref() != Some(text) || text.contains('*') {
                let problem = "this is not an origin as browsers send it";
                let help = match exact.filter(|exact| !exact.contains('*')) {
                    Some(exact) => format!("write `{exact}`"),
                    None => {
                        "write scheme, host and port if it is not the usual one: `https://intranet.example`; \
                             there are no wildcards"
                            .to_owned()
                    }
                };
                self.refuse::<()>(&["cors", "origins", &index.to_string()], problem, &help);
            }
        }
        Some(raw.origins)
    }

    pub(super) fn ops(&mut self) -> Option<Ops> {
        let raw: raw::Ops = self.rest_of_section(&["ops"])?;
        let token = raw.token.as_ref().and_then(|reference| self.secret(&["ops", "token"], reference));
        if token.as_ref().is_some_and(|token| token.expose_secret().len() < MIN_TOKEN_BYTES) {
            let problem = format!("the token is shorter than {MIN_TOKEN_BYTES} octets");
            self.refuse::<()>(&["ops", "token"], problem, "`openssl rand -hex 32` makes a good one");
        }
        for (index, host) in raw.allowed_hosts.iter().enumerate() {
            let named = Host::parse(host).is_ok_and(|parsed| parsed.to_string() == *host);
            if !named {
                let path = ["ops", "allowed_hosts", &index.to_string()];
                let help = "write it in small letters without scheme and port: `portico.intranet.example`";
                self.refuse::<()>(&path, "this is not the name of a host", help);
            }
        }
        Some(Ops { token, allowed_hosts: raw.allowed_hosts })
    }

    /// `Some(None)` where there is no limit.
    pub(super) fn rate_limit(&mut self) -> Option<Option<RateLimit>> {
        if self.document.get("rate_limit").is_none() {
            return Some(None);
        }
        let raw: raw::RateLimit = self.section(&["rate_limit"])?;
        let burst = raw.burst.unwrap_or(raw.requests_per_second);
        Some(Some(RateLimit { requests_per_second: raw.requests_per_second, burst }))
    }
}

fn limits(raw: &raw::ListenLimits) -> ListenLimits {
    let count = |figure: u64| usize::try_from(figure).unwrap_or(usize::MAX);
    ListenLimits {
        first_byte_timeout: Duration::from_millis(raw.first_byte_timeout_ms),
        head_timeout: Duration::from_millis(raw.head_timeout_ms),
        handshake_timeout: Duration::from_millis(raw.handshake_timeout_ms),
        body_idle_timeout: Duration::from_millis(raw.body_idle_timeout_ms),
        keep_alive_timeout: Duration::from_millis(raw.keep_alive_timeout_ms),
        min_body_bytes_per_second: raw.min_body_bytes_per_second,
        max_connections: count(raw.max_connections),
        max_head_bytes: count(raw.max_head_bytes),
        max_body_bytes: raw.max_body_bytes,
        max_upload_bytes: raw.max_upload_bytes,
    }
}
