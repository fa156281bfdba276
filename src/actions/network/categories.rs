//! Making, changing and removing category groups of dealers.

use super::changes::changes;
use super::target::taken;
use super::usage::Definitions;
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::category::Category;
use crate::domain::event::EventKind;
use crate::domain::id::CategoryId;
use crate::domain::input::CategoryInput;
use crate::domain::{Invalid, InvalidCode};
use crate::store::{StoreError, categories, dealers, tenants};

/// Every dealer carries a value per group, and every expression may name one.
const CATEGORIES_MAX: usize = 50;

/// A new category.
pub async fn create_category(cx: &Context, call: Call<'_>, input: &CategoryInput) -> Result<CategoryId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let tenant = call.actor.tenant;
    tenants::raise_network_version(&work, tenant).await?;
    if categories::list_all(&work, tenant).await?.len() >= CATEGORIES_MAX {
        let message = format!("a tenant has at most {CATEGORIES_MAX} categories, remove one first");
        return Err(ActionError::refused("", InvalidCode::TooLong, message));
    }
    let category = input.apply(Category::blank(tenant, cx.id(work.at()), work.at()))?;
    categories::insert(&work, &category).await.map_err(|error| key_taken(error, &category))?;
    let (before, after) = changes(None, Some(&category));
    work.note(EventKind::Created, category.id, before, after);
    work.commit(category.id).await
}

/// Another label, or other values. A value that dealers have or that an expression names stays.
pub async fn update_category(
    cx: &Context,
    call: Call<'_>,
    id: CategoryId,
    input: &CategoryInput,
) -> Result<CategoryId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, id).await?;
    let after = input.apply(before.clone())?;
    let removed: Vec<&String> = before.choices.iter().filter(|choice| !after.choices.contains(choice)).collect();
    if !removed.is_empty() {
        check_values(&work, &before, &removed).await?;
        check_users(&work, &before, Some(&after)).await?;
    }
    let (old, new) = changes(Some(&before), Some(&after));
    if old != new {
        categories::update(&work, &after).await?;
        work.note(EventKind::Updated, id, old, new);
    }
    work.commit(id).await
}

/// Removes a category that no dealer has a value of and no expression names.
pub async fn remove_category(cx: &Context, call: Call<'_>, id: CategoryId) -> Result<CategoryId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let tenant = call.actor.tenant;
    tenants::raise_network_version(&work, tenant).await?;
    let before = find(&work, id).await?;
    check_users(&work, &before, None).await?;
    let count = dealers::count_category(&work, tenant, &before.key, None).await?;
    if count > 0 {
        let message = format!("{count} dealers have a value of `{}`, take it from them first", before.label);
        return Err(ActionError::refused("categoryId", InvalidCode::InUse, message));
    }
    categories::remove(&work, tenant, id).await?;
    let (old, new) = changes(Some(&before), None);
    work.note(EventKind::Deleted, id, old, new);
    work.commit(id).await
}

async fn check_values(work: &Work<'_>, category: &Category, removed: &[&String]) -> Result<(), ActionError> {
    let mut problems = Vec::new();
    for value in removed {
        let count = dealers::count_category(work, category.tenant, &category.key, Some(value)).await?;
        if count > 0 {
            let message = format!("{count} dealers have the value `{value}`, give them another one first");
            problems.push(Invalid::new("choices", InvalidCode::InUse, message));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

async fn check_users(work: &Work<'_>, before: &Category, after: Option<&Category>) -> Result<(), ActionError> {
    let known = Definitions::load(work, before.tenant).await?;
    let others = known.categories.iter().filter(|category| category.id != before.id).cloned();
    let categories = others.chain(after.cloned()).collect();
    let changed = Definitions { fields: known.fields.clone(), categories };
    let users = known.users_lost(work, before.tenant, &changed).await?;
    if users.is_empty() {
        return Ok(());
    }
    let message = format!("{} is used by {}, change them first", before.label, users.join(", "));
    Err(ActionError::refused(if after.is_some() { "choices" } else { "categoryId" }, InvalidCode::InUse, message))
}

async fn find(work: &Work<'_>, id: CategoryId) -> Result<Category, ActionError> {
    let found = categories::lookup(work, work.actor().tenant, id).await?;
    found.ok_or_else(|| ActionError::not_found("categoryId", "category"))
}

fn key_taken(error: StoreError, category: &Category) -> ActionError {
    taken(error, "key", "key", format!("another category has the key `{}`", category.key))
}
