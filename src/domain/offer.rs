//! An offer: a link by which one person may see one lead and, if of kind TO, acknowledge it.

use super::dealer::ContactKind;
use super::id::{ContactId, LeadId, OfferId, TenantId, UserId};
use super::time::Timestamp;

/// Whom a link was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// A dealer's contact.
    Contact(ContactId),
    /// A user.
    User(UserId),
}

/// A link by which one person may see one lead.
#[derive(Clone, Debug)]
pub struct Offer {
    pub tenant: TenantId,
    pub id: OfferId,
    pub lead: LeadId,
    pub addressee: Addressee,
    pub kind: ContactKind,
    /// How often the link was renewed; 0 for the first.
    pub generation: u8,
    /// SHA-256 of the newest token; the token itself is never stored.
    pub token_hash: [u8; 32],
    pub expires_at: Timestamp,
    pub opened_at: Option<Timestamp>,
    pub created_at: Timestamp,
}
