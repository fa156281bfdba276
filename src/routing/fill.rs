//! From dealers and users to the columns of a network.
//!
//! Each built-in field is matched on its enum, so that a field without a value here does not compile.

use std::collections::HashMap;

use super::column::Column;
use super::network::{Entry, NetworkParts, Standing};
use crate::domain::PostalCode;
use crate::domain::category::Category;
use crate::domain::dealer::{Capacity, Dealer};
use crate::domain::field::{CustomValues, FieldDefinition, Subject};
use crate::domain::id::{DealerId, GroupId, UserId};
use crate::domain::lead::Recipient;
use crate::domain::user::User;
use crate::rules::{Catalog, DealerField, Field, FieldSource, List, Root, UserField, Value};

/// Dealers must be sorted already.
pub(super) fn dealer_entries(parts: &NetworkParts) -> Vec<Entry<'_>> {
    let entry = |dealer: &Dealer| Entry {
        id: Recipient::Dealer(dealer.id),
        label: match dealer.sub_number.as_str() {
            "" => dealer.number.clone(),
            sub_number => format!("{}/{sub_number}", dealer.number),
        },
        standing: match dealer {
            dealer if !dealer.active => Standing::Inactive,
            dealer if !dealer.accepts_leads => Standing::NotAccepting,
            dealer if !parts.reachable.contains(&dealer.id) => Standing::Unreachable,
            _ => Standing::Sound,
        },
        country: Some(dealer.address.country),
        point: dealer.point,
        capacity: dealer.capacity,
        absent: None,
    };
    parts.dealers.iter().map(entry).collect()
}

/// Users must be sorted already.
pub(super) fn user_entries(parts: &NetworkParts) -> Vec<Entry<'_>> {
    let dealers: HashMap<DealerId, &Dealer> = parts.dealers.iter().map(|dealer| (dealer.id, dealer)).collect();
    let of = |user: &User| user.dealer.and_then(|id| dealers.get(&id).copied());
    parts.users.iter().map(|user| user_entry(user, of(user))).collect()
}

/// A user is where their dealer is. Everybody has a mail address, so everybody active can be reached.
fn user_entry<'a>(user: &'a User, dealer: Option<&Dealer>) -> Entry<'a> {
    Entry {
        id: Recipient::User(user.id),
        label: user.name(),
        standing: match user {
            user if !user.active => Standing::Inactive,
            user if user.on_holiday => Standing::NotAccepting,
            _ => Standing::Sound,
        },
        country: dealer.map(|dealer| dealer.address.country),
        point: dealer.and_then(|dealer| dealer.point),
        capacity: Capacity::default(),
        absent: Some((user.time_zone, user.days_off.as_slice())).filter(|(_, days)| !days.is_empty()),
    }
}

/// Dealers must be sorted already.
pub(super) fn dealer_columns(catalog: &Catalog, parts: &NetworkParts) -> Vec<Column> {
    let definitions = definitions_of(parts, Subject::Dealer);
    let (fields, mut columns) = stored(catalog, Root::Dealer);
    for dealer in &parts.dealers {
        let custom = CustomValues::stored(&definitions, &serde_json::Value::Object(dealer.custom.clone()));
        for (field, column) in fields.iter().zip(&mut columns) {
            match &field.source {
                FieldSource::Dealer(built_in) => column.push(&dealer_value(dealer, *built_in)),
                FieldSource::Category(key) => column.push(&Value::maybe(dealer.categories.get(key))),
                FieldSource::CategoryRank(key) => {
                    column.push(&Value::maybe(category_rank(&parts.categories, key, dealer)));
                }
                FieldSource::Custom(key) => column.push_custom(custom.get(key)),
                FieldSource::Lead(_) | FieldSource::User(_) | FieldSource::Now => column.push(&Value::Missing),
            }
        }
    }
    columns
}

/// Users must be sorted already.
pub(super) fn user_columns(catalog: &Catalog, parts: &NetworkParts) -> Vec<Column> {
    let definitions = definitions_of(parts, Subject::User);
    let groups = groups_by_user(parts);
    let (fields, mut columns) = stored(catalog, Root::User);
    for user in &parts.users {
        let custom = CustomValues::stored(&definitions, &serde_json::Value::Object(user.custom.clone()));
        let own_groups = groups.get(&user.id).map(Vec::as_slice).unwrap_or_default();
        for (field, column) in fields.iter().zip(&mut columns) {
            match &field.source {
                FieldSource::User(built_in) => column.push(&user_value(user, own_groups, *built_in)),
                FieldSource::Custom(key) => column.push_custom(custom.get(key)),
                _ => column.push(&Value::Missing),
            }
        }
    }
    columns
}

