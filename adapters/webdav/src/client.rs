//! Requests to one document store.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, SERVER};
use http::{HeaderValue, StatusCode};
use portico_contract::{CallContext, Error, ErrorKind};
use portico_wire::http::{Client, Request, Response, Verb};

use crate::fault;
use crate::location::{Location, not_found};
use crate::propfind::{self, Entry, Multistatus};
use crate::settings::Settings;
use crate::writing::Writing;

const DEPTH: HeaderName = HeaderName::from_static("depth");
const XML: &str = "application/xml; charset=utf-8";
/// A listing of one thing, or the reasons why a tree could not be changed.
const SMALL_LISTING: usize = 256 * 1024;

/// One document store: the adapter's state, shared by all its handlers.
#[derive(Debug)]
pub(crate) struct Dav {
    pub(crate) client: Client,
    pub(crate) authenticates: bool,
    pub(crate) in_clear: bool,
    pub(crate) walk_max_folders: usize,
    listing_max_entries: usize,
    listing_max_bytes: usize,
    /// Whether the server honours preconditions; see `precondition`.
    pub(crate) preconditions: AtomicU8,
    pub(crate) writing: Writing,
    /// The server is WsgiDAV, which decodes a `Destination` before it looks for a query in it.
    pub(crate) cuts_destinations: AtomicBool,
}

