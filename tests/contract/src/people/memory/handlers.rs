//! What the directory in memory answers, apart from lists.

use std::future::Future;

use portico_contract::documents::SourceVersion;
use portico_contract::paging::Position;
use portico_contract::people::{
    ChangesTold, FindPeople, GetOrgUnit, GetPerson, GroupRecord, Groups, GroupsOf, OrgUnitRecord, People,
    PeopleChanges, PersonChange, PersonKey, PersonRecord, Photo, ReadPhoto,
};
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{CallContext, Error, ErrorKind, Handler, NativeId};

use super::super::target::KnownPhoto;
use super::{Defect, Entry, Memory, error, unit_id};

/// Counts a call that is given up, as a client would that leaves the answer on the connection.
struct Given<'a> {
    memory: &'a Memory,
    up: bool,
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        if self.up {
            self.memory.directory.lock().given_up += 1;
        }
    }
}

impl Memory {
    /// Does it after a while, so that a call can be given up.
    pub async fn waiting<T>(&self, doing: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        if self.is(Defect::StaysBusyWhenGivenUp) && std::mem::take(&mut self.directory.lock().given_up) > 0 {
            return Err(error(ErrorKind::ConnectionLost));
        }
        let mut given = Given { memory: self, up: true };
        tokio::task::yield_now().await;
        let done = doing.await;
        given.up = false;
        done
    }

    pub fn everybody(&self) -> Vec<PersonRecord> {
        let directory = self.directory.lock();
        directory.entries.iter().map(|(key, entry)| self.record(&directory, *key, entry)).collect()
    }

    pub fn known(&self, id: &NativeId) -> Option<PersonRecord> {
        self.everybody().into_iter().find(|record| record.id == *id)
    }

    fn entry(&self, id: &NativeId) -> Result<Entry, Error> {
        let directory = self.directory.lock();
        let found = directory.entries.iter().find(|(key, entry)| self.id(**key, entry) == *id);
        found.map(|(_, entry)| entry.clone()).ok_or_else(|| error(ErrorKind::NotFound))
    }

    fn matches(&self, held: &str, asked: &str, ignoring_case: bool) -> bool {
        let fold = |text: &str| match ignoring_case && !self.is(Defect::MindsTheCase) {
            true => text.to_lowercase(),
            false => text.to_owned(),
        };
        let (held, asked) = (fold(held), fold(asked));
        match asked.split_once('*') {
            Some((start, _)) if self.is(Defect::TakesWildcards) => held.starts_with(start),
            _ => held == asked,
        }
    }
}

impl Handler<CheckSystem> for Memory {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        let version = (!self.is(Defect::NamesNoVersion)).then(|| "memory/1".to_owned());
        Ok(CheckReport { version, ..CheckReport::default() })
    }
}

impl Handler<GetPerson> for Memory {
    async fn handle(&self, _: &CallContext, op: &GetPerson) -> Result<PersonRecord, Error> {
        self.directory.lock().last = Some(op.person.clone());
        let get = async {
            let last = self.directory.lock().last.clone().filter(|_| self.is(Defect::MixesUpCalls));
            let asked = last.unwrap_or_else(|| op.person.clone());
            match self.known(&asked) {
                Some(record) => Ok(record),
                None if self.is(Defect::InventsWhoIsNotThere) => Ok(self.everybody().remove(0)),
                None => Err(error(ErrorKind::NotFound)),
            }
        };
        self.waiting(get).await
    }
}

