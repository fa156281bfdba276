//! Making, changing and deactivating dealers.

use std::collections::BTreeSet;

use super::changes::changes;
use super::ground::Ground;
use super::leaving::{OpenLeads, check_open};
use super::target::{Target, taken};
use crate::actions::{ActionError, Begun, Call, Context, Permission, Work, permit};
use crate::domain::dealer::Dealer;
use crate::domain::event::EventKind;
use crate::domain::field::Subject;
use crate::domain::id::DealerId;
use crate::domain::input::DealerInput;
use crate::domain::job::Fallback;
use crate::domain::lead::Recipient;
use crate::domain::{InvalidCode, PostalCode};
use crate::store::{dealers, jobs, pushes, tenants};

/// A new dealer.
pub async fn create_dealer(cx: &Context, call: Call<'_>, input: &DealerInput) -> Result<DealerId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let ground = ground(&work, input, None).await?;
    let dealer = ground.read(|known| input.apply(Dealer::blank(known.tenant, cx.id(work.at()), work.at()), known))?;
    change_default(&mut work, None, &dealer).await?;
    forget_failures(&work, input, &dealer).await?;
    dealers::insert(&work, std::slice::from_ref(&dealer)).await.map_err(|error| number_taken(error, &dealer))?;
    let (before, after) = changes(None, Some(&dealer));
    work.note(EventKind::Created, dealer.id, before, after);
    work.commit(dealer.id).await
}

/// Changes of a dealer.
pub async fn update_dealer(
    cx: &Context,
    call: Call<'_>,
    target: Target<DealerId>,
    input: &DealerInput,
) -> Result<DealerId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, target).await?;
    let ground = ground(&work, input, Some(&before)).await?;
    let after = ground.read(|known| input.apply(before.clone(), known))?;
    forget_failures(&work, input, &after).await?;
    save(&mut work, &before, after, OpenLeads::Unsaid).await?;
    work.commit(target.id).await
}

/// Takes a dealer without open leads out of the network; it is offered nothing more.
pub async fn deactivate_dealer(
    cx: &Context,
    call: Call<'_>,
    target: Target<DealerId>,
) -> Result<DealerId, ActionError> {
    permit(call.actor, Permission::Configure)?;
    let mut work = match cx.begin(call).await? {
        Begun::Fresh(work) => work,
        Begun::Before(id) => return Ok(id),
    };
    tenants::raise_network_version(&work, call.actor.tenant).await?;
    let before = find(&work, target).await?;
    let after = Dealer { active: false, ..before.clone() };
    save(&mut work, &before, after, OpenLeads::Unsaid).await?;
    work.commit(target.id).await
}

/// Deactivates a dealer whose leads are handed on, or activates it again; not if it is so already.
pub(super) async fn set_active(work: &mut Work<'_>, id: DealerId, active: bool) -> Result<(), ActionError> {
    let before = find(work, Target::any(id)).await?;
    let after = Dealer { active, ..before.clone() };
    save(work, &before, after, OpenLeads::HandedOn).await
}

/// Refuses if the network would be without its default dealer.
pub(super) async fn check_may_leave(work: &Work<'_>, id: DealerId) -> Result<(), ActionError> {
    let dealer = find(work, Target::any(id)).await?;
    if dealer.is_default { Err(default_needed(work, &dealer).await?) } else { Ok(()) }
}

/// Writes a changed dealer with its line in the timeline, unless nothing changed.
async fn save(work: &mut Work<'_>, before: &Dealer, after: Dealer, open: OpenLeads) -> Result<(), ActionError> {
    if before.is_default && !after.active {
        return Err(default_needed(work, before).await?);
    }
    if before.active && !after.active && open == OpenLeads::Unsaid {
        check_open(work, before.tenant, Recipient::Dealer(before.id), &before.name).await?;
    }
    let (old, new) = changes(Some(before), Some(&after));
    if old == new {
        return Ok(());
    }
    let after = Dealer { updated_at: work.at(), ..after };
    change_default(work, Some(before), &after).await?;
    dealers::update(work, &after).await.map_err(|error| number_taken(error, &after))?;
    work.note(EventKind::Updated, after.id, old, new);
    Ok(())
}

/// A system that somebody has just set up starts afresh, however often it failed before.
async fn forget_failures(work: &Work<'_>, input: &DealerInput, dealer: &Dealer) -> Result<(), ActionError> {
    let saved = input.crm.as_ref().map(|_| &dealer.crm);
    // In the order in which the outbox holds them.
    let addresses: BTreeSet<&str> = saved.into_iter().flatten().map(|crm| crm.address.as_str()).collect();
    for address in addresses {
        pushes::forget(work, dealer.tenant, address).await?;
    }
    Ok(())
}

/// A tenant has one fallback: making a dealer the default ends it for the one before.
async fn change_default(work: &mut Work<'_>, before: Option<&Dealer>, after: &Dealer) -> Result<(), ActionError> {
    if !after.is_default || before.is_some_and(|before| before.is_default) {
        return Ok(());
    }
    if let Some(old) = dealers::find_default(work, after.tenant).await? {
        dealers::end_default(work, after.tenant, after.id, work.at()).await?;
        let (before, after) = changes(Some(&old), Some(&Dealer { is_default: false, ..old.clone() }));
        work.note(EventKind::Updated, old.id, before, after);
    }
    Ok(())
}

async fn default_needed(work: &Work<'_>, dealer: &Dealer) -> Result<ActionError, ActionError> {
    let jobs = jobs::list_all(work, dealer.tenant).await?;
    let names: Vec<String> = jobs
        .into_iter()
        .filter(|job| job.fallback == Fallback::DefaultDealer)
        .map(|job| format!("job `{}`", job.name))
        .collect();
    let users = if names.is_empty() { String::new() } else { format!(" and used by {}", names.join(", ")) };
    let message = format!("`{}` is the default dealer{users}, make another one the default first", dealer.name);
    Ok(ActionError::refused("active", InvalidCode::InUse, message))
}

async fn find(work: &Work<'_>, target: Target<DealerId>) -> Result<Dealer, ActionError> {
    let found = dealers::lookup(work, work.actor().tenant, target.id).await?;
    let found = found.ok_or_else(|| ActionError::not_found("dealerId", "dealer"))?;
    target.check(found.version)?;
    Ok(found)
}

async fn ground(work: &Work<'_>, input: &DealerInput, before: Option<&Dealer>) -> Result<Ground, ActionError> {
    let mut ground = Ground::load(work, work.actor().tenant, Subject::Dealer).await?;
    let old = before.map(|dealer| dealer.address.clone());
    let old_country = old.as_ref().map(|address| address.country.as_str());
    let old_code = old.as_ref().and_then(|address| address.postal_code.as_ref()).map(PostalCode::as_str);
    let country = input.country.as_deref().or(old_country);
    let code = input.postal_code.as_ref().map_or(old_code, |given| given.as_deref());
    let codes = [old_code.map(|code| (old_country, code)), code.map(|code| (country, code))];
    ground.find_codes(work, codes.into_iter().flatten()).await?;
    Ok(ground)
}

fn number_taken(error: crate::store::StoreError, dealer: &Dealer) -> ActionError {
    let sub_number = if dealer.sub_number.is_empty() { String::new() } else { format!(" / `{}`", dealer.sub_number) };
    let message = format!("another dealer has the number `{}`{sub_number}, choose another one", dealer.number);
    taken(error, "number", "number", message)
}
