//! What is claimed works, and what is not claimed says so.

use portico_contract::documents::{
    ALL, ByteRange, CopyDocument, CreateFolder, DeleteDocument, DocumentRef, GetDocument, ListChildren,
    ListDocuments, MoveDocument, NameChild, Precondition, ReadContent, WriteContent,
};
use portico_contract::paging::ListQuery;
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{
    ByteStream, CallContext, ErrorKind, NativeId, Operation, OperationMeta, Upload, Upstream,
};

use crate::world::{Outcome, World, ensure, good, refused};

/// Asserts that an operation that is not claimed answers that it is not.
pub(crate) async fn refuses(upstream: &Upstream, id: &str) -> Outcome {
    let native = NativeId::new("portico-suite-nothing").ok_or("the id is short")?;
    let (root, query) = (DocumentRef::Root, ListQuery::first(1));
    let (document, destination, precondition) = (native.clone(), native.clone(), Precondition::Absent);
    let is = |meta: OperationMeta| meta.id == id;
    if is(GetDocument::META) {
        ask(upstream, GetDocument { document: root }).await
    } else if is(ListDocuments::META) {
        ask(upstream, ListDocuments { query }).await
    } else if is(ListChildren::META) {
        ask(upstream, ListChildren { folder: root, query }).await
    } else if is(NameChild::META) {
        ask(upstream, NameChild { folder: root, name: "x".into() }).await
    } else if is(ReadContent::META) {
        let range = Some(ByteRange::Suffix { length: 1 });
        ask(upstream, ReadContent { document, range, unless: None, range_if: None }).await
    } else if is(WriteContent::META) {
        let upload = Upload::new(ByteStream::once("x"), Some(1), None);
        ask(upstream, WriteContent { document, precondition, upload }).await
    } else if is(CreateFolder::META) {
        ask(upstream, CreateFolder { folder: native }).await
    } else if is(MoveDocument::META) {
        ask(upstream, MoveDocument { document, destination, precondition }).await
    } else if is(CopyDocument::META) {
        ask(upstream, CopyDocument { document, destination }).await
    } else if is(DeleteDocument::META) {
        ask(upstream, DeleteDocument { document, precondition }).await
    } else {
        ask(upstream, CheckSystem).await
    }
}

async fn ask<O: Operation>(upstream: &Upstream, operation: O) -> Outcome {
    let context = CallContext::internal("suite", std::time::Duration::from_secs(10));
    let answer = upstream.call(context, operation).await.map(|_| "an answer");
    refused(&format!("`{}` is not claimed", O::META.id), answer, &[ErrorKind::Unsupported])
}

pub(crate) async fn operations_that_are_not_claimed_answer_unsupported(world: &World) -> Outcome {
    for meta in ALL {
        if !world.upstream.profile.operations.contains_key(meta.id) {
            refuses(&world.upstream, meta.id).await?;
        }
    }
    Ok(())
}

pub(crate) async fn check_reports_a_version(world: &World) -> Outcome {
    let report: CheckReport = good("checking the system", world.call(CheckSystem).await)?;
    let version = report.version.unwrap_or_default();
    ensure!(!version.trim().is_empty(), "the check names no version");
    let again = good("checking the system again", world.call(CheckSystem).await)?;
    ensure!(again.version == Some(version), "a second check names another version");
    Ok(())
}
