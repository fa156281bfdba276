//! Who is assigned to leads: what is asked for is held against who there is, and told in the timeline.

use std::collections::HashMap;

use serde_json::Value;

use super::error::ActionError;
use crate::domain::assignment::{AssignmentChange, Assignments};
use crate::domain::company::Company;
use crate::domain::id::{CompanyId, LeadId, TenantId, UserId};
use crate::domain::lead::Lead;
use crate::domain::user::User;
use crate::domain::{Invalid, InvalidCode};
use crate::store::tenants::{self, VersionHold};
use crate::store::{Conn, StoreError, assignments, companies, users};

/// The assignments of a copy, and what a change makes of them; or all that is wrong with it. INVARIANT: the transaction holds the copy's
/// request.
pub async fn changed(
    conn: &Conn,
    copy: &Lead,
    change: &AssignmentChange,
) -> Result<(Assignments, Assignments), ActionError> {
    // Nobody is deactivated between the question whether they are active and the answer's commit.
    tenants::network_version(conn, copy.tenant, VersionHold::Shared).await?;
    let mut problems = change.check();
    if problems.is_empty() {
        problems = missing(conn, copy.tenant, change).await?;
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let before = assignments::list_by_leads(conn, copy.tenant, &[copy.id]).await?.remove(&copy.id).unwrap_or_default();
    let after = before.with(change)?;
    Ok((before, after))
}

/// The assignments of copies that a change is of; none are read where it names none.
pub async fn known(
    conn: &Conn,
    change: &AssignmentChange,
    copies: impl Iterator<Item = &Lead>,
) -> Result<HashMap<LeadId, Assignments>, StoreError> {
    let mut copies = copies.peekable();
    let Some(first) = copies.peek().filter(|_| !change.is_empty()) else { return Ok(HashMap::new()) };
    let tenant = first.tenant;
    let ids: Vec<LeadId> = copies.map(|copy| copy.id).collect();
    assignments::list_by_leads(conn, tenant, &ids).await
}

/// Those whom a change names and who are not there or not active, each with its place. Whom nobody names any more may be anybody.
pub async fn missing(conn: &Conn, tenant: TenantId, change: &AssignmentChange) -> Result<Vec<Invalid>, StoreError> {
    let (people, firms) = (named_users(change), named_companies(change));
    let user_ids: Vec<UserId> = people.iter().map(|(_, id)| *id).collect();
    let known_users = users::lookup_many(conn, tenant, &user_ids).await?;
    let company_ids: Vec<CompanyId> = firms.iter().map(|(_, id)| *id).collect();
    let known_companies = companies::lookup_many(conn, tenant, &company_ids).await?;
    let user = |(place, id): (Vec<String>, UserId)| {
        let found = known_users.iter().find(|user: &&User| user.id == id);
        problem(place, ("user", &id.to_string()), found.map(|user| (user.name(), user.active)))
    };
    let company = |(place, id): (Vec<String>, CompanyId)| {
        let found = known_companies.iter().find(|company: &&Company| company.id == id);
        problem(place, ("company", &id.to_string()), found.map(|company| (company.name.clone(), company.active)))
    };
    Ok(people.into_iter().filter_map(user).chain(firms.into_iter().filter_map(company)).collect())
}

/// What stands at this place is not there, or is not active.
fn problem(path: Vec<String>, (what, id): (&str, &str), found: Option<(String, bool)>) -> Option<Invalid> {
    let (code, message) = match found {
        Some((_, true)) => return None,
        Some((name, false)) => {
            (InvalidCode::NotAllowed, format!("the {what} `{name}` is not active, name another one or leave it out"))
        }
        None => (InvalidCode::NotFound, format!("there is no {what} `{id}`")),
    };
    Some(Invalid { path, code, message })
}

fn named_users(change: &AssignmentChange) -> Vec<(Vec<String>, UserId)> {
    let users = change.assigned_users.iter().flatten().enumerate();
    let users = users.map(|(index, id)| (vec!["assignedUsers".to_owned(), index.to_string()], *id));
    let roles = change.roles.iter().enumerate();
    let place = |index: usize| vec!["roles".to_owned(), index.to_string(), "userId".to_owned()];
    users.chain(roles.filter_map(|(index, role)| Some((place(index), role.user_id?)))).collect()
}

fn named_companies(change: &AssignmentChange) -> Vec<(Vec<String>, CompanyId)> {
    let place = |index: usize| vec!["companies".to_owned(), index.to_string(), "companyId".to_owned()];
    let companies = change.companies.iter().enumerate();
    companies.filter_map(|(index, company)| Some((place(index), company.company_id?))).collect()
}

/// What is told of a copy, with its assignments.
pub fn told(mut copy: Value, assigned: &Assignments) -> Value {
    if let (Some(fields), Ok(Value::Object(assigned))) = (copy.as_object_mut(), serde_json::to_value(assigned)) {
        fields.extend(assigned);
    }
    copy
}
