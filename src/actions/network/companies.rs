//! Making, changing and deactivating companies that leads may be assigned to.

use super::changes::changes;
use super::target::{Target, taken};
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::company::Company;
use crate::domain::event::EventKind;
use crate::domain::id::CompanyId;
use crate::domain::input::CompanyInput;
use crate::store::{StoreError, companies, tenants};

/// A new company.
pub async fn create_company(cx: &Context, call: Call<'_>, input: &CompanyInput) -> Result<CompanyId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let company = input.apply(Company::blank(call.actor.tenant, cx.id(work.at()), work.at()))?;
    companies::insert(&work, &company).await.map_err(|error| name_taken(error, &company))?;
    let (before, after) = changes(None, Some(&company));
    work.note(EventKind::Created, company.id, before, after);
    work.commit(company.id).await
}

/// Another name, or whether it is active. One that is not keeps its assignments and sees nothing of them until it is active again.
pub async fn update_company(
    cx: &Context,
    call: Call<'_>,
    target: Target<CompanyId>,
    input: &CompanyInput,
) -> Result<CompanyId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    // Whoever assigns a company holds the network as it is, so that none is assigned that has just been deactivated.
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, target).await?;
    let after = input.apply(before.clone())?;
    let (old, new) = changes(Some(&before), Some(&after));
    if old != new {
        let after = Company { updated_at: work.at(), ..after };
        companies::update(&work, &after).await.map_err(|error| name_taken(error, &after))?;
        work.note(EventKind::Updated, after.id, old, new);
    }
    work.commit(target.id).await
}

async fn find(work: &Work<'_>, target: Target<CompanyId>) -> Result<Company, ActionError> {
    let found = companies::lookup(work, work.actor().tenant, target.id).await?;
    let found = found.ok_or_else(|| ActionError::not_found("companyId", "company"))?;
    target.check(found.version)?;
    Ok(found)
}

fn name_taken(error: StoreError, company: &Company) -> ActionError {
    taken(error, "name", "name", format!("another company is called `{}`", company.name))
}
