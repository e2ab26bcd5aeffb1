//! Reading records.

use jiff::Timestamp;
use portico_contract::access::Facts;
use portico_contract::documents::SourceVersion;
use portico_contract::people::{PersonLink, PersonRecord};
use portico_schemas::{
    Address, Classification, ContactType, Email, PersonName, PersonProfile, PersonRef, PhoneNumber,
};

use super::{ACTIVE, FORMATTED_SAME, OWNER, OWNER_NAMED_SAME, OWNER_SAME, PHOTO, Shared, native};

/// Reads one record from its beginning. Records are only what [`Packer`] wrote; past the end everything is empty.
#[derive(Clone, Copy)]
pub(in crate::index) struct Reader<'a> {
    octets: &'a [u8],
    shared: &'a Shared,
}

/// What stands first in a record.
pub(in crate::index) struct Head<'a> {
    flags: u8,
    pub(in crate::index) id: &'a str,
    pub(in crate::index) display: &'a str,
    pub(in crate::index) unit: Option<&'a str>,
    pub(in crate::index) classification: Option<Classification>,
    pub(in crate::index) manager: Option<&'a str>,
    pub(in crate::index) user_name: Option<&'a str>,
    owner: Option<(Option<&'a str>, &'a str, &'a str, &'a str)>,
    rest: Reader<'a>,
}

impl<'a> Head<'a> {
    pub(in crate::index) fn active(&self) -> bool {
        self.flags & ACTIVE != 0
    }

    pub(in crate::index) fn owner_native_id(&self) -> Option<&'a str> {
        self.owner.map(|(_, _, native, _)| native)
    }

    pub(in crate::index) fn facts(&self) -> Facts {
        Facts {
            owner: self.owner.map(|(id, system, native_id, display)| PersonRef {
                id: id.map(str::to_owned),
                system: system.to_owned(),
                native_id: native_id.to_owned(),
                display: display.to_owned(),
            }),
            unit: self.unit.map(str::to_owned),
            classification: self.classification,
            ..Facts::default()
        }
    }
}

impl<'a> Reader<'a> {
    pub(in crate::index) fn new(octets: &'a [u8], shared: &'a Shared) -> Self {
        Self { octets, shared }
    }

    /// The id alone: the quickest way to tell whether it is the right one.
    pub(in crate::index) fn id(mut self) -> &'a str {
        self.octet();
        self.text()
    }

    /// What stands first.
    pub(in crate::index) fn head(mut self) -> Head<'a> {
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
    pub(in crate::index) fn record(self) -> PersonRecord {
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

fn contact(number: u8) -> ContactType {
    match number {
        0 => ContactType::Work,
        1 => ContactType::Home,
        2 => ContactType::Mobile,
        3 => ContactType::Fax,
        _ => ContactType::Other,
    }
}
