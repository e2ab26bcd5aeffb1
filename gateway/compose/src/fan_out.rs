//! One list over several systems: who takes part, asking all of them at once, and the page that comes of it.

use std::future::Future;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::Timestamp;
use portico_contract::access::{Facts, Scope};
use portico_contract::paging::{ListQuery, SourcePage};
use portico_contract::{CallContext, Capability, Error, ErrorKind, Retry, SystemKey};
use portico_policy::{Action, Policy, Target};
use portico_schemas::{FieldError, ResourceType, SourceReport, SourceStatus};

use crate::listing::{ListRequest, Listing, Refusal};
use crate::merge::{Lane, Left, Order, merge};
use crate::seal::{Cursor, Seals, SourcePosition};
use crate::systems::{System, Systems};
use crate::terms::InTerms;

/// How long a page looks further while sources have found nothing yet: a filter that few things meet would otherwise
/// give page after empty page. Never more than half of what is left of the deadline.
const LOOK_FURTHER: Duration = Duration::from_secs(2);

/// A record on which the policy can decide.
pub(crate) trait HasFacts {
    /// The facts of this record.
    fn facts(&self) -> &Facts;
}

/// What every list needs, whatever it lists.
pub(crate) struct FanOut<'a> {
    pub systems: &'a Systems,
    pub policy: &'a dyn Policy,
    /// Whether it is known who the person is in a system, where its things have owners.
    pub who: Option<&'a InTerms>,
    pub seals: &'a Seals,
    /// The route, for binding the cursor.
    pub route: &'a str,
    pub resource: ResourceType,
    /// The operation that a system has to claim to take part.
    pub operation: &'static str,
}

/// One source of one page: asked, left out, or already done.
struct Seat<'a> {
    key: &'a SystemKey,
    /// `None` once it is no longer configured; it has then failed.
    system: Option<&'a System>,
    at: SourcePosition,
    report: SourceReport,
}

impl Seat<'_> {
    /// Whether the source gave its part of this page, which may be nothing.
    fn answered(&self) -> bool {
        self.report.status.contributed() && self.report.fetched_at.is_some()
    }

    /// Whether the source may have more to give.
    fn is_open(&self) -> bool {
        matches!(self.at, SourcePosition::Start | SourcePosition::Next(_))
    }
}

