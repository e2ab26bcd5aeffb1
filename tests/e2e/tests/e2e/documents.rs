//! Documents over the real products: created, read, replaced, moved, copied, deleted, and never overwritten blindly.

mod content;
mod names;
mod objects;

use std::sync::atomic::{AtomicU32, Ordering};

use portico_servers::{Product, Running, for_test};
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, Site};

/// A gateway over one real product.
struct Library {
    product: Running,
    gateway: Gateway,
    root: String,
    made: AtomicU32,
}

impl Library {
    /// `None` where the product cannot be had.
    async fn over(product: Product) -> Option<Self> {
        let product = for_test(product)?;
        let account = (product.username, product.password);
        let gateway = Site::over(&[("library", &product.base_url)], account).start().await;
        let system = gateway.get("/v1/systems/library").await.expect(200);
        let root = system["rootDocumentId"].as_str().unwrap().to_owned();
        Some(Self { product, gateway, root, made: AtomicU32::new(0) })
    }

    /// The id that a name has in a folder.
    async fn child_id(&self, folder: &str, name: &str) -> String {
        let path = format!("/v1/documents/{folder}/child-ids");
        let named = self.gateway.send_json("POST", &path, &[], &json!({ "name": name })).await.expect(200);
        named["id"].as_str().unwrap().to_owned()
    }

    /// A name that nothing has yet.
    fn fresh(&self) -> String {
        format!("paper {}.txt", self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// One request as somebody who may write.
    async fn write(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.gateway.send(method, path, &self.gateway.writer, headers, body).await
    }

    /// Creates a document; its id and its entity tag.
    async fn create(&self, folder: &str, name: &str, content: &[u8]) -> (String, String) {
        let id = self.child_id(folder, name).await;
        let path = format!("/v1/documents/{id}/content");
        let created = self.write("PUT", &path, &[("If-None-Match", "*")], content).await;
        let document = created.expect(201);
        assert_eq!(document["id"], id.as_str());
        assert_eq!(created.header("location"), Some(format!("/v1/documents/{id}").as_str()));
        (id, created.etag())
    }

    async fn folder(&self, parent: &str, name: &str) -> String {
        let id = self.child_id(parent, name).await;
        let headers = [("If-None-Match", "*")];
        let body = json!({ "objectTypeId": "folder" });
        let made = self.gateway.send_json("PUT", &format!("/v1/documents/{id}"), &headers, &body).await;
        assert_eq!(made.expect(201)["objectTypeId"], "folder");
        id
    }

    async fn read(&self, id: &str, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/v1/documents/{id}/content");
        self.gateway.send("GET", &path, &self.gateway.reader, headers, b"").await
    }

    async fn children(&self, folder: &str) -> Vec<Value> {
        let path = format!("/v1/documents/{folder}/children?limit=200");
        let page = self.gateway.get(&path).await.expect(200);
        assert!(page.get("next").is_none_or(Value::is_null), "{page}");
        page["items"].as_array().unwrap().clone()
    }

    fn end(self) {
        assert!(self.gateway.stop().status.success());
        drop(self.product);
    }
}

/// Makes a test of one function per product.
macro_rules! over_both {
    ($($name:ident)*) => {
        mod over_apache {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let library = super::super::Library::over(portico_servers::Product::Apache).await;
                if let Some(library) = library { super::$name(library).await; }
            })*
        }
        mod over_wsgidav {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let library = super::super::Library::over(portico_servers::Product::WsgiDav).await;
                if let Some(library) = library { super::$name(library).await; }
            })*
        }
    };
}
use over_both;
