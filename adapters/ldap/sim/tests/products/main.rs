//! The simulator against programs that are not ours: OpenLDAP's `ldapsearch` asks, and what it says is compared with
//! recordings of both products and with a running slapd.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod client;
mod faults;
mod recorded_ad;
mod recorded_openldap;
mod scale;
mod slapd;
