//! What the tests share: an adapter over a server, and short ways to call it.

use std::time::Duration;

use bytes::Bytes;
use portico_contract::documents::{
    CreateFolder, DocumentRecord, DocumentRef, GetDocument, NameChild, Precondition, ReadContent,
    WriteContent,
};
use portico_contract::{
    ByteStream, CallContext, CallService, Error, ErrorKind, NativeId, Operation, SystemKey, Upload, Upstream,
};
use serde_json::{Value, json};

/// An adapter over a server that asks for no credentials, or for these.
pub(super) fn open(base_url: &str, credentials: Option<(&str, &str)>, limits: Value) -> Store {
    let mut settings = json!({ "base_url": base_url });
    settings["limits"] = limits;
    let password = credentials.map(|(username, password)| {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), password).expect("a temporary file");
        let reference = format!("file:{}", file.path().display());
        settings["credentials"] = json!({ "username": username, "password": reference });
        file
    });
    let key = SystemKey::new("store").expect("a key");
    let adapter = (crate::KIND.build)(key.clone(), settings).expect("good settings");
    drop(password);
    let profile = adapter.profile().clone();
    Store { upstream: Upstream::new(key, profile, CallService::new(adapter)) }
}

/// A store under test.
pub(super) struct Store {
    pub(super) upstream: Upstream,
}

pub(super) fn context() -> CallContext {
    CallContext::internal("test", Duration::from_secs(20))
}

pub(super) fn id(path: &str) -> NativeId {
    NativeId::new(path).expect("a short path")
}

pub(super) fn upload(content: &str) -> Upload {
    Upload::new(
        ByteStream::once(Bytes::copy_from_slice(content.as_bytes())),
        Some(content.len() as u64),
        Some("text/plain".to_owned()),
    )
}

impl Store {
    pub(super) async fn call<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.upstream.call(context(), operation).await
    }

    /// The kind of failure; `None` for a success.
    pub(super) async fn refused<O: Operation>(&self, operation: O) -> Option<ErrorKind> {
        self.call(operation).await.err().map(|error| error.kind())
    }

    pub(super) async fn folder(&self, path: &str) -> DocumentRecord {
        self.call(CreateFolder { folder: id(path) }).await.expect("a new folder")
    }

    pub(super) async fn write(&self, path: &str, content: &str) -> DocumentRecord {
        self.try_write(path, content, Precondition::Absent).await.expect("a new document")
    }

    pub(super) async fn try_write(
        &self,
        path: &str,
        content: &str,
        precondition: Precondition,
    ) -> Result<DocumentRecord, Error> {
        self.call(WriteContent { document: id(path), precondition, upload: upload(content) }).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<DocumentRecord, Error> {
        self.call(GetDocument { document: DocumentRef::Id(id(path)) }).await
    }

    pub(super) async fn read(&self, path: &str) -> Result<String, Error> {
        let read = ReadContent { document: id(path), range: None, unless: None, range_if: None };
        let whole = self.call(read).await?.body.collect(1 << 20).await?;
        Ok(String::from_utf8(whole.to_vec()).expect("UTF-8"))
    }

    pub(super) async fn child(&self, folder: &str, name: &str) -> Result<NativeId, Error> {
        self.call(NameChild { folder: DocumentRef::Id(id(folder)), name: name.to_owned() }).await
    }
}
