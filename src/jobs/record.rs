//! Writes down how tries went: sent, to be tried again at a moment, or given up with a line in the timeline.
//!
//! Reasons stand in the delivery's own record only; they may hold an address and never reach a log. Of what became of a push, a lead's
//! timeline has no words of the receiver.

use super::endpoints::{self, Dead};
use super::error::JobError;
use super::outbox::{Done, Posted};
use crate::actions::Context;
use crate::actions::due::baton;
use crate::delivery::{Outcome, Tried, next_attempt};
use crate::domain::Timestamp;
use crate::domain::delivery::{AttemptOutcome, Delivery};
use crate::domain::event::{Event, EventKind};
use crate::domain::lead::Lead;
use crate::domain::offer::Addressee;
use crate::store::deliveries::{self, AttemptRecord};
use crate::store::{Conn, contacts, events, leads, tenants};

/// Writes all of them down in one transaction; also says which addresses are dead by now.
pub(super) async fn record(context: &Context, done: &[Done]) -> Result<(Posted, Vec<Dead>), JobError> {
    let mut posted = Posted::default();
    let (mut lines, mut ours) = (Vec::new(), Vec::new());
    let tx = context.store.begin().await?;
    let at = context.clock.now();
    for one in done {
        let attempt = attempt(context, &tx, one, at).await?;
        if !deliveries::record(&tx, &one.delivery, &attempt).await? {
            posted.taken_over += 1;
            continue;
        }
        ours.push(one);
        match attempt.outcome {
            AttemptOutcome::Sent => posted.sent += 1,
            AttemptOutcome::Retry => posted.retried += 1,
            AttemptOutcome::Failed => {
                posted.failed += 1;
                lines.extend(failures(context, &tx, one, at).await?);
            }
        }
    }
    // Networks are held before addresses, as everywhere, and in one order by all processes: nobody who holds one waits for the other.
    ours.sort_by_key(|one| one.delivery.tenant);
    for one in &ours {
        note_bounce(context, &tx, (one, at), &mut lines).await?;
    }
    let dead = endpoints::count(&tx, &ours, at).await?;
    events::insert(&tx, lines).await?;
    tx.commit().await?;
    Ok((posted, dead))
}

async fn attempt(context: &Context, conn: &Conn, done: &Done, at: Timestamp) -> Result<AttemptRecord, JobError> {
    let (outcome, detail, next_attempt_at) = match &done.answer.outcome {
        Outcome::Sent { reply } => (AttemptOutcome::Sent, reply.clone(), None),
        Outcome::Permanent { reason, .. } => (AttemptOutcome::Failed, reason.clone(), None),
        Outcome::Retry { after, reason } => {
            let (attempt_count, first_at) = tries_so_far(conn, &done.delivery, at).await?;
            let next = next_attempt(Tried { attempt_count, first_at, now: at, after: *after }, context.entropy.unit());
            let outcome = if next.is_some() { AttemptOutcome::Retry } else { AttemptOutcome::Failed };
            (outcome, reason.clone(), next)
        }
    };
    Ok(AttemptRecord { id: context.id(at), at, outcome, detail: Some(detail), next_attempt_at })
}

/// How many tries there were, this one included, and when the first was. A message that was given up and is sent again by hand
/// starts over, and one that waited for a mail server starts with its first try.
async fn tries_so_far(conn: &Conn, delivery: &Delivery, at: Timestamp) -> Result<(u32, Timestamp), JobError> {
    if delivery.attempts <= 1 {
        return Ok((1, at));
    }
    let before = deliveries::attempts(conn, delivery.tenant, delivery.id).await?;
    let latest: Vec<_> = before.iter().rev().take_while(|one| one.outcome == AttemptOutcome::Retry).collect();
    let count = u32::try_from(latest.len()).unwrap_or(u32::MAX).saturating_add(1);
    Ok((count, latest.last().map_or(at, |first| first.attempted_at)))
}

/// A contact whose address was refused gets no further leads until somebody mends it: whoever can't be told is no candidate.
async fn note_bounce(
    context: &Context,
    conn: &Conn,
    (done, at): (&Done, Timestamp),
    events: &mut Vec<Event>,
) -> Result<(), JobError> {
    let Outcome::Permanent { bad_address: true, .. } = done.answer.outcome else { return Ok(()) };
    let (tenant, Some(Addressee::Contact(contact))) = (done.delivery.tenant, done.delivery.addressee) else {
        return Ok(());
    };
    if contacts::mark_bounced(conn, tenant, contact, &done.delivery.address, at).await? {
        tenants::raise_network_version(conn, tenant).await?;
        let line = context.event(tenant, at, baton(), EventKind::Updated, contact);
        let after = Some(serde_json::json!({ "bouncedAt": at.to_string() }));
        events.push(Event { after, reason: Some("the address was refused".to_owned()), ..line });
    }
    Ok(())
}

/// A line on the timeline of each lead that the message told of; one of its own, if it told of none that can be read.
async fn failures(context: &Context, conn: &Conn, done: &Done, at: Timestamp) -> Result<Vec<Event>, JobError> {
    let delivery = &done.delivery;
    let line = || context.event(delivery.tenant, at, baton(), EventKind::DeliveryFailed, delivery.id);
    let reason = Some(done.answer.told.clone());
    if done.about.is_empty() {
        // A copy's line names the request too, which is known even if nothing else of the copy can be read.
        let request = match delivery.lead {
            Some(lead) => leads::find_request(conn, delivery.tenant, lead).await?,
            None => None,
        };
        return Ok(vec![Event { lead: delivery.lead.filter(|_| request.is_some()), request, reason, ..line() }]);
    }
    let on = |copy: &Lead| Event { lead: Some(copy.id), request: Some(copy.request), reason: reason.clone(), ..line() };
    Ok(done.about.iter().map(on).collect())
}
