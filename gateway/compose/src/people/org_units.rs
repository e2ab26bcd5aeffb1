//! Units of the organisation.

use jiff::Timestamp;
use portico_contract::people::{GetOrgUnit, ListOrgUnits, OrgUnitRecord};
use portico_contract::{CallContext, Error, ErrorKind, Operation};
use portico_schemas::ResourceType;

use super::{FoundOrgUnit, People};
use crate::listing::{ListRequest, Listing, Refusal};
use crate::systems::{System, Systems};

impl People {
    /// All units that the person may see.
    ///
    /// # Errors
    /// As [`People::list`].
    pub async fn org_units(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<FoundOrgUnit>, Refusal> {
        let mut request = request.clone();
        let only = self.native_filters(&mut request.filters)?;
        let only = crate::ids::narrowed(&self.systems, only, &request)?;
        let systems: &Systems = only.as_ref().unwrap_or(&self.systems);
        self.fan_out(systems, "org-units", ResourceType::OrgUnit, ListOrgUnits::META.id)
            .list(
                context,
                &request,
                |system, context, query| async move {
                    system.upstream.call(context, ListOrgUnits { query }).await
                },
                |system, record| self.unit(context, system, record),
            )
            .await
    }

    /// One unit, as the directory has it now.
    ///
    /// # Errors
    /// As [`People::get`].
    pub async fn org_unit(&self, context: &CallContext, id: &str) -> Result<FoundOrgUnit, Error> {
        let (key, unit) = self.seals.open_org_unit(id, "/id")?;
        let system = self.systems.get(&key).ok_or_else(not_there)?;
        self.may_be_shown(context, system, ResourceType::OrgUnit)?;
        let record = system.upstream.call(context.clone(), GetOrgUnit { unit }).await?;
        if !self.sees(context, system, ResourceType::OrgUnit, &record.facts) {
            return Err(not_there());
        }
        Ok(self.unit(context, system, record))
    }

    fn unit(&self, context: &CallContext, system: &System, mut record: OrgUnitRecord) -> FoundOrgUnit {
        record.facts.classification.get_or_insert(system.upstream.profile.classification);
        record.manager = record.manager.take().filter(|link| self.sees_link(context, system, link));
        FoundOrgUnit { system: system.key().clone(), record, fetched_at: Timestamp::now() }
    }
}

fn not_there() -> Error {
    Error::new(ErrorKind::NotFound, "There is no such unit, or it is not for you to see.")
}
