//! Instants as directories write them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

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

/// Whether this is of the form that [`csn`] gives; the instants of such compare as text.
pub(crate) fn is_csn(text: &str) -> bool {
    let form = b"00000000000000.000000Z#000000#000#000000";
    let fits = |(octet, want): (u8, &u8)| {
        if *want == b'0' { octet.is_ascii_hexdigit() } else { octet == *want }
    };
    text.len() == form.len() && text.bytes().zip(form).all(fits)
}

/// Windows' FILETIME: tenths of microseconds since 1601.
pub(crate) fn filetime(at: Timestamp) -> i64 {
    (at.as_microsecond() + FILETIME_OFFSET_S * 1_000_000) * 10
}
