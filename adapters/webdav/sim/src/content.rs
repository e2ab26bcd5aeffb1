//! What a file holds: octets that somebody sent, or a recipe that makes them when they are asked for.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// Content of a file. Cheap to clone.
#[derive(Clone)]
pub struct Content(Kind);

#[derive(Clone)]
enum Kind {
    Stored(Bytes),
    Made { length: u64, recipe: Arc<dyn Fn() -> Vec<u8> + Send + Sync> },
}

impl Content {
    /// Octets in memory.
    pub fn stored(octets: impl Into<Bytes>) -> Self {
        Self(Kind::Stored(octets.into()))
    }

    /// Octets that are made each time they are read, so that a large tree costs little memory. The recipe must give the
    /// same octets every time.
    pub fn made(recipe: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Self {
        let length = recipe().len() as u64;
        Self(Kind::Made { length, recipe: Arc::new(recipe) })
    }

    /// How many octets there are.
    pub fn length(&self) -> u64 {
        match &self.0 {
            Kind::Stored(octets) => octets.len() as u64,
            Kind::Made { length, .. } => *length,
        }
    }

    /// How many octets are kept in memory.
    pub(crate) fn weight(&self) -> usize {
        match &self.0 {
            Kind::Stored(octets) => octets.len(),
            Kind::Made { .. } => 0,
        }
    }

    /// All octets.
    pub fn octets(&self) -> Bytes {
        match &self.0 {
            Kind::Stored(octets) => octets.clone(),
            Kind::Made { recipe, .. } => recipe().into(),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("length", &self.length()).finish_non_exhaustive()
    }
}
