//! With whom a list is shared.

use super::edit::{find, save};
use crate::actions::network::Target;
use crate::actions::{ActionError, Begun, Call, Context, Permission, permit};
use crate::domain::id::{ListId, UserId};
use crate::domain::list::{ListAccess, ListShare};
use crate::domain::{Invalid, InvalidCode};
use crate::store::users;

/// Shares a list with exactly these users: who is left out no longer knows it.
pub async fn set_list_shares(
    cx: &Context,
    call: Call<'_>,
    target: Target<ListId>,
    shares: Vec<ListShare>,
) -> Result<ListId, ActionError> {
    permit(call.actor, Permission::KeepLists)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target, ListAccess::Own).await?;
    let given: Vec<UserId> = shares.iter().map(|share| share.user).collect();
    let after = before.clone().shared(shares)?;
    let known = users::lookup_many(&work, before.tenant, &given).await?;
    let is_known = |user: UserId| known.iter().any(|known| known.id == user && known.active);
    let unknown = given.iter().enumerate().filter(|(_, user)| !is_known(**user));
    let problems: Vec<Invalid> = unknown
        .map(|(index, user)| {
            let problem = Invalid::new("userId", InvalidCode::NotFound, format!("`{user}` is no active user of yours"));
            problem.under(index.to_string()).under("shares")
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems.into());
    }
    save(&mut work, &before, after).await?;
    work.commit(target.id).await
}