impl Handler<FindPeople> for Memory {
    async fn handle(&self, _: &CallContext, op: &FindPeople) -> Result<People, Error> {
        if self.is(Defect::RefusesOddTexts) && op.value.contains(char::is_control) {
            return Err(error(ErrorKind::InvalidInput));
        }
        let has = |record: &PersonRecord| {
            let profile = &record.profile;
            match op.key {
                PersonKey::UserName => {
                    profile.user_name.as_ref().is_some_and(|held| self.matches(held, &op.value, true))
                }
                PersonKey::EmployeeNumber => {
                    profile.employee_number.as_ref().is_some_and(|held| self.matches(held, &op.value, false))
                }
                PersonKey::Email => {
                    profile.emails.iter().any(|held| self.matches(&held.value, &op.value, true))
                }
            }
        };
        let most = if self.is(Defect::FindsEverybodyWithAKey) { usize::MAX } else { FindPeople::MOST };
        let find = async { Ok(People(self.everybody().into_iter().filter(has).take(most).collect())) };
        self.waiting(find).await
    }
}

impl Handler<ReadPhoto> for Memory {
    async fn handle(&self, _: &CallContext, op: &ReadPhoto) -> Result<Photo, Error> {
        let octets = match self.entry(&op.person)?.person.photo {
            KnownPhoto::Octets(octets) => octets,
            _ if self.is(Defect::EmptyPhotos) => Vec::new(),
            _ => return Err(error(ErrorKind::NotFound)),
        };
        let version = SourceVersion(format!("{octets:02x?}"));
        if op.unless.as_ref() == Some(&version) && !self.is(Defect::PhotosEveryTime) {
            return Ok(Photo::NotModified);
        }
        Ok(Photo::Picture { octets: octets.into(), media_type: "image/jpeg", version })
    }
}

impl Handler<GroupsOf> for Memory {
    async fn handle(&self, _: &CallContext, op: &GroupsOf) -> Result<Groups, Error> {
        let groups = self.entry(&op.person)?.person.groups;
        let direct =
            groups.into_iter().filter(|name| !(self.is(Defect::OnlyDirectGroups) && name == "all staff"));
        let group = |name: String| Some(GroupRecord { id: NativeId::new(&format!("group-{name}"))?, name });
        Ok(Groups(direct.filter_map(group).collect()))
    }
}

impl Handler<GetOrgUnit> for Memory {
    async fn handle(&self, _: &CallContext, op: &GetOrgUnit) -> Result<OrgUnitRecord, Error> {
        let found = self.units.iter().find(|(name, _)| unit_id(name) == op.unit);
        let unit = found.map(|(name, parent)| self.unit(name, parent.as_deref()));
        unit.ok_or_else(|| error(ErrorKind::NotFound))
    }
}

impl Handler<PeopleChanges> for Memory {
    async fn handle(&self, _: &CallContext, op: &PeopleChanges) -> Result<ChangesTold, Error> {
        let tell = async {
            let (steps, next) = self.changed(op.since.as_ref());
            for batch in steps.chunks(7) {
                if op.into.send(batch.to_vec()).await.is_err() && !self.is(Defect::TalksToNobody) {
                    return Err(error(ErrorKind::Cancelled));
                }
            }
            Ok(ChangesTold { next })
        };
        self.waiting(tell).await
    }
}

impl Memory {
    fn changed(&self, since: Option<&Position>) -> (Vec<PersonChange>, Option<Position>) {
        let since = since.and_then(|since| since.as_str().parse::<u64>().ok());
        let since = since.filter(|_| !self.is(Defect::TellsEverybodyAgain));
        let directory = self.directory.lock();
        let whole = since.is_none() && !self.is(Defect::TellsOnlyADelta);
        let mut steps = vec![PersonChange::Begin { whole }];
        for (key, entry) in &directory.entries {
            // A person's key is the time of their coming.
            let at = if self.is(Defect::MissesEdits) { *key } else { entry.changed };
            if since.is_none_or(|since| at > since) {
                steps.push(PersonChange::Put(Box::new(self.record(&directory, *key, entry))));
            }
        }
        for (key, at) in &directory.deleted {
            if since.is_some_and(|since| *at > since) && !self.is(Defect::ForgetsDeletes) {
                steps.extend(NativeId::new(&format!("key-{key}")).map(PersonChange::Gone));
            }
        }
        (steps, Position::new(directory.clock.to_string()))
    }
}
