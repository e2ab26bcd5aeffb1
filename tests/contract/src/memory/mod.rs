//! A store in memory with an adapter over it: right in everything, or wrong in one thing, to show that the suite fails.

mod handlers;
mod lists;
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use portico_contract::documents::{
    CopyDocument, CreateFolder, DeleteDocument, DocumentRecord, GetDocument, ListChildren, ListDocuments,
    MoveDocument, NameChild, Precondition, ReadContent, SourceVersion, WriteContent,
};
use portico_contract::paging::Comparison;
use portico_contract::{
    AdapterBuilder, CallService, Capability, Error, ErrorKind, FilterCapability, ListOrder, NativeId,
    SystemKey, Upstream,
};
use portico_schemas::ObjectType;

use crate::{Hooked, NativeLocks, SuiteTarget};

/// One thing that an adapter can get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    SkipsAnItemOnPageTwo,
    RepeatsThePageBoundary,
    IgnoresPreconditions,
    ChecksPreconditionsApart,
    GivesAnEmptyListOnFailure,
    CountsInsteadOfKeys,
    PositionsEndThePage,
    IgnoresFilters,
    SortsWithoutCase,
    IgnoresScope,
    CutsRangesShort,
    SendsEverythingInOnePiece,
    DecodesNamesTwice,
    TakesAnyName,
    MovesOntoOthers,
    CopiesFoldersEmpty,
    ForgetsChildrenWhenDeleting,
    IgnoresLocks,
    LosesTheParent,
    CountsBrokenUploads,
    NamesNoVersion,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    /// `None` for a folder.
    pub content: Option<Vec<u8>>,
    pub version: u64,
}

/// Everything by its path. The root is not in it.
#[derive(Default)]
pub(super) struct Store {
    nodes: BTreeMap<String, Node>,
    locked: BTreeSet<String>,
    writes: u64,
}

#[derive(Clone)]
pub(super) struct Memory {
    store: Arc<Mutex<Store>>,
    defect: Option<Defect>,
}

impl Memory {
    pub fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }
}

pub(super) fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "The store in memory refuses this.")
}

pub(super) fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

impl Store {
    pub fn record(&self, path: &str, losing_parent: bool) -> Option<DocumentRecord> {
        let node =
            if path.is_empty() { &Node { content: None, version: 0 } } else { self.nodes.get(path)? };
        let id = |path: &str| NativeId::new(path).expect("short");
        let parent = (!path.is_empty() && !losing_parent).then(|| id(parent_of(path)));
        Some(DocumentRecord {
            id: id(path),
            parent,
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            path: path.to_owned(),
            object_type: if node.content.is_some() { ObjectType::Document } else { ObjectType::Folder },
            version: node.content.as_ref().map(|_| SourceVersion(node.version.to_string())),
            content_length: node.content.as_ref().map(|content| content.len() as u64),
            media_type: None,
            created_at: None,
            updated_at: None,
            locked: Some(self.locked.contains(path)),
            facts: Default::default(),
        })
    }

    pub fn is_folder(&self, path: &str) -> bool {
        path.is_empty() || self.nodes.get(path).is_some_and(|node| node.content.is_none())
    }

    /// Paths of an item and of all below it.
    pub fn family(&self, path: &str) -> Vec<String> {
        let below = format!("{path}/");
        self.nodes.keys().filter(|other| *other == path || other.starts_with(&below)).cloned().collect()
    }

    /// Whether the item meets a precondition.
    pub fn meets(&self, path: &str, precondition: &Precondition) -> bool {
        match (precondition, self.nodes.get(path)) {
            (Precondition::Absent, node) => node.is_none(),
            (Precondition::Exists, node) => node.is_some(),
            (Precondition::Version(version), Some(node)) => version.0 == node.version.to_string(),
            (Precondition::Version(_), None) => false,
        }
    }

    pub fn is_locked(&self, path: &str) -> bool {
        self.family(path).iter().any(|inside| self.locked.contains(inside))
    }

    pub fn put(&mut self, path: &str, content: Option<Vec<u8>>) {
        self.writes += 1;
        self.nodes.insert(path.to_owned(), Node { content, version: self.writes });
    }
}

impl NativeLocks for Memory {
    fn lock<'a>(&'a self, path: &'a str) -> Hooked<'a, String> {
        self.store.lock().locked.insert(path.to_owned());
        Box::pin(async { Ok(String::new()) })
    }

    fn unlock<'a>(&'a self, path: &'a str, _: &'a str) -> Hooked<'a, ()> {
        self.store.lock().locked.remove(path);
        Box::pin(async { Ok(()) })
    }
}

/// The adapter with all operations, and what the suite may expect of it.
pub(super) fn system(defect: Option<Defect>) -> (Upstream, SuiteTarget) {
    let memory = Memory { store: Arc::default(), defect };
    let list = Capability {
        filters: vec![
            FilterCapability { field: "name", comparisons: &[Comparison::In, Comparison::Contains] },
            FilterCapability { field: "objectTypeId", comparisons: &[Comparison::In] },
            FilterCapability {
                field: "contentLength",
                comparisons: &[Comparison::Gte, Comparison::Gt, Comparison::Lte, Comparison::Lt],
            },
        ],
        sorts: vec!["path", "name"],
        natural_sort: Some("path"),
        order: ListOrder::Keyset,
        ..Capability::default()
    };
    let target = SuiteTarget { locks: Some(Arc::new(memory.clone())), ..SuiteTarget::default() };
    let key = SystemKey::new("memory").expect("a key");
    let adapter = AdapterBuilder::new("memory", key.clone(), memory)
        .on::<ListDocuments>(list.clone())
        .on::<ListChildren>(list)
        .on::<GetDocument>(Capability::default())
        .on::<ReadContent>(Capability::default())
        .on::<NameChild>(Capability::default())
        .on::<WriteContent>(Capability::default())
        .on::<CreateFolder>(Capability::default())
        .on::<MoveDocument>(Capability::default())
        .on::<CopyDocument>(Capability::default())
        .on::<DeleteDocument>(Capability::default())
        .build();
    (Upstream::new(key, adapter.profile().clone(), CallService::new(adapter)), target)
}

/// The adapter with reads only.
pub(super) fn reader() -> (Upstream, SuiteTarget) {
    let key = SystemKey::new("reader").expect("a key");
    let adapter = AdapterBuilder::new("memory", key.clone(), Memory { store: Arc::default(), defect: None })
        .on::<GetDocument>(Capability::default())
        .on::<ReadContent>(Capability::default())
        .build();
    (Upstream::new(key, adapter.profile().clone(), CallService::new(adapter)), SuiteTarget::default())
}
