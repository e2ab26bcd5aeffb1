//! Lists: pages, filters, scopes.

use std::collections::BTreeSet;

use portico_contract::ErrorKind;
use portico_contract::access::Scope;
use portico_contract::expenses::*;
use portico_contract::paging::{Comparison, Filter, ListQuery, Scalar, SortTerm};
use serde_json::json;

use super::lab::*;

fn text(field: &'static str, comparison: Comparison, values: &[&str]) -> Filter {
    let values = values.iter().map(|value| Scalar::Text((*value).to_owned())).collect();
    Filter { field: field.into(), comparison, values }
}

async fn walk(lab: &Lab, query: &ListQuery) -> Vec<ExpenseReportRecord> {
    let (mut query, mut all) = (query.clone(), Vec::new());
    loop {
        let page = lab.call(ListExpenseReports { query: query.clone() }).await.expect("a page");
        assert!(page.items.len() <= query.limit);
        all.extend(page.items.into_iter().map(|listed| listed.item));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return all,
        }
    }
}

in_both! {
    async fn every_claim_comes_once_however_it_is_paged(lab: &Lab) {
        let all = lab.sim.count("hr.expense.sheet", &json!([])).expect("a model");
        assert!(all > 20, "the council claims enough: {all}");
        for sort in [vec![], vec![("createdAt", false)], vec![("updatedAt", true)], vec![("updatedAt", false)]] {
            let sort: Vec<_> = sort.into_iter().map(|(field, descending)| SortTerm { field: field.into(), descending }).collect();
            for limit in [3, 50] {
                let found = walk(lab, &ListQuery { sort: sort.clone(), ..first(limit) }).await;
                let ids: BTreeSet<_> = found.iter().map(|report| report.id.clone()).collect();
                assert_eq!((ids.len(), found.len()), (all, all));
                assert!(found.iter().all(|report| report.lines.is_none() && report.version.is_some()));
            }
        }
        assert_eq!(
            lab.refused(ListExpenseReports { query: ListQuery { sort: vec![SortTerm { field: "title".into(), descending: false }], ..first(5) } }).await,
            Some(ErrorKind::UnsupportedQuery)
        );
    }

    async fn a_list_has_the_version_that_reading_has(lab: &Lab) {
        let page = lab.call(ListExpenseReports { query: first(10) }).await.expect("a page");
        for listed in page.items {
            let mut read = lab.call(GetExpenseReport { report: listed.item.id.clone() }).await.expect("it");
            read.lines = None;
            assert_eq!(read, listed.item);
        }
    }

    async fn filters_are_applied_by_odoo(lab: &Lab) {
        let everything = walk(lab, &first(200)).await;
        let some = &everything[everything.len() / 2];
        let filters = [
            (vec![text("status", Comparison::In, &["submitted"])], json!([["state", "=", "submit"]])),
            (vec![text("status", Comparison::In, &["approved", "rejected"])], json!([["state", "in", ["approve", "post", "cancel"]]])),
            (vec![text("employeeId", Comparison::In, &[some.employee.id.as_str(), "999999", "x"])],
             json!([["employee_id", "=", number(&some.employee.id)]])),
        ];
        for (filters, domain) in filters {
            let found = walk(lab, &ListQuery { filters: filters.clone(), ..first(7) }).await;
            let ids: BTreeSet<_> = found.iter().map(|report| number(&report.id)).collect();
            assert_eq!(ids, lab.sim.find("hr.expense.sheet", &domain).expect("a domain").into_iter().collect(), "{filters:?}");
        }
        let title: String = some.title.chars().take(5).collect::<String>().to_uppercase();
        let found = walk(lab, &ListQuery { filters: vec![text("title", Comparison::Contains, &[&title])], ..first(50) }).await;
        let expected = everything.iter().filter(|report| report.title.to_uppercase().contains(&title)).count();
        assert_eq!(found.len(), expected);
        // Odoo takes these for wild cards.
        for wild in ["%", "_____", "\\"] {
            let found = walk(lab, &ListQuery { filters: vec![text("title", Comparison::Contains, &[wild])], ..first(50) }).await;
            assert!(found.iter().all(|report| report.title.contains(wild)), "{wild}");
        }
        let at = some.updated_at.expect("a time");
        for (comparison, holds) in [
            (Comparison::Gte, (|a, b| a >= b) as fn(_, _) -> bool),
            (Comparison::Gt, |a, b| a > b),
            (Comparison::Lte, |a, b| a <= b),
            (Comparison::Lt, |a, b| a < b),
        ] {
            let filter = Filter { field: "updatedAt".into(), comparison, values: vec![Scalar::Time(at)] };
            let found = walk(lab, &ListQuery { filters: vec![filter], ..first(50) }).await;
            let expected = everything.iter().filter(|report| holds(report.updated_at, Some(at))).count();
            assert_eq!(found.len(), expected, "{comparison:?}");
        }
    }

    async fn a_scope_is_pushed_down(lab: &Lab) {
        let everything = walk(lab, &first(200)).await;
        let waiting = everything.iter().find(|report| !report.facts.assignees.is_empty()).expect("something waits");
        let owner = waiting.employee.id.as_str().to_owned();
        let assignee = waiting.facts.assignees.first().expect("somebody").clone();
        let unit = waiting.facts.unit.clone().expect("a department");
        for scope in [
            Scope::Owners(BTreeSet::from([owner.clone()])),
            Scope::Owners(BTreeSet::from(["somebody else".to_owned()])),
            Scope::Assignees(BTreeSet::from([assignee.clone()])),
            Scope::Units(BTreeSet::from([unit])),
            Scope::Any(vec![Scope::Owners(BTreeSet::from([owner])), Scope::Assignees(BTreeSet::from([assignee]))]),
            Scope::None,
        ] {
            let found = walk(lab, &ListQuery { scope: scope.clone(), ..first(4) }).await;
            let ids: BTreeSet<_> = found.iter().map(|report| report.id.clone()).collect();
            let expected = everything.iter().filter(|report| scope.shows(&report.facts)).map(|report| report.id.clone()).collect();
            assert_eq!(ids, expected, "{scope:?}");
        }
    }

    async fn look_ups_are_paged_and_filtered(lab: &Lab) {
        let (mut query, mut names) = (first(5), Vec::new());
        loop {
            let page = lab.call(ListExpenseCategories { query: query.clone() }).await.expect("a page");
            names.extend(page.items.into_iter().map(|listed| listed.item.name));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        let expected: Vec<_> = portico_odoo_sim::categories().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, expected);
        let mileage = ListQuery { filters: vec![text("name", Comparison::Contains, &["mileAGE"])], ..first(5) };
        let page = lab.call(ListExpenseCategories { query: mileage }).await.expect("a page");
        let mileage = &page.items[0].item;
        assert_eq!((mileage.unit.as_deref(), mileage.unit_price.clone()), (Some("mi"), Some(pounds("0.45"))));
        assert_eq!(mileage.code.as_deref(), Some("MILE"));
        assert_eq!(mileage.tax_rates.len(), 1);
        let by_code = ListQuery { filters: vec![text("code", Comparison::In, &["RAIL", "HOTEL"])], ..first(5) };
        assert_eq!(lab.call(ListExpenseCategories { query: by_code }).await.expect("a page").items.len(), 2);
        let taxes = lab.call(ListTaxRates { query: first(50) }).await.expect("a page");
        assert_eq!(taxes.items[0].item.percent.map(|percent| percent.to_string()).as_deref(), Some("20"));
        assert_eq!(taxes.items.len(), 4, "only those on what is bought");
        let projects = lab.call(ListProjects { query: first(50) }).await.expect("a page");
        assert!(projects.items.iter().any(|listed| listed.item.name == "Town hall roof"));
        let centres = lab.call(ListCostCentres { query: first(50) }).await.expect("a page");
        assert!(!centres.items.is_empty() && centres.items.iter().all(|listed| listed.item.code.is_some()));
        let hidden = ListQuery { scope: Scope::Owners(BTreeSet::from(["1".to_owned()])), ..first(5) };
        assert!(lab.call(ListTaxRates { query: hidden }).await.expect("a page").items.is_empty());
    }
}
