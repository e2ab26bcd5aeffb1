//! What leaves the gateway sealed: ids, entity tags, cursors.
//!
//! Ids and entity tags are sealed deterministically (AES-SIV, RFC 5297), so that the same thing always has the same id and
//! no table is needed. Cursors are sealed with a random nonce (XChaCha20-Poly1305). All are authenticated: what does
//! not open was not made here.

mod cursor;

use std::fmt;

use aes_siv::KeyInit;
use aes_siv::aead::generic_array::GenericArray;
use aes_siv::siv::Aes256Siv;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use portico_contract::documents::{DocumentRef, SourceVersion};
use portico_contract::{Error, ErrorKind, NativeId, SystemKey};
use portico_schemas::FieldError;

pub use cursor::{Cursor, SourcePosition};

/// Octets of the key for ids and entity tags. Never rotated: ids are kept in bookmarks.
pub const ID_KEY_LEN: usize = 64;
/// Octets of the key for cursors. May be replaced at any time; open cursors then stop working.
pub const CURSOR_KEY_LEN: usize = 32;

const ID_LABEL: &[u8] = b"portico id 1";
const VERSION_LABEL: &[u8] = b"portico version 1";
const ROOT: u8 = 0;
const THING: u8 = 1;

fn siv(key: &[u8; ID_KEY_LEN]) -> Aes256Siv {
    Aes256Siv::new(GenericArray::from_slice(key))
}

/// Seals and opens everything that leaves the gateway sealed.
pub struct Seals {
    ids: [u8; ID_KEY_LEN],
    /// Keyed once: keying costs as much as sealing. Never waited for; whoever finds it taken keys one of its own.
    keyed: Mutex<Aes256Siv>,
    cursors: [u8; CURSOR_KEY_LEN],
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seals(***)")
    }
}

impl Seals {
    /// Seals with these keys.
    pub fn new(ids: [u8; ID_KEY_LEN], cursors: [u8; CURSOR_KEY_LEN]) -> Self {
        Self { ids, keyed: Mutex::new(siv(&ids)), cursors }
    }

    fn with_siv<T>(&self, work: impl FnOnce(&mut Aes256Siv) -> T) -> T {
        match self.keyed.try_lock() {
            Some(mut keyed) => work(&mut keyed),
            None => work(&mut siv(&self.ids)),
        }
    }

    fn seal(&self, label: &[u8], plain: &[u8]) -> String {
        // Encryption fails only for more than 126 headers; there is one.
        let sealed = self.with_siv(|siv| siv.encrypt([label], plain)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    fn open(&self, label: &[u8], text: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        self.with_siv(|siv| siv.decrypt([label], &sealed)).ok()
    }

    /// The id of a document in a system: opaque, and the same every time.
    pub fn seal_document(&self, system: &SystemKey, document: &DocumentRef) -> String {
        let (tag, native) = match document {
            DocumentRef::Root => (ROOT, ""),
            DocumentRef::Id(id) => (THING, id.as_str()),
        };
        let plain = [&[tag], system.as_str().as_bytes(), &[0], native.as_bytes()].concat();
        self.seal(ID_LABEL, &plain)
    }

    /// The system key and the document behind an id. The key may be one from before a rename.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for anything that was not made by [`Seals::seal_document`] with this key.
    pub fn open_document(&self, id: &str, pointer: &str) -> Result<(SystemKey, DocumentRef), Error> {
        self.try_open_document(id).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "This is not an id that the gateway gave out.").with_fields(
                vec![FieldError {
                    detail: "not an id of this API; ids are opaque and cannot be made up".to_owned(),
                    pointer: pointer.to_owned(),
                }],
            )
        })
    }

    fn try_open_document(&self, id: &str) -> Option<(SystemKey, DocumentRef)> {
        let plain = self.open(ID_LABEL, id)?;
        let (tag, rest) = plain.split_first()?;
        let (system, native) = std::str::from_utf8(rest).ok()?.split_once('\0')?;
        let document = match *tag {
            ROOT => DocumentRef::Root,
            THING => DocumentRef::Id(NativeId::new(native)?),
            _ => return None,
        };
        Some((SystemKey::new(system)?, document))
    }

    /// The part of an entity tag that stands for the source's version.
    pub fn seal_version(&self, version: &SourceVersion) -> String {
        self.seal(VERSION_LABEL, version.0.as_bytes())
    }

    /// The version behind that part. `None` when it was not made here: it then matches no version.
    pub fn open_version(&self, text: &str) -> Option<SourceVersion> {
        String::from_utf8(self.open(VERSION_LABEL, text)?).ok().map(SourceVersion)
    }
}

#[cfg(test)]
mod tests;
