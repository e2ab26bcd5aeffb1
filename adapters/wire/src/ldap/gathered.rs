//! What came of a search so far.

use portico_contract::Error;

use super::connection::Failure;
use super::entry::{Entry, SearchResult, SyncDone};
use super::frame::Violation;
use super::message::{Answer, Controls, Outcome};
use super::{control, fault};

#[derive(Default)]
pub(super) struct Gathered {
    entries: Vec<Entry>,
    referrals: Vec<String>,
    /// Messages that brought one or the other.
    brought: usize,
    sync: SyncDone,
}

impl Gathered {
    /// Takes a message that is not the last one.
    pub(super) fn take(
        &mut self,
        answer: Answer<'_>,
        controls: Controls<'_>,
        max_entries: usize,
    ) -> Result<(), Failure> {
        match answer {
            Answer::Entry(mut entry) => {
                entry.sync = control::of_entry(controls).ok_or_else(|| malformed("a control"))?;
                self.entries.push(entry);
                self.count(max_entries)
            }
            Answer::Reference(uris) => {
                self.referrals.extend(uris.into_iter().map(str::to_owned));
                self.count(max_entries)
            }
            Answer::Intermediate { name, value } => control::sync_info(name, value, &mut self.sync)
                .ok_or_else(|| malformed("a message of its synchronisation")),
            _ => Err(Violation::Unexpected.into()),
        }
    }

    /// The entries so far, taken out.
    pub(super) fn take_entries(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    fn count(&mut self, max_entries: usize) -> Result<(), Failure> {
        self.brought += 1;
        if self.brought > max_entries { Err(Violation::Entries(max_entries).into()) } else { Ok(()) }
    }

    /// The whole result, with the last message.
    pub(super) fn finish(self, outcome: Outcome<'_>, controls: Controls<'_>) -> Result<SearchResult, Error> {
        let complete = fault::of_search(outcome.code, outcome.text)?;
        let returned = control::of_result(controls).ok_or_else(|| fault::malformed("a control"))?;
        let sync = returned.sync.map(|(cookie, refresh_deletes)| {
            let cookie = cookie.or(self.sync.cookie);
            SyncDone { cookie, refresh_deletes, ..self.sync }
        });
        Ok(SearchResult {
            entries: self.entries,
            referrals: self.referrals,
            page_cookie: returned.page_cookie,
            estimate: returned.estimate,
            complete,
            sync,
            dir_sync: returned.dir_sync,
        })
    }
}

fn malformed(what: &'static str) -> Failure {
    Failure::Answer(fault::malformed(what))
}
