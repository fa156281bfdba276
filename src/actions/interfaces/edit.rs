//! Making, changing and removing interfaces. What jobs run changes only when something is published.

use super::check::{held_catalog, refuse_unsound};
use crate::actions::network::{Target, changes, taken};
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::error::text;
use crate::domain::event::EventKind;
use crate::domain::id::InterfaceId;
use crate::domain::interface::{CandidateKind, Definition, Interface};
use crate::domain::{Invalid, InvalidCode};
use crate::store::{StoreError, interfaces, jobs};

/// Shown in lists and decisions.
const NAME_LENGTH_MAX: usize = 100;
/// A few sentences.
const DESCRIPTION_LENGTH_MAX: usize = 2_000;
/// An installation has a few dozen; more come from a program that runs wild.
const INTERFACES_MAX: u64 = 1_000;

/// A new interface.
#[derive(Clone, Debug)]
pub struct NewInterface {
    /// Unique in the tenant.
    pub name: String,
    /// For people.
    pub description: String,
    /// What it ranks; fixed once saved, because expressions rely on it.
    pub candidate_kind: CandidateKind,
    /// Its first draft.
    pub definition: Definition,
}

/// What changes of an interface; what is missing stays.
#[derive(Clone, Debug, Default)]
pub struct InterfaceChange {
    /// Another name.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// The draft from now on.
    pub definition: Option<Definition>,
}

/// Makes an interface with a draft; nothing is published yet.
pub async fn create_interface(cx: &Context, call: Call<'_>, new: &NewInterface) -> Result<InterfaceId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let (tenant, at) = (call.actor.tenant, work.at());
    if interfaces::count(&work, tenant).await? >= INTERFACES_MAX {
        let message = format!("there are {INTERFACES_MAX} interfaces already, no more are allowed");
        return Err(ActionError::refused("", InvalidCode::TooLong, message));
    }
    let catalog = held_catalog(&work, tenant).await?;
    let unsound = refuse_unsound(&catalog, new.candidate_kind, &new.definition);
    let (name, description) = together(name(&new.name), description(&new.description), unsound)?;
    let interface = Interface {
        tenant,
        id: cx.id(at),
        name,
        description,
        candidate_kind: new.candidate_kind,
        draft: Some(new.definition.clone()),
        published_number: None,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    interfaces::insert(&work, &interface).await.map_err(|error| name_taken(error, &interface))?;
    let (before, after) = changes(None, Some(&interface));
    work.note(EventKind::Created, interface.id, before, after);
    work.commit(interface.id).await
}

/// Changes name, description or draft. A draft that says what is published is none.
pub async fn update_interface(
    cx: &Context,
    call: Call<'_>,
    target: Target<InterfaceId>,
    change: &InterfaceChange,
) -> Result<InterfaceId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target).await?;
    let unsound = match &change.definition {
        Some(definition) => {
            let catalog = held_catalog(&work, before.tenant).await?;
            refuse_unsound(&catalog, before.candidate_kind, definition)
        }
        None => Ok(()),
    };
    let (name, description) = together(
        change.name.as_deref().map_or_else(|| Ok(before.name.clone()), name),
        change.description.as_deref().map_or_else(|| Ok(before.description.clone()), description),
        unsound,
    )?;
    let draft = match &change.definition {
        Some(definition) => draft_of(&work, &before, definition).await?,
        None => before.draft.clone(),
    };
    let after = Interface { name, description, draft, ..before.clone() };
    save(&mut work, &before, after).await?;
    work.commit(target.id).await
}

/// Goes back to what is published.
pub async fn discard_draft(
    cx: &Context,
    call: Call<'_>,
    target: Target<InterfaceId>,
) -> Result<InterfaceId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target).await?;
    if before.published_number.is_none() {
        let message = format!("`{}` was never published, its draft is all there is: remove it instead", before.name);
        return Err(ActionError::refused("interfaceId", InvalidCode::WrongState, message));
    }
    let after = Interface { draft: None, ..before.clone() };
    save(&mut work, &before, after).await?;
    work.commit(target.id).await
}

