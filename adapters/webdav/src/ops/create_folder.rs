use http::StatusCode;
use portico_contract::documents::{CreateFolder, DocumentRecord};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::http::{Request, Verb};

use crate::client::Dav;
use crate::location::Location;
use crate::{fault, map};

impl Handler<CreateFolder> for Dav {
    async fn handle(&self, context: &CallContext, op: &CreateFolder) -> Result<DocumentRecord, Error> {
        let location = Location::of(&op.folder)?;
        if location.is_root() {
            return Err(there_already());
        }
        let _turn = self.writing.turn(&location).await;
        let path = location.encoded(true);
        let response = self.client.send(context, Request::new(Verb::MKCOL, &path)).await?;
        match response.status {
            StatusCode::CREATED => response.finish().await,
            // RFC 4918, section 9.3.1, says 405 where something is; Apache says 400 where that is a document.
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::BAD_REQUEST => {
                let fault = fault::of(response, Verb::MKCOL).await;
                if self.find(context, &location).await?.is_some() {
                    return Err(there_already());
                }
                return Err(self.explain(context, &location, fault).await);
            }
            status if status.is_success() => {
                return Err(fault::unexpected("201", response.status.as_u16()));
            }
            _ => return Err(fault::of(response, Verb::MKCOL).await),
        }
        map::record(self.after_write(context, &location).await?)
    }
}

fn there_already() -> Error {
    Error::new(ErrorKind::PreconditionFailed, "Something of this name is there already.")
}
