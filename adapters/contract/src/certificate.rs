//! When a certificate expires (RFC 5280, section 4.1.2.5): the one field that the TLS library does not give, and the one
//! that operators have to know in advance.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What a wire client saw last of the certificate of its system. Clones share it: the client writes, telemetry reads.
#[derive(Debug, Clone)]
pub struct PeerCertificate(Arc<AtomicI64>);

/// Before the first TLS handshake.
const UNSEEN: i64 = i64::MIN;

impl Default for PeerCertificate {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(UNSEEN)))
    }
}

impl PeerCertificate {
    /// Takes in the certificate of a system with which a handshake has succeeded, DER. What cannot be read is left out.
    pub fn note(&self, der: &[u8]) {
        if let Some(expires) = not_after(der) {
            self.0.store(expires.as_second(), Ordering::Relaxed);
        }
    }

    /// When the certificate of the last handshake expires; `None` without TLS or before the first handshake.
    pub fn expires(&self) -> Option<Timestamp> {
        let seconds = self.0.load(Ordering::Relaxed);
        if seconds == UNSEEN { None } else { Timestamp::from_second(seconds).ok() }
    }

    /// Whole days until then; negative once it has expired.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        self.expires().map(|expires| days_between(now, expires))
    }
}

/// Whole days from one time to another, rounded down; negative when the second is the earlier.
pub fn days_between(now: Timestamp, then: Timestamp) -> i64 {
    (then.as_second() - now.as_second()).div_euclid(86_400)
}

/// `notAfter` of a certificate in DER; `None` when this is not a certificate.
pub fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(der).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, mut rest, _) = element(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // serialNumber, signature, issuer
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (tag, text, _) = element(element(validity)?.2)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

/// One DER element: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = if short < 0x80 {
        (usize::from(short), rest)
    } else {
        let octets = usize::from(short & 0x7f);
        if octets == 0 || octets > 4 {
            return None;
        }
        let (long, rest) = rest.split_at_checked(octets)?;
        (long.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ`, where years from 50 are of the last century, or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let full = match tag {
        UTC_TIME if text.len() == 12 => {
            let century = if text.as_bytes()[0] >= b'5' { "19" } else { "20" };
            format!("{century}{text}")
        }
        GENERALIZED_TIME if text.len() == 14 => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", full).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
