//! Reading interfaces.

use async_graphql::{Context, ID, Object};

use super::backtest::Backtest;
use super::interface::{InterfaceVersion, ReassignmentInterface};
use crate::actions::{Permission, permit};
use crate::domain::id::AnyId;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::leads::SortDirection;
use crate::graphql::node::Node;
use crate::graphql::session::{Ctx, permitted};
use crate::store::{backtests, interfaces};

/// Queries about interfaces.
#[derive(Default)]
pub struct InterfaceQuery;

/// Queries about interfaces.
#[Object]
impl InterfaceQuery {
    /// One interface; null when there is none or your role does not read the configuration.
    async fn reassignment_interface(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`ifc_…`")] id: ID,
    ) -> async_graphql::Result<Option<ReassignmentInterface>> {
        let session = ctx.session()?;
        let Some(id) =
            ids::parse_or_null(&id).filter(|_| permit(&session.actor, Permission::ReadConfiguration).is_ok())
        else {
            return Ok(None);
        };
        Ok(interfaces::lookup(session.reader(), session.scope.tenant, id).await?.map(ReassignmentInterface))
    }

    /// All interfaces, by name. Needs the role admin, manager or auditor.
    async fn reassignment_interfaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by name.", default_with = "SortDirection::Asc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<ReassignmentInterface>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let list = format!("interfaces {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, tenant) = (session.reader(), session.scope.tenant);
        let found = interfaces::list(reader, tenant, direction.into(), &page).await?;
        connect(ctx, &list, found, ReassignmentInterface, |_| interfaces::count(reader, tenant)).await
    }
}

/// An interface or one of its versions by its id.
pub async fn find_node(ctx: &Context<'_>, id: AnyId) -> async_graphql::Result<Option<Node>> {
    let session = ctx.session()?;
    if permit(&session.actor, Permission::ReadConfiguration).is_err() {
        return Ok(None);
    }
    let (reader, tenant) = (session.reader(), session.scope.tenant);
    Ok(match id {
        AnyId::InterfaceId(id) => interfaces::lookup(reader, tenant, id)
            .await?
            .map(|interface| Node::ReassignmentInterface(ReassignmentInterface(interface))),
        AnyId::InterfaceVersionId(id) => interfaces::lookup_version(reader, tenant, id)
            .await?
            .map(|version| Node::InterfaceVersion(InterfaceVersion(version))),
        AnyId::BacktestId(id) => {
            backtests::lookup(reader, tenant, id).await?.map(|found| Node::Backtest(Backtest(found)))
        }
        _ => None,
    })
}
