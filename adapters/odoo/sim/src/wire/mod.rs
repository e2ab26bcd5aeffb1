//! The two ways in which calls and answers are written.

pub(crate) mod json;
pub(crate) mod xmlrpc;
