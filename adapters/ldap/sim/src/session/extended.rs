//! Extended operations: StartTLS (RFC 4511, section 4.14) and "Who am I?" (RFC 4532).

use ldap3_proto::LdapResultCode;
use ldap3_proto::proto::{LdapExtendedRequest, LdapExtendedResponse, LdapOp, LdapResult, OID_WHOAMI};

use super::{Session, refusal, success};
use crate::Dialect;
use crate::schema::Attr;

pub(super) const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

pub(super) fn response(res: LdapResult, name: Option<&str>) -> LdapOp {
    LdapOp::ExtendedResponse(LdapExtendedResponse { res, name: name.map(str::to_owned), value: None })
}

impl Session {
    pub(super) fn may_start_tls(&self) -> LdapResult {
        if self.tls { refusal(LdapResultCode::OperationsError, "TLS already started") } else { success() }
    }

    pub(super) fn extended(&self, request: &LdapExtendedRequest) -> LdapOp {
        if request.name == START_TLS {
            return response(self.may_start_tls(), Some(START_TLS));
        }
        if request.name != OID_WHOAMI {
            return response(refusal(LdapResultCode::ProtocolError, "unsupported extended operation"), None);
        }
        let value = Some(self.authorization_id().into_bytes());
        LdapOp::ExtendedResponse(LdapExtendedResponse { res: success(), name: None, value })
    }

    fn authorization_id(&self) -> String {
        let Some(dn) = &self.who.dn else { return String::new() };
        if self.dialect() == Dialect::OpenLdap {
            return format!("dn:{dn}");
        }
        let directory = self.shared.directory.read();
        let domain = crate::directory::rdn(&directory.base).map(|(_, name)| name.to_uppercase());
        let entry = directory.find(dn).map(|id| directory.entry(id));
        let user = entry.and_then(|entry| entry.text(Attr::SAM_ACCOUNT_NAME)).unwrap_or_default();
        format!("u:{}\\{user}", domain.unwrap_or_default())
    }
}
