//! The shares of a rotation: how many turns somebody gets against the others.

use crate::actions::handover::Directory;
use crate::actions::network::Target;
use crate::actions::{ActionError, Begun, Call, Context, Permission, permit};
use crate::domain::event::EventKind;
use crate::domain::id::JobId;
use crate::domain::lead::Recipient;
use crate::domain::rotation::{RotationMember, WEIGHT_MAX};
use crate::domain::{Invalid, InvalidCode};
use crate::store::rotations;

use super::edit::find;

/// Somebody and their share.
pub type Weight = (Recipient, u32);

/// The most in one call: a page of the ledger.
const WEIGHTS_MAX: usize = 250;

/// Sets shares in a job's ledger. Nobody's place among the others changes by it, only the pace from now on.
pub async fn set_weights(cx: &Context, call: Call<'_>, id: JobId, weights: &[Weight]) -> Result<JobId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    check(weights)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let job = find(&work, Target::any(id)).await?;
    rotations::lock(&work, job.tenant, &[id]).await?;
    let recipients: Vec<Recipient> = weights.iter().map(|(recipient, _)| *recipient).collect();
    let directory = Directory::load(&work, job.tenant, &recipients).await?;
    let unknown = recipients.iter().enumerate().filter(|(_, recipient)| !directory.knows(**recipient));
    let problem = |(index, _)| place(index, "recipientId", InvalidCode::NotFound, "there is no such dealer or user");
    let problems: Vec<Invalid> = unknown.map(problem).collect();
    if !problems.is_empty() {
        return Err(problems.into());
    }
    // Read only when no turn can be given back any more before it is written.
    rotations::hold_lines(&work, job.tenant, recipients.iter().map(|recipient| (id, *recipient))).await?;
    let ledger = rotations::list_all(&work, job.tenant, &[id]).await?;
    let (mut before, mut after) = (serde_json::Map::new(), serde_json::Map::new());
    let mut members = Vec::with_capacity(weights.len());
    for (recipient, weight) in weights {
        let known = ledger.iter().find(|member| member.recipient == *recipient).cloned();
        let member = known.unwrap_or_else(|| RotationMember::new(job.tenant, id, *recipient, work.at()));
        if member.weight != *weight {
            let name = recipient.id();
            before.insert(name.clone(), member.weight.into());
            after.insert(name, (*weight).into());
        }
        members.push(member.weighing(*weight));
    }
    rotations::save(&work, &members).await?;
    if !after.is_empty() {
        let told =
            |weights: serde_json::Map<String, serde_json::Value>| Some(serde_json::json!({ "weights": weights }));
        work.note(EventKind::Updated, id, told(before), told(after));
    }
    work.commit(id).await
}

fn check(weights: &[Weight]) -> Result<(), ActionError> {
    if weights.is_empty() {
        return Err(ActionError::refused("weights", InvalidCode::Required, "name at least one recipient"));
    }
    if weights.len() > WEIGHTS_MAX {
        let message = format!("{} weights, at most {WEIGHTS_MAX} are allowed at once", weights.len());
        return Err(ActionError::refused("weights", InvalidCode::TooLong, message));
    }
    let mut problems = Vec::new();
    for (index, (recipient, weight)) in weights.iter().enumerate() {
        if !(1..=WEIGHT_MAX).contains(weight) {
            let message = format!("{weight} is not between 1 and {WEIGHT_MAX}");
            problems.push(place(index, "weight", InvalidCode::OutOfRange, &message));
        }
        if weights.iter().take(index).any(|(other, _)| other == recipient) {
            problems.push(place(index, "recipientId", InvalidCode::NotAllowed, "it is named twice"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

fn place(index: usize, field: &str, code: InvalidCode, message: &str) -> Invalid {
    Invalid::new(field, code, message).under(index.to_string()).under("weights")
}
