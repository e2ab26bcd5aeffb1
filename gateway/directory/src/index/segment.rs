//! Some thousand people with everything that searches need, immutable once built.

use std::sync::Arc;

use portico_contract::people::PersonRecord;

use super::dictionary::{Dictionary, Ways, Words};
use super::entry::PersonEntry;
use super::pace::{PERSON, Pace};
use super::record::{Packer, Reader, Shared};
use super::table::{Bits, Hashed, KeyTable, Keys};
use super::{fold, phone};

/// People in one segment at most: few enough that building one is quick and that a row is 16 bits.
pub(super) const MAX_ROWS: usize = 8_192;

/// Mail addresses and numbers of one person, each, that are searched.
const MOST_CONTACTS: usize = 16;

/// People in the order of [`order`], so that of two equal hits the earlier row is the better.
#[derive(Default)]
pub(super) struct Segment {
    octets: Box<[u8]>,
    ends: Box<[u32]>,
    shared: Shared,
    pub(super) ids: KeyTable,
    pub(super) user_names: KeyTable,
    pub(super) emails: KeyTable,
    pub(super) employee_numbers: KeyTable,
    /// By the manager's id.
    pub(super) managers: KeyTable,
    /// Words of names.
    pub(super) names: Dictionary,
    /// Words of user names and of what stands before the `@` of mail addresses.
    pub(super) users: Dictionary,
    /// Words of titles, departments and divisions.
    pub(super) posts: Dictionary,
    /// Normalised numbers and extensions.
    pub(super) phones: Dictionary,
}

/// A segment in a snapshot, without those of its people who changed or went since it was built.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) segment: Arc<Segment>,
    pub(super) gone: Arc<Bits>,
    /// People who are not gone.
    pub(super) live: usize,
}

/// The order of people who match equally well: those with an account in use first, then by name, then by id.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order<'a> {
    inactive: bool,
    folded: String,
    name: &'a str,
    id: &'a str,
}

impl<'a> Order<'a> {
    pub(super) fn of(person: PersonEntry<'a>) -> Self {
        let head = person.segment.reader(person.row).head();
        Self::new(head.active(), head.display, head.id)
    }

    fn new(active: bool, name: &'a str, id: &'a str) -> Self {
        Self { inactive: !active, folded: fold::fold(name), name, id }
    }
}

impl Segment {
    /// Builds one from at most [`MAX_ROWS`] people with different ids.
    pub(super) fn build(people: Vec<PersonRecord>, pace: &mut Pace<'_>) -> Self {
        let mut packer = Packer::default();
        let mut ends = Vec::with_capacity(people.len());
        let mut tables: [Keys; 5] = Default::default();
        let mut fields = Fields::default();
        for (row, person) in (0_u16..).zip(in_order(people, pace)) {
            pace.done(PERSON);
            ends.push(packer.push(&person));
            let [ids, user_names, emails, employee_numbers, managers] = &mut tables;
            let profile = &person.profile;
            ids.add(person.id.as_str(), row);
            user_names.add(&same_case(profile.user_name.as_deref().unwrap_or_default()), row);
            employee_numbers.add(profile.employee_number.as_deref().unwrap_or_default(), row);
            managers.add(person.manager.as_ref().map_or("", |manager| manager.id.as_str()), row);
            profile.emails.iter().for_each(|email| emails.add(&same_case(&email.value), row));
            fields.add(&person, row);
        }
        let (octets, shared) = packer.build();
        let [ids, user_names, emails, employee_numbers, managers] = tables.map(|keys| keys.build(pace));
        Self {
            octets,
            ends: ends.into(),
            shared,
            ids,
            user_names,
            emails,
            employee_numbers,
            managers,
            names: fields.names.build(Ways::InsideAndFuzzy, pace),
            users: fields.users.build(Ways::Inside, pace),
            posts: fields.posts.build(Ways::Inside, pace),
            phones: fields.phones.build(Ways::End, pace),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn reader(&self, row: u16) -> Reader<'_> {
        let row = usize::from(row);
        let from = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let octets = self.octets.get(from as usize..self.ends[row] as usize);
        Reader::new(octets.unwrap_or_default(), &self.shared)
    }

    pub(super) fn bytes(&self) -> usize {
        let tables = [&self.ids, &self.user_names, &self.emails, &self.employee_numbers, &self.managers];
        let dictionaries = [&self.names, &self.users, &self.posts, &self.phones];
        size_of::<Self>()
            + self.octets.len()
            + size_of_val(&*self.ends)
            + self.shared.bytes()
            + tables.iter().map(|table| table.bytes()).sum::<usize>()
            + dictionaries.iter().map(|dictionary| dictionary.bytes()).sum::<usize>()
    }
}

/// The people in the order in which they are kept, at most [`MAX_ROWS`].
fn in_order(
    mut people: Vec<PersonRecord>,
    pace: &mut Pace<'_>,
) -> impl Iterator<Item = PersonRecord> + use<> {
    people.truncate(MAX_ROWS);
    let key = |person: &PersonRecord| {
        pace.done(PERSON / 8);
        let (profile, id) = (&person.profile, person.id.as_str());
        let Order { inactive, folded, name, id } = Order::new(profile.active, &profile.display_name, id);
        (inactive, folded, name.to_owned(), id.to_owned())
    };
    let keys: Vec<_> = people.iter().map(key).collect();
    let mut order: Vec<usize> = (0..people.len()).collect();
    pace.sort(&mut order, |a, b| keys[*a].cmp(&keys[*b]));
    let mut people: Vec<_> = people.into_iter().map(Some).collect();
    order.into_iter().filter_map(move |at| people[at].take())
}

impl Slot {
    pub(super) fn new(people: Vec<PersonRecord>, pace: &mut Pace<'_>) -> Self {
        let segment = Segment::build(people, pace);
        let live = segment.len();
        Self { gone: Arc::new(Bits::none(live)), segment: Arc::new(segment), live }
    }

