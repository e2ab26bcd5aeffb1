//! People, in SCIM terms (RFC 7643 section 4.1 and its enterprise extension, section 4.3), and references to them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Envelope;

/// How any resource points at a person, whether or not that person is linked to the directory of record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonRef {
    /// The person's id in this API; absent while no link to the directory of record is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The configured key of the system that named the person.
    pub system: String,
    /// The key that this system uses for the person.
    pub native_id: String,
    /// The name to show.
    pub display: String,
}

/// The parts of a name (SCIM `name`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonName {
    /// The whole name as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Given or first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family or last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
}

/// What an address or number is for (SCIM `type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContactType {
    /// At work.
    Work,
    /// At home.
    Home,
    /// A mobile telephone.
    Mobile,
    /// A telefax.
    Fax,
    /// Something else.
    Other,
}

/// An electronic mail address (SCIM `emails`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Email {
    /// The address, as the directory writes it.
    pub value: String,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: ContactType,
    /// The one to write to: the first that the directory gives.
    pub primary: bool,
}

/// A telephone number (SCIM `phoneNumbers`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneNumber {
    /// The number, as the directory writes it: a full number or an extension.
    pub value: String,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: ContactType,
}

/// A postal address (SCIM `addresses`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The whole address, lines separated by a line feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// Town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// County or state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country, as the directory writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// What a directory says about a person, apart from ids and references to other things.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonProfile {
    /// The name to sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The name to show. Never empty: the user name, or the words "No name", where the directory has none.
    pub display_name: String,
    /// The parts of the name.
    pub name: PersonName,
    /// What the person does, for example `Head of Housing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether the account can be used: not disabled, not expired.
    pub active: bool,
    /// Mail addresses; the primary one first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub emails: Vec<Email>,
    /// Telephone numbers; work before mobile before others.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub phone_numbers: Vec<PhoneNumber>,
    /// Postal addresses. Sensitive: only for those who may see restricted things.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub addresses: Vec<Address>,
    /// The number that personnel uses. Sensitive: only for those who may see restricted things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_number: Option<String>,
    /// Where the person's costs are booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_center: Option<String>,
    /// The public body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The largest part of the body that the person belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// The team or department, in the directory's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Where the person works: a room or building.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// Language tag (RFC 5646).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<String>,
    /// Time zone name (IANA).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// A person, as the directory of record or another directory knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Id, source, entity tag, times, allowed actions, classification. `nativeStatus` is the account's state in words.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What the directory says.
    #[serde(flatten)]
    pub profile: PersonProfile,
    /// Where the photo is, as a path on this API; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
    /// To whom the person reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<PersonRef>,
    /// The unit that the person's entry lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_unit_id: Option<String>,
}

/// A part of the organisation (RFC 4519 section 2.20, `ou`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrgUnit {
    /// Id, source, entity tag, times, classification.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What it is called.
    pub name: String,
    /// What it does, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The unit that it is part of; absent at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Who leads it, if the directory says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<PersonRef>,
}

/// How far the directory of record knows the person who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum IdentityStatus {
    /// It has exactly one person with this subject.
    Known,
    /// It has nobody with this subject.
    Nobody,
    /// It has several: none of them is taken for the one who asks.
    Ambiguous,
    /// The account there cannot be used: groups give no roles.
    Inactive,
    /// It cannot be asked: roles that come from groups are missing until it can.
    Unavailable,
}

/// The person who is asking, as the token names them (RFC 7519) and as the policy sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// `sub` of the token: the stable key of the person at the identity provider.
    pub subject: String,
    /// The name to show; the subject where the token has none.
    pub display_name: String,
    /// Roles that policy rules can name, sorted.
    pub roles: Vec<String>,
    /// Organisational units the person belongs to, sorted.
    pub units: Vec<String>,
    /// What the person may do, as `resource:action` pairs, sorted: for drawing menus, not a promise for each object.
    pub permissions: Vec<String>,
    /// The person's id in the directory of record: the id of `/v1/people/{id}`. Absent while not linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_id: Option<String>,
    /// The person in the directory of record. Absent while not linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonRef>,
    /// How far the directory of record knows the person. Absent where none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityStatus>,
}
