//! A whole Baton for one test: a database of its own, a clock that the test sets, repeatable randomness, caught mails, work that is
//! done step by step.
//!
//! ```ignore
//! #[tokio::test]
//! async fn an_ignored_lead_moves_on() {
//!     on_each_database(async |app: &TestApp| {
//!         let admin = app.admin();
//!         app.graphql(&admin, "mutation { … }", json!({})).await;     // over HTTP, with a token for that actor
//!         app.work().await;                                           // everything that is due now: deadlines, runs, messages
//!         let link = app.latest_link("ann@example.org");              // from the mail
//!         app.advance(Duration::from_hours(4));                       // moves the clock, does nothing
//!         app.work().await;
//!         let page = app.get(&link).await;                            // over HTTP, as a browser does
//!     })
//!     .await;
//! }
//! ```
//!
//! The closure runs once on SQLite and once on PostgreSQL; a failure says on which. A test that ends while something is due fails,
//! unless it called [`TestApp::leaves_work`]: a deadline in the future is not due.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{env, fmt, fs};

use baton::app::{App, Outside, SchemaPolicy};
use baton::clock::{Clock, Entropy, SetClock};
use baton::config::Config;
use baton::delivery::{Mailbox, MailboxMail};
use baton::domain::id::{CompanyId, DealerId, TenantId, UserId};
use baton::domain::tenant::{DistanceUnit, Tenant};
use baton::domain::{Actor, CountryCode, Role, Timestamp};
use baton::jobs::{Stepped, Worker};
use baton::store::leads::{DueKind, next_due};
use baton::store::{Store, deliveries, pushes, tenants};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::postgres::{FreshDatabase, fresh_database};

/// Sat 21 Nov 2026, 12:00 UTC: when every test begins.
pub const START: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

/// The databases that Baton runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database that goes away with the test.
pub enum TestDatabase {
    Sqlite(PathBuf),
    Postgres(FreshDatabase),
}

/// A whole Baton for one test.
pub struct TestApp {
    pub app: Arc<App>,
    pub clock: Arc<SetClock>,
    pub mailbox: Arc<Mailbox>,
    /// The tenant that every test has.
    pub tenant: Tenant,
    pub(super) server: OnceLock<super::http::TestServer>,
    may_leave_work: AtomicBool,
    // Last, so that it goes after what uses it.
    database: TestDatabase,
}

/// Runs the test on SQLite and on PostgreSQL, each with an app of its own.
pub async fn on_each_database(test: impl AsyncFn(&TestApp)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        on(engine, &test).await;
    }
}

/// Runs the test on one of them.
pub async fn on(engine: Engine, test: impl AsyncFn(&TestApp)) {
    let app = TestApp::start(engine).await;
    test(&app).await;
    app.finish().await;
}

impl TestDatabase {
    /// A new one, with the schema.
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let database = Self::empty_sqlite();
                migrate(&database.url()).await;
                database
            }
            Engine::Postgres => Self::Postgres(fresh_database("app", async |url: String| migrate(&url).await).await),
        }
    }

    /// A place for a file of SQLite's, which is not there yet.
    pub fn empty_sqlite() -> Self {
        let name = format!("baton-test-{:032x}.sqlite", u128::from_le_bytes(Entropy::from_os().bytes()));
        Self::Sqlite(env::temp_dir().join(name))
    }

    /// Where it is, for `database.url`.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(database) => database.url().to_owned(),
        }
    }

    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }
}

pub async fn migrate(url: &str) {
    let store = Store::connect(url, 2).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await.unwrap();
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Sqlite(path) = self {
            for suffix in ["", "-wal", "-shm"] {
                // The side files are there only while the database is open.
                let _ = fs::remove_file(format!("{}{suffix}", path.display()));
            }
        }
    }
}

