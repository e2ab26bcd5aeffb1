//! The place that a check works in, and the few things that most of them do.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use portico_contract::documents::{
    ContentHead, CopyDocument, CreateFolder, DeleteDocument, DocumentRecord, DocumentRef, GetDocument,
    ListChildren, ListDocuments, MoveDocument, NameChild, Precondition, ReadContent, SourceVersion,
    WriteContent,
};
use portico_contract::paging::{ListQuery, Listed, SourcePage};
use portico_contract::{
    ByteStream, CallContext, Error, ErrorKind, NativeId, Operation, Streamed, Upload, Upstream,
};

use crate::SuiteTarget;

/// Whether a check held, or what was expected and what happened.
pub(crate) type Outcome = Result<(), String>;

/// Fails a check with words unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use ensure;

/// Time for one call.
const DEADLINE: Duration = Duration::from_secs(60);
/// A listing that needs more pages than this for one item is not getting anywhere.
const PAGES_PER_ITEM: usize = 20;

/// One check's folder, and the system around it.
pub(crate) struct World {
    pub upstream: Upstream,
    pub target: SuiteTarget,
    /// The folder of the check; `None` where the check needs none or none can be made.
    room: Option<DocumentRecord>,
}

impl World {
    /// Makes the folder, with a name that has to be escaped.
    pub async fn enter(
        upstream: Upstream,
        target: SuiteTarget,
        number: usize,
        needs: &[&'static str],
    ) -> Result<Self, String> {
        let mut world = Self { upstream, target, room: None };
        if needs.contains(&CreateFolder::META.id) && needs.contains(&NameChild::META.id) {
            let name = format!("Portico suite #{number} é");
            let id = world.name(&DocumentRef::Root, &name).await?;
            if world.claims::<DeleteDocument>() {
                // Left over from a run that was cut off, if it is there at all.
                let _ = world
                    .call(DeleteDocument { document: id.clone(), precondition: Precondition::Exists })
                    .await;
            }
            world.room =
                Some(good("making the folder of the check", world.call(CreateFolder { folder: id }).await)?);
        }
        Ok(world)
    }

    /// Deletes the folder.
    pub async fn leave(&self) -> Outcome {
        let Some(room) = &self.room else { return Ok(()) };
        if !self.claims::<DeleteDocument>() {
            return Ok(());
        }
        let delete = DeleteDocument { document: room.id.clone(), precondition: Precondition::Exists };
        good("deleting the folder of the check", self.call(delete).await)
    }

    pub fn claims<O: Operation>(&self) -> bool {
        self.upstream.profile.operations.contains_key(O::META.id)
    }

    /// The folder of the check.
    pub fn room(&self) -> Result<&DocumentRecord, String> {
        self.room.as_ref().ok_or_else(|| "this check has no folder; its list of needs is wrong".to_owned())
    }

    pub fn here(&self) -> Result<DocumentRef, String> {
        Ok(DocumentRef::Id(self.room()?.id.clone()))
    }

    pub async fn call<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.upstream.call(CallContext::internal("suite", DEADLINE), operation).await
    }

    /// The key of a name in a folder.
    pub async fn name(&self, folder: &DocumentRef, name: &str) -> Result<NativeId, String> {
        let asked = NameChild { folder: folder.clone(), name: name.to_owned() };
        good(&format!("naming {name:?}"), self.call(asked).await)
    }

    /// The key of a name in the folder of the check.
    pub async fn id(&self, name: &str) -> Result<NativeId, String> {
        self.name(&self.here()?, name).await
    }

    pub async fn get(&self, id: &NativeId) -> Result<DocumentRecord, Error> {
        self.call(GetDocument { document: DocumentRef::Id(id.clone()) }).await
    }

    pub async fn try_write(
        &self,
        id: &NativeId,
        precondition: Precondition,
        content: &[u8],
    ) -> Result<DocumentRecord, Error> {
        let length = Some(content.len() as u64);
        let upload = Upload::new(ByteStream::once(Bytes::copy_from_slice(content)), length, None);
        self.call(WriteContent { document: id.clone(), precondition, upload }).await
    }

    /// Makes a document in the folder of the check.
    pub async fn file(&self, name: &str, content: &[u8]) -> Result<DocumentRecord, String> {
        self.file_in(&self.here()?, name, content).await
    }

    pub async fn file_in(
        &self,
        folder: &DocumentRef,
        name: &str,
        content: &[u8],
    ) -> Result<DocumentRecord, String> {
        let id = self.name(folder, name).await?;
        good(&format!("writing {name:?}"), self.try_write(&id, Precondition::Absent, content).await)
    }

    /// Makes a folder in the folder of the check.
    pub async fn folder(&self, name: &str) -> Result<DocumentRecord, String> {
        self.folder_in(&self.here()?, name).await
    }