/// Removes an interface with all its versions, unless jobs use it or decisions were made from it (SPEC IFACE-8).
pub async fn remove_interface(
    cx: &Context,
    call: Call<'_>,
    target: Target<InterfaceId>,
) -> Result<InterfaceId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let before = find(&work, target).await?;
    refuse_in_use(&work, &before).await?;
    interfaces::remove(&work, before.tenant, before.id).await.map_err(in_use_since)?;
    let (old, new) = changes(Some(&before), None);
    work.note(EventKind::Deleted, before.id, old, new);
    work.commit(target.id).await
}

/// The interface, if it has the version that the caller has read.
pub(super) async fn find(work: &Work<'_>, target: Target<InterfaceId>) -> Result<Interface, ActionError> {
    let found = interfaces::lookup(work, work.actor().tenant, target.id).await?;
    let interface = found.ok_or_else(|| ActionError::not_found("interfaceId", "interface"))?;
    target.check(interface.version)?;
    Ok(interface)
}

/// The draft that a definition makes: none if it says what is published.
pub(super) async fn draft_of(
    work: &Work<'_>,
    interface: &Interface,
    definition: &Definition,
) -> Result<Option<Definition>, StoreError> {
    let Some(number) = interface.published_number else { return Ok(Some(definition.clone())) };
    let published = interfaces::find_version(work, interface.tenant, interface.id, number).await?;
    let is_published = published.is_some_and(|published| published.definition == *definition);
    Ok((!is_published).then(|| definition.clone()))
}

/// Writes what changed, if anything did.
pub(super) async fn save(work: &mut Work<'_>, before: &Interface, after: Interface) -> Result<(), ActionError> {
    let (old, new) = changes(Some(before), Some(&after));
    if old != new {
        let after = Interface { updated_at: work.at(), ..after };
        interfaces::update(work, &after).await.map_err(|error| name_taken(error, &after))?;
        work.note(EventKind::Updated, before.id, old, new);
    }
    Ok(())
}

async fn refuse_in_use(work: &Work<'_>, interface: &Interface) -> Result<(), ActionError> {
    let jobs = jobs::list_all(work, interface.tenant).await?;
    let users = jobs.iter().filter(|job| job.interface == interface.id).map(|job| format!("`{}`", job.name));
    let users: Vec<String> = users.collect();
    if !users.is_empty() {
        let message = format!("used by the jobs {}, give them another interface first", users.join(", "));
        return Err(ActionError::refused("interfaceId", InvalidCode::InUse, message));
    }
    let decisions = interfaces::count_decisions(work, interface.tenant, interface.id).await?;
    if decisions > 0 {
        let message = format!("{decisions} decisions were made from it and stay readable, so it stays too");
        return Err(ActionError::refused("interfaceId", InvalidCode::InUse, message));
    }
    Ok(())
}

/// A job or a decision came between the question and the removal.
fn in_use_since(error: StoreError) -> ActionError {
    if error.is_foreign_key_violation() {
        return ActionError::refused(
            "interfaceId",
            InvalidCode::InUse,
            "a job or a decision uses it since a moment ago",
        );
    }
    error.into()
}

fn name_taken(error: StoreError, interface: &Interface) -> ActionError {
    taken(error, "name", "name", format!("another interface has the name `{}`", interface.name))
}

fn name(given: &str) -> Result<String, Invalid> {
    text("name", given, NAME_LENGTH_MAX)
}

fn description(given: &str) -> Result<String, Invalid> {
    let trimmed = given.trim();
    if trimmed.is_empty() { Ok(String::new()) } else { text("description", trimmed, DESCRIPTION_LENGTH_MAX) }
}

/// Both texts, or every problem at once.
fn together(
    name: Result<String, Invalid>,
    description: Result<String, Invalid>,
    unsound: Result<(), ActionError>,
) -> Result<(String, String), ActionError> {
    let more = match unsound {
        Ok(()) => Vec::new(),
        Err(ActionError::Refused(problems)) => problems,
        Err(fault) => return Err(fault),
    };
    match (name, description) {
        (Ok(name), Ok(description)) if more.is_empty() => Ok((name, description)),
        (name, description) => {
            let own = [name.err(), description.err()].into_iter().flatten();
            Err(own.chain(more).collect::<Vec<_>>().into())
        }
    }
}
