//! What of the network and of a lead's fields a credential sees.
//!
//! Fields that somebody does not see can't be asked either: an answer would tell their values one question at a time.
//! INVARIANT: what is shown here is what the API's types of a lead, a dealer and a user show.

use super::permit::{Permission, permit};
use crate::domain::actor::{Actor, Role};
use crate::domain::id::DealerId;
use crate::domain::{Invalid, InvalidCode};
use crate::rules::{Checked, DealerField, FieldSource, LeadField, Root, UserField};
use crate::store::Scope;

/// How much of the network a credential sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it.
    Staff,
    /// This dealer.
    Dealer(DealerId),
    /// Nothing.
    Nothing,
}

impl Sight {
    /// Of whoever asks.
    pub fn of(actor: &Actor) -> Self {
        match (actor.role, actor.dealer) {
            (Role::Admin | Role::Manager | Role::Member | Role::Auditor, _) => Self::Staff,
            (Role::Dealer | Role::Partner, Some(dealer)) => Self::Dealer(dealer),
            (Role::Dealer | Role::Partner, None) => Self::Nothing,
        }
    }

    /// Whether a dealer can be asked for, and its inside is shown.
    pub fn sees(self, dealer: DealerId) -> bool {
        self == Self::Staff || self == Self::Dealer(dealer)
    }
}

/// The refusal of a rule that reads a field which the actor does not see.
pub fn refuse_hidden(actor: &Actor, rule: &Checked) -> Result<(), Invalid> {
    match rule.fields().iter().find(|field| !sees_field(actor, field.root, &field.source)) {
        None => Ok(()),
        Some(field) => {
            let message = format!("your role does not see `{}`, so it can't ask for it", field.path);
            Err(Invalid::new("", InvalidCode::Forbidden, message))
        }
    }
}

/// Whether the actor sees a field's values.
pub fn sees_field(actor: &Actor, root: Root, source: &FieldSource) -> bool {
    let sight = Sight::of(actor);
    match root {
        Root::Now => true,
        Root::Lead => {
            *source != FieldSource::Lead(LeadField::JobId) || permit(actor, Permission::ReadConfiguration).is_ok()
        }
        // A dealer's credential reaches no dealer but its own.
        Root::Dealer | Root::LeadDealer => sight != Sight::Nothing || is_public_of_dealer(source),
        Root::User | Root::LeadOwner => match source {
            FieldSource::User(UserField::Email) => sight == Sight::Staff && Scope::of(actor).personal_data,
            source => sight == Sight::Staff || is_public_of_user(source),
        },
    }
}

fn is_public_of_dealer(source: &FieldSource) -> bool {
    let FieldSource::Dealer(field) = source else { return false };
    match field {
        DealerField::Id
        | DealerField::Number
        | DealerField::SubNumber
        | DealerField::Name
        | DealerField::City
        | DealerField::Region
        | DealerField::Country
        | DealerField::PostalCode
        | DealerField::TimeZone
        | DealerField::Active
        | DealerField::AcceptsLeads
        | DealerField::IsDefault
        | DealerField::Brands
        | DealerField::CreatedAt
        | DealerField::UpdatedAt => true,
        DealerField::Rating
        | DealerField::Territory
        | DealerField::CapacityOpen
        | DealerField::CapacityPerDay
        | DealerField::DistanceKm
        | DealerField::DistanceMi
        | DealerField::Lottery
        | DealerField::AckRate
        | DealerField::ResponseMinutes
        | DealerField::OpenLeads
        | DealerField::LeadsToday => false,
    }
}

fn is_public_of_user(source: &FieldSource) -> bool {
    let FieldSource::User(field) = source else { return false };
    match field {
        UserField::Id
        | UserField::FirstName
        | UserField::LastName
        | UserField::Locale
        | UserField::TimeZone
        | UserField::Active
        | UserField::OnHoliday => true,
        UserField::Email
        | UserField::Groups
        | UserField::Roles
        | UserField::DealerId
        | UserField::OpenLeads
        | UserField::LeadsToday
        | UserField::Lottery => false,
    }
}
