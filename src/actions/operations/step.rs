//! One step of a worker: a chunk of whichever operation was served longest ago, planned or carried out.

use super::turns::Turns;
use super::work::Did;
use super::{end, plan, work};
use crate::actions::context::Context;
use crate::actions::error::ActionError;
use crate::domain::operation::{BALANCED_LEADS_MAX, Operation};
use crate::store::operations::{self, Open, Stage};

/// Does one chunk of one operation, tells some of its new owners, or ends one. Whether there was anything to do.
pub async fn step(context: &Context, turns: &Turns) -> Result<bool, ActionError> {
    let open = operations::list_open(context.store.reader()).await?;
    for one in turns.order(&open) {
        turns.served(one);
        if serve(context, turns, one).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn serve(context: &Context, turns: &Turns, one: Open) -> Result<bool, ActionError> {
    let of = (one.tenant, one.id);
    if one.stage == Stage::Preparing {
        let Some(_alone) = turns.alone(one.id) else { return Ok(false) };
        // Whether or not more follows, a step that planned something was work; one that found it taken was none, and rests.
        let before = operations::lookup(context.store.reader(), one.tenant, one.id).await?;
        plan::step(context, of, BALANCED_LEADS_MAX).await?;
        let after = operations::lookup(context.store.reader(), one.tenant, one.id).await?;
        let place = |one: Operation| (one.state, one.planned, one.is_shared_out);
        return Ok(before.map(place) != after.map(place));
    }
    if one.stage == Stage::Running && work::step(context, turns, of).await? == Did::Chunk {
        return Ok(true);
    }
    end::step(context, of, one.stage).await
}
