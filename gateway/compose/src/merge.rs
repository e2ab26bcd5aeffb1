//! Merging pages of several sources into one, without losing or repeating an item.
//!
//! Items are taken in order of their keys while every source that could still give an earlier one has an item to show.
//! When a source has used up its page and has more, merging stops there: the page is short, and the next one goes on
//! from exactly the items that were used. Equal keys are taken in the configured order of the sources.

use std::cmp::Ordering;
use std::collections::VecDeque;

use portico_contract::paging::{Listed, Position, Scalar, SourcePage};

/// One source's page while it is being merged.
pub(crate) struct Lane<T> {
    waiting: VecDeque<Listed<T>>,
    end: Option<Position>,
    used: Option<Position>,
}

/// Where a source stands after a merge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Goes on here; `None` means at the position it started from, because none of its items was used.
    At(Option<Position>),
    /// Has given everything.
    Nothing,
}

impl<T> Lane<T> {
    pub(crate) fn new(page: SourcePage<T>) -> Self {
        Self { waiting: page.items.into(), end: page.next, used: None }
    }

    fn blocks(&self) -> bool {
        self.waiting.is_empty() && self.end.is_some()
    }

    pub(crate) fn left(self) -> Left {
        match (self.waiting.is_empty(), self.end) {
            (true, None) => Left::Nothing,
            (true, end) => Left::At(end),
            (false, _) => Left::At(self.used),
        }
    }
}

/// How the lanes are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// By key; one flag per term says whether it is descending.
    ByKey(Vec<bool>),
    /// One lane after the other.
    Configured,
}

impl Order {
    /// The order that all sources have of their own: `-createdAt,id`.
    pub(crate) fn natural(sort: &str) -> Self {
        Self::ByKey(sort.split(',').map(|term| term.trim_start().starts_with('-')).collect())
    }
}

/// Takes at most `limit` items out of the lanes. Each comes with the index of its lane.
pub(crate) fn merge<T>(lanes: &mut [Lane<T>], limit: usize, order: &Order) -> Vec<(usize, T)> {
    let mut taken = Vec::new();
    while taken.len() < limit {
        let Some(index) = next_lane(lanes, order) else { break };
        let Some(listed) = lanes[index].waiting.pop_front() else { break };
        lanes[index].used = Some(listed.position);
        taken.push((index, listed.item));
    }
    taken
}

fn next_lane<T>(lanes: &[Lane<T>], order: &Order) -> Option<usize> {
    match order {
        Order::Configured => {
            let first = lanes.iter().position(|lane| !lane.waiting.is_empty() || lane.end.is_some())?;
            (!lanes[first].blocks()).then_some(first)
        }
        Order::ByKey(_) if lanes.iter().any(Lane::blocks) => None,
        Order::ByKey(descending) => {
            let heads = lanes.iter().enumerate().filter_map(|(i, lane)| lane.waiting.front().map(|h| (i, h)));
            heads.min_by(|(_, a), (_, b)| compare(&a.key, &b.key, descending)).map(|(index, _)| index)
        }
    }
}

fn compare(a: &[Scalar], b: &[Scalar], descending: &[bool]) -> Ordering {
    for (term, (a, b)) in a.iter().zip(b).enumerate() {
        let ordering = a.cmp(b);
        let ordering = if descending.get(term) == Some(&true) { ordering.reverse() } else { ordering };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests;
