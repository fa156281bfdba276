//! Intake: a new request comes in and its first copy is offered, or listed under exceptions; it never ends nowhere.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::event::{EventActor, EventKind};
use crate::domain::field::{CustomValues, Subject};
use crate::domain::id::{LeadId, RequestId};
use crate::domain::label::Labels;
use crate::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use crate::domain::request::{Request, RequestInput, Submission};
use crate::domain::{Actor, Invalid, InvalidCode, Timestamp};
use crate::store::tenants::{self, VersionHold};
use crate::store::{Conn, StoreError, dealers, events, leads, requests};

use super::context::{Context, event_actor};
use super::error::ActionError;
use super::handover::{Announce, Changes, Decided, Desk, Directory, Engine, Firmness, Move, Task, Tell, carry_out};
use super::held::Held;
use super::network::Ground;
use super::permit::{Permission, permit};
use super::reassign::{Target, direct, interface_settings};
use super::work::{Begun, Call};

/// A new lead as somebody hands it in.
#[derive(Clone, Debug)]
pub struct NewLead {
    /// What the customer asked for.
    pub request: RequestInput,
    /// Values of custom fields of leads, by key.
    pub custom: Option<Value>,
    /// The tenant's type of file.
    pub file_type: Option<String>,
    /// Who gets it; the tenant's default dealer if nobody is named.
    pub target: Option<Target>,
    /// Whether the recipient gets links by mail.
    pub notify: bool,
    /// Whether the lead is pushed to the CRMs of the dealer that gets it.
    pub push_to_crm: bool,
}

