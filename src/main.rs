//! The command line: each subcommand reads the configuration and makes one call into the library.

use std::path::PathBuf;
use std::process::ExitCode;

use baton::commands::{block_on, check, demo, export, import, schema, serve, tenant, token};
use baton::config::Config;
use clap::{Parser, Subcommand};

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
    /// Starts an invented network on this machine, prints a link and tokens: to try everything out.
    Demo(demo::Demo),
    /// Serves requests, and works unless `workers.enabled` is false. SQLite is brought up to date; PostgreSQL must be already.
    Serve,
    /// Works, without serving requests: deadlines, job runs, messages.
    Work,
    /// Brings the database's schema up to date.
    Migrate(serve::Migrate),
    /// Checks the configuration, the database, the clock and what must always hold.
    Check,
    /// Prints the GraphQL schema.
    Schema,
    /// Makes and lists tenants.
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Imports dealers, leads or postal codes from a file.
    #[command(subcommand)]
    Import(import::Command),
    /// Writes leads as CSV.
    Export(export::Command),
    /// Prints a token for development, signed with `auth.secret`.
    Token(token::Token),
}

fn main() -> ExitCode {
    match run(CommandLine::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // The whole chain, once, here and nowhere else.
            eprintln!("baton: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well; an error if the command could not be carried out.
fn run(line: CommandLine) -> anyhow::Result<bool> {
    let configured = || Config::from_surroundings(line.config.as_deref());
    match line.command {
        Command::Demo(options) => block_on(demo::run(options))?,
        Command::Serve => block_on(serve::serve(configured()?))?,
        Command::Work => block_on(serve::work(configured()?))?,
        Command::Migrate(options) => block_on(serve::migrate(configured()?, options))?,
        Command::Check => return block_on(check::run(configured()?)),
        Command::Schema => schema::print(),
        Command::Tenant(command) => block_on(tenant::run(&configured()?, command))?,
        Command::Import(command) => return block_on(import::run(configured()?, command)),
        Command::Export(command) => block_on(export::run(configured()?, command))?,
        Command::Token(options) => token::print(&configured()?, options)?,
    }
    Ok(true)
}
