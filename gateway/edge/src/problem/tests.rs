use std::time::Duration;

use portico_contract::{Retry, SystemKey};
use portico_schemas::FieldError;

use super::*;

/// Every kind there is. `match` would not tell us of a new one from another crate, so the count is checked as well.
const KINDS: &[ErrorKind] = &[
    ErrorKind::InvalidInput,
    ErrorKind::InvalidCursor,
    ErrorKind::UnsupportedQuery,
    ErrorKind::Unsupported,
    ErrorKind::Unauthenticated,
    ErrorKind::Forbidden,
    ErrorKind::BackendForbidden,
    ErrorKind::NotFound,
    ErrorKind::Conflict,
    ErrorKind::Locked,
    ErrorKind::Gone,
    ErrorKind::PreconditionFailed,
    ErrorKind::PreconditionRequired,
    ErrorKind::RangeNotSatisfiable,
    ErrorKind::ContentTooLarge,
    ErrorKind::UnsupportedMediaType,
    ErrorKind::CallerTooSlow,
    ErrorKind::InvalidResponse,
    ErrorKind::BackendStatus,
    ErrorKind::LimitExceeded,
    ErrorKind::CredentialsRefused,
    ErrorKind::TlsPeerExpired,
    ErrorKind::TlsUntrusted,
    ErrorKind::ConnectRefused,
    ErrorKind::Dns,
    ErrorKind::ConnectionLost,
    ErrorKind::Timeout,
    ErrorKind::BreakerOpen,
    ErrorKind::QueueFull,
    ErrorKind::RateLimited,
    ErrorKind::Maintenance,
    ErrorKind::InsufficientStorage,
    ErrorKind::Cancelled,
    ErrorKind::Internal,
];

#[test]
fn every_kind_has_its_answer() {
    let table: Vec<String> = KINDS
        .iter()
        .map(|kind| {
            let problem = problem_for(&Error::new(*kind, "detail"), None, None);
            let (origin, outcome) = (problem.origin, problem.outcome);
            let (code, status) = (problem.code.as_str(), problem.status);
            format!("{kind:?} {status} {code} {origin:?} {outcome:?} retryable={}", problem.retryable)
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn an_answer_carries_what_is_known_and_nothing_of_the_back_office() {
    let error = Error::new(ErrorKind::RateLimited, "The system behind is busy.")
        .with_call(&SystemKey::new("records").unwrap(), "documents list")
        .with_retry(Retry::After(Duration::from_secs(7)))
        .with_native("<html>secret</html>")
        .with_fields(vec![FieldError { detail: "wrong".to_owned(), pointer: "/a".to_owned() }])
        .with_source(std::io::Error::other("10.0.0.1 refused"));
    let trace = Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned());
    let problem = problem_for(&error, trace, Some("/v1/documents".to_owned()));
    let response = ProblemResponse(&problem).into_response();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    insta::assert_snapshot!(serde_json::to_string_pretty(&problem).unwrap());
}

#[test]
fn every_problem_has_a_page_that_names_it() {
    for code in ProblemCode::ALL {
        let page = problem_page(code.as_str()).unwrap();
        assert!(page.starts_with(&format!("# {}\n", code.title())), "{} has another title", code.as_str());
        assert!(page.contains(&format!("`{}` · status {} ", code.as_str(), code.status())));
        assert!(page.contains("## For the caller") && page.contains("## For operations"));
        let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let problem: Problem = serde_json::from_str(example).unwrap();
        assert_eq!((problem.code, problem.status), (*code, code.status()));
        assert_eq!((problem.origin, problem.title.as_str()), (code.origin(), code.title()));
        assert_eq!(problem.type_uri, format!("/docs/problems/{}", code.as_str()));
    }
    assert_eq!(problem_page("nonsense"), None);
}

#[test]
fn the_index_lists_every_page_and_every_status() {
    let index = include_str!("../../../docs/problems/README.md");
    for code in ProblemCode::ALL {
        let link = format!("[`{0}`]({0}.md)", code.as_str());
        assert!(index.contains(&link), "{link} is not in the index");
        assert!(index.contains(&format!("| {} |", code.status())), "{} is not argued", code.status());
    }
}
