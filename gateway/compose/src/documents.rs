//! Use cases on documents, over every document store.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use portico_contract::access::{Facts, Scope};
use portico_contract::documents::{
    ByteRange, ContentHead, CopyDocument, CreateFolder, DeleteDocument, DocumentRecord, DocumentRef,
    GetDocument, ListChildren, ListDocuments, MoveDocument, NameChild, Precondition, ReadContent,
    SourceVersion, WriteContent,
};
use portico_contract::{CallContext, Error, ErrorKind, NativeId, Operation, Streamed, SystemKey, Upload};
use portico_policy::{Action, Policy};
use portico_schemas::{FieldError, ResourceType};

use crate::fan_out::{FanOut, HasFacts, readable, target};
use crate::listing::{ListRequest, Listing, Refusal};
use crate::seal::Seals;
use crate::systems::{System, Systems};

/// A thing that was found, with what the API needs to show it.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// The system that holds it.
    pub system: SystemKey,
    /// What the system said.
    pub record: T,
    /// Whether the person may change it.
    pub may_write: bool,
    /// When it was read.
    pub fetched_at: Timestamp,
}

impl HasFacts for DocumentRecord {
    fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// Documents of every store, as one.
#[derive(Clone)]
pub struct Documents {
    systems: Arc<Systems>,
    policy: Arc<dyn Policy>,
    seals: Arc<Seals>,
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").field("systems", &self.systems).finish_non_exhaustive()
    }
}

impl Documents {
    /// Over these systems, under this policy.
    pub fn new(systems: Arc<Systems>, policy: Arc<dyn Policy>, seals: Arc<Seals>) -> Self {
        Self { systems, policy, seals }
    }

    fn fan_out<'a>(&'a self, systems: &'a Systems, route: &'a str, operation: &'static str) -> FanOut<'a> {
        FanOut {
            systems,
            policy: &*self.policy,
            who: None,
            seals: &self.seals,
            route,
            resource: ResourceType::Document,
            operation,
        }
    }

    /// All documents and folders of all stores that the person may see.
    ///
    /// # Errors
    /// A bad cursor or source key; a [`Refusal::NoSource`] when no store could answer.
    pub async fn list(
        &self,
        context: &CallContext,
        request: &ListRequest,
    ) -> Result<Listing<Found<DocumentRecord>>, Refusal> {
        self.fan_out(&self.systems, "documents", ListDocuments::META.id)
            .list(
                context,
                request,
                |system, context, query| async move {
                    system.upstream.call(context, ListDocuments { query }).await
                },
                |system, record| self.found(context, system, record),
            )
            .await
    }

    /// What is directly inside a folder.
    ///
    /// # Errors
    /// As [`Documents::get`], for the folder; [`ErrorKind::Conflict`] when it is not a folder.
    pub async fn children(
        &self,
        context: &CallContext,
        folder: &str,
        request: &ListRequest,
    ) -> Result<Listing<Found<DocumentRecord>>, Refusal> {
        let (system, document) = self.open(folder, "/id")?;
        self.may_be_shown(context, system)?;
        let only = Systems::new(vec![system.clone()]);
        let route = format!("documents/{folder}/children");
        self.fan_out(&only, &route, ListChildren::META.id)
            .list(
                context,
                request,
                |system, context, query| {
                    let folder = document.clone();
                    async move { system.upstream.call(context, ListChildren { folder, query }).await }
                },
                |system, record| self.found(context, system, record),
            )
            .await
    }

    /// One document or folder.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an id that was not given out; [`ErrorKind::Forbidden`] when the person may see
    /// nothing in that store; [`ErrorKind::NotFound`] when it is not there or not for this person.
    pub async fn get(&self, context: &CallContext, id: &str) -> Result<Found<DocumentRecord>, Error> {
        let (system, document) = self.open(id, "/id")?;
        self.may_be_shown(context, system)?;
        let record = system.upstream.call(context.clone(), GetDocument { document }).await?;
        self.check_shown(context, system, &record.facts)?;
        Ok(self.found(context, system, record))
    }

