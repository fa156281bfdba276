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
use crate::delivery::{GIVE_UP_AFTER, Outcome};
use crate::domain::Timestamp;
use crate::domain::dealer::Dealer;
use crate::domain::delivery::Channel;
use crate::domain::event::{Event, EventKind};
use crate::domain::id::TenantId;
use crate::store::pushes::{self, FAILED_BEFORE_REST, Failing};
use crate::store::{Conn, dealers, events, tenants};

const FIRST_REST: Duration = Duration::from_mins(1);
/// A CRM that comes back is noticed within the hour.
const LAST_REST: Duration = Duration::from_hours(1);
/// An address that took nothing for so long, over so many tries, is switched off: a night's maintenance is shorter, a weekend's leads are lost
/// on a dead address otherwise.
const SWITCHED_OFF_AFTER: (Duration, i64) = (Duration::from_hours(24), 20);
/// Pushes that are given up by one statement, each with a line in its lead's timeline.
const GIVEN_UP_AT_ONCE: u64 = 1_000;

/// One address of one tenant's dealers that is to be switched off, and why.
pub(super) struct Dead<'d> {
    tenant: TenantId,
    address: &'d str,
    channel: Channel,
    reason: String,
}

/// Counts what these tries say of their addresses; those that are dead. INVARIANT: they are written down themselves, in this transaction.
pub(super) async fn count<'d>(conn: &Conn, tries: &[&'d Done], at: Timestamp) -> Result<Vec<Dead<'d>>, JobError> {
    let mut tries: Vec<&'d Done> = tries.iter().copied().filter(|done| done.answer.was_asked).collect();
    // All processes hold them in one order.
    tries.sort_by(|one, other| key(one).cmp(&key(other)));
    let mut dead: Vec<Dead<'d>> = Vec::new();
    for done in tries {
        let delivery = &done.delivery;
        let (tenant, address, channel) = (delivery.tenant, delivery.address.as_str(), delivery.channel);
        match (channel, &done.answer.outcome) {
            (Channel::AdfHttp | Channel::JsonHttp, outcome) => {
                if let Some(reason) = note_one(conn, key(done), outcome, at).await? {
                    dead.push(Dead { tenant, address, channel, reason });
                }
            }
            (Channel::AdfEmail, Outcome::Permanent { bad_address: true, .. }) => {
                let reason = "its CRM integration was switched off: the mail address was refused".to_owned();
                dead.push(Dead { tenant, address, channel, reason });
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    dead.retain(|one| seen.insert((one.tenant, one.address, one.channel.is_http())));
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
    // A receiver that asks to be left alone means all of its pushes.
    if let Some(rest) = rest_after(failing.failed_count).max(asked.map(|asked| asked.min(GIVE_UP_AFTER))) {
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

/// Switches a dead address off at all dealers that have it, with a line in the audit log, and gives up what waits for it. It holds the network:
/// whoever does that waits for no address any more.
pub(super) async fn switch_off(context: &Context, conn: &Conn, dead: Dead<'_>, at: Timestamp) -> Result<(), JobError> {
    let Dead { tenant, address, channel, reason } = dead;
    // Whoever offers copies holds the network: what was written before this is given up, what comes after sees the address switched off.
    tenants::raise_network_version(conn, tenant).await?;
    let mut lines = Vec::new();
    for before in dealers::list_by_crm(conn, tenant, address).await? {
        let mut after = Dealer { updated_at: at, ..before.clone() };
        for crm in &mut after.crm {
            // Over HTTP it is the address that is dead, whatever is posted there.
            let is_meant = crm.address == address && Channel::from(crm.kind).is_http() == channel.is_http();
            crm.active &= !is_meant;
        }
        if after.crm == before.crm {
            continue;
        }
        dealers::update(conn, &after).await?;
        let line = context.event(tenant, at, baton(), EventKind::Updated, before.id);
        let (old, new) = (serde_json::json!({ "crm": before.crm }), serde_json::json!({ "crm": after.crm }));
        lines.push(Event { before: Some(old), after: Some(new), reason: Some(reason.clone()), ..line });
    }
    events::insert(conn, &lines).await?;
    pushes::forget(conn, tenant, address).await?;
    loop {
        let given_up = pushes::give_up(conn, (tenant, address, channel), (at, &reason), GIVEN_UP_AT_ONCE).await?;
        let line = |one: &pushes::GivenUp| Event {
            lead: Some(one.lead),
            request: Some(one.request),
            reason: Some(reason.clone()),
            ..context.event(tenant, at, baton(), EventKind::DeliveryFailed, one.delivery)
        };
        events::insert(conn, &given_up.iter().map(line).collect::<Vec<_>>()).await?;
        if (given_up.len() as u64) < GIVEN_UP_AT_ONCE {
            return Ok(());
        }
    }
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
