//! A delivery: one message to one address on one channel, with its attempts.

use serde::{Deserialize, Serialize};

use super::id::{DeliveryId, LeadId, OfferId, TenantId};
use super::message::Message;
use super::offer::Addressee;
use super::time::Timestamp;

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

/// One message to one address.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub tenant: TenantId,
    pub id: DeliveryId,
    pub lead: Option<LeadId>,
    pub offer: Option<OfferId>,
    pub addressee: Option<Addressee>,
    pub address: String,
    pub message: Message,
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
