//! Lists of people, in order, kept between two pages.
//!
//! A directory has no order of its own, and its paging cookies belong to a connection. So a list is read once, sorted
//! here, and kept for a while. A position is the key of the last item and the list that it was in: while that list is
//! kept the next page comes out of it; when it is not (time passed, the gateway was restarted, another replica asks), it is
//! read again and the page begins behind that key. Who is there throughout is neither skipped nor repeated.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use portico_contract::paging::{Listed, Position, Scalar};
use portico_contract::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::id::Id;
use crate::map::Row;
use crate::query::Plan;

/// Lists that are kept.
const MOST_LISTS: usize = 64;
/// Weight of all of them together: about 50 MB.
const MOST_WEIGHT: usize = 400_000;
/// Weight of a person who is held with everything about them; a key and an id weigh 1.
const WHOLE: usize = 20;

/// One person in a list.
pub(crate) struct Held {
    pub(crate) key: Vec<Scalar>,
    pub(crate) id: Id,
    /// Everything about them, in a list that is short enough.
    pub(crate) row: Option<Box<Row>>,
}

/// One list.
pub(crate) struct Snapshot {
    id: u64,
    /// Which question it answers.
    digest: [u8; 32],
    made: Instant,
    pub(crate) plan: Plan,
    pub(crate) people: Vec<Held>,
    pub(crate) limited: Option<String>,
}

impl Snapshot {
    /// Sorts a list.
    pub(crate) fn new(digest: [u8; 32], plan: Plan, mut people: Vec<Held>, limited: Option<String>) -> Self {
        people.sort_unstable_by(|a, b| plan.compare((&a.key, a.id), (&b.key, b.id)));
        // One person comes once, even if an entry moved between two pages of the directory.
        people.dedup_by(|a, b| a.id == b.id);
        Self { id: rand::random(), digest, made: Instant::now(), plan, people, limited }
    }

    /// All people of one list are held alike.
    fn weight(&self) -> usize {
        let whole = self.people.first().is_some_and(|held| held.row.is_some());
        self.people.len() * if whole { WHOLE } else { 1 }
    }

    /// How many come up to and including this place.
    pub(crate) fn until(&self, place: &Place) -> usize {
        let behind = |held: &Held| {
            self.plan.compare((&held.key, held.id), (&place.key, place.id)) != std::cmp::Ordering::Greater
        };
        self.people.partition_point(behind)
    }

    /// The position of a person.
    pub(crate) fn position(&self, held: &Held) -> Result<Position, Error> {
        let key = held.key.iter().map(Part::of).collect();
        let written = Written(format!("{:x}", self.id), key, held.id.to_string());
        let text = serde_json::to_string(&written).ok();
        text.and_then(Position::new).ok_or_else(|| {
            Error::new(
                ErrorKind::UnsupportedQuery,
                "The list is sorted by more than a cursor can hold; sort by fewer fields.",
            )
        })
    }

    /// An item at its place.
    pub(crate) fn listed<T>(&self, held: &Held, item: T) -> Result<Listed<T>, Error> {
        Ok(Listed { item, key: held.key.clone(), position: self.position(held)? })
    }
}

/// Where a page begins.
pub(crate) struct Place {
    snapshot: u64,
    key: Vec<Scalar>,
    id: Id,
}

/// A position as it is written: list, key, id.
#[derive(Serialize, Deserialize)]
struct Written(String, Vec<Part>, String);

#[derive(Serialize, Deserialize)]
enum Part {
    #[serde(rename = "-")]
    Missing,
    #[serde(rename = "t")]
    Text(String),
    #[serde(rename = "n")]
    Number(i64),
    #[serde(rename = "at")]
    Time(Timestamp),
}

impl Part {
    fn of(value: &Scalar) -> Self {
        match value {
            Scalar::Missing => Self::Missing,
            Scalar::Text(text) => Self::Text(text.clone()),
            Scalar::Number(number) => Self::Number(*number),
            Scalar::Time(at) => Self::Time(*at),
        }
    }

    fn into_scalar(self) -> Scalar {
        match self {
            Self::Missing => Scalar::Missing,
            Self::Text(text) => Scalar::Text(text),
            Self::Number(number) => Scalar::Number(number),
            Self::Time(at) => Scalar::Time(at),
        }
    }
}

impl Place {
    /// Reads a position of a list with keys of this many values.
    pub(crate) fn parse(position: &Position, terms: usize) -> Result<Self, Error> {
        let misfit =
            || Error::new(ErrorKind::InvalidCursor, "The cursor does not fit this list; start again.");
        let Written(snapshot, key, id) = serde_json::from_str(position.as_str()).map_err(|_| misfit())?;
        let snapshot = u64::from_str_radix(&snapshot, 16).map_err(|_| misfit())?;
        let key: Vec<_> = key.into_iter().map(Part::into_scalar).collect();
        let id = Id::parse(&id).filter(|_| key.len() == terms).ok_or_else(misfit)?;
        Ok(Self { snapshot, key, id })
    }
}

/// The lists that are kept, oldest first.
pub(crate) struct Snapshots {
    kept: Mutex<VecDeque<Arc<Snapshot>>>,
    ttl: Duration,
}

impl Snapshots {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self { kept: Mutex::default(), ttl }
    }

    /// The list that a place is in, if it is still kept and answers the same question.
    pub(crate) fn find(&self, place: &Place, digest: &[u8; 32]) -> Option<Arc<Snapshot>> {
        let mut kept = self.kept.lock();
        self.expire(&mut kept);
        kept.iter().find(|list| list.id == place.snapshot && list.digest == *digest).cloned()
    }

    /// Keeps a list; the oldest make room.
    pub(crate) fn keep(&self, list: Arc<Snapshot>) {
        let mut kept = self.kept.lock();
        self.expire(&mut kept);
        let mut weight: usize = list.weight() + kept.iter().map(|list| list.weight()).sum::<usize>();
        while kept.len() >= MOST_LISTS || (weight > MOST_WEIGHT && !kept.is_empty()) {
            weight -= kept.pop_front().map_or(0, |oldest| oldest.weight());
        }
        kept.push_back(list);
    }

    /// Forgets everything, as a restart does.
    #[cfg(test)]
    pub(crate) fn forget(&self) {
        self.kept.lock().clear();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.kept.lock().len()
    }

    fn expire(&self, kept: &mut VecDeque<Arc<Snapshot>>) {
        while kept.front().is_some_and(|oldest| oldest.made.elapsed() >= self.ttl) {
            kept.pop_front();
        }
    }
}
