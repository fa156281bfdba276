//! A list as somebody opens it: the condition that its base set and its filter make together, for that viewer.
//!
//! It says which leads the list is about, never which of them the viewer may see: every read adds the viewer's scope.

use std::sync::Arc;

use super::filter::GivenFilter;
use crate::actions::sight::refuse_hidden;
use crate::actions::{ActionError, Context};
use crate::domain::actor::Actor;
use crate::domain::id::ListId;
use crate::domain::list::{BaseSet, List, ListAccess};
use crate::domain::{Invalid, InvalidCode, Timestamp};
use crate::routing::in_expression;
use crate::rules::{Catalog, Checked, Diagnostic};
use crate::store::leads::LeadFilter;
use crate::store::lists::{self, ListReach};
use crate::store::rule::{Pushed, Rows};
use crate::store::{Conn, StoreError};

/// Which leads are wanted, checked for one viewer.
#[derive(Clone)]
pub struct Opened {
    /// What its names mean.
    pub catalog: Arc<Catalog>,
    /// The base set and the filter together; `None` for all leads.
    pub rule: Option<Checked>,
}

impl Opened {
    /// As a filter for the store behind `conn`, at a moment.
    pub fn filter(&self, conn: &Conn, now: Timestamp) -> Result<LeadFilter, ActionError> {
        let rule = self.rule.as_ref().map(|rule| Pushed::condition(conn, (rule, &self.catalog), Rows::Leads, now));
        let rule = rule.transpose().map_err(refused)?;
        Ok(LeadFilter { rule, ..LeadFilter::default() })
    }
}

/// The list with this id, with what the actor may do with it; `None` if the actor does not know it.
pub async fn open(conn: &Conn, actor: &Actor, id: ListId) -> Result<Option<(List, ListAccess)>, StoreError> {
    let found = lists::lookup(conn, actor.tenant, ListReach::of(actor), id).await?;
    Ok(found.and_then(|list| list.access_of(actor).map(|access| (list, access))))
}

/// Which leads a list shows to `viewer`. Refused if its filter reads what the viewer does not see.
pub async fn opened(cx: &Context, conn: &Conn, viewer: &Actor, list: &List) -> Result<Opened, ActionError> {
    let catalog = cx.catalogs.load(conn, viewer.tenant).await?;
    let filter = GivenFilter::kept(&list.filter).check(&catalog)?;
    let rule = condition(&catalog, viewer, list.base, filter.as_ref())?;
    Ok(Opened { catalog, rule })
}

/// The condition that a base set and a filter make together; `None` for all leads.
pub fn condition(
    catalog: &Catalog,
    viewer: &Actor,
    base: BaseSet,
    filter: Option<&Checked>,
) -> Result<Option<Checked>, ActionError> {
    if let Some(filter) = filter {
        refuse_hidden(viewer, filter)?;
    }
    let base = base.condition(viewer).map_or(GivenFilter::All, GivenFilter::Text).check(catalog)?;
    Ok(match (base, filter) {
        (Some(base), Some(filter)) => Some(base.and(filter, catalog)),
        (base, filter) => base.or_else(|| filter.cloned()),
    })
}

fn refused(problems: Vec<Diagnostic>) -> ActionError {
    let told: Vec<Invalid> = in_expression(&["filter"], problems).into_iter().map(|problem| problem.invalid).collect();
    if told.is_empty() {
        return ActionError::refused("filter", InvalidCode::Expression, "the filter can't be asked of the database");
    }
    told.into()
}
