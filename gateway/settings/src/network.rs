//! Ranges of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// A range of addresses in CIDR notation (RFC 4632); a lone address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8` or a lone address.
    ///
    /// # Errors
    /// A sentence that says what is wrong. An address with bits beyond the prefix is refused: it is more often a slip
    /// than meant.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| {
            "this is not an address or a range; write `10.1.2.3`, `10.0.0.0/8` or `fd00::/8`".to_owned()
        })?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) => digits
                .parse::<u8>()
                .ok()
                .filter(|n| *n <= longest && digits.bytes().all(|b| b.is_ascii_digit()))
                .ok_or_else(|| format!("the part after the slash is a number from 0 to {longest}"))?,
        };
        let range = Self { address, prefix };
        if bits(address) & !range.mask() != 0 {
            return Err(format!("the address has bits beyond the prefix; write `{}`", range.base()));
        }
        Ok(range)
    }

    /// Whether an address is in the range. An IPv4 address mapped into IPv6 counts as the IPv4 address it stands for.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && bits(address) & self.mask() == bits(self.address)
    }

    /// The first address and the length of the prefix in bits.
    pub fn parts(&self) -> (IpAddr, u8) {
        (self.address, self.prefix)
    }

    fn mask(&self) -> u128 {
        let host_bits = 128 - u32::from(self.prefix) - if self.address.is_ipv4() { 96 } else { 0 };
        u128::MAX.checked_shl(host_bits).unwrap_or(0)
    }

    fn base(&self) -> Self {
        let base = bits(self.address) & self.mask();
        let address = match self.address {
            IpAddr::V4(_) => u32::try_from(base).map_or(self.address, |v4| IpAddr::V4(v4.into())),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(base)),
        };
        Self { address, prefix: self.prefix }
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_they_say() {
        let ten = Network::parse("10.0.0.0/8").unwrap();
        assert!(ten.contains("10.255.0.1".parse().unwrap()));
        assert!(ten.contains("::ffff:10.1.1.1".parse().unwrap()));
        assert!(!ten.contains("11.0.0.1".parse().unwrap()));
        assert!(!ten.contains("::1".parse().unwrap()));
        assert!(Network::parse("::/0").unwrap().contains("fd00::1".parse().unwrap()));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains("9.9.9.9".parse().unwrap()));
        let one = Network::parse("127.0.0.1").unwrap();
        assert!(one.contains("127.0.0.1".parse().unwrap()) && !one.contains("127.0.0.2".parse().unwrap()));
    }

    #[test]
    fn slips_are_refused() {
        assert!(Network::parse("10.0.0.1/8").unwrap_err().contains("10.0.0.0/8"));
        for bad in ["10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/", "localhost", "fd00::/129", ""] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
