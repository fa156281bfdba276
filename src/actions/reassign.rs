//! Handing leads on by hand: one or many, to a named recipient or from an interface, by the same engine, transaction and log (SPEC JOB-8).

use serde::{Deserialize, Serialize};

use crate::domain::decision::{Decision, Excluded, Outcome};
use crate::domain::event::EventActor;
use crate::domain::id::{InterfaceId, LeadId, RequestId};
use crate::domain::job::{Algorithm, Ranking};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::{Invalid, InvalidCode, Timestamp};
use crate::routing::Settings;
use crate::store::tenants::{self, VersionHold};
use crate::store::{Conn, Scope, StoreError, dealers, leads};

use super::context::{Context, event_actor};
use super::error::ActionError;
use super::handover::{Announce, Decided, Directory, Engine, Firmness, Move, Placement, Task, Tell, carry_out, inputs};
use super::held::Held;
use super::permit::{Permission, permit};
use super::work::{Begun, Call};

/// The most leads in one call: a page. More is an operation.
pub const LEADS_MAX: usize = 250;

/// Where leads are to go.
#[derive(Clone, Debug)]
pub enum Target {
    /// To the dealer with this number and sub-number.
    DealerNumber(String, String),
    /// To this recipient.
    Recipient(Recipient),
    /// To whom the interface's published version ranks, by an algorithm that needs no second round.
    Interface {
        /// The interface.
        interface: InterfaceId,
        /// Single, blast or nearest.
        algorithm: Algorithm,
        /// Copies per blast.
        blast_size: u32,
    },
}

/// A hand-over by hand.
#[derive(Clone, Debug)]
pub struct Reassignment {
    /// Which copies.
    pub leads: Vec<LeadId>,
    /// Where they go.
    pub target: Target,
    /// Why, shown in the timeline and to the old owner.
    pub reason: Option<String>,
    /// Whether the new owner gets links by mail.
    pub notify_new_owner: bool,
    /// Whether the old owner is told.
    pub notify_old_owner: bool,
    /// Whether copies are pushed to the CRMs of the dealers that get them.
    pub push_to_crm: bool,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reassigned {
    /// The new copies, in the order of the leads; more than one each for a blast. A lead that nobody had is offered itself.
    pub copies: Vec<LeadId>,
    /// Those for whom no candidate was found: listed under exceptions.
    pub exceptions: Vec<LeadId>,
}

/// Hands leads within the caller's reach on, all of them or, if one can't be, none.
pub async fn reassign(context: &Context, call: Call<'_>, given: Reassignment) -> Result<Reassigned, ActionError> {
    permit(call.actor, Permission::ManageLeads)?;
    let reason = crate::domain::error::optional_text("reason", given.reason.as_deref(), 500)?;
    check_count(&given.leads)?;
    let work = match context.begin(call).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::Fresh(work) => work,
    };
    let found = leads::lookup_many(&work, &Scope::of(call.actor), &given.leads).await?;
    let held = hold(&work, call.actor.tenant, &given.leads, &found).await?;
    let copies = movable(&held, &given.leads)?;
    let by = event_actor(call.actor);
    let moment = (work.at(), by.clone());
    let why = reason.unwrap_or_else(|| format!("handed on by {}", by.name));
    let decided = decide(context, &work, &held, &copies, &given, &why, &moment).await?;
    let tell = if given.notify_old_owner { Tell::OldOwner } else { Tell::Nobody };
    let exceptions = copies.iter().zip(&decided).filter(|(_, decided)| decided.placements.is_empty());
    let exceptions = exceptions.map(|(copy, _)| copy.id).collect();
    let moves = copies.into_iter().zip(decided);
    let moves = moves.map(|(copy, decided)| Move { copy, decided, job: None, why: why.clone(), tell }).collect();
    let changes = carry_out(context, &work, &held, moves, moment).await?;
    let offered = changes.updated.iter().filter(|copy| copy.exception.is_none());
    let made = changes.copies.iter().chain(offered).map(|copy| copy.id).collect();
    changes.write(&work, call.actor.tenant, work.at()).await?;
    work.commit(Reassigned { copies: made, exceptions }).await
}

