//! A custom field as it is kept: a definition with its place in a tenant.

use super::field::FieldDefinition;
use super::id::{CustomFieldId, TenantId};
use super::time::Timestamp;

/// A tenant's custom field (SPEC EXPR-8).
#[derive(Clone, Debug)]
pub struct CustomField {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id.
    pub id: CustomFieldId,
    /// What it means; says itself whether it is archived.
    pub definition: FieldDefinition,
    /// Since when it takes no new values.
    pub archived_at: Option<Timestamp>,
    /// Raised by every change.
    pub version: i64,
    /// When it was defined.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
