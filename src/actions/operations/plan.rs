//! Planning: an operation's leads are read chunk by chunk and it is written down what is to happen to each. Each chunk is one
//! transaction that also moves the operation's place on, so that a worker killed meanwhile leaves the next one where it was.
//!
//! Nothing of any lead changes here.

use super::{CHUNK, fields, reassign, selection, share_out, undo};
use crate::actions::aside::{is_lasting, public, settle};
use crate::actions::context::{Context, event_actor};
use crate::actions::error::ActionError;
use crate::actions::handover::{DIGEST_LEADS_MAX, Directory};
use crate::actions::held::Held;
use crate::domain::InvalidCode;
use crate::domain::event::{Event, EventKind};
use crate::domain::id::{LeadId, OperationId, RequestId, TenantId};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::operation::{
    Change, Item, NotifyNewOwner, Operation, OperationState, Options, PLAN_LIFETIME, Planned, PlannedCounts, Verdict,
};
use crate::store::operations::chunks::{self, Chunk};
use crate::store::operations::shares::{self, Shares, Side};
use crate::store::operations::{self, items};
use crate::store::{Conn, StoreError, events};

/// Leads that are planned when a departure runs, within its answer; with more of them, what was shown says too little of what would run.
const LATE_MAX: i64 = 1_000;
/// Recipients whose people are read at once to count mails.
const RECIPIENTS_AT_ONCE: usize = 500;

/// Plans the next chunk of an operation. Whether there is more to plan; also not if somebody else is at it, or if more than `together` leads
/// would have to be looked at together first.
pub(super) async fn step(context: &Context, of: (TenantId, OperationId), together: usize) -> Result<bool, ActionError> {
    // A step of its own: nothing is held while leads are looked at together.
    if Box::pin(share_out::step(context, of, together)).await? {
        return Ok(true);
    }
    let tx = context.store.begin().await?;
    let done = Box::pin(within(context, &tx, of, CHUNK)).await;
    match settle(tx, done).await {
        Err(error) if is_lasting(&error) => {
            tracing::error!(operation.id = %of.1, %error, "an operation could not be planned");
            fail(context, of, &error).await?;
            Ok(false)
        }
        done => done,
    }
}

async fn within(context: &Context, conn: &Conn, of: (TenantId, OperationId), size: u64) -> Result<bool, ActionError> {
    let Some(mut operation) = operations::lookup_free(conn, of.0, of.1).await? else { return Ok(false) };
    if operation.state != OperationState::Preparing || (operation.change.is_balanced() && !operation.is_shared_out) {
        return Ok(false);
    }
    let batch = match &operation.change {
        Change::Undo { operation: source } => undo::plan(conn, &operation, *source, size).await?,
        Change::Reassign { .. } | Change::Update { .. } => selected(context, conn, &operation, size).await?,
    };
    add(conn, &mut operation, &batch).await?;
    operation.cursor = batch.cursor.or(operation.cursor);
    operation.cursor_position = batch.cursor_position.or(operation.cursor_position);
    if batch.is_last {
        ready(context, conn, &mut operation).await?;
    }
    operations::update(conn, &operation).await?;
    Ok(!batch.is_last)
}

/// Writes a batch down behind what is planned already.
async fn add(conn: &Conn, operation: &mut Operation, batch: &Batch) -> Result<(), StoreError> {
    let (of, first) = ((operation.tenant, operation.id), operation.planned.leads());
    items::insert(conn, of, &batch.items).await?;
    if !batch.items.is_empty() {
        let count = i64::try_from(batch.items.len()).unwrap_or(i64::MAX);
        chunks::insert(conn, of, Chunk { first, count }).await?;
    }
    shares::add(conn, of, &batch.shares).await?;
    count(&mut operation.planned, &batch.items);
    Ok(())
}

