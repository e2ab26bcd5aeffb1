//! Settling what was left open: after a crash, or when an answer was lost.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use portico_contract::trace::TraceSink;
use portico_contract::{CallContext, Error, NativeId};
use portico_store::Intent;

use super::Writes;
use crate::systems::System;

/// What reading the source back showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It happened. The native id of what came of it, where there is one.
    Happened(Option<NativeId>),
    /// It is not there now. Believed only once the call has been over for longer than it could have taken.
    DidNotHappen,
    /// The source does not show it: a person has to look.
    CannotTell,
}

/// One look at one open write.
#[derive(Debug)]
pub struct Look<'a> {
    /// For calls to the system; in the gateway's own name.
    pub context: CallContext,
    /// The system that was written to.
    pub system: &'a System,
    /// What was to happen: `target.native_id` and `expected` are those of the [`super::Plan`].
    pub intent: &'a Intent,
}

/// Recognises by reading whether writes of some operations happened. Without one, a write that makes something is looked
/// for by its marker where the profile says so, and everything else waits for a person.
pub trait ReadBack: Send + Sync + 'static {
    /// Ids of the operations that it is for: `&[SubmitExpenseReport::META.id]`.
    fn operations(&self) -> &'static [&'static str];

    /// Looks. Changes nothing. An error means that the source could not be asked now, and is looked at again.
    fn look<'a>(&'a self, look: Look<'a>) -> BoxFuture<'a, Result<Verdict, Error>>;
}
