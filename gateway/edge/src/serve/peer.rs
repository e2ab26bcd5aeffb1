//! Who is at the other end of the socket, and whose word about the caller counts.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The other end of a connection. In the extensions of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The address of the socket.
    pub address: SocketAddr,
    /// Whether it is a listed proxy, whose identity headers were left in place.
    pub trusted: bool,
}

/// Proxies whose word counts: addresses and networks (CIDR, RFC 4632, RFC 4291).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    bits: u128,
    mask: u128,
}

/// Neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is neither an address nor a network such as 10.1.0.0/16 or 2001:db8::/32")]
pub struct BadNetwork(String);

impl TrustedProxies {
    /// Reads addresses and networks. An empty list trusts nobody.
    ///
    /// # Errors
    /// The first entry that cannot be read.
    pub fn parse<T: AsRef<str>>(entries: &[T]) -> Result<Self, BadNetwork> {
        entries.iter().map(|entry| entry.as_ref().parse()).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this address is listed. IPv4 inside IPv6 counts as IPv4.
    pub fn lists(&self, address: IpAddr) -> bool {
        let bits = bits(address);
        self.0.iter().any(|network| bits & network.mask == network.bits)
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length: u32 = length.map_or(Ok(width), |length| length.parse().map_err(|_| bad()))?;
        if length > width {
            return Err(bad());
        }
        // IPv4 sits in the last 32 bits of the mapped form, so its prefix is 96 bits longer.
        let host_bits = width - length;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        Ok(Self { bits: bits(address) & mask, mask })
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// Removes every header field that claims to know who the caller is. Nothing further in can be fooled by one.
pub(super) fn strip_identity(headers: &mut HeaderMap<HeaderValue>) {
    if !headers.keys().any(claims_identity) {
        return;
    }
    let names: Vec<HeaderName> = headers.keys().filter(|name| claims_identity(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn claims_identity(name: &HeaderName) -> bool {
    let name = name.as_str();
    match name.as_bytes()[0] {
        b'x' => {
            name.starts_with("x-forwarded-")
                || matches!(name, "x-real-ip" | "x-original-url" | "x-rewrite-url" | "x-remote-user")
        }
        b'f' => name == "forwarded",
        b'p' => name.starts_with("portico-"),
        b'r' => name == "remote-user",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(entry: &str, address: &str) -> bool {
        TrustedProxies::parse(&[entry]).unwrap().lists(address.parse().unwrap())
    }

    #[test]
    fn networks_hold_what_they_say() {
        assert!(lists("10.1.0.0/16", "10.1.255.3"));
        assert!(!lists("10.1.0.0/16", "10.2.0.1"));
        assert!(lists("192.0.2.7", "192.0.2.7"));
        assert!(!lists("192.0.2.7", "192.0.2.8"));
        assert!(lists("192.0.2.7", "::ffff:192.0.2.7"));
        assert!(lists("2001:db8::/32", "2001:db8:1::1"));
        assert!(!lists("2001:db8::/32", "2001:db9::1"));
        assert!(lists("0.0.0.0/0", "203.0.113.9"));
        assert!(!lists("0.0.0.0/0", "2001:db8::1"));
        assert!(lists("::/0", "203.0.113.9"));
        assert!(!TrustedProxies::default().lists("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/-1", "10.0.0/8"] {
            assert!(TrustedProxies::parse(&[bad]).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn identity_headers_go_and_others_stay() {
        let mut headers = HeaderMap::new();
        for name in ["x-forwarded-for", "x-forwarded-user", "forwarded", "portico-principal", "x-real-ip"] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("root"));
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("again"));
        }
        headers.insert("x-correlation-id", HeaderValue::from_static("kept"));
        headers.insert("prefer", HeaderValue::from_static("kept"));
        strip_identity(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["prefer", "x-correlation-id"]);
    }
}
