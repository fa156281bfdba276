//! Making, changing and removing contacts of dealers.

use super::changes::changes;
use super::target::Target;
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::InvalidCode;
use crate::domain::dealer::{Contact, Dealer};
use crate::domain::event::EventKind;
use crate::domain::id::{ContactId, DealerId};
use crate::domain::input::{ContactInput, ContactSurroundings};
use crate::store::{contacts, dealers, tenants};

/// A dealer has a sales floor, not a city: more are a mistake.
const CONTACTS_MAX: usize = 100;

/// A new contact of a dealer.
pub async fn create_contact(
    cx: &Context,
    call: Call<'_>,
    dealer: DealerId,
    input: &ContactInput,
) -> Result<ContactId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    let tenant = call.actor.tenant;
    tenants::raise_network_version(&work, tenant).await?;
    let dealer = find_dealer(&work, dealer).await?;
    if contacts::list_by_dealers(&work, tenant, &[dealer.id]).await?.len() >= CONTACTS_MAX {
        let message = format!("a dealer has at most {CONTACTS_MAX} contacts, remove one first");
        return Err(ActionError::refused("dealerId", InvalidCode::TooLong, message));
    }
    let blank = Contact::blank(tenant, dealer.id, cx.id(work.at()), work.at());
    let contact = input.apply(blank, surroundings(&work, &dealer))?;
    contacts::insert(&work, std::slice::from_ref(&contact)).await?;
    let (before, after) = changes(None, Some(&contact));
    work.note(EventKind::Created, contact.id, before, after);
    work.commit(contact.id).await
}

/// Changes of a contact.
pub async fn update_contact(
    cx: &Context,
    call: Call<'_>,
    target: Target<ContactId>,
    input: &ContactInput,
) -> Result<ContactId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, target).await?;
    let dealer = find_dealer(&work, before.dealer).await?;
    let after = input.apply(before.clone(), surroundings(&work, &dealer))?;
    let (old, new) = changes(Some(&before), Some(&after));
    if old != new {
        contacts::update(&work, &after).await?;
        work.note(EventKind::Updated, target.id, old, new);
    }
    work.commit(target.id).await
}

/// Removes a contact to whom nothing was ever sent.
pub async fn remove_contact(cx: &Context, call: Call<'_>, target: Target<ContactId>) -> Result<ContactId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, target).await?;
    contacts::remove(&work, call.actor.tenant, target.id).await.map_err(|error| {
        if error.is_foreign_key_violation() {
            let message = "leads were offered to this contact and keep its name, deactivate it instead";
            return ActionError::refused("contactId", InvalidCode::InUse, message);
        }
        error.into()
    })?;
    let (old, new) = changes(Some(&before), None);
    work.note(EventKind::Deleted, target.id, old, new);
    work.commit(target.id).await
}

fn surroundings(work: &Work<'_>, dealer: &Dealer) -> ContactSurroundings {
    ContactSurroundings { country: dealer.address.country, at: work.at() }
}

async fn find(work: &Work<'_>, target: Target<ContactId>) -> Result<Contact, ActionError> {
    let found = contacts::lookup(work, work.actor().tenant, target.id).await?;
    let found = found.ok_or_else(|| ActionError::not_found("contactId", "contact"))?;
    target.check(found.version)?;
    Ok(found)
}

async fn find_dealer(work: &Work<'_>, id: DealerId) -> Result<Dealer, ActionError> {
    let found = dealers::lookup(work, work.actor().tenant, id).await?;
    found.ok_or_else(|| ActionError::not_found("dealerId", "dealer"))
}
