//! The adapter kinds that this gateway is built with: one line each, listed by hand so that none is lost silently.

use portico_contract::AdapterKind;

/// Every adapter kind, in alphabetical order.
pub fn kinds() -> &'static [&'static AdapterKind] {
    &[&portico_ldap::KIND, &portico_odoo::KIND, &portico_webdav::KIND]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_order() {
        let names: Vec<_> = kinds().iter().map(|kind| kind.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }
}
