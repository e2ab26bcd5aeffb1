//! Lists: order, filters, pages, limits.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use portico_contract::access::Scope;
use portico_contract::paging::{Comparison, Filter, ListQuery, Position, Scalar};
use portico_contract::people::{ListOrgUnits, ListPeople};
use portico_contract::systems::CheckSystem;
use portico_contract::{Error, ErrorKind};
use portico_ldap_sim::{Dialect, Fault, On, Options};
use serde_json::json;

use super::place::{filtered, query, scoped, simulated, sorted, user_names, with};

const BOTH: [Dialect; 2] = [Dialect::OpenLdap, Dialect::ActiveDirectory];

fn options(dialect: Dialect, people: usize) -> Options {
    Options { people, ..Options::new(dialect) }
}

#[tokio::test]
async fn every_order_holds_over_pages() {
    for dialect in BOTH {
        let place = simulated(dialect).await;
        for field in crate::query::SORTS {
            for descending in [false, true] {
                let mut query = sorted(field, descending, 7);
                let mut keys: Vec<Scalar> = Vec::new();
                let mut ids = BTreeSet::new();
                loop {
                    let page = place.call(ListPeople { query: query.clone() }).await.expect("a page");
                    assert!(page.items.len() <= 7);
                    for listed in page.items {
                        assert_eq!(listed.key.len(), 1);
                        keys.extend(listed.key);
                        assert!(ids.insert(listed.item.id), "{field}: somebody came twice");
                    }
                    match page.next {
                        Some(next) => query.after = Some(next),
                        None => break,
                    }
                }
                assert_eq!(ids.len(), 60, "{field}");
                let ordered =
                    |pair: &[Scalar]| if descending { pair[0] >= pair[1] } else { pair[0] <= pair[1] };
                assert!(keys.windows(2).all(ordered), "{field} {descending}: {keys:?}");
            }
        }
        let natural = place.all(query(25)).await;
        let names: Vec<_> = natural.iter().map(|person| &person.profile.display_name).collect();
        assert!(names.is_sorted());
    }
}

