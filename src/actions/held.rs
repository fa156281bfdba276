//! Held requests: their copies as they are while nobody else can change them.
//!
//! INVARIANT: whoever changes a copy of a request holds the request first and reads the copies after. So acknowledging and
//! reassigning exclude each other, and the winner of a race is whoever held the request first.

use std::collections::HashMap;

use crate::domain::id::{LeadId, RequestId, TenantId};
use crate::domain::job::Job;
use crate::domain::lead::{Lead, LeadState};
use crate::domain::request::Request;
use crate::domain::tenant::Tenant;
use crate::store::{Conn, Scope, StoreError, jobs, leads, requests, tenants};

/// Requests of one tenant with everything that a change of their copies needs.
pub struct Held {
    /// Whose they are.
    pub tenant: Tenant,
    /// The tenant's jobs in their order.
    pub jobs: Vec<Job>,
    requests: HashMap<RequestId, Request>,
    chains: HashMap<RequestId, Vec<Lead>>,
    /// Of which request each copy is.
    owners: HashMap<LeadId, RequestId>,
}

impl Held {
    /// Holds requests until the transaction ends, and reads them.
    pub async fn hold(conn: &Conn, tenant: TenantId, ids: &[RequestId]) -> Result<Self, StoreError> {
        requests::lock(conn, tenant, ids).await?;
        Self::read(conn, tenant, ids).await
    }

    /// Reads requests. INVARIANT: the transaction holds them already.
    pub async fn read(conn: &Conn, tenant: TenantId, ids: &[RequestId]) -> Result<Self, StoreError> {
        let found = tenants::lookup(conn, tenant).await?;
        let mut chains: HashMap<RequestId, Vec<Lead>> = HashMap::with_capacity(ids.len());
        let mut owners = HashMap::with_capacity(ids.len());
        for copy in leads::chains(conn, &Scope::system(tenant), ids).await? {
            owners.insert(copy.id, copy.request);
            chains.entry(copy.request).or_default().push(copy);
        }
        let requests = requests::lookup_many(conn, tenant, ids).await?;
        Ok(Self {
            tenant: found.ok_or_else(|| StoreError::corrupt("leads.tenant_id", format!("{tenant} is missing")))?,
            jobs: jobs::list_all(conn, tenant).await?,
            requests: requests.into_iter().map(|request| (request.id, request)).collect(),
            chains,
            owners,
        })
    }

    /// What the customer of a copy asked for.
    pub fn request(&self, copy: &Lead) -> Result<&Request, StoreError> {
        self.requests
            .get(&copy.request)
            .ok_or_else(|| StoreError::corrupt("leads.request_id", format!("{} is missing", copy.request)))
    }

    /// All copies of a request, by round.
    pub fn chain(&self, request: RequestId) -> &[Lead] {
        self.chains.get(&request).map(Vec::as_slice).unwrap_or_default()
    }

    /// All copies of all held requests.
    pub fn copies(&self) -> impl Iterator<Item = &Lead> {
        self.chains.values().flatten()
    }

    /// One of the copies.
    pub fn copy(&self, id: LeadId) -> Result<&Lead, StoreError> {
        let request = self.owners.get(&id);
        request
            .and_then(|request| self.chain(*request).iter().find(|copy| copy.id == id))
            .ok_or_else(|| StoreError::corrupt("leads.id", format!("{id} is missing")))
    }

    /// Whether somebody has taken responsibility for another copy of the same request: then this one is nobody's to hand on.
    pub fn is_held_beside(&self, copy: &Lead) -> bool {
        self.chain(copy.request).iter().any(|other| other.id != copy.id && other.state.is_held())
    }

    /// The other copies of the same request that still wait for their recipients.
    pub fn waiting_beside(&self, copy: &Lead) -> impl Iterator<Item = &Lead> {
        let id = copy.id;
        self.chain(copy.request).iter().filter(move |other| other.id != id && other.state == LeadState::Offered)
    }
}
