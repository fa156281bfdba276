//! Changing dealers and their contacts: one mutation per intent.

use async_graphql::{Context, Object};

use super::contact::Contact;
use super::dealer::Dealer;
use super::dealer_input::{
    CreateContactInput, CreateDealerInput, DeactivateDealerInput, RemoveContactInput, UpdateContactInput,
    UpdateDealerInput,
};
use super::payload::{ContactPayload, DealerPayload, RemovedPayload};
use crate::actions::ActionError;
use crate::actions::network::{Target, contacts as contact_actions, dealers as dealer_actions};
use crate::domain::id::{ContactId, DealerId};
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::split;
use crate::graphql::session::Ctx;
use crate::store::{contacts, dealers};

/// Changes of dealers and their contacts.
#[derive(Default)]
pub struct DealerMutation;

/// Changes of dealers and their contacts.
#[Object]
impl DealerMutation {
    /// Adds a dealer to the network. Needs the role admin.
    async fn create_dealer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The dealer.")] input: CreateDealerInput,
    ) -> async_graphql::Result<DealerPayload> {
        let call = OwnedCall::read(ctx, "createDealer")?;
        let done = dealer_actions::create_dealer(&ctx.session()?.actions, call.call(), &input.read()).await;
        dealer(ctx, done).await
    }

    /// Changes a dealer. Needs the role admin.
    async fn update_dealer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which dealer, and what changes.")] input: UpdateDealerInput,
    ) -> async_graphql::Result<DealerPayload> {
        let call = OwnedCall::read(ctx, "updateDealer")?;
        let expected_version = input.expected_version.map(i64::from);
        let done = match ids::parse("dealerId", &input.dealer_id) {
            Ok(id) => {
                let target = Target { id, expected_version };
                dealer_actions::update_dealer(&ctx.session()?.actions, call.call(), target, &input.read()).await
            }
            Err(problem) => Err(problem.into()),
        };
        dealer(ctx, done).await
    }

    /// Takes a dealer out of the network: it is offered nothing more. Refused for the default dealer, and for a dealer with open leads:
    /// `prepareDeparture` says where they go. Needs the role admin.
    async fn deactivate_dealer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which dealer.")] input: DeactivateDealerInput,
    ) -> async_graphql::Result<DealerPayload> {
        let call = OwnedCall::read(ctx, "deactivateDealer")?;
        let expected_version = input.expected_version.map(i64::from);
        let done = match ids::parse("dealerId", &input.dealer_id) {
            Ok(id) => {
                let target = Target { id, expected_version };
                dealer_actions::deactivate_dealer(&ctx.session()?.actions, call.call(), target).await
            }
            Err(problem) => Err(problem.into()),
        };
        dealer(ctx, done).await
    }

    /// Adds a contact to a dealer. Needs the role admin.
    async fn create_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The contact.")] input: CreateContactInput,
    ) -> async_graphql::Result<ContactPayload> {
        let call = OwnedCall::read(ctx, "createContact")?;
        let done = match ids::parse("dealerId", &input.dealer_id) {
            Ok(id) => contact_actions::create_contact(&ctx.session()?.actions, call.call(), id, &input.read()).await,
            Err(problem) => Err(problem.into()),
        };
        contact(ctx, done).await
    }

    /// Changes a contact. Needs the role admin.
    async fn update_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which contact, and what changes.")] input: UpdateContactInput,
    ) -> async_graphql::Result<ContactPayload> {
        let call = OwnedCall::read(ctx, "updateContact")?;
        let expected_version = input.expected_version.map(i64::from);
        let done = match ids::parse("contactId", &input.contact_id) {
            Ok(id) => {
                let target = Target { id, expected_version };
                contact_actions::update_contact(&ctx.session()?.actions, call.call(), target, &input.read()).await
            }
            Err(problem) => Err(problem.into()),
        };
        contact(ctx, done).await
    }

    /// Removes a contact to whom nothing was ever sent; others can be deactivated. Needs the role admin.
    async fn remove_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which contact.")] input: RemoveContactInput,
    ) -> async_graphql::Result<RemovedPayload> {
        let call = OwnedCall::read(ctx, "removeContact")?;
        let expected_version = input.expected_version.map(i64::from);
        let done = match ids::parse("contactId", &input.contact_id) {
            Ok(id) => {
                let target = Target { id, expected_version };
                contact_actions::remove_contact(&ctx.session()?.actions, call.call(), target).await
            }
            Err(problem) => Err(problem.into()),
        };
        let (removed, user_errors) = split(done)?;
        Ok(RemovedPayload { removed_id: removed.map(Into::into), user_errors })
    }
}

async fn dealer(ctx: &Context<'_>, done: Result<DealerId, ActionError>) -> async_graphql::Result<DealerPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(DealerPayload { dealer: None, user_errors }) };
    let session = ctx.session()?;
    let found = dealers::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(DealerPayload { dealer: found.map(Dealer::from), user_errors })
}

async fn contact(ctx: &Context<'_>, done: Result<ContactId, ActionError>) -> async_graphql::Result<ContactPayload> {
    let (id, user_errors) = split(done)?;
    let Some(id) = id else { return Ok(ContactPayload { contact: None, user_errors }) };
    let session = ctx.session()?;
    let found = contacts::lookup(session.actions.store.writer(), session.scope.tenant, id).await?;
    Ok(ContactPayload { contact: found.map(Contact), user_errors })
}
