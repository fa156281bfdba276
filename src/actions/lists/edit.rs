//! Making, changing and removing lists.

use super::columns;
use super::filter::GivenFilter;
use super::opened::open;
use crate::actions::interfaces::check::held_catalog;
use crate::actions::network::{Target, changes};
use crate::actions::sight::refuse_hidden;
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::error::text;
use crate::domain::event::EventKind;
use crate::domain::id::{ListId, UserId};
use crate::domain::input::Problems;
use crate::domain::list::{BaseSet, List, ListAccess, ListSort, NAME_LENGTH_MAX};
use crate::domain::{Invalid, InvalidCode};
use crate::rules::Catalog;
use crate::store::{lists, users};

/// Nobody finds anything among more; they come from a program that runs wild.
const LISTS_OF_OWNER_MAX: u64 = 500;

/// What changes of a list, or what a new one is made of; what is missing stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ListChange {
    /// For people.
    pub name: Option<String>,
    /// What the filter is applied to.
    pub base: Option<BaseSet>,
    /// Which leads of the base set.
    pub filter: Option<GivenFilter>,
    /// How it is sorted when it is opened.
    pub sort: Option<ListSort>,
    /// Paths, in order.
    pub columns: Option<Vec<String>>,
    /// To whom it belongs from now on.
    pub owner: Option<UserId>,
}

/// Makes a list that belongs to the caller's user; to the admins, if the caller is one and stands for no user.
pub async fn create_list(cx: &Context, call: Call<'_>, change: &ListChange) -> Result<ListId, ActionError> {
    permit(call.actor, Permission::KeepLists)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (tenant, owner, at) = (call.actor.tenant, call.actor.user, work.at());
    if let Some(owner) = owner
        && users::lookup(&work, tenant, owner).await?.is_none()
    {
        let message = "the user that your credential stands for does not exist, ask for another credential";
        return Err(ActionError::refused("", InvalidCode::NotFound, message));
    }
    refuse_too_many(&work, owner).await?;
    let blank = List {
        tenant,
        id: cx.id(at),
        name: String::new(),
        base: BaseSet::All,
        filter: String::new(),
        sort: ListSort::default(),
        columns: columns::DEFAULT.iter().map(|path| (*path).to_owned()).collect(),
        owner,
        shares: Vec::new(),
        version: 1,
        created_at: at,
        updated_at: at,
    };
    let change = ListChange { name: Some(change.name.clone().unwrap_or_default()), ..change.clone() };
    let list = applied(&work, &change, blank).await?;
    lists::insert(&work, &list).await?;
    let (before, after) = changes(None, Some(&list));
    work.note(EventKind::Created, list.id, before, after);
    work.commit(list.id).await
}

/// Changes what a list shows, which takes the right to edit it, or whose it is, which takes its owner or an admin.
pub async fn update_list(
    cx: &Context,
    call: Call<'_>,
    target: Target<ListId>,
    change: &ListChange,
) -> Result<ListId, ActionError> {
    permit(call.actor, Permission::KeepLists)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let needed = if change.owner.is_some() { ListAccess::Own } else { ListAccess::Edit };
    let before = find(&work, target, needed).await?;
    let mut after = applied(&work, change, before.clone()).await?;
    if let Some(owner) = change.owner.filter(|owner| Some(*owner) != before.owner) {
        check_owner(&work, owner).await?;
        refuse_too_many(&work, Some(owner)).await?;
        after.shares.retain(|share| share.user != owner);
        after.owner = Some(owner);
    }
    save(&mut work, &before, after).await?;
    work.commit(target.id).await
}

/// Removes a list with its shares. The leads that it showed stay what they are.
pub async fn remove_list(cx: &Context, call: Call<'_>, target: Target<ListId>) -> Result<ListId, ActionError> {
    permit(call.actor, Permission::KeepLists)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target, ListAccess::Own).await?;
    lists::remove(&work, before.tenant, before.id).await?;
    let (old, new) = changes(Some(&before), None);
    work.note(EventKind::Deleted, before.id, old, new);
    work.commit(target.id).await
}

/// The list, if it has the version that the caller has read and the caller may do this with it.
pub(super) async fn find(work: &Work<'_>, target: Target<ListId>, needed: ListAccess) -> Result<List, ActionError> {
    let found = open(work, work.actor(), target.id).await?;
    let (list, access) = found.ok_or_else(|| ActionError::not_found("listId", "list"))?;
    if access < needed {
        let message = match needed {
            ListAccess::Own => "only its owner and admins may do this, ask one of them",
            ListAccess::Edit | ListAccess::View => "the list is shared with you to view, ask its owner for more",
        };
        return Err(ActionError::refused("listId", InvalidCode::Forbidden, message));
    }
    target.check(list.version)?;
    Ok(list)
}

/// Writes what changed, if anything did.
pub(super) async fn save(work: &mut Work<'_>, before: &List, after: List) -> Result<(), ActionError> {
    let (old, new) = changes(Some(before), Some(&after));
    if old != new {
        let after = List { updated_at: work.at(), ..after };
        lists::update(work, &after).await?;
        work.note(EventKind::Updated, before.id, old, new);
    }
    Ok(())
}

/// The list with the change, or every problem at once.
async fn applied(work: &Work<'_>, change: &ListChange, mut list: List) -> Result<List, ActionError> {
    let mut problems = Problems::default();
    problems.set(&mut list.name, change.name.as_deref().map(|name| text("name", name, NAME_LENGTH_MAX)));
    list.base = change.base.unwrap_or(list.base);
    list.sort = change.sort.unwrap_or(list.sort);
    if change.filter.is_some() || change.columns.is_some() {
        let catalog = held_catalog(work, list.tenant).await?;
        if let Some(filter) = &change.filter {
            match canonical(work, filter, &catalog) {
                Ok(text) => list.filter = text,
                Err(found) => problems.extend(found),
            }
        }
        if let Some(given) = &change.columns {
            match columns::read(given, &catalog) {
                Ok(columns) => list.columns = columns,
                Err(found) => problems.extend(found),
            }
        }
    }
    Ok(problems.done(list)?)
}

fn canonical(work: &Work<'_>, filter: &GivenFilter, catalog: &Catalog) -> Result<String, Vec<Invalid>> {
    let Some(rule) = filter.check(catalog)? else { return Ok(String::new()) };
    refuse_hidden(work.actor(), &rule).map_err(|problem| vec![problem.under("filter")])?;
    Ok(rule.text().to_owned())
}

async fn check_owner(work: &Work<'_>, owner: UserId) -> Result<(), ActionError> {
    let found = users::lookup(work, work.actor().tenant, owner).await?;
    if found.is_some_and(|user| user.active) {
        return Ok(());
    }
    Err(ActionError::refused("ownerId", InvalidCode::NotFound, "the owner must be an active user of yours"))
}

async fn refuse_too_many(work: &Work<'_>, owner: Option<UserId>) -> Result<(), ActionError> {
    if lists::count_of_owner(work, work.actor().tenant, owner).await? < LISTS_OF_OWNER_MAX {
        return Ok(());
    }
    let message = format!("the owner has {LISTS_OF_OWNER_MAX} lists already, remove some first");
    Err(ActionError::refused("", InvalidCode::TooLong, message))
}
