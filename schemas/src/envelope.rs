//! What every resource has in common.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::PersonRef;

/// The kinds of resource the API knows. An open enumeration: readers must accept values they do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ResourceType {
    /// A file or a folder in a document store (CMIS 1.1 `cmis:document`, `cmis:folder`).
    Document,
    /// A back-office system that the gateway speaks to.
    System,
    /// A person in a directory.
    Person,
    /// A part of the organisation.
    OrgUnit,
    /// A claim for money that somebody has laid out.
    ExpenseReport,
    /// A kind of expense.
    ExpenseCategory,
    /// A project that costs are booked to.
    Project,
    /// A cost centre.
    CostCentre,
    /// A rate of tax.
    TaxRate,
    /// A time that somebody is away.
    Absence,
    /// A kind of absence.
    AbsenceType,
    /// How much of a kind of absence somebody has.
    AbsenceBalance,
    /// Something that waits for a decision.
    Task,
    /// A write that is under way or over.
    Operation,
    /// Somebody who stands in for somebody else.
    Delegation,
}

impl ResourceType {
    /// All of them that a policy rule can name, in the order of the documents.
    pub const GOVERNED: &[Self] = &[
        Self::Document,
        Self::Person,
        Self::OrgUnit,
        Self::ExpenseReport,
        Self::ExpenseCategory,
        Self::Project,
        Self::CostCentre,
        Self::TaxRate,
        Self::Absence,
        Self::AbsenceType,
        Self::AbsenceBalance,
        Self::Task,
        Self::Operation,
    ];

    /// The plural, kebab-case noun under which the type is routed and named in policy rules.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Document => "documents",
            Self::System => "systems",
            Self::Person => "people",
            Self::OrgUnit => "org-units",
            Self::ExpenseReport => "expense-reports",
            Self::ExpenseCategory => "expense-categories",
            Self::Project => "projects",
            Self::CostCentre => "cost-centres",
            Self::TaxRate => "tax-rates",
            Self::Absence => "absences",
            Self::AbsenceType => "absence-types",
            Self::AbsenceBalance => "absence-balances",
            Self::Task => "tasks",
            Self::Operation => "operations",
            Self::Delegation => "delegations",
        }
    }
}

/// How sensitive a resource is, from least to most. Ordered, so that rules can say "up to".
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Classification {
    /// May be shown to anyone.
    Public,
    /// May be shown to anyone who works here. The default: a system that says nothing is not public.
    #[default]
    Internal,
    /// May be shown to those whose work needs it.
    Confidential,
    /// May be shown to named persons only.
    Restricted,
}

/// Where a resource lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The configured key of the system, for example `contracts`.
    pub system: String,
    /// The key that the system itself uses, where showing it gives nothing away; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A page in the system's own user interface, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The HTTP methods that an [`AllowedAction`] can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read.
    Get,
    /// Create, decide, or compute.
    Post,
    /// Create or replace at a known address.
    Put,
    /// Remove.
    Delete,
}

/// One thing that *this* person may do with *this* resource now. A front-end draws its buttons from these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedAction {
    /// What the action is called, for example `replaceContent`.
    pub name: String,
    /// The method to send.
    pub method: Method,
    /// Where to send it: a path on this API.
    pub href: String,
    /// JSON Schema 2020-12 of the body, where the action takes a JSON body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub input_schema: Option<serde_json::Value>,
}

/// The members that every resource carries. They replace a system's own words for the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Opaque and stable where the system allows it; see the capability `idFollowsPath` of the system.
    pub id: String,
    /// Where it lives.
    pub source: Source,
    /// Entity tag (RFC 9110 section 8.8.3) without quotes; send it back quoted in `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When it was made, if the system knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed, if the system knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
    /// When the gateway read it from the system.
    #[schema(value_type = String, format = DateTime)]
    pub fetched_at: Timestamp,
    /// What the asking person may do with it now.
    pub allowed_actions: Vec<AllowedAction>,
    /// The system's own status word, untranslated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native_status: Option<String>,
    /// Whose it is, if the system knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<PersonRef>,
    /// How sensitive it is.
    pub classification: Classification,
    /// Members that only this system has. Never relied on by a front-end that serves several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    #[schema(value_type = Object)]
    pub extensions: BTreeMap<String, serde_json::Value>,
}
