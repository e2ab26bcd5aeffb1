//! What one answer may still cost, and where in it the decoder stands.

use std::cell::{Cell, RefCell};

use portico_contract::{Error, ErrorKind};

use super::{Fail, Limits};

/// The path of the answer itself.
const TOP: &str = "the top";
/// A member that the type does not know, or any element of a list.
const OTHER: &str = "*";

/// Shared by all parts of a decoder. The path is not cut back after a failure, which ends the decoding.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    values: Cell<usize>,
    depth: Cell<usize>,
    path: RefCell<Vec<&'static str>>,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        let path = RefCell::new(Vec::with_capacity(8));
        Self { limits, values: Cell::new(limits.values), depth: Cell::new(limits.depth), path }
    }

    /// Takes one value.
    pub(crate) fn value(&self) -> Result<(), Fail> {
        let left = self.values.get().checked_sub(1);
        left.map(|left| self.values.set(left)).ok_or(Fail::Limit("fewer values"))
    }

    /// Takes a text of this length.
    pub(crate) fn text(&self, octets: usize) -> Result<(), Fail> {
        if octets > self.limits.text { Err(Fail::Limit("a shorter text")) } else { Ok(()) }
    }

    /// Goes into a list or a structure.
    pub(crate) fn enter(&self) -> Result<(), Fail> {
        let left = self.depth.get().checked_sub(1);
        left.map(|left| self.depth.set(left)).ok_or(Fail::Limit("fewer values inside each other"))
    }

    /// Comes out of it again.
    pub(crate) fn leave(&self) {
        self.depth.set(self.depth.get() + 1);
    }

    /// Stands at a member of a structure whose members these are.
    pub(crate) fn at_member(&self, name: &str, known: &'static [&'static str]) {
        let known = known.iter().find(|known| **known == name).copied();
        self.path.borrow_mut().push(known.unwrap_or(OTHER));
    }

    /// Stands at an element of a list.
    pub(crate) fn at_element(&self) {
        self.path.borrow_mut().push(OTHER);
    }

    /// Is done with the member or the element.
    pub(crate) fn past(&self) {
        self.path.borrow_mut().pop();
    }

    /// The failure, with the place where it happened.
    pub(crate) fn error(&self, fail: Fail) -> Error {
        let path = self.path.borrow();
        let path = if path.is_empty() { TOP.to_owned() } else { path.join("/") };
        match fail {
            Fail::Wire(error) => error,
            Fail::Limit(expected) => Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "The answer of the system behind goes over a limit at {path}: expected {expected}, found more."
                ),
            ),
            Fail::Shape { expected, found } => Error::new(
                ErrorKind::InvalidResponse,
                format!(
                    "The answer of the system behind cannot be used at {path}: expected {expected}, found {found}."
                ),
            ),
        }
    }
}
