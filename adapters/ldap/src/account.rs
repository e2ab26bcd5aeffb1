//! Whether an account can be used, in the directory's words.

use jiff::Timestamp;
use portico_wire::ldap::Entry;

use crate::settings::Dialect;
use crate::time::{FileTime, filetime, generalized};

/// `userAccountControl`: switched off by somebody (MS-ADTS, section 2.2.16).
const DISABLED: i64 = 0x2;
/// `msDS-User-Account-Control-Computed`: locked after wrong passwords.
const LOCKOUT: i64 = 0x10;
/// `msDS-User-Account-Control-Computed`: the password has to be changed.
const PASSWORD_EXPIRED: i64 = 0x0080_0000;
/// `pwdAccountLockedTime` of an account that an administrator locked for good.
const FOR_GOOD: &str = "000001010000Z";

/// What is known of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    /// Not disabled, not expired.
    pub(crate) active: bool,
    /// What is unusual about it.
    pub(crate) status: Option<&'static str>,
}

impl Account {
    const USUAL: Self = Self { active: true, status: None };

    const fn unusual(active: bool, status: &'static str) -> Self {
        Self { active, status: Some(status) }
    }

    /// What an entry says about its account, at this time. Of several things the gravest counts.
    pub(crate) fn of(entry: &Entry, dialect: Dialect, now: Timestamp) -> Self {
        match dialect {
            Dialect::OpenLdap => openldap(entry, now),
            Dialect::ActiveDirectory => active_directory(entry, now),
        }
    }
}

fn openldap(entry: &Entry, now: Timestamp) -> Account {
    let locked = entry.first_text("pwdAccountLockedTime");
    if locked == Some(FOR_GOOD) {
        return Account::unusual(false, "disabled");
    }
    let ended = entry.first_text("pwdEndTime").and_then(generalized).is_some_and(|end| end <= now);
    if ended || shadow_expired(entry, now) {
        return Account::unusual(false, "expired");
    }
    // It opens by itself after a time that only the policy knows.
    if locked.and_then(generalized).is_some_and(|since| since <= now) {
        return Account::unusual(true, "locked");
    }
    Account::USUAL
}

/// Days since 1970 (RFC 2307); -1 is never.
fn shadow_expired(entry: &Entry, now: Timestamp) -> bool {
    let days = entry.first_text("shadowExpire").and_then(|text| text.trim().parse::<i64>().ok());
    days.is_some_and(|days| days >= 0 && days <= now.as_second().div_euclid(86_400))
}

fn active_directory(entry: &Entry, now: Timestamp) -> Account {
    let number = |name: &str| entry.first_text(name).and_then(|text| text.trim().parse::<i64>().ok());
    let time = |name: &str| entry.first_text(name).and_then(filetime);
    if number("userAccountControl").is_some_and(|flags| flags & DISABLED != 0) {
        return Account::unusual(false, "disabled");
    }
    if matches!(time("accountExpires"), Some(FileTime::At(end)) if end <= now) {
        return Account::unusual(false, "expired");
    }
    let computed = number("msDS-User-Account-Control-Computed");
    // lockoutTime stays when the lock has run out: it counts only where the server does not work it out for us.
    let locked = match computed {
        Some(flags) => flags & LOCKOUT != 0,
        None => matches!(time("lockoutTime"), Some(FileTime::At(_))),
    };
    if locked {
        return Account::unusual(true, "locked");
    }
    if computed.is_some_and(|flags| flags & PASSWORD_EXPIRED != 0) {
        return Account::unusual(true, "passwordExpired");
    }
    Account::USUAL
}
