//! A person's record in a few octets, and back.
//!
//! What many people share (departments, titles, units, managers, the domain of the mail) is kept once for a segment;
//! what is one person's own stands in the record. What searches ask for each candidate stands first.

mod pack;
mod read;

use portico_contract::NativeId;

pub(super) use pack::Packer;
pub(super) use read::Reader;

const ACTIVE: u8 = 1;
const PHOTO: u8 = 2;
const OWNER: u8 = 4;
/// The owner's native id is the person's own.
const OWNER_SAME: u8 = 8;
/// The owner's display name is the person's own.
const OWNER_NAMED_SAME: u8 = 16;
/// The formatted name is the display name.
const FORMATTED_SAME: u8 = 32;

/// Texts that are kept once, by number.
#[derive(Default)]
pub(super) struct Shared {
    text: Box<str>,
    /// Where each text ends.
    ends: Box<[u32]>,
}

impl Shared {
    fn get(&self, number: usize) -> Option<&str> {
        let from = match number {
            0 => 0,
            _ => *self.ends.get(number - 1)?,
        };
        self.text.get(from as usize..*self.ends.get(number)? as usize)
    }

    pub(in crate::index) fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.ends)
    }
}

/// An id that was told: it was a native id before it was packed.
pub(super) fn native(id: &str) -> NativeId {
    NativeId::new(id).expect("an id that was one before it was packed")
}