impl FanOut<'_> {
    /// One page: asks every source at once and merges what they give, and looks further while nothing was found yet.
    /// `ask` makes the call; `found` makes an item of the answer.
    pub(crate) async fn list<T: HasFacts, R, F, Fut>(
        &self,
        context: &CallContext,
        request: &ListRequest,
        ask: F,
        found: impl Fn(&System, T) -> R,
    ) -> Result<Listing<R>, Refusal>
    where
        F: Fn(System, CallContext, ListQuery) -> Fut,
        Fut: Future<Output = Result<SourcePage<T>, Error>>,
    {
        let binding = request.binding(self.route, &context.principal);
        let now = Timestamp::now();
        let opened;
        let mut seats = match &request.cursor {
            Some(cursor) => {
                opened = self.seals.open_cursor(cursor, &binding, now)?;
                self.resume(context, &opened)
            }
            None => self.first_page(context, request)?,
        };
        let order = self.order(request, &seats);
        let enough = Instant::now() + LOOK_FURTHER.min(context.deadline.remaining() / 2);
        let items = loop {
            let items = self.round(context, request, &mut seats, &order, &ask, &found).await?;
            if !items.is_empty() || Instant::now() >= enough || !seats.iter().any(Seat::is_open) {
                break items;
            }
        };
        let next = self.next(&mut seats, &binding, now)?;
        Ok(Listing { items, next, sources: seats.into_iter().map(|seat| seat.report).collect() })
    }

    /// Asks every open source once and moves it on by what was used of its answer.
    async fn round<T: HasFacts, R, F, Fut>(
        &self,
        context: &CallContext,
        request: &ListRequest,
        seats: &mut [Seat<'_>],
        order: &Order,
        ask: &F,
        found: impl Fn(&System, T) -> R,
    ) -> Result<Vec<R>, Refusal>
    where
        F: Fn(System, CallContext, ListQuery) -> Fut,
        Fut: Future<Output = Result<SourcePage<T>, Error>>,
    {
        let open: Vec<usize> = (0..seats.len()).filter(|index| seats[*index].is_open()).collect();
        let calls = open.iter().filter_map(|index| {
            let (seat, system) = (&seats[*index], seats[*index].system?);
            let answer = ask(system.clone(), context.clone(), self.query(context, request, &seat.at, system));
            Some(async move { (*index, system, answer.await) })
        });
        let answers = join_all(calls).await;
        let (mut lanes, mut lane_seats) = (Vec::new(), Vec::new());
        for (index, system, answer) in answers {
            match answer {
                Ok(mut page) => {
                    seats[index].report.fetched_at = Some(Timestamp::now());
                    let limited = page.limited.take();
                    lanes.push(Lane::new(page));
                    lane_seats.push((index, system, limited));
                }
                Err(error) => fail(&mut seats[index], &error),
            }
        }
        if lanes.is_empty() && !seats.iter().any(Seat::answered) {
            return Err(Refusal::no_source(seats.iter().map(|seat| seat.report.clone()).collect()));
        }
        let taken = merge(&mut lanes, request.limit, order);
        let shown = taken.into_iter().filter_map(|(lane, item)| {
            let system = lane_seats[lane].1;
            self.visible(context, system, item.facts()).then(|| found(system, item))
        });
        let items = shown.collect();
        for (lane, (index, _, limited)) in lanes.into_iter().zip(lane_seats) {
            match lane.left() {
                Left::At(Some(position)) => seats[index].at = SourcePosition::Next(position),
                Left::At(None) => {}
                Left::Nothing => match limited {
                    Some(detail) => limit(&mut seats[index], detail),
                    None => seats[index].at = SourcePosition::Done,
                },
            }
        }
        Ok(items)
    }

    /// Who takes part, on the first page: systems that claim the operation, narrowed by `source=`.
    fn first_page(&self, context: &CallContext, request: &ListRequest) -> Result<Vec<Seat<'_>>, Error> {
        self.refuse_unknown_sources(request)?;
        let mut seats = Vec::new();
        for system in self.systems.iter() {
            let wanted = request.sources.as_ref().is_none_or(|keys| keys.contains(system.key()));
            let Some(capability) = system.upstream.profile.operations.get(self.operation) else { continue };
            if !wanted {
                continue;
            }
            let mut seat = Seat {
                key: system.key(),
                system: Some(system),
                at: SourcePosition::Start,
                report: report(system.key()),
            };
            if let Some(error) = unsupported(request, capability) {
                fail(&mut seat, &error);
            } else if let Err(error) = self.check_person(context, system) {
                fail(&mut seat, &error);
            }
            seats.push(seat);
        }
        if seats.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "No configured system offers this list."));
        }
        Ok(seats)
    }

    pub(crate) fn refuse_unknown_sources(&self, request: &ListRequest) -> Result<(), Error> {
        let unknown: Vec<FieldError> = request
            .sources
            .iter()
            .flatten()
            .filter(|key| {
                !self
                    .systems
                    .get(key)
                    .is_some_and(|s| s.upstream.profile.operations.contains_key(self.operation))
            })
            .map(|key| FieldError {
                detail: format!("`{key}` is not a system that offers this list; see /v1/systems"),
                pointer: "?source".to_owned(),
            })
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidInput, "The query names a system that cannot be asked.")
            .with_fields(unknown))
    }

    /// Who takes part, on later pages: those of the cursor. One that failed stays failed; one that is no longer
    /// configured, or no longer open to the person, has failed from now on.
    fn resume<'s>(&'s self, context: &CallContext, cursor: &'s Cursor) -> Vec<Seat<'s>> {
        let seat = |(key, at): &'s (SystemKey, SourcePosition)| {
            let system = self.systems.get(key);
            let mut seat = Seat { key, system, at: at.clone(), report: report(key) };
            match (at, system) {
                (SourcePosition::Failed(status), _) => {
                    let why =
                        "This system failed on an earlier page of this list; start again to include it.";
                    fail(&mut seat, &Error::new(kind_of(*status), why));
                    seat.at = at.clone();
                    seat.report.status = *status;
                }
                (_, None) => {
                    let why = "This system is no longer configured; start the list again without it.";
                    fail(&mut seat, &Error::new(ErrorKind::BreakerOpen, why).with_retry(Retry::Never));
                }
                (_, Some(system)) => {
                    if let Err(error) = self.check_person(context, system) {
                        fail(&mut seat, &error);
                    }
                }
            }
            seat
        };
        cursor.sources.iter().map(seat).collect()
    }

    /// How the lanes are put together. A merge needs an order that all of them sort natively.
    fn order(&self, request: &ListRequest, seats: &[Seat<'_>]) -> Order {
        if !request.sort.is_empty() {
            return Order::ByKey(request.sort.iter().map(|term| term.descending).collect());
        }
        let asked = seats.iter().filter(|seat| !matches!(seat.at, SourcePosition::Failed(_)));
        let mut natural = asked.filter_map(|seat| seat.system).map(|system| {
            let capability = system.upstream.profile.operations.get(self.operation);
            capability.and_then(|capability| capability.natural_sort)
        });
        match natural.next() {
            Some(Some(first)) if natural.all(|sort| sort == Some(first)) => Order::natural(first),
            _ => Order::Configured,
        }
    }

    fn query(
        &self,
        context: &CallContext,
        request: &ListRequest,
        at: &SourcePosition,
        system: &System,
    ) -> ListQuery {
        ListQuery {
            filters: request.filters.clone(),
            sort: request.sort.clone(),
            limit: request.limit,
            after: match at {
                SourcePosition::Next(position) => Some(position.clone()),
                _ => None,
            },
            scope: self.scope(context, system),
        }
    }

    fn scope(&self, context: &CallContext, system: &System) -> Scope {
        readable(self.policy, context, self.resource, system)
    }

    /// Whether the person may see anything of a system, as far as that can be said now: what is theirs must not look like
    /// nothing because nobody knows who they are.
    fn check_person(&self, context: &CallContext, system: &System) -> Result<(), Error> {
        match self.scope(context, system) {
            Scope::None => Err(not_for_them()),
            Scope::All => Ok(()),
            _ => self.who.map_or(Ok(()), |who| who.check_known(&context.principal, system.key())),
        }
    }

    fn visible(&self, context: &CallContext, system: &System, facts: &Facts) -> bool {
        self.policy.allows(&context.principal, Action::Read, &target(self.resource, system), facts)
    }

    /// The cursor of the next page. Where the positions do not fit into one, the source with the longest fails, and the
    /// others go on.
    fn next(&self, seats: &mut [Seat<'_>], binding: &str, now: Timestamp) -> Result<Option<String>, Error> {
        while seats.iter().any(Seat::is_open) {
            let sources = seats.iter().map(|seat| (seat.key.clone(), seat.at.clone())).collect();
            let error = match self.seals.seal_cursor(&Cursor { sources }, binding, now) {
                Ok(cursor) => return Ok(Some(cursor)),
                Err(error) => error,
            };
            let longest = seats.iter_mut().max_by_key(|seat| match &seat.at {
                SourcePosition::Next(position) => position.as_str().len(),
                _ => 0,
            });
            match longest.filter(|seat| matches!(seat.at, SourcePosition::Next(_))) {
                Some(seat) => fail(seat, &error),
                None => return Err(error),
            }
        }
        Ok(None)
    }
}

/// What part of a system a person may read. Where no thing has facts of its own, one decision holds for all of them: a
/// person whose rules do not reach up to the system's classification may read nothing, which is another answer
/// than an empty list.
pub(crate) fn readable(
    policy: &dyn Policy,
    context: &CallContext,
    resource: ResourceType,
    system: &System,
) -> Scope {
    let target = target(resource, system);
    let uniform = system.upstream.profile.uniform_facts;
    if uniform && !policy.allows(&context.principal, Action::Read, &target, &Facts::default()) {
        return Scope::None;
    }
    policy.scope(&context.principal, Action::Read, &target)
}

/// What the policy is asked about.
pub(crate) fn target(resource: ResourceType, system: &System) -> Target<'_> {
    Target { resource, system: system.key(), default_classification: system.upstream.profile.classification }
}