    /// The content of a document, as a stream.
    ///
    /// # Errors
    /// As [`Documents::get`]; [`ErrorKind::Conflict`] for a folder; [`ErrorKind::RangeNotSatisfiable`].
    pub async fn content(
        &self,
        context: &CallContext,
        id: &str,
        range: Option<ByteRange>,
        unless: Option<SourceVersion>,
        range_if: Option<SourceVersion>,
    ) -> Result<Streamed<ContentHead>, Error> {
        let (system, document) = self.open(id, "/id")?;
        self.may_be_shown(context, system)?;
        let document = not_root(document)?;
        let operation = ReadContent { document, range, unless, range_if };
        let content = system.upstream.call(context.clone(), operation).await?;
        self.check_shown(context, system, &content.head.facts)?;
        Ok(content)
    }

    /// The id that a thing of this name has, or would have, in a folder. Asks no system.
    ///
    /// # Errors
    /// As [`Documents::get`], for the folder; [`ErrorKind::InvalidInput`] when the store cannot hold such a name.
    pub async fn child_id(&self, context: &CallContext, folder: &str, name: &str) -> Result<String, Error> {
        let (system, folder) = self.open(folder, "/id")?;
        self.may_be_shown(context, system)?;
        let child =
            system.upstream.call(context.clone(), NameChild { folder, name: name.to_owned() }).await?;
        Ok(self.seals.seal_document(system.key(), &DocumentRef::Id(child)))
    }

    /// Creates a document or replaces its content.
    ///
    /// # Errors
    /// As [`Documents::get`]; [`ErrorKind::Forbidden`] when the person may not change it;
    /// [`ErrorKind::PreconditionFailed`]; [`ErrorKind::Locked`].
    pub async fn write_content(
        &self,
        context: &CallContext,
        id: &str,
        precondition: Precondition,
        upload: Upload,
    ) -> Result<Found<DocumentRecord>, Error> {
        let (system, document) = self.open(id, "/id")?;
        let document = not_root(document)?;
        self.check_changed(context, system, &id_of(&document), precondition == Precondition::Absent).await?;
        let operation = WriteContent { document, precondition, upload };
        let record = system.upstream.call(context.clone(), operation).await?;
        Ok(self.found(context, system, record))
    }

    /// Creates a folder at an id that [`Documents::child_id`] gave out.
    ///
    /// # Errors
    /// As [`Documents::write_content`].
    pub async fn create_folder(
        &self,
        context: &CallContext,
        id: &str,
    ) -> Result<Found<DocumentRecord>, Error> {
        let (system, document) = self.open(id, "/id")?;
        let folder = not_root(document)?;
        self.check_changed(context, system, &id_of(&folder), true).await?;
        let record = system.upstream.call(context.clone(), CreateFolder { folder }).await?;
        Ok(self.found(context, system, record))
    }

    /// Moves or renames within a store.
    ///
    /// # Errors
    /// As [`Documents::write_content`]; [`ErrorKind::InvalidInput`] when the folder lies in another store.
    pub async fn relocate(
        &self,
        context: &CallContext,
        id: &str,
        folder: &str,
        name: &str,
        precondition: Precondition,
    ) -> Result<Found<DocumentRecord>, Error> {
        let (system, document) = self.open(id, "/id")?;
        let document = not_root(document)?;
        let (there, folder) = self.open(folder, "/parentId")?;
        same_store(system, there)?;
        self.check_changed(context, system, &id_of(&document), false).await?;
        self.check_changed(context, system, &folder, false).await?;
        let named = NameChild { folder, name: name.to_owned() };
        let destination = system.upstream.call(context.clone(), named).await?;
        let operation = MoveDocument { document, destination, precondition };
        let record = system.upstream.call(context.clone(), operation).await?;
        Ok(self.found(context, system, record))
    }

    /// Copies a document, or a folder with all that is in it, to an id that [`Documents::child_id`] gave out.
    ///
    /// # Errors
    /// As [`Documents::relocate`].
    pub async fn copy(
        &self,
        context: &CallContext,
        id: &str,
        source: &str,
    ) -> Result<Found<DocumentRecord>, Error> {
        let (system, destination) = self.open(id, "/id")?;
        let destination = not_root(destination)?;
        let (there, document) = self.open(source, "/copyOf")?;
        let document = not_root(document)?;
        same_store(system, there)?;
        self.may_be_shown(context, system)?;
        if !system.upstream.profile.uniform_facts {
            let read = GetDocument { document: DocumentRef::Id(document.clone()) };
            let record = system.upstream.call(context.clone(), read).await?;
            self.check_shown(context, system, &record.facts)?;
        }
        self.check_changed(context, system, &id_of(&destination), true).await?;
        let record = system.upstream.call(context.clone(), CopyDocument { document, destination }).await?;
        Ok(self.found(context, system, record))
    }

