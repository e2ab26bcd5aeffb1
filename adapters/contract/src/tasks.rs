//! Operations on tasks: what waits for somebody's decision.

use jiff::Timestamp;
use portico_schemas::{DecisionNature, Money, ResourceType, TaskStatus};

use crate::access::Facts;
use crate::documents::SourceVersion;
use crate::operation::operation;
use crate::paging::{ListQuery, SourcePage};
use crate::people::PersonLink;
use crate::{NativeId, Operation, OperationMeta, Output};

/// What a task is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRecord {
    /// The kind of thing.
    pub resource: ResourceType,
    /// The system's key for it, as in the operations on such things.
    pub id: NativeId,
    /// The name to show.
    pub display: String,
    /// How much money, where it is about money.
    pub amount: Option<Money>,
}

/// One way to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionChoice {
    /// What [`DecideTask`] takes: `approve`, `validate`, `refuse`, or another word of the system in camel case.
    pub key: &'static str,
    /// What to write on the button.
    pub text: &'static str,
    /// What it means.
    pub nature: DecisionNature,
    /// Whether a comment has to come with it.
    pub comment_mandatory: bool,
}

/// Something that waits for a decision, or did. Ids are native; the API seals them.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRecord {
    /// The system's key. It stays the same when the task is decided.
    pub id: NativeId,
    /// Which version this is: that of what it is about.
    pub version: Option<SourceVersion>,
    /// Since when it waits, if the system says.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, if the system says.
    pub updated_at: Option<Timestamp>,
    /// A page in the system's own user interface, where there is one.
    pub url: Option<String>,
    /// What has to be decided, in a line.
    pub title: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// The system's own word for that.
    pub native_status: String,
    /// Who asks for the decision: the owner of what it is about.
    pub created_by: PersonLink,
    /// Who decided it.
    pub actual_owner: Option<PersonLink>,
    /// Who may decide it, as the system says. Empty where the system leaves it to a role.
    pub potential_owners: Vec<PersonLink>,
    /// When it should be decided, if the system says.
    pub due_at: Option<Timestamp>,
    /// What it is about.
    pub subject: SubjectRecord,
    /// How it can be decided now; empty once it is.
    pub choices: Vec<DecisionChoice>,
    /// The key of the decision that was made.
    pub decision: Option<&'static str>,
    /// Facts for authorisation. The owner is who asks for the decision; the assignees are the potential owners.
    pub facts: Facts,
}
impl Output for TaskRecord {}

/// Tasks, those of the scope. Without a filter by `status` only those that wait ([`TaskStatus::Ready`]). Filters and sorts go
/// by `status`, `subjectType` and `createdAt`; what an adapter can is in its capability.
#[derive(Debug, Clone)]
pub struct ListTasks {
    /// Filters, order, page, scope.
    pub query: ListQuery,
}
operation!(ListTasks -> SourcePage<TaskRecord>, "tasks list", Task);

/// One task, decided or not. [`crate::ErrorKind::NotFound`] when what it is about is not there, or never asked for a decision.
#[derive(Debug, Clone)]
pub struct GetTask {
    /// Which.
    pub task: NativeId,
}
operation!(GetTask -> TaskRecord, "tasks get", Task);

/// Decides. Gives the task as it is afterwards: completed, or ready again where a second person has to agree.
///
/// [`crate::ErrorKind::InvalidInput`] for a choice that is not open; [`crate::ErrorKind::Conflict`] when it was decided
/// otherwise; [`crate::ErrorKind::PreconditionFailed`] when what it is about is no longer in this version. A task that was
/// decided so already is given as it is.
#[derive(Debug, Clone)]
pub struct DecideTask {
    /// Which.
    pub task: NativeId,
    /// The key of one of its choices.
    pub decision: String,
    /// What to tell the one who asked. Never empty where the choice needs one.
    pub comment: Option<String>,
    /// The version that was read; `None` for whatever version there is.
    pub version: Option<SourceVersion>,
    /// The employee who decides, by the system's key, where they are linked: for systems that keep it.
    pub decided_by: Option<NativeId>,
}
operation!(DecideTask -> TaskRecord, "tasks decide", Task, Write);

/// Every operation of this domain, for catalogues.
pub const ALL: &[&OperationMeta] = &[&ListTasks::META, &GetTask::META, &DecideTask::META];
