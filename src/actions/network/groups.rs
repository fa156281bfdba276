//! Making, renaming and removing groups, and who is in them.

use serde_json::json;

use super::changes::changes;
use super::target::taken;
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::InvalidCode;
use crate::domain::event::EventKind;
use crate::domain::id::{GroupId, UserId};
use crate::domain::input::GroupInput;
use crate::domain::user::{Group, Membership};
use crate::store::{StoreError, groups, tenants, users};

/// One call's worth: larger departments come in several.
const MEMBERS_PER_CALL_MAX: usize = 500;

/// A new group.
pub async fn create_group(cx: &Context, call: Call<'_>, input: &GroupInput) -> Result<GroupId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let (id, created_at) = (cx.id(work.at()), work.at());
    let group = input.apply(Group { tenant: call.actor.tenant, id, name: String::new(), created_at })?;
    groups::insert(&work, &group).await.map_err(|error| name_taken(error, &group))?;
    let (before, after) = changes(None, Some(&group));
    work.note(EventKind::Created, group.id, before, after);
    work.commit(group.id).await
}

/// Another name for a group.
pub async fn update_group(
    cx: &Context,
    call: Call<'_>,
    id: GroupId,
    input: &GroupInput,
) -> Result<GroupId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, id).await?;
    let after = input.apply(before.clone())?;
    let (old, new) = changes(Some(&before), Some(&after));
    if old != new {
        groups::update(&work, &after).await.map_err(|error| name_taken(error, &after))?;
        work.note(EventKind::Updated, id, old, new);
    }
    work.commit(id).await
}

/// Puts users into a group; `manages` says whether they manage it, also for those who are in it already.
pub async fn add_members(
    cx: &Context,
    call: Call<'_>,
    id: GroupId,
    members: &[UserId],
    manages: bool,
) -> Result<GroupId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let tenant = call.actor.tenant;
    tenants::raise_network_version(&work, tenant).await?;
    find(&work, id).await?;
    let members = distinct(members)?;
    let known = users::lookup_many(&work, tenant, &members).await?;
    if let Some(missing) = members.iter().find(|id| known.iter().all(|user| user.id != **id)) {
        return Err(ActionError::refused("userIds", InvalidCode::NotFound, format!("there is no user `{missing}`")));
    }
    groups::remove_members(&work, tenant, id, &members).await?;
    let rows: Vec<Membership> = members.iter().map(|user| Membership { group: id, user: *user, manages }).collect();
    groups::insert_members(&work, tenant, &rows).await?;
    work.note(EventKind::Updated, id, None, Some(json!({ "added": members, "manages": manages })));
    work.commit(id).await
}

/// Takes users out of a group; those who are not in it stay out.
pub async fn remove_members(
    cx: &Context,
    call: Call<'_>,
    id: GroupId,
    members: &[UserId],
) -> Result<GroupId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let tenant = call.actor.tenant;
    tenants::raise_network_version(&work, tenant).await?;
    find(&work, id).await?;
    let members = distinct(members)?;
    groups::remove_members(&work, tenant, id, &members).await?;
    work.note(EventKind::Updated, id, Some(json!({ "removed": members })), None);
    work.commit(id).await
}

/// Removes a group that nobody is in.
pub async fn remove_group(cx: &Context, call: Call<'_>, id: GroupId) -> Result<GroupId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let tenant = call.actor.tenant;
    tenants::raise_network_version(&work, tenant).await?;
    let before = find(&work, id).await?;
    let members = groups::list_members(&work, tenant, &[id]).await?.len();
    if members > 0 {
        let message = format!("`{}` has {members} members, take them out first", before.name);
        return Err(ActionError::refused("groupId", InvalidCode::InUse, message));
    }
    groups::remove(&work, tenant, id).await?;
    let (old, new) = changes(Some(&before), None);
    work.note(EventKind::Deleted, id, old, new);
    work.commit(id).await
}

fn distinct(members: &[UserId]) -> Result<Vec<UserId>, ActionError> {
    let mut members = members.to_vec();
    members.sort_unstable();
    members.dedup();
    if (1..=MEMBERS_PER_CALL_MAX).contains(&members.len()) {
        return Ok(members);
    }
    let message = format!("{} users are given, give 1 to {MEMBERS_PER_CALL_MAX}", members.len());
    Err(ActionError::refused("userIds", InvalidCode::OutOfRange, message))
}

async fn find(work: &Work<'_>, id: GroupId) -> Result<Group, ActionError> {
    let found = groups::lookup(work, work.actor().tenant, id).await?;
    found.ok_or_else(|| ActionError::not_found("groupId", "group"))
}

fn name_taken(error: StoreError, group: &Group) -> ActionError {
    taken(error, "name", "name", format!("another group is called `{}`", group.name))
}
