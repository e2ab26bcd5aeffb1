//! What a list is asked for, and what it gives.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use portico_contract::access::Principal;
use portico_contract::paging::{Filter, SortTerm};
use portico_contract::{Error, ErrorKind, SystemKey};
use portico_schemas::{Problem, ProblemCode, SourceReport};

/// A list as a front-end asks for it. The query was checked against what the route knows; whether a system can filter or
/// sort so is found out here.
#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    /// All of these must hold.
    pub filters: Vec<Filter>,
    /// In this order; empty for the natural one.
    pub sort: Vec<SortTerm>,
    /// Only these systems; `None` for all.
    pub sources: Option<BTreeSet<SystemKey>>,
    /// At most this many items, 1 to 200.
    pub limit: usize,
    /// The sealed cursor of the page before.
    pub cursor: Option<String>,
}

impl ListRequest {
    /// Everything that a cursor is bound to: route, query, person. The limit may change from page to page.
    pub(crate) fn binding(&self, route: &str, who: &Principal) -> String {
        let mut text = format!("{route}\n{}\n", who.subject);
        let mut filters: Vec<String> = self.filters.iter().map(|f| format!("{f:?}")).collect();
        filters.sort();
        // Writing to a string cannot fail.
        let _ = write!(text, "{filters:?}\n{:?}\n{:?}", self.sort, self.sources);
        text
    }
}

/// One page over all sources.
#[derive(Debug)]
pub struct Listing<T> {
    /// At most `limit`.
    pub items: Vec<T>,
    /// The sealed cursor of the next page; `None` at the end.
    pub next: Option<String>,
    /// Every source, and how it fared.
    pub sources: Vec<SourceReport>,
}

/// A use case that did not succeed.
#[derive(Debug)]
pub enum Refusal {
    /// One failure.
    Error(Error),
    /// No source of a list answered. Boxed: reports are large.
    NoSource(Box<Problem>),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Refusal {
    /// No source answered: a problem that carries how each one fared. Its code is theirs where they agree, and
    /// otherwise that the systems are unavailable.
    pub(crate) fn no_source(reports: Vec<SourceReport>) -> Self {
        let mut codes = reports.iter().filter_map(|r| r.problem.as_ref()).map(|p| p.code);
        let first = codes.next();
        let kind = match first {
            Some(ProblemCode::UnsupportedQuery) if codes.all(|c| c == ProblemCode::UnsupportedQuery) => {
                ErrorKind::UnsupportedQuery
            }
            Some(ProblemCode::Forbidden) if codes.all(|c| c == ProblemCode::Forbidden) => {
                ErrorKind::Forbidden
            }
            Some(ProblemCode::BackendTimeout) if codes.all(|c| c == ProblemCode::BackendTimeout) => {
                ErrorKind::Timeout
            }
            Some(code) if codes.all(|c| c == code) => return Self::agreed(reports, code),
            _ => ErrorKind::ConnectionLost,
        };
        let detail = match kind {
            ErrorKind::UnsupportedQuery => {
                "No system can filter or sort this list as asked; `sources` names the fields."
            }
            ErrorKind::Forbidden => "You may not see this list in any system.",
            ErrorKind::Timeout => "No system answered in time; `sources` says how each one fared.",
            _ => "No system could answer; `sources` says how each one fared.",
        };
        let mut problem = Error::new(kind, detail).to_problem();
        problem.retryable = reports.iter().any(|r| r.problem.as_ref().is_some_and(|p| p.retryable));
        problem.retry_after = reports.iter().filter_map(|r| r.retry_after).min();
        problem.errors =
            reports.iter().filter_map(|r| r.problem.as_ref()).flat_map(|p| p.errors.clone()).collect();
        problem.sources = reports;
        Self::NoSource(Box::new(problem))
    }

    fn agreed(reports: Vec<SourceReport>, code: ProblemCode) -> Self {
        let found = reports.iter().find_map(|r| r.problem.as_ref().filter(|p| p.code == code).cloned());
        let Some(mut problem) = found else {
            return Self::Error(Error::new(ErrorKind::Internal, "The gateway lost the reason of a failure."));
        };
        if reports.len() > 1 {
            problem.system = None;
        }
        problem.sources = reports;
        Self::NoSource(problem)
    }
}
