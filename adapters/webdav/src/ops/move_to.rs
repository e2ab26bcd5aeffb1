use portico_contract::documents::{DocumentRecord, MoveDocument, Precondition};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::http::Verb;

use crate::client::Dav;
use crate::location::Location;

impl Handler<MoveDocument> for Dav {
    async fn handle(&self, context: &CallContext, op: &MoveDocument) -> Result<DocumentRecord, Error> {
        let from = Location::of(&op.document)?;
        let to = Location::of(&op.destination)?;
        if from.is_root() {
            return Err(Error::new(ErrorKind::Conflict, "The root of a document store cannot be moved."));
        }
        let _turn = self.writing.turn(&from).await;
        let (entry, mut condition) = self.compare_existing(context, &from, &op.precondition).await?;
        let folder = entry.properties.folder;
        if op.precondition == Precondition::Exists {
            // mod_dav holds `If-Match: *` against the destination too, which must not exist.
            condition = None;
        } else if folder && entry.properties.tag.is_some_and(|tag| tag.weak) {
            condition = self.strong_condition(context, &from, &op.precondition).await?;
        }
        self.transfer(context, Verb::MOVE, (&from, &to), folder, condition).await
    }
}
