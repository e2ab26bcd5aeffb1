//! The attributes that the simulator knows: how their values compare, and who gets to see them unasked.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// An attribute type: its place in [`TYPES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Attr(u16);

/// How values compare (RFC 4517).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// Case and runs of spaces do not matter.
    Text,
    /// A distinguished name.
    Name,
    /// Octets, as they are.
    Octets,
    Number,
    /// Generalized time.
    Time,
    /// Case, spaces and hyphens do not matter.
    Phone,
}

pub(crate) struct Type {
    pub name: &'static str,
    pub syntax: Syntax,
    /// Kept in the equality index.
    pub indexed: bool,
    /// At OpenLDAP: comes only when asked for by name or with `+`.
    pub operational: bool,
    /// At OpenLDAP: the schema gives it an ordering rule, so that it can be sorted by without naming one.
    pub ordered: bool,
}

const fn plain(name: &'static str, syntax: Syntax) -> Type {
    Type { name, syntax, indexed: false, operational: false, ordered: false }
}

const fn indexed(name: &'static str, syntax: Syntax) -> Type {
    Type { name, syntax, indexed: true, operational: false, ordered: false }
}

const fn operational(name: &'static str, syntax: Syntax, indexed: bool, ordered: bool) -> Type {
    Type { name, syntax, indexed, operational: true, ordered }
}

use Syntax::{Name, Number, Octets, Phone, Text, Time};

/// Names the attributes in the code and lists them, so that neither can be without the other.
macro_rules! types {
    ($($id:ident = $type:expr;)*) => {
        /// Places in [`TYPES`], in the same order.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "these are only counted")]
        #[derive(Clone, Copy)]
        enum Place { $($id),* }

        #[allow(dead_code, reason = "one table for all attributes, whether the code names them or only clients do")]
        impl Attr { $(pub(crate) const $id: Self = Self(Place::$id as u16);)* }

        static TYPES: &[Type] = &[$($type),*];
    };
}

types! {
    OBJECT_CLASS = indexed("objectClass", Text);
    CN = indexed("cn", Text);
    SN = indexed("sn", Text);
    GIVEN_NAME = plain("givenName", Text);
    DISPLAY_NAME = plain("displayName", Text);
    INITIALS = plain("initials", Text);
    UID = indexed("uid", Text);
    MAIL = indexed("mail", Text);
    TITLE = plain("title", Text);
    OU = indexed("ou", Text);
    O = plain("o", Text);
    DC = plain("dc", Text);
    L = plain("l", Text);
    DESCRIPTION = plain("description", Text);
    BUSINESS_CATEGORY = plain("businessCategory", Text);
    DEPARTMENT_NUMBER = indexed("departmentNumber", Text);
    EMPLOYEE_NUMBER = indexed("employeeNumber", Text);
    EMPLOYEE_TYPE = plain("employeeType", Text);
    TELEPHONE_NUMBER = indexed("telephoneNumber", Phone);
    MOBILE = plain("mobile", Phone);
    POSTAL_ADDRESS = plain("postalAddress", Text);
    ROOM_NUMBER = plain("roomNumber", Text);
    PREFERRED_LANGUAGE = plain("preferredLanguage", Text);
    JPEG_PHOTO = plain("jpegPhoto", Octets);
    MANAGER = indexed("manager", Name);
    MEMBER = indexed("member", Name);
    MEMBER_OF = operational("memberOf", Name, true, false);
    USER_PASSWORD = plain("userPassword", Octets);
    SEE_ALSO = plain("seeAlso", Name);
    // What a server keeps about an entry (RFC 4512, RFC 4530, RFC 5020).
    STRUCTURAL_OBJECT_CLASS = operational("structuralObjectClass", Text, false, false);
    ENTRY_UUID = operational("entryUUID", Text, true, true);
    ENTRY_CSN = operational("entryCSN", Text, false, true);
    ENTRY_DN = operational("entryDN", Name, true, false);
    CREATORS_NAME = operational("creatorsName", Name, false, false);
    MODIFIERS_NAME = operational("modifiersName", Name, false, false);
    CREATE_TIMESTAMP = operational("createTimestamp", Time, false, true);
    MODIFY_TIMESTAMP = operational("modifyTimestamp", Time, false, true);
    SUBSCHEMA_SUBENTRY = operational("subschemaSubentry", Name, false, false);
    HAS_SUBORDINATES = operational("hasSubordinates", Text, false, false);
    PWD_ACCOUNT_LOCKED_TIME = operational("pwdAccountLockedTime", Time, false, true);
    CONTEXT_CSN = operational("contextCSN", Text, false, false);
    // Active Directory.
    NAME = indexed("name", Text);
    DISTINGUISHED_NAME = indexed("distinguishedName", Name);
    SAM_ACCOUNT_NAME = indexed("sAMAccountName", Text);
    SAM_ACCOUNT_TYPE = plain("sAMAccountType", Number);
    USER_PRINCIPAL_NAME = indexed("userPrincipalName", Text);
    EMPLOYEE_ID = indexed("employeeID", Text);
    DEPARTMENT = indexed("department", Text);
    DIVISION = plain("division", Text);
    COMPANY = plain("company", Text);
    OFFICE = plain("physicalDeliveryOfficeName", Text);
    IP_PHONE = indexed("ipPhone", Text);
    THUMBNAIL_PHOTO = plain("thumbnailPhoto", Octets);
    OBJECT_GUID = indexed("objectGUID", Octets);
    OBJECT_SID = indexed("objectSid", Octets);
    OBJECT_CATEGORY = indexed("objectCategory", Name);
    DIRECT_REPORTS = plain("directReports", Name);
    INSTANCE_TYPE = plain("instanceType", Number);
    WHEN_CREATED = plain("whenCreated", Time);
    WHEN_CHANGED = plain("whenChanged", Time);
    USN_CREATED = plain("uSNCreated", Number);
    USN_CHANGED = plain("uSNChanged", Number);
    USER_ACCOUNT_CONTROL = plain("userAccountControl", Number);
    USER_ACCOUNT_CONTROL_COMPUTED = operational("msDS-User-Account-Control-Computed", Number, false, false);
    ACCOUNT_EXPIRES = plain("accountExpires", Number);
    LOCKOUT_TIME = plain("lockoutTime", Number);
    PWD_LAST_SET = plain("pwdLastSet", Number);
    BAD_PWD_COUNT = plain("badPwdCount", Number);
    BAD_PASSWORD_TIME = plain("badPasswordTime", Number);
    CODE_PAGE = plain("codePage", Number);
    COUNTRY_CODE = plain("countryCode", Number);
    LAST_LOGON = plain("lastLogon", Number);
    LAST_LOGOFF = plain("lastLogoff", Number);
    LAST_LOGON_TIMESTAMP = plain("lastLogonTimestamp", Number);
    LOGON_COUNT = plain("logonCount", Number);
    PRIMARY_GROUP_ID = plain("primaryGroupID", Number);
    GROUP_TYPE = plain("groupType", Number);
    IS_DELETED = plain("isDeleted", Text);
    LAST_KNOWN_PARENT = plain("lastKnownParent", Name);
}

