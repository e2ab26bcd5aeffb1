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
use portico_schemas::{FieldError, ResourceType};

pub use cursor::{Cursor, SourcePosition};

/// Octets of the key for ids and entity tags. Never rotated: ids are kept in bookmarks.
pub const ID_KEY_LEN: usize = 64;
/// Octets of the key for cursors. May be replaced at any time; open cursors then stop working.
pub const CURSOR_KEY_LEN: usize = 32;

const VERSION_LABEL: &[u8] = b"portico version 1";
const ROOT: u8 = 0;
const THING: u8 = 1;
const DOCUMENT: Kind = Kind::Resource(ResourceType::Document);

/// What an id stands for. Each kind is sealed under a label of its own, so that an id of one never opens as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A thing with a route of its own.
    Resource(ResourceType),
    /// A line of an expense report.
    ExpenseLine,
    /// A receipt of a line.
    Receipt,
}

impl From<ResourceType> for Kind {
    fn from(resource: ResourceType) -> Self {
        Self::Resource(resource)
    }
}

impl Kind {
    /// Never changed: ids are kept in bookmarks.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Resource(ResourceType::Document) => b"portico id 1",
            Self::Resource(ResourceType::System) => b"portico system 1",
            Self::Resource(ResourceType::Person) => b"portico person 1",
            Self::Resource(ResourceType::OrgUnit) => b"portico org unit 1",
            Self::Resource(ResourceType::ExpenseReport) => b"portico expense report 1",
            Self::Resource(ResourceType::ExpenseCategory) => b"portico expense category 1",
            Self::Resource(ResourceType::Project) => b"portico project 1",
            Self::Resource(ResourceType::CostCentre) => b"portico cost centre 1",
            Self::Resource(ResourceType::TaxRate) => b"portico tax rate 1",
            Self::Resource(ResourceType::Absence) => b"portico absence 1",
            Self::Resource(ResourceType::AbsenceType) => b"portico absence type 1",
            Self::Resource(ResourceType::AbsenceBalance) => b"portico absence balance 1",
            Self::Resource(ResourceType::Task) => b"portico task 1",
            Self::Resource(ResourceType::Operation) => b"portico operation 1",
            Self::Resource(ResourceType::Delegation) => b"portico delegation 1",
            Self::ExpenseLine => b"portico expense line 1",
            Self::Receipt => b"portico receipt 1",
        }
    }
}

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

    fn seal_text(&self, label: &[u8], plain: &[u8]) -> String {
        // Encryption fails only for more than 126 headers; there is one.
        let sealed = self.with_siv(|siv| siv.encrypt([label], plain)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    fn open_text(&self, label: &[u8], text: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        self.with_siv(|siv| siv.decrypt([label], &sealed)).ok()
    }

    fn seal_id(&self, kind: Kind, tag: u8, system: &SystemKey, native: &str) -> String {
        let plain = [&[tag], system.as_str().as_bytes(), &[0], native.as_bytes()].concat();
        self.seal_text(kind.label(), &plain)
    }

    fn open_id(&self, kind: Kind, id: &str, pointer: &str) -> Result<(u8, SystemKey, NativeId), Error> {
        self.try_open_id(kind, id).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "This is not an id that the gateway gave out.").with_fields(
                vec![FieldError {
                    detail: "not an id of this API; ids are opaque and cannot be made up".to_owned(),
                    pointer: pointer.to_owned(),
                }],
            )
        })
    }

    fn try_open_id(&self, kind: Kind, id: &str) -> Option<(u8, SystemKey, NativeId)> {
        let plain = self.open_text(kind.label(), id)?;
        let (tag, rest) = plain.split_first()?;
        let (system, native) = std::str::from_utf8(rest).ok()?.split_once('\0')?;
        let known = *tag == THING || (*tag == ROOT && kind == DOCUMENT);
        known.then_some(())?;
        Some((*tag, SystemKey::new(system)?, NativeId::new(native)?))
    }

    /// The id of a thing in a system: opaque, and the same every time. Documents have [`Seals::seal_document`], because a
    /// store has a root.
    pub fn seal(&self, kind: impl Into<Kind>, system: &SystemKey, native: &NativeId) -> String {
        self.seal_id(kind.into(), THING, system, native.as_str())
    }

    /// The system and the thing behind an id. The key may be one from before a rename.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], at `pointer`, for anything that was not made by [`Seals::seal`] for this kind with
    /// this key.
    pub fn open(
        &self,
        kind: impl Into<Kind>,
        id: &str,
        pointer: &str,
    ) -> Result<(SystemKey, NativeId), Error> {
        self.open_id(kind.into(), id, pointer).map(|(_, system, native)| (system, native))
    }

    /// The id of a document in a system: opaque, and the same every time.
    pub fn seal_document(&self, system: &SystemKey, document: &DocumentRef) -> String {
        match document {
            DocumentRef::Root => self.seal_id(DOCUMENT, ROOT, system, ""),
            DocumentRef::Id(id) => self.seal_id(DOCUMENT, THING, system, id.as_str()),
        }
    }

    /// The system key and the document behind an id. The key may be one from before a rename.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for anything that was not made by [`Seals::seal_document`] with this key.
    pub fn open_document(&self, id: &str, pointer: &str) -> Result<(SystemKey, DocumentRef), Error> {
        let (tag, system, native) = self.open_id(DOCUMENT, id, pointer)?;
        let document = if tag == ROOT { DocumentRef::Root } else { DocumentRef::Id(native) };
        Ok((system, document))
    }

    /// The id of a person in a directory: opaque, and the same every time.
    pub fn seal_person(&self, system: &SystemKey, person: &NativeId) -> String {
        self.seal(ResourceType::Person, system, person)
    }

    /// The directory and the person behind an id. The key may be one from before a rename.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for anything that was not made by [`Seals::seal_person`] with this key.
    pub fn open_person(&self, id: &str, pointer: &str) -> Result<(SystemKey, NativeId), Error> {
        self.open(ResourceType::Person, id, pointer)
    }

    /// The id of an organisational unit in a directory: opaque, and the same every time.
    pub fn seal_org_unit(&self, system: &SystemKey, unit: &NativeId) -> String {
        self.seal(ResourceType::OrgUnit, system, unit)
    }

    /// The directory and the unit behind an id. The key may be one from before a rename.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for anything that was not made by [`Seals::seal_org_unit`] with this key.
    pub fn open_org_unit(&self, id: &str, pointer: &str) -> Result<(SystemKey, NativeId), Error> {
        self.open(ResourceType::OrgUnit, id, pointer)
    }

    /// The part of an entity tag that stands for the source's version.
    pub fn seal_version(&self, version: &SourceVersion) -> String {
        self.seal_text(VERSION_LABEL, version.0.as_bytes())
    }

    /// The version behind that part. `None` when it was not made here: it then matches no version.
    pub fn open_version(&self, text: &str) -> Option<SourceVersion> {
        String::from_utf8(self.open_text(VERSION_LABEL, text)?).ok().map(SourceVersion)
    }
}

#[cfg(test)]
mod tests;
