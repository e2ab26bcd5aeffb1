use portico_contract::documents::{DocumentRecord, GetDocument};
use portico_contract::{CallContext, Error, Handler};

use crate::client::Dav;
use crate::location::Location;
use crate::map;

impl Handler<GetDocument> for Dav {
    async fn handle(&self, context: &CallContext, op: &GetDocument) -> Result<DocumentRecord, Error> {
        let location = Location::of_ref(&op.document)?;
        map::record(self.get(context, &location).await?)
    }
}
