//! `Allow` of a 405 (RFC 9110, sections 10.2.1 and 15.5.6), where it is the system behind that cannot do something: the
//! methods that work for this resource in this system.

use axum::response::Response;
use http::{HeaderValue, StatusCode, Uri, header};
use portico_contract::documents::{
    CopyDocument, CreateFolder, DeleteDocument, GetDocument, ListChildren, MoveDocument, NameChild,
    ReadContent, WriteContent,
};
use portico_contract::expenses::{
    AttachReceipt, CreateExpenseReport, DeleteExpenseReport, EditExpenseReport, GetExpenseReport,
    ListExpenseReports, ReadReceipt, RemoveReceipt, SubmitExpenseReport, WithdrawExpenseReport,
};
use portico_contract::{Operation, Profile};
use portico_schemas::ResourceType;

use crate::Api;

/// Which operations serve a method of a document's routes; one of them is enough.
type Methods = &'static [(&'static str, &'static [&'static str])];

/// By what follows the id in the path, up to the next slash.
type Rows = &'static [(&'static str, Methods)];

const DOCUMENT: Rows = &[
    (
        "",
        &[
            ("GET,HEAD", &[GetDocument::META.id]),
            ("PUT", &[CreateFolder::META.id, CopyDocument::META.id]),
            ("DELETE", &[DeleteDocument::META.id]),
        ],
    ),
    ("children", &[("GET,HEAD", &[ListChildren::META.id])]),
    ("child-ids", &[("POST", &[NameChild::META.id])]),
    ("content", &[("GET,HEAD", &[ReadContent::META.id]), ("PUT", &[WriteContent::META.id])]),
    ("location", &[("PUT", &[MoveDocument::META.id])]),
];

const EXPENSE_REPORT: Rows = &[
    (
        "",
        &[
            ("GET,HEAD", &[GetExpenseReport::META.id]),
            ("PUT", &[EditExpenseReport::META.id]),
            ("DELETE", &[DeleteExpenseReport::META.id]),
        ],
    ),
    ("submission", &[("POST", &[SubmitExpenseReport::META.id])]),
    ("withdrawal", &[("POST", &[WithdrawExpenseReport::META.id])]),
    ("lines", &[("POST", &[AttachReceipt::META.id])]),
    ("receipts", &[("GET,HEAD", &[ReadReceipt::META.id]), ("DELETE", &[RemoveReceipt::META.id])]),
];

/// Of the reports as a whole: one system that can is enough.
const EXPENSE_REPORTS: Rows =
    &[("", &[("GET,HEAD", &[ListExpenseReports::META.id]), ("POST", &[CreateExpenseReport::META.id])])];

/// Adds the field to a 405 that has none. Empty where nothing works: all other routes have one method, which was asked for.
pub fn fill(api: &Api, uri: &Uri, response: &mut Response) {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED || response.headers().contains_key(header::ALLOW) {
        return;
    }
    let mut parts = uri.path().trim_start_matches("/v1/").splitn(3, '/');
    let (resource, id, rest) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
    let one = |kind: ResourceType, id: &str, rows: Rows| {
        let system = api.seals.open(kind, id, "/id").ok().map(|(system, _)| system);
        let system = system.and_then(|key| api.systems.get(&key));
        system.map(|system| methods(rows, rest, &[&system.upstream.profile])).unwrap_or_default()
    };
    let allowed = match (resource, id) {
        (Some("documents"), Some(id)) => one(ResourceType::Document, id, DOCUMENT),
        (Some("expense-reports"), Some(id)) => one(ResourceType::ExpenseReport, id, EXPENSE_REPORT),
        (Some("expense-reports"), None) => {
            let all: Vec<&Profile> = api.systems.iter().map(|system| &*system.upstream.profile).collect();
            methods(EXPENSE_REPORTS, rest, &all)
        }
        _ => String::new(),
    };
    if let Ok(allowed) = HeaderValue::try_from(allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
}

fn methods(rows: Rows, rest: &str, profiles: &[&Profile]) -> String {
    let part = rest.split('/').next().unwrap_or_default();
    let rows = rows.iter().find(|(name, _)| *name == part).map_or(&[][..], |(_, rows)| rows);
    let works = |operations: &[&str]| {
        operations.iter().any(|id| profiles.iter().any(|profile| profile.operations.contains_key(id)))
    };
    let works = rows.iter().filter(|(_, operations)| works(operations)).map(|(method, _)| *method);
    works.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use portico_contract::systems::{CheckReport, CheckSystem};
    use portico_contract::{AdapterBuilder, CallContext, Capability, Error, ErrorKind, Handler, SystemKey};

    use super::*;

    struct ReadOnly;

    impl Handler<CheckSystem> for ReadOnly {
        async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
            Ok(CheckReport::default())
        }
    }

    impl Handler<GetDocument> for ReadOnly {
        async fn handle(
            &self,
            _: &CallContext,
            _: &GetDocument,
        ) -> Result<<GetDocument as Operation>::Output, Error> {
            Err(Error::new(ErrorKind::NotFound, "There is nothing here."))
        }
    }

    impl Handler<CopyDocument> for ReadOnly {
        async fn handle(
            &self,
            _: &CallContext,
            _: &CopyDocument,
        ) -> Result<<CopyDocument as Operation>::Output, Error> {
            Err(Error::new(ErrorKind::NotFound, "There is nothing here."))
        }
    }

    #[test]
    fn only_what_the_system_claims_is_allowed() {
        let key = SystemKey::new("shelf").unwrap();
        let shelf = AdapterBuilder::new("shelf", key, ReadOnly).on::<GetDocument>(Capability::default());
        let profile = shelf.build().profile().clone();
        for rest in ["children", "content", "location", "child-ids", "unheard-of"] {
            assert_eq!(methods(DOCUMENT, rest, &[&profile]), "", "{rest}");
        }
        assert_eq!(methods(DOCUMENT, "", &[&profile]), "GET,HEAD");
        let key = SystemKey::new("shelf").unwrap();
        let shelf = AdapterBuilder::new("shelf", key, ReadOnly)
            .on::<GetDocument>(Capability::default())
            .on::<CopyDocument>(Capability::default());
        assert_eq!(methods(DOCUMENT, "", &[shelf.build().profile()]), "GET,HEAD,PUT");
    }
}
