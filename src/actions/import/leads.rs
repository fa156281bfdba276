//! A batch of leads: a request with its first copy each. No offer is made and nothing is sent.
//!
//! A copy whose row names a dealer stands as offered to it, and jobs look at it like at any other; the others wait unassigned. A row
//! whose reference is known already is left alone.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::cells::Cells;
use super::problem::RowProblem;
use super::progress::Outcome;
use super::run::Batch;
use super::sheet::Row;
use crate::actions::ActionError;
use crate::domain::dealer::Dealer;
use crate::domain::event::{Event, EventKind};
use crate::domain::field::CustomValues;
use crate::domain::id::{DealerId, LeadId};
use crate::domain::input::PointInput;
use crate::domain::label::Labels;
use crate::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use crate::domain::request::{Interest, Person, Request, RequestInput, Submission};
use crate::domain::{Invalid, InvalidCode, Timestamp};
use crate::store::tenants::{self, VersionHold};
use crate::store::{dealers, events, jobs, leads, requests};

/// Who hands imported leads in.
const CREATED_BY: &str = "import";

/// What the batch has to know beforehand.
struct Surroundings {
    dealers: HashMap<(String, String), Dealer>,
    known: HashSet<(String, String)>,
    /// The shortest time after which an enabled job looks at an offered copy.
    elapsed_min: Option<std::time::Duration>,
}

/// What the rows make.
#[derive(Default)]
struct Made {
    requests: Vec<Request>,
    leads: Vec<Lead>,
    events: Vec<Event>,
}

pub(super) async fn import(mut batch: Batch<'_>, rows: &[Row], outcome: &mut Outcome) -> Result<(), ActionError> {
    let mut surroundings = load(&mut batch, rows).await?;
    let mut made = Made::default();
    for row in rows {
        let cells = Cells::new(row, batch.mapping);
        let reference = reference(&cells);
        if reference.as_ref().is_some_and(|reference| surroundings.known.contains(reference)) {
            outcome.unchanged += 1;
            continue;
        }
        let mut warnings = Vec::new();
        match request(&batch, &cells, &mut warnings).zip(placed(&batch, &cells, &surroundings)) {
            Some((request, placed)) if !cells.has_problems() => {
                surroundings.known.extend(reference);
                outcome.created += 1;
                outcome.warned += u64::from(!warnings.is_empty());
                outcome.problems.extend(told(&cells, warnings, true));
                made.add(&batch, request, placed);
            }
            // For another reason; what would have been left out is wrong with it, too.
            _ => outcome.refuse(cells.problems().into_iter().chain(told(&cells, warnings, false)).collect()),
        }
    }
    if batch.order.dry_run {
        return Ok(());
    }
    requests::insert(batch.conn, &made.requests).await?;
    leads::insert(batch.conn, &made.leads).await?;
    Ok(events::insert(batch.conn, made.events).await?)
}

async fn load(batch: &mut Batch<'_>, rows: &[Row]) -> Result<Surroundings, ActionError> {
    let (tenant, mapping) = (batch.order.tenant, batch.mapping);
    let column = |ours| rows.iter().filter_map(move |row| mapping.value(&row.cells, ours)).map(str::to_owned);
    let numbers: Vec<String> = column("dealer_number").collect();
    // Nobody leaves the network between this look and the commit.
    tenants::network_version(batch.conn, tenant, VersionHold::Shared).await?;
    let found = dealers::find_by_numbers(batch.conn, tenant, &numbers).await?;
    let references: Vec<(String, String)> =
        rows.iter().filter_map(|row| reference(&Cells::new(row, mapping))).collect();
    let known = requests::list_external_ids(batch.conn, tenant, &references).await?;
    let codes = rows
        .iter()
        .filter_map(|row| Some((mapping.value(&row.cells, "country"), mapping.value(&row.cells, "postal_code")?)));
    batch.ground.find_codes(batch.conn, codes).await?;
    let jobs = jobs::list_all(batch.conn, tenant).await?;
    Ok(Surroundings {
        dealers: found.into_iter().map(|dealer| ((dealer.number.clone(), dealer.sub_number.clone()), dealer)).collect(),
        known: known.into_iter().collect(),
        elapsed_min: jobs.iter().filter(|job| job.enabled).map(|job| job.elapsed).min(),
    })
}

/// Source and the partner's own reference.
fn reference(cells: &Cells<'_>) -> Option<(String, String)> {
    cells.text("source").zip(cells.text("external_id"))
}

/// Who has the copy, since when, and its custom values.
struct Placed {
    dealer: Option<(DealerId, Timestamp)>,
    custom: Map<String, Value>,
    due_at: Option<Timestamp>,
}

