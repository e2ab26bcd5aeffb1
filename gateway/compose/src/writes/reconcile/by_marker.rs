//! Looking for a write by the marker that it carried.

use portico_contract::systems::FindByMarker;
use portico_contract::{Error, Marker, Operation, Reconciliation};

use super::{Look, Verdict};
use crate::writes::operation::resource_type;

/// A write that made something. One that changed something may have carried no marker, so that not finding it says nothing.
pub(super) async fn look(look: Look<'_>) -> Result<Verdict, Error> {
    let Look { context, system, intent } = look;
    let profile = &system.upstream.profile;
    let carried = matches!(profile.reconciliation, Reconciliation::Marker { .. })
        && profile.operations.contains_key(FindByMarker::META.id)
        && intent.target.native_id.is_none();
    let (Some(marker), Some(resource)) = (Marker::new(&intent.id.marker()), resource_type(intent)) else {
        return Ok(Verdict::CannotTell);
    };
    if !carried {
        return Ok(Verdict::CannotTell);
    }
    let mut found = system.upstream.call(context, FindByMarker { marker, resource }).await?.found;
    if found.len() > 1 {
        tracing::error!(
            intent = %intent.id,
            system = %intent.target.system,
            found = found.len(),
            "a system holds more than one result of one write; a person has to take out all but one"
        );
        found.sort();
    }
    Ok(match found.into_iter().next() {
        Some(first) => Verdict::Happened(Some(first)),
        None => Verdict::DidNotHappen,
    })
}
