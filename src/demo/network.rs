//! The demo's network: the tenant, its dealers at true places, and the people there. Nothing in it exists.

use std::time::Duration;

use chrono_tz::Tz;

use super::chance::Chance;
use super::dealers::{DealerDraw, contacts};
use super::definitions::Definitions;
use super::ground::Ground;
use super::staff::Staff;
use crate::domain::dealer::{Contact, ContactKind, Dealer};
use crate::domain::tenant::{DistanceUnit, Tenant};
use crate::domain::{CountryCode, Timestamp};

/// The short name by which the demo's tenant is known.
pub const SLUG: &str = "demo";
/// How long a mailed link works.
const LINK_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// When what was set up.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// When the tenant was made, before its first lead.
    pub founded: Timestamp,
    /// When the second version of the best dealers' interface was published.
    pub second_version: Timestamp,
    /// When the jobs were changed from hours to minutes, so that the demo has something to show.
    pub quickened: Timestamp,
    /// The end of the past.
    pub now: Timestamp,
}

impl Moments {
    /// The moments of a past that ends now.
    pub fn before(now: Timestamp) -> Self {
        Self { founded: now - days(120), second_version: now - days(40), quickened: now - Duration::from_mins(45), now }
    }
}

/// So many days.
pub const fn days(count: u64) -> Duration {
    Duration::from_hours(24 * count)
}

/// Everybody and everything that there is before the first lead.
pub struct Network {
    /// Whose it all is.
    pub tenant: Tenant,
    /// The dealers; the first is the default one.
    pub dealers: Vec<Dealer>,
    /// Who can be reached at each dealer, in the order of `dealers`.
    pub desks: Vec<Desk>,
    /// All contacts, those that can't be reached too.
    pub contacts: Vec<Contact>,
    /// Users and groups.
    pub staff: Staff,
    /// Tiers, custom fields, interfaces and jobs.
    pub definitions: Definitions,
    /// When what was set up.
    pub moments: Moments,
}

/// The people at one dealer who can be told of a lead.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// Who may acknowledge.
    pub to: Vec<Contact>,
    /// Who is only told.
    pub cc: Vec<Contact>,
    /// The share of offers that this dealer answers, 0 to 1.
    pub diligence: f64,
}

impl Network {
    /// A network of so many dealers.
    pub fn draw(chance: &Chance, ground: &Ground, moments: Moments, dealer_count: usize) -> Self {
        let tenant = tenant(chance, moments.founded);
        let draw = DealerDraw { chance, ground, tenant: tenant.id, moments };
        let dealers = draw.all(dealer_count);
        let contacts: Vec<Contact> = dealers.iter().flat_map(|dealer| contacts(chance, dealer, moments)).collect();
        let desks = desks(chance, &dealers, &contacts);
        let staff = Staff::draw(chance, tenant.id, moments.founded);
        let author = staff.admin().map(crate::domain::user::User::name).unwrap_or_default();
        let definitions = Definitions::draw(chance, tenant.id, moments, &author);
        Self { tenant, dealers, desks, contacts, staff, definitions, moments }
    }
}

fn tenant(chance: &Chance, created_at: Timestamp) -> Tenant {
    Tenant {
        id: chance.id(created_at),
        name: "Baton demo network".to_owned(),
        slug: SLUG.to_owned(),
        distance_unit: DistanceUnit::Mi,
        time_zone: Tz::America__Chicago,
        country: CountryCode::US,
        link_lifetime: LINK_LIFETIME,
        network_version: 1,
        created_at,
    }
}

/// Contacts stand in the order of their dealers.
fn desks(chance: &Chance, dealers: &[Dealer], contacts: &[Contact]) -> Vec<Desk> {
    let mut left = contacts.iter().peekable();
    let desk = |dealer: &Dealer| {
        let rating = dealer.rating.unwrap_or(3.6);
        let mut desk =
            Desk { diligence: (0.42 + 0.095 * rating + chance.normal(0.0, 0.08)).clamp(0.2, 0.97), ..Desk::default() };
        while let Some(contact) = left.next_if(|contact| contact.dealer == dealer.id) {
            if contact.can_be_told() {
                let side = if contact.kind == ContactKind::To { &mut desk.to } else { &mut desk.cc };
                side.push(contact.clone());
            }
        }
        desk
    };
    dealers.iter().map(desk).collect()
}
