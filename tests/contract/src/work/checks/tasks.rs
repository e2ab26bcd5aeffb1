//! What waits for a decision, and deciding it.

use futures_util::future::join_all;
use portico_contract::documents::SourceVersion;
use portico_contract::expenses::{ExpenseReportRecord, WithdrawExpenseReport};
use portico_contract::paging::{ListQuery, SortTerm};
use portico_contract::tasks::{DecideTask, GetTask, ListTasks, TaskRecord};
use portico_contract::{Error, ErrorKind, NativeId};
use portico_schemas::{
    AbsenceStatus, DecisionNature, ExpenseReportStatus, Outcome as Settled, ResourceType, TaskStatus,
};

use super::super::lists::{MOST, capability, everything, walk};
use super::super::target::LostWrite;
use super::super::world::World;
use super::lists::some;
use super::markers::unknown;
use super::reports::nothing;
use crate::world::{Outcome, ensure, good, refused};

async fn get(world: &World, task: &NativeId) -> Result<TaskRecord, Error> {
    world.call(GetTask { task: task.clone() }).await
}

fn decide(task: &TaskRecord, decision: &str, comment: Option<&str>) -> DecideTask {
    DecideTask {
        task: task.id.clone(),
        decision: decision.to_owned(),
        comment: comment.map(str::to_owned),
        version: task.version.clone(),
        decided_by: None,
    }
}

/// The key of the choice that means this.
fn choice(task: &TaskRecord, nature: DecisionNature) -> Result<&'static str, String> {
    let found = task.choices.iter().find(|choice| choice.nature == nature).map(|choice| choice.key);
    found.ok_or_else(|| format!("none of {:?} is {nature:?}", task.choices))
}

/// Something to say where the choice wants it.
fn comment(task: &TaskRecord, key: &str) -> Option<&'static str> {
    task.choices
        .iter()
        .any(|choice| choice.key == key && choice.comment_mandatory)
        .then_some("The suite says so")
}

/// The task about something, looked for from the newest on.
async fn about(
    world: &World,
    resource: ResourceType,
    id: &NativeId,
    query: ListQuery,
) -> Result<Vec<TaskRecord>, String> {
    let capability = capability(world, "tasks list")?;
    let newest = SortTerm { field: "createdAt".into(), descending: true };
    let sort = if capability.sorts_by("createdAt") { vec![newest] } else { Vec::new() };
    let all = walk::<ListTasks>(world, ListQuery { sort, ..query }, MOST).await?;
    let is = |task: &TaskRecord| task.subject.resource == resource && task.subject.id == *id;
    Ok(all.items.into_iter().map(|listed| listed.item).filter(is).collect())
}

/// The one task that waits about something.
async fn waiting(world: &World, resource: ResourceType, id: &NativeId) -> Result<TaskRecord, String> {
    let mut found = about(world, resource, id, ListQuery::first(200)).await?;
    ensure!(found.len() == 1, "{} tasks wait about {resource:?} {:?}", found.len(), id.as_str());
    found.pop().ok_or_else(|| "nothing waits".to_owned())
}

/// A report that was handed in, and its task.
async fn handed_in(world: &World) -> Result<(ExpenseReportRecord, TaskRecord), String> {
    let report = world.submit(&world.report().await?).await?;
    let task = waiting(world, ResourceType::ExpenseReport, &report.id).await?;
    Ok((report, task))
}

pub(crate) async fn read_alone(world: &World) -> Outcome {
    let listed = some::<ListTasks>(world, 30).await?;
    for some in listed.chunks(6) {
        let read = join_all(some.iter().map(|one| get(world, &one.id))).await;
        for (listed, read) in some.iter().zip(read) {
            let read = good("reading a task by the id from the list", read)?;
            ensure!(read == *listed, "read alone it is {read:?}, listed {listed:?}");
            let open = listed.status == TaskStatus::Ready;
            ensure!(open != listed.choices.is_empty(), "{:?} offers {:?}", listed.status, listed.choices);
            ensure!(!open || listed.decision.is_none(), "it waits, but was decided: {listed:?}");
        }
    }
    Ok(())
}

