//! The demo on real databases: loaded whole, once, and sound by the databases' own rules.

use baton::demo::{Day, Deed, Recipe, Scale, load};
use baton::domain::Timestamp;
use baton::domain::lead::LeadState;
use baton::domain::link::LinkKey;
use baton::store::leads::{self, LeadFilter};
use baton::store::{Scope, Store, users};

use crate::support::postgres::fresh_database;

const NOW: Timestamp = Timestamp::from_micros(1_795_300_000_000_000);
const SCALE: Scale = Scale { dealers: 150, requests: 600 };

// RUN-5
#[tokio::test]
async fn the_demo_loads_on_sqlite_and_only_once() {
    let path = std::env::temp_dir().join(format!("baton-demo-{}.sqlite", std::process::id()));
    let store = Store::connect(&format!("sqlite://{}", path.display()), 2).await.unwrap();
    store.migrate().await.unwrap();
    loads_once(&store).await;
    store.close().await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
}

// RUN-5
#[tokio::test]
async fn the_demo_loads_on_postgres_and_only_once() {
    let database = fresh_database("demo", async |url| {
        let store = Store::connect(&url, 1).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await.unwrap();
    });
    let database = database.await;
    let store = Store::connect(database.url(), 2).await.unwrap();
    loads_once(&store).await;
    store.close().await.unwrap();
}

async fn loads_once(store: &Store) {
    let links = LinkKey::new(&[3; 32]).unwrap();
    let recipe = Recipe { seed: 11, now: NOW, scale: SCALE, links: &links };
    let demo = load(store, recipe).await.unwrap();
    let scope = Scope::system(demo.tenant);
    let count = async |filter: LeadFilter| leads::count(store.reader(), &scope, &filter, 100_000).await.unwrap();
    let all = count(LeadFilter::default()).await;
    let roots = count(LeadFilter { root: Some(true), ..LeadFilter::default() }).await;
    assert!(roots == SCALE.requests as u64 && all > roots, "{all} copies of {roots} requests");
    assert!(count(LeadFilter { dealers: vec![demo.dealer], ..LeadFilter::default() }).await > 0);
    let admin = users::lookup(store.reader(), demo.tenant, demo.admin).await.unwrap().unwrap();
    assert!(admin.active);

    assert_eq!(load(store, Recipe { seed: 12, ..recipe }).await.unwrap(), demo, "what is there stays");
    assert_eq!(count(LeadFilter::default()).await, all);

    let mut day = Day::begin(store, demo.tenant, 5, NOW).await.unwrap();
    let open = count(LeadFilter { states: vec![LeadState::Offered], ..LeadFilter::default() }).await;
    let later = NOW + std::time::Duration::from_mins(30);
    let mut deeds = day.step(store, NOW).await.unwrap();
    deeds.extend(day.step(store, later).await.unwrap());
    let answers = deeds.iter().filter(|deed| matches!(deed, Deed::Acknowledge { .. } | Deed::Reject { .. })).count();
    assert!(answers > 0 && answers as u64 <= open, "{answers} answers to {open} open copies");
}