pub(crate) fn report(key: &SystemKey) -> SourceReport {
    SourceReport {
        system: key.as_str().to_owned(),
        status: SourceStatus::Ok,
        fetched_at: None,
        retry_after: None,
        problem: None,
    }
}

fn fail(seat: &mut Seat<'_>, error: &Error) {
    seat.at = SourcePosition::Failed(error.kind().source_status());
    fail_report(&mut seat.report, error);
}

/// Says why a source did not contribute.
pub(crate) fn fail_report(report: &mut SourceReport, error: &Error) {
    let mut problem = error.to_problem();
    problem.system.get_or_insert_with(|| report.system.clone());
    report.status = error.kind().source_status();
    report.retry_after = problem.retry_after;
    report.problem = Some(Box::new(problem));
}

/// The source stopped at a limit of its own: what it gave counts, and what is missing is said from now on.
fn limit(seat: &mut Seat<'_>, detail: String) {
    fail(seat, &Error::new(ErrorKind::LimitExceeded, detail));
    seat.at = SourcePosition::Failed(SourceStatus::Limited);
    seat.report.status = SourceStatus::Limited;
}

fn not_for_them() -> Error {
    Error::new(ErrorKind::Forbidden, "You may not see this list in this system.")
}

/// The kind that stands for a status when only the status was kept.
fn kind_of(status: SourceStatus) -> ErrorKind {
    match status {
        SourceStatus::Timeout | SourceStatus::Late => ErrorKind::Timeout,
        SourceStatus::Forbidden => ErrorKind::Forbidden,
        SourceStatus::Misconfigured => ErrorKind::CredentialsRefused,
        SourceStatus::Maintenance => ErrorKind::Maintenance,
        SourceStatus::Unsupported => ErrorKind::UnsupportedQuery,
        SourceStatus::Invalid => ErrorKind::InvalidResponse,
        SourceStatus::Limited => ErrorKind::LimitExceeded,
        SourceStatus::Ok | SourceStatus::Stale | SourceStatus::Unavailable => ErrorKind::ConnectionLost,
    }
}

/// Names every field that the system cannot filter or sort by.
fn unsupported(request: &ListRequest, capability: &Capability) -> Option<Error> {
    let filters =
        request.filters.iter().filter(|f| !capability.filters_by(&f.field, f.comparison)).map(|f| {
            (format!("this system cannot filter by `{}` in this way", f.field), format!("?{}", f.field))
        });
    let sorts = request
        .sort
        .iter()
        .filter(|term| !capability.sorts_by(&term.field))
        .map(|term| (format!("this system cannot sort by `{}`", term.field), "?sort".to_owned()));
    let faults: Vec<FieldError> =
        filters.chain(sorts).map(|(detail, pointer)| FieldError { detail, pointer }).collect();
    (!faults.is_empty()).then(|| {
        Error::new(ErrorKind::UnsupportedQuery, "This system cannot filter or sort as asked.")
            .with_fields(faults)
    })
}