/// Adds to the plan what `who` has open by now that it does not hold as it is: what came since, and what was changed since. INVARIANT: the
/// transaction holds the network, so that nothing more comes before `who` has left.
pub(super) async fn catch_up(
    context: &Context,
    conn: &Conn,
    operation: &mut Operation,
    who: Recipient,
) -> Result<(), ActionError> {
    let before = operation.planned.leads();
    loop {
        let found = selection::late(context, conn, operation, who, CHUNK).await?;
        if found.is_empty() {
            break;
        }
        if operation.planned.leads() - before + found.len() as i64 > LATE_MAX {
            let message = format!(
                "more than {LATE_MAX} of the open leads came or were changed since the plan was made: nothing was changed, prepare \
                 it again"
            );
            return Err(ActionError::refused("operationId", InvalidCode::Conflict, message));
        }
        let superseded = superseded(conn, operation, &found, who).await?;
        shares::take(conn, (operation.tenant, operation.id), &superseded).await?;
        let batch = planned(context, conn, operation, &found).await?;
        add(conn, operation, &batch).await?;
    }
    if operation.planned.leads() > before {
        weigh(conn, operation).await?;
    }
    Ok(())
}

/// What the plan has for these leads so far, as they were before: it is not to be, and does not take others' room.
async fn superseded(conn: &Conn, operation: &Operation, found: &[Lead], who: Recipient) -> Result<Shares, StoreError> {
    let requests: Vec<RequestId> = found.iter().map(|lead| lead.request).collect();
    let mut shares = Shares::default();
    for item in items::list_by_requests(conn, (operation.tenant, operation.id), &requests).await? {
        if !found.iter().any(|lead| lead.id == item.lead) || item.planned.verdict() != Verdict::Change {
            continue;
        }
        item.planned.targets().iter().for_each(|target| shares.add(Side::To, target.recipient));
        shares.add(Side::From, who);
    }
    Ok(shares)
}

/// What one step of planning comes to.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) items: Vec<Item>,
    pub(super) shares: Shares,
    /// Whether no more leads follow.
    pub(super) is_last: bool,
    pub(super) cursor: Option<LeadId>,
    pub(super) cursor_position: Option<i64>,
}

/// The next leads of a selection, each with what is to happen to it.
async fn selected(context: &Context, conn: &Conn, operation: &Operation, size: u64) -> Result<Batch, ActionError> {
    let found = selection::next(context, conn, operation, size).await?;
    let batch = planned(context, conn, operation, &found).await?;
    Ok(Batch { is_last: (found.len() as u64) < size, cursor: found.last().map(|lead| lead.id), ..batch })
}

/// What is to happen to each of these leads.
async fn planned(context: &Context, conn: &Conn, operation: &Operation, found: &[Lead]) -> Result<Batch, ActionError> {
    let mut requests: Vec<RequestId> = found.iter().map(|lead| lead.request).collect();
    requests.sort_unstable();
    requests.dedup();
    let held = Held::read(conn, operation.tenant, &requests).await?;
    // As their chains show them: the version that is pinned and what was decided from belong together.
    let copies = found.iter().map(|lead| held.copy(lead.id).cloned()).collect::<Result<Vec<Lead>, StoreError>>()?;
    let planned = match &operation.change {
        Change::Reassign { goal, .. } => {
            Box::pin(reassign::plan(context, conn, (operation, goal), &held, &copies)).await?
        }
        Change::Update { fields } => fields::plan(conn, fields, &copies).await?,
        Change::Undo { .. } => Vec::new(),
    };
    let mut batch = Batch::default();
    for (position, (copy, planned)) in (operation.planned.leads()..).zip(copies.iter().zip(planned)) {
        share(&mut batch.shares, copy, &planned);
        let (lead, request, lead_version) = (copy.id, copy.request, copy.version);
        batch.items.push(Item { position, lead, request, lead_version, planned });
    }
    Ok(batch)
}

fn share(shares: &mut Shares, copy: &Lead, planned: &Planned) {
    let Planned::Move(answer) = planned else { return };
    for target in &answer.targets {
        shares.add(Side::To, target.recipient);
    }
    if let Some(holder) = copy.recipient.filter(|_| copy.state.is_open()) {
        shares.add(Side::From, holder);
    }
}

fn count(planned: &mut PlannedCounts, items: &[Item]) {
    for item in items {
        match item.planned.verdict() {
            Verdict::Change => planned.change += 1,
            Verdict::Unchanged => planned.unchanged += 1,
            Verdict::Problem => planned.problem += 1,
        }
    }
}

