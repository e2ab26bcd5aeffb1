//! What the store in memory does, list operations excepted.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use portico_contract::documents::{
    ByteRange, ContentHead, CopyDocument, CreateFolder, DeleteDocument, DocumentRecord, DocumentRef,
    GetDocument, MoveDocument, NameChild, Precondition, ReadContent, WriteContent,
};
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{ByteStream, CallContext, Error, ErrorKind, Handler, NativeId, Streamed};

use super::{Defect, Memory, error, parent_of};

/// Octets of one piece of content.
const PIECE: usize = 256 << 10;

pub(super) fn path_of(reference: &DocumentRef) -> &str {
    match reference {
        DocumentRef::Root => "",
        DocumentRef::Id(id) => id.as_str(),
    }
}

impl Memory {
    fn check(&self, path: &str, precondition: &Precondition) -> Result<(), Error> {
        let meets = self.store.lock().meets(path, precondition);
        if meets || self.is(Defect::IgnoresPreconditions) {
            Ok(())
        } else {
            Err(error(ErrorKind::PreconditionFailed))
        }
    }

    fn check_locks(&self, path: &str) -> Result<(), Error> {
        let locked = self.store.lock().is_locked(path);
        if locked && !self.is(Defect::IgnoresLocks) { Err(error(ErrorKind::Locked)) } else { Ok(()) }
    }

    fn check_parent(&self, path: &str) -> Result<(), Error> {
        if self.store.lock().is_folder(parent_of(path)) { Ok(()) } else { Err(error(ErrorKind::Conflict)) }
    }

    fn found(&self, path: &str) -> Result<DocumentRecord, Error> {
        let record = self.store.lock().record(path, self.is(Defect::LosesTheParent));
        record.ok_or_else(|| error(ErrorKind::NotFound))
    }

    /// Copies or moves an item with all below it.
    fn transfer(&self, from: &str, to: &str, away: bool) -> Result<DocumentRecord, Error> {
        self.found(from)?;
        if self.store.lock().record(to, false).is_some() && !self.is(Defect::MovesOntoOthers) {
            return Err(error(ErrorKind::PreconditionFailed));
        }
        self.check_parent(to)?;
        let mut store = self.store.lock();
        for path in store.family(from) {
            let target = format!("{to}{}", &path[from.len()..]);
            let Some(node) = store.nodes.get(&path).cloned() else { continue };
            if away {
                store.nodes.remove(&path);
            }
            if path == from || away || !self.is(Defect::CopiesFoldersEmpty) {
                store.put(&target, node.content);
            }
        }
        drop(store);
        self.found(to)
    }
}

impl Handler<CheckSystem> for Memory {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        let version = (!self.is(Defect::NamesNoVersion)).then(|| "memory 1".to_owned());
        Ok(CheckReport { version, ..CheckReport::default() })
    }
}

impl Handler<GetDocument> for Memory {
    async fn handle(&self, _: &CallContext, op: &GetDocument) -> Result<DocumentRecord, Error> {
        self.found(path_of(&op.document))
    }
}

impl Handler<NameChild> for Memory {
    async fn handle(&self, _: &CallContext, op: &NameChild) -> Result<NativeId, Error> {
        let mut name = op.name.clone();
        let bad = matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\0']);
        if bad && !self.is(Defect::TakesAnyName) {
            return Err(error(ErrorKind::InvalidInput));
        }
        if self.is(Defect::DecodesNamesTwice) {
            name = name.replace("%25", "%");
        }
        let folder = path_of(&op.folder);
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        NativeId::new(&path).ok_or_else(|| error(ErrorKind::InvalidInput))
    }
}

impl Handler<CreateFolder> for Memory {
    async fn handle(&self, _: &CallContext, op: &CreateFolder) -> Result<DocumentRecord, Error> {
        let path = op.folder.as_str();
        self.check_parent(path)?;
        if !self.store.lock().meets(path, &Precondition::Absent) {
            return Err(error(ErrorKind::PreconditionFailed));
        }
        self.store.lock().put(path, None);
        self.found(path)
    }
}

