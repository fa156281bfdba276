//! Stored rows that can't be read: the lead is set aside with the reason, and keeps nobody else waiting (SPEC JOB-6, JOB-7).

use std::sync::Arc;

use baton::actions::jobs::run_now;
use baton::actions::{Call, manual_runs};
use baton::clock::{Clock, SetClock};
use baton::domain::Timestamp;
use baton::domain::delivery::DeliveryState;
use baton::domain::event::EventKind;
use baton::domain::id::LeadId;
use baton::domain::interface::CandidateKind;
use baton::domain::job::{JobRun, RunState};
use baton::domain::lead::LeadState;
use baton::store::events::{self, EventFilter};
use baton::store::{Order, PageRequest, deliveries, runs};
use serde_json::Value;

use crate::support::app::{TestApp, on_each_database};
use crate::support::rules::{HOUR, nearest_first};

async fn write_custom(app: &TestApp, lead: LeadId, json: &str) {
    let sql = format!("update leads set custom = '{json}' where id = $1");
    assert_eq!(app.meddle(&sql, lead.uuid()).await, 1);
}

async fn all_runs(app: &TestApp) -> Vec<JobRun> {
    let page = runs::list(app.store().reader(), app.tenant.id, None, Order::Asc, &PageRequest::first(50)).await;
    page.unwrap().into_rows()
}

// JOB-6, JOB-7
#[tokio::test]
async fn an_unreadable_lead_is_set_aside_and_the_others_are_handed_on() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        app.job("after an hour", interface, |job| job.notify.warn_before = Some(HOUR / 2)).await;
        let before = app.offered_lead(dealers[0]).await;
        let broken = app.offered_lead(dealers[0]).await;
        let after = app.offered_lead(dealers[0]).await;
        write_custom(app, broken, "[]").await;

        app.an_hour_later().await;

        for lead in [before, after] {
            assert_eq!(app.newest(lead).await.round, 1);
        }
        let failed: Vec<JobRun> = all_runs(app).await.into_iter().filter(|run| run.failed > 0).collect();
        let said: Vec<_> = failed.iter().map(|run| (run.state, run.failed, run.error.as_deref())).collect();
        let why = "1 request was set aside: stored value of `leads.custom` can't be read";
        assert_eq!(said, [(RunState::Failed, 1, Some(why))]);
        assert!(app.due_work().await.is_empty(), "it is not looked at again at once");

        write_custom(app, broken, "{}").await;
        let lead = app.lead(broken).await;
        assert_eq!((lead.state, lead.due_at), (LeadState::Offered, Some(app.now() + HOUR)));
        assert!(lead.exception.unwrap().contains("`leads.custom` can't be read"));
        let filter = EventFilter { request: Some(lead.request), ..EventFilter::default() };
        let page = PageRequest::first(50);
        let lines =
            events::list(app.store().reader(), app.tenant.id, &filter, Order::Asc, &page).await.unwrap().into_rows();
        assert!(lines.iter().any(|line| line.kind == EventKind::LeadException && line.lead == Some(broken)));

        app.an_hour_later().await;
        let lead = app.lead(broken).await;
        assert_eq!((lead.state, lead.exception), (LeadState::Expired, None), "repaired, it is handed on");
        assert_eq!(app.newest(broken).await.round, 1);
    })
    .await;
}

// SEND-2, SEND-4
#[tokio::test]
async fn an_unreadable_lead_or_message_holds_up_no_other_message() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let broken_lead = app.offered_lead(dealers[0]).await;
        let broken_message = app.offered_lead(dealers[0]).await;
        app.offered_lead(dealers[1]).await;
        write_custom(app, broken_lead, "[]").await;
        let message = "update deliveries set message = '{}' where lead_id = $1";
        assert_eq!(app.meddle(message, broken_message.uuid()).await, 1);

        app.work().await;
        assert_eq!((app.mails_to("d1@example.org").len(), app.mails_to("d2@example.org").len()), (0, 1));
        assert!(app.due_work().await.is_empty(), "they are not tried again at once");

        write_custom(app, broken_lead, "{}").await;
        app.advance(HOUR);
        app.work().await;
        assert_eq!(app.mails_to("d1@example.org").len(), 1, "repaired, it leaves");
        let left = deliveries::list_by_leads(app.store().reader(), app.tenant.id, &[broken_lead]).await.unwrap();
        assert_eq!((left[0].state, left[0].attempts), (DeliveryState::Sent, 2));
    })
    .await;
}

