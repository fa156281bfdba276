//! `baton token`: prints a token for development.

use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::auth;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::domain::id::{CompanyId, DealerId, TenantId, UserId};
use crate::domain::{Actor, Role};

/// Whom the token proves.
#[derive(Args)]
pub struct Token {
    /// The tenant, `ten_…`.
    #[arg(long)]
    tenant: TenantId,
    /// admin, manager, member, dealer, partner or auditor.
    #[arg(long)]
    role: Role,
    /// The credential's unique name.
    #[arg(long, default_value = "developer")]
    subject: String,
    /// What timelines call the actor; the subject if not given.
    #[arg(long)]
    name: Option<String>,
    /// The user, `usr_…`: needed for managers and members.
    #[arg(long)]
    user: Option<UserId>,
    /// The dealer, `dlr_…`: needed for dealers.
    #[arg(long)]
    dealer: Option<DealerId>,
    /// The source of leads that a partner is limited to.
    #[arg(long)]
    source: Option<String>,
    /// The company, `com_…`, that a partner is limited to: it sees the leads assigned to it.
    #[arg(long)]
    company: Option<CompanyId>,
    /// How long it is valid.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=8760))]
    hours: u64,
}

/// Prints a token.
pub fn print(config: &Config, token: Token) -> anyhow::Result<()> {
    let Token { tenant, role, subject, name, user, dealer, source, company, hours } = token;
    let name = name.unwrap_or_else(|| subject.clone());
    let actor = Actor { tenant, subject, name, role, user, dealer, source, company };
    let lifetime = Duration::from_secs(hours * 3600);
    let token = auth::issue_token(&config.auth, &actor, SystemClock.now(), lifetime).context("`baton token`")?;
    println!("{token}");
    Ok(())
}
