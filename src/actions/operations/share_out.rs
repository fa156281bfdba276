//! Sharing leads out under capacities: before a balanced operation is planned chunk by chunk, all of its leads are looked at together, and
//! it is written down who is to get each (SPEC ALGO-7).
//!
//! That takes seconds for many leads, so nothing is held meanwhile: what comes of it depends only on what was read. A worker that dies has
//! done nothing, and of two servers that do it at once the second finds it done.

use std::collections::HashSet;

use super::asking::{Asking, Sharing};
use super::{reassign, selection};
use crate::actions::aside::{is_lasting, settle};
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::actions::held::Held;
use crate::actions::operations::plan;
use crate::domain::InvalidCode;
use crate::domain::id::{InterfaceId, LeadId, OperationId, RequestId, TenantId};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::operation::{BALANCED_LEADS_MAX, Change, Goal, Operation, OperationState};
use crate::store::operations::{self, named};
use crate::store::{Conn, StoreError};

/// Leads that are read at once.
const READ_AT_ONCE: u64 = 1_000;

/// Shares the leads of a balanced operation out, unless that is done or there are more than `together` of them. Whether it did anything.
pub(super) async fn step(context: &Context, of: (TenantId, OperationId), together: usize) -> Result<bool, ActionError> {
    let reader = context.store.reader();
    let Some(operation) = operations::lookup(reader, of.0, of.1).await? else { return Ok(false) };
    let Some(Over(interface)) = waiting(&operation) else { return Ok(false) };
    match Box::pin(shared_out(context, reader, (&operation, interface), together)).await {
        Ok(None) => Ok(false),
        Ok(Some(shared)) => write(context, of, &shared).await.map(|()| true),
        Err(error) if is_lasting(&error) => {
            plan::fail(context, of, &error).await?;
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// Whose candidates leads are shared out to: an interface's, or any dealer's.
struct Over(Option<InterfaceId>);

/// Over whom the leads of an operation are still to be shared out.
fn waiting(operation: &Operation) -> Option<Over> {
    match &operation.change {
        Change::Reassign { goal: Goal::Balanced { interface }, .. }
            if operation.state == OperationState::Preparing && !operation.is_shared_out =>
        {
            Some(Over(*interface))
        }
        _ => None,
    }
}

type Shared = Vec<(LeadId, Option<Recipient>)>;

async fn shared_out(
    context: &Context,
    conn: &Conn,
    (operation, interface): (&Operation, Option<InterfaceId>),
    together: usize,
) -> Result<Option<Shared>, ActionError> {
    let Some(pages) = read(context, conn, operation, together).await? else { return Ok(None) };
    let Some(first) = pages.first() else { return Ok(Some(Vec::new())) };
    let asking = Asking::balanced(context, conn, (operation, &first.held), interface).await?;
    let shared = tokio::task::spawn_blocking(move || share(&asking, &pages)).await;
    // It panics on a fault of ours alone, and then nothing is written.
    Ok(Some(shared.map_err(|fault| StoreError::corrupt("operations.change", fault.to_string()))??))
}

/// Some of the leads with what is known of them.
struct Page {
    held: Held,
    leads: Vec<LeadId>,
}

/// All leads of the selection; nothing if they are more than `together`.
async fn read(
    context: &Context,
    conn: &Conn,
    operation: &Operation,
    together: usize,
) -> Result<Option<Vec<Page>>, ActionError> {
    let (mut pages, mut count, mut upto) = (Vec::new(), 0, operation.clone());
    loop {
        let found = selection::next(context, conn, &upto, READ_AT_ONCE).await?;
        count += found.len();
        if count > BALANCED_LEADS_MAX {
            let message = format!(
                "more than {BALANCED_LEADS_MAX} leads can't be shared out together: select fewer, or take another target"
            );
            return Err(ActionError::refused("selection", InvalidCode::TooLong, message));
        }
        if count > together {
            return Ok(None);
        }
        let Some(last) = found.last() else { return Ok(Some(pages)) };
        upto.cursor = Some(last.id);
        let mut requests: Vec<RequestId> = found.iter().map(|lead| lead.request).collect();
        requests.sort_unstable();
        requests.dedup();
        let held = Held::read(conn, operation.tenant, &requests).await?;
        pages.push(Page { held, leads: found.iter().map(|lead| lead.id).collect() });
    }
}

fn share(asking: &Asking, pages: &[Page]) -> Result<Shared, StoreError> {
    let (mut shared, mut movable, mut taken) = (Shared::new(), Vec::new(), HashSet::new());
    for page in pages {
        for id in &page.leads {
            let copy = page.held.copy(*id)?;
            // Why it can't go anywhere is said when it is planned.
            if reassign::immovable(&page.held, copy).is_none() && taken.insert(copy.request) {
                movable.push((shared.len(), page, copy, chain(page, copy)));
            }
            shared.push((*id, None));
        }
    }
    let sharing =
        movable.iter().map(|(_, page, copy, chain)| Ok(Sharing { copy, request: page.held.request(copy)?, chain }));
    let sharing = sharing.collect::<Result<Vec<_>, StoreError>>()?;
    for ((place, ..), recipient) in movable.iter().zip(asking.share_out(&sharing)) {
        if let Some((_, to)) = shared.get_mut(*place) {
            *to = recipient;
        }
    }
    Ok(shared)
}

fn chain(page: &Page, copy: &Lead) -> Vec<Recipient> {
    page.held.chain(copy.request).iter().filter_map(|other| other.recipient).collect()
}

async fn write(context: &Context, of: (TenantId, OperationId), shared: &Shared) -> Result<(), ActionError> {
    let tx = context.store.begin().await?;
    let done = Box::pin(within(&tx, of, shared)).await;
    settle(tx, done).await
}

async fn within(conn: &Conn, of: (TenantId, OperationId), shared: &Shared) -> Result<(), ActionError> {
    let Some(mut operation) = operations::lookup_held(conn, of.0, of.1).await? else { return Ok(()) };
    if waiting(&operation).is_none() {
        return Ok(());
    }
    named::replace(conn, of, shared).await?;
    operation.is_shared_out = true;
    Ok(operations::update(conn, &operation).await?)
}
