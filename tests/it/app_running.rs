//! What runs until it is stopped: it answers what is under way, ends what it has in hand, and outlives its database.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use baton::app::{App, AppError, Outside, SchemaPolicy};
use baton::commands::{Running, Work, check};
use baton::delivery::{Composed, Links, MailTransport, Mailer, Outcome, Poster, Reach, Sender};
use baton::domain::delivery::DeliveryState;
use baton::jobs::{Outbox, Senders, Wake, Worker, WorkerSettings};
use baton::store::deliveries;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, on, on_each_database, test_config};
use crate::support::postgres::server_url;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for something that another task brings about.
async fn until(mut is_so: impl FnMut() -> bool) {
    let look = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        while !is_so() {
            ticks.tick().await;
        }
    };
    timeout(PATIENCE, look).await.expect("it should have happened by now");
}

/// RUN-4
#[tokio::test]
async fn a_request_under_way_is_answered_before_the_server_stops() {
    on_each_database(async |app: &TestApp| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let running = Running::start(&app.app, Work { listener: Some(listener), works: true }).unwrap();
        let body = r#"{"query":"{ __typename }"}"#;
        let token = app.token(&app.admin());
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        // The server asks for the body: the request is under way.
        let mut asked = [0; 25];
        socket.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        let stopping = tokio::spawn(running.stop());
        socket.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(r#"{"__typename":"Query"}"#), "{answer}");
        assert!(timeout(PATIENCE, stopping).await.unwrap().unwrap());
        assert!(TcpStream::connect(address).await.is_err());
    })
    .await;
}

/// A receiver that says when a mail has come and takes it when it is let.
struct Slow {
    came: Notify,
    gate: Semaphore,
}

#[async_trait]
impl MailTransport for Slow {
    async fn send(&self, _: &Composed) -> Outcome {
        self.came.notify_one();
        let _passed = self.gate.acquire().await;
        Outcome::Sent { reply: "250 queued".to_owned() }
    }
}

/// RUN-4, SEND-2
#[tokio::test]
async fn a_worker_that_is_stopped_finishes_the_message_in_hand() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let lead = app.offered_lead(dealer).await;
        let slow = Arc::new(Slow { came: Notify::new(), gate: Semaphore::new(0) });
        let mailer =
            Mailer::new(Sender::parse("a@example.com", None).unwrap(), Arc::clone(&slow) as Arc<dyn MailTransport>);
        let links = Links::new("https://leads.example.com", app.context().links.clone());
        let senders = Senders { mailer: Some(mailer), poster: Poster::new(Reach::Nowhere).unwrap() };
        let outbox = Outbox::new(app.context().clone(), senders, links);
        let settings = WorkerSettings {
            poll: Duration::from_millis(500),
            batch: 100,
            operations_at_once: 1,
            operations_share: 100,
        };
        let worker = Worker::new(app.context().clone(), Some(outbox), settings, Arc::new(Wake::default()));
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(async move { Box::pin(worker.run(stopped)).await });
        timeout(PATIENCE, slow.came.notified()).await.unwrap();
        stop.send_replace(true);
        tokio::task::yield_now().await;
        assert!(!running.is_finished());
        slow.gate.add_permits(1);
        timeout(PATIENCE, running).await.unwrap().unwrap();
        let sent = deliveries::list_by_leads(app.store().reader(), app.tenant.id, &[lead]).await.unwrap();
        assert_eq!(sent[0].state, DeliveryState::Sent);
    })
    .await;
}

