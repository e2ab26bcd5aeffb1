use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderValue, StatusCode};
use portico_contract::documents::{DocumentRecord, SourceVersion, WriteContent};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::http::{Request, Verb};

use crate::client::Dav;
use crate::location::Location;
use crate::propfind::Tag;
use crate::{fault, map, precondition};

impl Handler<WriteContent> for Dav {
    async fn handle(&self, context: &CallContext, op: &WriteContent) -> Result<DocumentRecord, Error> {
        let location = Location::of(&op.document)?;
        if location.is_root() {
            return Err(is_folder());
        }
        let _turn = self.writing.turn(&location).await;
        // All that can be known is known before the body is touched: it can be taken only once.
        let (there, condition) = self.compare(context, &location, &op.precondition).await?;
        if there.is_some_and(|entry| entry.properties.folder) {
            return Err(is_folder());
        }
        let body = op.upload.take().ok_or_else(|| {
            Error::new(ErrorKind::Conflict, "The content was sent before; send the whole request again.")
        })?;
        let path = location.encoded(false);
        let mut request = Request::new(Verb::PUT, &path).stream(body, op.upload.length);
        if let Some(media_type) = &op.upload.media_type
            && let Ok(value) = HeaderValue::from_str(media_type)
        {
            request = request.header(CONTENT_TYPE, value);
        }
        let request = precondition::with(request, condition);
        let response = self.client.send(context, request).await?;
        if !matches!(response.status, StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT) {
            let bad = response.status == StatusCode::BAD_REQUEST;
            let fault = fault::of(response, Verb::PUT).await;
            return Err(if bad { self.explain(context, &location, fault).await } else { fault });
        }
        let tag = response.header(&ETAG).and_then(Tag::parse);
        response.finish().await;
        let mut record = map::record(self.after_write(context, &location).await?)?;
        if let Some(tag) = tag {
            // What the server says about *this* write, should another one have come in between.
            record.version = Some(SourceVersion(tag.opaque));
        }
        Ok(record)
    }
}

fn is_folder() -> Error {
    Error::new(ErrorKind::Conflict, "This is a folder; only a document has content.")
}
