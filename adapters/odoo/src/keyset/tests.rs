//! Against a list that is kept with microseconds, of which we only see the second.

use portico_contract::access::Scope;
use portico_contract::paging::{ListQuery, SortTerm};
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Thing {
    id: i64,
    micros: i64,
}

impl Row for Thing {
    fn id(&self) -> i64 {
        self.id
    }

    fn time(&self, _: &str) -> Timestamp {
        // What Odoo tells: the second.
        Timestamp::from_second(self.micros.div_euclid(1_000_000)).expect("a time")
    }
}

const NATURAL: Order = Order { name: "createdAt", field: "create_date", descending: false };

fn query(limit: usize, descending: bool, after: Option<Position>) -> ListQuery {
    let sort = vec![SortTerm { field: "createdAt".into(), descending }];
    ListQuery { filters: Vec::new(), sort, limit, after, scope: Scope::All }
}

/// What Odoo gives for a domain of ours: it compares microseconds. Domains are told by what they let through.
fn search(things: &[Thing], keyset: &Keyset, kind: usize, within: Option<i64>) -> Vec<Thing> {
    let descending = keyset.order.descending;
    let allowed = |thing: &&Thing| {
        let second = thing.micros.div_euclid(1_000_000);
        let in_second = within.is_none_or(|wanted| second == wanted);
        let behind = match keyset.after {
            None => true,
            Some(At { second: at, last: None }) => {
                if descending {
                    second < at
                } else {
                    second > at
                }
            }
            Some(At { second: at, last: Some((last_kind, id)) }) => {
                let later = if descending { second < at } else { second > at };
                let rest = match last_kind.cmp(&kind) {
                    std::cmp::Ordering::Equal => {
                        if descending {
                            thing.id < id
                        } else {
                            thing.id > id
                        }
                    }
                    std::cmp::Ordering::Less => true,
                    std::cmp::Ordering::Greater => false,
                };
                later || (second == at && rest)
            }
        };
        in_second && behind
    };
    let mut found: Vec<Thing> = things.iter().filter(allowed).cloned().collect();
    match within {
        None => found.sort_by_key(|thing| (thing.micros, thing.id)),
        Some(_) => found.sort_by_key(|thing| thing.id),
    }
    if descending {
        found.reverse();
    }
    found.truncate(keyset.batch());
    found
}

fn walk(kinds: &[Vec<Thing>], limit: usize, descending: bool) -> Vec<(usize, i64)> {
    let (mut all, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let keyset =
            Keyset::new(&query(limit, descending, after), NATURAL, kinds.len()).expect("a good query");
        let batch = |within| {
            kinds.iter().enumerate().map(|(kind, things)| search(things, &keyset, kind, within)).collect()
        };
        let (rows, next) = match keyset.cut(batch(None)) {
            Cut::Page(rows, next) => (rows, next),
            Cut::Dense(second) => keyset.cut_second(second, batch(Some(second))),
        };
        assert!(rows.len() <= limit);
        let items = rows.iter().map(|(kind, row)| (*kind, row.id)).collect();
        let page = keyset.page(&rows, items, next);
        let keys: Vec<_> = page.items.iter().map(|item| item.key.clone()).collect();
        let sorted =
            keys.windows(2).all(|pair| if descending { pair[0] >= pair[1] } else { pair[0] <= pair[1] });
        assert!(sorted, "a page is in its order");
        all.extend(page.items.iter().map(|item| item.item));
        pages += 1;
        assert!(pages < 10_000, "a traversal ends");
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

/// Things with ids of their own, many of them in few seconds.
fn things(seconds: std::ops::Range<i64>) -> impl Strategy<Value = Vec<Thing>> {
    prop::collection::vec((seconds, 0i64..1_000_000), 0..80).prop_map(|times| {
        let ids = 1i64..;
        times
            .into_iter()
            .zip(ids)
            .map(|((second, micros), id)| Thing { id, micros: second * 1_000_000 + micros })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn everything_is_given_once_in_the_order_of_the_seconds(
        one in things(0..6), two in things(0..6), limit in 1usize..20, descending in any::<bool>(),
    ) {
        for kinds in [vec![one.clone()], vec![one, two]] {
            let found = walk(&kinds, limit, descending);
            let mut seconds: Vec<_> = found
                .iter()
                .map(|(kind, id)| kinds[*kind].iter().find(|thing| thing.id == *id).expect("one of them").micros.div_euclid(1_000_000))
                .collect();
            if descending { seconds.reverse(); }
            prop_assert!(seconds.is_sorted());
            let mut unique = found.clone();
            unique.sort_unstable();
            unique.dedup();
            prop_assert_eq!(unique.len(), found.len(), "nothing twice");
            prop_assert_eq!(found.len(), kinds.iter().map(Vec::len).sum::<usize>(), "nothing lost");
        }
    }

    #[test]
    fn one_transaction_that_made_thousands_is_walked_too(limit in 1usize..40, descending in any::<bool>()) {
        let made = (1..=300).map(|id| Thing { id, micros: 7_123_456 }).collect::<Vec<_>>();
        prop_assert_eq!(walk(&[made.clone(), made], limit, descending).len(), 600);
    }

    #[test]
    fn a_position_of_another_list_is_refused(text in ".{0,30}") {
        let after = Position::new(text.clone());
        let refused = Keyset::new(&query(5, false, after), NATURAL, 1).map(|_| ());
        let ours = text.starts_with("createdAt+") && parse(&text, NATURAL, 1).is_some();
        prop_assert_eq!(refused.is_err(), !ours);
    }
}

#[test]
fn positions_belong_to_their_order_and_kinds() {
    for (text, good) in [
        ("createdAt+5", true),
        ("createdAt+5:0:7", true),
        ("createdAt-5", false),
        ("updatedAt+5", false),
        ("createdAt+5:1:7", false),
        ("createdAt+5:0", false),
        ("createdAt+5:0:7:9", false),
        ("createdAt+99999999999999999", false),
    ] {
        assert_eq!(parse(text, NATURAL, 1).is_some(), good, "{text}");
    }
}
