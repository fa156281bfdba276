//! A scope: which rows of which tenant somebody may see. Every read of leads starts from one.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, IntoSimpleExpr};

use super::rows::{lead, membership};
use crate::domain::actor::{Actor, Role};
use crate::domain::id::{DealerId, TenantId, UserId};
use crate::domain::label::Visibility;
use crate::domain::lead::Lead;

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
    /// Those of the users in the groups that this user manages, and the user's own.
    Managed(UserId),
    /// The user's own.
    Own(UserId),
    /// Those of one dealer.
    Dealer(DealerId),
    /// Those of one source, of one dealer, or of both together.
    Partner {
        /// The partner's own source.
        source: Option<String>,
        /// The partner's own dealer.
        dealer: Option<DealerId>,
    },
}

impl Scope {
    /// Everything of a tenant: for Baton's own work.
    pub const fn system(tenant: TenantId) -> Self {
        Self { tenant, reach: Reach::All, personal_data: true }
    }

    /// What an actor may see (SPEC ALLOC-4). An actor whose credential lacks what its role needs sees nothing.
    pub fn of(actor: &Actor) -> Self {
        let nothing = || Reach::Partner { source: None, dealer: None };
        let reach = match actor.role {
            Role::Admin | Role::Auditor => Reach::All,
            Role::Manager => actor.user.map_or_else(nothing, Reach::Managed),
            Role::Member => actor.user.map_or_else(nothing, Reach::Own),
            Role::Dealer => actor.dealer.map_or_else(nothing, Reach::Dealer),
            Role::Partner => Reach::Partner { source: actor.source.clone(), dealer: actor.dealer },
        };
        Self { tenant: actor.tenant, reach, personal_data: actor.role != Role::Auditor }
    }

    /// Whether the customer's contact data is shown with this copy: to staff and to the request's own source, and to a recipient once
    /// the copy is in their hands (SPEC ACK-1).
    pub fn shows_person(&self, copy: &Lead) -> bool {
        match &self.reach {
            Reach::All | Reach::Managed(_) | Reach::Partner { source: Some(_), .. } => self.personal_data,
            Reach::Own(_) | Reach::Dealer(_) | Reach::Partner { .. } => self.personal_data && copy.state.is_held(),
        }
    }

    /// Whether leads may be searched by their customer: only where contact data is shown with every copy.
    pub fn searches_person(&self) -> bool {
        self.personal_data
            && matches!(self.reach, Reach::All | Reach::Managed(_) | Reach::Partner { source: Some(_), .. })
    }

    /// The condition that every read of leads begins with.
    pub(super) fn leads(&self) -> Condition {
        let own_tenant = lead::Column::TenantId.eq(self.tenant.uuid());
        let all = Condition::all().add(own_tenant).add_option(self.unrestricted());
        match &self.reach {
            Reach::All => all,
            Reach::Own(user) => all.add(lead::Column::UserId.eq(user.uuid())),
            Reach::Dealer(dealer) => all.add(lead::Column::DealerId.eq(dealer.uuid())),
            Reach::Managed(user) => {
                let managed = Condition::any()
                    .add(lead::Column::UserId.eq(user.uuid()))
                    .add(lead::Column::UserId.into_simple_expr().in_subquery(self.managed_users(*user)));
                all.add(managed)
            }
            Reach::Partner { source: None, dealer: None } => all.add(Expr::val(false)),
            Reach::Partner { source, dealer } => all
                .add_option(source.as_ref().map(|source| lead::Column::Source.eq(source)))
                .add_option(dealer.map(|dealer| lead::Column::DealerId.eq(dealer.uuid()))),
        }
    }

    /// The condition that keeps restricted copies out: of the leads of others it leaves those that are open to them. None for who sees
    /// all, or only what is in their own hands.
    pub(super) fn unrestricted(&self) -> Option<Condition> {
        let normal = Condition::any().add(lead::Column::Visibility.eq(Visibility::Normal.as_str()));
        match self.reach {
            Reach::All | Reach::Own(_) | Reach::Dealer(_) => None,
            Reach::Managed(user) => Some(normal.add(lead::Column::UserId.eq(user.uuid()))),
            Reach::Partner { .. } => Some(normal),
        }
    }

    fn managed_users(&self, manager: UserId) -> sea_orm::sea_query::SelectStatement {
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
