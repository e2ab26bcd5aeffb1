//! LDAP result codes and what they mean to us: one table.

use portico_contract::{Error, ErrorKind, Retry};

use super::Completeness;

/// The LDAP result code (RFC 4511, appendix A) behind an error of this module; `None` when no result came.
pub fn result_code(error: &Error) -> Option<u32> {
    use std::error::Error as _;
    error.source()?.downcast_ref::<ResultCode>().map(|code| code.0)
}

/// A result that is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("LDAP result {0}")]
pub(super) struct ResultCode(u32);

/// What is kept of a search that ended with this code: how complete it is, or the failure.
pub(super) fn of_search(code: u32, text: &str) -> Result<Completeness, Error> {
    match code {
        0 => Ok(Completeness::Whole),
        3 => Ok(Completeness::TimeLimit),
        4 => Ok(Completeness::SizeLimit),
        11 => Ok(Completeness::AdminLimit),
        _ => Err(search_failure(code, text)),
    }
}

fn search_failure(code: u32, text: &str) -> Error {
    use ErrorKind as K;
    let (kind, detail) = match code {
        // Active Directory says so to whoever has not bound: ERROR_DS_NOT_AUTHENTICATED.
        1 if text.contains("000004DC") => (
            K::BackendForbidden,
            "The directory answers nobody who is not signed in; configure a service account.",
        ),
        2 => (K::BackendStatus, "The directory did not understand the request."),
        8 | 13 => (K::CredentialsRefused, UNPROTECTED),
        10 => (
            K::BackendStatus,
            "The directory does not hold this part and refers to another server; configure that one.",
        ),
        12 => (
            K::Unsupported,
            "The directory does not support this kind of question, or refuses the position given.",
        ),
        16..=18 => (K::UnsupportedQuery, "The directory cannot compare or sort by one of these attributes."),
        21 | 34 => (K::InvalidInput, "The directory takes a value or a name in the question for malformed."),
        32 => (K::NotFound, "There is no such entry in the directory."),
        48 | 49 => (K::CredentialsRefused, "The directory no longer accepts the service account."),
        50 => (K::BackendForbidden, "The directory does not let the service account read this."),
        51 => (K::RateLimited, "The directory is busy; try again in a moment."),
        52 => (K::BackendStatus, "The directory is not available at the moment."),
        53 => (K::BackendStatus, "The directory is not willing to answer this question."),
        4096 => (K::Gone, "The position in the directory's changes is too old; read everything again."),
        _ => (K::BackendStatus, "The directory reported a failure."),
    };
    let retry = if matches!(code, 51 | 52) { Retry::Soon } else { Retry::Never };
    Error::new(kind, detail).with_retry(retry).with_native(native(code, text)).with_source(ResultCode(code))
}

const UNPROTECTED: &str =
    "The directory takes the service account over a protected connection only; use LDAPS or StartTLS.";

/// Whether a bind went through.
///
/// Codes that speak of the server's state are no refusal of the account: another host may be asked then.
pub(super) fn of_bind(code: u32, text: &str) -> Result<(), Error> {
    let (kind, detail) = match code {
        0 => return Ok(()),
        1..=3 | 80 => {
            (ErrorKind::BackendStatus, "The directory failed while it checked the service account.")
        }
        10 => (
            ErrorKind::BackendStatus,
            "The directory refers the service account to another server; configure that one.",
        ),
        51 => (ErrorKind::RateLimited, "The directory is busy; try again in a moment."),
        52 => (ErrorKind::BackendStatus, "The directory is not available at the moment."),
        8 | 13 => (ErrorKind::CredentialsRefused, UNPROTECTED),
        7 | 48 => (
            ErrorKind::CredentialsRefused,
            "The directory does not take this way of signing in from the service account.",
        ),
        53 => (
            ErrorKind::CredentialsRefused,
            "The directory is not willing to sign the service account in; look at the account's restrictions.",
        ),
        _ => (ErrorKind::CredentialsRefused, account_state(text)),
    };
    let retry = if matches!(code, 51 | 52) { Retry::Soon } else { Retry::Never };
    Err(Error::new(kind, detail)
        .with_retry(retry)
        .with_native(native(code, text))
        .with_source(ResultCode(code)))
}

/// Why a server did not go on to TLS.
pub(super) fn of_start_tls(code: u32, text: &str) -> Error {
    let detail =
        "The directory refused StartTLS; it has to have a certificate, or LDAPS has to be configured.";
    Error::new(ErrorKind::TlsUntrusted, detail).with_native(native(code, text)).with_source(ResultCode(code))
}

/// What Active Directory's sub code says about the account.
fn account_state(text: &str) -> &'static str {
    match sub_code(text) {
        Some("525") => "The directory does not know the service account; check its name.",
        Some("530") => "The service account may not sign in at this time of day; change its hours.",
        Some("531") => {
            "The service account may not sign in from this machine; change its list of workstations."
        }
        Some("532") => "The password of the service account has expired; set a new one.",
        Some("533") => "The service account is disabled; have it enabled.",
        Some("701") => "The service account has expired; have it extended.",
        Some("773") => "The password of the service account has to be changed before it can be used.",
        Some("775") => {
            "The service account is locked; have it unlocked, and find out what uses a wrong password."
        }
        _ => "The directory refused the service account; check its name and password.",
    }
}

