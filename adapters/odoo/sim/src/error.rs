//! What goes wrong, as `odoo/exceptions.py` has it, and how either protocol shows it.

use crate::trace::{self, Frame};
use crate::value::Value;

/// An exception that reaches a caller.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Error {
    /// A rule of the business.
    User(String),
    /// A constraint; a kind of the former.
    Validation(String),
    /// The user's groups or the record rules forbid it.
    Access(String),
    /// Wrong credentials.
    Denied,
    /// The record is gone.
    Missing(String),
    /// A rule of the business with a way out: what was said, an action, and what the button would say.
    Redirect(String, Value, String),
    /// Anything else: an exception of Python that shows with a traceback.
    Python { class: String, said: String, frames: Vec<Frame>, before: String },
}

impl Error {
    pub fn user(said: impl Into<String>) -> Self {
        Self::User(said.into())
    }

    pub fn python(class: &str, said: &str) -> Self {
        Self::Python { class: class.into(), said: said.into(), frames: Vec::new(), before: String::new() }
    }

    /// With where in the ORM it was raised, below what every call has on the stack.
    pub fn within(self, frames: Vec<Frame>) -> Self {
        match self {
            Self::Python { class, said, before, .. } => Self::Python { class, said, frames, before },
            other => other,
        }
    }

    /// With the exception during whose handling it was raised.
    pub fn after(self, first: &str) -> Self {
        match self {
            Self::Python { class, said, frames, .. } => {
                Self::Python { class, said, frames, before: first.to_owned() }
            }
            other => other,
        }
    }

    /// A result that XML-RPC cannot carry: raised after everything was committed.
    pub fn cannot_marshal() -> Self {
        Self::python("TypeError", "cannot marshal None unless allow_none is enabled")
    }

    /// `MissingError` as `BaseModel` raises it.
    pub fn missing(model: &str, id: i64, uid: i64) -> Self {
        Self::Missing(format!(
            "Record does not exist or has been deleted.\n(Record: {model}({id},), User: {uid})"
        ))
    }

    /// `ValueError` for a field that a model does not have.
    pub fn no_field(model: &str, field: &str) -> Self {
        Self::python("ValueError", &format!("Invalid field '{field}' on model '{model}'"))
    }

    /// The code of the fault; `xmlrpc_handle_exception_int` of rpc.py.
    pub fn fault_code(&self) -> i64 {
        match self {
            Self::User(_) | Self::Validation(_) | Self::Missing(_) | Self::Redirect(..) => 2,
            Self::Denied => 3,
            Self::Access(_) => 4,
            Self::Python { .. } => 1,
        }
    }

    /// Python's `str` of it.
    pub fn said(&self) -> String {
        match self {
            Self::User(said) | Self::Validation(said) | Self::Access(said) | Self::Missing(said) => {
                said.clone()
            }
            Self::Denied => "Access Denied".to_owned(),
            Self::Redirect(said, action, button) => {
                let said = Value::str(said).repr();
                format!("({said}, {}, {}, None)", tuples(&action.repr()), Value::str(button).repr())
            }
            Self::Python { said, .. } => said.clone(),
        }
    }

    /// The text of the fault: what was said, or a traceback.
    pub fn fault_text(&self, brand: &str) -> String {
        match self {
            Self::Python { class, said, frames, before } => {
                let marshalling = *self == Self::cannot_marshal();
                let frames = if marshalling { trace::marshalling(brand) } else { trace::call(frames) };
                let text = trace::format(&frames, class, said);
                if before.is_empty() {
                    return text;
                }
                format!(
                    "{before}\nDuring handling of the above exception, another exception occurred:\n\n{text}"
                )
            }
            other => other.said(),
        }
    }

    fn class(&self) -> String {
        let own = match self {
            Self::User(_) => "UserError",
            Self::Validation(_) => "ValidationError",
            Self::Access(_) => "AccessError",
            Self::Denied => "AccessDenied",
            Self::Missing(_) => "MissingError",
            Self::Redirect(..) => "RedirectWarning",
            Self::Python { class, .. } if class.contains('.') => return class.clone(),
            Self::Python { class, .. } => return format!("builtins.{class}"),
        };
        format!("odoo.exceptions.{own}")
    }

    /// The `error` of a JSON-RPC answer; `JsonRPCDispatcher.handle_error` and `serialize_exception` of `odoo/http.py`.
    pub fn json(&self, brand: &str) -> Value {
        let arguments = match self {
            Self::Redirect(said, action, button) => {
                vec![Value::str(said), action.clone(), Value::str(button), Value::None]
            }
            other => vec![Value::Str(other.said())],
        };
        let debug = match self {
            Self::Python { class, said, frames, .. } => trace::format(&trace::call(frames), class, said),
            other => trace::format(&trace::call(&[]), &other.class(), &other.said()),
        };
        let data = Value::map([
            ("name", Value::Str(self.class())),
            ("debug", Value::Str(debug)),
            ("message", Value::Str(self.said())),
            ("arguments", Value::List(arguments)),
            ("context", Value::Map(Vec::new())),
        ]);
        Value::map([
            ("code", Value::Int(200)),
            ("message", Value::Str(format!("{brand} Server Error"))),
            ("data", data),
        ])
    }
}

/// Views are tuples in Python, which lists stand for here.
fn tuples(action: &str) -> String {
    action.replace("[[False, 'form']]", "[(False, 'form')]")
}
