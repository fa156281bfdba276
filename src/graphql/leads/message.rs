//! Messages and links: what went out for a lead, and how that went.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;

use super::lead::Lead;
use super::order::SortDirection;
use crate::actions::messages;
use crate::actions::{Permission, permit};
use crate::domain;
use crate::domain::Timestamp;
use crate::domain::message::Template;
use crate::domain::offer::Addressee;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::mutation::OwnedCall;
use crate::graphql::payload::{UserError, split};
use crate::graphql::session::{Ctx, permitted};
use crate::store::deliveries;

/// Where a message stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "crate::domain::delivery::DeliveryState")]
pub enum DeliveryState {
    /// Waits for its next attempt.
    Pending,
    /// The receiving server took it.
    Sent,
    /// Given up; can be sent again.
    Failed,
    /// Not sent because it no longer made sense.
    Cancelled,
}

/// By which way a message goes out.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::delivery::Channel")]
pub enum DeliveryChannel {
    /// A mail to a person.
    Email,
    /// A push to a dealer's CRM: ADF 1.0 by mail.
    AdfEmail,
    /// A push to a dealer's CRM: ADF 1.0 by HTTP POST.
    AdfHttp,
    /// A push to a dealer's CRM: JSON by HTTP POST.
    JsonHttp,
}

/// How an attempt ended.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::delivery::AttemptOutcome")]
pub enum AttemptOutcome {
    /// Taken.
    Sent,
    /// Will be tried again.
    Retry,
    /// Given up.
    Failed,
}

/// One attempt to send a message.
#[derive(SimpleObject)]
pub struct DeliveryAttempt {
    /// From 1.
    number: i32,
    /// How it ended.
    outcome: AttemptOutcome,
    /// The receiving server's words or ours; null to auditors for a push, for a CRM may repeat what it was told of the customer.
    detail: Option<String>,
    /// When.
    attempted_at: DateTime<Utc>,
}

/// One message to one address.
pub struct Delivery(pub domain::delivery::Delivery<Template>);

impl Delivery {
    /// Whether the words of whoever received it are shown.
    fn shows_words(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        let is_push = self.0.message == Template::Crm;
        Ok(!is_push || ctx.session()?.scope.personal_data)
    }
}

/// One message to one address, with its attempts.
#[Object]
impl Delivery {
    /// `dlv_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The lead that it is about; null for a digest, which is about many.
    async fn lead(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Lead>> {
        let Some(lead) = self.0.lead else { return Ok(None) };
        Lead::load(ctx, lead).await
    }

    /// The template by which it is written: `offer`, `status`, `loss`, `warning`, `manager`, `fresh_link`, `taken` or `digest`;
    /// `crm` for a push, whose document is made when it is sent.
    async fn template(&self) -> &'static str {
        self.0.message.as_str()
    }

    /// By which way it goes out.
    async fn channel(&self) -> DeliveryChannel {
        self.0.channel.into()
    }

    /// The mail address, or that of a CRM, that it goes to.
    async fn address(&self) -> &str {
        &self.0.address
    }

    /// The contact (`con_…`) or user (`usr_…`) that it goes to; null for a push, which goes to a system.
    async fn addressee_id(&self) -> Option<ID> {
        self.0.addressee.map(addressee_id)
    }

    /// Where it stands.
    async fn state(&self) -> DeliveryState {
        self.0.state.into()
    }

    /// How often it was tried.
    async fn attempt_count(&self) -> i32 {
        i32::try_from(self.0.attempts).unwrap_or(i32::MAX)
    }

    /// Every attempt, in order.
    async fn attempts(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<DeliveryAttempt>> {
        let session = ctx.session()?;
        let found = deliveries::attempts(session.reader(), session.scope.tenant, self.0.id).boxed().await?;
        let shows_words = self.shows_words(ctx)?;
        let shown = |attempt: domain::delivery::Attempt| DeliveryAttempt {
            number: i32::try_from(attempt.number).unwrap_or(i32::MAX),
            outcome: attempt.outcome.into(),
            detail: attempt.detail.filter(|_| shows_words),
            attempted_at: attempt.attempted_at.datetime(),
        };
        Ok(found.into_iter().map(shown).collect())
    }

    /// When it is tried next.
    async fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        self.0.next_attempt_at.map(Timestamp::datetime)
    }

    /// When it was taken.
    async fn sent_at(&self) -> Option<DateTime<Utc>> {
        self.0.sent_at.map(Timestamp::datetime)
    }

