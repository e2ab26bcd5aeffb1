//! Our marker in Odoo: the external id `portico.<marker>` of what was made, in `ir.model.data`.
//!
//! `load` makes a record and its external id in one transaction, and the pair of module and name is unique, so that the same
//! marker never makes two. A receipt carries it in its description instead: its content is streamed, and an import is not.

use portico_contract::systems::{FindByMarker, MarkedWrites};
use portico_contract::{CallContext, Error, Handler, Marker};
use portico_schemas::ResourceType;

use crate::client::{Call, Odoo};
use crate::domain::Domain;
use crate::links::native;
use crate::ops::lines::LINE_MODEL;
use crate::wire::{Attachment, ExternalId, Leave, Sheet};

/// The module that our external ids belong to. It is not installed, so no update of a module cleans it up.
pub(crate) const MODULE: &str = "portico";

/// The field that the profile names.
pub(crate) const FIELD: &str = "ir.model.data.name";

/// The external id that a marker makes.
pub(crate) fn external_id(marker: &Marker) -> String {
    format!("{MODULE}.{}", marker.as_str())
}

impl Handler<FindByMarker> for Odoo {
    async fn handle(&self, context: &CallContext, op: &FindByMarker) -> Result<MarkedWrites, Error> {
        let model = match op.resource {
            ResourceType::ExpenseReport => Sheet::MODEL,
            ResourceType::Absence => Leave::MODEL,
            _ => return Ok(MarkedWrites::default()),
        };
        let domain = Domain::all()
            .and("module", "=", MODULE)
            .and("name", "=", op.marker.as_str().to_owned())
            .and("model", "=", model);
        let found: Vec<ExternalId> =
            self.ask(context, Call::search(ExternalId::MODEL, ExternalId::FIELDS, domain)).await?;
        let mut ids: Vec<i64> =
            found.into_iter().filter(|entry| entry.model == model).map(|entry| entry.res_id).collect();
        if ids.is_empty() && op.resource == ResourceType::ExpenseReport {
            let domain = Domain::all().and("res_model", "=", LINE_MODEL).and(
                "description",
                "=",
                external_id(&op.marker),
            );
            let receipts = Call::search(Attachment::MODEL, Attachment::FIELDS, domain);
            let receipts: Vec<Attachment> = self.ask(context, receipts).await?;
            ids.extend(receipts.into_iter().map(|attachment| attachment.id));
        }
        Ok(MarkedWrites { found: ids.into_iter().map(native).collect() })
    }
}
