//! Ids in queries: sealed outside, native inside.

use portico_contract::paging::{Filter, Scalar};
use portico_contract::{Error, ErrorKind, SystemKey};
use portico_schemas::FieldError;

use super::People;
use crate::listing::ListRequest;
use crate::systems::Systems;

impl People {
    /// Puts native ids in the place of sealed ones. The directory that they belong to, where there are any.
    pub(super) fn native_filters(&self, filters: &mut [Filter]) -> Result<Option<SystemKey>, Error> {
        let (mut only, mut faults) = (None, Vec::new());
        for filter in filters.iter_mut() {
            let person = match &*filter.field {
                "managerId" => true,
                "orgUnitId" | "parentId" => false,
                _ => continue,
            };
            let pointer = format!("?{}", filter.field);
            for value in &mut filter.values {
                let Scalar::Text(id) = value else { continue };
                let opened = if person {
                    self.seals.open_person(id, &pointer)
                } else {
                    self.seals.open_org_unit(id, &pointer)
                };
                // An id from before a rename means the system that bears its key now.
                match opened.map(|(key, id)| (self.systems.get(&key).map_or(key, |s| s.key().clone()), id)) {
                    Err(error) => faults.extend(error.fields().iter().cloned()),
                    Ok((key, _)) if only.as_ref().is_some_and(|only| *only != key) => {
                        faults.push(FieldError {
                            detail: "the ids of one query must belong to one directory".to_owned(),
                            pointer: pointer.clone(),
                        });
                    }
                    Ok((key, native)) => {
                        only = Some(key);
                        *value = Scalar::Text(native.as_str().to_owned());
                    }
                }
            }
        }
        if faults.is_empty() { Ok(only) } else { Err(refused(faults)) }
    }

    /// The one directory that ids in the query belong to, where there are any.
    pub(super) fn narrowed(
        &self,
        only: Option<SystemKey>,
        request: &ListRequest,
    ) -> Result<Option<Systems>, Error> {
        let Some(key) = only else { return Ok(None) };
        let left_out = request.sources.as_ref().is_some_and(|sources| !sources.contains(&key));
        match self.systems.get(&key) {
            Some(system) if !left_out => Ok(Some(Systems::new(vec![system.clone()]))),
            _ => Err(elsewhere("?source")),
        }
    }
}

pub(super) fn refused(faults: Vec<FieldError>) -> Error {
    Error::new(ErrorKind::InvalidInput, "The query cannot be used; `errors` names every fault.")
        .with_fields(faults)
}

pub(super) fn elsewhere(pointer: &str) -> Error {
    refused(vec![FieldError {
        detail: "an id in the query belongs to a directory that is not asked".to_owned(),
        pointer: pointer.to_owned(),
    }])
}
