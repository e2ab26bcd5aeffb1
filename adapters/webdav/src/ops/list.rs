use portico_contract::access::Facts;
use portico_contract::documents::{DocumentRecord, ListDocuments};
use portico_contract::paging::SourcePage;
use portico_contract::{CallContext, Error, Handler};

use crate::client::Dav;
use crate::walk::Walk;

impl Handler<ListDocuments> for Dav {
    async fn handle(
        &self,
        context: &CallContext,
        op: &ListDocuments,
    ) -> Result<SourcePage<DocumentRecord>, Error> {
        // Nothing here has facts of its own: a scope that does not show one thing shows none.
        if !op.query.scope.shows(&Facts::default()) {
            return Ok(SourcePage::new(Vec::new(), None));
        }
        Walk::page(self, context, &op.query).await
    }
}
