//! Who is assigned to a lead, as somebody may see it, and as it is asked for.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, SimpleObject};

use crate::actions::Sight;
use crate::domain::Invalid;
use crate::domain::assignment::{AssignmentChange, Assignments, CompanyChange, RoleChange};
use crate::domain::id::LeadId;
use crate::graphql::ids;
use crate::graphql::loaders::{Batch, LoadError};
use crate::graphql::network::{Company, CompanyKey, User, UserKey};
use crate::graphql::session::Ctx;
use crate::store::assignments;

/// The assignments of a copy. Only asked of a copy that the scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AssignmentsKey(pub LeadId);

impl Loader<AssignmentsKey> for Batch {
    type Value = Assignments;
    type Error = LoadError;
    async fn load(&self, keys: &[AssignmentsKey]) -> Result<HashMap<AssignmentsKey, Assignments>, LoadError> {
        let ids: Vec<LeadId> = keys.iter().map(|key| key.0).collect();
        let found = assignments::list_by_leads(self.reader(), self.scope().tenant, &ids).await?;
        Ok(found.into_iter().map(|(lead, all)| (AssignmentsKey(lead), all)).collect())
    }
}

/// What a company has to do with a lead.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::assignment::Capacity")]
pub enum CompanyCapacity {
    /// It advertises.
    Marketing,
    /// It does the work on the product.
    Servicing,
    /// It gives legal advice.
    LawFirm,
    /// It sells to the network.
    Vendor,
    /// Anything else.
    Partner,
}

/// A role on a lead, and who has it.
#[derive(SimpleObject)]
pub struct RoleAssignment {
    /// The role as the tenant calls it.
    role: String,
    /// Who has it.
    user: User,
}

/// A company that is assigned to a lead, and so sees it.
#[derive(SimpleObject)]
pub struct CompanyAssignment {
    /// What it has to do with the lead.
    capacity: CompanyCapacity,
    /// The company.
    company: Company,
}

/// The users who are assigned to a copy, in the order in which they were named.
pub(super) async fn assigned_users(ctx: &Context<'_>, lead: LeadId) -> async_graphql::Result<Vec<User>> {
    let assigned = assigned(ctx, lead).await?;
    let found = ctx.loaders()?.load_all(assigned.users.iter().map(|id| UserKey(*id))).await?;
    Ok(assigned.users.iter().filter_map(|id| found.get(&UserKey(*id)).cloned().map(User)).collect())
}

/// The roles on a copy, by name.
pub(super) async fn role_assignments(ctx: &Context<'_>, lead: LeadId) -> async_graphql::Result<Vec<RoleAssignment>> {
    let assigned = assigned(ctx, lead).await?;
    let found = ctx.loaders()?.load_all(assigned.roles.values().map(|id| UserKey(*id))).await?;
    let one = |(role, id)| Some(RoleAssignment { role, user: User(found.get(&UserKey(id))?.clone()) });
    Ok(assigned.roles.into_iter().filter_map(one).collect())
}

/// The companies of a copy that the caller may know of, by capacity: all for staff, its own for a company.
pub(super) async fn company_assignments(
    ctx: &Context<'_>,
    lead: LeadId,
) -> async_graphql::Result<Vec<CompanyAssignment>> {
    let actor = &ctx.session()?.actor;
    let (is_staff, own) = (Sight::of(actor) == Sight::Staff, actor.company);
    let mut assigned = assigned(ctx, lead).await?.companies;
    assigned.retain(|_, company| is_staff || Some(*company) == own);
    let found = ctx.loaders()?.load_all(assigned.values().map(|id| CompanyKey(*id))).await?;
    let one = |(capacity, id)| {
        let company = Company(found.get(&CompanyKey(id))?.clone());
        Some(CompanyAssignment { capacity: CompanyCapacity::from(capacity), company })
    };
    Ok(assigned.into_iter().filter_map(one).collect())
}

async fn assigned(ctx: &Context<'_>, lead: LeadId) -> async_graphql::Result<Assignments> {
    Ok(ctx.loaders()?.load(AssignmentsKey(lead)).await?.unwrap_or_default())
}

/// A role, and who has it from now on.
#[derive(InputObject)]
pub struct RoleAssignmentInput {
    /// The role as the tenant calls it, such as `BDC`; at most 60 characters, upper and lower case are different.
    role: String,
    /// `usr_…`, active; null takes the role away.
    user_id: Option<ID>,
}

/// A capacity, and which company is there in it from now on.
#[derive(InputObject)]
pub struct CompanyAssignmentInput {
    /// What the company has to do with the lead.
    capacity: CompanyCapacity,
    /// `com_…`, active; null takes the capacity away.
    company_id: Option<ID>,
}

/// Who is assigned. Whoever is assigned sees the lead.
#[derive(InputObject)]
pub struct AssignmentsInput {
    /// The users who work on it besides whoever has it, `usr_…`, active, at most 20, instead of those who were; null takes all away. Needs
    /// the role admin or manager.
    assigned_users: MaybeUndefined<Vec<ID>>,
    /// Roles that change, each once; a lead has at most 20. Needs the role admin or manager.
    roles: Option<Vec<RoleAssignmentInput>>,
    /// Capacities of companies that change, each once. Needs the role admin or manager.
    companies: Option<Vec<CompanyAssignmentInput>>,
}

impl AssignmentsInput {
    /// Which assignments change.
    pub fn read(&self) -> Result<AssignmentChange, Invalid> {
        let users = match &self.assigned_users {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Vec::new()),
            MaybeUndefined::Value(given) => Some(ids::parse_all("assignedUsers", given)?),
        };
        let roles = self.roles.iter().flatten().enumerate().map(|(index, given)| {
            let user_id = ids::parse_optional("userId", given.user_id.as_ref());
            let user_id = user_id.map_err(|problem| problem.under(index.to_string()).under("roles"))?;
            Ok(RoleChange { role: given.role.clone(), user_id })
        });
        let companies = self.companies.iter().flatten().enumerate().map(|(index, given)| {
            let company_id = ids::parse_optional("companyId", given.company_id.as_ref());
            let company_id = company_id.map_err(|problem| problem.under(index.to_string()).under("companies"))?;
            Ok(CompanyChange { capacity: given.capacity.into(), company_id })
        });
        Ok(AssignmentChange {
            assigned_users: users,
            roles: roles.collect::<Result<_, Invalid>>()?,
            companies: companies.collect::<Result<_, Invalid>>()?,
        })
    }
}
