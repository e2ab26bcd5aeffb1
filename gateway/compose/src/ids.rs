//! Ids of callers: sealed outside, native inside. Every fault is found at once and named by its place.

use portico_contract::paging::{Filter, Scalar};
use portico_contract::{Error, ErrorKind, NativeId, SystemKey};
use portico_schemas::FieldError;

use crate::listing::ListRequest;
use crate::seal::{Kind, Seals};
use crate::systems::{System, Systems};

/// Opens ids, in a body or a query, and keeps what is wrong with them.
pub(crate) struct Opening<'a> {
    seals: &'a Seals,
    systems: &'a Systems,
    faults: Vec<FieldError>,
}

impl<'a> Opening<'a> {
    pub(crate) fn new(seals: &'a Seals, systems: &'a Systems) -> Self {
        Self { seals, systems, faults: Vec::new() }
    }

    /// Notes a fault at a place: `/lines/0/amount` in a body, `?status` in a query.
    pub(crate) fn fault(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.faults.push(FieldError { detail: detail.into(), pointer: pointer.into() });
    }

    /// The system and the thing behind an id. An id from before a rename means the system that bears its key now.
    pub(crate) fn any(&mut self, kind: impl Into<Kind>, id: &str, at: &str) -> Option<(SystemKey, NativeId)> {
        match self.seals.open(kind, id, at) {
            Ok((key, native)) => Some((self.systems.get(&key).map_or(key, |s| s.key().clone()), native)),
            Err(error) => {
                self.faults.extend(error.fields().iter().cloned());
                None
            }
        }
    }

    /// The thing behind an id that has to be one of this system.
    pub(crate) fn of(
        &mut self,
        system: &System,
        kind: impl Into<Kind>,
        id: &str,
        at: &str,
    ) -> Option<NativeId> {
        let (key, native) = self.any(kind, id, at)?;
        if key == *system.key() {
            return Some(native);
        }
        self.fault(at, format!("belongs to `{key}`, and this is about `{}`", system.key()));
        None
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    /// # Errors
    /// [`ErrorKind::InvalidInput`] with every fault that was found.
    pub(crate) fn done(self) -> Result<(), Error> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidInput, "The request cannot be used; `errors` names every fault.")
            .with_fields(self.faults))
    }
}

/// Puts native ids in the place of sealed ones, in filters by fields that hold ids. The system that they belong to, where
/// there are any: one query cannot have ids of several.
pub(crate) fn native_filters(
    seals: &Seals,
    systems: &Systems,
    filters: &mut [Filter],
    kind: impl Fn(&str) -> Option<portico_schemas::ResourceType>,
) -> Result<Option<SystemKey>, Error> {
    let (mut only, mut opening) = (None, Opening::new(seals, systems));
    for filter in filters.iter_mut() {
        let Some(kind) = kind(&filter.field) else { continue };
        let pointer = format!("?{}", filter.field);
        for value in &mut filter.values {
            let Scalar::Text(id) = value else { continue };
            let Some((key, native)) = opening.any(kind, id, &pointer) else { continue };
            if only.as_ref().is_some_and(|only| *only != key) {
                opening.fault(&*pointer, "the ids of one query must belong to one directory");
                continue;
            }
            only = Some(key);
            *value = Scalar::Text(native.as_str().to_owned());
        }
    }
    if opening.is_good() { Ok(only) } else { Err(refused(opening.faults)) }
}

/// The one system that ids in the query belong to, where there are any.
pub(crate) fn narrowed(
    systems: &Systems,
    only: Option<SystemKey>,
    request: &ListRequest,
) -> Result<Option<Systems>, Error> {
    let Some(key) = only else { return Ok(None) };
    let left_out = request.sources.as_ref().is_some_and(|sources| !sources.contains(&key));
    match systems.get(&key) {
        Some(system) if !left_out => Ok(Some(Systems::new(vec![system.clone()]))),
        _ => Err(elsewhere("?source")),
    }
}

pub(crate) fn refused(faults: Vec<FieldError>) -> Error {
    Error::new(ErrorKind::InvalidInput, "The query cannot be used; `errors` names every fault.")
        .with_fields(faults)
}

pub(crate) fn elsewhere(pointer: &str) -> Error {
    refused(vec![FieldError {
        detail: "an id in the query belongs to a system that is not asked".to_owned(),
        pointer: pointer.to_owned(),
    }])
}
