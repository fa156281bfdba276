//! Handing leads on in bulk: who gets each is decided when the operation is planned, by the engine that jobs use, and what runs is what
//! was shown.

use std::collections::{HashMap, HashSet};

use crate::actions::context::{Context, event_actor};
use crate::actions::error::ActionError;
use crate::actions::handover::{Announce, Changes, Decided, Desk, Directory, Move, Placement, Tell, carry_to, inputs};
use crate::actions::held::Held;
use crate::actions::operations::asking::Asking;
use crate::actions::operations::work::{Carried, Worked, unchanged_since};
use crate::domain::Timestamp;
use crate::domain::decision::{Decision, Excluded, Outcome as DecisionOutcome};
use crate::domain::event::EventActor;
use crate::domain::id::{LeadId, RequestId};
use crate::domain::lead::{Lead, LeadState, Recipient};
use crate::domain::operation::{
    Answer, Copy, Goal, Item, ItemReason, NotifyNewOwner, Operation, Planned, Problem, Target,
};
use crate::routing::even_split;
use crate::store::operations::{items, named};
use crate::store::tenants::{self, VersionHold};
use crate::store::{Conn, StoreError};

/// What is to happen to each of these copies.
pub(super) async fn plan(
    context: &Context,
    conn: &Conn,
    (operation, goal): (&Operation, &Goal),
    held: &Held,
    copies: &[Lead],
) -> Result<Vec<Planned>, ActionError> {
    let of = (operation.tenant, operation.id);
    let requests: Vec<_> = copies.iter().map(|copy| copy.request).collect();
    let mut taken = items::list_requests(conn, of, &requests).await?;
    let mut deciding = Deciding::prepare(context, conn, (operation, goal), held, copies).await?;
    let mut planned = Vec::with_capacity(copies.len());
    for copy in copies {
        let one = match immovable(held, copy).or_else(|| twice(copy, &taken)) {
            Some(problem) => Planned::Problem(problem),
            None => deciding.decide(held, copy)?,
        };
        if matches!(one, Planned::Move(_)) {
            taken.insert(copy.request);
        }
        planned.push(one);
    }
    Ok(planned)
}

/// Why a copy can't be handed on, whoever would get it.
pub(super) fn immovable(held: &Held, copy: &Lead) -> Option<Problem> {
    if copy.times.reassigned_at.is_some() {
        let text = "it was handed on before, take its newest copy";
        return Some(Problem::new(ItemReason::HandedOn, text));
    }
    if !copy.state.can_be_reassigned() {
        let text = format!("it is {} and can't be handed on", copy.state.as_str().to_lowercase());
        return Some(Problem::new(ItemReason::WrongState, text));
    }
    let text = "somebody else has acknowledged another copy of the same request";
    held.is_held_beside(copy).then(|| Problem::new(ItemReason::HeldByAnother, text))
}

fn twice(copy: &Lead, taken: &HashSet<RequestId>) -> Option<Problem> {
    let text = "another copy of the same request is in the plan, one is enough";
    taken.contains(&copy.request).then(|| Problem::new(ItemReason::SameRequest, text))
}

/// By what is decided who gets a copy.
enum Deciding<'o> {
    To(Recipient, String),
    Nobody(String),
    /// Dealt to these in turn; so many were dealt already.
    Dealt(&'o [Recipient], u64, String),
    Asked(Box<Asking>),
    /// Shared out before: who is to get each. One that came later goes to the nearest who has room.
    Shared(Box<Asking>, HashMap<LeadId, Option<Recipient>>),
}

