//! Telling new owners once for a whole operation, some of them at a time. That they were told and their messages become true together, so
//! that a worker killed meanwhile leaves the next one those who were not.

use std::collections::HashMap;

use super::reassign::why;
use crate::actions::context::{Context, event_actor};
use crate::actions::error::ActionError;
use crate::actions::handover::{DIGEST_LEADS_MAX, Desk, Directory};
use crate::domain::id::{LeadId, RequestId};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::operation::{NotifyNewOwner, Operation};
use crate::domain::request::Request;
use crate::store::operations::untold;
use crate::store::{Conn, Scope, StoreError, leads, requests, tenants};

/// Recipients per transaction: with a few people each and as many links as a mail has, some thousand rows.
const RECIPIENTS_AT_ONCE: u64 = 20;

/// Writes to the next recipients. Whether there were any. INVARIANT: the transaction holds the operation.
pub(super) async fn tell_some(context: &Context, conn: &Conn, operation: &Operation) -> Result<bool, ActionError> {
    if operation.options.notify_new_owner != NotifyNewOwner::Digest {
        return Ok(false);
    }
    let of = (operation.tenant, operation.id);
    let next = untold::list(conn, of, (RECIPIENTS_AT_ONCE, DIGEST_LEADS_MAX as u64)).await?;
    if next.is_empty() {
        return Ok(false);
    }
    let recipients: Vec<Recipient> = next.iter().map(|one| one.recipient).collect();
    let directory = Directory::load(conn, operation.tenant, &recipients).await?;
    let found = tenants::lookup(conn, operation.tenant).await?;
    let tenant = found.ok_or_else(|| StoreError::corrupt("operations.tenant_id", "there is no such tenant"))?;
    let (copies, asked) = copies(conn, operation, next.iter().flat_map(|one| one.leads.iter().copied())).await?;
    let by = event_actor(&operation.actor);
    let mut desk = Desk::new(context, &tenant, &[], &directory, by, context.clock.now());
    for one in &next {
        let told: Vec<(&Lead, &Request)> = one
            .leads
            .iter()
            .filter_map(|id| copies.get(id))
            .filter_map(|copy| asked.get(&copy.request).map(|request| (copy, request)))
            .collect();
        desk.send_digest(one.recipient, &told, one.count, &why(operation));
    }
    let at = desk.at();
    desk.changes.write(conn, operation.tenant, at).await?;
    untold::remove(conn, of, &next).await?;
    Ok(true)
}

/// Copies by their ids, and what their customers asked for.
async fn copies(
    conn: &Conn,
    operation: &Operation,
    ids: impl Iterator<Item = LeadId>,
) -> Result<(HashMap<LeadId, Lead>, HashMap<RequestId, Request>), StoreError> {
    let ids: Vec<LeadId> = ids.collect();
    let found = leads::lookup_many(conn, &Scope::system(operation.tenant), &ids).await?;
    let of: Vec<RequestId> = found.iter().map(|copy| copy.request).collect();
    let asked = requests::lookup_many(conn, operation.tenant, &of).await?;
    let copies = found.into_iter().map(|copy| (copy.id, copy)).collect();
    Ok((copies, asked.into_iter().map(|request| (request.id, request)).collect()))
}
