//! A scope: which rows of which tenant somebody may see. Every read of leads starts from one.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, IntoSimpleExpr};

use super::rows::{company, lead, lead_assignment, membership, user};
use crate::domain::actor::{Actor, Role};
use crate::domain::id::{CompanyId, DealerId, TenantId, UserId};
use crate::domain::label::Visibility;
use crate::domain::lead::{Lead, LeadState, Recipient};

/// Which leads of a tenant somebody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The one tenant.
    pub tenant: TenantId,
    /// Which of its leads.
    pub reach: Reach,
    /// Whether customers' personal data is shown.
    pub personal_data: bool,
}

/// Which leads of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All.
    All,
    /// Those of the users in the groups that this user manages, and the user's own; those that they have and those that they are assigned
    /// to.
    Managed(UserId),
    /// The user's own, and those that the user is assigned to.
    Own(UserId),
    /// Those of one dealer.
    Dealer(DealerId),
    /// Those of one source, of one dealer, assigned to one company, or all of that together.
    Partner {
        /// The partner's own source.
        source: Option<String>,
        /// The partner's own dealer.
        dealer: Option<DealerId>,
        /// The partner's own company.
        company: Option<CompanyId>,
    },
}

impl Scope {
    /// Everything of a tenant: for Baton's own work.
    pub const fn system(tenant: TenantId) -> Self {
        Self { tenant, reach: Reach::All, personal_data: true }
    }

    /// What an actor may see (SPEC ALLOC-4). An actor whose credential lacks what its role needs sees nothing.
    pub fn of(actor: &Actor) -> Self {
        let nothing = || Reach::Partner { source: None, dealer: None, company: None };
        let reach = match actor.role {
            Role::Admin | Role::Auditor => Reach::All,
            Role::Manager => actor.user.map_or_else(nothing, Reach::Managed),
            Role::Member => actor.user.map_or_else(nothing, Reach::Own),
            Role::Dealer => actor.dealer.map_or_else(nothing, Reach::Dealer),
            Role::Partner => {
                Reach::Partner { source: actor.source.clone(), dealer: actor.dealer, company: actor.company }
            }
        };
        Self { tenant: actor.tenant, reach, personal_data: actor.role != Role::Auditor }
    }

    /// Whether the customer's contact data is shown with a copy that this recipient has in this state: to staff, to the request's own
    /// source and to whoever is assigned, and to a recipient once the copy is in their hands (SPEC ACK-1). INVARIANT: the copy is within
    /// reach.
    pub fn shows_person(&self, recipient: Option<Recipient>, state: LeadState) -> bool {
        match &self.reach {
            Reach::All
            | Reach::Managed(_)
            | Reach::Partner { source: Some(_), .. }
            | Reach::Partner { company: Some(_), .. } => self.personal_data,
            // What is within reach and in somebody else's hands is so by an assignment.
            Reach::Own(user) if recipient != Some(Recipient::User(*user)) => self.personal_data,
            Reach::Own(_) | Reach::Dealer(_) | Reach::Partner { .. } => self.personal_data && state.is_held(),
        }
    }

    /// Whether an answer to this copy is the recipient's own, or given on the recipient's behalf: not by those who see it only because they
    /// are assigned to it. INVARIANT: the copy is within reach.
    pub fn answers_for(&self, copy: &Lead) -> bool {
        match &self.reach {
            Reach::All | Reach::Managed(_) | Reach::Dealer(_) => true,
            Reach::Own(user) => copy.recipient == Some(Recipient::User(*user)),
            Reach::Partner { source, dealer, .. } => source.is_some() || dealer.is_some(),
        }
    }

    /// Whether leads may be searched by their customer: only where contact data is shown with every copy.
    pub fn searches_person(&self) -> bool {
        self.personal_data
            && matches!(self.reach, Reach::All | Reach::Managed(_) | Reach::Partner { source: Some(_), .. })
    }

    /// Whether all that happened to a request is shown with any of its copies, and not only what happened to that copy: not to those
    /// who see a copy because they have it or are assigned to it.
    pub const fn follows_requests(&self) -> bool {
        matches!(self.reach, Reach::All | Reach::Managed(_) | Reach::Partner { source: Some(_), company: None, .. })
    }

    /// The condition that every read of leads begins with.
    ///
    /// What is assigned stands in another table. A user or a company has few leads among many, so theirs are looked up by their ids: an
    /// `or`, or the tenant's own condition beside it, would make SQLite go through the whole tenant instead. A manager has many, which are
    /// met soon by going through the leads in the order that is asked for.
    pub(super) fn leads(&self) -> Condition {
        let own_tenant = lead::Column::TenantId.eq(self.tenant.uuid());
        let all = Condition::all().add(own_tenant).add_option(self.unrestricted());
        match &self.reach {
            Reach::All => all,
            Reach::Own(user) => {
                let reached = self.own_leads(*user).union(UnionType::Distinct, self.assigned_to(*user)).take();
                Condition::all().add(among(reached_once(reached))).add_option(self.unrestricted())
            }
            Reach::Dealer(dealer) => all.add(lead::Column::DealerId.eq(dealer.uuid())),
            Reach::Managed(user) => {
                let managed = Condition::any()
                    .add(lead::Column::UserId.eq(user.uuid()))
                    .add(lead::Column::UserId.into_simple_expr().in_subquery(self.managed_users(*user)))
                    .add(lead::Column::Id.into_simple_expr().in_subquery(self.assigned_to_team(*user)));
                all.add(managed)
            }
            Reach::Partner { source: None, dealer: None, company: None } => all.add(Expr::val(false)),
            Reach::Partner { source, dealer, company } => company
                .map_or(all, |company| {
                    Condition::all().add(among(self.assigned_to_company(company))).add_option(self.unrestricted())
                })
                .add_option(source.as_ref().map(|source| lead::Column::Source.eq(source)))
                .add_option(dealer.map(|dealer| lead::Column::DealerId.eq(dealer.uuid()))),
        }
    }

