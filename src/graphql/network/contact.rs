//! A contact of a dealer. Addresses are not for auditors.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use super::dealer::Dealer;
use crate::domain::Timestamp;
use crate::domain::dealer as domain;
use crate::graphql::session::Ctx;

/// Whether a contact may act on a lead or is only told.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::dealer::ContactKind")]
pub enum ContactKind {
    /// Gets links that acknowledge.
    To,
    /// Gets links that only show the status.
    Cc,
}

/// A person at a dealer who is told of leads.
#[derive(Clone)]
pub struct Contact(pub domain::Contact);

/// A person at a dealer who is told of leads. Not a login.
#[Object]
impl Contact {
    /// `con_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The dealer.
    async fn dealer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Dealer>> {
        Dealer::load(ctx, self.0.dealer).await
    }

    /// Whether links to this contact acknowledge.
    async fn kind(&self) -> ContactKind {
        self.0.kind.into()
    }

    /// The person's or the desk's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where mail goes; null to auditors.
    fn email(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(if ctx.session()?.scope.personal_data { self.0.email.as_deref() } else { None })
    }

    /// Where short messages go, as `+14155550123`; null to auditors.
    fn mobile(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        Ok(if ctx.session()?.scope.personal_data { self.0.mobile.as_deref() } else { None })
    }

    /// Whether the contact is told of leads.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// Since when the person wants no more mail.
    async fn unsubscribed_at(&self) -> Option<DateTime<Utc>> {
        self.0.unsubscribed_at.map(Timestamp::datetime)
    }

    /// Since when mail comes back.
    async fn bounced_at(&self) -> Option<DateTime<Utc>> {
        self.0.bounced_at.map(Timestamp::datetime)
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }
}
