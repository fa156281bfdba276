//! The audit log, and who is asking.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::event::{Event, EventKind};
use super::order::SortDirection;
use crate::actions::Permission;
use crate::domain::Timestamp;
use crate::graphql::connection::{Listed, PageArgs, bad_input, connect};
use crate::graphql::ids;
use crate::graphql::session::{Ctx, permitted};
use crate::store::{events, tenants};

/// What a credential may be.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::actor::Role")]
pub enum Role {
    /// All of the tenant.
    Admin,
    /// The leads of the groups that the user manages.
    Manager,
    /// The user's own leads.
    Member,
    /// The leads of one dealer.
    Dealer,
    /// A partner's machine: the leads of its own source or dealer, or those that its company is assigned to.
    Partner,
    /// Reads everything but personal data.
    Auditor,
}

/// Who is asking.
#[derive(SimpleObject)]
pub struct Viewer {
    /// The credential's unique name.
    subject: String,
    /// What timelines call it.
    name: String,
    /// What it may be.
    role: Role,
    /// The tenant that it belongs to.
    tenant_id: ID,
    /// The tenant's name.
    tenant_name: String,
    /// The tenant's time zone, by its IANA name.
    time_zone: String,
    /// The user behind it.
    user_id: Option<ID>,
    /// The dealer that it is limited to.
    dealer_id: Option<ID>,
    /// The source that it is limited to.
    source: Option<String>,
    /// The company that it is limited to.
    company_id: Option<ID>,
}

/// Which lines are wanted; all given conditions must hold.
#[derive(InputObject, Default)]
pub struct EventFilter {
    /// About this object, by its id.
    subject: Option<ID>,
    /// About this lead.
    lead_id: Option<ID>,
    /// Of one of these kinds.
    kinds: Option<Vec<EventKind>>,
    /// By this actor, by its id as `EventActor.id` shows it.
    actor_id: Option<String>,
    /// At or after this moment.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    before: Option<DateTime<Utc>>,
}

impl EventFilter {
    fn stored(self) -> async_graphql::Result<events::EventFilter> {
        let lead = ids::parse_optional("leadId", self.lead_id.as_ref());
        let lead =
            lead.map_err(|problem| bad_input(format!("filter.{}: {}", problem.path.join("."), problem.message)))?;
        Ok(events::EventFilter {
            lead,
            request: None,
            open_to: None,
            subject: self.subject.map(|id| id.0),
            kinds: self.kinds.unwrap_or_default().into_iter().map(Into::into).collect(),
            actor: self.actor_id,
            from: self.from.map(Timestamp::from),
            before: self.before.map(Timestamp::from),
        })
    }
}

/// Queries about who did what.
#[derive(Default)]
pub struct AuditQuery;

/// Queries about who did what.
#[Object]
impl AuditQuery {
    /// Who is asking.
    async fn viewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Viewer> {
        let session = ctx.session()?;
        let actor = &session.actor;
        let tenant = tenants::lookup(session.reader(), actor.tenant).await?;
        let tenant =
            tenant.ok_or_else(|| bad_input("the credential's tenant does not exist, ask for a new one".to_owned()))?;
        Ok(Viewer {
            subject: actor.subject.clone(),
            name: actor.name.clone(),
            role: actor.role.into(),
            tenant_id: actor.tenant.into(),
            tenant_name: tenant.name,
            time_zone: tenant.time_zone.name().to_owned(),
            user_id: actor.user.map(Into::into),
            dealer_id: actor.dealer.map(Into::into),
            source: actor.source.clone(),
            company_id: actor.company.map(Into::into),
        })
    }

    /// The audit log over the whole tenant: who, what, when, before, after. Needs the role admin or auditor.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, its filter and its order")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which lines; all when left out.")] filter: Option<EventFilter>,
        #[graphql(desc = "Newest first when left out.")] direction: Option<SortDirection>,
    ) -> async_graphql::Result<Listed<Event>> {
        permitted(ctx, Permission::ReadAudit)?;
        let session = ctx.session()?;
        let direction = direction.unwrap_or_default();
        let list = format!("events {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (tenant, filter) = (session.scope.tenant, filter.unwrap_or_default().stored()?);
        let found = events::list(session.reader(), tenant, &filter, direction.into(), &page).await?;
        connect(ctx, &list, found, Event, |up_to| events::count(session.reader(), tenant, &filter, up_to)).await
    }
}
