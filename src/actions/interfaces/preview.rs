//! Who would get a lead, and why or why not somebody: for a draft, a version or an unsaved definition. Reads only.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::check::refuse_unsound;
use crate::actions::intake::first_copy;
use crate::actions::loads::loads;
use crate::actions::network::Ground;
use crate::actions::{ActionError, Context, Permission, permit};
use crate::domain::decision::{Excluded, RankedCandidate};
use crate::domain::field::{CustomValues, Subject as Owner};
use crate::domain::id::{InterfaceId, LeadId, TenantId};
use crate::domain::interface::{CandidateKind, Definition};
use crate::domain::lead::{Lead, Recipient};
use crate::domain::request::{Person, Request, RequestInput, Submission};
use crate::domain::{Actor, InvalidCode, Point, Timestamp};
use crate::routing::{Explanation, Loads, Network, Plan, Problem, Question, Sorted, Subject};
use crate::rules::{Checked, FieldSource, UserField};
use crate::store::tenants::VersionHold;
use crate::store::{Conn, Scope, StoreError, interfaces, leads, requests, tenants};

/// Which definition is asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// An interface's draft, or what is published if there is none.
    Draft(InterfaceId),
    /// One of its versions.
    Version(InterfaceId, i64),
    /// One that is not saved.
    Unsaved(CandidateKind, Definition),
}

/// Whom candidates are sought for.
#[derive(Clone, Debug)]
pub enum For {
    /// A lead within the caller's reach, as it is.
    Lead(LeadId),
    /// A lead that there is not, at a place.
    Place(Box<Place>),
}

/// A lead that there is not: where it would be, and what it would say.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Country, postal code or point, and any other value that expressions read; nothing is required.
    pub request: RequestInput,
    /// Values of custom fields of leads, by key.
    pub custom: Option<Value>,
}

/// Who would get it.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Up to the interface's limit, best first.
    pub candidates: Vec<RankedCandidate>,
    /// How many candidates of the kind there are.
    pub considered: u64,
    /// How many match, the limit aside.
    pub matched: u64,
    /// How many do not, and why.
    pub excluded: Excluded,
    /// What stands in the way of a better answer.
    pub problem: Option<Problem>,
    /// Where distances were measured from.
    pub point: Option<Point>,
    /// How long it took, reading included.
    pub took: Duration,
}

/// Everything that a question needs, read.
struct Ready {
    plan: Arc<Plan>,
    loads: Loads,
    lead: Lead,
    request: Request,
    chain: Vec<Recipient>,
    at: Timestamp,
}

/// Who would get a lead.
pub async fn preview(cx: &Context, actor: &Actor, asked: &Asked, wanted: &For) -> Result<Preview, ActionError> {
    let ready = ready(cx, actor, asked, wanted).await?;
    let subject = Subject::new(ready.plan.network(), &ready.lead, &ready.request, &ready.chain);
    let question = Question { subject: &subject, loads: &ready.loads, now: ready.at };
    let ranking = ready.plan.rank(question, Sorted::AsDefined);
    Ok(Preview {
        candidates: ready.plan.describe(question, &ranking),
        considered: ranking.considered,
        matched: ranking.matched,
        excluded: ranking.excluded(),
        problem: ranking.problem,
        point: subject.point(),
        took: cx.clock.now().since(ready.at),
    })
}

/// Why somebody is, or is not, a candidate for a lead.
pub async fn explain(
    cx: &Context,
    actor: &Actor,
    (asked, wanted): (&Asked, &For),
    recipient: Recipient,
) -> Result<Explanation, ActionError> {
    let ready = ready(cx, actor, asked, wanted).await?;
    let subject = Subject::new(ready.plan.network(), &ready.lead, &ready.request, &ready.chain);
    let question = Question { subject: &subject, loads: &ready.loads, now: ready.at };
    let (field, what) = match ready.plan.kind() {
        CandidateKind::Dealer => ("dealerId", "dealer"),
        CandidateKind::User => ("userId", "user"),
    };
    ready.plan.explain(question, recipient).ok_or_else(|| ActionError::not_found(field, what))
}

async fn ready(cx: &Context, actor: &Actor, asked: &Asked, wanted: &For) -> Result<Ready, ActionError> {
    permit(actor, Permission::ReadConfiguration)?;
    let (conn, at) = (cx.store.reader(), cx.clock.now());
    let version = tenants::network_version(conn, actor.tenant, VersionHold::None).await?;
    let network = cx.networks.load(conn, actor.tenant, version).await?;
    let plan = plan(cx, conn, actor.tenant, &network, asked).await?;
    refuse_hidden(actor, &plan)?;
    let (lead, request, chain) = match wanted {
        For::Lead(id) => existing(conn, actor, *id).await?,
        For::Place(place) => imagined(cx, conn, actor, place, at).await?,
    };
    let tenant = tenants::lookup(conn, actor.tenant).await?;
    let tenant =
        tenant.ok_or_else(|| StoreError::corrupt("tenants.tenant_id", format!("{} is missing", actor.tenant)))?;
    let loads = loads(conn, &tenant, &network, at, plan.needs_loads()).await?;
    Ok(Ready { plan, loads, lead, request, chain, at })
}

