//! How the addresses of dealers' CRMs are doing: those that fail rest, and those that have failed for long are switched off (SPEC SEND-4).
//!
//! ```text
//! failed tries   1–4    5      6     7     8     9      10     11 and later
//! rest           none   1m     2m    4m    8m    16m    32m    1h      and then one push, until one arrives
//! ```
//!
//! A failed try is whatever did not arrive: an address that refuses every push is no better than one that is silent.

use std::collections::BTreeSet;
use std::time::Duration;

use super::error::JobError;
use super::outbox::Done;
use crate::actions::Context;
use crate::actions::due::baton;
use crate::delivery::Outcome;
use crate::domain::Timestamp;
use crate::domain::dealer::Dealer;
use crate::domain::delivery::Channel;
use crate::domain::event::{Event, EventKind};
use crate::domain::id::TenantId;
use crate::store::pushes::{self, FAILED_BEFORE_REST, Failing, Reached};
use crate::store::{Conn, dealers, events, tenants};

const FIRST_REST: Duration = Duration::from_mins(1);
/// A CRM that comes back is noticed within the hour.
const LAST_REST: Duration = Duration::from_hours(1);
/// An address that took nothing for so long, over so many tries, is switched off: a night's maintenance is shorter, a weekend's leads are lost
/// on a dead address otherwise.
const SWITCHED_OFF_AFTER: (Duration, i64) = (Duration::from_hours(24), 20);
/// Pushes that are given up in one transaction, each with a line in its lead's timeline.
const GIVEN_UP_AT_ONCE: u64 = 1_000;

/// One address of one tenant's dealers that is to be switched off, and why.
pub(super) struct Dead {
    tenant: TenantId,
    address: String,
    channel: Channel,
    reason: String,
    is_switched_off: bool,
}

/// Counts what these tries say of their addresses; those that are dead. INVARIANT: they are written down themselves, in this transaction.
pub(super) async fn count(conn: &Conn, tries: &[&Done], at: Timestamp) -> Result<Vec<Dead>, JobError> {
    let mut tries: Vec<&Done> = tries.iter().copied().filter(|done| done.answer.was_asked).collect();
    // All processes hold them in one order.
    tries.sort_by(|one, other| key(one).cmp(&key(other)));
    let mut dead: Vec<Dead> = Vec::new();
    for done in tries {
        let (tenant, address) = key(done);
        let channel = done.delivery.channel;
        let reason = match (channel, &done.answer.outcome) {
            (Channel::AdfHttp | Channel::JsonHttp, outcome) => note_one(conn, (tenant, address), outcome, at).await?,
            (Channel::AdfEmail, Outcome::Permanent { bad_address: true, .. }) => {
                Some("its CRM integration was switched off: the mail address was refused".to_owned())
            }
            _ => None,
        };
        let address = address.to_owned();
        dead.extend(reason.map(|reason| Dead { tenant, address, channel, reason, is_switched_off: false }));
    }
    let mut seen = BTreeSet::new();
    dead.retain(|one| seen.insert((one.tenant, one.address.clone(), one.channel.is_http())));
    Ok(dead)
}

fn key(done: &Done) -> (TenantId, &str) {
    (done.delivery.tenant, &done.delivery.address)
}

/// Why the address is to be switched off, if it is.
async fn note_one(
    conn: &Conn,
    (tenant, address): (TenantId, &str),
    outcome: &Outcome,
    at: Timestamp,
) -> Result<Option<String>, JobError> {
    let asked = match outcome {
        Outcome::Sent { .. } => {
            pushes::forget(conn, tenant, address).await?;
            return Ok(None);
        }
        Outcome::Retry { after, .. } => *after,
        Outcome::Permanent { .. } => None,
    };
    let failing = pushes::count_failed(conn, tenant, address, at).await?;
    // A receiver that asks to be left alone is left alone by all of its pushes, but not for so long that leads grow cold: those that it did
    // not speak of are tried within the hour.
    if let Some(rest) = rest_after(failing.failed_count).max(asked.map(|asked| asked.min(LAST_REST))) {
        pushes::rest(conn, tenant, address, at + rest).await?;
    }
    Ok(is_dead(failing, at).then(|| {
        format!("its CRM integration was switched off: {} pushes failed since {}", failing.failed_count, failing.since)
    }))
}

