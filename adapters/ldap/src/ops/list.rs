use portico_contract::paging::SourcePage;
use portico_contract::people::{ListPeople, ListReports, PersonRecord};
use portico_contract::{CallContext, Error, Handler};

use crate::directory::Directory;
use crate::id::Id;
use crate::listing::Whose;

impl Handler<ListPeople> for Directory {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListPeople,
    ) -> Result<SourcePage<PersonRecord>, Error> {
        self.page(context, &op.query, Whose::All).await
    }
}

impl Handler<ListReports> for Directory {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListReports,
    ) -> Result<SourcePage<PersonRecord>, Error> {
        let manager = Id::of_native(&op.manager)?;
        self.page(context, &op.query, Whose::Reports(manager)).await
    }
}
