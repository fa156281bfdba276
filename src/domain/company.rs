//! A company that leads may be assigned to, such as a law firm or a marketing agency: it is granted access to them by that.

use serde::Serialize;

use super::id::{CompanyId, TenantId};
use super::time::Timestamp;

/// A company outside the network.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Company {
    pub tenant: TenantId,
    pub id: CompanyId,
    /// Unique in the tenant.
    pub name: String,
    /// One that is not gets no leads, and its credentials see nothing.
    pub active: bool,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Company {
    /// A company that has no name yet.
    pub fn blank(tenant: TenantId, id: CompanyId, at: Timestamp) -> Self {
        Self { tenant, id, name: String::new(), active: true, version: 1, created_at: at, updated_at: at }
    }
}