fn check_count(ids: &[LeadId]) -> Result<(), Invalid> {
    match ids.len() {
        0 => Err(Invalid::new("leadIds", InvalidCode::Required, "name at least one lead")),
        count if count > LEADS_MAX => Err(Invalid::new(
            "leadIds",
            InvalidCode::TooLong,
            format!("{count} leads, at most {LEADS_MAX} are allowed at once"),
        )),
        _ => Ok(()),
    }
}

async fn hold(
    conn: &Conn,
    tenant: crate::domain::id::TenantId,
    wanted: &[LeadId],
    found: &[Lead],
) -> Result<Held, ActionError> {
    let missing = wanted.iter().enumerate().filter(|(_, id)| !found.iter().any(|lead| lead.id == **id));
    let problem = |(index, id): (usize, &LeadId)| {
        Invalid::new(&index.to_string(), InvalidCode::NotFound, format!("there is no such lead: `{id}`"))
            .under("leadIds")
    };
    let missing: Vec<Invalid> = missing.map(problem).collect();
    if !missing.is_empty() {
        return Err(missing.into());
    }
    let mut requests: Vec<RequestId> = found.iter().map(|lead| lead.request).collect();
    requests.sort_unstable();
    requests.dedup();
    Ok(Held::hold(conn, tenant, &requests).await?)
}

/// The copies as they are now, or which of them can't be handed on.
fn movable(held: &Held, wanted: &[LeadId]) -> Result<Vec<Lead>, ActionError> {
    let mut copies: Vec<Lead> = Vec::with_capacity(wanted.len());
    let mut problems = Vec::new();
    for (index, id) in wanted.iter().enumerate() {
        let copy = held.copy(*id)?;
        let message = if copies.iter().any(|other| other.request == copy.request) {
            Some("two of the leads are copies of one request, name one of them".to_owned())
        } else if copy.times.reassigned_at.is_some() {
            Some("it was handed on before, take its newest copy".to_owned())
        } else if held.is_held_beside(copy) {
            Some("somebody else has acknowledged another copy of the same request".to_owned())
        } else if !copy.state.can_be_reassigned() {
            Some(format!("it is {} and can't be handed on", copy.state.as_str().to_lowercase()))
        } else {
            None
        };
        match message {
            Some(message) => {
                problems.push(
                    Invalid::new(&index.to_string(), InvalidCode::WrongState, format!("`{id}`: {message}"))
                        .under("leadIds"),
                );
            }
            None => copies.push(copy.clone()),
        }
    }
    if problems.is_empty() { Ok(copies) } else { Err(problems.into()) }
}

async fn decide(
    context: &Context,
    conn: &Conn,
    held: &Held,
    copies: &[Lead],
    given: &Reassignment,
    why: &str,
    moment: &(Timestamp, EventActor),
) -> Result<Vec<Decided>, ActionError> {
    let announce = Announce { by_mail: given.notify_new_owner, to_crm: given.push_to_crm };
    let recipient = match &given.target {
        Target::Interface { interface, algorithm, blast_size } => {
            let settings = interface_settings(*algorithm, *blast_size)?;
            return from_interface(context, conn, held, copies, (*interface, settings, announce), moment).await;
        }
        Target::DealerNumber(number, sub_number) => {
            let dealer = dealers::find_by_number(conn, held.tenant.id, number, sub_number).await?;
            let dealer = dealer.ok_or_else(|| {
                ActionError::refused(
                    "dealerNumber",
                    InvalidCode::NotFound,
                    format!("there is no dealer with the number `{number}`"),
                )
            })?;
            Recipient::Dealer(dealer.id)
        }
        Target::Recipient(recipient) => *recipient,
    };
    // Nobody leaves the network between this look and the commit.
    tenants::network_version(conn, held.tenant.id, VersionHold::Shared).await?;
    let directory = Directory::load(conn, held.tenant.id, &[recipient]).await?;
    if !directory.may_receive(recipient) {
        let message = "it does not exist, is not active or does not accept leads";
        return Err(ActionError::refused("target", InvalidCode::NotAllowed, message));
    }
    let same = copies.iter().position(|copy| copy.recipient == Some(recipient) && copy.state.is_open());
    if let Some(index) = same {
        let problem = Invalid::new(&index.to_string(), InvalidCode::WrongState, "the target has this lead already")
            .under("leadIds");
        return Err(problem.into());
    }
    Ok(copies
        .iter()
        .map(|copy| direct(context, held, copy, recipient, announce, why, moment))
        .collect::<Result<_, _>>()?)
}

