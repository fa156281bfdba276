//! The catalogs kept in memory: one per tenant, under the version that every write to its definitions raises.
//!
//! Nobody ever gets one that is older than the version in the database when they asked.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::network::Definitions;
use crate::domain::id::TenantId;
use crate::rules::Catalog;
use crate::store::tenants::VersionHold;
use crate::store::{Conn, StoreError, tenants};

/// More tenants than this are not all at work at one time; a catalog has some 50 KB.
const TENANTS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// The catalogs of all tenants that were asked for lately.
pub struct Catalogs(Mutex<LruCache<TenantId, (i64, Arc<Catalog>)>>);

impl Default for Catalogs {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(TENANTS_MAX)))
    }
}

impl Catalogs {
    /// The names that the tenant's expressions may use, as they stand.
    pub async fn load(&self, conn: &Conn, tenant: TenantId) -> Result<Arc<Catalog>, StoreError> {
        let version = tenants::network_version(conn, tenant, VersionHold::None).await?;
        if let Some(known) = self.at(tenant, version) {
            return Ok(known);
        }
        // What is read may be newer than the version that it is kept under; then the next to ask reads it again.
        let catalog = Arc::new(Definitions::load(conn, tenant).await?.catalog());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(tenant, (version, Arc::clone(&catalog)));
        Ok(catalog)
    }

    fn at(&self, tenant: TenantId, version: i64) -> Option<Arc<Catalog>> {
        // Nothing panics while the lock is held, and a whole map stays whole.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&tenant).filter(|(kept, _)| *kept == version).map(|(_, catalog)| Arc::clone(catalog))
    }
}
