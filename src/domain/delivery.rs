//! A delivery: one message to one address on one channel, with its attempts.

use serde::{Deserialize, Serialize};

use super::dealer::CrmKind;
use super::id::{DeliveryId, LeadId, OfferId, TenantId};
use super::message::Message;
use super::offer::Addressee;
use super::time::Timestamp;

/// By which way a delivery goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// A mail to a person.
    Email,
    /// A push to a dealer's CRM: ADF 1.0 by mail.
    AdfEmail,
    /// A push to a dealer's CRM: ADF 1.0 by HTTP POST.
    AdfHttp,
    /// A push to a dealer's CRM: JSON by HTTP POST.
    JsonHttp,
}

impl Channel {
    /// Whether it goes by HTTP to an address that a dealer gave, and not by our own mail server.
    pub const fn is_http(self) -> bool {
        matches!(self, Self::AdfHttp | Self::JsonHttp)
    }
}

impl From<CrmKind> for Channel {
    fn from(kind: CrmKind) -> Self {
        match kind {
            CrmKind::AdfEmail => Self::AdfEmail,
            CrmKind::AdfHttp => Self::AdfHttp,
            CrmKind::JsonHttp => Self::JsonHttp,
        }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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

/// One message to one address; `M` is its template where no more is read of the message, which is most of a delivery.
#[derive(Clone, Debug)]
pub struct Delivery<M = Message> {
    pub tenant: TenantId,
    pub id: DeliveryId,
    pub lead: Option<LeadId>,
    pub offer: Option<OfferId>,
    /// The person; none for a push, which goes to a system.
    pub addressee: Option<Addressee>,
    pub channel: Channel,
    pub address: String,
    pub message: M,
    pub state: DeliveryState,
    pub attempts: u32,
    pub next_attempt_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttemptOutcome {
    /// Taken.
    Sent,
    /// Will be tried again.
    Retry,
    /// Given up.
    Failed,
}

/// One attempt to send a delivery.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub delivery: DeliveryId,
    /// From 1.
    pub number: u32,
    pub outcome: AttemptOutcome,
    pub detail: Option<String>,
    pub attempted_at: Timestamp,
}
