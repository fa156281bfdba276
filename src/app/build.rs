//! Puts the rooms together: store, context, credentials, schema, outbox, worker.
//!
//! It must not read a variable or a file by itself: everything comes from the configuration or from [`Outside`].

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::watch;

use super::error::AppError;
use crate::actions;
use crate::auth::Authenticator;
use crate::clock::{Clock, Entropy, SystemClock};
use crate::config::{Config, CrmReach, Mail, MailTls};
use crate::delivery::{
    Links, Login, MailTransport, Mailbox, Mailer, Poster, Reach, Sender, Smtp, SmtpSettings, TlsMode,
};
use crate::domain::link::LinkKey;
use crate::graphql::connection::CursorKey;
use crate::graphql::guard::Limits;
use crate::graphql::{self, BatonSchema};
use crate::jobs::{Outbox, Senders, Wake, Worker, WorkerSettings};
use crate::live::Hub;
use crate::store::Store;

/// Mail servers commonly allow ten to twenty connections from one client.
const SMTP_CONNECTIONS_MAX: usize = 8;

/// What a running server is given from outside, beside its configuration.
pub struct Outside {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub entropy: Arc<Entropy>,
    /// Takes mails in place of the configured server, and is shown at `/demo/mail`: for `demo` and tests only.
    pub mailbox: Option<Arc<Mailbox>>,
}

impl Default for Outside {
    /// The machine's clock and randomness, and the configured mail server.
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(Entropy::from_os()), mailbox: None }
    }
}

/// What is done about a database whose schema is older than this program. A newer one is always refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaPolicy {
    /// Brought up to date on SQLite, whose one file belongs to this one process; refused on PostgreSQL, where other servers may run and
    /// an operator decides when `baton migrate` is due.
    MigrateEmbedded,
    /// Brought up to date.
    Migrate,
}

/// The rooms, put together.
pub struct App {
    /// What the operator set.
    pub config: Config,
    /// What every action needs.
    pub actions: Arc<actions::Context>,
    /// Checks tokens.
    pub authenticator: Arc<Authenticator>,
    /// What can be asked.
    pub schema: BatonSchema,
    /// What one request may ask.
    pub limits: Limits,
    /// By which cursors are sealed.
    pub cursors: CursorKey,
    /// Does what is due.
    pub worker: Arc<Worker>,
    /// Wakes the worker.
    pub wake: Arc<Wake>,
    /// Tells subscribers of changes.
    pub live: Arc<Hub>,
    /// Becomes true when the process is to stop: sockets are closed, so that their clients connect elsewhere.
    pub closing: watch::Sender<bool>,
    /// Where mails land in `demo`.
    pub mailbox: Option<Arc<Mailbox>>,
}

impl App {
    /// Connects, looks at the schema, and puts everything together. Nothing runs yet.
    pub async fn build(config: Config, outside: Outside, policy: SchemaPolicy) -> Result<Self, AppError> {
        let Outside { clock, entropy, mailbox } = outside;
        let links = LinkKey::new(&config.secrets.key_for("link")?)?;
        let cursors = CursorKey::new(&config.secrets.key_for("cursor")?);
        let authenticator = Arc::new(Authenticator::new(&config.auth, Arc::clone(&clock))?);
        let senders = Senders { mailer: mailer(&config.mail, mailbox.clone())?, poster: Poster::new(reach(&config))? };
        let store = connect(&config).await?;
        settle_schema(&store, policy).await?;
        let networks = Arc::new(actions::Networks::new(config.server.networks_megabytes << 20));
        let catalogs = Arc::default();
        let live = Arc::new(Hub::new(store.clone(), Arc::clone(&clock)));
        let actions = actions::Context { store, clock, entropy, links: links.clone(), networks, catalogs };
        let outbox = Some(Outbox::new(actions.clone(), senders, Links::new(&config.server.public_url, links)));
        let wake = Arc::new(Wake::default());
        let worker = Arc::new(Worker::new(actions.clone(), outbox, worker_settings(&config), Arc::clone(&wake)));
        let limits = limits(&config);
        let schema = graphql::build(limits);
        let (actions, closing) = (Arc::new(actions), watch::Sender::new(false));
        Ok(Self { config, actions, authenticator, schema, limits, cursors, worker, wake, live, closing, mailbox })
    }

    /// Where everything is saved.
    pub fn store(&self) -> &Store {
        &self.actions.store
    }
}

/// Connects to the configured database.
pub async fn connect(config: &Config) -> Result<Store, AppError> {
    Ok(Store::connect(config.database.url.expose_secret(), config.database.connections).await?)
}

async fn settle_schema(store: &Store, policy: SchemaPolicy) -> Result<(), AppError> {
    if policy == SchemaPolicy::Migrate || store.is_embedded() {
        // Also refuses a newer schema.
        store.migrate().await?;
    }
    Ok(store.check_schema().await?)
}

fn worker_settings(config: &Config) -> WorkerSettings {
    let workers = &config.workers;
    WorkerSettings {
        poll: Duration::from_millis(workers.poll_ms),
        batch: u64::from(workers.batch_size),
        operations_at_once: workers.operations_at_once,
        operations_share: workers.operations_share,
    }
}

fn reach(config: &Config) -> Reach {
    match config.crm.reach {
        CrmReach::Public => Reach::Public,
        CrmReach::Anywhere => Reach::Anywhere,
        CrmReach::Nowhere => Reach::Nowhere,
    }
}

/// None without a mail server: mails wait in the database until there is one.
fn mailer(mail: &Mail, mailbox: Option<Arc<Mailbox>>) -> Result<Option<Mailer>, AppError> {
    let sender = Sender::parse(&mail.from, mail.reply_to.as_deref())?;
    let transport: Arc<dyn MailTransport> = match (mailbox, &mail.host) {
        (Some(mailbox), _) => mailbox,
        (None, Some(host)) => Arc::new(Smtp::new(smtp_settings(mail, host))?),
        (None, None) => {
            tracing::warn!("mail.host is not set: mails wait in the database until it is");
            return Ok(None);
        }
    };
    Ok(Some(Mailer::new(sender, transport)))
}

fn smtp_settings(mail: &Mail, host: &str) -> SmtpSettings {
    let login = |(username, password): (&String, &secrecy::SecretString)| Login {
        username: username.clone(),
        password: password.clone(),
    };
    SmtpSettings {
        host: host.to_owned(),
        port: Some(mail.port),
        tls: match mail.tls {
            MailTls::None => TlsMode::None,
            MailTls::Starttls => TlsMode::StartTls,
            MailTls::Tls => TlsMode::Tls,
        },
        login: mail.username.as_ref().zip(mail.password.as_ref()).map(login),
        timeout: Duration::from_secs(mail.timeout_seconds),
        connections_max: SMTP_CONNECTIONS_MAX,
    }
}

fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    Limits {
        body_bytes: limits.body_bytes as u64,
        tokens: limits.tokens as u64,
        depth: limits.depth as u64,
        aliases: limits.aliases as u64,
        root_fields: limits.root_fields as u64,
        directives: limits.directives as u64,
        cost: limits.cost as u64,
        fields: limits.fields as u64,
        requests_per_minute: limits.requests_per_minute,
        ..Limits::default()
    }
}
