//! Writes the demo's network and past into an empty database, all in one transaction: a demo is there whole or not at all.

use super::audit::audit;
use super::chance::Chance;
use super::ground::Ground;
use super::network::{Moments, Network, SLUG};
use super::past::{Past, World};
use super::rows::Rows;
use crate::domain::Timestamp;
use crate::domain::actor::Role;
use crate::domain::custom_field::CustomField;
use crate::domain::id::{DealerId, TenantId, UserId};
use crate::domain::lead::{LeadState, Recipient};
use crate::domain::link::LinkKey;
use crate::store::leads::{LeadFilter, LeadSort};
use crate::store::{
    Conn, Order, PageRequest, Scope, Store, StoreError, categories, contacts, dealers, decisions, deliveries, events,
    fields, groups, interfaces, jobs, leads, offers, requests, runs, tenants, users,
};

/// Requests that are drawn and written at a time: a few megabytes of rows.
const PIECE: usize = 2_000;

/// How large a demo is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Dealers, the default one included.
    pub dealers: usize,
    /// Requests; each becomes a copy or several.
    pub requests: usize,
}

impl Scale {
    /// What `make demo` promises: at least 2,000 dealers and 20,000 leads.
    pub const FULL: Self = Self { dealers: 2_100, requests: 16_000 };
}

/// What a demo is made from; the same makes the same.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    /// Of every draw.
    pub seed: u64,
    /// The end of the past.
    pub now: Timestamp,
    /// How large.
    pub scale: Scale,
    /// The server's own key, so that the links of the past open.
    pub links: &'a LinkKey,
}

/// The ids under which a demo is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoNetwork {
    /// Whose it all is.
    pub tenant: TenantId,
    /// A user who may do everything.
    pub admin: UserId,
    /// A user who manages a team.
    pub manager: UserId,
    /// A user who reads everything but personal data.
    pub auditor: UserId,
    /// A dealer who has leads.
    pub dealer: DealerId,
}

/// Fills the database with the demo, unless it is there already.
pub async fn load(store: &Store, recipe: Recipe<'_>) -> Result<DemoNetwork, StoreError> {
    if let Some(tenant) = tenants::find_by_slug(store.reader(), SLUG).await? {
        return find(store.reader(), tenant.id).await;
    }
    let (chance, ground) = (Chance::from_seed(recipe.seed), Ground::load());
    let network = Network::draw(&chance, &ground, Moments::before(recipe.now), recipe.scale.dealers);
    let world = World::of(&network, &chance, recipe.links);
    let tx = store.begin().await?;
    write_network(&tx, &chance, &network).await?;
    let mut past = Past::of(&world, &ground, recipe.scale.requests);
    while let Some(rows) = past.next(PIECE) {
        write_rows(&tx, network.tenant.id, &rows).await?;
    }
    runs::insert(&tx, &past.runs()).await?;
    tx.commit().await?;
    find(store.reader(), network.tenant.id).await
}

async fn write_network(conn: &Conn, chance: &Chance, network: &Network) -> Result<(), StoreError> {
    let tenant = network.tenant.id;
    tenants::insert(conn, &network.tenant).await?;
    let definitions = &network.definitions;
    for category in &definitions.categories {
        categories::insert(conn, category).await?;
    }
    for definition in &definitions.fields {
        fields::insert(conn, &custom_field(chance, network, definition.clone())).await?;
    }
    dealers::insert(conn, &network.dealers).await?;
    contacts::insert(conn, &network.contacts).await?;
    users::insert(conn, &network.staff.users).await?;
    for group in &network.staff.groups {
        groups::insert(conn, group).await?;
    }
    groups::insert_members(conn, tenant, &network.staff.memberships).await?;
    for interface in &definitions.interfaces {
        interfaces::insert(conn, interface).await?;
    }
    for version in &definitions.versions {
        interfaces::insert_version(conn, tenant, version).await?;
    }
    for job in &definitions.jobs {
        jobs::insert(conn, job).await?;
    }
    events::insert(conn, &audit(chance, network)).await
}

/// Parents before children, as the foreign keys ask.
async fn write_rows(conn: &Conn, tenant: TenantId, rows: &Rows) -> Result<(), StoreError> {
    requests::insert(conn, &rows.requests).await?;
    decisions::insert(conn, &rows.decisions).await?;
    leads::insert(conn, &rows.leads).await?;
    offers::insert(conn, &rows.offers).await?;
    deliveries::insert(conn, &rows.deliveries).await?;
    deliveries::insert_attempts(conn, tenant, &rows.attempts).await?;
    events::insert(conn, &rows.events).await
}

fn custom_field(chance: &Chance, network: &Network, definition: crate::domain::field::FieldDefinition) -> CustomField {
    let at = network.moments.founded;
    CustomField {
        tenant: network.tenant.id,
        id: chance.id(at),
        definition,
        archived_at: None,
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

/// Reads the ids of a demo that is there.
async fn find(conn: &Conn, tenant: TenantId) -> Result<DemoNetwork, StoreError> {
    let staff = users::list_all(conn, tenant).await?;
    let user = |role: Role| {
        let found = staff.iter().find(|user| user.role == role && user.active).map(|user| user.id);
        found.ok_or_else(|| StoreError::corrupt("users.role", format!("the demo has no {role}, remove its database")))
    };
    let filter = LeadFilter { states: vec![LeadState::Accepted], ..LeadFilter::default() };
    let page = PageRequest::first(50);
    let sort = (LeadSort::ReceivedAt, Order::Desc);
    let newest = leads::list(conn, &Scope::system(tenant), &filter, sort, &page).await?;
    let busy = newest.rows.iter().find_map(|(_, lead)| match lead.recipient {
        Some(Recipient::Dealer(dealer)) => Some(dealer),
        _ => None,
    });
    let fallback = || StoreError::corrupt("leads.dealer_id", "the demo has no leads, remove its database");
    Ok(DemoNetwork {
        tenant,
        admin: user(Role::Admin)?,
        manager: user(Role::Manager)?,
        auditor: user(Role::Auditor)?,
        dealer: busy.ok_or_else(fallback)?,
    })
}