    /// Deletes; a folder with all that is in it.
    ///
    /// # Errors
    /// As [`Documents::write_content`].
    pub async fn delete(
        &self,
        context: &CallContext,
        id: &str,
        precondition: Precondition,
    ) -> Result<(), Error> {
        let (system, document) = self.open(id, "/id")?;
        let document = not_root(document)?;
        self.check_changed(context, system, &id_of(&document), false).await?;
        system.upstream.call(context.clone(), DeleteDocument { document, precondition }).await
    }

    fn open(&self, id: &str, pointer: &str) -> Result<(&System, DocumentRef), Error> {
        let (key, document) = self.seals.open_document(id, pointer)?;
        let system = self.systems.get(&key).ok_or_else(not_found)?;
        Ok((system, document))
    }

    /// What the API shows. A thing that does not say how sensitive it is has the classification of its system.
    fn found(
        &self,
        context: &CallContext,
        system: &System,
        mut record: DocumentRecord,
    ) -> Found<DocumentRecord> {
        record.facts.classification.get_or_insert(system.upstream.profile.classification);
        let target = target(ResourceType::Document, system);
        let may_write = self.policy.allows(&context.principal, Action::Write, &target, &record.facts);
        Found { system: system.key().clone(), record, may_write, fetched_at: Timestamp::now() }
    }

    /// Refuses before anything is asked when the person may see nothing of the store at all.
    fn may_be_shown(&self, context: &CallContext, system: &System) -> Result<(), Error> {
        match readable(&*self.policy, context, ResourceType::Document, system) {
            Scope::None => Err(Error::new(ErrorKind::Forbidden, "You may not see documents of this system.")),
            _ => Ok(()),
        }
    }

    /// The second look, on the facts of the thing itself: what is not for this person is not there.
    fn check_shown(&self, context: &CallContext, system: &System, facts: &Facts) -> Result<(), Error> {
        let target = target(ResourceType::Document, system);
        if self.policy.allows(&context.principal, Action::Read, &target, facts) {
            Ok(())
        } else {
            Err(not_found())
        }
    }

    /// Whether the person may change a thing. Its facts are read first where the system has facts of its own.
    async fn check_changed(
        &self,
        context: &CallContext,
        system: &System,
        document: &DocumentRef,
        is_new: bool,
    ) -> Result<(), Error> {
        let facts = if system.upstream.profile.uniform_facts || is_new {
            Facts::default()
        } else {
            let read = GetDocument { document: document.clone() };
            let record = system.upstream.call(context.clone(), read).await?;
            self.check_shown(context, system, &record.facts)?;
            record.facts
        };
        let target = target(ResourceType::Document, system);
        if self.policy.allows(&context.principal, Action::Write, &target, &facts) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forbidden, "You may not change documents of this system."))
    }
}

fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "There is no such document, or it is not for you to see.")
}

fn not_root(document: DocumentRef) -> Result<NativeId, Error> {
    match document {
        DocumentRef::Id(id) => Ok(id),
        DocumentRef::Root => Err(Error::new(
            ErrorKind::Conflict,
            "This is the root folder of a store; it cannot be read as content or changed.",
        )),
    }
}

fn id_of(document: &NativeId) -> DocumentRef {
    DocumentRef::Id(document.clone())
}

fn same_store(one: &System, other: &System) -> Result<(), Error> {
    if one.key() == other.key() {
        return Ok(());
    }
    let fields = vec![FieldError {
        detail: "the two documents lie in different systems; download and upload instead".to_owned(),
        pointer: "/".to_owned(),
    }];
    Err(Error::new(
        ErrorKind::InvalidInput,
        "A document cannot be moved or copied from one system to another.",
    )
    .with_fields(fields))
}

#[cfg(test)]
mod tests;
