//! Employees, for linking them to the directory of record: by key, and what changed.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use portico_contract::documents::SourceVersion;
use portico_contract::paging::Position;
use portico_contract::people::{
    ChangesTold, FindPeople, People, PeopleChanges, PersonChange, PersonKey, PersonRecord,
};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_schemas::{ContactType, Email, PersonName, PersonProfile, PhoneNumber};
use portico_wire::rpc::Value;
use serde::Deserialize;

use crate::client::{Call, Odoo};
use crate::domain::{Domain, id_list, stamp};
use crate::links::{native, person};
use crate::map;
use crate::ops::lookups;
use crate::wire::{Employee, Maybe, User};

/// Rows of one batch.
const AT_A_TIME: usize = 500;
/// Seconds that are read again: `write_date` is when a transaction began, and Odoo ends one after two minutes.
const OVERLAP: i64 = 180;
/// Seconds after which everybody is told again, because nothing tells that an employee was deleted.
const WHOLE_AFTER: i64 = 24 * 60 * 60;

impl Handler<FindPeople> for Odoo {
    async fn handle(&self, context: &CallContext, op: &FindPeople) -> Result<People, Error> {
        let value = op.value.trim();
        if value.is_empty() {
            return Ok(People::default());
        }
        // Odoo takes `%`, `_` and a backslash for wild cards where it compares without case: the rows decide.
        let pattern: String = value.chars().map(|c| if c == '\\' { '_' } else { c }).collect();
        let domain = match (op.key, &self.settings.employee_number_field) {
            (PersonKey::Email, _) => Domain::all().and("work_email", "=ilike", pattern),
            (PersonKey::UserName, _) => Domain::all().and("user_id.login", "=ilike", pattern),
            (PersonKey::EmployeeNumber, Some(_)) => self.by_number(context, value).await?,
            (PersonKey::EmployeeNumber, None) => return Ok(People::default()),
        };
        let call = Call::search(Employee::MODEL, Employee::FIELDS, domain).with_archived();
        let rows: Vec<Employee> = self.ask(context, call.page(50, "id")).await?;
        let mut found = self.records(context, rows).await?;
        let same = |text: &str| text.to_lowercase() == value.to_lowercase();
        found.retain(|record| match op.key {
            PersonKey::UserName => record.profile.user_name.as_deref().is_some_and(same),
            PersonKey::EmployeeNumber => record.profile.employee_number.as_deref() == Some(value),
            PersonKey::Email => record.profile.emails.iter().any(|email| same(&email.value)),
        });
        found.truncate(FindPeople::MOST);
        Ok(People(found))
    }
}

impl Handler<PeopleChanges> for Odoo {
    async fn handle(&self, context: &CallContext, op: &PeopleChanges) -> Result<ChangesTold, Error> {
        let now = Timestamp::now().as_second();
        let since = op.since.as_ref().and_then(|position| Since::parse(position.as_str()));
        let since = since.filter(|since| (0..WHOLE_AFTER).contains(&(now - since.whole_at)));
        let told = Told { into: &op.into };
        told.tell(vec![PersonChange::Begin { whole: since.is_none() }]).await?;
        let mut last = since.map_or(i64::MIN, |since| since.written);
        let mut after = 0_i64;
        loop {
            // By id, so that whoever is changed meanwhile is neither lost nor told for ever.
            let mut domain = Domain::all().and("id", ">", after);
            if let Some(since) = &since {
                domain = domain.and("write_date", ">=", stamp(since.written - OVERLAP));
            }
            let call =
                Call::search(Employee::MODEL, Employee::FIELDS, domain).with_archived().page(AT_A_TIME, "id");
            let rows: Vec<Employee> = self.ask(context, call).await?;
            let full = rows.len() >= AT_A_TIME;
            after = rows.last().map_or(after, |row| row.id);
            last = rows.iter().map(|row| row.write_date.0.as_second()).fold(last, i64::max);
            let records = self.records(context, rows).await?;
            told.tell(records.into_iter().map(|record| PersonChange::Put(Box::new(record))).collect())
                .await?;
            if !full {
                break;
            }
        }
        let next = Since { written: last.max(0), whole_at: since.map_or(now, |since| since.whole_at) };
        Ok(ChangesTold { next: next.position() })
    }
}

/// A position: the last second that was told, on Odoo's clock, and when everybody was told last, on ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Since {
    written: i64,
    whole_at: i64,
}

impl Since {
    fn parse(text: &str) -> Option<Self> {
        let (written, whole_at) = text.strip_prefix("employees:")?.split_once(':')?;
        let written: i64 = written.parse().ok().filter(|second| (0..253_402_300_799).contains(second))?;
        Some(Self { written, whole_at: whole_at.parse().ok()? })
    }

    fn position(self) -> Option<Position> {
        Position::new(format!("employees:{}:{}", self.written, self.whole_at))
    }
}

struct Told<'a> {
    into: &'a tokio::sync::mpsc::Sender<Vec<PersonChange>>,
}

impl Told<'_> {
    async fn tell(&self, steps: Vec<PersonChange>) -> Result<(), Error> {
        if steps.is_empty() {
            return Ok(());
        }
        let gone = || Error::new(ErrorKind::Cancelled, "Nobody wants to know what changed any more.");
        self.into.send(steps).await.map_err(|_| gone())
    }
}

