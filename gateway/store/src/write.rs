//! Every transaction that writes, in one place. Both engines carry them out; several share one commit.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Actor, Anchor, Begun, Delegation, Intent, IntentId, NewAudit, NewDelegation, NewEvent, NewIntent,
    OutboxEvent, Pruned, Retention, Settled, Settlement, StoreError, Trace,
};

#[derive(Debug)]
pub(crate) enum Write {
    Begin(Box<NewIntent>),
    NoteSent(IntentId),
    Settle(IntentId, Box<Settlement>),
    ExtendLease(IntentId, Duration),
    Due { limit: u32, lease: Duration },
    Postpone(IntentId, Duration),
    Audit(Box<NewAudit>),
    PutDelegation(Box<NewDelegation>),
    EndDelegation { id: Uuid, at: Timestamp, by: Actor, trace: Trace },
    Announce(Vec<NewEvent>),
    Claim { limit: u32, lease: Duration },
    Published(Vec<u64>),
    Prune { retention: Retention, limit: u32 },
    AcceptGap(Actor),
    Probe,
}

impl Write {
    /// What goes on when the disk is full, out of the reserve: it settles what is under way, or records a reading, or makes room.
    pub(crate) fn is_essential(&self) -> bool {
        match self {
            Self::NoteSent(_)
            | Self::Settle(..)
            | Self::ExtendLease(..)
            | Self::Due { .. }
            | Self::Postpone(..)
            | Self::Audit(_)
            | Self::EndDelegation { .. }
            | Self::Published(_)
            | Self::Prune { .. } => true,
            Self::Begin(_)
            | Self::PutDelegation(_)
            | Self::Announce(_)
            | Self::Claim { .. }
            | Self::AcceptGap(_)
            | Self::Probe => false,
        }
    }

    /// What may wait for somebody else's commit.
    pub(crate) fn is_lazy(&self) -> bool {
        matches!(self, Self::NoteSent(_))
    }

    /// What is done even before the gap after a restore was accepted.
    pub(crate) fn is_allowed_when_closed(&self) -> bool {
        matches!(self, Self::AcceptGap(_))
    }
}

#[derive(Debug)]
pub(crate) enum Written {
    Nothing,
    Begun(Box<Begun>),
    Settled(Box<Settled>),
    Intents(Vec<Intent>),
    Audited(Anchor),
    Delegation(Box<Delegation>),
    Claimed(Vec<OutboxEvent>),
    Pruned(Pruned),
}

/// Takes the answer that belongs to a write.
macro_rules! answer {
    ($written:expr, $variant:ident) => {
        match $written {
            Written::$variant(answer) => Ok(answer),
            other => {
                Err(StoreError::corrupt(format_args!("the writer answered {other:?} to another question")))
            }
        }
    };
}
pub(crate) use answer;

pub(crate) type Answer = Result<Written, StoreError>;