impl NewLead {
    const fn announce(&self) -> Announce {
        Announce { by_mail: self.notify, to_crm: self.push_to_crm }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Submitted {
    /// The request.
    pub request: RequestId,
    /// Its first copy.
    pub lead: LeadId,
}

/// Takes a new lead in.
pub async fn submit_lead(context: &Context, call: Call<'_>, given: NewLead) -> Result<Submitted, ActionError> {
    permit(call.actor, Permission::SubmitLead)?;
    let given = of_partner(call.actor, given)?;
    let work = match context.begin(call).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::Fresh(work) => work,
    };
    let (at, by) = (work.at(), event_actor(call.actor));
    let (request, copy) = read(context, &work, &given, (at, &by), call.actor).await?;
    requests::insert(&work, std::slice::from_ref(&request)).await.map_err(|error| taken(error, &request))?;
    leads::insert(&work, std::slice::from_ref(&copy)).await?;
    let line = context.event(copy.tenant, at, by.clone(), EventKind::LeadReceived, copy.id);
    let received = crate::domain::event::Event { lead: Some(copy.id), request: Some(request.id), ..line };
    events::insert(&work, vec![received]).await?;
    let held = Held::hold(&work, copy.tenant, &[request.id]).await?;
    let changes = place(context, &work, &held, &copy, &given, (at, by)).await?;
    changes.write(&work, copy.tenant, at).await?;
    work.commit(Submitted { request: request.id, lead: copy.id }).await
}

/// A partner hands in under its own source and to its own dealer, and nobody else's.
fn of_partner(actor: &Actor, mut given: NewLead) -> Result<NewLead, Invalid> {
    if actor.company.is_some() && actor.source.is_none() && actor.dealer.is_none() {
        let message =
            "a company's credential sees what is assigned to it and hands nothing in, ask for one with a source";
        return Err(Invalid::new("source", InvalidCode::Forbidden, message));
    }
    let Some(own) = &actor.source else { return Ok(given) };
    match given.request.source.as_deref().map(str::trim) {
        None | Some("") => given.request.source = Some(own.clone()),
        Some(source) if source == own => {}
        Some(source) => {
            let message = format!("`{source}` is not your source, leave it out or give `{own}`");
            return Err(Invalid::new("source", InvalidCode::Forbidden, message));
        }
    }
    Ok(given)
}

async fn read(
    context: &Context,
    conn: &Conn,
    given: &NewLead,
    (at, by): (Timestamp, &EventActor),
    actor: &Actor,
) -> Result<(Request, Lead), ActionError> {
    let mut ground = Ground::load(conn, actor.tenant, Subject::Lead).await?;
    let input = &given.request;
    ground.find_codes(conn, input.postal_code.as_deref().map(|code| (input.country.as_deref(), code))).await?;
    let locate = |country, code: &_| ground.locate(country, code);
    let submission = Submission { tenant: &ground.tenant, id: context.id(at), at, created_by: &by.id, locate: &locate };
    let request = Request::build(input, submission);
    let empty = Value::Object(serde_json::Map::new());
    let custom = CustomValues::check(&ground.fields, given.custom.as_ref().unwrap_or(&empty));
    let file_type =
        crate::domain::error::optional_text("fileType", given.file_type.as_deref(), 100).map_err(|one| vec![one]);
    let (request, custom, file_type) = match (request, custom, file_type) {
        (Ok(request), Ok(custom), Ok(file_type)) => (request, custom, file_type),
        (request, custom, file_type) => {
            let problems = [request.err(), custom.err(), file_type.err()];
            return Err(problems.into_iter().flatten().flatten().collect::<Vec<_>>().into());
        }
    };
    let custom = match custom.to_json() {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    };
    let copy = first_copy(context.id(at), &request, custom, file_type, at);
    Ok((request, copy))
}

/// The first copy of a request, in nobody's hands yet.
pub fn first_copy(
    id: LeadId,
    request: &Request,
    custom: serde_json::Map<String, Value>,
    file_type: Option<String>,
    at: Timestamp,
) -> Lead {
    Lead {
        tenant: request.tenant,
        id,
        request: request.id,
        root: id,
        parent: None,
        round: 0,
        state: LeadState::Unassigned,
        recipient: None,
        decision: None,
        job: None,
        source: request.source.clone(),
        brand: request.interest.brand.clone(),
        received_at: request.received_at,
        times: LeadTimes::made_at(at),
        acknowledged_by: None,
        state_reason: None,
        exception: None,
        due_at: None,
        warn_at: None,
        excluded_from_automation: false,
        workflow: Workflow { file_type, ..Workflow::default() },
        labels: Labels::of(request),
        custom,
        version: 1,
        created_by: request.created_by.clone(),
    }
}

fn taken(error: StoreError, request: &Request) -> ActionError {
    if !error.is_unique_violation("external_id") {
        return error.into();
    }
    let (source, reference) = (&request.source, request.external_id.as_deref().unwrap_or_default());
    let message = format!("`{source}` has handed in `{reference}` before, nothing was added");
    ActionError::refused("externalId", InvalidCode::Taken, message)
}

/// Offers the first copy to whoever was named, else to the default dealer, else lists it under exceptions.
async fn place(
    context: &Context,
    conn: &Conn,
    held: &Held,
    copy: &Lead,
    given: &NewLead,
    moment: (Timestamp, EventActor),
) -> Result<Changes, ActionError> {
    let decided = match &given.target {
        Some(Target::Interface { interface, algorithm, blast_size }) => {
            let settings = interface_settings(*algorithm, *blast_size)?;
            let task = Task { copies: &[copy], more: Some((*interface, settings.algorithm)) };
            let mut engine = Engine::prepare(context, conn, held, moment.clone(), task, Firmness::ToWrite).await?;
            let decided = engine.decide_from(copy, held.request(copy)?, *interface, settings, given.announce()).await?;
            let missing = || {
                ActionError::refused(
                    "interfaceId",
                    InvalidCode::NotFound,
                    "there is no such interface with a published version",
                )
            };
            let decided = decided.ok_or_else(missing)?;
            if decided.placements.is_empty() {
                or_default(context, conn, held, copy, decided, given, &moment).await?
            } else {
                decided
            }
        }
        Some(Target::DealerNumber(number, sub_number)) => {
            let dealer = dealers::find_by_number(conn, copy.tenant, number, sub_number).await?;
            let missing = || {
                ActionError::refused(
                    "dealerNumber",
                    InvalidCode::NotFound,
                    format!("there is no dealer with the number `{number}`"),
                )
            };
            let recipient = Recipient::Dealer(dealer.ok_or_else(missing)?.id);
            to_named(context, conn, held, copy, (recipient, given.announce()), &moment).await?
        }
        Some(Target::Recipient(recipient)) => {
            to_named(context, conn, held, copy, (*recipient, given.announce()), &moment).await?
        }
        None => return to_default(context, conn, held, copy, given, moment).await,
    };
    let one = Move { copy: copy.clone(), decided, job: None, why: String::new(), tell: Tell::Nobody };
    Ok(carry_out(context, conn, held, vec![one], moment).await?)
}

async fn to_named(
    context: &Context,
    conn: &Conn,
    held: &Held,
    copy: &Lead,
    (recipient, announce): (Recipient, Announce),
    moment: &(Timestamp, EventActor),
) -> Result<Decided, ActionError> {
    // Nobody leaves the network between this look and the commit.
    tenants::network_version(conn, copy.tenant, VersionHold::Shared).await?;
    let directory = Directory::load(conn, copy.tenant, &[recipient]).await?;
    if !directory.may_receive(recipient) {
        let message = "it does not exist, is not active or does not accept leads";
        return Err(ActionError::refused("target", InvalidCode::NotAllowed, message));
    }
    let why = format!("handed in for {}", directory.name(recipient));
    Ok(direct(context, held, copy, recipient, announce, &why, moment)?)
}

/// No candidate was found: the default dealer gets it, and the decision says why.
async fn or_default(
    context: &Context,
    conn: &Conn,
    held: &Held,
    copy: &Lead,
    mut decided: Decided,
    given: &NewLead,
    moment: &(Timestamp, EventActor),
) -> Result<Decided, ActionError> {
    let Some(recipient) = default_dealer(conn, copy).await? else { return Ok(decided) };
    let why = decided.decision.reason.clone();
    let reason = format!("{why}; the default dealer gets it");
    let fallback = direct(context, held, copy, recipient, given.announce(), &reason, moment)?;
    decided.decision.outcome = crate::domain::decision::Outcome::Fallback;
    decided.decision.reason = fallback.decision.reason;
    decided.placements = fallback.placements;
    for placement in &mut decided.placements {
        placement.decision = decided.decision.id;
        placement.exception = Some(why.clone());
    }
    Ok(decided)
}

async fn to_default(
    context: &Context,
    conn: &Conn,
    held: &Held,
    copy: &Lead,
    given: &NewLead,
    moment: (Timestamp, EventActor),
) -> Result<Changes, ActionError> {
    if let Some(recipient) = default_dealer(conn, copy).await? {
        let decided = direct(
            context,
            held,
            copy,
            recipient,
            given.announce(),
            "nobody was named, the default dealer gets it",
            &moment,
        )?;
        let one = Move { copy: copy.clone(), decided, job: None, why: String::new(), tell: Tell::Nobody };
        return Ok(carry_out(context, conn, held, vec![one], moment).await?);
    }
    let reason = "nobody was named and there is no default dealer".to_owned();
    let directory = Directory::default();
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, moment.1, moment.0);
    desk.event(EventKind::LeadException, copy, None, None, Some(reason.clone()));
    desk.changes.updated.push(Lead { exception: Some(reason), ..copy.clone() });
    Ok(desk.changes)
}

async fn default_dealer(conn: &Conn, copy: &Lead) -> Result<Option<Recipient>, StoreError> {
    let dealer = dealers::find_default(conn, copy.tenant).await?;
    Ok(dealer.filter(|dealer| dealer.active && dealer.accepts_leads).map(|dealer| Recipient::Dealer(dealer.id)))
}
