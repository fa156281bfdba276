//! Fields that a caller does not see can't be asked either: an answer would tell their values one question at a time.
//!
//! INVARIANT: what is shown here is what the types `Lead`, `Dealer` and `User` show.

use crate::actions::{Permission, permit};
use crate::graphql::network::Sight;
use crate::graphql::session::{Session, forbidden};
use crate::rules::{Checked, DealerField, FieldSource, LeadField, ReadField, Root, UserField};

/// An error naming the first field of the rule that the caller does not see.
pub fn refuse_hidden(session: &Session, rule: &Checked) -> async_graphql::Result<()> {
    match rule.fields().iter().find(|field| !is_shown(session, field)) {
        None => Ok(()),
        Some(field) => Err(forbidden(format!("your role does not see `{}`, so it can't ask for it", field.path))),
    }
}

fn is_shown(session: &Session, field: &ReadField) -> bool {
    let sight = Sight::of(session);
    match field.root {
        Root::Now => true,
        Root::Lead => {
            field.source != FieldSource::Lead(LeadField::JobId)
                || permit(&session.actor, Permission::ReadConfiguration).is_ok()
        }
        // A dealer's credential reaches no dealer but its own.
        Root::Dealer | Root::LeadDealer => sight != Sight::Nothing || is_public_of_dealer(&field.source),
        Root::User | Root::LeadOwner => match &field.source {
            FieldSource::User(UserField::Email) => sight == Sight::Staff && session.scope.personal_data,
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
