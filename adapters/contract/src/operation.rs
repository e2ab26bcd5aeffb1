//! What an operation is: a type, its output, and facts that layers act on.

use portico_schemas::ResourceType;

use crate::Reply;

/// Whether an operation changes the back office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Reads only. May be attempted again and hedged.
    Read,
    /// Changes something. Attempted again only while nothing left us.
    Write,
}

/// Which side of an operation is a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Streaming {
    /// Neither: request and reply are held in memory.
    None,
    /// The reply carries a body. It runs under the bulkhead for streams until the body ends.
    Reply,
    /// The request carries a body, which is taken once and never replayed.
    Request,
}

/// Who waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Awaited {
    /// Somebody who asked.
    ByCaller,
    /// Nobody: the gateway keeps up with a system by itself. It may take minutes, and what is wrong with it need not be
    /// wrong with what callers ask.
    ByNobody,
}

/// The fixed facts of an operation. Everything that a layer needs to know about a call without knowing its type.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct OperationMeta {
    /// `<domain> <verb>`, also the name of its span: `documents list`.
    pub id: &'static str,
    /// What it acts on.
    pub resource: ResourceType,
    /// Whether it changes the back office.
    pub effect: Effect,
    /// Which side is a stream.
    pub streaming: Streaming,
    /// Who waits for the answer.
    pub awaited: Awaited,
}

/// An operation of the contract: its input is the type itself.
///
/// Operations are defined here, by domain, and nowhere else. An adapter implements [`crate::Handler`] for each one that
/// its system can do and registers it with [`crate::AdapterBuilder::on`]; what is not registered answers
/// [`crate::ErrorKind::Unsupported`].
pub trait Operation: Send + Sync + 'static {
    /// What a successful call gives.
    type Output: Output;
    /// The fixed facts.
    const META: OperationMeta;
}

/// A value that can be the output of an operation. The defaults are right for every value without a stream.
pub trait Output: Sized + Send + 'static {
    /// Erases the type.
    fn into_reply(self) -> Reply {
        Reply::of(self)
    }

    /// Restores the type. `None` when the reply holds another one, which is a defect of the gateway.
    fn from_reply(reply: Reply) -> Option<Self> {
        reply.take()
    }
}

impl Output for () {}

/// Declares the fixed facts of an operation in one line: what it gives, its id, what it acts on, whether it reads or writes,
/// which side is a stream, who waits for the answer.
macro_rules! operation {
    ($type:ident -> $output:ty, $id:literal, $resource:ident) => {
        $crate::operation::operation!($type -> $output, $id, $resource, Read, None);
    };
    ($type:ident -> $output:ty, $id:literal, $resource:ident, $effect:ident) => {
        $crate::operation::operation!($type -> $output, $id, $resource, $effect, None);
    };
    ($type:ident -> $output:ty, $id:literal, $resource:ident, $effect:ident, $streaming:ident) => {
        $crate::operation::operation!($type -> $output, $id, $resource, $effect, $streaming, ByCaller);
    };
    ($type:ident -> $output:ty, $id:literal, $resource:ident, $effect:ident, $streaming:ident, $awaited:ident) => {
        impl $crate::Operation for $type {
            type Output = $output;
            const META: $crate::OperationMeta = $crate::OperationMeta {
                id: $id,
                resource: portico_schemas::ResourceType::$resource,
                effect: $crate::Effect::$effect,
                streaming: $crate::Streaming::$streaming,
                awaited: $crate::Awaited::$awaited,
            };
        }
    };
}
pub(crate) use operation;
