//! Packs what pushes tell: copy, chain, request and dealer as they are now, a batch in a fixed number of statements per tenant.
//!
//! Here it is decided that a push is not sent: because the dealer no longer has the lead, or no longer wants it there.

use std::collections::HashMap;

use super::error::JobError;
use crate::actions::Context;
use crate::actions::held::Held;
use crate::delivery::{Outcome, Parcel};
use crate::domain::dealer::Dealer;
use crate::domain::delivery::{Channel, Delivery};
use crate::domain::id::{DealerId, DeliveryId, TenantId};
use crate::domain::lead::{Lead, LeadState, Recipient};
use crate::domain::message::{CrmPush, Message};
use crate::store::{StoreError, dealers};

/// What becomes of a claimed message.
pub(super) enum Packed {
    /// It is a mail to a person and is written when it is sent.
    Mail,
    /// It is a push of this.
    Parcel(Box<Parcel>),
    /// It no longer makes sense, for this reason.
    Stale(&'static str),
    /// Nothing is sent, and this is how it went.
    NotNow(Outcome),
}

/// A push with its copy.
type Pushed<'d> = (&'d Delivery, DealerId, &'d Lead);

impl Packed {
    /// Of what can't be read, nothing is sent until somebody has repaired it.
    pub(super) fn unreadable() -> Self {
        Self::NotNow(Outcome::Retry { after: None, reason: "the lead that it is about can't be read".to_owned() })
    }
}

/// The pushes among the claimed messages, each packed or with the reason why not.
pub(super) async fn pack(
    context: &Context,
    claimed: &[Delivery],
    copies: &HashMap<DeliveryId, Vec<Lead>>,
) -> Result<HashMap<DeliveryId, Packed>, JobError> {
    let mut packed = HashMap::new();
    let mut by_tenant: HashMap<TenantId, Vec<Pushed<'_>>> = HashMap::new();
    for delivery in claimed {
        let Message::Crm(CrmPush { dealer }) = delivery.message else { continue };
        match copies.get(&delivery.id).and_then(|copies| copies.first()) {
            Some(copy) if is_with(copy, dealer) => {
                by_tenant.entry(delivery.tenant).or_default().push((delivery, dealer, copy));
            }
            _ => drop(packed.insert(delivery.id, Packed::Stale("the lead was taken away before this could be sent"))),
        }
    }
    for (tenant, of) in by_tenant {
        match pack_some(context, tenant, &of, &mut packed).await {
            Err(StoreError::Corrupt { .. }) => {
                // One by one, so that the others still leave.
                for one in of {
                    match pack_some(context, tenant, &[one], &mut packed).await {
                        Err(error @ StoreError::Corrupt { .. }) => {
                            tracing::error!(lead = %one.2.id, %error, "a lead can't be read, its push waits");
                            packed.insert(one.0.id, Packed::unreadable());
                        }
                        done => done?,
                    }
                }
            }
            done => done?,
        }
    }
    Ok(packed)
}

/// Whether the dealer has the copy: also one that it has acknowledged or closed.
fn is_with(copy: &Lead, dealer: DealerId) -> bool {
    let gone =
        matches!(copy.state, LeadState::Unassigned | LeadState::Expired | LeadState::Rejected | LeadState::Deleted);
    !gone && copy.recipient == Some(Recipient::Dealer(dealer))
}

async fn pack_some(
    context: &Context,
    tenant: TenantId,
    of: &[Pushed<'_>],
    packed: &mut HashMap<DeliveryId, Packed>,
) -> Result<(), StoreError> {
    let reader = context.store.reader();
    let mut requests: Vec<_> = of.iter().map(|(_, _, copy)| copy.request).collect();
    requests.sort_unstable();
    requests.dedup();
    let held = Held::read(reader, tenant, &requests).await?;
    let ids: Vec<DealerId> = of.iter().map(|(_, dealer, _)| *dealer).collect();
    let found = dealers::lookup_many(reader, tenant, &ids).await?;
    for (delivery, dealer, copy) in of {
        let missing = || StoreError::corrupt("leads.dealer_id", format!("{dealer} is missing"));
        let dealer = found.iter().find(|found| found.id == *dealer).ok_or_else(missing)?;
        packed.insert(delivery.id, one(&held, delivery, dealer, copy)?);
    }
    Ok(())
}

fn one(held: &Held, delivery: &Delivery, dealer: &Dealer, copy: &Lead) -> Result<Packed, StoreError> {
    let request = held.request(copy)?;
    if request.person.email.is_none() && request.person.phone.is_none() {
        return Ok(Packed::Stale("the customer's contact data is no longer there"));
    }
    let wanted = dealer.crm.iter().filter(|crm| Channel::from(crm.kind) == delivery.channel);
    let mut wanted = wanted.filter(|crm| crm.address == delivery.address).peekable();
    if wanted.peek().is_none() {
        return Ok(Packed::Stale("the dealer's CRM has no longer this address"));
    }
    if !wanted.any(|crm| crm.active) {
        // It can be sent again when it is switched on.
        let reason = "the dealer's CRM integration is switched off".to_owned();
        return Ok(Packed::NotNow(Outcome::Permanent { reason, bad_address: false }));
    }
    Ok(Packed::Parcel(Box::new(Parcel {
        delivery: delivery.id,
        tenant: held.tenant.clone(),
        line: Parcel::line_of(copy, held.chain(copy.request)),
        copy: copy.clone(),
        request: request.clone(),
        dealer: dealer.clone(),
    })))
}
