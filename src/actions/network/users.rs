//! Making, changing and deactivating users.

use super::changes::changes;
use super::ground::Ground;
use super::leaving::{OpenLeads, check_open};
use super::target::{Target, taken};
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::InvalidCode;
use crate::domain::event::EventKind;
use crate::domain::field::Subject;
use crate::domain::id::UserId;
use crate::domain::input::UserInput;
use crate::domain::job::Fallback;
use crate::domain::lead::Recipient;
use crate::domain::user::User;
use crate::store::{StoreError, dealers, jobs, lists, tenants, users};

/// A new user.
pub async fn create_user(cx: &Context, call: Call<'_>, input: &UserInput) -> Result<UserId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let ground = Ground::load(&work, call.actor.tenant, Subject::User).await?;
    let blank = User::blank(&ground.tenant, cx.id(work.at()), work.at());
    let user = ground.read(|known| input.apply(blank, known))?;
    check_dealer(&work, &user).await?;
    users::insert(&work, std::slice::from_ref(&user)).await.map_err(|error| email_taken(error, &user))?;
    let (before, after) = changes(None, Some(&user));
    work.note(EventKind::Created, user.id, before, after);
    work.commit(user.id).await
}

/// Changes of a user.
pub async fn update_user(
    cx: &Context,
    call: Call<'_>,
    target: Target<UserId>,
    input: &UserInput,
) -> Result<UserId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, target).await?;
    let ground = Ground::load(&work, call.actor.tenant, Subject::User).await?;
    let after = ground.read(|known| input.apply(before.clone(), known))?;
    check_dealer(&work, &after).await?;
    save(&mut work, &before, after, OpenLeads::Unsaid).await?;
    work.commit(target.id).await
}

/// Ends the work here of a user without open leads. No list is shared with the user any more; the user's own lists stay, for an admin to
/// give to somebody else.
pub async fn deactivate_user(cx: &Context, call: Call<'_>, target: Target<UserId>) -> Result<UserId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, target).await?;
    let after = User { active: false, ..before.clone() };
    save(&mut work, &before, after, OpenLeads::Unsaid).await?;
    work.commit(target.id).await
}

/// Deactivates a user whose leads are handed on, or activates them again; not if it is so already.
pub(super) async fn set_active(work: &mut Work<'_>, id: UserId, active: bool) -> Result<(), ActionError> {
    let before = find(work, Target::any(id)).await?;
    let after = User { active, ..before.clone() };
    save(work, &before, after, OpenLeads::HandedOn).await
}

/// Refuses if a job would be without its fallback.
pub(super) async fn check_may_leave(work: &Work<'_>, id: UserId) -> Result<(), ActionError> {
    let user = find(work, Target::any(id)).await?;
    check_unused(work, &user).await
}

async fn save(work: &mut Work<'_>, before: &User, after: User, open: OpenLeads) -> Result<(), ActionError> {
    if before.active && !after.active {
        check_unused(work, before).await?;
        if open == OpenLeads::Unsaid {
            check_open(work, before.tenant, Recipient::User(before.id), &before.name()).await?;
        }
    }
    let (old, new) = changes(Some(before), Some(&after));
    if old == new {
        return Ok(());
    }
    let after = User { updated_at: work.at(), ..after };
    users::update(work, &after).await.map_err(|error| email_taken(error, &after))?;
    if before.active && !after.active {
        lists::remove_shares_of(work, after.tenant, after.id).await?;
    }
    work.note(EventKind::Updated, after.id, old, new);
    Ok(())
}

async fn check_unused(work: &Work<'_>, user: &User) -> Result<(), ActionError> {
    let jobs = jobs::list_all(work, user.tenant).await?;
    let names: Vec<String> = jobs
        .into_iter()
        .filter(|job| job.fallback == Fallback::User(user.id))
        .map(|job| format!("`{}`", job.name))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let message = format!("{} is the fallback of {}, name another one there first", user.name(), names.join(", "));
    Err(ActionError::refused("active", InvalidCode::InUse, message))
}

async fn check_dealer(work: &Work<'_>, user: &User) -> Result<(), ActionError> {
    match user.dealer {
        Some(dealer) if dealers::lookup(work, user.tenant, dealer).await?.is_none() => {
            Err(ActionError::not_found("dealerId", "dealer"))
        }
        _ => Ok(()),
    }
}

async fn find(work: &Work<'_>, target: Target<UserId>) -> Result<User, ActionError> {
    let found = users::lookup(work, work.actor().tenant, target.id).await?;
    let found = found.ok_or_else(|| ActionError::not_found("userId", "user"))?;
    target.check(found.version)?;
    Ok(found)
}

fn email_taken(error: StoreError, user: &User) -> ActionError {
    taken(error, "email", "email", format!("another user has the mail address `{}`", user.email))
}