pub(crate) async fn without_a_filter_what_waits(world: &World) -> Outcome {
    let all = walk::<ListTasks>(world, everything::<ListTasks>(200), MOST).await?;
    let waiting = walk::<ListTasks>(world, ListQuery::first(200), MOST).await?;
    let strange = waiting.items.iter().filter(|listed| listed.item.status != TaskStatus::Ready).count();
    ensure!(strange == 0, "{strange} tasks that do not wait are listed without being asked for");
    let ready = all.items.iter().filter(|listed| listed.item.status == TaskStatus::Ready).count();
    let count = waiting.items.len();
    ensure!(!(all.whole && waiting.whole) || ready == count, "{ready} tasks wait, {count} are listed");
    Ok(())
}

pub(crate) async fn missing(world: &World) -> Outcome {
    let words = ["report:999999999", "absence:999999999", "report:", "report:x", "absence:-1", ":"];
    let named = words.iter().filter_map(|id| NativeId::new(id));
    for id in nothing().into_iter().chain(named) {
        let doing = format!("reading task {:?}", id.as_str());
        refused(&doing, get(world, &id).await, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

pub(crate) async fn waits_for_its_approver(world: &World) -> Outcome {
    let (report, task) = handed_in(world).await?;
    let (status, subject) = (task.status, &task.subject);
    ensure!(status == TaskStatus::Ready && task.decision.is_none(), "it is {status:?}, {:?}", task.decision);
    ensure!(subject.amount.as_ref() == Some(&report.total_amount), "it is about {subject:?}");
    ensure!(subject.display == report.title, "it is about {subject:?}, the report is {:?}", report.title);
    ensure!(task.created_by.id == report.employee.id, "{:?} asks", task.created_by);
    let owner = task.facts.owner.as_ref().map(|owner| owner.native_id.as_str());
    ensure!(owner == Some(report.employee.id.as_str()), "its owner is {owner:?}");
    if let Some(approver) = &world.target.approver {
        let asked: Vec<&NativeId> = task.potential_owners.iter().map(|link| &link.id).collect();
        ensure!(asked == [approver], "{asked:?} are asked instead of {approver:?}");
        ensure!(task.facts.assignees.contains(approver.as_str()), "it waits for {:?}", task.facts.assignees);
    }
    choice(&task, DecisionNature::Positive)?;
    choice(&task, DecisionNature::Negative)?;
    let read = good("reading the task", get(world, &task.id).await)?;
    ensure!(read == task, "read alone it is {read:?}, listed {task:?}");
    let withdraw = WithdrawExpenseReport { report: report.id.clone(), version: report.version.clone() };
    good("taking it back", world.call(withdraw).await)?;
    let left = about(world, ResourceType::ExpenseReport, &report.id, ListQuery::first(200)).await?;
    ensure!(left.is_empty(), "what was taken back still waits");
    let late = world.call(decide(&task, choice(&task, DecisionNature::Positive)?, None)).await;
    refused(
        "deciding about what was taken back",
        late,
        &[ErrorKind::NotFound, ErrorKind::Conflict, ErrorKind::PreconditionFailed],
    )
}

pub(crate) async fn a_draft_is_no_task(world: &World) -> Outcome {
    let report = world.report().await?;
    let found = about(world, ResourceType::ExpenseReport, &report.id, everything::<ListTasks>(200)).await?;
    ensure!(found.is_empty(), "a draft waits for a decision: {found:?}");
    Ok(())
}

pub(crate) async fn approved(world: &World) -> Outcome {
    let (report, task) = handed_in(world).await?;
    let yes = choice(&task, DecisionNature::Positive)?;
    let no = choice(&task, DecisionNature::Negative)?;
    let done = good("approving", world.call(decide(&task, yes, None)).await)?;
    let is = (done.status, done.decision);
    ensure!(done.id == task.id, "the task is {:?} once it is decided", done.id);
    ensure!(is == (TaskStatus::Completed, Some(yes)), "approved it is {is:?}");
    ensure!(done.choices.is_empty(), "approved it can be decided again: {:?}", done.choices);
    let now = good("reading the report", world.get(&report.id).await)?;
    ensure!(now.status == ExpenseReportStatus::Approved, "the report is {:?}", now.status);
    ensure!(
        now.total_amount == report.total_amount,
        "approving changed the amount to {:?}",
        now.total_amount
    );
    let again = good("approving again", world.call(decide(&task, yes, None)).await)?;
    ensure!(again == done, "approved twice it is {again:?}");
    let otherwise = world.call(decide(&done, no, Some("too late"))).await;
    refused("refusing what was approved", otherwise, &[ErrorKind::Conflict])?;
    let read = good("reading the task", get(world, &task.id).await)?;
    ensure!(read == done, "it became {read:?}");
    let left = about(world, ResourceType::ExpenseReport, &report.id, ListQuery::first(200)).await?;
    ensure!(left.is_empty(), "what was approved still waits");
    Ok(())
}

pub(crate) async fn refusal(world: &World) -> Outcome {
    let (report, task) = handed_in(world).await?;
    let no = choice(&task, DecisionNature::Negative)?;
    let yes = choice(&task, DecisionNature::Positive)?;
    if comment(&task, no).is_some() {
        for said in [None, Some(""), Some("  ")] {
            let error = world.call(decide(&task, no, said)).await.err();
            let error = error.ok_or_else(|| format!("it was refused with nothing but {said:?}"))?;
            let named: Vec<&str> = error.fields().iter().map(|field| field.pointer.as_str()).collect();
            ensure!(
                error.kind() == ErrorKind::InvalidInput,
                "refusing with {said:?}: {:?}: {error}",
                error.kind()
            );
            ensure!(named == ["/comment"], "refusing with {said:?} names {named:?}");
        }
    }
    let still = good("reading the task", get(world, &task.id).await)?;
    ensure!(still == task, "without a comment it became {still:?}");
    let done = good("refusing", world.call(decide(&task, no, Some("No bill <b> & „none“"))).await)?;
    let is = (done.status, done.decision);
    ensure!(is == (TaskStatus::Completed, Some(no)), "refused it is {is:?}");
    let now = good("reading the report", world.get(&report.id).await)?;
    ensure!(now.status == ExpenseReportStatus::Rejected, "the report is {:?}", now.status);
    let again = good("refusing again", world.call(decide(&task, no, Some("again"))).await)?;
    ensure!(again == done, "refused twice it is {again:?}");
    let otherwise = world.call(decide(&done, yes, None)).await;
    refused("approving what was refused", otherwise, &[ErrorKind::Conflict])
}

pub(crate) async fn not_open_or_stale(world: &World) -> Outcome {
    let (_, task) = handed_in(world).await?;
    for unknown in ["portico", "", "validate", "Approve", "unlink"] {
        if task.choices.iter().any(|choice| choice.key == unknown) {
            continue;
        }
        let answer = world.call(decide(&task, unknown, Some("x"))).await;
        refused(&format!("deciding {unknown:?}"), answer, &[ErrorKind::InvalidInput])?;
    }
    if let Some(version) = &task.version {
        let mut stale = decide(&task, choice(&task, DecisionNature::Positive)?, None);
        stale.version = Some(SourceVersion(format!("{}x", version.0)));
        refused("deciding about another version", world.call(stale).await, &[ErrorKind::PreconditionFailed])?;
    }
    let still = good("reading the task", get(world, &task.id).await)?;
    ensure!(still == task, "it became {still:?}");
    Ok(())
}

pub(crate) async fn refused_by_the_system(world: &World) -> Outcome {
    let employee = world.target.unpayable.clone().ok_or("nobody is known who cannot be paid")?;
    let report = good("making a report", world.try_create(&employee, &world.draft("Unpayable")?).await)?;
    let report = world.submit(&report).await?;
    let task = waiting(world, ResourceType::ExpenseReport, &report.id).await?;
    let answer = world.call(decide(&task, choice(&task, DecisionNature::Positive)?, None)).await;
    let error = answer.err().ok_or("it was approved")?;
    ensure!(error.kind() == ErrorKind::Conflict, "it is {:?}: {error}", error.kind());
    ensure!(error.outcome() == Settled::Failed, "its outcome is {:?}", error.outcome());
    ensure!(error.detail().len() > 20, "it says no more than {:?}", error.detail());
    let still = good("reading the task", get(world, &task.id).await)?;
    ensure!(still == task, "it became {still:?}");
    let now = good("reading the report", world.get(&report.id).await)?;
    ensure!(now.status == ExpenseReportStatus::Submitted, "the report is {:?}", now.status);
    Ok(())
}

pub(crate) async fn leave_of_one(world: &World) -> Outcome {
    for (nature, status) in [
        (DecisionNature::Positive, AbsenceStatus::Approved),
        (DecisionNature::Negative, AbsenceStatus::Declined),
    ] {
        let absence = world.absence(1, 2).await?;
        let task = waiting(world, ResourceType::Absence, &absence.id).await?;
        let key = choice(&task, nature)?;
        let done = good("deciding about leave", world.call(decide(&task, key, comment(&task, key))).await)?;
        let is = (done.status, done.decision);
        ensure!(is == (TaskStatus::Completed, Some(key)), "after {key:?} it is {is:?}");
        let now = good("reading the absence", world.get_absence(&absence.id).await)?;
        ensure!(now.status == status, "after {key:?} the absence is {:?}", now.status);
        let again = good("deciding again", world.call(decide(&task, key, comment(&task, key))).await)?;
        ensure!(again == done, "decided twice it is {again:?}");
        let other = if nature == DecisionNature::Positive {
            DecisionNature::Negative
        } else {
            DecisionNature::Positive
        };
        let otherwise = decide(&done, choice(&task, other)?, Some("too late"));
        refused("deciding otherwise", world.call(otherwise).await, &[ErrorKind::Conflict])?;
        world.leave().await?;
    }
    Ok(())
}

pub(crate) async fn leave_of_two(world: &World) -> Outcome {
    let request = world.request(world.target.absence_type_of_two.as_ref(), 1, 2)?;
    let absence = world.ask(&request).await?;
    let task = waiting(world, ResourceType::Absence, &absence.id).await?;
    let first = choice(&task, DecisionNature::Positive)?;
    let between = good("the first approval", world.call(decide(&task, first, None)).await)?;
    ensure!(
        between.status == TaskStatus::Ready && between.id == task.id,
        "in between it is {:?}",
        between.status
    );
    let now = good("reading the absence", world.get_absence(&absence.id).await)?;
    ensure!(now.status == AbsenceStatus::Requested, "in between the absence is {:?}", now.status);
    let waits = waiting(world, ResourceType::Absence, &absence.id).await?;
    ensure!(waits == between, "listed it is {waits:?}, decided {between:?}");
    let second = choice(&between, DecisionNature::Positive)?;
    let done = good("the second approval", world.call(decide(&between, second, None)).await)?;
    let is = (done.status, done.decision);
    ensure!(is == (TaskStatus::Completed, Some(second)), "after both it is {is:?}");
    let now = good("reading the absence", world.get_absence(&absence.id).await)?;
    ensure!(now.status == AbsenceStatus::Approved, "after both the absence is {:?}", now.status);
    Ok(())
}

pub(crate) async fn lost_decision(world: &World) -> Outcome {
    let (_, task) = handed_in(world).await?;
    let yes = choice(&task, DecisionNature::Positive)?;
    world.losses()?.lose_next(LostWrite::ApproveReport);
    unknown("approving", world.call(decide(&task, yes, None)).await)?;
    let read = good("reading the task", get(world, &task.id).await)?;
    ensure!(read.decision == Some(yes), "read back it is {:?}", read.decision);
    let again = good("approving again", world.call(decide(&task, yes, None)).await)?;
    ensure!(again == read, "approved again it is {again:?}");
    Ok(())
}
