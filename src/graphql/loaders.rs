//! Loaders: child objects of a whole page in one statement each, for one request.
//!
//! Each key type is one kind of child. What the scope does not reach is not loaded, and so null.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::{Timer, TokioSpawner};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::domain::decision::Decision;
use crate::domain::delivery::Delivery;
use crate::domain::event::Event;
use crate::domain::id::{DecisionId, LeadId, RequestId};
use crate::domain::lead::{Lead, LeadSummary};
use crate::domain::message::Template;
use crate::domain::note::Note;
use crate::domain::offer::Offer;
use crate::domain::request::Request;
use crate::store::{
    Conn, Page, PageRequest, Scope, Store, StoreError, decisions, deliveries, events, leads, notes, offers, requests,
};

/// A failed load; shared by all who waited for it.
pub type LoadError = Arc<StoreError>;

/// A load that is under way.
type Loading<'a, T> = BoxFuture<'a, Result<T, LoadError>>;

/// What fields ask for child objects: it gathers all that a page asks for, and has it loaded at once.
pub struct Loaders(DataLoader<Batch>);

impl Loaders {
    /// For one request, within a runtime of tokio.
    pub fn new(store: Store, scope: Scope) -> Self {
        let batch = Batch { store, scope };
        Self(DataLoader::new(batch, TokioSpawner::current(), NextTurn))
    }

    /// What belongs to a key, if anything does.
    ///
    /// Boxed, or every field of a type would take the room that this takes, also those that load nothing.
    pub fn load<K>(&self, key: K) -> Loading<'_, Option<<Batch as Loader<K>>::Value>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch: Loader<K, Error = LoadError>,
    {
        self.0.load_one(key).boxed()
    }

    /// What belongs to each of these keys that anything belongs to.
    pub fn load_all<'a, K, I>(&'a self, keys: I) -> Loading<'a, HashMap<K, <Batch as Loader<K>>::Value>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        I: IntoIterator<Item = K, IntoIter: Send> + Send + 'a,
        Batch: Loader<K, Error = LoadError>,
    {
        self.0.load_many(keys).boxed()
    }
}

/// Waits until the other tasks had their turn, whatever the time: by then a page has asked for all that it asks for. A clock would not do,
/// for the shortest time that tokio's tells is a millisecond, longer than most loads take.
struct NextTurn;

impl Timer for NextTurn {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        tokio::task::yield_now().boxed()
    }
}

/// Loads child objects for one request.
pub struct Batch {
    store: Store,
    scope: Scope,
}

impl Batch {
    /// For reads.
    pub fn reader(&self) -> &Conn {
        self.store.reader()
    }

    /// What the request may see.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// Rows by their keys.
pub fn by_key<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, V> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

/// Rows in groups, each in the order of the rows.
pub fn grouped<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    rows.into_iter().fold(HashMap::new(), |mut groups, row| {
        groups.entry(key(&row)).or_insert_with(Vec::new).push(row);
        groups
    })
}

/// A copy within the scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeadKey(pub LeadId);

impl Loader<LeadKey> for Batch {
    type Value = Lead;
    type Error = LoadError;
    async fn load(&self, keys: &[LeadKey]) -> Result<HashMap<LeadKey, Lead>, LoadError> {
        let ids: Vec<LeadId> = keys.iter().map(|key| key.0).collect();
        let rows = leads::lookup_many(self.reader(), &self.scope, &ids).await?;
        Ok(by_key(rows, |lead| LeadKey(lead.id)))
    }
}

/// The summary of a copy within the scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeadSummaryKey(pub LeadId);

impl Loader<LeadSummaryKey> for Batch {
    type Value = LeadSummary;
    type Error = LoadError;
    async fn load(&self, keys: &[LeadSummaryKey]) -> Result<HashMap<LeadSummaryKey, LeadSummary>, LoadError> {
        let ids: Vec<LeadId> = keys.iter().map(|key| key.0).collect();
        let rows = leads::lookup_summaries(self.reader(), &self.scope, &ids).await?;
        Ok(by_key(rows, |lead| LeadSummaryKey(lead.id)))
    }
}

/// What the customer of a copy asked for. Only asked of a copy that the scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestKey(pub RequestId);

impl Loader<RequestKey> for Batch {
    type Value = Request;
    type Error = LoadError;
    async fn load(&self, keys: &[RequestKey]) -> Result<HashMap<RequestKey, Request>, LoadError> {
        let ids: Vec<RequestId> = keys.iter().map(|key| key.0).collect();
        let rows = requests::lookup_many(self.reader(), self.scope.tenant, &ids).await?;
        Ok(by_key(rows, |request| RequestKey(request.id)))
    }
}

/// The latest event of a copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LatestEventKey(pub LeadId);

impl Loader<LatestEventKey> for Batch {
    type Value = Event;
    type Error = LoadError;
    async fn load(&self, keys: &[LatestEventKey]) -> Result<HashMap<LatestEventKey, Event>, LoadError> {
        let ids: Vec<LeadId> = keys.iter().map(|key| key.0).collect();
        let rows = events::latest(self.reader(), self.scope.tenant, &ids).await?;
        Ok(rows.into_iter().filter_map(|event| event.lead.map(|lead| (LatestEventKey(lead), event))).collect())
    }
}