    pub async fn folder_in(&self, folder: &DocumentRef, name: &str) -> Result<DocumentRecord, String> {
        let id = self.name(folder, name).await?;
        good(&format!("making the folder {name:?}"), self.call(CreateFolder { folder: id }).await)
    }

    pub async fn open(&self, ask: ReadContent) -> Result<Streamed<ContentHead>, Error> {
        self.call(ask).await
    }

    /// The whole content.
    pub async fn content(&self, id: &NativeId) -> Result<Bytes, String> {
        let ask = ReadContent { document: id.clone(), range: None, unless: None, range_if: None };
        let reply = good("reading content", self.open(ask).await)?;
        good("reading content to its end", reply.body.collect(64 << 20).await)
    }

    /// Asserts what a document holds.
    pub async fn holds(&self, id: &NativeId, expected: &[u8], when: &str) -> Outcome {
        let found = self.content(id).await?;
        ensure!(
            found == expected,
            "{when}: expected {} octets of content, found {} or others",
            expected.len(),
            found.len()
        );
        Ok(())
    }

    /// Asserts that nothing is there.
    pub async fn is_gone(&self, id: &NativeId, when: &str) -> Outcome {
        refused(when, self.get(id).await, &[ErrorKind::NotFound])
    }

    pub async fn relocate(&self, from: &NativeId, to: &NativeId) -> Result<DocumentRecord, Error> {
        let precondition = Precondition::Exists;
        self.call(MoveDocument { document: from.clone(), destination: to.clone(), precondition }).await
    }

    pub async fn copy(&self, from: &NativeId, to: &NativeId) -> Result<DocumentRecord, Error> {
        self.call(CopyDocument { document: from.clone(), destination: to.clone() }).await
    }

    pub async fn delete(&self, id: &NativeId) -> Result<(), Error> {
        self.call(DeleteDocument { document: id.clone(), precondition: Precondition::Exists }).await
    }

    /// One page.
    pub async fn page(&self, list: &Listing, query: ListQuery) -> Result<SourcePage<DocumentRecord>, Error> {
        match list {
            Listing::Children(folder) => self.call(ListChildren { folder: folder.clone(), query }).await,
            Listing::All => self.call(ListDocuments { query }).await,
        }
    }

    /// All pages from a query on, with what every page must keep to.
    pub async fn pages(
        &self,
        list: &Listing,
        mut query: ListQuery,
    ) -> Result<Vec<Listed<DocumentRecord>>, String> {
        let mut all = Vec::new();
        let mut pages = 0;
        loop {
            let page = good("listing", self.page(list, query.clone()).await)?;
            ensure!(
                page.items.len() <= query.limit,
                "{} items on a page of {}",
                page.items.len(),
                query.limit
            );
            all.extend(page.items);
            pages += 1;
            ensure!(
                pages <= PAGES_PER_ITEM * (all.len() + 10),
                "{pages} pages gave {} items: no progress",
                all.len()
            );
            let Some(next) = page.next else { return Ok(all) };
            ensure!(query.after.as_ref() != Some(&next), "a page goes on where it started");
            query.after = Some(next);
        }
    }

    /// All items of a listing that are below the folder of the check.
    pub async fn listed(
        &self,
        list: &Listing,
        query: ListQuery,
    ) -> Result<Vec<Listed<DocumentRecord>>, String> {
        let inside = format!("{}/", self.room()?.path);
        let mut items = self.pages(list, query).await?;
        items.retain(|listed| listed.item.path.starts_with(&inside));
        Ok(items)
    }
}

/// Which list is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listing {
    All,
    Children(DocumentRef),
}

/// What a call gave; its failure in words.
pub(crate) fn good<T>(doing: &str, result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| {
        let native = error.native().map(|text| format!(" [{text:.200}]")).unwrap_or_default();
        format!("{doing}: {:?}: {error}{native}", error.kind())
    })
}

/// Asserts that a call was refused in one of these ways.
pub(crate) fn refused<T: Debug>(doing: &str, result: Result<T, Error>, kinds: &[ErrorKind]) -> Outcome {
    match result {
        Ok(value) => Err(format!("{doing}: expected {kinds:?}, but it was done: {value:.200?}")),
        Err(error) if kinds.contains(&error.kind()) => Ok(()),
        Err(error) => Err(format!("{doing}: expected {kinds:?}, got {:?}: {error}", error.kind())),
    }
}

/// The version of a record, which checks about versions need.
pub(crate) fn version(record: &DocumentRecord) -> Result<SourceVersion, String> {
    record.version.clone().ok_or_else(|| format!("the record of {:?} has no version", record.name))
}