    /// Why the last attempt did not succeed; null to auditors for a push, for a CRM may repeat what it was told of the customer.
    fn last_error(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(if self.shows_words(ctx)? { self.0.last_error.as_deref() } else { None })
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }
}

/// Whether a link acknowledges.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::dealer::ContactKind")]
pub enum LinkKind {
    /// It acknowledges.
    To,
    /// It only shows the status.
    Cc,
}

/// A link by which one person may see one lead.
pub struct Offer(pub domain::offer::Offer);

/// A link by which one person may see one lead. The link itself is only in the mail.
#[Object]
impl Offer {
    /// `off_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The contact (`con_…`) or user (`usr_…`) that it was sent to.
    async fn addressee_id(&self) -> ID {
        addressee_id(self.0.addressee)
    }

    /// Whether it acknowledges.
    async fn kind(&self) -> LinkKind {
        self.0.kind.into()
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at.datetime()
    }

    /// When it was first opened.
    async fn opened_at(&self) -> Option<DateTime<Utc>> {
        self.0.opened_at.map(Timestamp::datetime)
    }

    /// Until when it works; opened later, it mails a fresh one.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at.datetime()
    }

    /// How often it was renewed.
    async fn renewed_count(&self) -> i32 {
        i32::from(self.0.generation)
    }
}

fn addressee_id(addressee: Addressee) -> ID {
    match addressee {
        Addressee::Contact(id) => id.into(),
        Addressee::User(id) => id.into(),
    }
}

/// Queries about messages.
#[derive(Default)]
pub struct MessageQuery;

/// Queries about messages.
#[Object]
impl MessageQuery {
    /// One message; null when it does not exist, or is about a restricted copy that is not shown. Needs the role admin, manager or auditor.
    async fn delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`dlv_…`")] id: ID,
    ) -> async_graphql::Result<Option<Delivery>> {
        let Some(id) = ids::parse_or_null(&id) else { return Ok(None) };
        let session = ctx.session()?;
        if permit(&session.actor, Permission::ReadConfiguration).is_err() {
            return Ok(None);
        }
        Ok(deliveries::lookup(session.reader(), &session.scope, id).await?.map(Delivery))
    }

    /// Messages by the time they were written, but those about restricted copies that are not shown. Needs the role admin, manager or auditor.
    #[expect(clippy::too_many_arguments, reason = "the four arguments of a connection, its filter and its order")]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those that stand so.")] state: Option<DeliveryState>,
        #[graphql(desc = "Newest first when left out.")] direction: Option<SortDirection>,
    ) -> async_graphql::Result<Listed<Delivery>> {
        permitted(ctx, Permission::ReadConfiguration)?;
        let session = ctx.session()?;
        let direction = direction.unwrap_or_default();
        let list = format!("deliveries {direction:?} {state:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (scope, state) = (&session.scope, state.map(Into::into));
        let found = deliveries::list(session.reader(), scope, state, direction.into(), &page).await?;
        connect(ctx, &list, found, Delivery, |up_to| deliveries::count(session.reader(), scope, state, up_to)).await
    }
}

/// A message to send again.
#[derive(InputObject)]
pub struct ResendDeliveryInput {
    /// `dlv_…`, given up before.
    delivery_id: ID,
    /// The same key with the same input acts once.
    idempotency_key: Option<String>,
}

/// A message that waits again, or what stands in the way.
#[derive(SimpleObject)]
pub struct DeliveryPayload {
    /// The message as it is now.
    delivery: Option<Delivery>,
    /// What stands in the way; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of messages.
#[derive(Default)]
pub struct MessageMutation;

/// Changes of messages.
#[Object]
impl MessageMutation {
    /// Puts a message that was given up back into the outbox. Needs the role admin or manager.
    async fn resend_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which message.")] input: ResendDeliveryInput,
    ) -> async_graphql::Result<DeliveryPayload> {
        let call = OwnedCall::read(ctx, "resendDelivery")?;
        let session = ctx.session()?;
        let done = match ids::parse("deliveryId", &input.delivery_id) {
            Ok(id) => messages::resend(&session.actions, call.call(), id).await,
            Err(problem) => Err(problem.into()),
        };
        let (done, user_errors) = split(done)?;
        let delivery = match done {
            Some(done) => deliveries::lookup(session.actions.store.writer(), &session.scope, done.delivery).await?,
            None => None,
        };
        Ok(DeliveryPayload { delivery: delivery.map(Delivery), user_errors })
    }
}
