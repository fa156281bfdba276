//! Taking an operation back: every lead that it changed becomes what it was, and the copies that it made go, as if they had never been.
//! What others have changed since is left and listed.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::actions::amend::{rearm, with_note};
use crate::actions::assign;
use crate::actions::context::{Context, event_actor};
use crate::actions::error::ActionError;
use crate::actions::handover::{Desk, Directory};
use crate::actions::held::Held;
use crate::actions::operations::plan::Batch;
use crate::actions::operations::work::{Carried, Worked, unchanged_since};
use crate::domain::Timestamp;
use crate::domain::assignment::Assignments;
use crate::domain::event::EventKind;
use crate::domain::id::{LeadId, OperationId, RequestId};
use crate::domain::lead::{Lead, LeadState, Recipient};
use crate::domain::operation::{
    Change, Changed, Copy, Item, ItemReason, ItemResult, LeadImage, Operation, Planned, Problem,
};
use crate::store::operations::shares::Side;
use crate::store::operations::{self, results};
use crate::store::tenants::{self, VersionHold};
use crate::store::{Conn, KeyPart, PageRequest, Scope, StoreError, assignments, leads, offers};

/// The next leads that the source changed, each with what it was.
pub(super) async fn plan(
    conn: &Conn,
    operation: &Operation,
    source: OperationId,
    size: u64,
) -> Result<Batch, ActionError> {
    let after = operation.cursor_position.map(|position| vec![KeyPart::Int(position)]);
    let page = PageRequest { after, ..PageRequest::first(size) };
    let page = results::list_changed(conn, (operation.tenant, source), &page).await?;
    let is_last = !page.has_next;
    let changed = page.into_rows();
    let ids: Vec<LeadId> = changed.iter().map(|(result, _)| result.lead).collect();
    let found = leads::lookup_many(conn, &Scope::system(operation.tenant), &ids).await?;
    let mut requests: Vec<RequestId> = found.iter().map(|lead| lead.request).collect();
    requests.sort_unstable();
    requests.dedup();
    let held = Held::read(conn, operation.tenant, &requests).await?;
    let opened = opened(conn, operation, &held).await?;
    let mut batch =
        Batch { is_last, cursor_position: changed.last().map(|(result, _)| result.position), ..Batch::default() };
    for (position, (result, Changed { lead_version, before })) in (operation.planned.leads()..).zip(changed) {
        let ItemResult { lead, copies, .. } = result;
        let request = held.copy(lead)?.request;
        let planned = match returnable((&held, &opened), (lead, lead_version), &copies, &before) {
            Ok(_) => Planned::Restore { copies, before: Box::new(before) },
            Err(problem) => Planned::Problem(problem),
        };
        share(&mut batch, &held, &planned);
        batch.items.push(Item { position, lead, request, lead_version, planned });
    }
    Ok(batch)
}

fn share(batch: &mut Batch, held: &Held, planned: &Planned) {
    let Planned::Restore { copies, before } = planned else { return };
    if let Some(recipient) = before.recipient().filter(|_| before.state().is_open()) {
        batch.shares.add(Side::To, recipient);
    }
    for copy in copies {
        if let Some(recipient) = held.copy(copy.lead).ok().and_then(|copy| copy.recipient) {
            batch.shares.add(Side::From, recipient);
        }
    }
}

/// Who is assigned by now to the leads of which that is put back.
async fn assigned(
    conn: &Conn,
    operation: &Operation,
    items: &[Item],
) -> Result<HashMap<LeadId, Assignments>, StoreError> {
    let is_of_assignments = |item: &&Item| match &item.planned {
        Planned::Restore { before, .. } => before.assignments().is_some(),
        _ => false,
    };
    let ids: Vec<LeadId> = items.iter().filter(is_of_assignments).map(|item| item.lead).collect();
    assignments::list_by_leads(conn, operation.tenant, &ids).await
}

/// The copies whose links were opened.
async fn opened(conn: &Conn, operation: &Operation, held: &Held) -> Result<HashSet<LeadId>, StoreError> {
    let ids: Vec<LeadId> = held.copies().filter(|copy| copy.state == LeadState::Offered).map(|copy| copy.id).collect();
    let links = offers::list_by_leads(conn, operation.tenant, &ids).await?;
    Ok(links.into_iter().filter(|offer| offer.opened_at.is_some()).map(|offer| offer.lead).collect())
}

/// The lead, if neither it nor a copy that was made of it has been touched since.
fn returnable<'h>(
    (held, opened): (&'h Held, &HashSet<LeadId>),
    (lead, version): (LeadId, i64),
    copies: &[Copy],
    before: &LeadImage,
) -> Result<&'h Lead, Problem> {
    let copy = unchanged_since(held, lead, version)?;
    let taken_up = |text: &str| Problem::new(ItemReason::TakenUp, text);
    for made in copies {
        unchanged_since(held, made.lead, made.version)
            .map_err(|_| taken_up("the copy that was made of it was answered or changed since"))?;
    }
    // A lead that nobody had was offered itself.
    let offered_itself = before.state() == LeadState::Unassigned;
    if copies.iter().any(|made| opened.contains(&made.lead)) || (offered_itself && opened.contains(&lead)) {
        return Err(taken_up("its new recipient has opened the link since"));
    }
    let is_own = |other: &Lead| other.id == lead || copies.iter().any(|made| made.lead == other.id);
    let mut others = held.chain(copy.request).iter().filter(|other| !is_own(other));
    if (before.state().is_open() || before.state().is_held()) && others.any(|other| other.state.is_held()) {
        let text = "somebody else has acknowledged another copy of the same request";
        return Err(Problem::new(ItemReason::HeldByAnother, text));
    }
    Ok(copy)
}