impl Dav {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            client: settings.client,
            authenticates: settings.authenticates,
            in_clear: settings.in_clear,
            walk_max_folders: settings.walk_max_folders,
            listing_max_entries: settings.listing_max_entries,
            listing_max_bytes: settings.listing_max_bytes,
            preconditions: AtomicU8::new(0),
            writing: Writing::default(),
            cuts_destinations: AtomicBool::new(false),
        }
    }

    /// What the server says about one thing. `None` when it is not there.
    pub(crate) async fn find(
        &self,
        context: &CallContext,
        location: &Location,
    ) -> Result<Option<Entry>, Error> {
        let mut response = self.propfind(context, location, false, "0").await?;
        if response.status.is_redirection() && !location.is_root() {
            // Apache with mod_dir wants folders named with a slash. Where it points us is not followed: we know.
            response.finish().await;
            response = self.propfind(context, location, true, "0").await?;
        }
        if matches!(response.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            response.finish().await;
            return Ok(None);
        }
        if response.status == StatusCode::BAD_REQUEST && self.is_below_document(context, location).await? {
            return Ok(None);
        }
        let listing = self.listing(response, SMALL_LISTING.min(self.listing_max_bytes)).await?;
        match listing.entries.into_iter().find(|entry| entry.location == *location) {
            Some(entry) => Ok(Some(entry)),
            None if listing.failures.contains(&404) => Ok(None),
            None => Err(missing_self()),
        }
    }

    /// Whether a path leads through a document. Apache answers 400 to anything there, which is no failure of its own.
    async fn is_below_document(&self, context: &CallContext, location: &Location) -> Result<bool, Error> {
        let mut around = location.parent();
        while let Some(folder) = around {
            let response = self.propfind(context, &folder, false, "0").await?;
            if response.status == StatusCode::MULTI_STATUS {
                let listing = self.multistatus(response, SMALL_LISTING).await?;
                return Ok(listing.entries.iter().any(|e| e.location == folder && !e.properties.folder));
            }
            let go_on = response.status == StatusCode::BAD_REQUEST;
            response.finish().await;
            if !go_on {
                return Ok(false);
            }
            around = folder.parent();
        }
        Ok(false)
    }

    /// What the server says about one thing that has to be there.
    ///
    /// # Errors
    /// `NotFound` when it is not.
    pub(crate) async fn get(&self, context: &CallContext, location: &Location) -> Result<Entry, Error> {
        self.find(context, location).await?.ok_or_else(not_found)
    }

    /// What is directly inside a folder, in no order.
    ///
    /// # Errors
    /// `NotFound` when it is not there, `Conflict` when it is not a folder.
    pub(crate) async fn inside(&self, context: &CallContext, folder: &Location) -> Result<Vec<Entry>, Error> {
        let response = self.propfind(context, folder, true, "1").await?;
        if matches!(response.status, StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST) {
            response.finish().await;
            // So some servers, Apache among them, answer about a document that is named with a slash at its end.
            return match self.find(context, folder).await? {
                Some(entry) if !entry.properties.folder => Err(not_a_folder()),
                _ => Err(not_found()),
            };
        }
        let mut listing = self.listing(response, self.listing_max_bytes).await?;
        let own = listing.entries.iter().position(|entry| entry.location == *folder);
        let own = listing.entries.swap_remove(own.ok_or_else(missing_self)?);
        if !own.properties.folder {
            return Err(not_a_folder());
        }
        if listing.left_out > 0 {
            tracing::warn!(entries = listing.left_out, "entries that cannot be addressed were left out");
        }
        let direct = |entry: &Entry| entry.location.parent().as_ref() == Some(folder);
        if !listing.entries.iter().all(direct) {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                "The document store listed things that are not in the folder that was asked for.",
            ));
        }
        Ok(listing.entries)
    }

    async fn propfind(
        &self,
        context: &CallContext,
        location: &Location,
        folder: bool,
        depth: &'static str,
    ) -> Result<Response, Error> {
        let path = location.encoded(folder);
        let request = Request::new(Verb::PROPFIND, &path)
            .header(DEPTH, HeaderValue::from_static(depth))
            .bytes(XML, Bytes::from_static(propfind::REQUEST.as_bytes()));
        let response = self.client.send(context, request).await?;
        if response.header(&SERVER).is_some_and(|server| server.starts_with("WsgiDAV/")) {
            self.cuts_destinations.store(true, Ordering::Relaxed);
        }
        Ok(response)
    }

    async fn listing(&self, response: Response, cap: usize) -> Result<Multistatus, Error> {
        match response.status {
            StatusCode::MULTI_STATUS => self.multistatus(response, cap).await,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                let status = response.status.as_u16();
                let native = response.native().await;
                Err(fault::unexpected("207, as WebDAV answers,", status).with_native(native))
            }
            status if status.is_success() => {
                let media_type = response.media_type();
                Err(fault::not_xml(media_type.as_deref()).with_native(response.native().await))
            }
            _ => Err(fault::of(response, Verb::PROPFIND).await),
        }
    }

    /// Says in our words what a 400 to a write means: Apache gives it where the thing around is no folder.
    pub(crate) async fn explain(&self, context: &CallContext, location: &Location, fault: Error) -> Error {
        let Some(parent) = location.parent() else { return fault };
        match self.find(context, &parent).await {
            Ok(Some(entry)) if entry.properties.folder => fault,
            Ok(_) => no_folder(),
            Err(_) => fault,
        }
    }

    /// Reads a 207 answer.
    pub(crate) async fn multistatus(&self, response: Response, cap: usize) -> Result<Multistatus, Error> {
        let content_type = response.header(&CONTENT_TYPE).unwrap_or_default().to_owned();
        let media_type = response.media_type();
        if !matches!(media_type.as_deref(), Some("application/xml" | "text/xml")) {
            return Err(fault::not_xml(media_type.as_deref()).with_native(response.native().await));
        }
        let body = response.collect(cap).await?;
        propfind::parse(&body, charset(&content_type), self.client.base(), self.listing_max_entries)
    }

    /// Sends a request whose success is one of these statuses, and forgets what the answer says.
    pub(crate) async fn change(
        &self,
        context: &CallContext,
        request: Request<'_>,
        verb: Verb,
    ) -> Result<Response, Error> {
        let response = self.client.send(context, request).await?;
        match response.status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(response),
            StatusCode::MULTI_STATUS => Err(self.partly(response, verb).await),
            StatusCode::FAILED_DEPENDENCY => Err(self.prevented(response, verb).await),
            _ => Err(fault::of(response, verb).await),
        }
    }

    /// mod_dav looks at the whole tree before it begins: nothing was changed, and its answer says what stood in the way,
    /// such as a lock on something in a folder.
    async fn prevented(&self, response: Response, verb: Verb) -> Error {
        let listing = self.multistatus(response, SMALL_LISTING).await.ok();
        fault::of_status(listing.as_ref().and_then(cause).unwrap_or(424), verb)
    }

    /// A tree that could only partly be changed (RFC 4918, sections 9.6.1, 9.8.5, 9.9.3): a failure, named after the first
    /// thing that stood in the way, with an unknown outcome, because the rest may have been changed.
    async fn partly(&self, response: Response, verb: Verb) -> Error {
        let listing = match self.multistatus(response, SMALL_LISTING).await {
            Ok(listing) => listing,
            Err(error) => return error.with_outcome(portico_schemas::Outcome::Unknown),
        };
        let kind = cause(&listing)
            .map_or(ErrorKind::InvalidResponse, |status| fault::of_status(status, verb).kind());
        Error::new(
            kind,
            "The document store could change only part of the folder; look at what is left, then try again.",
        )
        .with_outcome(portico_schemas::Outcome::Unknown)
    }
}

/// The first thing that went wrong; 424 only says that something else stood in the way.
fn cause(listing: &Multistatus) -> Option<u16> {
    let failures = &listing.failures;
    failures.iter().find(|status| **status != 424).or(failures.first()).copied()
}

fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

fn missing_self() -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        "The document store answered about something that was not asked for.",
    )
}

pub(crate) fn not_a_folder() -> Error {
    Error::new(ErrorKind::Conflict, "This is a document; only a folder holds other things.")
}

pub(crate) fn no_folder() -> Error {
    Error::new(ErrorKind::Conflict, "The folder around it is missing; create that first.")
}