fn rest_after(failed_count: i64) -> Option<Duration> {
    let beyond = failed_count - FAILED_BEFORE_REST;
    let doublings = u32::try_from(beyond).unwrap_or(u32::MAX).min(16);
    (beyond >= 0).then(|| (FIRST_REST * 2_u32.pow(doublings)).min(LAST_REST))
}

fn is_dead(failing: Failing, at: Timestamp) -> bool {
    let (long, often) = SWITCHED_OFF_AFTER;
    failing.failed_count >= often && at.since(failing.since) >= long
}

/// Switches a dead address off, and then gives up what waits for it, so much at a time. Done again, it goes on where it was cut off; what is
/// left after a process died is given up push by push when each is due.
pub(super) async fn end(context: &Context, dead: &mut Dead) -> Result<(), JobError> {
    let at = context.clock.now();
    if !dead.is_switched_off {
        let tx = context.store.begin().await?;
        if !switch_off(context, &tx, dead, at).await? {
            return Ok(());
        }
        tx.commit().await?;
        dead.is_switched_off = true;
    }
    while give_up_some(context, dead, at).await? {}
    Ok(())
}

/// Switches it off at all dealers that have it, with a line in the audit log; false if it is dead no more. Whoever hands leads on holds the
/// network: what was written before this is given up after it, what comes later sees the address switched off.
async fn switch_off(context: &Context, conn: &Conn, dead: &Dead, at: Timestamp) -> Result<bool, JobError> {
    let Dead { tenant, address, channel, reason, .. } = dead;
    tenants::raise_network_version(conn, *tenant).await?;
    let failing = pushes::find_failing(conn, *tenant, address).await?;
    // Another process was first, or somebody has set the address up anew.
    if channel.is_http() && !failing.is_some_and(|failing| is_dead(failing, at)) {
        return Ok(false);
    }
    let mut lines = Vec::new();
    for before in dealers::list_by_crm(conn, *tenant, address).await? {
        let mut after = Dealer { updated_at: at, ..before.clone() };
        for crm in &mut after.crm {
            // Over HTTP it is the address that is dead, whatever is posted there.
            let is_meant = crm.address == *address && Channel::from(crm.kind).is_http() == channel.is_http();
            crm.active &= !is_meant;
        }
        if after.crm == before.crm {
            continue;
        }
        dealers::update(conn, &after).await?;
        let line = context.event(*tenant, at, baton(), EventKind::Updated, before.id);
        let (old, new) = (serde_json::json!({ "crm": before.crm }), serde_json::json!({ "crm": after.crm }));
        lines.push(Event { before: Some(old), after: Some(new), reason: Some(reason.clone()), ..line });
    }
    events::insert(conn, lines).await?;
    pushes::forget(conn, *tenant, address).await?;
    Ok(true)
}

/// Gives up as much of what waits as one transaction should; whether there may be more. It holds nothing but those pushes.
async fn give_up_some(context: &Context, dead: &Dead, at: Timestamp) -> Result<bool, JobError> {
    let Dead { tenant, address, channel, reason, .. } = dead;
    let reached = Reached { tenant: *tenant, address, channel: *channel };
    let tx = context.store.begin().await?;
    let given_up = pushes::give_up(&tx, reached, (at, reason), GIVEN_UP_AT_ONCE).await?;
    let line = |one: &pushes::GivenUp| Event {
        lead: Some(one.lead),
        request: Some(one.request),
        reason: Some(reason.clone()),
        ..context.event(*tenant, at, baton(), EventKind::DeliveryFailed, one.delivery)
    };
    events::insert(&tx, given_up.iter().map(line).collect()).await?;
    tx.commit().await?;
    Ok(given_up.len() as u64 == GIVEN_UP_AT_ONCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_000_000);

    // SEND-4
    #[test]
    fn rests_grow_as_the_table_says() {
        let minutes = |failed_count| rest_after(failed_count).map(|rest| rest.as_secs() / 60);
        let rests: Vec<Option<u64>> = (1..=12).map(minutes).collect();
        let expected = [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60].map(|minutes| (minutes > 0).then_some(minutes));
        assert_eq!(rests, expected);
        assert_eq!(minutes(i64::MAX), Some(60));
    }

    // SEND-4
    #[test]
    fn an_address_is_dead_after_a_day_and_twenty_tries_and_not_before() {
        let failing = |failed_count| Failing { failed_count, since: START };
        let day = START + Duration::from_hours(24);
        assert!(is_dead(failing(20), day));
        assert!(!is_dead(failing(19), day) && !is_dead(failing(500), day - Duration::from_micros(1)));
    }
}
