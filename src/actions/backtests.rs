//! Backtests, one batch of leads at a time: read, compare, and write down how far that came (SPEC IFACE-7).
//!
//! A batch is claimed in one short statement and worked on outside any transaction, so that nobody waits for it. What it found and the
//! place that it came to become true together, and only if nobody cancelled it or took it over meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::aside::public;
use super::context::Context;
use super::error::ActionError;
use super::intake::first_copy;
use super::interfaces::leads_of;
use super::loads::loads;
use crate::domain::backtest::{Backtest, BacktestState};
use crate::domain::id::RequestId;
use crate::domain::lead::Lead;
use crate::domain::request::Request;
use crate::routing::{Compared, Loads, Plan, Question, Subject};
use crate::store::leads::LeadSort;
use crate::store::tenants::VersionHold;
use crate::store::{
    Conn, KeyPart, Order, PageRequest, Scope, StoreError, backtests, interfaces, leads, requests, tenants,
};

/// How long a worker may take for one batch before another may take the backtest over.
const LEASE: Duration = Duration::from_mins(1);
/// Leads per batch that a worker takes: some tens of milliseconds, so that deadlines are hardly kept waiting.
pub const BATCH: u64 = 2_000;

/// Takes the oldest waiting backtest further by a batch of so many leads. Whether there was one.
pub async fn step(context: &Context, batch_size: u64) -> Result<bool, ActionError> {
    let now = context.clock.now();
    let Some(claimed) = backtests::claim(context.store.writer(), now, LEASE).await? else { return Ok(false) };
    let mut backtest = claimed.backtest;
    let found = match batch(context, &backtest, batch_size).await {
        Ok(found) => found,
        // What may pass is tried again after the lease.
        Err(error) if error.is_transient() || error.is_unavailable() => return Err(error.into()),
        Err(error) => {
            tracing::error!(backtest.id = %backtest.id, error = %error, "a backtest was given up");
            Found { ended: Some((BacktestState::Failed, Some(public(&error.into())))), ..Found::default() }
        }
    };
    backtest.totals.merge(&found.compared.totals);
    backtest.cursor = found.cursor.or(backtest.cursor);
    if let Some((state, error)) = found.ended {
        (backtest.state, backtest.error, backtest.finished_at) = (state, error, Some(context.clock.now()));
    }
    let tx = context.store.begin().await?;
    match backtests::record(&tx, &backtest, claimed.until).await {
        // Cancelled, or taken over by another worker: the batch counts for nothing.
        Err(StoreError::Conflict) => return Ok(true),
        recorded => recorded?,
    }
    backtests::add_shares(&tx, (backtest.tenant, backtest.id), &found.compared.shares).await?;
    tx.commit().await?;
    Ok(true)
}

/// What one batch came to.
#[derive(Default)]
struct Found {
    compared: Compared,
    cursor: Option<(crate::domain::Timestamp, crate::domain::id::LeadId)>,
    ended: Option<(BacktestState, Option<String>)>,
}

async fn batch(context: &Context, backtest: &Backtest, size: u64) -> Result<Found, StoreError> {
    let (conn, tenant) = (context.store.reader(), backtest.tenant);
    let plans = match plans(context, conn, backtest).await? {
        Ok(plans) => plans,
        Err(problem) => {
            return Ok(Found { ended: Some((BacktestState::Failed, Some(problem))), ..Found::default() });
        }
    };
    let after = backtest.cursor.map(|(at, lead)| vec![KeyPart::Int(at.micros()), KeyPart::Id(lead.uuid())]);
    let page = PageRequest { after, ..PageRequest::first(size) };
    let period = leads_of(backtest.received_from, backtest.received_before);
    let order = (LeadSort::ReceivedAt, Order::Asc);
    let page = leads::list(conn, &Scope::system(tenant), &period, order, &page).await?;
    let ended = (!page.has_next).then_some((BacktestState::Done, None));
    let copies = page.into_rows();
    let cursor = copies.last().map(|copy| (copy.received_at, copy.id));
    let pairs = with_requests(conn, backtest, copies).await?;
    let of = tenants::lookup(conn, tenant).await?;
    let of = of.ok_or_else(|| StoreError::corrupt("tenants.tenant_id", format!("{tenant} is missing")))?;
    let needed = plans.iter().any(|plan| plan.needs_loads());
    let [published, draft] = plans;
    let loads = loads(conn, &of, published.network(), context.clock.now(), needed).await?;
    let compared = tokio::task::spawn_blocking(move || compare([&published, &draft], &loads, &pairs)).await;
    let compared = compared.map_err(|error| StoreError::corrupt("backtests.draft", error))?;
    Ok(Found { compared, cursor, ended })
}

/// The published version and the draft, compiled against the network as it is now; or why one of them can't be any more.
async fn plans(
    context: &Context,
    conn: &Conn,
    backtest: &Backtest,
) -> Result<Result<[Arc<Plan>; 2], String>, StoreError> {
    let (tenant, number) = (backtest.tenant, backtest.published_number);
    let version = tenants::network_version(conn, tenant, VersionHold::None).await?;
    let network = context.networks.load(conn, tenant, version).await?;
    let interface = interfaces::lookup(conn, tenant, backtest.interface).await?;
    let published = interfaces::find_version(conn, tenant, backtest.interface, number).await?;
    let (Some(interface), Some(published)) = (interface, published) else {
        return Ok(Err("the interface was removed".to_owned()));
    };
    let (kind, key) = (interface.candidate_kind, (interface.id, number));
    let before = context.networks.plan(&network, kind, key, &published.definition);
    let Some(before) = before else {
        return Ok(Err(format!("version {number} reads a field that is gone, publish another one")));
    };
    Ok(match Plan::compile(network, kind, &backtest.draft) {
        Ok(draft) => Ok([before, Arc::new(draft)]),
        Err(problems) => {
            let texts: Vec<String> = problems.into_iter().map(|problem| problem.invalid.message).collect();
            Err(format!("the draft does not check any more: {}", texts.join("; ")))
        }
    })
}

/// Each lead as it came in, in nobody's hands.
async fn with_requests(
    conn: &Conn,
    backtest: &Backtest,
    copies: Vec<Lead>,
) -> Result<Vec<(Lead, Request)>, StoreError> {
    let ids: Vec<RequestId> = copies.iter().map(|copy| copy.request).collect();
    let found = requests::lookup_many(conn, backtest.tenant, &ids).await?;
    let mut requests: HashMap<RequestId, Request> = found.into_iter().map(|request| (request.id, request)).collect();
    let mut pairs = Vec::with_capacity(copies.len());
    for copy in copies {
        let request = requests.remove(&copy.request);
        let request = request.ok_or_else(|| StoreError::corrupt("leads.request_id", copy.request))?;
        let first = first_copy(copy.id, &request, copy.custom, copy.workflow.file_type, request.received_at);
        let lead = Lead { source: copy.source, labels: copy.labels, ..first };
        pairs.push((lead, request));
    }
    Ok(pairs)
}

fn compare([published, draft]: [&Plan; 2], loads: &Loads, pairs: &[(Lead, Request)]) -> Compared {
    let mut compared = Compared::default();
    for (lead, request) in pairs {
        let subject = Subject::new(published.network(), lead, request, &[]);
        compared.add(published, draft, Question { subject: &subject, loads, now: lead.received_at });
    }
    compared
}
