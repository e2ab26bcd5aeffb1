//! Odoo's search domains, from typed values only.

use jiff::Timestamp;
use portico_contract::NativeId;
use portico_contract::access::Scope;
use portico_wire::rpc::Value;

use crate::wire;

/// A search domain in prefix notation; terms next to each other all hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Domain {
    /// Terms, each complete in itself.
    terms: Vec<Vec<Value>>,
}

impl Domain {
    /// Everything.
    pub(crate) fn all() -> Self {
        Self::default()
    }

    /// Nothing: no record has this id.
    pub(crate) fn nothing() -> Self {
        Self::all().and("id", "=", 0_i64)
    }

    /// What also meets this condition.
    #[must_use]
    pub(crate) fn and(
        mut self,
        field: &'static str,
        operator: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        self.terms.push(vec![Value::Array(vec![field.into(), operator.into(), value.into()])]);
        self
    }

    /// What also meets this domain.
    #[must_use]
    pub(crate) fn and_all(mut self, other: Self) -> Self {
        self.terms.extend(other.terms);
        self
    }

    /// What meets any of these.
    pub(crate) fn any(domains: Vec<Self>) -> Self {
        // A domain without terms holds for everything.
        if domains.iter().any(|domain| domain.terms.is_empty()) {
            return Self::all();
        }
        let Some(more) = domains.len().checked_sub(1) else { return Self::nothing() };
        let mut term: Vec<Value> = (0..more).map(|_| "|".into()).collect();
        for domain in domains {
            term.extend((1..domain.terms.len()).map(|_| Value::from("&")));
            term.extend(domain.terms.into_iter().flatten());
        }
        Self { terms: vec![term] }
    }

    /// Whose time of this field lies in the second.
    pub(crate) fn within(field: &'static str, second: i64) -> Self {
        Self::all().and(field, ">=", stamp(second)).and(field, "<", stamp(second + 1))
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Array(self.terms.into_iter().flatten().collect())
    }
}

/// A second as Odoo writes it.
pub(crate) fn stamp(second: i64) -> Value {
    let at = Timestamp::from_second(second).unwrap_or_default();
    wire::stamp_text(at).into()
}

/// Ids as a list, without those that are none of Odoo's.
pub(crate) fn ids<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<i64> {
    texts.into_iter().filter_map(|text| text.parse().ok()).filter(|id| *id > 0).collect()
}

/// An id as Odoo counts; `None` for what is none.
pub(crate) fn id(native: &NativeId) -> Option<i64> {
    native.as_str().parse().ok().filter(|id: &i64| *id > 0)
}

/// A list of ids as a value.
pub(crate) fn id_list(ids: &[i64]) -> Value {
    Value::list(ids.iter().copied())
}

/// What a scope shows, by the fields of owner and department. Those for whom a thing waits are given as users.
pub(crate) fn scope(
    scope: &Scope,
    owner: &'static str,
    department: &'static str,
    waits_for: &impl Fn(&[i64]) -> Domain,
) -> Domain {
    match scope {
        Scope::All => Domain::all(),
        Scope::None => Domain::nothing(),
        Scope::Owners(owners) => {
            Domain::all().and(owner, "in", id_list(&ids(owners.iter().map(String::as_str))))
        }
        Scope::Units(units) => {
            Domain::all().and(department, "in", id_list(&ids(units.iter().map(String::as_str))))
        }
        Scope::Assignees(people) => waits_for(&ids(people.iter().map(String::as_str))),
        Scope::Any(scopes) => {
            Domain::any(scopes.iter().map(|one| self::scope(one, owner, department, waits_for)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> String {
        match value {
            Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(",")),
            Value::Text(text) => text.to_string(),
            Value::Int(number) => number.to_string(),
            other => other.kind().to_owned(),
        }
    }

    #[test]
    fn alternatives_are_written_in_prefix_notation() {
        let one = Domain::all().and("a", "=", 1_i64);
        let two = one.clone().and("b", "=", 2_i64);
        let shown = |domain: Domain| text(&domain.into_value());
        assert_eq!(shown(two.clone()), "[[a,=,1],[b,=,2]]");
        assert_eq!(
            shown(Domain::any(vec![one.clone(), two.clone(), one.clone()]).and("c", "=", 3_i64)),
            "[|,|,[a,=,1],&,[a,=,1],[b,=,2],[a,=,1],[c,=,3]]"
        );
        let nested = Domain::any(vec![Domain::any(vec![one.clone(), two]), one.clone()]);
        assert_eq!(shown(nested), "[|,|,[a,=,1],&,[a,=,1],[b,=,2],[a,=,1]]");
        assert_eq!(shown(Domain::any(vec![one, Domain::all()])), "[]");
        assert_eq!(shown(Domain::any(vec![])), "[[id,=,0]]");
        assert_eq!(
            shown(Domain::within("write_date", 0)),
            "[[write_date,>=,1970-01-01 00:00:00],[write_date,<,1970-01-01 00:00:01]]"
        );
    }
}