    pub(super) fn is_gone(&self, row: u16) -> bool {
        self.live < self.segment.len() && self.gone.has(row)
    }

    pub(super) fn remove(&mut self, row: u16) {
        if Arc::make_mut(&mut self.gone).add(row) {
            self.live -= 1;
        }
    }

    pub(super) fn person(&self, row: u16) -> PersonEntry<'_> {
        PersonEntry { segment: &self.segment, row }
    }

    /// Everybody who is not gone, in order.
    pub(super) fn people(&self) -> impl Iterator<Item = PersonEntry<'_>> {
        (0..self.segment.len())
            .map(|row| row as u16)
            .filter(|row| !self.is_gone(*row))
            .map(|row| self.person(row))
    }

    /// The row of the person with this id, which is also given hashed.
    pub(super) fn row_of(&self, id: &str, hashed: Hashed) -> Option<u16> {
        self.segment.ids.rows(hashed).find(|&row| !self.is_gone(row) && self.segment.reader(row).id() == id)
    }

    /// Heap of this slot, with what others may share; the two counters of an `Arc` counted each.
    pub(super) fn bytes(&self) -> usize {
        self.segment.bytes() + self.gone.bytes() + size_of::<Bits>() + 4 * size_of::<usize>()
    }
}

/// What user names and mail addresses are compared by.
pub(super) fn same_case(text: &str) -> String {
    text.to_lowercase()
}

/// The words of people by kind of field.
#[derive(Default)]
struct Fields {
    names: Words,
    users: Words,
    posts: Words,
    phones: Words,
}

impl Fields {
    fn add(&mut self, person: &PersonRecord, row: u16) {
        let profile = &person.profile;
        let name = &profile.name;
        let whole = [Some(&profile.display_name), name.formatted.as_ref()];
        for text in whole.into_iter().chain([name.given_name.as_ref(), name.family_name.as_ref()]).flatten() {
            words(&mut self.names, text, row);
        }
        // A family name of several words is also written as one: `de la Cruz`, `ap Rhys`.
        if let Some(family) = &name.family_name {
            let parts = fold::groups(family).concat();
            self.names.add(&fold::join(&parts), row);
        }
        words(&mut self.users, profile.user_name.as_deref().unwrap_or_default(), row);
        for email in profile.emails.iter().take(MOST_CONTACTS) {
            let local = email.value.rsplit_once('@').map_or(email.value.as_str(), |(local, _)| local);
            words(&mut self.users, local, row);
        }
        for text in [&profile.title, &profile.department, &profile.division].into_iter().flatten() {
            words(&mut self.posts, text, row);
        }
        for number in
            profile.phone_numbers.iter().take(MOST_CONTACTS).flat_map(|number| phone::numbers(&number.value))
        {
            self.phones.add(&number, row);
        }
    }
}

fn words(into: &mut Words, text: &str, row: u16) {
    for parts in fold::groups(text) {
        if parts.len() > 1 {
            into.add(&fold::join(&parts), row);
        }
        parts.iter().for_each(|part| into.add(part, row));
    }
}
