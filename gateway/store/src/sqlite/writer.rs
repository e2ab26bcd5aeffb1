//! The one writer: takes what waits, carries it out in one transaction, waits once for the disk, and answers.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::{Connection, TransactionBehavior, params};

use super::error::is_of_one_write;
use super::reserve::Reserve;
use super::writes::{Group, apply};
use crate::anchor::AnchorFile;
use crate::clock::SteadyClock;
use crate::queue::{Inbox, Job, Told};
use crate::rows::{digest, number};
use crate::write::{Answer, Write};
use crate::{Anchor, StoreError};

pub(super) struct Writer {
    pub connection: Connection,
    pub clock: SteadyClock,
    pub reserve: Reserve,
    pub anchor: AnchorFile,
    pub told: Arc<Told>,
    /// Held as long as the writer lives.
    pub lock: File,
}

impl Writer {
    /// Until no more writes come.
    pub(super) async fn run(mut self, mut inbox: Inbox) {
        while let Some(jobs) = inbox.group().await {
            let answers = self.commit(&jobs);
            for (job, answer) in jobs.into_iter().zip(answers) {
                job.answer(answer);
            }
        }
        // The last connection moves the log into the file; only then may another process have it.
        let Self { connection, lock, .. } = self;
        drop(connection.close());
        drop(lock);
        inbox.end();
    }

    /// Everybody's answer, after the disk has it.
    fn commit(&mut self, jobs: &[Job]) -> Vec<Answer> {
        let everything = self.reserve.hold();
        let essential = jobs.iter().any(|job| job.write.is_essential());
        let answers = match self.attempt(jobs, everything) {
            // Room for those who settle what is under way, or record what was read.
            Err(StoreError::Full) if essential && self.reserve.release() => {
                tracing::warn!("the store's disk is full: the reserve is in use, and new writes are refused");
                self.attempt(jobs, false)
            }
            other => other,
        };
        self.told.on_reserve.store(!self.reserve.is_held(), Ordering::Relaxed);
        answers.unwrap_or_else(|error| {
            self.told.trouble(&error);
            jobs.iter().map(|_| Err(error.clone())).collect()
        })
    }

    /// One transaction. An error that is one write's own undoes that write alone; any other undoes all.
    fn attempt(&mut self, jobs: &[Job], everything: bool) -> Result<Vec<Answer>, StoreError> {
        let mut transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (chain, mut closed) = ends(&transaction)?;
        let mut group = Group { chain, now: self.clock.now() };
        let mut answers = Vec::with_capacity(jobs.len());
        for Job { write, .. } in jobs {
            if closed && !write.is_allowed_when_closed() {
                answers.push(Err(StoreError::Closed));
                continue;
            }
            if !everything && !write.is_essential() {
                answers.push(Err(StoreError::Full));
                continue;
            }
            let before = group.chain;
            let mut savepoint = transaction.savepoint()?;
            let answer = apply(&savepoint, &mut group, write);
            if let Err(error) = &answer {
                if !is_of_one_write(error) {
                    return Err(error.clone());
                }
                savepoint.rollback()?;
                group.chain = before;
            }
            savepoint.commit()?;
            closed = closed && !matches!((write, &answer), (Write::AcceptGap(_), Ok(_)));
            answers.push(answer);
        }
        if group.chain != chain {
            let end = i64::try_from(group.chain.count).map_err(StoreError::invalid)?;
            let sql = "update chain set end_seq = ?1, end_digest = ?2";
            transaction.prepare_cached(sql)?.execute(params![end, group.chain.head.hex()])?;
        }
        transaction.commit()?;
        self.told.closed.store(closed, Ordering::Relaxed);
        self.told.writes.fetch_add(jobs.len() as u64, Ordering::Relaxed);
        self.told.commits.fetch_add(1, Ordering::Relaxed);
        self.told.well();
        if group.chain != chain {
            self.anchor.write(group.chain);
        }
        Ok(answers)
    }
}

/// The audit trail's end, and whether writes are closed.
pub(super) fn ends(connection: &Connection) -> Result<(Anchor, bool), StoreError> {
    let mut statement = connection.prepare_cached("select end_seq, end_digest, closed from chain")?;
    let (count, head, closed) = statement
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?)))?;
    Ok((Anchor { count: number(count)?, head: digest(&head)? }, closed))
}
