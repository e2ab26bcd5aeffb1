//! Controls: what is sent with a search, and what comes back with its result.

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, SET, Writer};
use super::entry::{DirSyncDone, IdSet, SyncDone, SyncEntry, SyncState, Uuid};
use super::message::Controls;
use super::search::{DirSync, Page, Search, SortKey, SyncRequest};

const PAGED: &str = "1.2.840.113556.1.4.319";
const SORT: &str = "1.2.840.113556.1.4.473";
const SYNC_REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";
const SYNC_STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const SYNC_DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const SYNC_INFO: &str = "1.3.6.1.4.1.4203.1.9.1.4";
const DIR_SYNC: &str = "1.2.840.113556.1.4.841";
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";
const EXTENDED_DN: &str = "1.2.840.113556.1.4.529";
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";

/// Writes the controls of a request. All but the last are critical: without them the answer would mean something else.
pub(super) fn write(search: &Search, to: &mut Writer) {
    if let Some(page) = &search.page {
        add(to, PAGED, |value| paged(page, value));
    }
    if !search.sort.is_empty() {
        add(to, SORT, |value| search.sort.iter().for_each(|key| sort(key, value)));
    }
    if let Some(request) = &search.sync {
        add(to, SYNC_REQUEST, |value| sync(request, value));
    }
    if let Some(request) = &search.dir_sync {
        add(to, DIR_SYNC, |value| dir_sync(request, value));
    }
    if search.show_deleted {
        to.nested(SEQUENCE, |control| name(SHOW_DELETED, true, control));
    }
    if search.extended_dn {
        // 1: as text.
        add(to, EXTENDED_DN, |value| value.number(INTEGER, 1));
    }
    if search.domain_scope {
        to.nested(SEQUENCE, |control| name(DOMAIN_SCOPE, false, control));
    }
}

/// A critical control, whose value is a sequence of what `inside` writes.
fn add(to: &mut Writer, oid: &str, inside: impl FnOnce(&mut Writer)) {
    to.nested(SEQUENCE, |control| {
        name(oid, true, control);
        control.nested(OCTETS, |value| value.nested(SEQUENCE, inside));
    });
}

fn name(oid: &str, critical: bool, control: &mut Writer) {
    control.octets(OCTETS, oid.as_bytes());
    control.flag(BOOLEAN, critical);
}

fn paged(page: &Page, to: &mut Writer) {
    to.number(INTEGER, i64::from(page.size.min(i32::MAX.unsigned_abs())));
    to.octets(OCTETS, &page.cookie);
}

fn sort(key: &SortKey, to: &mut Writer) {
    to.nested(SEQUENCE, |one| {
        one.octets(OCTETS, key.attribute.as_str().as_bytes());
        if let Some(rule) = &key.rule {
            one.octets(0x80, rule.as_str().as_bytes());
        }
        if key.reverse {
            one.flag(0x81, true);
        }
    });
}

fn sync(request: &SyncRequest, to: &mut Writer) {
    // 1: refreshOnly.
    to.number(ENUMERATED, 1);
    if let Some(cookie) = &request.cookie {
        to.octets(OCTETS, cookie);
    }
    if request.reload_hint {
        to.flag(BOOLEAN, true);
    }
}

fn dir_sync(request: &DirSync, to: &mut Writer) {
    // The flags are a signed number of 32 bits, of which the highest is in use.
    to.number(INTEGER, i64::from(request.flags.cast_signed()));
    to.number(INTEGER, i64::from(request.max_octets.min(i32::MAX.unsigned_abs())));
    to.octets(OCTETS, &request.cookie);
}

/// What came back with the result of a search.
#[derive(Debug, Default)]
pub(super) struct Returned {
    pub(super) page_cookie: Option<Vec<u8>>,
    pub(super) estimate: Option<u32>,
    pub(super) sync: Option<(Option<Vec<u8>>, bool)>,
    pub(super) dir_sync: Option<DirSyncDone>,
}

