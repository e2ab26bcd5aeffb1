//! LDAP result codes and what they mean to us: one table.

use portico_contract::Error;

/// The LDAP result code (RFC 4511, appendix A) behind an error of this module; `None` when no result came.
pub fn result_code(error: &Error) -> Option<u32> {
    use std::error::Error as _;
    error.source()?.downcast_ref::<ResultCode>().map(|code| code.0)
}

/// A result that is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("LDAP result {0}")]
pub(super) struct ResultCode(pub(super) u32);