impl<'o> Deciding<'o> {
    async fn prepare(
        context: &Context,
        conn: &Conn,
        (operation, goal): (&Operation, &'o Goal),
        held: &Held,
        copies: &[Lead],
    ) -> Result<Self, ActionError> {
        let why = why(operation);
        Ok(match goal {
            Goal::Recipient { recipient } => Self::To(*recipient, why),
            Goal::Nobody => Self::Nobody(why),
            Goal::EvenSplit { recipients } => {
                let dealt = operation.planned.change + operation.planned.unchanged;
                Self::Dealt(recipients, u64::try_from(dealt).unwrap_or(0), why)
            }
            Goal::Nearest => Self::Asked(Box::new(Asking::nearest(context, conn, operation, held).await?)),
            Goal::Interface { interface, algorithm, blast_size } => {
                let way = (*algorithm, *blast_size);
                let asking = Asking::interface(context, conn, (operation, held), *interface, way).await?;
                Self::Asked(Box::new(asking))
            }
            Goal::Balanced { interface } => {
                let asking = Asking::balanced(context, conn, (operation, held), *interface).await?;
                let ids: Vec<LeadId> = copies.iter().map(|copy| copy.id).collect();
                let recipients = named::recipients(conn, (operation.tenant, operation.id), &ids).await?;
                Self::Shared(Box::new(asking), recipients)
            }
        })
    }

    fn decide(&mut self, held: &Held, copy: &Lead) -> Result<Planned, StoreError> {
        Ok(match self {
            Self::To(recipient, why) => handed_to(copy, *recipient, why, "DIRECT"),
            Self::Nobody(_) if copy.state == LeadState::Unassigned => {
                Planned::Unchanged(Problem::new(ItemReason::AlreadyThere, "nobody has this lead"))
            }
            Self::Nobody(why) => Planned::Move(Box::new(by_hand(Vec::new(), why, "DIRECT"))),
            Self::Dealt(recipients, dealt, why) => {
                let next = even_split(*dealt, recipients.len()).and_then(|place| recipients.get(place));
                *dealt += 1;
                match next {
                    Some(recipient) => handed_to(copy, *recipient, why, "EVEN_SPLIT"),
                    None => Planned::Problem(Problem::new(ItemReason::NoCandidate, "there are no recipients")),
                }
            }
            Self::Asked(asking) => moved(asking.ask(held, copy)?),
            Self::Shared(asking, recipients) => moved(match recipients.get(&copy.id) {
                Some(recipient) => asking.give(held, copy, *recipient)?,
                None => asking.ask(held, copy)?,
            }),
        })
    }
}

fn moved(answer: Result<Answer, Problem>) -> Planned {
    answer.map_or_else(Planned::Problem, |answer| Planned::Move(Box::new(answer)))
}

fn handed_to(copy: &Lead, recipient: Recipient, why: &str, algorithm: &str) -> Planned {
    if copy.recipient == Some(recipient) && copy.state.is_open() {
        let text = "whoever is to get it has this lead already";
        return Planned::Unchanged(Problem::new(ItemReason::AlreadyThere, text));
    }
    Planned::Move(Box::new(by_hand(vec![Target { recipient, distance_km: None }], why, algorithm)))
}

fn by_hand(targets: Vec<Target>, why: &str, algorithm: &str) -> Answer {
    Answer {
        outcome: if targets.is_empty() { DecisionOutcome::NoCandidate } else { DecisionOutcome::Assigned },
        targets,
        interface: None,
        algorithm: algorithm.to_owned(),
        candidates: Vec::new(),
        considered: 0,
        matched: 0,
        excluded: Excluded::default(),
        reason: why.to_owned(),
    }
}

/// Why leads are taken away, as the timeline and the old owners see it.
pub(super) fn why(operation: &Operation) -> String {
    operation.options.reason.clone().unwrap_or_else(|| format!("handed on by {}", operation.actor.name))
}

/// Hands on what the plan says. INVARIANT: the transaction holds the requests.
pub(super) async fn carry(
    context: &Context,
    conn: &Conn,
    operation: &Operation,
    held: &Held,
    (items, mut worked): (Vec<Item>, Worked),
) -> Result<Worked, ActionError> {
    let at = worked.at;
    let targets = items.iter().flat_map(|item| item.planned.targets()).map(|target| target.recipient);
    let told = held.copies().filter(|_| operation.options.notify_old_owner).filter_map(|copy| copy.recipient);
    let involved: Vec<Recipient> = targets.chain(told).collect();
    // Nobody leaves the network between this look and the commit.
    tenants::network_version(conn, operation.tenant, VersionHold::Shared).await?;
    let directory = Directory::load(conn, operation.tenant, &involved).await?;
    let by = event_actor(&operation.actor);
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, by.clone(), at);
    let mut moves = Vec::new();
    let mut carried = Vec::new();
    for item in items {
        let Item { position, lead, lead_version, planned, .. } = item;
        let answer = match planned {
            Planned::Move(answer) => answer,
            other => {
                worked.settled(position, lead, other);
                continue;
            }
        };
        // What becomes of other copies does not change this one's version.
        let still = unchanged_since(held, lead, lead_version);
        let copy = match still.and_then(|copy| immovable(held, copy).map_or(Ok(copy), Err)) {
            Ok(copy) => copy,
            Err(problem) => {
                worked.conflict(position, lead, problem);
                continue;
            }
        };
        if answer.targets.iter().any(|target| !directory.may_receive(target.recipient)) {
            let text = "whoever was to get it is not active or does not accept leads any more";
            worked.conflict(position, lead, Problem::new(ItemReason::TargetGone, text));
            continue;
        }
        carried.push(Carried::of(position, copy).giving_turn_back(desk.gives_turn_back(copy)));
        let decided = decided(context, operation, held, copy, *answer, (at, &by))?;
        if decided.placements.is_empty() {
            leave(&mut desk, held, copy, decided, operation)?;
        } else {
            let tell = if operation.options.notify_old_owner { Tell::OldOwner } else { Tell::Nobody };
            moves.push(Move { copy: copy.clone(), decided, job: None, why: why(operation), tell });
        }
    }
    carry_to(&mut desk, held, moves)?;
    worked.changes = desk.changes;
    worked.carried(carried, &made(&worked.changes));
    if operation.options.notify_new_owner == NotifyNewOwner::Digest {
        worked.untold = given(&worked.changes);
    }
    Ok(worked)
}

