//! What a failure means here. The wire crate has the table from result codes to kinds, and the sentences for what Active
//! Directory says about a refused account; this adds what only a directory of people knows.

use portico_contract::{Error, ErrorKind};
use portico_wire::ldap::{Completeness, result_code};

/// adminLimitExceeded (RFC 4511, appendix A).
pub(crate) const ADMIN_LIMIT: u32 = 11;
/// A critical control that the server does not have, or a cookie that it cannot read.
pub(crate) const UNAVAILABLE_CRITICAL_EXTENSION: u32 = 12;
/// The base of a search is not there.
pub(crate) const NO_SUCH_OBJECT: u32 = 32;

/// Whether a failure is this result code.
pub(crate) fn is(error: &Error, code: u32) -> bool {
    result_code(error) == Some(code)
}

/// The base of a search is not there: without this it would read as "there is no such person".
pub(crate) fn no_base(error: Error, setting: &'static str) -> Error {
    if !is(&error, NO_SUCH_OBJECT) {
        return error;
    }
    Error::new(
        ErrorKind::InvalidResponse,
        format!("The directory has no entry at `{setting}`, or hides it from the service account; check the setting."),
    )
    .with_source(error)
}

/// Why a list is not whole: which limit, and how to lift it. `None` for a whole one.
pub(crate) fn limit(complete: Completeness, told: usize) -> Option<String> {
    let (which, how) = match complete {
        Completeness::Whole => return None,
        Completeness::SizeLimit => (
            "its limit of entries for one search",
            "the directory's operator can raise it for the gateway's account (OpenLDAP: `limits … size.prtotal=unlimited`)",
        ),
        Completeness::TimeLimit => (
            "its limit of time for one search",
            "the directory's operator can raise it for the gateway's account or index the attributes that are searched",
        ),
        Completeness::AdminLimit => (
            "a limit that its operator set",
            "the directory's operator can raise it for the gateway's account (OpenLDAP: `limits … size.pr`, `size.prtotal`)",
        ),
    };
    Some(format!("The directory stopped at {which} after {told} entries, so some are missing here; {how}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named() {
        assert_eq!(limit(Completeness::Whole, 500), None);
        for cut in [Completeness::SizeLimit, Completeness::TimeLimit, Completeness::AdminLimit] {
            assert!(limit(cut, 500).is_some_and(|why| why.contains("500") && why.contains("limit")));
        }
    }
}
