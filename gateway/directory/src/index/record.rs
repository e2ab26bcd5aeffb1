//! A person's record in a few octets, and back.
//!
//! What many people share (departments, titles, units, managers, the domain of the mail) is kept once for a segment;
//! what is one person's own stands in the record. What searches ask for each candidate stands first.

use std::collections::HashMap;

use jiff::Timestamp;
use portico_contract::NativeId;
use portico_contract::access::Facts;
use portico_contract::documents::SourceVersion;
use portico_contract::people::{PersonLink, PersonRecord};
use portico_schemas::{
    Address, Classification, ContactType, Email, PersonName, PersonProfile, PersonRef, PhoneNumber,
};

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

    pub(super) fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.ends)
    }
}

/// Writes records.
#[derive(Default)]
pub(super) struct Packer {
    octets: Vec<u8>,
    numbers: HashMap<String, u64>,
    shared: String,
    ends: Vec<u32>,
}

impl Packer {
    /// Appends a record; gives where it ends.
    pub(super) fn push(&mut self, record: &PersonRecord) -> u32 {
        // Taken apart without `..`, so that a new member cannot be forgotten here.
        let PersonRecord {
            id,
            version,
            created_at,
            updated_at,
            profile,
            native_status,
            has_photo,
            manager,
            org_unit,
            facts,
        } = record;
        let Facts { owner, unit, classification } = facts;
        let display = &profile.display_name;
        let mut flags = if profile.active { ACTIVE } else { 0 } | if *has_photo { PHOTO } else { 0 };
        if let Some(owner) = owner {
            flags |= OWNER;
            flags |= if owner.native_id == id.as_str() { OWNER_SAME } else { 0 };
            flags |= if owner.display == *display { OWNER_NAMED_SAME } else { 0 };
        }
        if profile.name.formatted.as_ref() == Some(display) {
            flags |= FORMATTED_SAME;
        }
        self.octets.push(flags);
        self.text(id.as_str());
        self.text(display);
        self.shared(unit.as_deref());
        self.octets.push(classification.map_or(0, |class| 1 + class as u8));
        self.shared(manager.as_ref().map(|manager| manager.id.as_str()));
        self.maybe(profile.user_name.as_deref());
        if let Some(owner) = owner {
            self.maybe(owner.id.as_deref());
            self.shared(Some(&owner.system));
            if flags & OWNER_SAME == 0 {
                self.text(&owner.native_id);
            }
            if flags & OWNER_NAMED_SAME == 0 {
                self.text(&owner.display);
            }
        }
        self.profile(profile, flags);
        self.maybe(version.as_ref().map(|version| version.0.as_str()));
        self.time(*created_at);
        self.time(*updated_at);
        self.shared(native_status.as_deref());
        self.shared(manager.as_ref().map(|manager| manager.display.as_str()));
        self.shared(org_unit.as_ref().map(NativeId::as_str));
        u32::try_from(self.octets.len()).unwrap_or(u32::MAX)
    }

    fn profile(&mut self, profile: &PersonProfile, flags: u8) {
        let PersonProfile {
            user_name: _,
            display_name: _,
            name: PersonName { formatted, given_name, family_name },
            title,
            active: _,
            emails,
            phone_numbers,
            addresses,
            employee_number,
            cost_center,
            organization,
            division,
            department,
            office,
            preferred_language,
            timezone,
        } = profile;
        if flags & FORMATTED_SAME == 0 {
            self.maybe(formatted.as_deref());
        }
        self.maybe(given_name.as_deref());
        self.maybe(family_name.as_deref());
        self.number(emails.len() as u64);
        for Email { value, kind, primary } in emails {
            let (local, domain) = value.split_at(value.rfind('@').unwrap_or(value.len()));
            self.octets.push((*kind as u8) << 1 | u8::from(*primary));
            self.text(local);
            self.shared(Some(domain));
        }
        self.number(phone_numbers.len() as u64);
        for PhoneNumber { value, kind } in phone_numbers {
            self.octets.push(*kind as u8);
            self.text(value);
        }
        self.number(addresses.len() as u64);
        for Address { formatted, street_address, locality, region, postal_code, country } in addresses {
            for part in [formatted, street_address, locality, region, postal_code, country] {
                self.shared(part.as_deref());
            }
        }
        self.maybe(employee_number.as_deref());
        for text in
            [title, cost_center, organization, division, department, office, preferred_language, timezone]
        {
            self.shared(text.as_deref());
        }
    }

