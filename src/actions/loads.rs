//! What recipients have in hand now, read for those who rank: capacities and the computed fields of candidates.
//!
//! Reads only, and only if somebody asks for it.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::lead::Recipient;
use crate::domain::tenant::Tenant;
use crate::routing::{Load, Loads, Network};
use crate::store::{Conn, StoreError, leads};

/// Over which time the rates of recipients are taken.
const RATES_OVER: Duration = Duration::from_hours(90 * 24);

/// The loads of a network, or nothing when they are not `needed`.
pub async fn loads(
    conn: &Conn,
    tenant: &Tenant,
    network: &Arc<Network>,
    at: Timestamp,
    needed: bool,
) -> Result<Loads, StoreError> {
    Ok(if needed { Loads::new(network, read_loads(conn, tenant, at).await?) } else { Loads::none(network) })
}

/// What everybody has in hand who has anything.
pub async fn read_loads(conn: &Conn, tenant: &Tenant, at: Timestamp) -> Result<Vec<(Recipient, Load)>, StoreError> {
    let day = start_of_day(at, tenant.time_zone);
    let found = leads::loads(conn, tenant.id, day, at - RATES_OVER).await?;
    let load = |found: leads::RecipientLoad| Load {
        open: found.open,
        today: found.today,
        ack_rate: (found.offered > 0).then(|| found.acknowledged as f64 / found.offered as f64),
        response_minutes: found.response_minutes,
    };
    Ok(found.into_iter().map(|(recipient, found)| (recipient, load(found))).collect())
}

/// When the tenant's day began. In a zone where midnight is skipped, the first moment after it.
pub fn start_of_day(at: Timestamp, zone: chrono_tz::Tz) -> Timestamp {
    use chrono::{NaiveTime, TimeZone};
    let day = at.datetime().with_timezone(&zone).date_naive();
    let mut hours = (0..4).filter_map(|hour| NaiveTime::from_hms_opt(hour, 0, 0));
    let first = hours.find_map(|time| zone.from_local_datetime(&day.and_time(time)).earliest());
    first.map_or(at, |moment| Timestamp::from(moment.to_utc()))
}
