//! All documents of a store, in the order of their paths, a page at a time.
//!
//! The position of an item is its path: a later page goes down the folders of that path again, reads only those, and
//! goes on behind it. Nothing is kept between pages, and what exists throughout appears exactly once.
//!
//! Downwards (the natural order) a folder comes before what is in it; upwards it comes after. A page ends early when it
//! has read its share of folders; it then names the folder it would have read next. A slash at the end of a position
//! says, upwards, that what is in the folder is still to come.

use std::time::Duration;
use std::vec::IntoIter;

use portico_contract::documents::DocumentRecord;
use portico_contract::paging::{ListQuery, Listed, Position, SourcePage};
use portico_contract::{CallContext, Error, ErrorKind};
use tokio::time::Instant;

use crate::client::Dav;
use crate::location::Location;
use crate::propfind::Entry;
use crate::{map, query};

/// After this long a page takes no further folder: a slow server gives short pages, not pages that never come.
const ENOUGH: Duration = Duration::from_millis(1_500);

struct Frame {
    entries: IntoIter<Entry>,
    /// Upwards: the folder itself, which comes after what is in it.
    folder: Option<Entry>,
}

/// One page of a walk under way.
pub(crate) struct Walk<'a> {
    dav: &'a Dav,
    context: &'a CallContext,
    query: &'a ListQuery,
    upwards: bool,
    frames: Vec<Frame>,
    folders_left: usize,
    until: Instant,
    items: Vec<Listed<DocumentRecord>>,
    next: Option<Position>,
}

impl<'a> Walk<'a> {
    /// Reads one page.
    pub(crate) async fn page(
        dav: &'a Dav,
        context: &'a CallContext,
        query: &'a ListQuery,
    ) -> Result<SourcePage<DocumentRecord>, Error> {
        let mut walk = Self {
            dav,
            context,
            query,
            upwards: query::walks_backwards(&query.sort)?,
            frames: Vec::new(),
            folders_left: dav.walk_max_folders,
            until: Instant::now() + ENOUGH,
            items: Vec::new(),
            next: None,
        };
        walk.resume().await?;
        walk.run().await?;
        Ok(SourcePage::new(walk.items, walk.next))
    }

    /// Goes down to the position, reading the folders around it.
    async fn resume(&mut self) -> Result<(), Error> {
        self.open(&Location::root(), None).await?;
        let Some(after) = &self.query.after else { return Ok(()) };
        let text = after.as_str();
        let (path, inside_too) = text.strip_suffix('/').map_or((text, false), |path| (path, true));
        if path.is_empty() || Location::checked(path).is_none() {
            return Err(Error::new(
                ErrorKind::InvalidCursor,
                "The cursor does not fit this list; start again.",
            ));
        }
        let segments: Vec<&str> = path.split('/').collect();
        for (at, segment) in segments.iter().enumerate() {
            let last = at + 1 == segments.len();
            let Some(entry) = self.skip_to(segment) else { return Ok(()) };
            // Downwards the position itself was given and what is in it comes next; upwards it is the other way round.
            let enter = !last || self.upwards == inside_too;
            if !enter || !entry.properties.folder {
                return Ok(());
            }
            let location = entry.location.clone();
            if last {
                self.folders_left = self.folders_left.saturating_sub(1);
            }
            self.open(&location, self.upwards.then_some(entry)).await?;
        }
        Ok(())
    }

    /// Passes over the entries of the innermost folder up to the one of this name, which it takes out if it is there.
    fn skip_to(&mut self, name: &str) -> Option<Entry> {
        let entries = &mut self.frames.last_mut()?.entries;
        loop {
            let head = entries.as_slice().first()?.location.name();
            let passed = if self.upwards { head > name } else { head < name };
            if !passed {
                return if head == name { entries.next() } else { None };
            }
            entries.next();
        }
    }

    async fn run(&mut self) -> Result<(), Error> {
        while let Some(frame) = self.frames.last_mut() {
            let Some(entry) = frame.entries.next() else {
                let folder = self.frames.pop().and_then(|frame| frame.folder);
                if let Some(folder) = folder
                    && self.offer(folder)?
                {
                    return Ok(());
                }
                continue;
            };
            let location = entry.location.clone();
            let folder = entry.properties.folder;
            if folder && self.upwards {
                if self.has_read_enough() {
                    self.next = Some(position(&format!("{}/", location.as_str()))?);
                    return Ok(());
                }
                self.enter(&location, Some(entry)).await?;
                continue;
            }
            if self.offer_with(entry, folder)? {
                return Ok(());
            }
            if folder {
                if self.has_read_enough() {
                    self.next = Some(position(location.as_str())?);
                    return Ok(());
                }
                self.enter(&location, None).await?;
            }
        }
        Ok(())
    }

    /// Whether the page ends here. One folder is always read, so that every page gets on.
    fn has_read_enough(&self) -> bool {
        let read = self.folders_left < self.dav.walk_max_folders;
        self.folders_left == 0 || (read && Instant::now() >= self.until)
    }

    async fn enter(&mut self, location: &Location, folder: Option<Entry>) -> Result<(), Error> {
        self.folders_left -= 1;
        self.open(location, folder).await
    }

    /// Reads a folder and makes it the innermost one. One that is gone by now is empty: its turn had not come.
    async fn open(&mut self, location: &Location, folder: Option<Entry>) -> Result<(), Error> {
        let mut entries = match self.dav.inside(self.context, location).await {
            Ok(entries) => entries,
            Err(error)
                if !location.is_root()
                    && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) =>
            {
                Vec::new()
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(no_base()),
            Err(error) => return Err(error),
        };
        entries.sort_unstable_by(|a, b| a.location.name().cmp(b.location.name()));
        if self.upwards {
            entries.reverse();
        }
        self.frames.push(Frame { entries: entries.into_iter(), folder });
        Ok(())
    }

    fn offer(&mut self, entry: Entry) -> Result<bool, Error> {
        self.offer_with(entry, false)
    }

    /// Takes a thing into the page if it meets the conditions. True when the page is full.
    fn offer_with(&mut self, entry: Entry, more_inside: bool) -> Result<bool, Error> {
        let record = map::record(entry)?;
        if !query::matches(&self.query.filters, &record)? || !self.query.scope.shows(&record.facts) {
            return Ok(false);
        }
        let position = position(&record.path)?;
        let key = query::key(&self.query.sort, &record)?;
        self.items.push(Listed { item: record, key, position: position.clone() });
        if self.items.len() < self.query.limit {
            return Ok(false);
        }
        let rest = |frame: &Frame| frame.entries.len() > 0 || frame.folder.is_some();
        if more_inside || self.frames.iter().any(rest) {
            self.next = Some(position);
        }
        Ok(true)
    }
}

fn position(path: &str) -> Result<Position, Error> {
    Position::new(path).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidResponse,
            "The document store holds a path longer than 1,024 octets, which a list over all folders cannot pass; \
             shorten it there, or list its folder by itself.",
        )
    })
}

pub(crate) fn no_base() -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        "The base folder of the document store is not there; check `base_url`.",
    )
}