/// The decision that placed a copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DecisionKey(pub DecisionId);

impl Loader<DecisionKey> for Batch {
    type Value = Decision;
    type Error = LoadError;
    async fn load(&self, keys: &[DecisionKey]) -> Result<HashMap<DecisionKey, Decision>, LoadError> {
        let ids: Vec<DecisionId> = keys.iter().map(|key| key.0).collect();
        let rows = decisions::lookup_many(self.reader(), self.scope.tenant, &ids).await?;
        Ok(by_key(rows, |decision| DecisionKey(decision.id)))
    }
}

/// All decisions about a request, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DecisionsKey(pub RequestId);

impl Loader<DecisionsKey> for Batch {
    type Value = Vec<Decision>;
    type Error = LoadError;
    async fn load(&self, keys: &[DecisionsKey]) -> Result<HashMap<DecisionsKey, Vec<Decision>>, LoadError> {
        let ids: Vec<RequestId> = keys.iter().map(|key| key.0).collect();
        let rows = decisions::list_by_requests(self.reader(), self.scope.tenant, &ids).await?;
        Ok(grouped(rows, |decision| DecisionsKey(decision.request)))
    }
}

/// All copies of a request that the scope reaches, by round.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainKey(pub RequestId);

impl Loader<ChainKey> for Batch {
    type Value = Vec<Lead>;
    type Error = LoadError;
    async fn load(&self, keys: &[ChainKey]) -> Result<HashMap<ChainKey, Vec<Lead>>, LoadError> {
        let ids: Vec<RequestId> = keys.iter().map(|key| key.0).collect();
        let rows = leads::chains(self.reader(), &self.scope, &ids).await?;
        Ok(grouped(rows, |lead| ChainKey(lead.request)))
    }
}

/// The links of a copy, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OffersKey(pub LeadId);

impl Loader<OffersKey> for Batch {
    type Value = Vec<Offer>;
    type Error = LoadError;
    async fn load(&self, keys: &[OffersKey]) -> Result<HashMap<OffersKey, Vec<Offer>>, LoadError> {
        let ids: Vec<LeadId> = keys.iter().map(|key| key.0).collect();
        let rows = offers::list_by_leads(self.reader(), self.scope.tenant, &ids).await?;
        Ok(grouped(rows, |offer| OffersKey(offer.lead)))
    }
}

/// The messages about a copy, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveriesKey(pub LeadId);

impl Loader<DeliveriesKey> for Batch {
    type Value = Vec<Delivery<Template>>;
    type Error = LoadError;
    async fn load(&self, keys: &[DeliveriesKey]) -> Result<HashMap<DeliveriesKey, Vec<Delivery<Template>>>, LoadError> {
        let ids: Vec<LeadId> = keys.iter().map(|key| key.0).collect();
        let rows = deliveries::list_by_leads(self.reader(), self.scope.tenant, &ids).await?;
        let mut groups: HashMap<DeliveriesKey, Vec<Delivery<Template>>> = HashMap::new();
        for row in rows {
            if let Some(lead) = row.lead {
                groups.entry(DeliveriesKey(lead)).or_default().push(row);
            }
        }
        Ok(groups)
    }
}

/// A page of the notes of a copy. Only asked of a copy that the scope reaches.
#[derive(Clone, PartialEq)]
pub struct NotesKey {
    /// Of which copy.
    pub lead: LeadId,
    /// Which page: all copies of a grid are asked for the same one.
    pub page: PageRequest,
}

// A page's keys are a moment and an id, which equal themselves.
impl Eq for NotesKey {}

impl Hash for NotesKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.lead.hash(state);
    }
}

impl Loader<NotesKey> for Batch {
    type Value = Page<Note>;
    type Error = LoadError;
    async fn load(&self, keys: &[NotesKey]) -> Result<HashMap<NotesKey, Page<Note>>, LoadError> {
        let mut wanted: Vec<(&PageRequest, Vec<LeadId>)> = Vec::new();
        for key in keys {
            match wanted.iter_mut().find(|(page, _)| **page == key.page) {
                Some((_, leads)) => leads.push(key.lead),
                None => wanted.push((&key.page, vec![key.lead])),
            }
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (page, leads) in wanted {
            let pages = notes::list_by_leads(self.reader(), self.scope.tenant, &leads, page).await?;
            found.extend(pages.into_iter().map(|(lead, notes)| (NotesKey { lead, page: page.clone() }, notes)));
        }
        Ok(found)
    }
}

/// How many notes a copy has. Only asked of a copy that the scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoteCountKey(pub LeadId);

impl Loader<NoteCountKey> for Batch {
    type Value = u64;
    type Error = LoadError;
    async fn load(&self, keys: &[NoteCountKey]) -> Result<HashMap<NoteCountKey, u64>, LoadError> {
        let ids: Vec<LeadId> = keys.iter().map(|key| key.0).collect();
        let counts = notes::count_by_leads(self.reader(), self.scope.tenant, &ids).await?;
        Ok(counts.into_iter().map(|(lead, count)| (NoteCountKey(lead), count)).collect())
    }
}