/// The plan is whole and can be run for a day.
async fn ready(context: &Context, conn: &Conn, operation: &mut Operation) -> Result<(), StoreError> {
    let at = context.clock.now();
    operation.state = OperationState::Ready;
    operation.prepared_at = Some(at);
    operation.expires_at = Some(at + PLAN_LIFETIME);
    weigh(conn, operation).await?;
    tell(context, conn, operation, OperationState::Preparing).await
}

/// What the whole plan comes to: who gets most, and what is sent.
async fn weigh(conn: &Conn, operation: &mut Operation) -> Result<(), StoreError> {
    shares::rank(conn, (operation.tenant, operation.id)).await?;
    (operation.mail_count, operation.push_count) = messages(conn, operation).await?;
    Ok(())
}

/// How many mails and how many pushes the plan would send.
async fn messages(conn: &Conn, operation: &Operation) -> Result<(Option<i64>, Option<i64>), StoreError> {
    let of = (operation.tenant, operation.id);
    let (mut mails, mut pushes) = (0, 0);
    let Options { notify_new_owner: notify, notify_old_owner, push_to_crm, .. } = operation.options;
    let sides = [(Side::To, push_to_crm || notify != NotifyNewOwner::None), (Side::From, notify_old_owner)];
    for (side, _) in sides.into_iter().filter(|(_, is_told)| *is_told) {
        let all = shares::all(conn, of, side).await?;
        for some in all.chunks(RECIPIENTS_AT_ONCE) {
            let recipients: Vec<Recipient> = some.iter().map(|(recipient, _)| *recipient).collect();
            let directory = Directory::load(conn, operation.tenant, &recipients).await?;
            for (recipient, leads) in some {
                let each = match (side, notify) {
                    (Side::To, NotifyNewOwner::None) => 0,
                    (Side::To, NotifyNewOwner::Digest) => {
                        (leads + DIGEST_LEADS_MAX as i64 - 1) / DIGEST_LEADS_MAX as i64
                    }
                    (Side::To, NotifyNewOwner::PerLead) | (Side::From, _) => *leads,
                };
                mails += each * i64::try_from(directory.people(*recipient).len()).unwrap_or(i64::MAX);
                if side == Side::To && push_to_crm {
                    pushes += leads * i64::try_from(directory.crm(*recipient).count()).unwrap_or(i64::MAX);
                }
            }
        }
    }
    Ok((Some(mails), Some(pushes)))
}

/// A change of an operation's state in the audit log.
pub(super) async fn tell(
    context: &Context,
    conn: &Conn,
    operation: &Operation,
    before: OperationState,
) -> Result<(), StoreError> {
    let at = context.clock.now();
    let line = context.event(operation.tenant, at, event_actor(&operation.actor), EventKind::Updated, operation.id);
    let (old, new) = (serde_json::json!({ "state": before }), serde_json::json!({ "state": operation.state }));
    let event = Event { before: Some(old), after: Some(new), reason: operation.error.clone(), ..line };
    events::insert(conn, vec![event]).await
}

/// Ends an operation that can't go on, with the reason.
pub(super) async fn fail(
    context: &Context,
    of: (TenantId, OperationId),
    error: &ActionError,
) -> Result<(), ActionError> {
    let tx = context.store.begin().await?;
    let done = Box::pin(failed(context, &tx, of, public(error))).await;
    settle(tx, done).await
}

async fn failed(context: &Context, conn: &Conn, of: (TenantId, OperationId), why: String) -> Result<(), ActionError> {
    let Some(mut operation) = operations::lookup_held(conn, of.0, of.1).await? else { return Ok(()) };
    // Waits for the chunks that others have in hand: what they did stays, and is counted.
    chunks::hold_open(conn, of).await?;
    if !matches!(operation.state, OperationState::Preparing | OperationState::Running) {
        return Ok(());
    }
    let before = operation.state;
    operation.state = OperationState::Failed;
    operation.finished_at = Some(context.clock.now());
    operation.error = Some(why);
    operation.is_telling = operation.tells_at_its_end();
    operations::update(conn, &operation).await?;
    Ok(tell(context, conn, &operation, before).await?)
}
