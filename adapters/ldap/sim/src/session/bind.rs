//! Signing in (RFC 4513, section 5.1).

use jiff::Timestamp;
use ldap3_proto::LdapResultCode;
use ldap3_proto::proto::{LdapBindCred, LdapBindRequest, LdapBindResponse, LdapOp, LdapResult};

use super::{Session, Who, refusal, success};
use crate::Dialect;
use crate::directory::Directory;
use crate::dn;
use crate::entry::value;
use crate::schema::Attr;
use crate::time;

pub(super) fn response(res: LdapResult) -> LdapOp {
    LdapOp::BindResponse(LdapBindResponse { res, saslcreds: None })
}

/// What Active Directory says after a bind that failed, with the Windows error in hexadecimal.
fn windows(error: &str) -> LdapResult {
    let message = format!(
        "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {error}, v1db1"
    );
    refusal(LdapResultCode::InvalidCredentials, message)
}

impl Session {
    pub(super) fn bind(&mut self, request: &LdapBindRequest) -> LdapOp {
        // Whatever comes of it, nobody is signed in until it has succeeded (RFC 4513, section 4).
        self.who = Who::default();
        let result = match &request.cred {
            _ if request.version != 3 => {
                refusal(LdapResultCode::ProtocolError, "requested protocol version not allowed")
            }
            LdapBindCred::Simple(password) => self.simple(&request.dn, password),
            _ => refusal(LdapResultCode::AuthMethodNotSupported, "SASL mechanism not supported"),
        };
        response(result)
    }

    fn simple(&mut self, name: &str, password: &str) -> LdapResult {
        let openldap = self.dialect() == Dialect::OpenLdap;
        if name.is_empty() && password.is_empty() {
            return success();
        }
        if password.is_empty() {
            if openldap {
                let message = "unauthenticated bind (DN with no password) disallowed";
                return refusal(LdapResultCode::UnwillingToPerform, message);
            }
            return success();
        }
        if !self.tls && !self.shared.options.cleartext_bind {
            return if openldap {
                refusal(LdapResultCode::ConfidentialityRequired, "confidentiality required")
            } else {
                let message = "BindSimple: Transport encryption required.";
                refusal(LdapResultCode::StrongerAuthRequired, message)
            };
        }
        if openldap { self.openldap(name, password) } else { self.active_directory(name, password) }
    }

    fn openldap(&mut self, name: &str, password: &str) -> LdapResult {
        let Some(normal) = dn::normal(name) else {
            return refusal(LdapResultCode::InvalidDNSyntax, "invalid DN");
        };
        let denied = || refusal(LdapResultCode::InvalidCredentials, "");
        let directory = self.shared.directory.read();
        let options = &self.shared.options;
        let is = |name: &str| dn::normal(&format!("{name},{}", options.base)).as_deref() == Some(&*normal);
        let (expected, admin) = if is("cn=admin") {
            (&options.bind_password, true)
        } else {
            let Some(id) = directory.find(name) else { return denied() };
            let entry = directory.entry(id);
            if !entry.held(Attr::PWD_ACCOUNT_LOCKED_TIME).is_empty() {
                return denied();
            }
            match entry.held(Attr::UID).is_empty() {
                false => (&options.person_password, false),
                true if is("cn=gateway,ou=services") => (&options.bind_password, false),
                true => return denied(),
            }
        };
        if expected != password {
            return denied();
        }
        drop(directory);
        self.who = Who { dn: Some(name.to_owned()), admin };
        success()
    }

    /// The name is a distinguished name, `user@domain` or `DOMAIN\user`.
    fn active_directory(&mut self, name: &str, password: &str) -> LdapResult {
        let mut directory = self.shared.directory.write();
        let options = &self.shared.options;
        let Some(id) = account(&directory, name) else { return windows("525") };
        let entry = directory.entry(id);
        let number = |attr| entry.text(attr).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        if number(Attr::LOCKOUT_TIME) != 0 {
            return windows("775");
        }
        let user = entry.text(Attr::SAM_ACCOUNT_NAME).unwrap_or_default();
        let service = matches!(user, "svc-gateway" | "Administrator");
        let expected = if service { &options.bind_password } else { &options.person_password };
        let admin = user == "Administrator";
        let (control, ends) = (number(Attr::USER_ACCOUNT_CONTROL), number(Attr::ACCOUNT_EXPIRES));
        let (set, wrong) = (number(Attr::PWD_LAST_SET), number(Attr::BAD_PWD_COUNT));
        let name = entry.dn.to_string();
        if expected != password {
            let wrong = wrong + 1;
            let now = time::filetime(Timestamp::now()).to_string();
            directory.note(id, Attr::BAD_PWD_COUNT, vec![value(wrong.to_string())]);
            directory.note(id, Attr::BAD_PASSWORD_TIME, vec![value(&now)]);
            if options.lockout > 0 && wrong >= i64::from(options.lockout) {
                directory.note(id, Attr::LOCKOUT_TIME, vec![value(&now)]);
                directory.note(id, Attr::USER_ACCOUNT_CONTROL_COMPUTED, vec![value("16")]);
            }
            return windows("52e");
        }
        if control & 2 != 0 {
            return windows("533");
        }
        if ends != 0 && ends < time::filetime(Timestamp::now()) {
            return windows("701");
        }
        if set == 0 {
            return windows("773");
        }
        directory.note(id, Attr::BAD_PWD_COUNT, vec![value("0")]);
        drop(directory);
        self.who = Who { dn: Some(name), admin };
        success()
    }
}

fn account(directory: &Directory, name: &str) -> Option<u32> {
    if let Some((_, user)) = name.rsplit_once('\\').filter(|_| !name.contains('=')) {
        return directory.find_by(Attr::SAM_ACCOUNT_NAME, user.as_bytes());
    }
    if name.contains('=') {
        let found = directory.find(name)?;
        return directory.entry(found).text(Attr::SAM_ACCOUNT_NAME).map(|_| found);
    }
    directory.find_by(Attr::USER_PRINCIPAL_NAME, name.as_bytes())
}