/// The configuration of every test: secrets of its own, the database at `url`, any free port.
pub fn test_config(url: &str) -> Config {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let variables = [
        set("BATON_DATABASE__URL", url),
        set("BATON_DATABASE__CONNECTIONS", "8"),
        set("BATON_AUTH__SECRET", "a secret of the tests, 32 bytes or more"),
        set("BATON_SECRETS__KEY", "a key of the tests, 32 bytes or more"),
        set("BATON_SERVER__LISTEN", "127.0.0.1:0"),
        set("BATON_SERVER__PUBLIC_URL", "https://leads.example.com"),
        set("BATON_MAIL__FROM", "Aurora Motors <leads@example.com>"),
    ];
    Config::load(None, variables).unwrap()
}

impl TestApp {
    /// On a new database, at [`START`], with one tenant. The test should end with [`TestApp::finish`]; [`on_each_database`] does both.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| {}).await
    }

    /// As [`TestApp::start`], with a changed configuration.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        Self::on_database(TestDatabase::new(engine).await, change).await
    }

    async fn on_database(database: TestDatabase, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = test_config(&database.url());
        change(&mut config);
        let clock = Arc::new(SetClock::at(START));
        let mailbox = Arc::new(Mailbox::new());
        let outside = Outside {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(Entropy::from_seed(7)),
            mailbox: Some(Arc::clone(&mailbox)),
        };
        let app = Arc::new(App::build(config, outside, SchemaPolicy::Migrate).await.unwrap());
        let tenant = new_tenant(&app, "aurora").await;
        let (server, may_leave_work) = (OnceLock::new(), AtomicBool::new(false));
        Self { app, clock, mailbox, tenant, server, may_leave_work, database }
    }

    /// Another process on the same database: its own connections, randomness and mailbox; the same clock.
    pub async fn sibling(&self, seed: u64) -> Sibling {
        let mailbox = Arc::new(Mailbox::new());
        let outside = Outside {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::new(Entropy::from_seed(seed)),
            mailbox: Some(Arc::clone(&mailbox)),
        };
        let app = App::build(self.app.config.clone(), outside, SchemaPolicy::Migrate).await.unwrap();
        Sibling { app: Arc::new(app), mailbox }
    }

    pub fn engine(&self) -> Engine {
        self.database.engine()
    }

    /// Where the database is, for another process.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    pub fn store(&self) -> &Store {
        self.app.store()
    }

    pub fn context(&self) -> &baton::actions::Context {
        &self.app.actions
    }

    pub fn worker(&self) -> &Worker {
        &self.app.worker
    }

    /// What time it is in this test.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock on. Nothing is done by that.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Writes past the store, as other hands would: `$1` is the id. Answers with the number of rows.
    pub async fn meddle(&self, sql: &str, id: uuid::Uuid) -> u64 {
        let url = self.database_url();
        match self.engine() {
            Engine::Sqlite => {
                let mut conn = SqliteConnection::connect(&url).await.unwrap();
                sqlx::query(AssertSqlSafe(sql)).bind(id).execute(&mut conn).await.unwrap().rows_affected()
            }
            Engine::Postgres => {
                let mut conn = PgConnection::connect(&url).await.unwrap();
                sqlx::query(AssertSqlSafe(sql)).bind(id).execute(&mut conn).await.unwrap().rows_affected()
            }
        }
    }

    /// How many of the database's sessions wait for what another one holds. PostgreSQL only.
    pub async fn waiting_count(&self) -> u64 {
        let sql = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and cast($1 as uuid) is not null";
        self.meddle(sql, self.tenant.id.uuid()).await
    }

    /// Does everything that is due now, and says what that was.
    pub async fn work(&self) -> Stepped {
        self.worker().step().await.unwrap()
    }

    /// Allows the test to end while something is due.
    pub fn leaves_work(&self) {
        self.may_leave_work.store(true, Ordering::Relaxed);
    }

    /// Fails if something is due that was not done.
    pub async fn finish(self) {
        if !self.may_leave_work.load(Ordering::Relaxed) {
            let due = self.due_work().await;
            assert!(due.is_empty(), "the test ends, but {} is due: call `work`, or `leaves_work`", due.join(" and "));
        }
        if let Some(server) = self.server.get() {
            server.stop().await;
        }
        self.store().clone().close().await.unwrap();
    }

    /// What is due now.
    pub async fn due_work(&self) -> Vec<&'static str> {
        let reader = self.store().reader();
        let moments = [
            ("a reassignment", next_due(reader, DueKind::Reassign).await.unwrap()),
            ("a warning", next_due(reader, DueKind::Warn).await.unwrap()),
            ("a mail", deliveries::next_due(reader).await.unwrap()),
            ("a push", pushes::is_any_due(reader, self.now()).await.unwrap().then(|| self.now())),
        ];
        moments.into_iter().filter(|(_, at)| at.is_some_and(|at| at <= self.now())).map(|(what, _)| what).collect()
    }

    /// Another tenant, to show that it is a world of its own.
    pub async fn another_tenant(&self, slug: &str) -> Tenant {
        new_tenant(&self.app, slug).await
    }

    /// All of the tenant.
    pub fn admin(&self) -> Actor {
        self.actor(Role::Admin)
    }

    /// Reads everything but personal data.
    pub fn auditor(&self) -> Actor {
        self.actor(Role::Auditor)
    }

    /// The leads of the groups that the user manages.
    pub fn manager(&self, user: UserId) -> Actor {
        Actor { user: Some(user), ..self.actor(Role::Manager) }
    }

    /// The user's own leads.
    pub fn member(&self, user: UserId) -> Actor {
        Actor { user: Some(user), ..self.actor(Role::Member) }
    }

    /// The leads of one dealer.
    pub fn dealer(&self, dealer: DealerId) -> Actor {
        Actor { dealer: Some(dealer), ..self.actor(Role::Dealer) }
    }

    /// The leads of one source.
    pub fn partner(&self, source: &str) -> Actor {
        Actor { source: Some(source.to_owned()), ..self.actor(Role::Partner) }
    }

    /// The leads that are assigned to one company.
    pub fn of_company(&self, company: CompanyId) -> Actor {
        Actor { company: Some(company), ..self.actor(Role::Partner) }
    }

    /// The same actor in another tenant.
    pub fn in_tenant(&self, tenant: TenantId, actor: Actor) -> Actor {
        assert_ne!(tenant, self.tenant.id, "that is the actor's own tenant");
        Actor { tenant, ..actor }
    }

    fn actor(&self, role: Role) -> Actor {
        let (subject, name) = (format!("{role}@aurora"), format!("Ada, {role}"));
        Actor { tenant: self.tenant.id, subject, name, role, user: None, dealer: None, source: None, company: None }
    }

    /// A token that proves the actor for a year.
    pub fn token(&self, actor: &Actor) -> String {
        baton::auth::issue_token(&self.app.config.auth, actor, self.now(), Duration::from_hours(8760)).unwrap()
    }

    /// Every mail that reached an address, newest first.
    pub fn mails_to(&self, address: &str) -> Vec<MailboxMail> {
        self.mailbox.list().into_iter().filter(|mail| mail.to == address).collect()
    }

    /// The path of the link in the newest mail to an address that has one: `/l/…`.
    pub fn latest_link(&self, address: &str) -> String {
        let link = self.mails_to(address).iter().find_map(|mail| link_in(&mail.text));
        link.unwrap_or_else(|| panic!("no mail with a link has reached {address}"))
    }
}

/// The path of the link in a text, if there is one.
pub fn link_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("https://leads.example.com/l/")?;
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    Some(format!("/l/{token}"))
}

/// Another process on the same database.
pub struct Sibling {
    pub app: Arc<App>,
    pub mailbox: Arc<Mailbox>,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was on {:?}", self.engine());
        }
    }
}

impl fmt::Debug for TestApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestApp").field("engine", &self.engine()).finish_non_exhaustive()
    }
}

async fn new_tenant(app: &App, slug: &str) -> Tenant {
    let created_at = app.actions.clock.now();
    let tenant = Tenant {
        id: app.actions.id(created_at),
        name: format!("{}{} Motors", slug[..1].to_uppercase(), &slug[1..]),
        slug: slug.to_owned(),
        distance_unit: DistanceUnit::Mi,
        time_zone: chrono_tz::America::New_York,
        country: CountryCode::US,
        link_lifetime: Duration::from_hours(72),
        network_version: 0,
        created_at,
    };
    tenants::insert(app.store().writer(), &tenant).await.unwrap();
    tenant
}
