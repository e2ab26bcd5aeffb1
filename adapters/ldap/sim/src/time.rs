//! Instants as directories write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Between 1601, where Windows counts from, and 1970.
const FILETIME_OFFSET_S: i64 = 11_644_473_600;

/// `20261122115635Z` (RFC 4517, section 3.3.13).
pub(crate) fn generalized(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string()
}

/// `20261122120046.0Z`, as Active Directory writes it.
pub(crate) fn generalized_ad(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S.0Z").to_string()
}

/// `20261122115635.775118Z#000000#000#000000`: OpenLDAP's change sequence number.
pub(crate) fn csn(at: Timestamp) -> String {
    let seconds = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S").to_string();
    let micros = at.as_microsecond().rem_euclid(1_000_000);
    format!("{seconds}.{micros:06}Z#000000#000#000000")
}

/// The instant of a change sequence number; `None` for what is none.
pub(crate) fn parse_csn(text: &str) -> Option<Timestamp> {
    let (stamp, rest) = text.split_once('Z')?;
    let (seconds, micros) = stamp.split_once('.')?;
    let counters =
        rest.strip_prefix('#')?.split('#').all(|part| part.bytes().all(|octet| octet.is_ascii_hexdigit()));
    if !counters || seconds.len() != 14 || micros.len() != 6 {
        return None;
    }
    let seconds = DateTime::strptime("%Y%m%d%H%M%S", seconds).ok()?;
    let whole = seconds.to_zoned(TimeZone::UTC).ok()?.timestamp();
    whole.checked_add(SignedDuration::from_micros(micros.parse().ok()?)).ok()
}

/// Windows' FILETIME: tenths of microseconds since 1601.
pub(crate) fn filetime(at: Timestamp) -> i64 {
    (at.as_microsecond() + FILETIME_OFFSET_S * 1_000_000) * 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_as_recorded() {
        let at: Timestamp = "2026-11-22T11:56:35.775118Z".parse().unwrap();
        assert_eq!(generalized(at), "20261122115635Z");
        assert_eq!(csn(at), "20261122115635.775118Z#000000#000#000000");
        assert_eq!(parse_csn(&csn(at)), Some(at));
        for garbage in ["", "garbage", "20261122115635Z", "20269922115635.775118Z#000000#000#000000"] {
            assert_eq!(parse_csn(garbage), None, "{garbage}");
        }
        // The recorded user's password, set when the user was made.
        let set: Timestamp = "2026-11-22T12:00:46.806267Z".parse().unwrap();
        assert_eq!(filetime(set), 134_398_224_468_062_670);
        assert_eq!(generalized_ad(set), "20261122120046.0Z");
    }
}
