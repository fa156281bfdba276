//! A category: an ordered group of values for dealers, such as tier = Gold, Silver, Bronze.

use super::id::{CategoryId, TenantId};
use super::time::Timestamp;

use serde::Serialize;

/// An ordered group of values.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
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

impl Category {
    /// A category that has no key yet.
    pub fn blank(tenant: TenantId, id: CategoryId, created_at: Timestamp) -> Self {
        Self { tenant, id, key: String::new(), label: String::new(), choices: Vec::new(), created_at }
    }
}
