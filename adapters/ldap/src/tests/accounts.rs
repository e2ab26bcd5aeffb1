//! The state of accounts, from made-up attributes.

use jiff::Timestamp;
use portico_wire::ldap::{Dn, Entry};

use crate::account::Account;
use crate::settings::Dialect;

const NOW: &str = "2026-11-22T12:30:00Z";
/// An hour before and after, as FILETIME.
const BEFORE: &str = "134398206000000000";
const AFTER: &str = "134398278000000000";

fn account(dialect: Dialect, attributes: &[(&str, &str)]) -> (bool, Option<&'static str>) {
    let values = attributes.iter().map(|(name, value)| ((*name).to_owned(), vec![value.as_bytes().to_vec()]));
    let entry = Entry::new(Dn::root(), values.collect());
    let now: Timestamp = NOW.parse().expect("a time");
    let Account { active, status } = Account::of(&entry, dialect, now);
    (active, status)
}

#[test]
fn active_directory() {
    let ad = |attributes: &[(&str, &str)]| account(Dialect::ActiveDirectory, attributes);
    let control = "userAccountControl";
    let computed = "msDS-User-Account-Control-Computed";
    assert_eq!(ad(&[(control, "512"), ("accountExpires", "0")]), (true, None));
    assert_eq!(ad(&[(control, "512"), ("accountExpires", "9223372036854775807")]), (true, None));
    assert_eq!(ad(&[(control, "514")]), (false, Some("disabled")));
    assert_eq!(ad(&[(control, "66050")]), (false, Some("disabled")));
    assert_eq!(ad(&[(control, "512"), ("accountExpires", BEFORE)]), (false, Some("expired")));
    assert_eq!(ad(&[(control, "512"), ("accountExpires", AFTER)]), (true, None));
    assert_eq!(ad(&[(control, "512"), (computed, "16")]), (true, Some("locked")));
    assert_eq!(ad(&[(control, "512"), (computed, "8388608")]), (true, Some("passwordExpired")));
    // A lock that has run out leaves its time behind; the server that works it out knows.
    assert_eq!(ad(&[(control, "512"), ("lockoutTime", BEFORE), (computed, "0")]), (true, None));
    assert_eq!(ad(&[(control, "512"), ("lockoutTime", BEFORE)]), (true, Some("locked")));
    assert_eq!(ad(&[(control, "512"), ("lockoutTime", "0")]), (true, None));
    // The gravest counts, and nonsense counts for nothing.
    assert_eq!(
        ad(&[(control, "514"), (computed, "16"), ("accountExpires", BEFORE)]),
        (false, Some("disabled"))
    );
    assert_eq!(ad(&[(control, "x"), ("accountExpires", "soon"), (computed, "")]), (true, None));
}

#[test]
fn openldap() {
    let old = |attributes: &[(&str, &str)]| account(Dialect::OpenLdap, attributes);
    assert_eq!(old(&[]), (true, None));
    assert_eq!(old(&[("pwdAccountLockedTime", "20261122120000Z")]), (true, Some("locked")));
    assert_eq!(old(&[("pwdAccountLockedTime", "000001010000Z")]), (false, Some("disabled")));
    assert_eq!(old(&[("pwdEndTime", "20261122120000Z")]), (false, Some("expired")));
    assert_eq!(old(&[("pwdEndTime", "20261122130000Z")]), (true, None));
    assert_eq!(old(&[("shadowExpire", "-1")]), (true, None));
    assert_eq!(old(&[("shadowExpire", "1")]), (false, Some("expired")));
    assert_eq!(old(&[("shadowExpire", "99999")]), (true, None));
    assert_eq!(old(&[("shadowExpire", "never")]), (true, None));
}