/// How an interface that somebody named is asked, once and without a job; or why it cannot be.
pub fn interface_settings(algorithm: Algorithm, blast_size: u32) -> Result<Settings, Invalid> {
    if matches!(algorithm, Algorithm::RoundRobin | Algorithm::Rotation) {
        let message = "a round robin or a rotation needs a job that goes on with it, use SINGLE, BLAST or NEAREST";
        return Err(Invalid::new("algorithm", InvalidCode::NotAllowed, message));
    }
    if !(1..=100).contains(&blast_size) {
        return Err(Invalid::new("blastSize", InvalidCode::OutOfRange, "a blast goes to 1 to 100 candidates"));
    }
    Ok(Settings { algorithm, blast_size, ranking: Ranking::Recomputed, max_rounds: 1 })
}

async fn from_interface(
    context: &Context,
    conn: &Conn,
    held: &Held,
    copies: &[Lead],
    (interface, settings, announce): (InterfaceId, Settings, Announce),
    moment: &(Timestamp, EventActor),
) -> Result<Vec<Decided>, ActionError> {
    let each: Vec<&Lead> = copies.iter().collect();
    let task = Task { copies: &each, more: Some((interface, settings.algorithm)) };
    let mut engine = Engine::prepare(context, conn, held, moment.clone(), task, Firmness::ToWrite).await?;
    let mut all = Vec::with_capacity(copies.len());
    for copy in copies {
        let decided = engine.decide_from(copy, held.request(copy)?, interface, settings, announce).await?;
        all.push(decided.ok_or_else(|| {
            ActionError::refused(
                "interfaceId",
                InvalidCode::NotFound,
                "there is no such interface with a published version",
            )
        })?);
    }
    Ok(all)
}

/// The decision of a person: no list was asked.
pub fn direct(
    context: &Context,
    held: &Held,
    copy: &Lead,
    recipient: Recipient,
    announce: Announce,
    why: &str,
    (at, by): &(Timestamp, EventActor),
) -> Result<Decided, StoreError> {
    let chain: Vec<Recipient> = held.chain(copy.request).iter().filter_map(|other| other.recipient).collect();
    let decision = Decision {
        tenant: copy.tenant,
        id: context.id(*at),
        request: copy.request,
        lead: copy.id,
        job: None,
        interface: None,
        algorithm: "DIRECT".to_owned(),
        outcome: Outcome::Assigned,
        decided_at: *at,
        decided_by: by.id.clone(),
        inputs: inputs(copy, held.request(copy)?, &chain, None),
        candidates: Vec::new(),
        considered: 0,
        matched: 0,
        excluded: Excluded::default(),
        reason: why.to_owned(),
    };
    let placement = Placement {
        recipient,
        decision: decision.id,
        job: None,
        distance_km: None,
        reason: why.to_owned(),
        exception: None,
        announce,
    };
    Ok(Decided { decision, placements: vec![placement], turns: Vec::new() })
}
