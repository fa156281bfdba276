//! A category: an ordered group of values for dealers, such as tier = Gold, Silver, Bronze.

use super::id::{CategoryId, TenantId};
use super::time::Timestamp;

/// An ordered group of values.
#[derive(Clone, Debug)]
pub struct Category {
    pub tenant: TenantId,
    pub id: CategoryId,
    /// The name in expressions: `dealer.category.<key>`.
    pub key: String,
    pub label: String,
    /// The values, best first.
    pub choices: Vec<String>,
    pub created_at: Timestamp,
}
