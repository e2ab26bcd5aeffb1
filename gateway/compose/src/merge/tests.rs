use proptest::prelude::*;

use super::*;

/// A sorted source that gives pages of at most `bound` items, whatever is asked.
fn page(all: &[i64], after: Option<&Position>, limit: usize, bound: usize) -> SourcePage<i64> {
    let start = after.map_or(0, |at| at.as_str().parse::<usize>().unwrap());
    let end = all.len().min(start + limit.min(bound));
    let items = (start..end).map(|index| Listed {
        item: all[index],
        key: vec![Scalar::Number(all[index])],
        position: Position::new((index + 1).to_string()).unwrap(),
    });
    SourcePage::new(items.collect(), (end < all.len()).then(|| Position::new(end.to_string()).unwrap()))
}

/// Traverses all sources page by page, as the composition does.
fn traverse(sources: &[Vec<i64>], limit: usize, bound: usize, order: &Order) -> Vec<(usize, i64)> {
    let mut at: Vec<Option<Option<Position>>> = vec![Some(None); sources.len()];
    let mut seen = Vec::new();
    for _ in 0..10_000 {
        let open: Vec<usize> = (0..sources.len()).filter(|i| at[*i].is_some()).collect();
        if open.is_empty() {
            return seen;
        }
        let start = |i: usize| at[i].clone().flatten();
        let mut lanes: Vec<_> =
            open.iter().map(|i| Lane::new(page(&sources[*i], start(*i).as_ref(), limit, bound))).collect();
        let taken = merge(&mut lanes, limit, order);
        assert!(taken.len() <= limit);
        seen.extend(taken.into_iter().map(|(lane, item)| (open[lane], item)));
        for (lane, i) in lanes.into_iter().zip(&open) {
            at[*i] = match lane.left() {
                Left::At(Some(position)) => Some(Some(position)),
                Left::At(None) => at[*i].clone(),
                Left::Nothing => None,
            };
        }
    }
    panic!("the traversal does not end");
}

proptest! {
    #[test]
    fn a_traversal_gives_every_item_once_and_in_order(
        mut sources in prop::collection::vec(prop::collection::vec(0_i64..50, 0..40), 1..5),
        limit in 1_usize..20,
        bound in 1_usize..10,
    ) {
        sources.iter_mut().for_each(|source| source.sort_unstable());
        let seen = traverse(&sources, limit, bound, &Order::ByKey(vec![false]));
        let items: Vec<i64> = seen.iter().map(|(_, item)| *item).collect();
        let mut expected: Vec<i64> = sources.concat();
        expected.sort_unstable();
        prop_assert_eq!(items, expected);
    }

    #[test]
    fn descending_orders_merge_too(
        mut sources in prop::collection::vec(prop::collection::vec(0_i64..50, 0..40), 1..4),
        limit in 1_usize..20,
    ) {
        sources.iter_mut().for_each(|source| source.sort_unstable_by(|a, b| b.cmp(a)));
        let seen = traverse(&sources, limit, 7, &Order::ByKey(vec![true]));
        let items: Vec<i64> = seen.into_iter().map(|(_, item)| item).collect();
        let mut expected: Vec<i64> = sources.concat();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        prop_assert_eq!(items, expected);
    }

    #[test]
    fn configured_order_takes_one_source_after_the_other(
        sources in prop::collection::vec(prop::collection::vec(0_i64..50, 0..20), 1..4),
        limit in 1_usize..10,
    ) {
        let seen = traverse(&sources, limit, 3, &Order::Configured);
        let items: Vec<i64> = seen.into_iter().map(|(_, item)| item).collect();
        prop_assert_eq!(items, sources.concat());
    }
}

#[test]
fn a_source_that_may_still_give_an_earlier_item_holds_the_others_back() {
    let empty_but_more = SourcePage::new(vec![], Position::new("on"));
    let mut lanes = [Lane::new(page(&[1, 2], None, 9, 9)), Lane::new(empty_but_more)];
    assert!(merge(&mut lanes, 9, &Order::ByKey(vec![false])).is_empty());
    let [first, second] = lanes;
    assert_eq!(first.left(), Left::At(None));
    assert_eq!(second.left(), Left::At(Position::new("on")));
}

#[test]
fn an_own_order_of_the_sources_goes_both_ways() {
    assert_eq!(Order::natural("displayName"), Order::ByKey(vec![false]));
    assert_eq!(Order::natural("-createdAt, id"), Order::ByKey(vec![true, false]));
    let newest_first = traverse(&[vec![5, 3, 1], vec![4, 2]], 2, 10, &Order::natural("-createdAt"));
    let numbers: Vec<i64> = newest_first.into_iter().map(|(_, number)| number).collect();
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
}
