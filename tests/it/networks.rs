//! The networks kept in memory: built once for all who ask, ready after a write, bounded (SPEC IFACE-5, FAST-1).

use baton::actions::Networks;
use baton::domain::dealer::{Contact, ContactKind};
use baton::domain::id::TenantId;
use baton::domain::input::DealerInput;
use baton::domain::interface::CandidateKind;
use baton::store::tenants::{self, VersionHold};
use baton::store::{contacts, dealers};

use crate::support::app::{TestApp, on_each_database};

async fn version(app: &TestApp, tenant: TenantId) -> i64 {
    tenants::network_version(app.store().reader(), tenant, VersionHold::None).await.unwrap()
}

// FAST-1
#[tokio::test]
async fn a_network_is_built_once_for_all_who_ask_and_again_in_the_background_after_a_write() {
    on_each_database(async |app| {
        app.dealers(3).await;
        let (networks, tenant) = (Networks::new(1 << 20), app.tenant.id);
        let (reader, first) = (app.store().reader(), version(app, tenant).await);
        let ask = || networks.load(reader, tenant, first);
        let (one, other, _, _) = tokio::join!(ask(), ask(), ask(), ask());
        assert!(std::sync::Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
        let usage = networks.usage();
        assert_eq!((usage.networks, usage.builds, usage.hits), (1, 1, 3));
        assert!(usage.network_bytes > 0);
        // Nothing changed: looking costs nothing.
        networks.refresh(app.store()).await.unwrap();
        assert_eq!(networks.usage().builds, 1);
        app.dealer_at("New", "02139", DealerInput::default()).await;
        networks.refresh(app.store()).await.unwrap();
        assert_eq!(networks.usage().builds, 2);
        let now = networks.load(reader, tenant, version(app, tenant).await).await.unwrap();
        assert_eq!((now.pool(CandidateKind::Dealer).len(), networks.usage().builds), (4, 2), "it was ready");
    })
    .await;
}

// FAST-1
#[tokio::test]
async fn networks_leave_when_the_memory_is_full_the_longest_unasked_first() {
    on_each_database(async |app| {
        let mut all = vec![app.tenant.id];
        all.extend([app.another_tenant("second").await.id, app.another_tenant("third").await.id]);
        let reader = app.store().reader();
        // Room for two of them, plans aside.
        let probe = Networks::new(1 << 30);
        probe.load(reader, all[1], version(app, all[1]).await).await.unwrap();
        let networks = Networks::new(probe.usage().network_bytes * 3 + 3);
        for tenant in [0, 1, 0, 2] {
            networks.load(reader, all[tenant], version(app, all[tenant]).await).await.unwrap();
        }
        let usage = networks.usage();
        assert_eq!((usage.networks, usage.evictions, usage.builds), (2, 1, 3), "{usage:?}");
        networks.load(reader, all[0], version(app, all[0]).await).await.unwrap();
        assert_eq!(networks.usage().builds, 3, "the first was asked for again, so it stayed");
        // However little room there is, what is asked for is kept.
        let none = Networks::new(0);
        none.load(reader, all[0], version(app, all[0]).await).await.unwrap();
        assert_eq!(none.usage().networks, 1);
    })
    .await;
}

// IFACE-3: the database is asked what `can_be_offered` says.
#[tokio::test]
async fn who_can_be_reached_is_the_same_to_the_database() {
    on_each_database(async |app| {
        let tenant = app.tenant.id;
        let mut made = Vec::new();
        for number in 0..64_u32 {
            let dealer = app.dealer_at(&format!("R{number}"), "02139", DealerInput::default()).await;
            let own = contacts::list_by_dealers(app.store().reader(), tenant, &[dealer]).await.unwrap();
            let is = |bit: u32| number >> bit & 1 == 1;
            let contact = Contact {
                kind: if is(0) { ContactKind::Cc } else { ContactKind::To },
                active: !is(1),
                email: (!is(2)).then(|| format!("r{number}@example.org")),
                mobile: Some("+16175550100".to_owned()),
                unsubscribed_at: is(3).then_some(app.now()),
                bounced_at: is(4).then_some(app.now()),
                ..own[0].clone()
            };
            contacts::update(app.store().writer(), &contact).await.unwrap();
            made.push(contact);
        }
        let reachable = contacts::list_reachable(app.store().reader(), tenant).await.unwrap();
        for contact in made {
            assert_eq!(reachable.contains(&contact.dealer), contact.can_be_offered(), "{contact:?}");
        }
    })
    .await;
}

// IFACE-5: more dealers than are read at once are all there, each once.
#[tokio::test]
async fn a_large_network_is_read_whole() {
    on_each_database(async |app| {
        let tenant = app.tenant.id;
        let first = app.dealer_at("D0", "02139", DealerInput::default()).await;
        let dealer = dealers::lookup(app.store().reader(), tenant, first).await.unwrap().unwrap();
        let copy = |number: u32| baton::domain::dealer::Dealer {
            id: app.context().id(app.now()),
            number: format!("N{number}"),
            ..dealer.clone()
        };
        let copies: Vec<_> = (0..10_050).map(copy).collect();
        dealers::insert(app.store().writer(), &copies).await.unwrap();
        let mut all = dealers::list_all(app.store().reader(), tenant).await.unwrap();
        assert_eq!(all.len(), 10_051);
        all.dedup_by_key(|dealer| dealer.id);
        assert_eq!(all.len(), 10_051);
    })
    .await;
}