/// Puts back what the plan says. INVARIANT: the transaction holds the requests.
pub(super) async fn carry(
    context: &Context,
    conn: &Conn,
    (operation, source): (&Operation, OperationId),
    held: &Held,
    (items, mut worked): (Vec<Item>, Worked),
) -> Result<Worked, ActionError> {
    let at = worked.at;
    let opened = opened(conn, operation, held).await?;
    let back = items.iter().filter_map(|item| match &item.planned {
        Planned::Restore { before, .. } => before.recipient().filter(|_| before.state().is_open()),
        _ => None,
    });
    let back: Vec<Recipient> = back.collect();
    let assigned = assigned(conn, operation, &items).await?;
    tenants::network_version(conn, operation.tenant, VersionHold::Shared).await?;
    let directory = Directory::load(conn, operation.tenant, &back).await?;
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, event_actor(&operation.actor), at);
    let note = written(conn, operation, source).await?;
    let why = operation.options.reason.clone();
    let why = why.unwrap_or_else(|| format!("taken back by {}", operation.actor.name));
    let mut carried = Vec::new();
    let mut removed: HashMap<LeadId, Vec<Copy>> = HashMap::new();
    for item in items {
        let Item { position, lead, lead_version, planned, .. } = item;
        let (copies, before) = match planned {
            Planned::Restore { copies, before } => (copies, before),
            other => {
                worked.settled(position, lead, other);
                continue;
            }
        };
        let copy = match returnable((held, &opened), (lead, lead_version), &copies, &before) {
            Ok(copy) => copy,
            Err(problem) => {
                worked.conflict(position, lead, problem);
                continue;
            }
        };
        if before.recipient().is_some_and(|one| before.state().is_open() && !directory.is_active(one)) {
            let text = "whoever had it has left the network since";
            worked.conflict(position, lead, Problem::new(ItemReason::TargetGone, text));
            continue;
        }
        for made in &copies {
            remove(&mut desk, held.copy(made.lead)?, &why, at);
        }
        if note.is_some() {
            desk.changes.unnoted.entry(source).or_default().push(lead);
        }
        desk.changes.regained.extend(before.returned_turn());
        put_back(&mut desk, held, (copy, assigned.get(&lead)), *before, (&why, note.as_deref()));
        carried.push(Carried::of(position, copy));
        let gone = copies.into_iter().map(|made| Copy { version: made.version + 1, ..made }).collect();
        removed.insert(lead, gone);
    }
    worked.changes = desk.changes;
    worked.carried(carried, &removed);
    Ok(worked)
}

/// The kind of the note that the source wrote on each lead, if it wrote one.
async fn written(conn: &Conn, operation: &Operation, source: OperationId) -> Result<Option<String>, StoreError> {
    let source = operations::lookup(conn, operation.tenant, source).await?;
    Ok(match source.map(|source| source.change) {
        Some(Change::Update { fields }) => fields.note.map(|note| note.kind),
        _ => None,
    })
}

/// The copy as it was, with those who were assigned to it and without the note that it got.
fn put_back(
    desk: &mut Desk<'_>,
    held: &Held,
    (copy, assigned): (&Lead, Option<&Assignments>),
    before: LeadImage,
    (why, note): (&str, Option<&str>),
) {
    let mut restored = copy.clone();
    let assigned_before = before.assignments().cloned();
    before.restore(&mut restored);
    // Jobs that were changed since may look at it at another time than they did.
    if held.jobs.iter().any(|job| job.updated_at >= copy.times.updated_at) {
        rearm(held, &mut restored);
    }
    // Nobody is warned twice, nor of a moment that is over.
    restored.warn_at = restored.warn_at.filter(|warn_at| *warn_at > desk.at());
    let (mut old, mut new) = (state(copy), state(&restored));
    if let Some(kind) = note {
        (old, new) = (with_note(old, json!({ "kind": kind })), with_note(new, Value::Null));
    }
    if let Some(back) = assigned_before {
        (old, new) = (assign::told(old, assigned.unwrap_or(&Assignments::default())), assign::told(new, &back));
        desk.changes.assigned.push((copy.id, back));
    }
    desk.event(EventKind::LeadRestored, &restored, Some(old), Some(new), Some(why.to_owned()));
    desk.changes.updated.push(restored);
}

/// A copy that should not have been: it is deleted, and whoever got it has not had the lead.
fn remove(desk: &mut Desk<'_>, copy: &Lead, why: &str, at: Timestamp) {
    let mut gone = copy.clone();
    gone.state = LeadState::Deleted;
    // The chain of recipients and what each has in hand are read from this: the timeline keeps who it was.
    gone.recipient = None;
    gone.times.deleted_at = Some(at);
    gone.times.updated_at = at;
    gone.state_reason = Some(why.to_owned());
    gone.exception = None;
    (gone.due_at, gone.warn_at) = (None, None);
    desk.event(EventKind::LeadDeleted, copy, Some(state(copy)), Some(state(&gone)), Some(why.to_owned()));
    // Nor is it left to those who were assigned to what it was made of.
    desk.changes.assigned.push((gone.id, Assignments::default()));
    desk.changes.updated.push(gone);
}

fn state(copy: &Lead) -> Value {
    json!({ "state": copy.state, "recipient": copy.recipient })
}