    /// The octets, and the shared texts.
    pub(super) fn build(self) -> (Box<[u8]>, Shared) {
        (self.octets.into(), Shared { text: self.shared.into(), ends: self.ends.into() })
    }

    /// Seven bits an octet, the lowest first; the highest bit says that more follow.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.octets.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.octets.push(number as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.octets.extend_from_slice(text.as_bytes());
    }

    fn maybe(&mut self, text: Option<&str>) {
        match text {
            None => self.number(0),
            Some(text) => {
                self.number(text.len() as u64 + 1);
                self.octets.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn shared(&mut self, text: Option<&str>) {
        let Some(text) = text else { return self.number(0) };
        if let Some(&number) = self.numbers.get(text) {
            return self.number(number);
        }
        self.shared.push_str(text);
        self.ends.push(u32::try_from(self.shared.len()).unwrap_or(u32::MAX));
        let number = self.ends.len() as u64;
        self.numbers.insert(text.to_owned(), number);
        self.number(number);
    }

    fn time(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return self.number(0) };
        let seconds = time.as_second();
        // Zigzag, so that times before 1970 are short too; plus one, because zero says that there is none.
        self.number(((seconds << 1) ^ (seconds >> 63)) as u64 + 1);
        self.number(
            u64::from(time.subsec_nanosecond().unsigned_abs()) << 1 | u64::from(time.subsec_nanosecond() < 0),
        );
    }
}

/// Reads one record from its beginning. Records are only what [`Packer`] wrote; past the end everything is empty.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    octets: &'a [u8],
    shared: &'a Shared,
}

/// What stands first in a record.
pub(super) struct Head<'a> {
    flags: u8,
    pub(super) id: &'a str,
    pub(super) display: &'a str,
    pub(super) unit: Option<&'a str>,
    pub(super) classification: Option<Classification>,
    pub(super) manager: Option<&'a str>,
    pub(super) user_name: Option<&'a str>,
    owner: Option<(Option<&'a str>, &'a str, &'a str, &'a str)>,
    rest: Reader<'a>,
}

impl<'a> Head<'a> {
    pub(super) fn active(&self) -> bool {
        self.flags & ACTIVE != 0
    }

    pub(super) fn owner_native_id(&self) -> Option<&'a str> {
        self.owner.map(|(_, _, native, _)| native)
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            owner: self.owner.map(|(id, system, native_id, display)| PersonRef {
                id: id.map(str::to_owned),
                system: system.to_owned(),
                native_id: native_id.to_owned(),
                display: display.to_owned(),
            }),
            unit: self.unit.map(str::to_owned),
            classification: self.classification,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(octets: &'a [u8], shared: &'a Shared) -> Self {
        Self { octets, shared }
    }

