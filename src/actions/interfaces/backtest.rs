//! Asking for a backtest, and stopping one. Workers do it (`actions::backtests`); nothing but its own rows is ever written.

use serde_json::json;

use super::check::{held_catalog, refuse_unsound};
use crate::actions::{ActionError, Begun, Call, Context, Permission, permit};
use crate::domain::backtest::{BACKTEST_LEADS_MAX, Backtest, BacktestState, BacktestTotals};
use crate::domain::event::EventKind;
use crate::domain::id::{BacktestId, InterfaceId};
use crate::domain::{InvalidCode, Timestamp};
use crate::store::leads::LeadFilter;
use crate::store::{Scope, backtests, interfaces, leads};

/// What is to be compared, over which leads.
#[derive(Clone, Copy, Debug)]
pub struct NewBacktest {
    /// Its draft is compared with its published version.
    pub interface: InterfaceId,
    /// Leads received at or after this moment,
    pub received_from: Timestamp,
    /// and before this one.
    pub received_before: Timestamp,
}

/// The first copies of a period: what came in, each request once.
pub(in crate::actions) fn leads_of(received_from: Timestamp, received_before: Timestamp) -> LeadFilter {
    LeadFilter { is_first: true, received: Some((received_from, received_before)), ..LeadFilter::default() }
}

/// Asks for a backtest of an interface's draft.
pub async fn start_backtest(cx: &Context, call: Call<'_>, new: NewBacktest) -> Result<BacktestId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let NewBacktest { interface, received_from, received_before } = new;
    if received_from >= received_before {
        let message = format!("{received_before} is not after {received_from}, give a later end");
        return Err(ActionError::refused("receivedBefore", InvalidCode::OutOfRange, message));
    }
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (tenant, at) = (call.actor.tenant, work.at());
    let found = interfaces::lookup(&work, tenant, interface).await?;
    let found = found.ok_or_else(|| ActionError::not_found("interfaceId", "interface"))?;
    let (Some(draft), Some(published_number)) = (found.draft, found.published_number) else {
        let message =
            format!("`{}` needs a published version and a draft that differs from it, to compare them", found.name);
        return Err(ActionError::refused("interfaceId", InvalidCode::WrongState, message));
    };
    refuse_unsound(&held_catalog(&work, tenant).await?, found.candidate_kind, &draft)?;
    if let Some(open) = backtests::find_open(&work, tenant, interface).await? {
        let message =
            format!("`{}` has a backtest that is not finished, `{}`, wait for it or cancel it", found.name, open.id);
        return Err(ActionError::refused("interfaceId", InvalidCode::WrongState, message));
    }
    let period = leads_of(received_from, received_before);
    let lead_count = leads::count(&work, &Scope::system(tenant), &period, BACKTEST_LEADS_MAX + 1).await?;
    if lead_count > BACKTEST_LEADS_MAX {
        let message = format!("more than {BACKTEST_LEADS_MAX} leads came in between the two, choose a shorter time");
        return Err(ActionError::refused("receivedFrom", InvalidCode::OutOfRange, message));
    }
    let backtest = Backtest {
        tenant,
        id: cx.id(at),
        interface,
        state: BacktestState::Queued,
        draft,
        published_number,
        received_from,
        received_before,
        lead_count: i64::try_from(lead_count).unwrap_or(i64::MAX),
        requested_by: call.actor.name.clone(),
        queued_at: at,
        started_at: None,
        finished_at: None,
        cursor: None,
        totals: BacktestTotals::default(),
        error: None,
    };
    backtests::insert(&work, &backtest).await?;
    let told = json!({ "interfaceId": interface, "receivedFrom": received_from, "receivedBefore": received_before });
    work.note(EventKind::Created, backtest.id, None, Some(told));
    work.commit(backtest.id).await
}

/// Stops a backtest that waits or is under way; what it has counted stays.
pub async fn cancel_backtest(cx: &Context, call: Call<'_>, id: BacktestId) -> Result<BacktestId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let tenant = call.actor.tenant;
    let found = backtests::lookup(&work, tenant, id).await?;
    let before = found.ok_or_else(|| ActionError::not_found("backtestId", "backtest"))?;
    if !backtests::cancel(&work, tenant, id, work.at()).await? {
        return Err(ActionError::refused("backtestId", InvalidCode::WrongState, "it has ended already"));
    }
    let (old, new) = (json!({ "state": before.state }), json!({ "state": BacktestState::Cancelled }));
    work.note(EventKind::Updated, id, Some(old), Some(new));
    work.commit(id).await
}
