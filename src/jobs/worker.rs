//! A worker: one step does all that is due now; tests take steps by hand, a process runs them in loops.
//!
//! A step is safe to be cut off at any instruction and to be taken by several workers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::error::JobError;
use super::outbox::{Outbox, Posted};
use super::wake::Wake;
use crate::actions::{Context, backtests, due, import, manual_runs, operations};
use crate::domain::Timestamp;
use crate::store::leads::{self, DueKind};
use crate::store::{StoreError, file_imports, idempotency, runs};

/// Answers are remembered for a day; a few minutes more do no harm.
const FORGET_EVERY: Duration = Duration::from_mins(10);

/// How a worker works.
#[derive(Clone, Copy, Debug)]
pub struct WorkerSettings {
    /// Between two looks for work that nobody announced.
    pub poll: Duration,
    /// Leads that one transaction takes at most.
    pub batch: u64,
    /// Chunks of operations that this process carries out at one time.
    pub operations_at_once: u32,
    /// The part of its time that each of those spends on chunks, in percent; the rest is left to live traffic.
    pub operations_share: u32,
}

/// Does what is due.
pub struct Worker {
    pub(super) context: Context,
    pub(super) outbox: Option<Outbox>,
    pub(super) settings: WorkerSettings,
    pub(super) wake: Arc<Wake>,
    forget_at: AtomicI64,
    turns: operations::Turns,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Requests whose deadlines or warnings were looked at.
    pub due: u64,
    /// Steps of job runs that somebody asked for.
    pub runs: u64,
    /// Batches of backtests.
    pub backtests: u64,
    /// Batches of imports.
    pub imports: u64,
    /// Chunks of operations, planned or carried out, and ends of operations.
    pub operations: u64,
    /// Messages.
    pub posted: Posted,
}

impl Stepped {
    /// Whether there was nothing to do.
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }
}

impl Worker {
    /// Without an outbox, messages wait.
    pub fn new(context: Context, outbox: Option<Outbox>, settings: WorkerSettings, wake: Arc<Wake>) -> Self {
        Self {
            context,
            outbox,
            settings,
            wake,
            forget_at: AtomicI64::new(i64::MIN),
            turns: operations::Turns::default(),
        }
    }

    /// Does everything that is due at this moment, messages last.
    pub async fn step(&self) -> Result<Stepped, JobError> {
        let mut stepped = Stepped::default();
        loop {
            let mut more = self.due_step().await?;
            more.operations = u64::from(self.operation_step().await?);
            if more.is_idle() {
                break;
            }
            stepped.due += more.due;
            stepped.runs += more.runs;
            stepped.backtests += more.backtests;
            stepped.imports += more.imports;
            stepped.operations += more.operations;
        }
        if let Some(outbox) = &self.outbox {
            stepped.posted = outbox.step().await?;
        }
        Ok(stepped)
    }

    /// One batch of deadlines and warnings, one of a job run, one of a backtest and one of an import; not messages, nor operations. A look that
    /// finds nothing only reads.
    pub(super) async fn due_step(&self) -> Result<Stepped, JobError> {
        let mut stepped = Stepped::default();
        let now = self.context.clock.now();
        if self.next_deadline().await?.is_some_and(|deadline| deadline <= now) {
            stepped.due = due::sweep(&self.context, self.settings.batch).await?.examined;
        }
        if runs::is_any_open(self.context.store.reader(), now).await? {
            stepped.runs = u64::from(manual_runs::step(&self.context).await?);
        }
        if crate::store::backtests::is_any_open(self.context.store.reader(), now).await? {
            stepped.backtests = u64::from(backtests::step(&self.context, backtests::BATCH).await?);
        }
        if file_imports::is_any_open(self.context.store.reader()).await? {
            stepped.imports = u64::from(import::step(&self.context).await?);
        }
        self.forget_old_answers(now).await?;
        Ok(stepped)
    }

    /// One chunk of an operation. A look that finds nothing only reads.
    pub(super) async fn operation_step(&self) -> Result<bool, JobError> {
        Ok(operations::step(&self.context, &self.turns).await?)
    }

    /// The earliest deadline or warning of all.
    pub(super) async fn next_deadline(&self) -> Result<Option<Timestamp>, StoreError> {
        let reader = self.context.store.reader();
        let reassign = leads::next_due(reader, DueKind::Reassign).await?;
        let warn = leads::next_due(reader, DueKind::Warn).await?;
        Ok([reassign, warn].into_iter().flatten().min())
    }

    async fn forget_old_answers(&self, now: Timestamp) -> Result<(), JobError> {
        if now < Timestamp::from_micros(self.forget_at.load(Ordering::Relaxed)) {
            return Ok(());
        }
        idempotency::remove_expired(self.context.store.writer(), now).await?;
        self.forget_at.store((now + FORGET_EVERY).micros(), Ordering::Relaxed);
        Ok(())
    }
}
