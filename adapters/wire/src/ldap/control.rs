//! Controls: what is sent with a search, and what comes back with its result.

use ldap3::controls::{Control, RawControl};

use super::ber::{self, BOOLEAN, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, SET};
use super::entry::{DirSyncDone, IdSet, SyncDone, SyncEntry, SyncState, Uuid};
use super::search::{DirSync, Page, Search, SortKey, SyncRequest};

const PAGED: &str = "1.2.840.113556.1.4.319";
const SORT: &str = "1.2.840.113556.1.4.473";
const SYNC_REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";
const SYNC_STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const SYNC_DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const SYNC_INFO: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.4";
const DIR_SYNC: &str = "1.2.840.113556.1.4.841";
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";
const EXTENDED_DN: &str = "1.2.840.113556.1.4.529";
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";

/// The controls of a request. All but the last are critical: without them the answer would mean something else.
pub(super) fn of_request(search: &Search) -> Vec<RawControl> {
    let mut controls = Vec::new();
    let mut add = |oid: &str, crit: bool, val: Option<Vec<u8>>| {
        controls.push(RawControl { ctype: oid.to_owned(), crit, val });
    };
    if let Some(page) = &search.page {
        add(PAGED, true, Some(paged(page)));
    }
    if !search.sort.is_empty() {
        add(SORT, true, Some(sort(&search.sort)));
    }
    if let Some(sync) = &search.sync {
        add(SYNC_REQUEST, true, Some(sync_request(sync)));
    }
    if let Some(dir_sync) = &search.dir_sync {
        add(DIR_SYNC, true, Some(dir_sync_request(dir_sync)));
    }
    if search.show_deleted {
        add(SHOW_DELETED, true, None);
    }
    if search.extended_dn {
        // 1: as text.
        add(EXTENDED_DN, true, Some(ber::element(SEQUENCE, &ber::number(INTEGER, 1))));
    }
    if search.domain_scope {
        add(DOMAIN_SCOPE, false, None);
    }
    controls
}

fn paged(page: &Page) -> Vec<u8> {
    let size = i64::from(page.size.min(i32::MAX.unsigned_abs()));
    let content = [ber::number(INTEGER, size), ber::element(OCTETS, &page.cookie)].concat();
    ber::element(SEQUENCE, &content)
}

fn sort(keys: &[SortKey]) -> Vec<u8> {
    let mut content = Vec::new();
    for key in keys {
        let mut one = ber::element(OCTETS, key.attribute.as_str().as_bytes());
        if let Some(rule) = &key.rule {
            one.extend(ber::element(0x80, rule.as_str().as_bytes()));
        }
        if key.reverse {
            one.extend(ber::element(0x81, &[0xff]));
        }
        content.extend(ber::element(SEQUENCE, &one));
    }
    ber::element(SEQUENCE, &content)
}

fn sync_request(sync: &SyncRequest) -> Vec<u8> {
    // 1: refreshOnly.
    let mut content = ber::number(ENUMERATED, 1);
    if let Some(cookie) = &sync.cookie {
        content.extend(ber::element(OCTETS, cookie));
    }
    if sync.reload_hint {
        content.extend(ber::element(BOOLEAN, &[0xff]));
    }
    ber::element(SEQUENCE, &content)
}

fn dir_sync_request(request: &DirSync) -> Vec<u8> {
    // The flags are a signed number of 32 bits, of which the highest is in use.
    let flags = i64::from(request.flags.cast_signed());
    let octets = i64::from(request.max_octets.min(i32::MAX.unsigned_abs()));
    let content =
        [ber::number(INTEGER, flags), ber::number(INTEGER, octets), ber::element(OCTETS, &request.cookie)]
            .concat();
    ber::element(SEQUENCE, &content)
}

/// What came back with the result of a search.
#[derive(Debug, Default)]
pub(super) struct Returned {
    pub(super) page_cookie: Option<Vec<u8>>,
    pub(super) estimate: Option<u32>,
    pub(super) sync: Option<(Option<Vec<u8>>, bool)>,
    pub(super) dir_sync: Option<DirSyncDone>,
}

fn value<'a>(controls: &'a [Control], oid: &str) -> Option<Option<&'a [u8]>> {
    let found = controls.iter().find(|control| control.1.ctype == oid)?;
    Some(found.1.val.as_deref())
}

/// Reads the controls of a result; `None` when one of them is malformed.
pub(super) fn of_result(controls: &[Control]) -> Option<Returned> {
    let mut returned = Returned::default();
    if let Some(value) = value(controls, PAGED) {
        let mut outer = Reader(value?);
        let mut inside = Reader(outer.expect(SEQUENCE)?);
        returned.estimate = u32::try_from(inside.number(INTEGER)?).ok();
        let cookie = inside.expect(OCTETS)?;
        returned.page_cookie = (!cookie.is_empty()).then(|| cookie.to_vec());
    }
    if let Some(value) = value(controls, SYNC_DONE) {
        let mut outer = Reader(value?);
        let mut inside = Reader(outer.expect(SEQUENCE)?);
        let cookie = inside.optional(OCTETS).map(<[u8]>::to_vec);
        let refresh_deletes = flag(&mut inside, false)?;
        returned.sync = Some((cookie, refresh_deletes));
    }
    if let Some(value) = value(controls, DIR_SYNC) {
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
pub(super) fn of_entry(controls: &[Control]) -> Option<Option<SyncEntry>> {
    let Some(value) = value(controls, SYNC_STATE) else { return Some(None) };
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
pub(super) fn sync_info(name: Option<&[u8]>, value: Option<&[u8]>, sync: &mut SyncDone) -> Option<()> {
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
