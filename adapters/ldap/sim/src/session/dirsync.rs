//! What changed since, as Active Directory tells it (MS-ADTS, section 3.1.1.3.4.1.3).

use ldap3_proto::LdapResultCode;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::LdapResult;

use super::refusal;
use super::render::Dressing;
use super::search::{Asked, Outcome};
use crate::directory::Directory;

/// LDAP_DIRSYNC_OBJECT_SECURITY: show what the client may see, instead of asking for the right to replicate.
const OBJECT_SECURITY: i64 = 1;
/// Octets of a cookie, as recorded.
const COOKIE: usize = 108;
const MAGIC: &[u8; 4] = b"MSDS";

/// Where a client stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Position {
    /// Attributes that changed after this are told.
    since: u64,
    /// Entries that changed after this are left. Beyond `since` in the middle of a long answer.
    at: u64,
}

impl Position {
    fn read(cookie: &[u8]) -> Option<Self> {
        if cookie.is_empty() {
            return Some(Self::default());
        }
        if cookie.len() != COOKIE || !cookie.starts_with(MAGIC) {
            return None;
        }
        let number = |at: usize| Some(u64::from_le_bytes(cookie.get(at..at + 8)?.try_into().ok()?));
        Some(Self { since: number(24)?, at: number(32)? })
    }

    fn write(self) -> Vec<u8> {
        let mut cookie = vec![0; COOKIE];
        cookie[..4].copy_from_slice(MAGIC);
        cookie[4] = 3;
        cookie[24..32].copy_from_slice(&self.since.to_le_bytes());
        cookie[32..40].copy_from_slice(&self.at.to_le_bytes());
        cookie
    }
}

/// Answers a search with a DirSync control. `replicates`: the client has the right to.
pub(super) fn changes(
    outcome: &mut Outcome,
    asked: &Asked<'_>,
    control: &LdapControl,
    directory: &Directory,
    replicates: bool,
) -> Result<(), LdapResult> {
    let LdapControl::AdDirsync { flags, max_bytes, cookie } = control else { return Ok(()) };
    let source = "../../source4/dsdb/samdb/ldb_modules/dirsync.c";
    if directory.entry(asked.base).parent.is_some() {
        let message = format!("dN is not one of the naming context at {source}:1012");
        return Err(refusal(LdapResultCode::InsufficentAccessRights, message));
    }
    if flags & OBJECT_SECURITY == 0 && !replicates {
        let message = "error in module dirsync: insufficient access rights during LDB_SEARCH (50)";
        return Err(refusal(LdapResultCode::InsufficentAccessRights, message));
    }
    let Some(position) = Position::read(cookie.as_deref().unwrap_or_default()) else {
        let message = format!(
            "0000202C: Unable to unmarshall cookie as a ldapControlDirSyncCookie structure at {source}:1118"
        );
        return Err(refusal(LdapResultCode::UnavailableCriticalExtension, message));
    };
    outcome.look.dressing = Dressing::DirSync(position.since);
    let mut found: Vec<u32> = (0..directory.end())
        .filter(|id| directory.entry(*id).usn_changed > position.at && asked.matches(directory, *id))
        .collect();
    found.sort_by_key(|id| directory.entry(*id).usn_changed);
    let kept = within(&found, directory, usize::try_from(*max_bytes).unwrap_or(0));
    let more = kept < found.len();
    found.truncate(kept);
    let next = match found.last() {
        Some(last) if more => Position { at: directory.entry(*last).usn_changed, ..position },
        _ => Position { since: directory.usn(), at: directory.usn() },
    };
    outcome.found = found;
    let cookie = Some(next.write());
    outcome.controls.push(LdapControl::AdDirsync { flags: i64::from(more), max_bytes: 0, cookie });
    Ok(())
}

/// How many of the entries fit into so many octets, roughly: one at least. 0 is no bound.
fn within(found: &[u32], directory: &Directory, octets: usize) -> usize {
    if octets == 0 {
        return found.len();
    }
    let mut sum = 0_usize;
    for (number, id) in found.iter().enumerate() {
        let entry = directory.entry(*id);
        let values: usize = entry.all().flat_map(|held| held.values.iter()).map(|value| value.len()).sum();
        sum = sum.saturating_add(entry.dn.len() + values);
        if sum > octets && number > 0 {
            return number;
        }
    }
    found.len()
}
