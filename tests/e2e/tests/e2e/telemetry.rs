//! What is recorded of a request, where it can be read, and what is never recorded.

mod certificates;
mod collector;
mod operations;
mod polls;
pub(crate) mod sentinel;
mod traces;
