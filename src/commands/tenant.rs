//! `baton tenant create`: makes a tenant, the first one too: over the API nobody can, for every token belongs to one.

use std::time::Duration;

use anyhow::{Context, bail};
use chrono_tz::Tz;
use clap::{Args, Subcommand, ValueEnum};

use crate::app::connect;
use crate::clock::{Clock, Entropy, SystemClock};
use crate::config::Config;
use crate::domain::CountryCode;
use crate::domain::error::text;
use crate::domain::tenant::{DistanceUnit, Tenant};
use crate::store::tenants;

/// Tenants: one installation each, to which everything belongs.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a tenant and prints its id.
    Create(Create),
    /// Prints each tenant's id, short name and name.
    List,
}

/// A new tenant.
#[derive(Args)]
pub struct Create {
    /// Its short name: lower-case letters, digits and hyphens.
    #[arg(long)]
    slug: String,
    /// Its name, as recipients of leads know it.
    #[arg(long)]
    name: String,
    /// The country of dealers and leads that name none, two letters.
    #[arg(long, default_value = "US")]
    country: String,
    /// The zone of days and of people who name none.
    #[arg(long, default_value = "America/New_York")]
    time_zone: Tz,
    /// The unit in which distances are shown.
    #[arg(long, default_value = "mi")]
    unit: Unit,
    /// How long a link in a mail works before a fresh one must be asked for.
    #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u64).range(1..=8760))]
    link_hours: u64,
}

/// A unit of distance.
#[derive(Clone, Copy, ValueEnum)]
enum Unit {
    /// Miles.
    Mi,
    /// Kilometres.
    Km,
}

/// Carries a subcommand out.
pub async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let store = connect(config).await?;
    if store.is_embedded() {
        store.migrate().await?;
    }
    store.check_schema().await?;
    match command {
        Command::List => {
            for tenant in tenants::list(store.reader()).await? {
                println!("{}  {}  {}", tenant.id, tenant.slug, tenant.name);
            }
        }
        Command::Create(create) => {
            let tenant = tenant(create)?;
            match tenants::insert(store.writer(), &tenant).await {
                Ok(()) => println!("{}", tenant.id),
                Err(error) if error.is_unique_violation("slug") => {
                    bail!("`{}` is the short name of another tenant, choose another", tenant.slug);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

fn tenant(create: Create) -> anyhow::Result<Tenant> {
    let Create { slug, name, country, time_zone, unit, link_hours } = create;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if slug.is_empty() || slug.len() > 60 || !slug.chars().all(is_plain) {
        bail!("`{slug}` is not a short name, give up to 60 lower-case letters, digits and hyphens");
    }
    let now = SystemClock.now();
    Ok(Tenant {
        id: Entropy::from_os().id(now),
        name: text("name", &name, 200).context("--name")?,
        slug,
        distance_unit: match unit {
            Unit::Mi => DistanceUnit::Mi,
            Unit::Km => DistanceUnit::Km,
        },
        time_zone,
        country: CountryCode::parse(&country).context("--country")?,
        link_lifetime: Duration::from_secs(link_hours * 3600),
        network_version: 0,
        created_at: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(slug: &str, country: &str) -> Create {
        let (slug, country, name) = (slug.to_owned(), country.to_owned(), "Aurora Motors".to_owned());
        Create { slug, name, country, time_zone: Tz::UTC, unit: Unit::Mi, link_hours: 72 }
    }

    #[test]
    fn a_short_name_is_plain_and_a_country_is_one() {
        assert_eq!(tenant(create("aurora-2", "US")).unwrap().slug, "aurora-2");
        for (slug, country) in [("", "US"), ("Aurora", "US"), ("a b", "US"), ("aurora", "USA")] {
            assert!(tenant(create(slug, country)).is_err(), "{slug} {country}");
        }
    }
}
