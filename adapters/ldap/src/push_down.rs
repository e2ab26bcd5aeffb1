//! What of a query the directory is asked, so that it gives at least what is wanted. The rows decide afterwards.

use std::borrow::Cow;

use portico_contract::access::Scope;
use portico_contract::paging::{Comparison, Filter, Scalar};
use portico_wire::ldap::{AttributeName, Filter as Condition};

use crate::directory::IDS_AT_A_TIME;
use crate::id::Id;
use crate::settings::{Attributes, Dialect};
use crate::time;

/// The attributes behind a field that is one text.
pub(crate) fn mapped<'a>(field: &str, names: &'a Attributes) -> Option<&'a [AttributeName]> {
    Some(match field {
        "userName" => &names.user_name,
        "title" => &names.title,
        "department" => &names.department,
        "employeeNumber" => &names.employee_number,
        "email" => &names.email,
        _ => return None,
    })
}

/// What the directory is asked so that it gives at least what the filter wants. `None` when it cannot help.
pub(crate) fn condition(filter: &Filter, names: &Attributes, dialect: Dialect) -> Option<Condition> {
    let attributes: Cow<'_, [AttributeName]> = match &*filter.field {
        // The words "No name" stand in no directory.
        "displayName" => {
            let shown = [&names.display_name, &names.full_name, &names.user_name];
            let nobody = |value: &Scalar| matches!(value, Scalar::Text(text) if "no name".contains(&text.to_lowercase()));
            if filter.values.iter().any(nobody) {
                return None;
            }
            shown.into_iter().flatten().cloned().collect()
        }
        "updatedAt" => return changed(filter, dialect),
        field => mapped(field, names)?.into(),
    };
    let mut one = Vec::new();
    for value in &filter.values {
        let Scalar::Text(text) = value else { return None };
        if !finds(filter.comparison, text) {
            return None;
        }
        for name in attributes.iter() {
            one.push(match filter.comparison {
                Comparison::In => Condition::equal(name, text.as_str()),
                Comparison::Contains => Condition::contains(name, text.as_str()),
                _ => return None,
            });
        }
    }
    (one.len() <= 2 * IDS_AT_A_TIME && !one.is_empty()).then_some(Condition::Or(one))
}

/// Whether a server finds a value by this text. Servers prepare both sides in the same way (RFC 4518), so the same text is
/// found whatever that is; a part of it is found unless it has spaces at its ends or in a row, which are dropped.
fn finds(comparison: Comparison, text: &str) -> bool {
    let plain = !text.is_empty() && text.len() <= 256 && !text.chars().any(char::is_control);
    plain && (comparison == Comparison::In || (text.trim() == text && !text.contains("  ")))
}

/// A directory knows seconds; the rows decide about what is between them.
fn changed(filter: &Filter, dialect: Dialect) -> Option<Condition> {
    let Some(Scalar::Time(at)) = filter.values.first() else { return None };
    let name = dialect.updated();
    match filter.comparison {
        Comparison::Gte | Comparison::Gt => Some(Condition::AtLeast(name, time::to_generalized(*at).into())),
        // A second later: what was changed within the second is found.
        Comparison::Lte | Comparison::Lt => {
            let later = at.checked_add(jiff::SignedDuration::from_secs(1)).ok()?;
            Some(Condition::AtMost(name, time::to_generalized(later).into()))
        }
        _ => None,
    }
}

/// The scope, as far as the directory can apply it.
pub(crate) fn within(scope: &Scope, names: &Attributes, dialect: Dialect) -> Option<Condition> {
    match scope {
        Scope::All | Scope::None | Scope::Assignees(_) => None,
        Scope::Owners(owners) => {
            let ids = owners.iter().filter_map(|owner| Id::parse(owner)).map(|id| id.filter(dialect));
            let ids: Vec<_> = ids.take(IDS_AT_A_TIME + 1).collect();
            (!ids.is_empty() && ids.len() <= IDS_AT_A_TIME).then_some(Condition::Or(ids))
        }
        Scope::Units(units) => {
            let good = !units.is_empty()
                && units.len() <= IDS_AT_A_TIME
                && units.iter().all(|unit| finds(Comparison::In, unit));
            let of =
                |unit| names.department.iter().map(move |name| Condition::equal(name, String::as_str(unit)));
            good.then(|| Condition::Or(units.iter().flat_map(of).collect()))
        }
        Scope::Any(scopes) => {
            let all: Option<Vec<_>> = scopes.iter().map(|scope| within(scope, names, dialect)).collect();
            all.filter(|all| !all.is_empty()).map(Condition::Or)
        }
    }
}
