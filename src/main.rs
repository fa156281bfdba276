//! The command line: each subcommand reads the configuration and makes one call into the library.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use baton::auth;
use baton::clock::{Clock, SystemClock};
use baton::config::Config;
use baton::domain::id::{DealerId, TenantId, UserId};
use baton::domain::{Actor, Role};
use clap::{Args, Parser, Subcommand};

// Pages of fifty leads allocate a great deal: a quarter more requests per second than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Makes sure that no sales lead is left waiting.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct CommandLine {
    /// The configuration file; without it, `baton.toml` is read if there is one.
    #[arg(long, env = "BATON_CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints a token for development, signed with `auth.secret`.
    Token(Token),
}

#[derive(Args)]
struct Token {
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
    /// How long it is valid.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=8760))]
    hours: u64,
}

fn main() -> ExitCode {
    match run(CommandLine::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain, once, here and nowhere else.
            eprintln!("baton: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(line: CommandLine) -> anyhow::Result<()> {
    let config = Config::from_surroundings(line.config.as_deref())?;
    match line.command {
        Command::Token(token) => print_token(&config, token),
    }
}

fn print_token(config: &Config, token: Token) -> anyhow::Result<()> {
    let Token { tenant, role, subject, name, user, dealer, source, hours } = token;
    let name = name.unwrap_or_else(|| subject.clone());
    let actor = Actor { tenant, subject, name, role, user, dealer, source };
    let lifetime = Duration::from_secs(hours * 3600);
    let token = auth::issue_token(&config.auth, &actor, SystemClock.now(), lifetime).context("`baton token`")?;
    println!("{token}");
    Ok(())
}
