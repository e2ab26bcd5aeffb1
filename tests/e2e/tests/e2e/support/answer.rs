//! An answer, and what it has to be.

use portico_simkit::client::Reply;
use serde_json::Value;

/// An answer of the API.
#[derive(Debug)]
pub struct Answer(pub Reply);

impl Answer {
    pub fn status(&self) -> u16 {
        self.0.status
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.header(name)
    }

    /// The entity tag, which has to be there.
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("no ETag: {self:?}")).to_owned()
    }

    pub fn text(&self) -> String {
        self.0.text()
    }

    /// The body, which has to be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.0.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status(), status, "{}", self.text());
        if self.0.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The octets of an answer with this status.
    #[track_caller]
    pub fn octets(&self, status: u16) -> &[u8] {
        assert_eq!(self.status(), status, "{}", self.text());
        &self.0.body
    }

    /// The problem (RFC 9457) of this code, with all that every problem has.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem:#}");
        assert_eq!(problem["status"], status, "{problem:#}");
        assert_eq!(problem["type"], format!("/docs/problems/{code}"), "{problem:#}");
        for member in ["title", "detail", "origin", "outcome", "traceId"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "no {member}: {problem:#}"
            );
        }
        assert!(problem["retryable"].is_boolean(), "{problem:#}");
        assert_eq!(problem["traceId"].as_str().unwrap().len(), 32, "{problem:#}");
        problem
    }
}

/// The action of this name that a resource offers.
pub fn allowed_action<'a>(resource: &'a Value, name: &str) -> Option<&'a Value> {
    resource["allowedActions"].as_array()?.iter().find(|action| action["name"] == name)
}
