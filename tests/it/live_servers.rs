//! Servers side by side: what one does, subscribers and workers of the other hear of at once, by announcement or by looking, and a server
//! that stops sends its subscribers elsewhere (SPEC API-7, RUN-3, RUN-4).

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use baton::app::{App, Outside, SchemaPolicy};
use baton::commands::{Running, Work};
use baton::config::Config;
use baton::delivery::Mailbox;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, on, on_each_database};
use crate::support::socket::{PATIENCE, Socket, until};

/// A process of its own on the test's database: its own connections, the test's clock.
struct Process {
    app: Arc<App>,
    address: SocketAddr,
    mailbox: Arc<Mailbox>,
    running: Running,
}

impl Process {
    async fn start(app: &TestApp, works: bool, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = app.app.config.clone();
        // Without being told, neither subscribers nor workers would hear of anything for an hour.
        (config.sockets.poll_ms, config.workers.poll_ms) = (3_600_000, 3_600_000);
        change(&mut config);
        let mailbox = Arc::new(Mailbox::new());
        let outside = Outside {
            clock: Arc::clone(&app.clock) as Arc<dyn baton::clock::Clock>,
            mailbox: Some(Arc::clone(&mailbox)),
            ..Outside::default()
        };
        let process = Arc::new(App::build(config, outside, SchemaPolicy::Migrate).await.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let running = Running::start(&process, Work { listener: Some(listener), works }).unwrap();
        Self { app: process, address, mailbox, running }
    }

    /// A subscriber to every lead.
    async fn subscriber(&self, app: &TestApp) -> Socket {
        let mut socket = Socket::of(self.address, &app.token(&app.admin())).await;
        socket.subscribe("1", "subscription { leadChanged { id state } }", json!({})).await;
        until(|| self.app.live.feed_count() > 0).await;
        socket
    }

    async fn submit(&self, app: &TestApp) -> String {
        let query = "mutation { submitLead(input: { source: \"web\", country: \"US\", email: \"jo@example.net\" }) {
            lead { id } userErrors { message } } }";
        let body = json!({ "query": query });
        let client = reqwest::Client::new().post(format!("http://{}/graphql", self.address));
        let answer = client.bearer_auth(app.token(&app.admin())).json(&body).send().await.unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        answer["data"]["submitLead"]["lead"]["id"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
    }
}

/// Waits until a process's listener is there.
async fn until_heard(app: &TestApp, count: i64) {
    let mut conn = PgConnection::connect(&app.database_url()).await.unwrap();
    let look = async {
        loop {
            let sql =
                "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'";
            let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap();
            if found == count {
                return;
            }
        }
    };
    timeout(PATIENCE, look).await.unwrap();
}

// API-7, RUN-3
#[tokio::test]
async fn what_one_server_does_the_subscribers_of_the_other_hear_by_announcement() {
    on(Engine::Postgres, async |app: &TestApp| {
        let (one, other) = (Process::start(app, false, |_| {}).await, Process::start(app, false, |_| {}).await);
        until_heard(app, 2).await;
        let mut here = one.subscriber(app).await;
        let mut there = other.subscriber(app).await;
        for from in [&one, &other, &one] {
            let lead = from.submit(app).await;
            for socket in [&mut here, &mut there] {
                assert_eq!(socket.next_of("1").await["leadChanged"]["id"], lead);
            }
        }
        drop((here, there));
        assert!(one.running.stop().await);
        assert!(other.running.stop().await);
        app.leaves_work();
    })
    .await;
}

// API-7
#[tokio::test]
async fn a_subscriber_hears_of_its_own_servers_changes_without_waiting_for_a_look() {
    on_each_database(async |app: &TestApp| {
        let one = Process::start(app, false, |_| {}).await;
        let mut socket = one.subscriber(app).await;
        let lead = one.submit(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], lead);
        drop(socket);
        assert!(one.running.stop().await);
        app.leaves_work();
    })
    .await;
}

// API-7
#[tokio::test]
async fn without_announcements_the_next_look_finds_what_others_did() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let quiet = |config: &mut Config| {
            config.database.notify = false;
            config.sockets.poll_ms = 20;
        };
        let one = Process::start(app, false, quiet).await;
        let mut socket = one.subscriber(app).await;
        // By the test's own process, which announces nothing.
        for _ in 0..3 {
            let lead = app.offered_lead(dealer).await;
            assert_eq!(socket.next_of("1").await["leadChanged"]["id"], lead.to_string());
        }
        drop(socket);
        assert!(one.running.stop().await);
        app.leaves_work();
    })
    .await;
}

// API-7
#[tokio::test]
async fn a_listener_whose_connection_is_cut_finds_what_it_missed_and_listens_again() {
    on(Engine::Postgres, async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let one = Process::start(app, false, |_| {}).await;
        until_heard(app, 1).await;
        let mut socket = one.subscriber(app).await;
        let mut conn = PgConnection::connect(&app.database_url()).await.unwrap();
        let missed = app.offered_lead(dealer).await;
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and query ilike 'listen%'";
        conn.execute(cut).await.unwrap();
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], missed.to_string());
        until_heard(app, 1).await;
        let other = Process::start(app, false, |_| {}).await;
        let lead = other.submit(app).await;
        assert_eq!(socket.next_of("1").await["leadChanged"]["id"], lead);
        drop(socket);
        assert!(one.running.stop().await);
        assert!(other.running.stop().await);
        app.leaves_work();
    })
    .await;
}

// JOB-5, RUN-3
#[tokio::test]
async fn work_that_one_process_leaves_wakes_the_worker_of_another() {
    on(Engine::Postgres, async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let (serves, works) = (Process::start(app, false, |_| {}).await, Process::start(app, true, |_| {}).await);
        until_heard(app, 2).await;
        let query = format!(
            "mutation {{ submitLead(input: {{ source: \"web\", country: \"US\", email: \"jo@example.net\",
                target: {{ dealerId: \"{dealer}\" }} }}) {{ lead {{ id }} userErrors {{ message }} }} }}"
        );
        let client = reqwest::Client::new().post(format!("http://{}/graphql", serves.address));
        client.bearer_auth(app.token(&app.admin())).json(&json!({ "query": query })).send().await.unwrap();
        until(|| works.mailbox.count() == 1).await;
        assert!(serves.running.stop().await);
        assert!(works.running.stop().await);
    })
    .await;
}

// RUN-4
#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_its_subscribers() {
    on_each_database(async |app: &TestApp| {
        let one = Process::start(app, true, |_| {}).await;
        let mut socket = one.subscriber(app).await;
        let stopping = tokio::spawn(one.running.stop());
        assert_eq!(socket.closed().await, (1012, "the server stops, connect again".to_owned()));
        drop(socket);
        assert!(timeout(Duration::from_secs(20), stopping).await.expect("well before its patience ends").unwrap());
    })
    .await;
}
