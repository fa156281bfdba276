//! Answering a lead in a transaction of its own: through a link, or as a mutation within an actor's reach.

use serde::{Deserialize, Serialize};

use crate::domain::event::{EventActor, EventKind};
use crate::domain::id::LeadId;
use crate::domain::lead::{Lead, LeadState};
use crate::domain::{InvalidCode, Timestamp};
use crate::store::{Conn, Scope, StoreError, leads};

use super::answer::{self, Answer, Answered};
use super::context::{Context, event_actor};
use super::error::ActionError;
use super::handover::{Changes, Desk, Directory, Engine, Firmness, Move, Task, Tell, Urgency, Verdict, carry_out};
use super::held::Held;
use super::permit::{Permission, permit};
use super::work::{Begun, Call};

/// An answer by mutation.
#[derive(Clone, Debug)]
pub struct LeadAnswer {
    /// Which copy.
    pub lead: LeadId,
    /// What is answered.
    pub answer: Answer,
    /// The version that the caller knows; a newer one is a conflict.
    pub expected_version: Option<i64>,
}

/// What an answer came to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LeadAnswered {
    /// Which copy.
    pub lead: LeadId,
    /// Whether it changed the copy; not if it was so already.
    pub changed: bool,
}

/// Answers a lead within the caller's reach.
pub async fn answer_lead(context: &Context, call: Call<'_>, given: LeadAnswer) -> Result<LeadAnswered, ActionError> {
    permit(call.actor, Permission::WorkLeads)?;
    let answer = given.answer.checked()?;
    let work = match context.begin(call).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::Fresh(work) => work,
    };
    let scope = Scope::of(call.actor);
    let found = leads::lookup(&work, &scope, given.lead).await?;
    let found = found.ok_or_else(|| ActionError::not_found("leadId", "lead"))?;
    if !scope.answers_for(&found) {
        let message =
            "it is in somebody else's hands: whoever is only assigned to a lead does not answer for its recipient";
        return Err(ActionError::refused("leadId", InvalidCode::NotAllowed, message));
    }
    let moment = (work.at(), event_actor(call.actor));
    let answered = answer_in(context, &work, &found, moment, &answer, given.expected_version).await?;
    work.commit(LeadAnswered { lead: found.id, changed: answered == Answered::Changed }).await
}

/// Answers a copy on behalf of somebody who was let in before, in a transaction of its own.
pub async fn respond(context: &Context, found: &Lead, by: EventActor, answer: Answer) -> Result<Answered, ActionError> {
    let answer = answer.checked()?;
    let tx = context.store.begin().await?;
    let at = context.clock.now();
    let answered = answer_in(context, &tx, found, (at, by), &answer, None).await?;
    tx.commit().await?;
    Ok(answered)
}

async fn answer_in(
    context: &Context,
    conn: &Conn,
    found: &Lead,
    (at, by): (Timestamp, EventActor),
    answer: &Answer,
    expected_version: Option<i64>,
) -> Result<Answered, ActionError> {
    let held = Held::hold(conn, found.tenant, &[found.request]).await?;
    let mut copy = held.copy(found.id)?.clone();
    if let Some(expected) = expected_version.filter(|expected| *expected != copy.version) {
        return Err(ActionError::conflict("expectedVersion", expected, copy.version));
    }
    let losers: Vec<_> = held.waiting_beside(&copy).filter_map(|other| other.recipient).collect();
    let directory = Directory::load(conn, held.tenant.id, &losers).await?;
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, by.clone(), at);
    let request = held.request(&copy)?;
    let who = by.name.clone();
    let answered = answer::apply(&mut desk, (&held, request), &mut copy, answer, &who)?;
    if answered == Answered::AsBefore {
        return Ok(answered);
    }
    let mut changes = std::mem::take(&mut desk.changes);
    if copy.state == LeadState::Rejected {
        changes.append(move_on(context, conn, &held, copy, (at, by)).await?);
    } else {
        changes.updated.push(copy);
    }
    changes.write(conn, held.tenant.id, at).await?;
    Ok(answered)
}

/// Hands a rejected copy on at once, by the first job that may; without one it is listed under exceptions.
async fn move_on(
    context: &Context,
    conn: &Conn,
    held: &Held,
    mut copy: Lead,
    (at, by): (Timestamp, EventActor),
) -> Result<Changes, StoreError> {
    let beside = held
        .chain(copy.request)
        .iter()
        .any(|other| other.id != copy.id && (other.state == LeadState::Offered || other.state.is_held()));
    if beside {
        // A blast's other copies still wait; the last of them decides what comes next.
        return Ok(Changes { updated: vec![copy], ..Changes::default() });
    }
    let rejected = copy.clone();
    let task = Task { copies: &[&rejected], more: None };
    let engine = Engine::prepare(context, conn, held, (at, by.clone()), task, Firmness::ToWrite).await?;
    let mut engine = engine.with_ledgers(Firmness::ToWrite).await?;
    let request = held.request(&copy)?;
    let job = held
        .jobs
        .iter()
        .filter(|job| job.enabled)
        .find(|job| engine.verdict(job, &copy, request, Urgency::AtOnce) == Verdict::Act);
    if let Some(job) = job {
        let decided = engine.decide(&copy, request, job).await?;
        let why = format!("rejected, handed on by the job `{}`", job.name);
        let one = Move { copy, decided, job: Some(job), why, tell: Tell::Nobody };
        return carry_out(context, conn, held, vec![one], (at, by)).await;
    }
    let reason = "rejected, and no job hands it on".to_owned();
    let directory = Directory::default();
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, by, at);
    desk.event(EventKind::LeadException, &copy, None, None, Some(reason.clone()));
    copy.exception = Some(reason);
    desk.changes.updated.push(copy);
    Ok(desk.changes)
}
