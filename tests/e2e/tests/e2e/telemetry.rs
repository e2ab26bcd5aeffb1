//! What is recorded of a request, where it can be read, and what is never recorded.

mod certificates;
mod collector;
mod operations;
pub(crate) mod sentinel;
mod traces;