// SEND-2, JOB-6
#[tokio::test]
async fn a_message_about_an_unreadable_lead_is_given_up_after_three_days_and_the_others_leave() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let broken = app.offered_lead(dealers[0]).await;
        write_custom(app, broken, "[]").await;
        let message = async || {
            let of_lead = deliveries::list_by_leads(app.store().reader(), app.tenant.id, &[broken]).await.unwrap();
            of_lead.into_iter().next().unwrap()
        };
        app.work().await;
        while let Some(next) = message().await.next_attempt_at {
            app.advance(next.since(app.now()));
            app.work().await;
        }
        assert_eq!(message().await.state, DeliveryState::Failed);
        let filter = EventFilter { kinds: vec![EventKind::DeliveryFailed], ..EventFilter::default() };
        let page = PageRequest::first(50);
        let lines =
            events::list(app.store().reader(), app.tenant.id, &filter, Order::Asc, &page).await.unwrap().into_rows();
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].lead, lines[0].request.is_some()), (Some(broken), true));

        app.offered_lead(dealers[1]).await;
        app.work().await;
        assert_eq!(app.mails_to("d2@example.org").len(), 1, "the outbox goes on");
    })
    .await;
}

// JOB-7
#[tokio::test]
async fn a_run_that_meets_an_unreadable_lead_ends_with_the_reason_and_the_next_one_runs() {
    on_each_database(async |app| {
        let dealers = app.dealers(3).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let job = app.job("after an hour", interface, |job| job.enabled = false).await;
        let broken = app.offered_lead(dealers[0]).await;
        app.work().await;
        app.advance(HOUR);
        for (custom, wanted, error) in [
            ("[]", RunState::Failed, Some("stopped at the first lead: stored value of `leads.custom` can't be read")),
            ("{}", RunState::Done, None),
        ] {
            write_custom(app, broken, custom).await;
            let admin = app.admin();
            let call = Call { actor: &admin, mutation: "run", input: &Value::Null, key: None };
            let id = run_now(app.context(), call, job).await.unwrap();
            app.work().await;
            let run = runs::lookup(app.store().reader(), app.tenant.id, id).await.unwrap().unwrap();
            assert_eq!((run.state, run.error.as_deref()), (wanted, error));
        }
        assert_eq!(app.newest(broken).await.round, 1);
    })
    .await;
}

/// A clock that moves on by an hour whenever somebody looks at it.
struct Hurried(SetClock);

impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        let now = self.0.now();
        self.0.advance(HOUR);
        now
    }
}

// JOB-7, AUTH-2: a run that fails while another waits in front of it by then.
#[tokio::test]
async fn a_run_that_fails_ends_itself_and_no_other_that_has_become_free_meanwhile() {
    on_each_database(async |app| {
        let dealers = app.dealers(2).await;
        let interface = app.interface("nearest", CandidateKind::Dealer, nearest_first()).await;
        let (first, second) = (
            app.job("first", interface, |job| job.enabled = false).await,
            app.job("second", interface, |job| job.enabled = false).await,
        );
        let broken = app.offered_lead(dealers[0]).await;
        app.work().await;
        app.advance(HOUR);
        let admin = app.admin();
        let ask = async |job| {
            let call = Call { actor: &admin, mutation: "run", input: &Value::Null, key: None };
            let id = run_now(app.context(), call, job).await.unwrap();
            app.advance(std::time::Duration::from_secs(1));
            id
        };
        let (older, newer) = (ask(first).await, ask(second).await);
        // Another worker has the older one in hand when the newer one is taken; its lease is over when that one has failed.
        write_custom(app, broken, "[]").await;
        let lease = app.now() + HOUR / 2;
        let claimed = format!("update job_runs set claimed_until = {} where id = $1", lease.micros());
        assert_eq!(app.meddle(&claimed, older.uuid()).await, 1);
        let clock = Arc::new(Hurried(SetClock::at(app.now())));
        let context = baton::actions::Context { clock, ..app.context().clone() };
        assert!(manual_runs::step(&context).await.unwrap());
        let states: Vec<RunState> = all_runs(app).await.into_iter().map(|run| run.state).collect();
        assert_eq!(states, [RunState::Queued, RunState::Failed]);
        assert_eq!(all_runs(app).await[1].id, newer);
        app.work().await;
    })
    .await;
}