fn dealer_value(dealer: &Dealer, field: DealerField) -> Value<'_> {
    match field {
        DealerField::Id => Value::Text(dealer.id.to_string().into()),
        DealerField::Number => Value::text(&dealer.number),
        DealerField::SubNumber => Value::maybe(Some(&dealer.sub_number).filter(|text| !text.is_empty())),
        DealerField::Name => Value::text(&dealer.name),
        DealerField::City => Value::maybe(dealer.address.city.as_ref()),
        DealerField::Region => Value::maybe(dealer.address.region.as_ref()),
        DealerField::Country => Value::text(dealer.address.country.as_str()),
        DealerField::PostalCode => Value::maybe(dealer.address.postal_code.as_ref().map(PostalCode::as_str)),
        DealerField::TimeZone => Value::text(dealer.time_zone.name()),
        DealerField::Active => Value::Bool(dealer.active),
        DealerField::AcceptsLeads => Value::Bool(dealer.accepts_leads),
        DealerField::IsDefault => Value::Bool(dealer.is_default),
        DealerField::Rating => Value::maybe(dealer.rating),
        DealerField::Brands => Value::from(dealer.brands.as_slice()),
        DealerField::Territory => {
            let prefixes = dealer.territory.iter().map(|entry| Value::text(&entry.prefix)).collect();
            Value::List(List::Values(prefixes))
        }
        DealerField::CapacityOpen => Value::maybe(dealer.capacity.open),
        DealerField::CapacityPerDay => Value::maybe(dealer.capacity.per_day),
        DealerField::CreatedAt => Value::Timestamp(dealer.created_at),
        DealerField::UpdatedAt => Value::Timestamp(dealer.updated_at),
        DealerField::DistanceKm
        | DealerField::DistanceMi
        | DealerField::Lottery
        | DealerField::AckRate
        | DealerField::ResponseMinutes
        | DealerField::OpenLeads
        | DealerField::LeadsToday => Value::Missing,
    }
}

fn user_value<'a>(user: &'a User, groups: &'a [String], field: UserField) -> Value<'a> {
    match field {
        UserField::Id => Value::Text(user.id.to_string().into()),
        UserField::FirstName => Value::text(&user.first_name),
        UserField::LastName => Value::text(&user.last_name),
        UserField::Email => Value::text(&user.email),
        UserField::Locale => Value::text(&user.locale),
        UserField::TimeZone => Value::text(user.time_zone.name()),
        UserField::Active => Value::Bool(user.active),
        UserField::OnHoliday => Value::Bool(user.on_holiday),
        UserField::DealerId => Value::maybe(user.dealer.map(|id| Value::Text(id.to_string().into()))),
        UserField::Groups => Value::from(groups),
        UserField::Roles => Value::List(List::Values(vec![Value::text(user.role.as_str())])),
        UserField::OpenLeads | UserField::LeadsToday | UserField::Lottery => Value::Missing,
    }
}

fn category_rank(categories: &[Category], key: &str, dealer: &Dealer) -> Option<i64> {
    let value = dealer.categories.get(key)?;
    let group = categories.iter().find(|category| category.key == key)?;
    group.choices.iter().position(|choice| choice == value).map(|place| place as i64)
}

fn stored(catalog: &Catalog, root: Root) -> (Vec<&Field>, Vec<Column>) {
    let fields: Vec<&Field> = catalog.fields().iter().filter(|field| field.root == root && !field.computed).collect();
    let columns = fields.iter().map(|field| Column::of(field.ty)).collect();
    (fields, columns)
}

fn definitions_of(parts: &NetworkParts, subject: Subject) -> Vec<FieldDefinition> {
    parts.fields.iter().filter(|field| field.subject() == subject).cloned().collect()
}

/// The names of each user's groups, in the order of the names.
fn groups_by_user(parts: &NetworkParts) -> HashMap<UserId, Vec<String>> {
    let names: HashMap<GroupId, &str> = parts.groups.iter().map(|group| (group.id, group.name.as_str())).collect();
    let mut groups: HashMap<UserId, Vec<String>> = HashMap::new();
    for membership in &parts.memberships {
        let name = names.get(&membership.group).map(|name| (*name).to_owned());
        groups.entry(membership.user).or_default().extend(name);
    }
    for names in groups.values_mut() {
        names.sort_unstable();
    }
    groups
}
