//! The reference that lists are compared with: fields of records, worked out in the plainest way.

use std::fmt::Debug;

use portico_contract::paging::{Filter, Scalar};
use portico_contract::people::{OrgUnitRecord, PersonLink, PersonRecord};

/// The values of a field, as the API names it; none for what the person does not have. `None` for a field that the suite does
/// not know.
pub(crate) fn values(record: &PersonRecord, name: &str) -> Option<Vec<Scalar>> {
    let profile = &record.profile;
    let text = |value: &Option<String>| value.clone().map(Scalar::Text).into_iter().collect::<Vec<_>>();
    Some(match name {
        "userName" => text(&profile.user_name),
        "displayName" => vec![Scalar::Text(profile.display_name.clone())],
        "givenName" => text(&profile.name.given_name),
        "familyName" => text(&profile.name.family_name),
        "title" => text(&profile.title),
        "department" => text(&profile.department),
        "division" => text(&profile.division),
        "organization" => text(&profile.organization),
        "costCenter" => text(&profile.cost_center),
        "office" => text(&profile.office),
        "employeeNumber" => text(&profile.employee_number),
        "preferredLanguage" => text(&profile.preferred_language),
        "active" => vec![Scalar::Text(profile.active.to_string())],
        "email" => profile.emails.iter().map(|email| Scalar::Text(email.value.clone())).collect(),
        "managerId" => record.manager.iter().map(|link| Scalar::Text(link.id.as_str().to_owned())).collect(),
        "orgUnitId" => record.org_unit.iter().map(|unit| Scalar::Text(unit.as_str().to_owned())).collect(),
        "createdAt" => record.created_at.map(Scalar::Time).into_iter().collect(),
        "updatedAt" => record.updated_at.map(Scalar::Time).into_iter().collect(),
        _ => return None,
    })
}

/// The value of a field in a sort key: the first.
pub(crate) fn key(record: &PersonRecord, name: &str) -> Option<Scalar> {
    Some(values(record, name)?.into_iter().next().unwrap_or(Scalar::Missing))
}

/// The value of a field of a unit in a sort key.
pub(crate) fn unit_key(record: &OrgUnitRecord, name: &str) -> Option<Scalar> {
    Some(match name {
        "name" => Scalar::Text(record.name.clone()),
        "parentId" => {
            record.parent.as_ref().map_or(Scalar::Missing, |parent| Scalar::Text(parent.as_str().to_owned()))
        }
        _ => return None,
    })
}

/// Whether a record meets all conditions: one of the values of the field does.
pub(crate) fn meets(record: &PersonRecord, filters: &[Filter]) -> bool {
    filters.iter().all(|filter| {
        values(record, &filter.field).unwrap_or_default().iter().any(|value| filter.matches(value))
    })
}

/// In what two records of one person differ, which must be nothing, whichever operation gave them.
pub(crate) fn same(who: &str, one: &PersonRecord, other: &PersonRecord) -> Result<(), String> {
    let PersonRecord {
        id,
        version,
        created_at,
        updated_at,
        profile,
        native_status,
        has_photo,
        manager,
        org_unit,
        facts,
    } = one;
    let mut differences = Vec::new();
    let mut compare = |what: &str, is: &dyn Debug, should: &dyn Debug| {
        let (is, should) = (format!("{is:?}"), format!("{should:?}"));
        if is != should {
            differences.push(format!("{what} is {is} and {should}"));
        }
    };
    compare("the id", &id.as_str(), &other.id.as_str());
    compare("the version", version, &other.version);
    compare("the time of making", created_at, &other.created_at);
    compare("the time of change", updated_at, &other.updated_at);
    compare("the profile", profile, &other.profile);
    compare("the native status", native_status, &other.native_status);
    compare("having a photo", has_photo, &other.has_photo);
    let link = |record: &Option<PersonLink>| {
        record.as_ref().map(|link| (link.id.as_str().to_owned(), link.display.clone()))
    };
    compare("the manager", &link(manager), &link(&other.manager));
    compare(
        "the unit",
        &org_unit.as_ref().map(|id| id.as_str()),
        &other.org_unit.as_ref().map(|id| id.as_str()),
    );
    compare("what decides about access", facts, &other.facts);
    match differences.is_empty() {
        true => Ok(()),
        false => Err(format!("{who}: {}", differences.join("; "))),
    }
}
