//! Reading one directory into its index.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use portico_contract::people::{ChangesTold, PeopleChanges, PersonChange};
use portico_contract::{CallContext, Error, ErrorKind};
use portico_directory::{Builder, PeopleIndex};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::{background, sight};
use super::{Held, IndexOptions, Keeper, Reading, Trouble};

/// Batches that wait to be taken in; the directory waits behind them.
const WAITING: usize = 4;
/// The first pause after a failure.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

impl Keeper {
    pub(super) async fn refresh(
        &self,
        context: CallContext,
        options: &IndexOptions,
    ) -> Result<Reading, Error> {
        let mut complaints = self.reading.lock().await;
        match self.read(context, options).await {
            Ok((held, reading)) => {
                self.held.store(Some(Arc::new(held)));
                self.trouble.store(None);
                complaints.over(self.system.key());
                Ok(reading)
            }
            Err(error) => {
                let failures = self.trouble.load().as_ref().map_or(0, |trouble| trouble.failures);
                complaints.failed(self.system.key(), &error, self.held.load().is_some());
                let told = Error::new(error.kind(), error.detail().to_owned()).with_retry(error.retry());
                self.trouble.store(Some(Arc::new(Trouble { error, failures: failures.saturating_add(1) })));
                Err(told)
            }
        }
    }

    /// What the directory holds now, made beside what is used until all of it is there.
    async fn read(&self, context: CallContext, options: &IndexOptions) -> Result<(Held, Reading), Error> {
        let started = (Timestamp::now(), Instant::now());
        let before = self.held.load_full().filter(|held| held.whole.elapsed() < options.whole_every);
        let since = before.as_ref().and_then(|held| held.next.clone());
        let before = before.filter(|_| since.is_some());
        let everybody = since.is_none();
        let (into, mut told) = mpsc::channel(WAITING);
        let (feed, fed) = mpsc::channel(WAITING);
        // Everybody is compared with what is there, too: who has not changed is not written again.
        let base = self.held.load().as_ref().map(|held| held.index.clone()).unwrap_or_default();
        let building = background::start(move || take_in(&base, everybody, fed));
        let call = self.system.upstream.call(context, PeopleChanges { since, into });
        let mut call = pin!(call);
        let outcome = loop {
            tokio::select! {
                biased;
                Some(batch) = told.recv() => {
                    // The other end goes away only when it panicked, which shows below.
                    let _ = feed.send(batch).await;
                }
                outcome = &mut call => break outcome,
            }
        };
        while let Ok(batch) = told.try_recv() {
            let _ = feed.send(batch).await;
        }
        drop(feed);
        let (builder, reading) = building.await.ok().flatten().ok_or_else(broken)?;
        let ChangesTold { next } = outcome?;
        let index = background::start(|| builder.build()).await.ok().flatten().ok_or_else(broken)?;
        let whole = match before {
            Some(before) if !reading.whole => before.whole,
            _ => started.1,
        };
        Ok((Held { index, read_at: started.0, read: started.1, whole, next }, reading))
    }

    /// How long until the next reading.
    pub(super) fn pause(&self, options: &IndexOptions) -> Duration {
        let failures = self.trouble.load().as_ref().map_or(0, |trouble| trouble.failures);
        let pause = match failures {
            0 => options.interval,
            n => FIRST_PAUSE.saturating_mul(1 << (n - 1).min(16)).min(options.interval),
        };
        // A tenth more or less, so that gateways that started together do not ask together.
        let spread = Timestamp::now().subsec_nanosecond().unsigned_abs() % 201;
        pause.mul_f64(0.9 + f64::from(spread) / 1_000.0)
    }
}

/// Applies batches as they come, to everybody's records where `everybody` was asked for. Says how many were told of, and
/// whether that is everybody.
fn take_in(
    base: &PeopleIndex,
    everybody: bool,
    mut fed: mpsc::Receiver<Vec<PersonChange>>,
) -> (Builder, Reading) {
    let mut builder = Builder::from(base).pausing(background::pauses());
    let mut reading = Reading { changes: 0, whole: everybody };
    builder.apply(PersonChange::Begin { whole: everybody });
    while let Some(batch) = fed.blocking_recv() {
        for mut change in batch {
            match &mut change {
                // What was told before does not count any more: a directory may begin anew.
                PersonChange::Begin { whole } => reading = Reading { changes: 0, whole: *whole },
                PersonChange::Put(record) => {
                    sight::leave_out_private(&mut record.profile);
                    reading.changes += 1;
                }
                PersonChange::Gone(_) => reading.changes += 1,
            }
            builder.apply(change);
        }
    }
    (builder, reading)
}

fn broken() -> Error {
    Error::new(ErrorKind::Internal, "The index of a directory could not be made; please report this.")
}