/// JOB-5
#[tokio::test]
async fn a_change_wakes_the_worker_of_its_process() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = app.app.config.clone();
        // Without being woken it would look again in an hour.
        config.workers.poll_ms = 3_600_000;
        let outside = Outside { mailbox: Some(Arc::clone(&app.mailbox)), ..Outside::default() };
        let sleepy = Arc::new(App::build(config, outside, SchemaPolicy::Migrate).await.unwrap());
        let running = Running::start(&sleepy, Work { listener: Some(listener), works: true }).unwrap();
        let query = format!(
            "mutation {{ submitLead(input: {{ source: \"web\", country: \"US\", email: \"jo@example.net\",
                target: {{ dealerId: \"{dealer}\" }} }}) {{ userErrors {{ message }} }} }}"
        );
        let client = reqwest::Client::new().post(format!("http://{address}/graphql"));
        client.bearer_auth(app.token(&app.admin())).json(&json!({ "query": query })).send().await.unwrap();
        until(|| app.mailbox.count() == 1).await;
        assert!(running.stop().await);
    })
    .await;
}

/// JOB-6
#[tokio::test]
async fn a_worker_outlives_a_database_that_goes_away_and_comes_back() {
    on(Engine::Postgres, async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        let database = Gone::of(app.app.config.database.url.clone());
        let running = Running::start(&app.app, Work { listener: None, works: true }).unwrap();
        database.goes_away().await;
        assert!(app.get("/readyz").await.status == 503);
        database.comes_back().await;
        until_ready(app).await;
        app.offered_lead(dealer).await;
        app.app.wake.ring();
        until(|| app.mailbox.count() == 1).await;
        assert!(running.stop().await);
    })
    .await;
}

async fn until_ready(app: &TestApp) {
    let look = async { while app.get("/readyz").await.status != 200 {} };
    timeout(PATIENCE, look).await.unwrap();
}

/// A database that can be made to refuse everybody.
struct Gone(String);

impl Gone {
    fn of(url: secrecy::SecretString) -> Self {
        use secrecy::ExposeSecret;
        let path = url.expose_secret().split("://").nth(1).unwrap().split('/').nth(1).unwrap().to_owned();
        Self(path.split('?').next().unwrap().to_owned())
    }

    async fn goes_away(&self) {
        self.execute(&format!("alter database {} allow_connections false", self.0)).await;
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname";
        self.execute(&format!("{end} = '{}'", self.0)).await;
    }

    async fn comes_back(&self) {
        self.execute(&format!("alter database {} allow_connections true", self.0)).await;
    }

    async fn execute(&self, statement: &str) {
        let mut server = PgConnection::connect(&server_url("postgres")).await.unwrap();
        server.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    }
}

/// RUN-2
#[tokio::test]
async fn serving_brings_sqlite_up_to_date_and_refuses_an_old_postgres() {
    let folder = std::env::temp_dir();
    let name = format!("baton-test-{:032x}.sqlite", u128::from_le_bytes(baton::clock::Entropy::from_os().bytes()));
    let path = folder.join(name);
    let config = test_config(&format!("sqlite://{}", path.display()));
    let app = App::build(config, Outside::default(), SchemaPolicy::MigrateEmbedded).await.unwrap();
    app.store().check_schema().await.unwrap();
    app.store().clone().close().await.unwrap();
    std::fs::remove_file(path).unwrap();

    let empty = crate::support::postgres::fresh_database("empty", async |_| {}).await;
    let config = test_config(empty.url());
    let error = App::build(config, Outside::default(), SchemaPolicy::MigrateEmbedded).await.err().unwrap();
    let AppError::Store(error) = error else { panic!("{error}") };
    assert!(error.to_string().contains("run `baton migrate`"), "{error}");
}

/// RUN-1
#[tokio::test]
async fn a_check_finds_what_is_wrong() {
    on_each_database(async |app: &TestApp| {
        let dealer = app.new_dealer("Ann").await;
        app.offered_lead(dealer).await;
        let report = check::look(&app.app.config).await;
        let lines = report.lines.join("\n");
        assert!(lines.contains("schema       ok") && lines.contains("1 copies of them, offered"), "{lines}");
        app.work().await;
        assert!(!check::look(&app.app.config).await.has_problem);

        let mut config = app.app.config.clone();
        config.secrets.key = None;
        let report = check::look(&config).await;
        assert!(report.has_problem);
        assert!(report.lines.join("\n").contains("secrets      PROBLEM"), "{report:?}");
    })
    .await;
}