/// An answer would tell mail addresses to those who do not see them.
fn refuse_hidden(actor: &Actor, plan: &Plan) -> Result<(), ActionError> {
    let keys = plan.rules().sort.iter().map(|level| &level.key);
    let mut read = plan.rules().filter.iter().chain(keys).flat_map(Checked::fields);
    let address = read.find(|field| field.source == FieldSource::User(UserField::Email));
    match address.filter(|_| !Scope::of(actor).personal_data) {
        None => Ok(()),
        Some(field) => {
            let message = format!("your role does not see `{}`, which the definition reads", field.path);
            Err(ActionError::refused("source", InvalidCode::Forbidden, message))
        }
    }
}

async fn plan(
    cx: &Context,
    conn: &Conn,
    tenant: TenantId,
    network: &Arc<Network>,
    asked: &Asked,
) -> Result<Arc<Plan>, ActionError> {
    let missing = || ActionError::not_found("interfaceId", "interface");
    let (kind, definition, number) = match asked {
        Asked::Unsaved(kind, definition) => (*kind, definition.clone(), None),
        Asked::Draft(id) => {
            let interface = interfaces::lookup(conn, tenant, *id).await?.ok_or_else(missing)?;
            match (interface.draft, interface.published_number) {
                (Some(draft), _) => (interface.candidate_kind, draft, None),
                (None, Some(number)) => {
                    let version = interfaces::find_version(conn, tenant, *id, number).await?.ok_or_else(missing)?;
                    (interface.candidate_kind, version.definition, Some((*id, number)))
                }
                (None, None) => return Err(missing()),
            }
        }
        Asked::Version(id, number) => {
            let interface = interfaces::lookup(conn, tenant, *id).await?.ok_or_else(missing)?;
            let found = interfaces::find_version(conn, tenant, *id, *number).await?;
            let version = found.ok_or_else(|| ActionError::not_found("number", "version"))?;
            (interface.candidate_kind, version.definition, Some((*id, *number)))
        }
    };
    refuse_unsound(network.catalog(), kind, &definition)?;
    if let Some(plan) = number.and_then(|key| cx.networks.plan(network, kind, key, &definition)) {
        return Ok(plan);
    }
    let compiled = Plan::compile(Arc::clone(network), kind, &definition);
    Ok(Arc::new(compiled.map_err(|problems| {
        ActionError::Refused(problems.into_iter().map(|problem| problem.invalid.under("definition")).collect())
    })?))
}

async fn existing(conn: &Conn, actor: &Actor, id: LeadId) -> Result<(Lead, Request, Vec<Recipient>), ActionError> {
    let found = leads::lookup(conn, &Scope::of(actor), id).await?;
    let lead = found.ok_or_else(|| ActionError::not_found("leadId", "lead"))?;
    let request = requests::lookup_many(conn, actor.tenant, &[lead.request]).await?.pop();
    let request =
        request.ok_or_else(|| StoreError::corrupt("leads.request_id", format!("{} is missing", lead.request)))?;
    let copies = leads::chains(conn, &Scope::system(actor.tenant), &[lead.request]).await?;
    let chain = copies.iter().filter_map(|copy| copy.recipient).collect();
    Ok((lead, request, chain))
}

async fn imagined(
    cx: &Context,
    conn: &Conn,
    actor: &Actor,
    place: &Place,
    at: Timestamp,
) -> Result<(Lead, Request, Vec<Recipient>), ActionError> {
    let mut ground = Ground::load(conn, actor.tenant, Owner::Lead).await?;
    let mut input = place.request.clone();
    // What a real lead must have is made up where it says nothing; none of it is kept.
    input.source.get_or_insert_with(|| "preview".to_owned());
    input.person = Person { phone: Some("+15550100".to_owned()), ..Person::default() };
    ground.find_codes(conn, input.postal_code.as_deref().map(|code| (input.country.as_deref(), code))).await?;
    let locate = |country, code: &_| ground.locate(country, code);
    let (tenant, created_by) = (&ground.tenant, actor.subject.as_str());
    let request = Request::build(&input, Submission { tenant, id: cx.id(at), at, created_by, locate: &locate });
    let custom = custom(&ground, place.custom.as_ref());
    let (request, custom) = match (request, custom) {
        (Ok(request), Ok(custom)) => (request, custom),
        (request, custom) => {
            let problems = [request.err(), custom.err()].into_iter().flatten().flatten();
            return Err(problems.map(|problem| problem.under("place")).collect::<Vec<_>>().into());
        }
    };
    let lead = first_copy(cx.id(at), &request, custom, None, at);
    Ok((lead, request, Vec::new()))
}

/// What is required of a real lead may be missing here.
fn custom(ground: &Ground, given: Option<&Value>) -> Result<Map<String, Value>, Vec<crate::domain::Invalid>> {
    let Some(given) = given else { return Ok(Map::new()) };
    let wrong: Vec<_> = match CustomValues::check(&ground.fields, given) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().filter(|problem| problem.code != InvalidCode::Required).collect(),
    };
    if wrong.is_empty() { Ok(given.as_object().cloned().unwrap_or_default()) } else { Err(wrong) }
}