/// Reads the controls of a result; `None` when one of them is malformed.
pub(super) fn of_result(controls: Controls<'_>) -> Option<Returned> {
    let mut returned = Returned::default();
    if let Some(value) = controls.value(PAGED) {
        let mut outer = Reader(value?);
        let mut inside = Reader(outer.expect(SEQUENCE)?);
        returned.estimate = u32::try_from(inside.number(INTEGER)?).ok();
        let cookie = inside.expect(OCTETS)?;
        returned.page_cookie = (!cookie.is_empty()).then(|| cookie.to_vec());
    }
    if let Some(value) = controls.value(SYNC_DONE) {
        let mut outer = Reader(value?);
        let mut inside = Reader(outer.expect(SEQUENCE)?);
        let cookie = inside.optional(OCTETS).map(<[u8]>::to_vec);
        let refresh_deletes = flag(&mut inside, false)?;
        returned.sync = Some((cookie, refresh_deletes));
    }
    if let Some(value) = controls.value(DIR_SYNC) {
        let mut outer = Reader(value?);
        let mut inside = Reader(outer.expect(SEQUENCE)?);
        let more = inside.number(INTEGER)? != 0;
        inside.number(INTEGER)?;
        returned.dir_sync = Some(DirSyncDone { more, cookie: inside.expect(OCTETS)?.to_vec() });
    }
    Some(returned)
}

/// A flag with a default value.
fn flag(reader: &mut Reader<'_>, otherwise: bool) -> Option<bool> {
    match reader.optional(BOOLEAN) {
        None => Some(otherwise),
        Some(content) => Some(*content.first()? != 0),
    }
}

/// The state of an entry in a content synchronisation. `Some(None)` when there is none, `None` when it is malformed.
pub(super) fn of_entry(controls: Controls<'_>) -> Option<Option<SyncEntry>> {
    let Some(value) = controls.value(SYNC_STATE) else { return Some(None) };
    let mut outer = Reader(value?);
    let mut inside = Reader(outer.expect(SEQUENCE)?);
    let state = match inside.number(ENUMERATED)? {
        0 => SyncState::Present,
        1 => SyncState::Add,
        2 => SyncState::Modify,
        3 => SyncState::Delete,
        _ => return None,
    };
    let uuid = Uuid::try_from(inside.expect(OCTETS)?).ok()?;
    Some(Some(SyncEntry { state, uuid }))
}

/// Takes an intermediate answer of a content synchronisation into account (RFC 4533, section 2.5). Others are ignored;
/// `None` when it is malformed.
pub(super) fn sync_info(name: Option<&str>, value: Option<&[u8]>, sync: &mut SyncDone) -> Option<()> {
    if name != Some(SYNC_INFO) {
        return Some(());
    }
    let (tag, content) = Reader(value?).any()?;
    let mut inside = Reader(content);
    let mut new_cookie = |cookie: Option<&[u8]>| {
        if let Some(cookie) = cookie {
            sync.cookie = Some(cookie.to_vec());
        }
    };
    match tag {
        0x80 => new_cookie(Some(content)),
        // refreshDelete.
        0xa1 => new_cookie(inside.optional(OCTETS)),
        // refreshPresent.
        0xa2 => {
            new_cookie(inside.optional(OCTETS));
            sync.present_phase = true;
        }
        0xa3 => {
            new_cookie(inside.optional(OCTETS));
            let deletes = flag(&mut inside, false)?;
            let ids = uuids(inside.expect(SET)?)?;
            sync.id_sets.push(if deletes { IdSet::Deleted(ids) } else { IdSet::Present(ids) });
        }
        _ => return None,
    }
    Some(())
}

fn uuids(content: &[u8]) -> Option<Vec<Uuid>> {
    let mut reader = Reader(content);
    let mut ids = Vec::with_capacity(content.len() / 18);
    while !reader.is_done() {
        ids.push(Uuid::try_from(reader.expect(OCTETS)?).ok()?);
    }
    Some(ids)
}

#[cfg(test)]
mod tests;
