//! Results in pages (RFC 2696). What a cookie says holds on the connection that it was given on.

use ldap3_proto::LdapResultCode;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::LdapResult;

use super::refusal;
use crate::Dialect;

/// Results that one connection can have open in pages; Samba keeps as many.
const MAX_OPEN: usize = 10;

/// The paged results of one connection.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// OpenLDAP: the cookie that was given last.
    last: u64,
    /// Results that were found at once: sorted ones, and everything in Active Directory.
    kept: Vec<Kept>,
    next: u64,
    /// The last page that was asked for was answered with nothing.
    blank: bool,
}

#[derive(Debug)]
struct Kept {
    cookie: Vec<u8>,
    ids: Vec<u32>,
    at: usize,
}

/// The page that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub size: usize,
    pub cookie: Vec<u8>,
}

/// One page of kept results.
#[derive(Debug)]
pub(super) struct Part {
    pub ids: Vec<u32>,
    pub cookie: Vec<u8>,
    /// How many there are in all; 0 with the last page.
    pub estimate: usize,
    pub first: bool,
}

impl Page {
    pub(super) fn read(controls: &[LdapControl]) -> Option<Self> {
        controls.iter().find_map(|control| match control {
            LdapControl::SimplePagedResults { size, cookie } => {
                Some(Self { size: usize::try_from(*size).unwrap_or(usize::MAX), cookie: cookie.clone() })
            }
            _ => None,
        })
    }
}

/// The control that closes a page.
pub(super) fn control(estimate: usize, cookie: Vec<u8>) -> LdapControl {
    LdapControl::SimplePagedResults { size: i64::try_from(estimate).unwrap_or(i64::MAX), cookie }
}

impl Pages {
    /// OpenLDAP: the number of the entry that the last page ended with; 0 at the beginning.
    pub(super) fn position(&self, page: &Page) -> Result<u64, LdapResult> {
        if page.cookie.is_empty() {
            return Ok(0);
        }
        let Ok(octets) = <[u8; 8]>::try_from(page.cookie.as_slice()) else {
            return Err(refusal(LdapResultCode::ProtocolError, "paged results cookie is invalid"));
        };
        match u64::from_le_bytes(octets) {
            asked if asked > self.last => {
                Err(refusal(LdapResultCode::ProtocolError, "paged results cookie is invalid"))
            }
            asked if asked < self.last => {
                Err(refusal(LdapResultCode::UnwillingToPerform, "paged results cookie is invalid or old"))
            }
            asked => Ok(asked),
        }
    }

    /// OpenLDAP: remembers where a page ended, and gives the cookie; `None`: it was the last.
    pub(super) fn ended(&mut self, at: Option<u64>) -> Vec<u8> {
        self.last = at.unwrap_or(0);
        at.map(|at| at.to_le_bytes().to_vec()).unwrap_or_default()
    }

    /// Whether a page that goes on is to be answered with nothing: every second one.
    pub(super) fn blank(&mut self, page: &Page) -> bool {
        self.blank = !page.cookie.is_empty() && !self.blank;
        self.blank
    }

    /// Whether a cookie stands for results that are kept.
    pub(super) fn keeps(&self, cookie: &[u8]) -> bool {
        !cookie.is_empty() && self.kept.iter().any(|kept| kept.cookie == cookie)
    }

    /// Keeps results to be given in pages, and gives the first.
    pub(super) fn keep(&mut self, ids: Vec<u32>, size: usize) -> Part {
        if self.kept.len() >= MAX_OPEN {
            self.kept.remove(0);
        }
        self.next += 1;
        // As Samba writes it: a number as a C string.
        let cookie = format!("{}\0", self.next).into_bytes();
        self.kept.push(Kept { cookie: cookie.clone(), ids, at: 0 });
        self.part(&cookie, size).unwrap_or_else(|_| Part {
            ids: Vec::new(),
            cookie: Vec::new(),
            estimate: 0,
            first: true,
        })
    }

    /// The next page of kept results; with size 0 they are given up.
    pub(super) fn part(&mut self, cookie: &[u8], size: usize) -> Result<Part, LdapResult> {
        let Some(place) = self.kept.iter().position(|kept| kept.cookie == cookie) else {
            return Err(refusal(
                LdapResultCode::UnwillingToPerform,
                "paged results cookie is invalid or old",
            ));
        };
        let kept = &mut self.kept[place];
        let (first, end) = (kept.at == 0, kept.at.saturating_add(size).min(kept.ids.len()));
        let ids = kept.ids[kept.at..end].to_vec();
        kept.at = end;
        let estimate = kept.ids.len();
        if end == estimate || size == 0 {
            self.kept.remove(place);
            return Ok(Part { ids, cookie: Vec::new(), estimate: 0, first });
        }
        Ok(Part { ids, cookie: cookie.to_vec(), estimate, first })
    }
}

/// The page size that is used: OpenLDAP refuses what is beyond the limit, Active Directory makes it smaller.
pub(super) fn size(dialect: Dialect, asked: usize, limit: usize) -> Result<usize, LdapResult> {
    match dialect {
        Dialect::OpenLdap if asked > limit => {
            Err(refusal(LdapResultCode::AdminLimitExceeded, "illegal pagedResults page size"))
        }
        Dialect::OpenLdap => Ok(asked),
        Dialect::ActiveDirectory => Ok(asked.min(limit)),
    }
}
