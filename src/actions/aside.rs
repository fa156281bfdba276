//! What a sweep cannot deal with is set aside, so that one unreadable row never keeps other leads waiting (SPEC JOB-6, JOB-7).
//!
//! ```text
//! the batch fails ─▶ each request in a transaction of its own ─▶ the one that fails again: looked at later, listed under exceptions
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::event::{Event, EventKind};
use crate::domain::id::{RequestId, TenantId};
use crate::domain::job::{JobRun, RunCause, RunState};
use crate::store::leads::{DueKind, claim_due, set_aside};
use crate::store::{Conn, StoreError, Tx, events, jobs, requests, runs};

use super::context::Context;
use super::due::{Swept, baton, reassign, warn};
use super::error::ActionError;

/// When a request that was set aside is looked at again: often enough for one that somebody repairs, rarely enough for one that stays
/// broken.
const AGAIN_AFTER: Duration = Duration::from_hours(1);

/// Whether the same would fail again at once: neither the database nor another worker stood in the way.
pub(super) fn is_lasting(error: &ActionError) -> bool {
    match error {
        ActionError::Store(error) => !error.is_transient() && !error.is_unavailable(),
        ActionError::Refused(_) => true,
    }
}

/// Ends a transaction by what came of the work in it, at once: the next one does not meet locks that a failure left behind.
pub(super) async fn settle<T>(tx: Tx, done: Result<T, ActionError>) -> Result<T, ActionError> {
    match done {
        Ok(done) => {
            tx.commit().await?;
            Ok(done)
        }
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

/// Deals with what is due one request at a time, and sets aside what fails.
pub(super) async fn one_by_one(context: &Context, limit: u64) -> Result<Swept, ActionError> {
    let mut swept = Swept::default();
    let mut failed = BTreeMap::new();
    for kind in [DueKind::Warn, DueKind::Reassign] {
        for (tenant, request) in due_now(context, kind, limit).await? {
            swept.examined += 1;
            match alone(context, kind, tenant, request).await {
                Ok(done) if kind == DueKind::Warn => swept.warned += done,
                Ok(done) => swept.reassigned += done,
                Err(error) if is_lasting(&error) => {
                    aside(context, tenant, request, &error).await?;
                    failed.entry(tenant).or_insert_with(Failed::default).add(&error);
                }
                Err(error) => return Err(error),
            }
        }
    }
    for (tenant, failed) in failed {
        record(context, tenant, failed).await?;
    }
    Ok(swept)
}

/// Held only while the list is read: each request is held again in its own transaction.
async fn due_now(context: &Context, kind: DueKind, limit: u64) -> Result<Vec<(TenantId, RequestId)>, StoreError> {
    let tx = context.store.begin().await?;
    let due = claim_due(&tx, kind, context.clock.now(), limit).await;
    tx.rollback().await?;
    due
}

async fn alone(context: &Context, kind: DueKind, tenant: TenantId, request: RequestId) -> Result<u64, ActionError> {
    let tx = context.store.begin().await?;
    let done = deal_with(context, &tx, kind, tenant, request).await;
    settle(tx, done).await
}

async fn deal_with(
    context: &Context,
    conn: &Conn,
    kind: DueKind,
    tenant: TenantId,
    request: RequestId,
) -> Result<u64, ActionError> {
    requests::lock(conn, tenant, &[request]).await?;
    let at = context.clock.now();
    Ok(match kind {
        DueKind::Warn => warn(context, conn, tenant, &[request], at).await?,
        DueKind::Reassign => reassign(context, conn, tenant, &[request], at).await?,
    })
}

async fn aside(
    context: &Context,
    tenant: TenantId,
    request: RequestId,
    error: &ActionError,
) -> Result<(), ActionError> {
    tracing::error!(%tenant, %request, %error, "a due lead could not be dealt with, it was set aside");
    let tx = context.store.begin().await?;
    requests::lock(&tx, tenant, &[request]).await?;
    let at = context.clock.now();
    let again_at = at + AGAIN_AFTER;
    let why = format!("could not be dealt with ({}), looked at again at {again_at}", public(error));
    let ids = set_aside(&tx, (tenant, request), at, again_at, &why).await?;
    let event = |lead| Event {
        lead: Some(lead),
        request: Some(request),
        reason: Some(why.clone()),
        ..context.event(tenant, at, baton(), EventKind::LeadException, lead)
    };
    events::insert(&tx, ids.into_iter().map(event).collect()).await?;
    tx.commit().await?;
    Ok(())
}

/// What people are told: the column, but nothing of what it holds; the rest is in the log.
pub(super) fn public(error: &ActionError) -> String {
    match error {
        ActionError::Store(StoreError::Corrupt { column, .. }) => format!("stored value of `{column}` can't be read"),
        ActionError::Store(_) => "the database refused it".to_owned(),
        ActionError::Refused(problems) => {
            problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
        }
    }
}

/// The requests of one tenant that were set aside in one sweep.
#[derive(Default)]
struct Failed {
    count: i64,
    first: String,
}

impl Failed {
    fn add(&mut self, error: &ActionError) {
        if self.count == 0 {
            self.first = public(error);
        }
        self.count += 1;
    }
}

/// As a run of the first enabled job: which one would have acted is not known of a lead that can't be read.
async fn record(context: &Context, tenant: TenantId, failed: Failed) -> Result<(), ActionError> {
    let tx = context.store.begin().await?;
    let Some(job) = jobs::list_all(&tx, tenant).await?.into_iter().find(|job| job.enabled) else { return Ok(()) };
    let at = context.clock.now();
    let run = JobRun {
        tenant,
        id: context.id(at),
        job: job.id,
        cause: RunCause::Due,
        state: RunState::Failed,
        queued_at: at,
        started_at: Some(at),
        finished_at: Some(at),
        cursor: None,
        examined: failed.count,
        reassigned: 0,
        failed: failed.count,
        skipped: BTreeMap::new(),
        error: Some(format!("{}: {}", plural(failed.count), failed.first)),
    };
    runs::insert(&tx, &[run]).await?;
    tx.commit().await?;
    Ok(())
}

fn plural(count: i64) -> String {
    if count == 1 {
        "1 request was set aside".to_owned()
    } else {
        format!("{count} requests were set aside, the first")
    }
}
