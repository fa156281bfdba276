//! The worker process killed in the middle of its work, again and again: nothing is lost, doubled or half moved (SPEC JOB-6, SEND-1).

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use baton::domain::interface::CandidateKind;
use baton::domain::job::Algorithm;
use baton::domain::lead::{Lead, LeadState};
use baton::store::{Scope, decisions, deliveries, leads};

use crate::support::app::{Engine, TestApp, on, on_each_database};
use crate::support::rules::nearest_first;

const LEADS: usize = 2_000;
/// How often the worker is killed while it hands on the leads.
const KILLS: usize = 12;

/// The real worker, as an operator starts it, on the test's database.
fn worker(app: &TestApp) -> Child {
    let config = &app.app.config;
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command
        .arg("work")
        .env("BATON_DATABASE__URL", app.database_url())
        .env("BATON_AUTH__SECRET", "a secret of the tests, 32 bytes or more")
        .env("BATON_SECRETS__KEY", "a key of the tests, 32 bytes or more")
        .env("BATON_SERVER__PUBLIC_URL", &config.server.public_url)
        .env("BATON_WORKERS__BATCH_SIZE", "25")
        .env("BATON_WORKERS__POLL_MS", "10")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Two thousand leads that fall due now: the clock of the test stands in the worker's past.
async fn two_thousand_due(app: &TestApp) {
    let dealers = app.dealers(4).await;
    let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
    app.job("single", interface, |job| {
        job.algorithm = Algorithm::Single;
        job.elapsed = Duration::from_secs(1);
        job.upper_age = Duration::from_hours(24 * 365 * 100);
    })
    .await;
    app.offered_leads(dealers[0], LEADS).await;
    app.leaves_work();
}

async fn moved(app: &TestApp) -> usize {
    let later = app.leads_where("lead.round > 0");
    let scope = Scope::system(app.tenant.id);
    usize::try_from(leads::count(app.store().reader(), &scope, &later, 100_000).await.unwrap()).unwrap()
}

/// Lets the worker run until so many leads have moved, however long that takes.
async fn until_moved(app: &TestApp, worker: &mut Child, wanted: usize) {
    while moved(app).await < wanted {
        assert!(worker.try_wait().unwrap().is_none(), "the worker ended by itself");
        tokio::task::yield_now().await;
    }
}

/// Every request has one live copy, made once, with one decision and one mail per contact.
async fn assert_each_moved_once(app: &TestApp) {
    let scope = Scope::system(app.tenant.id);
    let (reader, tenant) = (app.store().reader(), app.tenant.id);
    let roots = app.all_leads(&app.leads_where("lead.round == 0")).await;
    assert_eq!(roots.len(), LEADS);
    for chunk in roots.chunks(200) {
        let requests: Vec<_> = chunk.iter().map(|lead| lead.request).collect();
        let copies = leads::chains(reader, &scope, &requests).await.unwrap();
        let made = decisions::list_by_requests(reader, tenant, &requests).await.unwrap();
        let ids: Vec<_> = copies.iter().map(|copy| copy.id).collect();
        let mails = deliveries::list_by_leads(reader, tenant, &ids).await.unwrap();
        for root in chunk {
            let own: Vec<&Lead> = copies.iter().filter(|copy| copy.request == root.request).collect();
            let [old, new] = own[..] else { panic!("{} copies of {}", own.len(), root.request) };
            assert_eq!((old.state, new.state), (LeadState::Expired, LeadState::Offered));
            let about = |lead: &Lead| mails.iter().filter(|mail| mail.lead == Some(lead.id)).count();
            assert_eq!((about(old), about(new)), (1, 1), "one mail to each recipient");
            // One when it was handed in, one when it was handed on.
            assert_eq!(made.iter().filter(|decision| decision.request == root.request).count(), 2);
        }
    }
}

// JOB-6
#[tokio::test]
async fn a_worker_killed_again_and_again_moves_each_of_two_thousand_leads_once() {
    on_each_database(async |app| {
        two_thousand_due(app).await;
        let mut random = app.context().entropy.unit();
        for kill in 0..KILLS {
            let mut worker = worker(app);
            // Somewhere within the next batches: the count moves when one is committed, and the kill hits the one after.
            let wanted = kill * (LEADS / (KILLS + 1)) + (random * 50.0) as usize + 1;
            until_moved(app, &mut worker, wanted).await;
            for _ in 0..(random * 2_000.0) as usize {
                tokio::task::yield_now().await;
            }
            // SIGKILL: no handler runs, nothing is drained.
            worker.kill().unwrap();
            worker.wait().unwrap();
            random = app.context().entropy.unit();
        }
        let mut worker = worker(app);
        until_moved(app, &mut worker, LEADS).await;
        worker.kill().unwrap();
        worker.wait().unwrap();
        assert_each_moved_once(app).await;
    })
    .await;
}

// JOB-6
#[tokio::test]
async fn two_worker_processes_one_of_them_killed_move_each_lead_once() {
    on(Engine::Postgres, async |app: &TestApp| {
        two_thousand_due(app).await;
        let (mut one, mut other) = (worker(app), worker(app));
        until_moved(app, &mut one, LEADS / 3).await;
        one.kill().unwrap();
        one.wait().unwrap();
        until_moved(app, &mut other, LEADS).await;
        other.kill().unwrap();
        other.wait().unwrap();
        assert_each_moved_once(app).await;
    })
    .await;
}
