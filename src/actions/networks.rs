//! The networks kept in memory, by tenant and version, and the plans compiled against them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::domain::id::{InterfaceId, TenantId};
use crate::domain::interface::{CandidateKind, Definition};
use crate::routing::{Network, NetworkParts, Plan};
use crate::store::{Conn, StoreError, categories, contacts, dealers, fields, groups, users};

/// Networks by tenant.
#[derive(Default)]
pub struct Networks(Mutex<HashMap<TenantId, Arc<Network>>>);

impl Networks {
    /// The network of `tenant` at `version`.
    pub async fn load(&self, conn: &Conn, tenant: TenantId, version: i64) -> Result<Arc<Network>, StoreError> {
        let kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&tenant).cloned();
        if let Some(kept) = kept.filter(|network| network.version() == version) {
            return Ok(kept);
        }
        let contacts = contacts::list_all(conn, tenant).await?;
        let parts = NetworkParts {
            version,
            dealers: dealers::list_all(conn, tenant).await?,
            reachable: contacts
                .iter()
                .filter(|contact| contact.can_be_offered())
                .map(|contact| contact.dealer)
                .collect(),
            users: users::list_all(conn, tenant).await?,
            groups: groups::list_all(conn, tenant).await?,
            memberships: groups::list_memberships(conn, tenant).await?,
            fields: fields::list_all(conn, tenant).await?.into_iter().map(|field| field.definition).collect(),
            categories: categories::list_all(conn, tenant).await?,
        };
        let network = Arc::new(Network::build(parts));
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(tenant, Arc::clone(&network));
        Ok(network)
    }

    /// A published definition compiled against a network.
    pub fn plan(
        &self,
        network: &Arc<Network>,
        kind: CandidateKind,
        _key: (InterfaceId, i64),
        definition: &Definition,
    ) -> Option<Arc<Plan>> {
        Plan::compile(Arc::clone(network), kind, definition).ok().map(Arc::new)
    }
}
