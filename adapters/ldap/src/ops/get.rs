use portico_contract::people::{GetPerson, PersonRecord};
use portico_contract::{CallContext, Error, Handler};

use crate::directory::Directory;
use crate::id::Id;

impl Handler<GetPerson> for Directory {
    async fn handle(&self, context: &CallContext, op: &GetPerson) -> Result<PersonRecord, Error> {
        let id = Id::of_native(&op.person)?;
        let row = self.by_id(context, id).await?;
        self.finish(context, row).await
    }
}