/// `52e` of `80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1`.
fn sub_code(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(", data ")?;
    let code = rest.split(',').next()?;
    ((1..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_hexdigit())).then_some(code)
}

/// What may be logged of a result: diagnostic texts name entries.
fn native(code: u32, text: &str) -> String {
    match sub_code(text) {
        Some(sub) => format!("result {code}, data {sub}"),
        None => format!("result {code}, {} octets of text", text.len()),
    }
}

/// `error.type` of a result code: a closed set.
pub(super) fn error_type(code: u32) -> &'static str {
    macro_rules! table {
        ($($code:literal)*) => {
            match code {
                $($code => concat!("ldap_", $code),)*
                _ => "ldap_other",
            }
        };
    }
    table!(1 2 3 4 5 6 7 8 10 11 12 13 14 16 17 18 19 20 21 32 33 34 36 48 49 50 51 52 53 54 64 65 66 67 68 69 71 76 80
        118 119 120 121 122 123 4096)
}

/// The connection ended before the result did.
pub(super) fn lost() -> Error {
    Error::new(
        ErrorKind::ConnectionLost,
        "The directory closed the connection before its answer was whole; try again.",
    )
}

/// No result came in time.
pub(super) fn timed_out() -> Error {
    Error::new(ErrorKind::Timeout, "The directory did not answer in time.")
}

/// A message that is shaped as it should be and still says nothing that can be used. `what` is a word of the protocol.
pub(super) fn malformed(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidResponse, format!("The directory sent {what} that cannot be read."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_kind() {
        use ErrorKind as K;
        let table = [
            (1, K::BackendStatus),
            (2, K::BackendStatus),
            (8, K::CredentialsRefused),
            (10, K::BackendStatus),
            (12, K::Unsupported),
            (13, K::CredentialsRefused),
            (17, K::UnsupportedQuery),
            (18, K::UnsupportedQuery),
            (32, K::NotFound),
            (34, K::InvalidInput),
            (49, K::CredentialsRefused),
            (50, K::BackendForbidden),
            (51, K::RateLimited),
            (52, K::BackendStatus),
            (53, K::BackendStatus),
            (80, K::BackendStatus),
            (4096, K::Gone),
            (70_000, K::BackendStatus),
        ];
        for (code, kind) in table {
            let error = of_search(code, "uid=jane,ou=people").expect_err("a failure");
            assert_eq!((error.kind(), result_code(&error)), (kind, Some(code)));
            assert_eq!(error.retry() == Retry::Soon, code == 51 || code == 52, "{code}");
            assert!(!format!("{error:?} {error} {:?}", error.native()).contains("jane"));
        }
        for (code, complete) in [
            (0, Completeness::Whole),
            (3, Completeness::TimeLimit),
            (4, Completeness::SizeLimit),
            (11, Completeness::AdminLimit),
        ] {
            assert_eq!(of_search(code, "").ok(), Some(complete));
        }
        let nobody =
            of_search(1, "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation …");
        assert_eq!(nobody.expect_err("a failure").kind(), K::BackendForbidden);
    }

    #[test]
    fn refusals_say_what_is_the_matter_with_the_account() {
        let ad = |sub| {
            format!(
                "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {sub}, v1db1"
            )
        };
        let table = [
            ("52e", "name and password"),
            ("525", "does not know"),
            ("530", "time of day"),
            ("531", "machine"),
            ("532", "password of the service account has expired"),
            ("533", "disabled"),
            ("701", "The service account has expired"),
            ("773", "has to be changed"),
            ("775", "locked"),
        ];
        for (sub, said) in table {
            let error = of_bind(49, &ad(sub)).expect_err("a refusal");
            assert_eq!(error.kind(), ErrorKind::CredentialsRefused);
            assert!(error.detail().contains(said), "{sub}: {}", error.detail());
            assert_eq!(error.native(), Some(format!("result 49, data {sub}").as_str()));
            assert_eq!(error.retry(), Retry::Never);
        }
        let cleartext = of_bind(8, "BindSimple: Transport encryption required.").expect_err("a refusal");
        assert!(cleartext.detail().contains("protected connection"));
        let plain = of_bind(49, "").expect_err("a refusal");
        assert!(plain.detail().contains("name and password"));
        for state_of_server in [1, 2, 10, 51, 52, 80] {
            let error = of_bind(state_of_server, "").expect_err("a failure");
            assert_ne!(error.kind(), ErrorKind::CredentialsRefused, "{state_of_server}");
        }
        assert!(of_bind(0, "").is_ok());
    }

    #[test]
    fn error_types_are_a_closed_set() {
        assert_eq!(
            (error_type(49), error_type(4096), error_type(7_000)),
            ("ldap_49", "ldap_4096", "ldap_other")
        );
    }
}
