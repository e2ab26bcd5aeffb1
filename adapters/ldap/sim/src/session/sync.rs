//! Content synchronisation (RFC 4533), as OpenLDAP's syncprov does it.

use jiff::Timestamp;
use ldap3_proto::LdapResultCode;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapIntermediateResponse, LdapOp, LdapResult, SyncRequestMode};
use uuid::Uuid;

use super::refusal;
use super::render::Dressing;
use super::search::{Asked, Outcome};
use crate::directory::Directory;
use crate::entry::State;
use crate::time;

/// UUIDs in one message.
const SET: usize = 256;

/// What the client knows.
enum Cookie {
    Nothing,
    /// It has everything up to here.
    Until(Timestamp),
    /// Something that we never gave. It gets everything, and no cookie.
    Garbage,
}

impl Cookie {
    fn read(cookie: Option<&[u8]>) -> Self {
        let cookie = cookie.unwrap_or_default();
        if cookie.is_empty() {
            return Self::Nothing;
        }
        let text = std::str::from_utf8(cookie).unwrap_or_default();
        let csn = text.split(',').find_map(|part| part.strip_prefix("csn="));
        csn.and_then(time::parse_csn).map_or(Self::Garbage, Self::Until)
    }
}

fn cookie(at: Timestamp) -> String {
    format!("rid=000,csn={}", time::csn(at))
}

fn set(cookie: Option<String>, refresh_deletes: bool, syncuuids: Vec<Uuid>) -> LdapOp {
    let cookie = cookie.map(String::into_bytes);
    let set = LdapIntermediateResponse::SyncInfoIdSet { cookie, refresh_deletes, syncuuids };
    LdapOp::IntermediateResponse(set)
}

/// Answers a search with a sync request control, at most `limit` entries.
pub(super) fn refresh(
    outcome: &mut Outcome,
    asked: &Asked<'_>,
    control: &LdapControl,
    directory: &Directory,
    limit: usize,
) -> Result<(), LdapResult> {
    let LdapControl::SyncRequest { mode, cookie: known, .. } = control else { return Ok(()) };
    if *mode != SyncRequestMode::RefreshOnly {
        let message = "this simulator offers refreshOnly";
        return Err(refusal(LdapResultCode::UnwillingToPerform, message));
    }
    outcome.look.dressing = Dressing::Sync;
    let most = limit.saturating_add(1);
    let mut refresh_deletes = true;
    let mut next = cookie(directory.last());
    match Cookie::read(known.as_deref()) {
        Cookie::Nothing => outcome.found = asked.find(directory, 0, most),
        Cookie::Garbage => {
            next.clear();
            outcome.found = asked.find(directory, 0, most);
        }
        Cookie::Until(at) => {
            let all = asked.find(directory, 0, usize::MAX);
            let (changed, same): (Vec<u32>, Vec<u32>) =
                all.into_iter().partition(|id| directory.entry(*id).changed > at);
            outcome.found = changed;
            outcome.found.truncate(most);
            match directory.deleted_after(at) {
                Some(deleted) => {
                    let mut gone: Vec<Uuid> = deleted.iter().map(|(_, uuid)| *uuid).collect();
                    gone.extend(left(asked, directory, at));
                    // Where only changed entries left the result, the set stands at their change.
                    let last = deleted.last().map_or(directory.last(), |(last, _)| *last);
                    for uuids in gone.chunks(SET) {
                        let at = format!("{},delcsn={}", cookie(at), time::csn(last));
                        outcome.before.push(set(Some(at), true, uuids.to_vec()));
                    }
                }
                // Deletions are not known any more: the client works them out from what is present.
                None => {
                    refresh_deletes = false;
                    for ids in same.chunks(SET) {
                        let uuids = ids.iter().map(|id| directory.entry(*id).uuid).collect();
                        outcome.before.push(set(None, false, uuids));
                    }
                }
            }
        }
    }
    if outcome.found.len() > limit {
        outcome.found.truncate(limit);
        return Err(refusal(LdapResultCode::SizeLimitExceeded, ""));
    }
    outcome.controls.push(LdapControl::SyncDone { cookie: Some(next.into_bytes()), refresh_deletes });
    Ok(())
}

/// Entries that changed and are not what the client asks for (any more).
fn left(asked: &Asked<'_>, directory: &Directory, at: Timestamp) -> Vec<Uuid> {
    let changed = (0..directory.end()).filter(|id| {
        let entry = directory.entry(*id);
        entry.state == State::Live && entry.changed > at && entry.created <= at
    });
    let left = changed.filter(|id| !asked.matches(directory, *id));
    left.map(|id| directory.entry(id).uuid).collect()
}
