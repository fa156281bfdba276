//! Working the next chunk out while SQLite writes this one.
//!
//! SQLite has one writer, and much of what a chunk costs is no writing: reading, deciding, putting rows together. So while a chunk is
//! written, the next one is worked out from what a reader sees. It is written as it was worked out if, when its turn comes, all that it
//! was worked out from is still so; if anything is not, it is worked out again. PostgreSQL needs none of it: there several chunks are
//! carried out at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::work::{Worked, work_out};
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::domain::id::{OperationId, RequestId, TenantId};
use crate::domain::job::Job;
use crate::domain::operation::{Change, Operation};
use crate::domain::tenant::Tenant;
use crate::store::leads::{self, Mark};
use crate::store::operations::Open;
use crate::store::operations::chunks::{self, Chunk};
use crate::store::{Conn, StoreError, jobs, tenants};

/// By how much what happened may be dated before it was written: less than whoever looks for new lines looks back.
const LEAD_MAX: Duration = Duration::from_millis(500);

/// The chunk that is worked out ahead, if one is: one of a process, for each may hold megabytes.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<Option<Begun>>);

#[derive(Debug)]
struct Begun {
    of: (TenantId, OperationId),
    working: JoinHandle<Result<Option<WorkedAhead>, ActionError>>,
}

/// What a chunk comes to, as things were when it was worked out.
#[derive(Debug)]
struct WorkedAhead {
    chunk: Chunk,
    worked: Worked,
    seen: Seen,
}

/// All that a hand-over is worked out from, but for what never changes: the plan and the requests.
#[derive(Debug, PartialEq)]
struct Seen {
    /// With the version of its network.
    tenant: Tenant,
    jobs: Vec<Job>,
    /// Of each copy of the requests, by id.
    copies: Vec<Mark>,
}

impl Ahead {
    /// Begins to work out the chunk after this one, in place of whatever was begun before.
    pub(super) fn begin(&self, context: &Context, operation: &Operation, after: Chunk) {
        let is_last = after.first + after.count >= operation.planned.leads();
        // Other changes are worked out from more than is looked at again.
        if is_last || !context.store.has_one_writer() || !matches!(operation.change, Change::Reassign { .. }) {
            return;
        }
        let (context, operation) = (context.clone(), operation.clone());
        let of = (operation.tenant, operation.id);
        let working = tokio::spawn(async move { WorkedAhead::after(&context, &operation, after).await });
        drop(self.swap(Some(Begun { of, working })));
    }

    /// What this chunk comes to, if it was worked out and all is still so. INVARIANT: the transaction holds what it writes to.
    pub(super) async fn take(
        &self,
        context: &Context,
        conn: &Conn,
        of: (TenantId, OperationId),
        chunk: Chunk,
    ) -> Result<Option<Worked>, StoreError> {
        let Some(mut begun) = self.swap(None).filter(|begun| begun.of == of) else { return Ok(None) };
        // What went wrong there goes wrong again where it is dealt with.
        let Ok(Ok(Some(ahead))) = (&mut begun.working).await else { return Ok(None) };
        let is_late = context.clock.now() > ahead.worked.at + LEAD_MAX;
        if is_late || ahead.chunk != chunk || Seen::now(conn, of.0, &ahead.worked.requests).await? != Some(ahead.seen) {
            return Ok(None);
        }
        Ok(Some(ahead.worked))
    }

    /// Lets go of what was begun for an operation that has no work any more.
    pub(super) fn keep(&self, open: &[Open]) {
        let has_work = |begun: &Begun| open.iter().any(|one| (one.tenant, one.id) == begun.of);
        let mut begun = self.begun();
        *begun = begun.take().filter(has_work);
    }

    fn swap(&self, next: Option<Begun>) -> Option<Begun> {
        std::mem::replace(&mut *self.begun(), next)
    }

    /// Nothing panics while the lock is held.
    fn begun(&self) -> MutexGuard<'_, Option<Begun>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.working.abort();
    }
}

impl WorkedAhead {
    /// Of the next chunk that is open, if one is.
    async fn after(context: &Context, operation: &Operation, after: Chunk) -> Result<Option<Self>, ActionError> {
        let tx = context.store.begin_read().await?;
        let of = (operation.tenant, operation.id);
        let Some(chunk) = chunks::next_open(&tx, of, after).await? else { return Ok(None) };
        let worked = Box::pin(work_out(context, &tx, operation, chunk)).await?;
        let Some(seen) = Seen::now(&tx, operation.tenant, &worked.requests).await? else { return Ok(None) };
        tx.rollback().await?;
        Ok(Some(Self { chunk, worked, seen }))
    }
}

impl Seen {
    /// As it is now; none without the tenant.
    async fn now(conn: &Conn, tenant: TenantId, requests: &[RequestId]) -> Result<Option<Self>, StoreError> {
        let Some(found) = tenants::lookup(conn, tenant).await? else { return Ok(None) };
        let copies = leads::list_marks(conn, tenant, requests).await?;
        Ok(Some(Self { tenant: found, jobs: jobs::list_all(conn, tenant).await?, copies }))
    }
}
