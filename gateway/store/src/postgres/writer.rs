//! The one writer of this process: several writes, one transaction, one wait for the disk.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::time::{Instant, sleep_until, timeout};

use super::open::connect;
use super::writes::{Group, apply};
use crate::anchor::AnchorFile;
use crate::clock::{Now, wall};
use crate::queue::{Inbox, Job, Told};
use crate::rows::{digest, number};
use crate::write::{Answer, Write};
use crate::{Anchor, StoreError};

/// How long one statement of a write may take: a server that says nothing is taken for gone.
const STATEMENT: Duration = Duration::from_secs(15);

/// How often a group is begun anew that surely was not committed.
const ATTEMPTS: u32 = 3;

pub(super) struct Writer {
    pub pool: Pool,
    pub patience: Duration,
    pub anchor: AnchorFile,
    pub told: Arc<Told>,
}

/// What became of a group.
struct Committed {
    answers: Vec<Answer>,
    chain: Anchor,
    closed: bool,
}

/// Why a group failed.
enum Failed {
    /// It is surely not in the database.
    Undone(StoreError),
    /// The commit was sent and its answer did not come: the transaction's id, and what it would have meant.
    Lost(String, Committed),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Undone(error)
    }
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Undone(error.into())
    }
}

impl Writer {
    /// Until no more writes come.
    pub(super) async fn run(mut self, mut inbox: Inbox) {
        let mut connection = None;
        while let Some(jobs) = inbox.group().await {
            let answers = match self.commit(&mut connection, &jobs).await {
                Ok(committed) => {
                    self.told.closed.store(committed.closed, Ordering::Relaxed);
                    self.told.writes.fetch_add(jobs.len() as u64, Ordering::Relaxed);
                    self.told.commits.fetch_add(1, Ordering::Relaxed);
                    self.told.well();
                    self.anchor.write(committed.chain);
                    committed.answers
                }
                Err(error) => {
                    self.told.trouble(&error);
                    jobs.iter().map(|_| Err(error.clone())).collect()
                }
            };
            for (job, answer) in jobs.into_iter().zip(answers) {
                job.answer(answer);
            }
        }
        drop(connection);
        inbox.end();
    }

    /// Begins anew only what surely was not committed.
    async fn commit(&self, kept: &mut Option<Object>, jobs: &[Job]) -> Result<Committed, StoreError> {
        let mut attempt = 1;
        loop {
            let mut connection = match kept.take().filter(|connection| !connection.is_closed()) {
                Some(connection) => connection,
                None => connect(&self.pool, self.patience).await?,
            };
            let failed = match attempt_group(&mut connection, jobs).await {
                Ok(committed) => {
                    *kept = Some(connection);
                    return Ok(committed);
                }
                Err(failed) => failed,
            };
            // Whatever state it is in: it does not go back to the pool.
            drop(Object::take(connection));
            match failed {
                Failed::Undone(StoreError::Unavailable(why)) if attempt < ATTEMPTS => {
                    tracing::debug!(error = %why, "a group of writes is begun anew");
                }
                Failed::Undone(error) => return Err(error),
                Failed::Lost(transaction, committed) => {
                    if self.was_committed(&transaction).await? {
                        return Ok(committed);
                    }
                }
            }
            attempt += 1;
            if attempt > ATTEMPTS {
                return Err(StoreError::unavailable("its connections break again and again"));
            }
        }
    }

    /// Asks the server that came back. Whoever cannot be told hears that the store is not available: the write may have
    /// happened.
    async fn was_committed(&self, transaction: &str) -> Result<bool, StoreError> {
        let give_up = Instant::now() + self.patience;
        loop {
            let connection = connect(&self.pool, self.patience).await?;
            let sql = "select pg_xact_status($1::text::xid8)";
            let status: Option<String> = connection.query_one(sql, &[&transaction]).await?.try_get(0)?;
            match status.as_deref() {
                Some("committed") => return Ok(true),
                Some("aborted") => return Ok(false),
                Some("in progress") if Instant::now() < give_up => {
                    sleep_until(Instant::now() + Duration::from_millis(20)).await;
                }
                _ => {
                    return Err(StoreError::unavailable(
                        "whether the last commit happened cannot be found out",
                    ));
                }
            }
        }
    }
}

/// Everything in one transaction. An error that is one write's own undoes that write alone; any other undoes all.
async fn attempt_group(connection: &mut Object, jobs: &[Job]) -> Result<Committed, Failed> {
    let transaction = within(connection.transaction()).await?;
    // Whoever holds this row writes: one chain, one order, one clock, over all processes.
    let sql = "select end_seq, end_digest, closed, (extract(epoch from clock_timestamp()) * 1000)::bigint, \
               pg_current_xact_id()::text from chain for update";
    let statement = within(transaction.prepare_cached(sql)).await?;
    let row = within(transaction.query_one(&statement, &[])).await?;
    let start = Anchor { count: number(row.try_get(0)?)?, head: digest(row.try_get(1)?)? };
    let mut closed: bool = row.try_get(2)?;
    let id: String = row.try_get(4)?;
    let mut group = Group::new(start, Now { wall: wall(), steady: row.try_get(3)? });
    let mut answers = Vec::with_capacity(jobs.len());
    for Job { write, .. } in jobs {
        if closed && !write.is_allowed_when_closed() {
            answers.push(Err(StoreError::Closed));
            continue;
        }
        let before = group.mark();
        // In this order, and in one exchange.
        let savepoint = transaction.batch_execute("savepoint write");
        let both = async { tokio::join!(biased; savepoint, apply(&transaction, &mut group, write)) };
        let Ok((saved, answer)) = timeout(STATEMENT, both).await else { return Err(silent().into()) };
        saved?;
        match &answer {
            Ok(_) => {}
            Err(StoreError::Invalid(_) | StoreError::NotFound(_)) => {
                within(transaction.batch_execute("rollback to savepoint write")).await?;
                group.back_to(before);
            }
            Err(error) => return Err(error.clone().into()),
        }
        closed = closed && !matches!((write, &answer), (Write::AcceptGap(_), Ok(_)));
        answers.push(answer);
    }
    let chain = match timeout(STATEMENT, group.write_audit(&transaction)).await {
        Ok(chain) => chain?,
        Err(_) => return Err(silent().into()),
    };
    let committed = Committed { answers, chain, closed };
    match timeout(STATEMENT, transaction.commit()).await {
        Ok(Ok(())) => Ok(committed),
        // The server itself says that it did not.
        Ok(Err(error)) if error.as_db_error().is_some_and(|said| !said.code().code().starts_with("57")) => {
            Err(error.into())
        }
        Ok(Err(_)) | Err(_) => Err(Failed::Lost(id, committed)),
    }
}

async fn within<T>(
    statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    match timeout(STATEMENT, statement).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(silent()),
    }
}

fn silent() -> StoreError {
    StoreError::unavailable("the database says nothing")
}