impl Odoo {
    /// The employees with this number: its field is configured, so its name is not fixed.
    async fn by_number(&self, context: &CallContext, value: &str) -> Result<Domain, Error> {
        let Some(field) = &self.settings.employee_number_field else { return Ok(Domain::nothing()) };
        let leaf = Value::Array(vec![field.clone().into(), "=".into(), value.to_owned().into()]);
        let call = Call::read(Employee::MODEL, "search").argument(Value::Array(vec![leaf])).with_archived();
        let ids: Vec<i64> = self.ask(context, call.page(50, "id")).await?;
        Ok(Domain::all().and("id", "in", id_list(&ids)))
    }

    /// What people sign in with, by user.
    async fn logins(
        &self,
        context: &CallContext,
        users: BTreeSet<i64>,
    ) -> Result<HashMap<i64, String>, Error> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let users: Vec<i64> = users.into_iter().collect();
        let call = Call::search(User::MODEL, User::FIELDS, Domain::all().and("id", "in", id_list(&users)));
        let found: Vec<User> = self.ask(context, call.with_archived()).await?;
        Ok(found.into_iter().map(|user| (user.id, user.login)).collect())
    }

    /// Personnel numbers by employee, where a field is configured.
    async fn numbers(&self, context: &CallContext, employees: &[i64]) -> Result<HashMap<i64, String>, Error> {
        let Some(field) = &self.settings.employee_number_field else { return Ok(HashMap::new()) };
        if employees.is_empty() {
            return Ok(HashMap::new());
        }
        let call = Call::read(Employee::MODEL, "read")
            .argument(id_list(employees))
            .keyword("fields", Value::list([field.clone()]));
        let found: Vec<Numbered> = self.ask(context, call).await?;
        Ok(found.into_iter().filter_map(|row| Some((row.id, row.number?))).collect())
    }

    async fn records(&self, context: &CallContext, rows: Vec<Employee>) -> Result<Vec<PersonRecord>, Error> {
        let users = rows.iter().filter_map(|row| Some(row.user_id.0.as_ref()?.0)).collect();
        let logins = self.logins(context, users).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let numbers = self.numbers(context, &ids).await?;
        Ok(rows.into_iter().map(|row| self.person_record(&row, &logins, &numbers)).collect())
    }

    fn person_record(
        &self,
        row: &Employee,
        logins: &HashMap<i64, String>,
        numbers: &HashMap<i64, String>,
    ) -> PersonRecord {
        let name = map::text(&row.name);
        let display = name.clone().unwrap_or_else(|| "No name".to_owned());
        let itself = crate::wire::Maybe(Some(crate::wire::Link::named(row.id, &display)));
        let user_name = row.user_id.0.as_ref().and_then(|user| logins.get(&user.0)).cloned();
        let email =
            map::text(&row.work_email).map(|value| Email { value, kind: ContactType::Work, primary: true });
        let phone = map::text(&row.work_phone).map(|value| PhoneNumber { value, kind: ContactType::Work });
        PersonRecord {
            id: native(row.id),
            version: Some(SourceVersion(row.write_date.0.as_second().to_string())),
            created_at: lookups::stamp(&row.create_date),
            updated_at: Some(row.write_date.0),
            profile: PersonProfile {
                user_name,
                display_name: display,
                name: PersonName { formatted: name, given_name: None, family_name: None },
                title: map::text(&row.job_title),
                active: row.active,
                emails: email.into_iter().collect(),
                phone_numbers: phone.into_iter().collect(),
                addresses: Vec::new(),
                employee_number: numbers.get(&row.id).cloned(),
                cost_center: None,
                organization: None,
                division: None,
                department: row.department_id.0.as_ref().map(crate::wire::Link::display),
                office: None,
                preferred_language: None,
                timezone: None,
            },
            native_status: (!row.active).then(|| "archived".to_owned()),
            has_photo: false,
            manager: row.parent_id.0.as_ref().filter(|manager| manager.0 != row.id).map(person),
            org_unit: None,
            facts: self.facts(&itself.0, &row.department_id.0),
        }
    }
}

/// A record with one field more than its id, whatever that is called.
struct Numbered {
    id: i64,
    number: Option<String>,
}

impl<'de> Deserialize<'de> for Numbered {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Numbered;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Numbered, A::Error> {
                let (mut id, mut number) = (None, None);
                while let Some(name) = map.next_key::<String>()? {
                    if name == "id" {
                        id = Some(map.next_value()?);
                    } else {
                        number = map.next_value::<Maybe<String>>()?.0;
                    }
                }
                let id = id.ok_or_else(|| serde::de::Error::missing_field("id"))?;
                Ok(Numbered { id, number: number.filter(|text| !text.trim().is_empty()) })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_as_they_were() {
        let since = Since { written: 1_795_351_284, whole_at: 1_795_351_000 };
        assert_eq!(Since::parse(since.position().expect("short").as_str()), Some(since));
        for garbage in
            ["", "employees:1", "employees:a:b", "employees:-1:2", "employees:99999999999999:1", "usn:1:2"]
        {
            assert_eq!(Since::parse(garbage), None, "{garbage}");
        }
    }
}