static BY_NAME: LazyLock<HashMap<String, Attr>> = LazyLock::new(|| {
    let numbered = TYPES.iter().zip(0..);
    numbered.map(|(known, number)| (known.name.to_lowercase(), Attr(number))).collect()
});

impl Attr {
    /// The attribute of this name, whatever its case; `None` for one that the schema does not know.
    pub(crate) fn named(name: &str) -> Option<Self> {
        BY_NAME.get(&name.to_lowercase()).copied()
    }

    /// Its place in the schema.
    pub(crate) fn number(self) -> u16 {
        self.0
    }

    pub(crate) fn kind(self) -> &'static Type {
        &TYPES[usize::from(self.0)]
    }

    pub(crate) fn name(self) -> &'static str {
        self.kind().name
    }

    /// The value in the form in which equal values are the same octets.
    pub(crate) fn normal(self, value: &[u8]) -> Cow<'_, [u8]> {
        normal(self.kind().syntax, value)
    }
}

fn normal(syntax: Syntax, value: &[u8]) -> Cow<'_, [u8]> {
    match syntax {
        Octets => Cow::Borrowed(value),
        Number | Time => Cow::Borrowed(value.trim_ascii()),
        Name => crate::dn::normal_octets(value),
        Phone => Cow::Owned(
            value.iter().filter(|octet| !matches!(octet, b' ' | b'-')).map(u8::to_ascii_lowercase).collect(),
        ),
        Text => fold(value),
    }
}

/// Lower case, single spaces, none at the ends.
pub(crate) fn fold(value: &[u8]) -> Cow<'_, [u8]> {
    let simple = |octet: &u8| octet.is_ascii() && !octet.is_ascii_uppercase() && *octet != b' ';
    if value.iter().all(simple) {
        return Cow::Borrowed(value);
    }
    let Ok(text) = std::str::from_utf8(value) else { return Cow::Borrowed(value) };
    let mut folded = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    Cow::Owned(folded.into_bytes())
}

/// A class with those that it extends, as far as the people of a council need them.
pub(crate) fn superclasses(class: &str) -> &'static [&'static str] {
    match class {
        "inetOrgPerson" => &["organizationalPerson", "person", "top"],
        "organizationalPerson" => &["person", "top"],
        _ => &["top"],
    }
}