/// A column, and why its value can't be taken.
type Warning = (&'static str, String);

fn told(cells: &Cells<'_>, warnings: Vec<Warning>, imported: bool) -> Vec<RowProblem> {
    warnings.into_iter().map(|(column, message)| cells.problem(column, message, imported)).collect()
}

/// What the row asks for, with what is left out of it.
fn request(batch: &Batch<'_>, cells: &Cells<'_>, warnings: &mut Vec<Warning>) -> Option<Request> {
    let mut input = input(cells, batch);
    let build = |input: &RequestInput| {
        let submission = Submission {
            tenant: &batch.ground.tenant,
            id: batch.cx.id(batch.at),
            at: batch.at,
            created_by: CREATED_BY,
            locate: &|country, code| batch.ground.locate(country, code),
        };
        Request::build(input, submission)
    };
    let mut built = build(&input);
    // A lead is worth more than its postal code, its language or its date.
    if let Err(problems) = &built
        && let Some(left_out) = problems.iter().map(dispensable).collect::<Option<Vec<_>>>()
    {
        for (problem, column) in problems.iter().zip(left_out) {
            match column {
                "postal_code" => input.postal_code = None,
                "language" => input.language = None,
                _ => input.received_at = None,
            }
            warnings.push((column, problem.message.clone()));
        }
        built = build(&input);
    }
    let request = built.map_err(|problems: Vec<Invalid>| cells.add(problems, |_| None)).ok()?;
    if let (None, Some(code)) = (request.point, &request.address.postal_code) {
        let message =
            format!("`{code}` is not a known postal code of {}: the lead has no point", request.address.country);
        warnings.push(("postal_code", message));
    }
    Some(request)
}

/// The column of a problem that is no reason to turn a lead away: it is imported without that value. A date in the future becomes the
/// moment of the import.
fn dispensable(problem: &Invalid) -> Option<&'static str> {
    match (problem.path.first().map(String::as_str), problem.code) {
        (Some("postalCode"), _) => Some("postal_code"),
        (Some("language"), _) => Some("language"),
        (Some("receivedAt"), InvalidCode::OutOfRange) => Some("received_at"),
        _ => None,
    }
}

fn placed(batch: &Batch<'_>, cells: &Cells<'_>, surroundings: &Surroundings) -> Option<Placed> {
    let custom = Value::Object(cells.custom(&batch.ground.fields));
    let custom = CustomValues::check(&batch.ground.fields, &custom);
    let custom = custom.map_err(|problems| cells.add(problems, |_| None)).ok()?;
    let Value::Object(custom) = custom.to_json() else { return None };
    let Some(number) = cells.text("dealer_number") else { return Some(Placed { dealer: None, custom, due_at: None }) };
    let number = (number, cells.text("dealer_sub_number").unwrap_or_default());
    let Some(dealer) = surroundings.dealers.get(&number) else {
        cells.refuse("dealer_number", "is no dealer's number, import the dealers first");
        return None;
    };
    let zone = batch.ground.tenant.time_zone;
    let told = cells.moment("offered_at", zone).or_else(|| cells.moment("received_at", zone));
    // A date in the future is noted with the request; an offer cannot have been made later than now.
    let offered_at = told.map_or(batch.at, |told| told.min(batch.at));
    let due_at = surroundings.elapsed_min.map(|elapsed| offered_at + elapsed);
    Some(Placed { dealer: Some((dealer.id, offered_at)), custom, due_at })
}

impl Made {
    fn add(&mut self, batch: &Batch<'_>, request: Request, placed: Placed) {
        let id: LeadId = batch.cx.id(batch.at);
        let state = if placed.dealer.is_some() { LeadState::Offered } else { LeadState::Unassigned };
        let offered_at = placed.dealer.map(|(_, at)| at);
        let lead = Lead {
            tenant: request.tenant,
            id,
            request: request.id,
            root: id,
            parent: None,
            round: 0,
            state,
            recipient: placed.dealer.map(|(dealer, _)| Recipient::Dealer(dealer)),
            decision: None,
            job: None,
            source: request.source.clone(),
            brand: request.interest.brand.clone(),
            received_at: request.received_at,
            times: LeadTimes { offered_at, ..LeadTimes::made_at(batch.at) },
            acknowledged_by: None,
            state_reason: None,
            exception: None,
            due_at: placed.due_at,
            warn_at: None,
            excluded_from_automation: false,
            workflow: Workflow::default(),
            labels: Labels::of(&request),
            custom: placed.custom,
            version: 1,
            created_by: CREATED_BY.to_owned(),
        };
        let mut line = |kind: EventKind, after: Value| {
            let event = batch.event(kind, id);
            let after = Some(after);
            self.events.push(Event { lead: Some(id), request: Some(request.id), after, ..event });
        };
        line(EventKind::LeadReceived, json!({ "source": lead.source, "receivedAt": lead.received_at.to_string() }));
        if let Some((dealer, at)) = placed.dealer {
            line(EventKind::LeadOffered, json!({ "dealer": dealer, "offeredAt": at.to_string() }));
        }
        self.leads.push(lead);
        self.requests.push(request);
    }
}

fn input(cells: &Cells<'_>, batch: &Batch<'_>) -> RequestInput {
    let point = cells.number("lat").zip(cells.number("lon")).map(|(lat, lon)| PointInput { lat, lon });
    RequestInput {
        external_id: cells.text("external_id"),
        source: cells.text("source"),
        campaign: cells.text("campaign"),
        interest: Interest { brand: cells.text("brand"), product: cells.text("product"), kind: cells.text("interest") },
        person: Person {
            first_name: cells.text("first_name"),
            last_name: cells.text("last_name"),
            email: cells.text("email"),
            phone: cells.text("phone"),
        },
        street: cells.text("street"),
        city: cells.text("city"),
        region: cells.text("region"),
        country: cells.text("country"),
        postal_code: cells.text("postal_code"),
        point,
        comments: cells.text("comments"),
        language: cells.text("language"),
        received_at: cells.moment("received_at", batch.ground.tenant.time_zone),
    }
}
