//! `baton check`: looks at everything that must be right before and while a server runs, and says what is not.
//!
//! It changes nothing. It reads whole tables, so it belongs on a console, not into a load balancer.

use std::fmt::Display;
use std::time::Duration;

use crate::app::connect;
use crate::auth::Authenticator;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::domain::Timestamp;
use crate::store::Store;

/// Servers that share a database should agree on the time to within this; deadlines are in minutes.
const SKEW_MAX: Duration = Duration::from_secs(5);

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// For people, in the order in which it was looked at.
    pub lines: Vec<String>,
    /// Whether something must be put right.
    pub has_problem: bool,
}

/// Prints the report; whether all is well.
pub async fn run(config: Config) -> anyhow::Result<bool> {
    let report = look(&config).await;
    for line in &report.lines {
        println!("{line}");
    }
    println!("\n{}", if report.has_problem { "There are problems." } else { "All is well." });
    Ok(!report.has_problem)
}

/// Looks at everything.
pub async fn look(config: &Config) -> Report {
    let mut report = Report::default();
    configuration(&mut report, config);
    match connect(config).await {
        Ok(store) => database(&mut report, &store).await,
        Err(error) => report.problem("database", &chain(&error)),
    }
    report
}

fn configuration(report: &mut Report, config: &Config) {
    match config.secrets.key_for("link") {
        Ok(_) => report.fine("secrets", &"the key of links and cursors is set"),
        Err(error) => report.problem("secrets", &error),
    }
    match Authenticator::new(&config.auth, std::sync::Arc::new(SystemClock)) {
        Ok(_) => {
            report.fine("tokens", &format!("accepted from `{}` for `{}`", config.auth.issuer, config.auth.audience));
        }
        Err(error) => report.problem("tokens", &chain(&error)),
    }
    match &config.mail.host {
        Some(host) => report.fine("mail", &format!("leaves by {host}:{}", config.mail.port)),
        None => report.note("mail", &"mail.host is not set, messages wait in the database"),
    }
}

async fn database(report: &mut Report, store: &Store) {
    let kind = if store.is_embedded() { "SQLite" } else { "PostgreSQL" };
    if let Err(error) = store.ping().await {
        return report.problem("database", &chain(&error));
    }
    report.fine("database", &format!("{kind} answers"));
    if let Err(error) = store.check_schema().await {
        return report.problem("schema", &error);
    }
    report.fine("schema", &"as this program knows it");
    clock(report, store).await;
    contents(report, store).await;
}

async fn clock(report: &mut Report, store: &Store) {
    match store.database_time().await {
        Ok(None) => report.fine("clock", &"this machine's own"),
        Ok(Some(there)) => {
            let apart = apart(SystemClock.now(), there);
            let words = format!("{:.3} s between this machine's and the database's", apart.as_secs_f64());
            if apart <= SKEW_MAX { report.fine("clock", &words) } else { report.problem("clock", &words) }
        }
        Err(error) => report.problem("clock", &chain(&error)),
    }
}

async fn contents(report: &mut Report, store: &Store) {
    match store.violations(SystemClock.now()).await {
        Ok(violations) if violations.is_empty() => report.fine("invariants", &"all hold"),
        Ok(violations) => {
            for violation in violations {
                report.problem("invariants", &format!("{} {}", violation.count, violation.what));
            }
        }
        Err(error) => report.problem("invariants", &chain(&error)),
    }
    match store.counts().await {
        Ok(counts) => counts.iter().for_each(|count| report.note("", &format!("{:>9} {}", count.count, count.what))),
        Err(error) => report.problem("counts", &chain(&error)),
    }
}

fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}

/// An error with its causes, for people.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        cause = inner.source();
    }
    words
}

impl Report {
    fn fine(&mut self, what: &str, words: &dyn Display) {
        self.lines.push(format!("{what:<12} ok       {words}"));
    }

    fn note(&mut self, what: &str, words: &dyn Display) {
        self.lines.push(format!("{what:<12}          {words}"));
    }

    fn problem(&mut self, what: &str, words: &dyn Display) {
        self.has_problem = true;
        self.lines.push(format!("{what:<12} PROBLEM  {words}"));
    }
}
