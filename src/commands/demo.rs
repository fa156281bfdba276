//! `baton demo`: a network of invented dealers and leads, with a day that goes on, from nothing to a link in seconds.
//!
//! It lives in one folder and listens on this machine only. Its secrets lie in that folder, so that links and tokens survive a restart;
//! its mails land in a mailbox that everybody who reaches it may read: nothing of this is for production.

use std::fs;
use std::io::{IsTerminal, stdout};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;

use super::running::{Running, Work};
use super::serve::until_stopped;
use crate::app::{App, Outside, SchemaPolicy};
use crate::auth::issue_token;
use crate::clock::Entropy;
use crate::config::Config;
use crate::delivery::Mailbox;
use crate::demo::{Day, DemoNetwork, Living, Recipe, Scale, load};
use crate::domain::{Actor, Role};
use crate::telemetry;

/// The same network every time.
const SEED: u64 = 2026;
/// Longer than anybody looks at a demo without starting it again.
const TOKENS_LAST: Duration = Duration::from_hours(30 * 24);
/// Between two looks at what people would do next.
const TICK: Duration = Duration::from_secs(1);

/// Where the demo lives.
#[derive(Args)]
pub struct Demo {
    /// The folder that holds its database and its secrets.
    #[arg(long, default_value = "var/demo", value_name = "FOLDER")]
    folder: PathBuf,
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Throws the former demo away and begins anew.
    #[arg(long)]
    fresh: bool,
}

/// Loads the demo unless it is there, serves it, lives its day; until SIGTERM or SIGINT.
pub async fn run(demo: Demo) -> anyhow::Result<()> {
    let listener = TcpListener::bind(demo.listen)
        .with_context(|| format!("can't listen on {}, give another address by `--listen`", demo.listen))?;
    let address = listener.local_addr()?;
    let config = config(&demo, address)?;
    telemetry::init(&config.log)?;
    let outside = Outside { mailbox: Some(Arc::new(Mailbox::new())), ..Outside::default() };
    let app = Arc::new(App::build(config, outside, SchemaPolicy::Migrate).await?);
    let now = app.actions.clock.now();
    let recipe = Recipe { seed: SEED, now, scale: Scale::FULL, links: &app.actions.links };
    let network = load(app.store(), recipe).await.context("the demo can't be loaded, try `--fresh`")?;
    let running = Running::start(&app, Work { listener: Some(listener), works: true })?;
    // Another day on every start, or the partners' references would come again.
    let seed = u64::from_le_bytes(app.actions.entropy.bytes());
    let day = Day::begin(app.store(), network.tenant, seed, now).await?;
    let living = tokio::spawn(live(Arc::clone(&app), Living::new(day, network.tenant)));
    print!("{}", greeting(&app, &network, address)?);
    let ended = until_stopped(running).await;
    living.abort();
    ended
}

/// What people would do, done by the same actions that people use.
async fn live(app: Arc<App>, mut living: Living) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        match living.step(&app.actions).await {
            Ok(0) => {}
            Ok(_) => app.wake.ring(),
            Err(error) => tracing::warn!(error = %error, "the demo's day stumbled"),
        }
    }
}

fn config(demo: &Demo, address: SocketAddr) -> anyhow::Result<Config> {
    let folder = &demo.folder;
    fs::create_dir_all(folder).with_context(|| format!("can't make the folder `{}`", folder.display()))?;
    let database = folder.join("demo.sqlite");
    if demo.fresh {
        for suffix in ["", "-wal", "-shm"] {
            remove(&PathBuf::from(format!("{}{suffix}", database.display())))?;
        }
    }
    let set = |name: &str, value: String| (name.to_owned(), value);
    let variables = [
        set("BATON_DATABASE__URL", format!("sqlite://{}", database.display())),
        set("BATON_AUTH__SECRET_FILE", secret(folder, "auth_secret")?),
        set("BATON_SECRETS__KEY_FILE", secret(folder, "key")?),
        set("BATON_SERVER__LISTEN", address.to_string()),
        set("BATON_SERVER__PUBLIC_URL", format!("http://{address}")),
        // Its dealers are invented; what somebody adds to them is not.
        set("BATON_CRM__REACH", "nowhere".to_owned()),
        set("BATON_MAIL__FROM", "Aurora Motors <leads@aurora.example>".to_owned()),
        set("BATON_LOG__FORMAT", "text".to_owned()),
        set("BATON_LOG__LEVEL", "warn".to_owned()),
    ];
    Ok(Config::load(None, variables)?)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("can't remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// The path of a file with a secret, made if there is none yet.
fn secret(folder: &Path, name: &str) -> anyhow::Result<String> {
    let path = folder.join(name);
    if !path.exists() {
        let secret = URL_SAFE_NO_PAD.encode(Entropy::from_os().bytes::<48>());
        fs::write(&path, secret).with_context(|| format!("can't write `{}`", path.display()))?;
    }
    Ok(path.display().to_string())
}

/// What a newcomer reads first.
fn greeting(app: &App, network: &DemoNetwork, address: SocketAddr) -> anyhow::Result<String> {
    let actor = |role, subject: &str| Actor {
        tenant: network.tenant,
        subject: subject.to_owned(),
        name: subject.to_owned(),
        role,
        user: None,
        dealer: None,
        source: None,
        company: None,
    };
    let admin = Actor { user: Some(network.admin), ..actor(Role::Admin, "demo admin") };
    let manager = Actor { user: Some(network.manager), ..actor(Role::Manager, "demo manager") };
    let dealer = Actor { dealer: Some(network.dealer), ..actor(Role::Dealer, "demo dealer") };
    let now = app.actions.clock.now();
    let token = |actor: &Actor| issue_token(&app.config.auth, actor, now, TOKENS_LAST);
    let [admin, manager, dealer] = [token(&admin)?, token(&manager)?, token(&dealer)?];
    let (bold, plain) = if stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    Ok(format!(
        "
  {bold}Baton is running{plain}, with an invented network whose day goes on.

  {bold}Playground{plain}  http://{address}/playground#token={admin}
  {bold}Mailbox{plain}     http://{address}/demo/mail
  {bold}GraphQL{plain}     http://{address}/graphql

  Tokens, for the header `authorization: Bearer …`

  {bold}admin{plain}    may do everything
  {admin}

  {bold}manager{plain}  has the leads of a team
  {manager}

  {bold}dealer{plain}   has its own leads
  {dealer}

  A new lead comes in every twenty seconds or so; one that nobody acknowledges moves on within minutes.
  Ctrl-C stops; the next start goes on from here, `--fresh` begins anew.

"
    ))
}
