//! People by what they are linked by. Directories compare loosely (Active Directory even without accents), so every find
//! is compared again: a link to the wrong person is worse than none.

use std::borrow::Cow;

use jiff::Timestamp;
use portico_contract::people::{FindPeople, People, PersonKey};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::ldap::Filter;

use crate::directory::{Directory, base_is_missing};
use crate::fault;
use crate::map::Row;

/// Entries that are looked at: those that only look alike are dropped afterwards.
const LOOKED_AT: u32 = 50;

impl Handler<FindPeople> for Directory {
    async fn handle(&self, context: &CallContext, op: &FindPeople) -> Result<People, Error> {
        let value = op.value.trim();
        if value.is_empty() {
            return Ok(People::default());
        }
        let names = &self.settings.attributes;
        let attributes = match op.key {
            PersonKey::UserName => &names.user_name,
            PersonKey::EmployeeNumber => &names.employee_number,
            PersonKey::Email => &names.email,
        };
        if attributes.is_empty() {
            return Ok(People::default());
        }
        let one = attributes.iter().map(|name| Filter::equal(name, value)).collect();
        let mut search = self.people(vec![Filter::Or(one)], self.person_attributes.clone());
        search.size_limit = LOOKED_AT;
        let found = self.ask(context, &search).await.map_err(base_is_missing)?;
        let now = Timestamp::now();
        let mut rows = Vec::new();
        for entry in &found.entries {
            let row = self.row(entry, now)?;
            if has_key(&row, op.key, value) {
                rows.push(row);
            }
        }
        // Cut short with nobody or one: whether the key is nobody's or ambiguous is not known.
        if rows.len() < 2
            && let Some(why) = fault::limit(found.complete, found.entries.len())
        {
            return Err(Error::new(ErrorKind::BackendStatus, why));
        }
        rows.sort_unstable_by_key(|row| row.id);
        rows.truncate(FindPeople::MOST);
        self.records(context, rows.into_iter().map(Cow::Owned).collect()).await.map(People)
    }
}

fn has_key(row: &Row, key: PersonKey, value: &str) -> bool {
    let same = |text: &str| text.to_lowercase() == value.to_lowercase();
    match key {
        PersonKey::UserName => row.profile.user_name.as_deref().is_some_and(same),
        PersonKey::EmployeeNumber => row.profile.employee_number.as_deref() == Some(value),
        PersonKey::Email => row.profile.emails.iter().any(|email| same(&email.value)),
    }
}