    /// The condition that keeps restricted copies out: whoever does not see all sees them only in their own hands, and not because they
    /// are assigned. None for who sees all, and for a dealer, who reaches nothing else.
    pub(super) fn unrestricted(&self) -> Option<Condition> {
        let normal = Condition::any().add(lead::Column::Visibility.eq(Visibility::Normal.as_str()));
        match self.reach {
            Reach::All | Reach::Dealer(_) => None,
            Reach::Own(user) | Reach::Managed(user) => Some(normal.add(lead::Column::UserId.eq(user.uuid()))),
            Reach::Partner { .. } => Some(normal),
        }
    }

    /// Those that a user has, by tenant and id.
    fn own_leads(&self, user: UserId) -> SelectStatement {
        Query::select()
            .columns([lead::Column::TenantId, lead::Column::Id])
            .from(lead::Entity)
            .and_where(lead::Column::TenantId.eq(self.tenant.uuid()))
            .and_where(lead::Column::UserId.eq(user.uuid()))
            .take()
    }

    /// Those that a user is assigned to, as one of several or in a role, by tenant and id.
    fn assigned_to(&self, user: UserId) -> SelectStatement {
        self.assigned().and_where(lead_assignment::Column::UserId.eq(user.uuid())).take()
    }

    /// Those that an active company is assigned to, in whatever capacity, by tenant and id.
    fn assigned_to_company(&self, id: CompanyId) -> SelectStatement {
        let active = Query::select()
            .column(company::Column::Id)
            .from(company::Entity)
            .and_where(company::Column::TenantId.eq(self.tenant.uuid()))
            .and_where(company::Column::Id.eq(id.uuid()))
            .and_where(company::Column::Active.eq(true))
            .take();
        self.assigned()
            .and_where(lead_assignment::Column::CompanyId.eq(id.uuid()))
            .and_where(lead_assignment::Column::CompanyId.into_simple_expr().in_subquery(active))
            .take()
    }

    fn assigned(&self) -> SelectStatement {
        Query::select()
            .columns([lead_assignment::Column::TenantId, lead_assignment::Column::LeadId])
            .from(lead_assignment::Entity)
            .and_where(lead_assignment::Column::TenantId.eq(self.tenant.uuid()))
            .take()
    }

    /// Those that the manager, or a user in one of the manager's groups, is assigned to, by id.
    fn assigned_to_team(&self, manager: UserId) -> SelectStatement {
        let own = Query::select()
            .column(user::Column::Id)
            .from(user::Entity)
            .and_where(user::Column::TenantId.eq(self.tenant.uuid()))
            .and_where(user::Column::Id.eq(manager.uuid()))
            .take();
        let team = self.managed_users(manager).union(UnionType::All, own).take();
        Query::select()
            .column(lead_assignment::Column::LeadId)
            .from(lead_assignment::Entity)
            .and_where(lead_assignment::Column::TenantId.eq(self.tenant.uuid()))
            .and_where(lead_assignment::Column::UserId.into_simple_expr().in_subquery(team))
            .take()
    }

    fn managed_users(&self, manager: UserId) -> SelectStatement {
        let tenant = self.tenant.uuid();
        let groups = Query::select()
            .column(membership::Column::GroupId)
            .from(membership::Entity)
            .and_where(membership::Column::TenantId.eq(tenant))
            .and_where(membership::Column::UserId.eq(manager.uuid()))
            .and_where(membership::Column::Manages.eq(true))
            .take();
        Query::select()
            .column(membership::Column::UserId)
            .from(membership::Entity)
            .and_where(membership::Column::TenantId.eq(tenant))
            .and_where(membership::Column::GroupId.into_simple_expr().in_subquery(groups))
            .take()
    }
}

/// That a copy is among those that a query finds by tenant and id.
fn among(found: SelectStatement) -> Expr {
    Expr::tuple([lead::Column::TenantId.into_simple_expr(), lead::Column::Id.into_simple_expr()]).in_subquery(found)
}

/// The union as a table of its own: SQLite finds the copies by a plain query's result, not by a union's.
fn reached_once(union: SelectStatement) -> SelectStatement {
    Query::select().columns([lead::Column::TenantId, lead::Column::Id]).from_subquery(union, "reached").take()
}
