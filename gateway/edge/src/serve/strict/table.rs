//! Which octets may stand where, as tables: every octet of every head is looked up.

const fn table(extra: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = (i as u8).is_ascii_alphanumeric();
        i += 1;
    }
    let mut i = 0;
    while i < extra.len() {
        table[extra[i] as usize] = true;
        i += 1;
    }
    table
}

/// `tchar` (RFC 9110, section 5.6.2).
static TOKEN: [bool; 256] = table(b"!#$%&'*+-.^_`|~");
/// A host and its port, as a subset of `uri-host [":" port]` (RFC 9110, section 7.2): no commas, no user.
static HOST: [bool; 256] = table(b"-._~%:[]");
/// What may stand in a request target: RFC 3986, and what browsers leave bare in a query. No fragment.
static TARGET: [bool; 256] = table(b"-._~:/?[]@!$&'()*+,;=%|^`{}\\");

fn all(bytes: &[u8], table: &[bool; 256]) -> bool {
    bytes.iter().all(|byte| table[usize::from(*byte)])
}

/// Whether every octet may be in a token. True for no octets.
pub(super) fn token(bytes: &[u8]) -> bool {
    all(bytes, &TOKEN)
}

/// Whether this is a host, with or without a port.
pub(super) fn host(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, &HOST)
}

/// Whether every octet may be in a request target.
pub(super) fn target(bytes: &[u8]) -> bool {
    all(bytes, &TARGET)
}

/// Whether every octet may be in the value of a field (RFC 9110, section 5.5): no control characters but the tab.
pub(super) fn value(bytes: &[u8]) -> bool {
    // Without a branch, so that the compiler can look at many octets at once.
    let bad = |byte: u8| u8::from((byte < b' ') & (byte != b'\t')) | u8::from(byte == 0x7f);
    bytes.iter().fold(0, |sum, byte| sum | bad(*byte)) == 0
}
