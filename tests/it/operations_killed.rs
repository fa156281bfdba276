//! The worker process killed in the middle of an operation, again and again: each lead is changed once, its result is there, no mail is
//! doubled or missing, and progress only grows (SPEC BULK-6).

use std::process::{Child, Command, Stdio};

use baton::domain::lead::{Lead, LeadState};
use baton::store::leads::LeadFilter;
use baton::store::{Scope, deliveries, leads};
use serde_json::json;

use crate::support::app::{TestApp, on_each_database};

/// How many leads and kills; `BATON_OPERATION_LEADS` and `BATON_OPERATION_KILLS` make it a long run.
fn size(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |count| count.parse().unwrap())
}

/// The real worker, as an operator starts it, on the test's database.
fn worker(app: &TestApp) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command
        .arg("work")
        .env("BATON_DATABASE__URL", app.database_url())
        .env("BATON_AUTH__SECRET", "a secret of the tests, 32 bytes or more")
        .env("BATON_SECRETS__KEY", "a key of the tests, 32 bytes or more")
        .env("BATON_SERVER__PUBLIC_URL", &app.app.config.server.public_url)
        .env("BATON_WORKERS__POLL_MS", "10")
        .env("BATON_WORKERS__OPERATIONS_AT_ONCE", "2")
        .env("BATON_WORKERS__OPERATIONS_SHARE", "100")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Lets a worker run for a random while within a chunk or two, then kills it; SIGKILL, so nothing is drained.
async fn killed(app: &TestApp, id: &str, before: &mut i64) {
    let mut worker = worker(app);
    let started = done(app, id).await;
    let wait = (app.context().entropy.unit() * 3_000.0) as usize;
    for turn in 0.. {
        let now = done(app, id).await;
        assert!(now >= *before, "progress only grows: {now} after {before}");
        *before = now;
        // At least once around, and at most until a chunk is done and some of the next.
        if turn >= wait || now > started || is_over(app, id).await {
            break;
        }
        tokio::task::yield_now().await;
    }
    for _ in 0..(app.context().entropy.unit() * 2_000.0) as usize {
        tokio::task::yield_now().await;
    }
    worker.kill().unwrap();
    worker.wait().unwrap();
}

async fn done(app: &TestApp, id: &str) -> i64 {
    let of = id.parse().unwrap();
    let found = baton::store::operations::chunks::progress(app.store().reader(), app.tenant.id, &[of]).await.unwrap();
    found.get(&of).copied().unwrap_or_default().done()
}

async fn is_over(app: &TestApp, id: &str) -> bool {
    let found =
        baton::store::operations::lookup(app.store().reader(), app.tenant.id, id.parse().unwrap()).await.unwrap();
    found.unwrap().state.is_over()
}

/// Lets a worker finish what is left.
async fn finished(app: &TestApp, id: &str) {
    let mut last = worker(app);
    while !is_over(app, id).await {
        assert!(last.try_wait().unwrap().is_none(), "the worker ended by itself");
        tokio::task::yield_now().await;
    }
    last.kill().unwrap();
    last.wait().unwrap();
}

// BULK-6, BULK-7
#[tokio::test]
async fn an_operation_killed_again_and_again_changes_each_lead_once_and_so_does_its_undo() {
    on_each_database(async |app| {
        let (count, kills) = (size("BATON_OPERATION_LEADS", 2_000), size("BATON_OPERATION_KILLS", 10));
        let dealers = app.dealers(2).await;
        let first = app.offered_lead(dealers[1]).await;
        app.copied_leads(first, count - 1).await;
        let version = app.all_leads(&LeadFilter::default()).await[0].version;
        // The workers' clock is the machine's, which this test's has not come to: nothing of theirs is in the future.
        app.leaves_work();
        let input = json!({ "selection": { "all": true }, "target": { "dealerNumber": { "number": "D1" } }, "notifyNewOwner": "PER_LEAD" });
        let id = app.operated("prepareReassignment", input).await;
        while app.operation(&id).await["state"] == "PREPARING" {
            let before = &mut 0;
            killed(app, &id, before).await;
        }
        assert_eq!(app.operation(&id).await["changeCount"], json!(count));
        app.operated("runOperation", json!({ "operationId": id })).await;
        let mut before = 0;
        for _ in 0..kills {
            killed(app, &id, &mut before).await;
        }
        finished(app, &id).await;
        let of = app.operation(&id).await;
        assert_eq!((&of["state"], &of["progress"]["changed"]), (&json!("DONE"), &json!(count)));
        assert_each_moved_once(app, count, version).await;
        let undo = app.operated("prepareUndo", json!({ "operationId": id })).await;
        while app.operation(&undo).await["state"] == "PREPARING" {
            app.work().await;
        }
        app.operated("runOperation", json!({ "operationId": undo })).await;
        let mut before = 0;
        for _ in 0..kills / 2 {
            killed(app, &undo, &mut before).await;
        }
        finished(app, &undo).await;
        let leads = app.all_leads(&LeadFilter::default()).await;
        let (roots, gone): (Vec<_>, Vec<_>) = leads.into_iter().partition(|lead| lead.round == 0);
        assert!(roots.iter().all(|lead| lead.state == LeadState::Offered && lead.version == version + 2), "each was put back once");
        assert!(gone.len() == count && gone.iter().all(|lead| lead.state == LeadState::Deleted && lead.version == 2));
    })
    .await;
}

/// Every lead has one new copy with one mail, and one result.
async fn assert_each_moved_once(app: &TestApp, count: usize, version: i64) {
    let (reader, tenant) = (app.store().reader(), app.tenant.id);
    let roots = app.all_leads(&app.leads_where("lead.round == 0")).await;
    assert_eq!(roots.len(), count);
    for chunk in roots.chunks(200) {
        let requests: Vec<_> = chunk.iter().map(|lead| lead.request).collect();
        let copies = leads::chains(reader, &Scope::system(tenant), &requests).await.unwrap();
        let ids: Vec<_> = copies.iter().map(|copy| copy.id).collect();
        let mails = deliveries::list_by_leads(reader, tenant, &ids).await.unwrap();
        for root in chunk {
            let own: Vec<&Lead> = copies.iter().filter(|copy| copy.request == root.request).collect();
            let [old, new] = own[..] else { panic!("{} copies of {}", own.len(), root.request) };
            assert_eq!((old.state, new.state, old.version), (LeadState::Expired, LeadState::Offered, version + 1));
            let about = |lead: &Lead| mails.iter().filter(|mail| mail.lead == Some(lead.id)).count();
            assert_eq!(about(new), 1, "one mail to the new owner");
        }
    }
}
