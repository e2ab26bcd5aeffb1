//! What only a person can settle.

use portico_contract::{Error, ErrorKind, NativeId, Retry};
use portico_schemas::Outcome as Effect;
use portico_store::{Intent, IntentId, IntentState, Outcome, Settled, SettledBy, Settlement, Store};

use super::reconcile::events;
use super::store_error;
use crate::seal::Seals;

/// What a person found out about a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It happened. The native id of what came of it, where it made something.
    Happened(Option<NativeId>),
    /// It did not.
    DidNotHappen,
}

/// Settles a write as a person found it, with their reason on record. One that is `accepted` or `sent` is under way in a
/// gateway that runs; only where none runs (`nobody_works`) it may be settled too.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] for one that is settled or under way; [`ErrorKind::InvalidInput`]
/// without a name or a reason; errors of the store.
pub async fn settle_by_hand(
    store: &Store,
    seals: &Seals,
    id: IntentId,
    finding: Finding,
    settled: SettledBy,
    nobody_works: bool,
) -> Result<Intent, Error> {
    let has_words = |text: &str| text.chars().any(char::is_alphanumeric);
    if !has_words(&settled.by) || !settled.because.as_deref().is_some_and(has_words) {
        return Err(Error::new(ErrorKind::InvalidInput, "Say who settles it and why; both go on record."));
    }
    let intent = store.intent(id).await.map_err(|error| store_error(&error))?;
    let intent =
        intent.ok_or_else(|| Error::new(ErrorKind::NotFound, "There is no such write on record."))?;
    match intent.state {
        IntentState::Unknown => {}
        IntentState::Accepted | IntentState::Sent if nobody_works => {}
        IntentState::Accepted | IntentState::Sent => {
            return Err(conflict(
                "It is under way. The gateway settles it, or calls it unknown, within a minute.",
            ));
        }
        IntentState::Confirmed | IntentState::Refused => return Err(conflict("It is settled already.")),
    }
    let (outcome, events) = match finding {
        Finding::Happened(native) => {
            let native_id = native.map(|id| id.as_str().to_owned());
            let events = events(seals, &intent, native_id.as_deref(), None);
            (Outcome::Confirmed { native_id }, events)
        }
        Finding::DidNotHappen => {
            let detail = "This was not done: an operator looked and found nothing of it. Send it again under a new key if it \
                          is still wanted.";
            let mut problem = Error::new(ErrorKind::Conflict, detail)
                .with_outcome(Effect::Failed)
                .with_retry(Retry::Never)
                .to_problem();
            problem.system = Some(intent.target.system.clone());
            let problem = serde_json::to_value(problem).unwrap_or_default();
            (Outcome::Refused { problem, release_key: false }, Vec::new())
        }
    };
    let settlement = Settlement { outcome, settled, events };
    match store.settle(id, settlement).await.map_err(|error| store_error(&error))? {
        Settled::Done(intent) => Ok(intent),
        Settled::Already(_) => Err(conflict("It was settled in this moment.")),
    }
}

fn conflict(detail: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, detail)
}
