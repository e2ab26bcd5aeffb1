//! Keys: of systems, and of things inside a system.

use std::fmt;
use std::sync::Arc;

/// The configured, permanent key of a system: 1 to 32 characters `a-z 0-9 -`, starting with a letter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SystemKey(Arc<str>);

impl SystemKey {
    /// Checks and takes a key. `None` when it is empty, too long, or has other characters.
    pub fn new(key: &str) -> Option<Self> {
        let good = key.len() <= 32
            && key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        good.then(|| Self(key.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SystemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SystemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key that a system itself uses for a thing: a number, a DN, a path. At most [`NativeId::MAX`] octets.
///
/// It may be personal (a path can name a person), so `Debug` hides it and it never leaves the gateway unsealed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NativeId(Arc<str>);

impl NativeId {
    /// Octets that a native id may have; longer ones could not travel in an address once sealed.
    pub const MAX: usize = 2_048;

    /// Takes a native id. `None` when it is longer than [`NativeId::MAX`].
    pub fn new(id: &str) -> Option<Self> {
        (id.len() <= Self::MAX).then(|| Self(id.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NativeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NativeId(…{} octets)", self.0.len())
    }
}