    /// The id alone: the quickest way to tell whether it is the right one.
    pub(super) fn id(mut self) -> &'a str {
        self.octet();
        self.text()
    }

    /// What stands first.
    pub(super) fn head(mut self) -> Head<'a> {
        let flags = self.octet();
        let (id, display, unit) = (self.text(), self.text(), self.shared());
        let classification = match self.octet() {
            1 => Some(Classification::Public),
            2 => Some(Classification::Internal),
            3 => Some(Classification::Confidential),
            4 => Some(Classification::Restricted),
            _ => None,
        };
        let (manager, user_name) = (self.shared(), self.maybe());
        let owner = (flags & OWNER != 0).then(|| {
            let (owner, system) = (self.maybe(), self.shared().unwrap_or_default());
            let native = if flags & OWNER_SAME != 0 { id } else { self.text() };
            let named = if flags & OWNER_NAMED_SAME != 0 { display } else { self.text() };
            (owner, system, native, named)
        });
        Head { flags, id, display, unit, classification, manager, user_name, owner, rest: self }
    }

    /// The whole record.
    pub(super) fn record(self) -> PersonRecord {
        let head = self.head();
        let mut reader = head.rest;
        let mut profile = reader.profile(&head);
        profile.active = head.active();
        let version = reader.owned().map(SourceVersion);
        let (created_at, updated_at) = (reader.time(), reader.time());
        let native_status = reader.shared().map(str::to_owned);
        let manager_display = reader.shared().unwrap_or_default();
        let org_unit = reader.shared().map(native);
        PersonRecord {
            id: native(head.id),
            version,
            created_at,
            updated_at,
            profile,
            native_status,
            has_photo: head.flags & PHOTO != 0,
            manager: head
                .manager
                .map(|id| PersonLink { id: native(id), display: manager_display.to_owned() }),
            org_unit,
            facts: head.facts(),
        }
    }

    fn profile(&mut self, head: &Head<'_>) -> PersonProfile {
        let formatted =
            if head.flags & FORMATTED_SAME != 0 { Some(head.display.to_owned()) } else { self.owned() };
        let name = PersonName { formatted, given_name: self.owned(), family_name: self.owned() };
        let emails = self.many(|reader| {
            let bits = reader.octet();
            let local = reader.text();
            let value = format!("{local}{}", reader.shared().unwrap_or_default());
            Email { value, kind: contact(bits >> 1), primary: bits & 1 != 0 }
        });
        let phone_numbers = self.many(|reader| {
            let kind = contact(reader.octet());
            PhoneNumber { value: reader.text().to_owned(), kind }
        });
        let addresses = self.many(|reader| Address {
            formatted: reader.shared_owned(),
            street_address: reader.shared_owned(),
            locality: reader.shared_owned(),
            region: reader.shared_owned(),
            postal_code: reader.shared_owned(),
            country: reader.shared_owned(),
        });
        PersonProfile {
            user_name: head.user_name.map(str::to_owned),
            display_name: head.display.to_owned(),
            name,
            active: false,
            emails,
            phone_numbers,
            addresses,
            employee_number: self.owned(),
            title: self.shared_owned(),
            cost_center: self.shared_owned(),
            organization: self.shared_owned(),
            division: self.shared_owned(),
            department: self.shared_owned(),
            office: self.shared_owned(),
            preferred_language: self.shared_owned(),
            timezone: self.shared_owned(),
        }
    }

    fn octet(&mut self) -> u8 {
        let Some((first, rest)) = self.octets.split_first() else { return 0 };
        self.octets = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let octet = self.octet();
            number |= u64::from(octet & 0x7F) << shift;
            if octet & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn take(&mut self, length: u64) -> &'a str {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(self.octets.len());
        let (text, rest) = self.octets.split_at(length);
        self.octets = rest;
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn text(&mut self) -> &'a str {
        let length = self.number();
        self.take(length)
    }

    fn maybe(&mut self) -> Option<&'a str> {
        let length = self.number().checked_sub(1)?;
        Some(self.take(length))
    }

    fn owned(&mut self) -> Option<String> {
        self.maybe().map(str::to_owned)
    }

    fn shared(&mut self) -> Option<&'a str> {
        let number = self.number().checked_sub(1)?;
        self.shared.get(usize::try_from(number).ok()?)
    }

    fn shared_owned(&mut self) -> Option<String> {
        self.shared().map(str::to_owned)
    }

    fn many<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.number()).map(|_| one(self)).collect()
    }

    fn time(&mut self) -> Option<Timestamp> {
        let folded = self.number().checked_sub(1)?;
        let seconds = (folded >> 1) as i64 ^ -((folded & 1) as i64);
        let nanos = self.number();
        let size = i32::try_from(nanos >> 1).ok()?;
        Timestamp::new(seconds, if nanos & 1 == 0 { size } else { -size }).ok()
    }
}

/// An id that was told: it was a native id before it was packed.
pub(super) fn native(id: &str) -> NativeId {
    NativeId::new(id).expect("an id that was one before it was packed")
}

fn contact(number: u8) -> ContactType {
    match number {
        0 => ContactType::Work,
        1 => ContactType::Home,
        2 => ContactType::Mobile,
        3 => ContactType::Fax,
        _ => ContactType::Other,
    }
}
