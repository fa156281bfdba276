//! Writes the demo's network and past into an empty database, all in one transaction: a demo is there whole or not at all.

use std::sync::Arc;

use tokio::sync::mpsc::{self, Receiver};

use super::audit::audit;
use super::chance::Chance;
use super::ground::Ground;
use super::network::{Moments, Network, SLUG};
use super::past::{Past, World};
use super::rows::Rows;
use crate::domain::Timestamp;
use crate::domain::actor::Role;
use crate::domain::custom_field::CustomField;
use crate::domain::event::Event;
use crate::domain::field::FieldDefinition;
use crate::domain::id::{DealerId, TenantId, UserId};
use crate::domain::job::JobRun;
use crate::domain::lead::{LeadState, Recipient};
use crate::domain::link::LinkKey;
use crate::store::leads::{LeadFilter, LeadSort};
use crate::store::{
    Conn, Order, PageRequest, Scope, Store, StoreError, categories, contacts, dealers, decisions, deliveries, events,
    fields, groups, interfaces, jobs, leads, offers, requests, runs, tenants, users,
};

/// Requests that are drawn and written at a time: a few megabytes of rows.
const PIECE: usize = 1_000;
/// Pieces that wait to be written: one is enough to keep the writer busy.
const PIECES_AHEAD: usize = 1;

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
    pub const FULL: Self = Self { dealers: 2_100, requests: 15_000 };
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
    let tx = store.begin().await?;
    let tenant = write(&tx, draw(recipe)).await?;
    tx.commit().await?;
    find(store.reader(), tenant).await
}

/// What is drawn, in the order in which it is written.
enum Drawn {
    Network(Box<SetUp>),
    Past(Box<Rows>),
    Runs(Vec<JobRun>),
}

/// The network with what its set-up leaves behind.
struct SetUp {
    network: Arc<Network>,
    fields: Vec<CustomField>,
    audit: Vec<Event>,
}

/// Draws on a thread of its own: the next piece is ready when the one before is written.
fn draw(recipe: Recipe<'_>) -> Receiver<Drawn> {
    let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
    let Recipe { seed, now, scale, links } = recipe;
    let links = links.clone();
    tokio::task::spawn_blocking(move || {
        let (chance, ground) = (Chance::from_seed(seed), Ground::load());
        let network = Arc::new(Network::draw(&chance, &ground, Moments::before(now), scale.dealers));
        let fields = custom_fields(&chance, &network);
        let set_up = SetUp { audit: audit(&chance, &network), fields, network: Arc::clone(&network) };
        let world = World::of(&network, &chance, &links);
        let mut past = Past::of(&world, &ground, scale.requests);
        // Nobody takes the rest once the writing has failed.
        let mut taken = sender.blocking_send(Drawn::Network(Box::new(set_up))).is_ok();
        while let Some(rows) = past.next(PIECE).filter(|_| taken) {
            taken = sender.blocking_send(Drawn::Past(Box::new(rows))).is_ok();
        }
        taken && sender.blocking_send(Drawn::Runs(past.runs())).is_ok()
    });
    receiver
}

async fn write(conn: &Conn, mut drawn: Receiver<Drawn>) -> Result<TenantId, StoreError> {
    let mut tenant = None;
    while let Some(piece) = drawn.recv().await {
        match (piece, tenant) {
            (Drawn::Network(set_up), _) => {
                tenant = Some(set_up.network.tenant.id);
                write_network(conn, *set_up).await?;
            }
            (Drawn::Past(rows), Some(tenant)) => write_rows(conn, tenant, *rows).await?,
            (Drawn::Runs(made), Some(tenant)) => {
                runs::insert(conn, &made).await?;
                return Ok(tenant);
            }
            (Drawn::Past(_) | Drawn::Runs(_), None) => break,
        }
    }
    // The runs come last: without them the drawing has stopped half way, and nothing of it may stay.
    Err(StoreError::corrupt("tenants.slug", "the demo was not drawn to its end"))
}

async fn write_network(conn: &Conn, set_up: SetUp) -> Result<(), StoreError> {
    let network = &set_up.network;
    let (tenant, definitions) = (network.tenant.id, &network.definitions);
    tenants::insert(conn, &network.tenant).await?;
    for category in &definitions.categories {
        categories::insert(conn, category).await?;
    }
    for field in &set_up.fields {
        fields::insert(conn, field).await?;
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
    events::insert(conn, set_up.audit).await
}

/// Parents before children, as the database asks.
async fn write_rows(conn: &Conn, tenant: TenantId, rows: Rows) -> Result<(), StoreError> {
    requests::insert(conn, &rows.requests).await?;
    decisions::insert(conn, rows.decisions).await?;
    leads::insert(conn, &rows.leads).await?;
    offers::insert(conn, &rows.offers).await?;
    deliveries::insert(conn, rows.deliveries).await?;
    deliveries::insert_attempts(conn, tenant, &rows.attempts).await?;
    events::insert(conn, rows.events).await
}

fn custom_fields(chance: &Chance, network: &Network) -> Vec<CustomField> {
    let at = network.moments.founded;
    let field = |definition: &FieldDefinition| CustomField {
        tenant: network.tenant.id,
        id: chance.id(at),
        definition: definition.clone(),
        archived_at: None,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    network.definitions.fields.iter().map(field).collect()
}

/// Reads the ids of a demo that is there.
async fn find(conn: &Conn, tenant: TenantId) -> Result<DemoNetwork, StoreError> {
    let staff = users::list_all(conn, tenant).await?;
    let user = |role: Role| {
        let found = staff.iter().find(|user| user.role == role && user.active).map(|user| user.id);
        found.ok_or_else(|| StoreError::corrupt("users.role", format!("the demo has no {role}, remove its database")))
    };
    let filter = LeadFilter { state: Some(LeadState::Accepted), ..LeadFilter::default() };
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
