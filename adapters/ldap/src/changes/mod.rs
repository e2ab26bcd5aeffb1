//! What changed since a position.
//!
//! | Directory | How | Position |
//! |---|---|---|
//! | OpenLDAP with content sync | RFC 4533, refresh only | the cookie |
//! | Active Directory, account may replicate | DirSync | the cookie |
//! | Active Directory, account may see deleted entries | uSNChanged on one domain controller | the controller and its count |
//! | anything else | everything, each time | none |
//!
//! Everything is always told by paging: a full content sync is subject to the limit of entries, and ends in error 4 without
//! a cookie. The position is taken *before*: what changes meanwhile is told twice rather than not at all.

mod active_directory;
pub(crate) mod cookie;
mod everything;
mod openldap;

use std::borrow::Cow;
use std::collections::HashSet;

use portico_contract::paging::Position;
use portico_contract::people::{ChangesTold, PeopleChanges, PersonChange};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use tokio::sync::mpsc;

use crate::directory::{Directory, IDS_AT_A_TIME};
use crate::id::Id;
use crate::settings::Dialect;
use cookie::Since;

/// Changes told one by one; for more everything is read again, which costs less.
const MOST_CHANGES: u32 = 5_000;

impl Handler<PeopleChanges> for Directory {
    async fn handle(&self, context: &CallContext, op: &PeopleChanges) -> Result<ChangesTold, Error> {
        let teller = Teller { into: &op.into };
        // A position of another kind, or of another directory, is no position.
        let since = op.since.as_ref().and_then(|position| Since::parse(position.as_str()));
        if let Some(since) = &since
            && let Some(next) = Box::pin(self.since(context, since, &teller)).await?
        {
            return Ok(ChangesTold { next: Some(next) });
        }
        let next = Box::pin(self.position(context)).await?;
        Box::pin(self.tell_everything(context, &teller)).await?;
        Ok(ChangesTold { next })
    }
}

impl Directory {
    /// Tells what changed. `None` when only everything will do.
    async fn since(
        &self,
        context: &CallContext,
        since: &Since,
        teller: &Teller<'_>,
    ) -> Result<Option<Position>, Error> {
        match (self.dialect(), since) {
            (Dialect::OpenLdap, Since::Sync(cookie)) => self.synced(context, cookie, teller).await,
            (Dialect::ActiveDirectory, Since::DirSync(cookie)) => {
                self.dir_synced(context, cookie, teller).await
            }
            (Dialect::ActiveDirectory, Since::Usn { server, usn }) => {
                self.counted(context, server, *usn, teller).await
            }
            _ => Ok(None),
        }
    }

    /// Where the directory's changes are now; `None` where it tells nobody, or not us.
    pub(crate) async fn position(&self, context: &CallContext) -> Result<Option<Position>, Error> {
        let now = match self.dialect() {
            Dialect::OpenLdap => self.sync_position(context).await?,
            Dialect::ActiveDirectory => self.change_position(context).await?,
        };
        Ok(now.and_then(|since| since.position()))
    }

    /// Tells of these people: as they are now, or that they are gone.
    async fn tell_of(
        &self,
        context: &CallContext,
        changed: &HashSet<Id>,
        teller: &Teller<'_>,
    ) -> Result<(), Error> {
        let changed: Vec<Id> = changed.iter().copied().collect();
        for some in changed.chunks(IDS_AT_A_TIME) {
            let mut rows = self.by_ids(context, some).await?;
            let gone =
                some.iter().filter(|id| !rows.contains_key(id)).map(|id| PersonChange::Gone(id.native()));
            let mut steps: Vec<PersonChange> = gone.collect();
            let rows = some.iter().filter_map(|id| rows.remove(id)).map(Cow::Owned).collect();
            let records = self.records(context, rows).await?;
            steps.extend(records.into_iter().map(|record| PersonChange::Put(Box::new(record))));
            teller.tell(steps).await?;
        }
        Ok(())
    }
}

/// Who listens.
struct Teller<'a> {
    into: &'a mpsc::Sender<Vec<PersonChange>>,
}

impl Teller<'_> {
    /// Steps at a time.
    const AT_A_TIME: usize = 1_000;

    async fn begin(&self, whole: bool) -> Result<(), Error> {
        self.tell(vec![PersonChange::Begin { whole }]).await
    }

    async fn tell(&self, steps: Vec<PersonChange>) -> Result<(), Error> {
        let mut steps = steps.into_iter().peekable();
        while steps.peek().is_some() {
            let batch: Vec<_> = steps.by_ref().take(Self::AT_A_TIME).collect();
            let gone = || Error::new(ErrorKind::Cancelled, "Nobody wants to know what changed any more.");
            self.into.send(batch).await.map_err(|_| gone())?;
        }
        Ok(())
    }
}
