//! The demo on real databases: loaded whole and once, sound by the databases' own rules, and alive: its day runs on the same
//! actions and jobs as anything else.

use std::time::Duration;

use baton::demo::{Day, DemoNetwork, Living, Recipe, Scale, load};
use baton::domain::lead::LeadState;
use baton::store::leads::{self, LeadFilter};
use baton::store::{Scope, users};

use crate::support::app::{TestApp, on_each_database};

const SCALE: Scale = Scale { dealers: 150, requests: 500 };

async fn loaded(app: &TestApp, seed: u64) -> DemoNetwork {
    let recipe = Recipe { seed, now: app.now(), scale: SCALE, links: &app.context().links };
    load(app.store(), recipe).await.unwrap()
}

async fn count(app: &TestApp, demo: DemoNetwork, filter: LeadFilter) -> u64 {
    leads::count(app.store().reader(), &Scope::system(demo.tenant), &filter, 100_000).await.unwrap()
}

fn in_state(state: LeadState) -> LeadFilter {
    LeadFilter { state: Some(state), ..LeadFilter::default() }
}

// RUN-5
#[tokio::test]
async fn the_demo_is_loaded_whole_and_only_once() {
    on_each_database(async |app: &TestApp| {
        let demo = loaded(app, 11).await;
        let all = count(app, demo, LeadFilter::default()).await;
        let roots = count(app, demo, app.leads_where("lead.round == 0")).await;
        assert!(roots == SCALE.requests as u64 && all > roots, "{all} copies of {roots} requests");
        assert!(count(app, demo, app.leads_where(&format!("lead.dealer.id == '{}'", demo.dealer))).await > 0);
        for state in [LeadState::Offered, LeadState::Acknowledged, LeadState::Accepted, LeadState::Won, LeadState::Lost]
        {
            assert!(count(app, demo, in_state(state)).await > 0, "{state:?}");
        }
        let admin = users::lookup(app.store().reader(), demo.tenant, demo.admin).await.unwrap().unwrap();
        assert!(admin.active);

        assert_eq!(loaded(app, 12).await, demo, "what is there stays");
        assert_eq!(count(app, demo, LeadFilter::default()).await, all);
        app.leaves_work();
    })
    .await;
}

// RUN-5, JOB-2, ACK-2
#[tokio::test]
async fn a_quarter_of_an_hour_of_the_living_day_brings_answers_and_hand_overs() {
    on_each_database(async |app: &TestApp| {
        let demo = loaded(app, 11).await;
        let roots = app.leads_where("lead.round == 0");
        let handed_on = app.leads_where("lead.round >= 1");
        let received =
            app.leads_where(&format!("lead.state == 'ACCEPTED' && lead.received_at >= timestamp('{}')", app.now()));
        let before = [count(app, demo, roots.clone()).await, count(app, demo, handed_on.clone()).await];
        let day = Day::begin(app.store(), demo.tenant, 5, app.now()).await.unwrap();
        let mut living = Living::new(day, demo.tenant);
        let mut deed_count = 0;
        for _ in 0..50 {
            deed_count += living.step(app.context()).await.unwrap();
            app.work().await;
            app.advance(Duration::from_secs(20));
        }
        let after = [count(app, demo, roots).await, count(app, demo, handed_on).await];
        let (came_in, moved) = (after[0] - before[0], after[1] - before[1]);
        let accepted = count(app, demo, received).await;
        assert!(deed_count > 60, "{deed_count} deeds");
        assert!(came_in > 25, "{came_in} came in");
        assert!(moved > 4, "{moved} were handed on");
        assert!(accepted > 5, "{accepted} of the new ones were accepted");
        app.leaves_work();
    })
    .await;
}