impl Handler<ReadContent> for Memory {
    async fn handle(&self, _: &CallContext, op: &ReadContent) -> Result<Streamed<ContentHead>, Error> {
        let record = self.found(op.document.as_str())?;
        let content = self.store.lock().nodes.get(op.document.as_str()).and_then(|node| node.content.clone());
        let content = content.ok_or_else(|| error(ErrorKind::Conflict))?;
        let mut head = ContentHead {
            name: Some(record.name),
            media_type: None,
            length: Some(content.len() as u64),
            range: None,
            version: record.version.clone(),
            updated_at: None,
            not_modified: op.unless.is_some() && op.unless == record.version,
            facts: Default::default(),
        };
        if head.not_modified {
            return Ok(Streamed { head, body: ByteStream::once(Bytes::new()) });
        }
        let whole = content.len() as u64;
        let wanted = op.range.filter(|_| op.range_if.is_none() || op.range_if == record.version);
        let mut part = content.as_slice();
        if let Some(range) = wanted.filter(|_| whole > 0) {
            let (first, mut last) = match range {
                ByteRange::FromTo { first, last } => (first, last.unwrap_or(u64::MAX).min(whole - 1)),
                ByteRange::Suffix { length } => (whole.saturating_sub(length), whole - 1),
            };
            if first >= whole {
                return Err(error(ErrorKind::RangeNotSatisfiable));
            }
            if self.is(Defect::CutsRangesShort) {
                last = last.saturating_sub(1).max(first);
            }
            head.range = Some((first, last, Some(whole)));
            head.length = Some(last - first + 1);
            part = &content[first as usize..=last as usize];
        }
        let piece = if self.is(Defect::SendsEverythingInOnePiece) { usize::MAX } else { PIECE };
        let pieces: Vec<_> = part.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Ok(Streamed { head, body: ByteStream::new(stream::iter(pieces)) })
    }
}

impl Handler<WriteContent> for Memory {
    async fn handle(&self, _: &CallContext, op: &WriteContent) -> Result<DocumentRecord, Error> {
        let path = op.document.as_str();
        self.check_parent(path)?;
        if self.store.lock().nodes.contains_key(path) && self.store.lock().is_folder(path) {
            return Err(error(ErrorKind::Conflict));
        }
        let mut body = op.upload.take().ok_or_else(|| error(ErrorKind::Internal))?;
        let mut content = Vec::new();
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => content.extend_from_slice(&piece),
                Err(_) if self.is(Defect::CountsBrokenUploads) => break,
                Err(error) => return Err(error),
            }
        }
        self.check_locks(path)?;
        self.check(path, &op.precondition)?;
        if self.is(Defect::ChecksPreconditionsApart) {
            tokio::task::yield_now().await;
        }
        self.store.lock().put(path, Some(content));
        self.found(path)
    }
}

impl Handler<MoveDocument> for Memory {
    async fn handle(&self, _: &CallContext, op: &MoveDocument) -> Result<DocumentRecord, Error> {
        let path = op.document.as_str();
        self.check_locks(path)?;
        self.found(path)?;
        self.check(path, &op.precondition)?;
        self.transfer(path, op.destination.as_str(), true)
    }
}

impl Handler<CopyDocument> for Memory {
    async fn handle(&self, _: &CallContext, op: &CopyDocument) -> Result<DocumentRecord, Error> {
        self.transfer(op.document.as_str(), op.destination.as_str(), false)
    }
}

impl Handler<DeleteDocument> for Memory {
    async fn handle(&self, _: &CallContext, op: &DeleteDocument) -> Result<(), Error> {
        let path = op.document.as_str();
        self.found(path)?;
        self.check_locks(path)?;
        self.check(path, &op.precondition)?;
        let mut store = self.store.lock();
        let family = store.family(path);
        let gone = if self.is(Defect::ForgetsChildrenWhenDeleting) { &family[..1] } else { &family[..] };
        gone.iter().for_each(|path| _ = store.nodes.remove(path));
        Ok(())
    }
}
