//! Whether a cancellation whose answer was lost happened, by reading the absence. A request is found by its marker.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use portico_contract::absences::{CancelAbsence, GetAbsence};
use portico_contract::{Error, ErrorKind, NativeId, Operation};
use portico_schemas::AbsenceStatus;

use crate::writes::{Look, ReadBack, Verdict};

pub(super) struct Cancellations;

impl ReadBack for Cancellations {
    fn operations(&self) -> &'static [&'static str] {
        &[CancelAbsence::META.id]
    }

    fn look<'a>(&'a self, look: Look<'a>) -> BoxFuture<'a, Result<Verdict, Error>> {
        async move {
            let Some(absence) = look.intent.target.native_id.as_deref().and_then(NativeId::new) else {
                return Ok(Verdict::CannotTell);
            };
            match look.system.upstream.call(look.context, GetAbsence { absence }).await {
                Ok(record) => Ok(verdict(record.status)),
                // Some systems keep nothing of what was taken back.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                    Ok(Verdict::Happened(None))
                }
                Err(error) => Err(error),
            }
        }
        .boxed()
    }
}

fn verdict(status: AbsenceStatus) -> Verdict {
    match status {
        AbsenceStatus::Cancelled => Verdict::Happened(None),
        AbsenceStatus::Requested | AbsenceStatus::Approved => Verdict::DidNotHappen,
        AbsenceStatus::Declined => Verdict::CannotTell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_says_whether_it_was_taken_back() {
        assert_eq!(verdict(AbsenceStatus::Cancelled), Verdict::Happened(None));
        assert_eq!(verdict(AbsenceStatus::Approved), Verdict::DidNotHappen);
        assert_eq!(verdict(AbsenceStatus::Declined), Verdict::CannotTell);
    }
}
