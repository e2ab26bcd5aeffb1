//! The entries as LDIF (RFC 2849), to load them into a real server.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::directory::Directory;
use crate::entry::State;
use crate::schema::Attr;

/// Everything that a server has to be told about an entry, its identity and times among it. What needs an overlay of
/// its own, and what follows from other entries, stays out.
pub(crate) fn write(directory: &Directory, skip: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    for id in 0..directory.end() {
        let entry = directory.entry(id);
        if entry.state != State::Live || skip(&entry.dn) {
            continue;
        }
        line(&mut text, "dn", entry.dn.as_bytes());
        for attr in directory.attributes(id) {
            let told = !attr.kind().operational || TOLD.contains(&attr);
            for value in directory.values(id, attr).iter().filter(|_| told) {
                line(&mut text, attr.name(), value);
            }
        }
        text.push('\n');
    }
    text
}

const TOLD: [Attr; 7] = [
    Attr::MEMBER_OF,
    Attr::ENTRY_UUID,
    Attr::ENTRY_CSN,
    Attr::CREATE_TIMESTAMP,
    Attr::MODIFY_TIMESTAMP,
    Attr::CREATORS_NAME,
    Attr::MODIFIERS_NAME,
];

fn line(text: &mut String, name: &str, value: &[u8]) {
    let plain = value.iter().all(|octet| matches!(octet, b' '..=b'~'))
        && !matches!(value.first(), Some(b' ' | b':' | b'<'))
        && !value.ends_with(b" ");
    let written = match std::str::from_utf8(value) {
        Ok(value) if plain => writeln!(text, "{name}: {value}"),
        _ => writeln!(text, "{name}:: {}", STANDARD.encode(value)),
    };
    // A string takes whatever is written to it.
    debug_assert!(written.is_ok());
}
