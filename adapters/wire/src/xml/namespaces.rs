//! Which prefix means which namespace, here (Namespaces in XML 1.0).

use std::borrow::Cow;

use super::chars::Fault;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The declarations in scope, innermost last.
#[derive(Debug, Default)]
pub(super) struct Namespaces<'x> {
    bindings: Vec<(usize, &'x str, Cow<'x, str>)>,
}

impl<'x> Namespaces<'x> {
    /// Adds a declaration made by the element at `depth`. `prefix` is empty for the default namespace.
    pub(super) fn declare(
        &mut self,
        depth: usize,
        prefix: &'x str,
        uri: Cow<'x, str>,
        limit: usize,
    ) -> Result<(), Fault> {
        let reserved = match prefix {
            "xml" => uri != XML,
            "xmlns" => true,
            _ => uri == XML || uri == XMLNS || (uri.is_empty() && !prefix.is_empty()),
        };
        if reserved {
            return Err(("a namespace", "a declaration that is not allowed"));
        }
        if self.bindings.len() >= limit {
            return Err(("fewer namespaces", "more than the limit"));
        }
        self.bindings.push((depth, prefix, uri));
        Ok(())
    }

    /// Forgets what the element at `depth` declared.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.bindings.last().is_some_and(|(at, ..)| *at >= depth) {
            self.bindings.pop();
        }
    }

    /// The namespace of a prefix; empty when an unprefixed name has none.
    pub(super) fn resolve(&self, prefix: &str) -> Result<Cow<'x, str>, Fault> {
        match prefix {
            "xml" => return Ok(Cow::Borrowed(XML)),
            "xmlns" => return Err(("a declared prefix", "the reserved prefix `xmlns`")),
            _ => {}
        }
        let binding = self.bindings.iter().rev().find(|(_, bound, _)| *bound == prefix);
        match binding {
            Some((_, _, uri)) => Ok(uri.clone()),
            None if prefix.is_empty() => Ok(Cow::Borrowed("")),
            None => Err(("a declared prefix", "an undeclared one")),
        }
    }
}
