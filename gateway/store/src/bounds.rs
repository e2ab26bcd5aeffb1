//! How long each text may be. Whoever writes more gets [`StoreError::TooLarge`], and nothing is written.

use serde_json::Value;

use crate::StoreError;

/// Octets of a short text: a key, a route, an operation id, a type, a subject.
pub const SHORT: usize = 256;
/// Octets of a native id; the contract's own bound.
pub const NATIVE_ID: usize = 2_048;
/// Octets of a sentence that a person wrote: a comment, a reason.
pub const SENTENCE: usize = 2_000;
/// Octets of a declaration's text.
pub const DECLARATION: usize = 8_000;
/// Octets of small JSON: what a reconciler needs, the facts of an event.
pub const SMALL_JSON: usize = 4_096;
/// Octets of a problem document or of an event's payload.
pub const LARGE_JSON: usize = 65_536;
/// Events that one transaction may announce.
pub const EVENTS: usize = 16;
/// Things that one page, claim or step of pruning may hold.
pub const PAGE: u32 = 1_000;

pub(crate) fn text(field: &'static str, text: &str, limit: usize) -> Result<(), StoreError> {
    if text.len() > limit {
        return Err(StoreError::TooLarge { field, limit });
    }
    // PostgreSQL cannot hold it, so neither engine does.
    if text.contains('\0') {
        Err(StoreError::invalid(format_args!("{field} has a NUL character")))
    } else {
        Ok(())
    }
}

pub(crate) fn optional(field: &'static str, value: Option<&String>, limit: usize) -> Result<(), StoreError> {
    value.map_or(Ok(()), |value| text(field, value, limit))
}

pub(crate) fn json(field: &'static str, value: &Value, limit: usize) -> Result<(), StoreError> {
    // Written to a counter: a large value is not copied only to be measured.
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    let counted = serde_json::to_writer(&mut count, value).is_ok();
    if counted && count.0 <= limit { Ok(()) } else { Err(StoreError::TooLarge { field, limit }) }
}