/// The copies that were offered, with whom each was offered to.
fn given(changes: &Changes) -> Vec<(Recipient, LeadId)> {
    let offered = changes.copies.iter().chain(&changes.updated).filter(|copy| copy.state == LeadState::Offered);
    offered.filter_map(|copy| Some((copy.recipient?, copy.id))).collect()
}

/// The new copies by the copies that they were made of.
fn made(changes: &Changes) -> HashMap<LeadId, Vec<Copy>> {
    let mut made: HashMap<_, Vec<Copy>> = HashMap::new();
    for copy in &changes.copies {
        if let Some(parent) = copy.parent {
            made.entry(parent).or_default().push(Copy { lead: copy.id, version: copy.version });
        }
    }
    made
}

/// The plan's answer as a decision of now.
fn decided(
    context: &Context,
    operation: &Operation,
    held: &Held,
    copy: &Lead,
    answer: Answer,
    (at, by): (Timestamp, &EventActor),
) -> Result<Decided, StoreError> {
    let chain: Vec<Recipient> = held.chain(copy.request).iter().filter_map(|other| other.recipient).collect();
    let id = context.id(at);
    let announce = Announce {
        by_mail: operation.options.notify_new_owner == NotifyNewOwner::PerLead,
        to_crm: operation.options.push_to_crm,
    };
    let placement = |target: &Target| Placement {
        recipient: target.recipient,
        decision: id,
        job: None,
        distance_km: target.distance_km,
        reason: answer.reason.clone(),
        exception: None,
        announce,
    };
    let placements = answer.targets.iter().map(placement).collect();
    let decision = Decision {
        tenant: copy.tenant,
        id,
        request: copy.request,
        lead: copy.id,
        job: None,
        interface: answer.interface,
        algorithm: answer.algorithm,
        outcome: answer.outcome,
        decided_at: at,
        decided_by: by.id.clone(),
        inputs: inputs(copy, held.request(copy)?, &chain, None),
        candidates: answer.candidates,
        considered: answer.considered,
        matched: answer.matched,
        excluded: answer.excluded,
        reason: answer.reason,
    };
    Ok(Decided { decision, placements, turns: Vec::new() })
}

/// Takes a copy away and leaves the request in nobody's hands.
fn leave(
    desk: &mut Desk<'_>,
    held: &Held,
    copy: &Lead,
    decided: Decided,
    operation: &Operation,
) -> Result<(), StoreError> {
    let why = why(operation);
    let tell = if operation.options.notify_old_owner { Tell::OldOwner } else { Tell::Nobody };
    desk.leave(copy, decided.decision.id, &why);
    desk.changes.decisions.push(decided.decision);
    if copy.state == LeadState::Rejected {
        let mut rejected = copy.clone();
        rejected.times.reassigned_at = Some(desk.at());
        rejected.times.updated_at = desk.at();
        (rejected.due_at, rejected.warn_at) = (None, None);
        desk.changes.updated.push(rejected);
    } else {
        desk.take_away(copy, held.request(copy)?, &why, true, tell);
    }
    Ok(())
}
