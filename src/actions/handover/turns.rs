//! The ledgers of the tenant's rotations, as the engine holds them while it decides.

use std::collections::HashMap;

use crate::actions::held::Held;
use crate::domain::Timestamp;
use crate::domain::id::JobId;
use crate::domain::job::{Algorithm, Job};
use crate::routing::Ledger;
use crate::store::{Conn, StoreError, rotations};

use super::engine::Firmness;
use super::ground::Ground;

/// By their jobs.
pub(super) type Ledgers = HashMap<JobId, Ledger>;

/// The ledgers of all jobs that hand leads out in turn. To write, they are held until the transaction ends.
pub(super) async fn ledgers(
    conn: &Conn,
    held: &Held,
    ground: &Ground,
    at: Timestamp,
    firmness: Firmness,
) -> Result<Ledgers, StoreError> {
    let rotating: Vec<&Job> = held.jobs.iter().filter(|job| job.algorithm == Algorithm::Rotation).collect();
    let ids: Vec<JobId> = rotating.iter().map(|job| job.id).collect();
    if firmness == Firmness::ToWrite {
        rotations::lock(conn, held.tenant.id, &ids).await?;
    }
    let members = rotations::list_all(conn, held.tenant.id, &ids).await?;
    let ledger = |job: &&Job| {
        let published = ground.published.get(&job.interface);
        let is_away = published.map(|published| published.plan.away(&ground.loads, at));
        (job.id, Ledger::new(job.id, &members, |one| is_away.as_ref().is_some_and(|is_away| is_away(one))))
    };
    Ok(rotating.iter().map(ledger).collect())
}
