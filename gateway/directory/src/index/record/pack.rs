//! Writing records.

use std::collections::HashMap;

use jiff::Timestamp;
use portico_contract::NativeId;
use portico_contract::access::Facts;
use portico_contract::people::PersonRecord;
use portico_schemas::{Address, Email, PersonName, PersonProfile, PhoneNumber};

use super::{ACTIVE, FORMATTED_SAME, OWNER, OWNER_NAMED_SAME, OWNER_SAME, PHOTO, Shared};

/// Writes records.
#[derive(Default)]
pub(in crate::index) struct Packer {
    octets: Vec<u8>,
    numbers: HashMap<String, u64>,
    shared: String,
    ends: Vec<u32>,
}

impl Packer {
    /// Appends a record; gives where it ends.
    pub(in crate::index) fn push(&mut self, record: &PersonRecord) -> u32 {
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
        // Nothing about a person waits for anybody.
        let Facts { owner, unit, classification, .. } = facts;
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
    pub(in crate::index) fn build(self) -> (Box<[u8]>, Shared) {
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
