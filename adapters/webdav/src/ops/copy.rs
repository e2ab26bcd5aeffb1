//! Copying, and what it shares with moving.

use std::sync::atomic::Ordering;

use http::HeaderValue;
use http::header::HeaderName;
use portico_contract::documents::{CopyDocument, DocumentRecord};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::http::{Request, Verb};

use crate::client::{Dav, no_folder};
use crate::location::Location;
use crate::map;
use crate::precondition::{self, Condition};
use crate::propfind::Entry;

const DESTINATION: HeaderName = HeaderName::from_static("destination");
const OVERWRITE: HeaderName = HeaderName::from_static("overwrite");

impl Handler<CopyDocument> for Dav {
    async fn handle(&self, context: &CallContext, op: &CopyDocument) -> Result<DocumentRecord, Error> {
        let from = Location::of(&op.document)?;
        let to = Location::of(&op.destination)?;
        let folder = self.get(context, &from).await?.properties.folder;
        self.transfer(context, Verb::COPY, (&from, &to), folder, None).await
    }
}

impl Dav {
    /// `COPY` or `MOVE`, with `Depth: infinity` by default and never over something that is there.
    pub(crate) async fn transfer(
        &self,
        context: &CallContext,
        verb: Verb,
        (from, to): (&Location, &Location),
        folder: bool,
        condition: Condition,
    ) -> Result<DocumentRecord, Error> {
        if to.is_root() || to == from || to.is_inside(from) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "A thing cannot be moved or copied onto itself or into itself.",
            ));
        }
        if self.cuts_destinations.load(Ordering::Relaxed) && to.as_str().contains(['?', ';']) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "WsgiDAV cuts such a name at its `?` or `;` when a thing is moved or copied; choose another name.",
            ));
        }
        self.needs_folder_around(context, to).await?;
        // `Overwrite: F` settles a race; but to a destination whose slash does not fit what is there, Apache answers with a
        // redirect (a folder) or 400 (a document).
        if self.find(context, to).await?.is_some() {
            return Err(precondition::failed());
        }
        let path = from.encoded(folder);
        let destination = self.client.base().absolute(&to.encoded(folder));
        let destination = HeaderValue::try_from(destination)
            .map_err(|why| Error::new(ErrorKind::Internal, "A path could not be sent.").with_source(why))?;
        let request = Request::new(verb, &path)
            .header(DESTINATION, destination)
            .header(OVERWRITE, HeaderValue::from_static("F"));
        let request = precondition::with(request, condition);
        self.change(context, request, verb).await?.finish().await;
        map::record(self.after_write(context, to).await?)
    }

    /// Looks before it leaps: where the folder is missing, Apache answers a MOVE with 500 and some a COPY with 403.
    async fn needs_folder_around(&self, context: &CallContext, to: &Location) -> Result<(), Error> {
        match to.parent() {
            Some(parent) if !parent.is_root() => match self.find(context, &parent).await? {
                Some(entry) if entry.properties.folder => Ok(()),
                _ => Err(no_folder()),
            },
            _ => Ok(()),
        }
    }

    /// Reads back what a write made. The write is done: a failure here leaves its outcome unknown to the caller.
    pub(crate) async fn after_write(
        &self,
        context: &CallContext,
        location: &Location,
    ) -> Result<Entry, Error> {
        // Not to be tried again: it may have been done.
        let unknown = |error: Error| {
            error.with_outcome(portico_schemas::Outcome::Unknown).with_retry(portico_contract::Retry::Never)
        };
        match self.find(context, location).await.map_err(unknown)? {
            Some(entry) => Ok(entry),
            None => Err(unknown(Error::new(
                ErrorKind::Conflict,
                "The change was made, but the thing is gone again; somebody else may have moved it.",
            ))),
        }
    }
}
