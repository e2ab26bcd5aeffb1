//! Which attributes of the directory hold which member of ours.

use portico_contract::SettingFault;
use portico_wire::ldap::AttributeName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Dialect;

/// One list of members serves the raw table, the validated one and both sets of defaults.
macro_rules! attributes {
    ($($(#[doc = $doc:literal])+ $member:ident: $openldap:expr, $active_directory:expr;)*) => {
        /// Names of attributes by what they hold; each a list, of which the first that has a value counts. Members with
        /// several values (mail, telephones, photo) take the values of all. An empty list switches a member off. What is left
        /// out keeps the default of the dialect.
        #[derive(Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct RawAttributes {
            $($(#[doc = $doc])+ $member: Option<Vec<String>>,)*
        }

        /// The attribute map in force.
        #[derive(Debug, Clone)]
        pub(crate) struct Attributes {
            $(pub(crate) $member: Vec<AttributeName>,)*
        }

        impl Attributes {
            /// The defaults of a dialect, with what the settings say otherwise.
            pub(super) fn new(dialect: Dialect, raw: RawAttributes, faults: &mut Vec<SettingFault>) -> Self {
                Self {
                    $($member: chosen(
                        stringify!($member),
                        raw.$member,
                        match dialect {
                            Dialect::OpenLdap => &$openldap,
                            Dialect::ActiveDirectory => &$active_directory,
                        },
                        faults,
                    ),)*
                }
            }
        }
    };
}

attributes! {
    /// The name to sign in with.
    user_name: ["uid"], ["sAMAccountName"];
    /// The name to show.
    display_name: ["displayName"], ["displayName"];
    /// The whole name; shown where there is no name to show.
    full_name: ["cn"], ["cn"];
    /// Given name.
    given_name: ["givenName"], ["givenName"];
    /// Family name.
    family_name: ["sn"], ["sn"];
    /// What the person does.
    title: ["title"], ["title"];
    /// Mail addresses.
    email: ["mail"], ["mail"];
    /// Telephones at work.
    phone_work: ["telephoneNumber"], ["telephoneNumber"];
    /// Mobile telephones.
    phone_mobile: ["mobile"], ["mobile"];
    /// Telephones at home.
    phone_home: ["homePhone"], ["homePhone"];
    /// Telefaxes.
    phone_fax: ["facsimileTelephoneNumber"], ["facsimileTelephoneNumber"];
    /// The number that personnel uses.
    employee_number: ["employeeNumber"], ["employeeNumber", "employeeID"];
    /// Where costs are booked.
    cost_center: [], [];
    /// The public body.
    organization: ["o"], ["company"];
    /// The largest part of the body.
    division: [], ["division"];
    /// The team or department.
    department: ["ou", "departmentNumber"], ["department"];
    /// Room or building.
    office: ["roomNumber", "physicalDeliveryOfficeName"], ["physicalDeliveryOfficeName"];
    /// Language.
    preferred_language: ["preferredLanguage"], ["preferredLanguage"];
    /// Time zone name (IANA).
    timezone: [], [];
    /// The whole address at work, lines separated by `$` (RFC 4517, section 3.3.28).
    postal_address: ["postalAddress"], ["postalAddress"];
    /// Street and number at work.
    street_address: ["street"], ["streetAddress"];
    /// Town.
    locality: ["l"], ["l"];
    /// County or state.
    region: ["st"], ["st"];
    /// Postal code.
    postal_code: ["postalCode"], ["postalCode"];
    /// Country.
    country: ["co", "c"], ["co", "c"];
    /// The DN of the person reported to.
    manager: ["manager"], ["manager"];
    /// Photos.
    photo: ["jpegPhoto"], ["thumbnailPhoto", "jpegPhoto"];
    /// What a unit is called.
    org_unit_name: ["ou"], ["ou", "name"];
    /// What a unit does, in words.
    org_unit_description: ["description"], ["description"];
    /// The DN of the person who leads a unit.
    org_unit_manager: ["manager"], ["managedBy"];
}

fn chosen(
    member: &str,
    raw: Option<Vec<String>>,
    defaults: &[&str],
    faults: &mut Vec<SettingFault>,
) -> Vec<AttributeName> {
    let Some(raw) = raw else { return defaults.iter().filter_map(|name| AttributeName::new(name)).collect() };
    if raw.len() > 8 {
        faults.push(SettingFault::at(&["attributes", member], "names at most 8 attributes"));
    }
    let mut names = Vec::with_capacity(raw.len());
    for name in raw {
        match AttributeName::new(&name) {
            Some(name) => names.push(name),
            None => faults.push(SettingFault::at(
                &["attributes", member],
                "holds something that is not the name of an attribute (RFC 4512, section 2.5), such as `mail`",
            )),
        }
    }
    names
}
