use portico_contract::documents::DeleteDocument;
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::http::{Request, Verb};

use crate::client::Dav;
use crate::location::Location;
use crate::precondition;

impl Handler<DeleteDocument> for Dav {
    async fn handle(&self, context: &CallContext, op: &DeleteDocument) -> Result<(), Error> {
        let location = Location::of(&op.document)?;
        if location.is_root() {
            return Err(Error::new(ErrorKind::Conflict, "The root of a document store cannot be deleted."));
        }
        let _turn = self.writing.turn(&location).await;
        let (entry, condition) = self.compare_existing(context, &location, &op.precondition).await?;
        let path = location.encoded(entry.properties.folder);
        let request = precondition::with(Request::new(Verb::DELETE, &path), condition);
        self.change(context, request, Verb::DELETE).await?.finish().await;
        Ok(())
    }
}