#[tokio::test]
async fn filters_give_what_they_say() {
    for dialect in BOTH {
        let place = simulated(dialect).await;
        let people = place.all(query(50)).await;
        let one = &people[11];
        let profile = &one.profile;
        let text = |value: &Option<String>| value.clone().expect("a value");
        let count = |test: &dyn Fn(&portico_contract::people::PersonRecord) -> bool| {
            people.iter().filter(|person| test(person)).count()
        };
        let department = text(&profile.department);
        let title = text(&profile.title);
        let manager = one.manager.as_ref().expect("a manager").id.clone();
        let unit = one.org_unit.clone().expect("a unit");
        for (field, comparison, value, expected) in [
            ("userName", Comparison::In, text(&profile.user_name), 1),
            ("employeeNumber", Comparison::In, text(&profile.employee_number), 1),
            ("email", Comparison::In, profile.emails[0].value.clone(), 1),
            ("displayName", Comparison::In, profile.display_name.clone(), 1),
            ("displayName", Comparison::Contains, profile.display_name.to_uppercase(), 1),
            (
                "department",
                Comparison::In,
                department.clone(),
                count(&|p| p.profile.department.as_ref() == Some(&department)),
            ),
            ("title", Comparison::In, title.clone(), count(&|p| p.profile.title.as_ref() == Some(&title))),
            ("active", Comparison::In, "false".into(), count(&|p| !p.profile.active)),
            ("active", Comparison::In, "true".into(), count(&|p| p.profile.active)),
            (
                "managerId",
                Comparison::In,
                manager.as_str().into(),
                count(&|p| p.manager.as_ref().is_some_and(|m| m.id == manager)),
            ),
            (
                "orgUnitId",
                Comparison::In,
                unit.as_str().into(),
                count(&|p| p.org_unit.as_ref() == Some(&unit)),
            ),
            ("userName", Comparison::In, "*".into(), 0),
            ("title", Comparison::Contains, "*".into(), 0),
            ("managerId", Comparison::In, "*".into(), 0),
            ("orgUnitId", Comparison::In, "x".into(), 0),
            ("displayName", Comparison::In, profile.display_name.to_uppercase(), 0),
        ] {
            let found = place.all(filtered(field, comparison, &value)).await;
            assert_eq!(found.len(), expected, "{dialect:?} {field} {comparison:?} {value}");
        }
        let unknown = place.call(ListPeople { query: filtered("shoeSize", Comparison::In, "9") }).await;
        assert_eq!(unknown.expect_err("no such field").kind(), ErrorKind::UnsupportedQuery);
        let updated = one.updated_at.expect("a time");
        for (comparison, test) in [
            (Comparison::Gte, (|a, b| a >= b) as fn(jiff::Timestamp, jiff::Timestamp) -> bool),
            (Comparison::Gt, |a, b| a > b),
            (Comparison::Lte, |a, b| a <= b),
            (Comparison::Lt, |a, b| a < b),
        ] {
            let filter =
                Filter { field: "updatedAt".into(), comparison, values: vec![Scalar::Time(updated)] };
            let found = place.all(ListQuery { filters: vec![filter], ..query(50) }).await;
            assert_eq!(
                found.len(),
                count(&|p| p.updated_at.is_some_and(|at| test(at, updated))),
                "{comparison:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_scope_shows_what_it_may() {
    let place = simulated(Dialect::ActiveDirectory).await;
    let people = place.all(query(50)).await;
    let (one, two) = (&people[3], &people[30]);
    let owners = Scope::Owners([one.id.as_str().to_owned(), "portico".into()].into());
    assert_eq!(user_names(&place.all(scoped(owners.clone())).await), user_names(std::slice::from_ref(one)));
    let department = two.profile.department.clone().expect("a department");
    let units = Scope::Units([department.clone()].into());
    let inside =
        people.iter().filter(|person| person.profile.department.as_ref() == Some(&department)).count();
    assert_eq!(place.all(scoped(units.clone())).await.len(), inside);
    let either = place.all(scoped(Scope::Any(vec![owners, units]))).await;
    assert!(either.len() >= inside && either.iter().any(|person| person.id == one.id));
    for nobody in
        [Scope::None, Scope::Owners([].into()), Scope::Units(["*".to_owned()].into()), Scope::Any(vec![])]
    {
        assert_eq!(place.all(scoped(nobody)).await.len(), 0);
    }
}

/// A restart, another replica, or an hour at lunch: the list is read again and the page begins where it should.
#[tokio::test]
async fn a_list_that_was_lost_goes_on_without_holes() {
    let place = simulated(Dialect::OpenLdap).await;
    let whole = user_names(&place.all(query(50)).await);
    let mut query = query(7);
    let mut found = Vec::new();
    loop {
        let page = place.call(ListPeople { query: query.clone() }).await.expect("a page");
        found.extend(page.items.into_iter().filter_map(|listed| listed.item.profile.user_name));
        let Some(next) = page.next else { break };
        query.after = Some(next);
        place.directory.snapshots.forget();
    }
    assert_eq!(found, whole);
}

#[tokio::test]
async fn who_comes_and_goes_between_pages_disturbs_nobody() {
    for lost in [false, true] {
        let place = simulated(Dialect::OpenLdap).await;
        let whole = user_names(&place.all(sorted("userName", false, 50)).await);
        let first = place.call(ListPeople { query: sorted("userName", false, 20) }).await.expect("a page");
        place.server.delete(&whole[5]).expect("deleted");
        place.server.delete(&whole[40]).expect("deleted");
        place.server.add("aaaa", "Aaron", "Aardvark").expect("added");
        if lost {
            place.directory.snapshots.forget();
        }
        let mut query = sorted("userName", false, 20);
        query.after = first.next;
        let rest = place.all(query).await;
        let rest = user_names(&rest);
        let expected: Vec<_> =
            whole[20..].iter().filter(|name| !lost || **name != whole[40]).cloned().collect();
        assert_eq!(rest, expected, "{lost}");
    }
}

#[tokio::test]
async fn few_lists_are_kept_and_only_long_ones() {
    let place = simulated(Dialect::OpenLdap).await;
    place.call(ListPeople { query: query(200) }).await.expect("a page");
    assert_eq!(place.directory.snapshots.len(), 0);
    for limit in 1..100 {
        place.call(ListPeople { query: query(limit % 50 + 1) }).await.expect("a page");
    }
    assert!(place.directory.snapshots.len() <= 64);
}

#[tokio::test]
async fn positions_that_do_not_fit_are_refused() {
    let place = simulated(Dialect::OpenLdap).await;
    let good = place.call(ListPeople { query: query(5) }).await.expect("a page").next.expect("a next page");
    for text in ["", "[]", "garbage", "[\"x\",[],\"y\"]", "{}", "null"] {
        let mut query = query(5);
        query.after = Position::new(text);
        let refused = place.call(ListPeople { query }).await.map(|_| ()).map_err(|error: Error| error.kind());
        assert_eq!(refused, Err(ErrorKind::InvalidCursor), "{text}");
        let mut units = self::query(5);
        units.after = Position::new(text);
        let refused = place.call(ListOrgUnits { query: units }).await.map(|_| ()).map_err(|e| e.kind());
        assert_eq!(refused, Err(ErrorKind::InvalidCursor), "{text}");
    }
    // With another order it is a position of another list.
    let mut other = sorted("title", true, 5);
    other.sort.extend(sorted("userName", false, 5).sort);
    other.after = Some(good);
    assert_eq!(
        place.call(ListPeople { query: other }).await.expect_err("misfit").kind(),
        ErrorKind::InvalidCursor
    );
}

/// OpenLDAP answers a page above its cap with error 11 and nothing: it is asked for less, once.
#[tokio::test]
async fn the_size_of_a_page_is_negotiated_and_remembered() {
    let limited = Options { size_limit: 30, ..options(Dialect::OpenLdap, 100) };
    let place = with(limited, json!({ "limits": { "page_size": 400 } })).await;
    assert_eq!(place.all(query(200)).await.len(), 100);
    assert_eq!(place.directory.allowed_page_size(), 25);
    // Four pages of 25, and not one refusal more.
    let before = place.server.searches();
    let mut all = query(200);
    all.filters = filtered("active", Comparison::In, "neither").filters;
    assert_eq!(place.all(all).await.len(), 0);
    assert_eq!(place.server.searches() - before, 4);
}

/// Active Directory gives 1,000 at a time at most, without an error; a list of 2,500 is whole all the same.
#[tokio::test]
async fn long_lists_are_whole() {
    for dialect in BOTH {
        let place = with(options(dialect, 2_500), json!({ "limits": { "page_size": 2_000 } })).await;
        let first = place.all(query(200)).await;
        assert_eq!(first.len(), 2_500);
        // Now that it is known to be long only keys are kept, and the people are read page by page.
        let second = place.all(query(200)).await;
        assert_eq!(second, first, "{dialect:?}");
    }
}

#[tokio::test]
async fn a_limit_of_ours_is_told() {
    let place = with(options(Dialect::OpenLdap, 60), json!({ "limits": { "list_max_people": 40 } })).await;
    let page = place.call(ListPeople { query: query(200) }).await.expect("a page");
    assert_eq!(page.items.len(), 40);
    assert!(page.limited.is_some_and(|why| why.contains("40") && why.contains("list_max_people")));
    // Only the last page says so.
    let page = place.call(ListPeople { query: query(25) }).await.expect("a page");
    assert!(page.limited.is_none() && page.next.is_some());
}

/// Half pages and empty ones in between are no end.
#[tokio::test]
async fn odd_pages_are_followed_to_their_end() {
    let place = with(options(Dialect::OpenLdap, 300), json!({ "limits": { "page_size": 50 } })).await;
    place.server.fault(On::Search, Fault::WrongPages);
    assert_eq!(place.all(query(200)).await.len(), 300);
}

#[tokio::test]
async fn the_check_says_what_page_size_works() {
    let limited = Options { size_limit: 30, ..options(Dialect::OpenLdap, 100) };
    let place = with(limited, json!({})).await;
    let report = place.call(CheckSystem).await.expect("a report");
    assert!(report.warnings.iter().any(|line| line.contains("page_size")), "{report:?}");
}

/// A server that stops at its limit of entries: what it gave is shown, and that it is not all.
#[tokio::test]
async fn a_limit_of_the_server_is_told() {
    let limited = Options { size_limit: 30, ..options(Dialect::OpenLdap, 100) };
    let place = with(limited, json!({})).await;
    // As with a server that has no paging.
    place.directory.no_paging.store(true, Ordering::Relaxed);
    let page = place.call(ListPeople { query: query(200) }).await.expect("a page");
    assert_eq!(page.items.len(), 30);
    assert!(page.limited.as_ref().is_some_and(|why| why.contains("30 entries")), "{:?}", page.limited);
    let first = place.call(ListPeople { query: query(20) }).await.expect("a page");
    assert!(first.limited.is_none() && first.next.is_some());
    let mut second = query(20);
    second.after = first.next;
    let second = place.call(ListPeople { query: second }).await.expect("a page");
    assert!(second.items.len() == 10 && second.limited.is_some() && second.next.is_none());
    // Where whoever is missing would be taken for gone, it is an error.
    let (into, _told) = tokio::sync::mpsc::channel(100);
    let told = place.call(portico_contract::people::PeopleChanges { since: None, into }).await;
    assert_eq!(told.expect_err("not everybody").kind(), ErrorKind::BackendStatus);
}

/// What is remembered spares questions: a person who was read before costs one.
#[tokio::test]
async fn a_person_costs_one_question() {
    for dialect in BOTH {
        let place = simulated(dialect).await;
        let person = place.all(query(50)).await.swap_remove(30);
        place.get(&person.id).await.expect("a person");
        let before = place.server.searches();
        for _ in 0..10 {
            assert_eq!(place.get(&person.id).await.expect("a person"), person);
        }
        assert_eq!(place.server.searches() - before, 10, "{dialect:?}");
    }
}
