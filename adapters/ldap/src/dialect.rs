//! What the two dialects call the things that every entry has.

use portico_wire::ldap::{AttributeName, Filter};

use crate::settings::Dialect;

pub(crate) const OBJECT_CLASS: AttributeName = AttributeName::known("objectClass");

// OpenLDAP (RFC 4512, section 3.4; RFC 4530; ppolicy; RFC 2307).
pub(crate) const ENTRY_UUID: AttributeName = AttributeName::known("entryUUID");
const ENTRY_CSN: AttributeName = AttributeName::known("entryCSN");
const CREATE_TIMESTAMP: AttributeName = AttributeName::known("createTimestamp");
const MODIFY_TIMESTAMP: AttributeName = AttributeName::known("modifyTimestamp");
const PWD_ACCOUNT_LOCKED_TIME: AttributeName = AttributeName::known("pwdAccountLockedTime");
const PWD_END_TIME: AttributeName = AttributeName::known("pwdEndTime");
const SHADOW_EXPIRE: AttributeName = AttributeName::known("shadowExpire");
pub(crate) const CONTEXT_CSN: AttributeName = AttributeName::known("contextCSN");

// Active Directory (MS-ADA1 to MS-ADA3).
pub(crate) const OBJECT_GUID: AttributeName = AttributeName::known("objectGUID");
pub(crate) const OBJECT_SID: AttributeName = AttributeName::known("objectSid");
pub(crate) const PRIMARY_GROUP_ID: AttributeName = AttributeName::known("primaryGroupID");
pub(crate) const USN_CHANGED: AttributeName = AttributeName::known("uSNChanged");
pub(crate) const IS_DELETED: AttributeName = AttributeName::known("isDeleted");
const WHEN_CREATED: AttributeName = AttributeName::known("whenCreated");
const WHEN_CHANGED: AttributeName = AttributeName::known("whenChanged");
const USER_ACCOUNT_CONTROL: AttributeName = AttributeName::known("userAccountControl");
const ACCOUNT_CONTROL_COMPUTED: AttributeName = AttributeName::known("msDS-User-Account-Control-Computed");
const LOCKOUT_TIME: AttributeName = AttributeName::known("lockoutTime");
const ACCOUNT_EXPIRES: AttributeName = AttributeName::known("accountExpires");
const SAM_ACCOUNT_TYPE: AttributeName = AttributeName::known("sAMAccountType");

// Both.
pub(crate) const CN: AttributeName = AttributeName::known("cn");
pub(crate) const MEMBER: AttributeName = AttributeName::known("member");
pub(crate) const UNIQUE_MEMBER: AttributeName = AttributeName::known("uniqueMember");
pub(crate) const MEMBER_UID: AttributeName = AttributeName::known("memberUid");
pub(crate) const MEMBER_OF: AttributeName = AttributeName::known("memberOf");

/// What tells a person's entry from others where the settings do not say: the least that is indexed everywhere. An Active
/// Directory has computers among its users, so the type of the account counts (0x30000000: an ordinary user's).
pub(crate) fn people_filter(dialect: Dialect) -> Vec<Filter> {
    match dialect {
        Dialect::OpenLdap => vec![Filter::equal(&OBJECT_CLASS, "inetOrgPerson")],
        Dialect::ActiveDirectory => {
            vec![Filter::equal(&OBJECT_CLASS, "user"), Filter::equal(&SAM_ACCOUNT_TYPE, "805306368")]
        }
    }
}

impl Dialect {
    /// The attribute that holds the stable id.
    pub(crate) const fn id(self) -> AttributeName {
        match self {
            Self::OpenLdap => ENTRY_UUID,
            Self::ActiveDirectory => OBJECT_GUID,
        }
    }

    /// When an entry was made.
    pub(crate) const fn created(self) -> AttributeName {
        match self {
            Self::OpenLdap => CREATE_TIMESTAMP,
            Self::ActiveDirectory => WHEN_CREATED,
        }
    }

    /// When an entry was last changed.
    pub(crate) const fn updated(self) -> AttributeName {
        match self {
            Self::OpenLdap => MODIFY_TIMESTAMP,
            Self::ActiveDirectory => WHEN_CHANGED,
        }
    }

    /// What moves whenever an entry changes on this server. Active Directory moves it without a change too.
    pub(crate) const fn stamp(self) -> AttributeName {
        match self {
            Self::OpenLdap => ENTRY_CSN,
            Self::ActiveDirectory => USN_CHANGED,
        }
    }

    /// What every read of an entry asks for beside the mapped attributes.
    pub(crate) fn always(self) -> Vec<AttributeName> {
        let mut names = vec![self.id(), self.created(), self.updated(), self.stamp()];
        match self {
            Self::OpenLdap => names.extend([PWD_ACCOUNT_LOCKED_TIME, PWD_END_TIME, SHADOW_EXPIRE]),
            Self::ActiveDirectory => {
                names.extend([USER_ACCOUNT_CONTROL, ACCOUNT_CONTROL_COMPUTED, LOCKOUT_TIME, ACCOUNT_EXPIRES]);
            }
        }
        names
    }
}
