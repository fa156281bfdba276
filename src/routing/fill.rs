//! From dealers and users to the columns of a network.
//!
//! Each built-in field is matched on its enum, so that a field without a value here does not compile.

use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZero;
use std::panic::resume_unwind;

use super::column::Column;
use super::network::{Entry, NetworkParts, Standing};
use crate::domain::category::Category;
use crate::domain::dealer::{Capacity, Dealer};
use crate::domain::field::{CustomValue, FieldDefinition, Subject};
use crate::domain::id::{DealerId, GroupId, UserId};
use crate::domain::lead::Recipient;
use crate::domain::user::User;
use crate::domain::{CountryCode, Point, PostalCode};
use crate::rules::{Catalog, DealerField, Field, FieldSource, List, Root, UserField, Value};

/// Below this many candidates a thread takes longer to begin than its columns to fill.
const PARALLEL_MIN: usize = 2_000;
/// Dealers of half a kilobyte each, with their texts: what a processor's own memory holds.
const ROWS_AT_HAND: usize = 256;

/// A dealer with the turn in the order of the last tie-break.
pub(super) type DealerInTurn<'a> = (u32, &'a Dealer);
/// A user likewise, with the dealer that they belong to.
pub(super) type UserInTurn<'a> = (u32, (&'a User, Option<&'a Dealer>));

/// The dealers in the order of their places.
pub(super) fn dealers_in_order(parts: &NetworkParts) -> Vec<DealerInTurn<'_>> {
    let mut dealers: Vec<&Dealer> = parts.dealers.iter().collect();
    dealers.sort_by(|a, b| (&a.number, &a.sub_number).cmp(&(&b.number, &b.sub_number)));
    in_order(dealers, |dealer| (Some(dealer.address.country), dealer.point))
}

/// The users in the order of their places. A user is where their dealer is.
pub(super) fn users_in_order(parts: &NetworkParts) -> Vec<UserInTurn<'_>> {
    let dealers: HashMap<DealerId, &Dealer> = parts.dealers.iter().map(|dealer| (dealer.id, dealer)).collect();
    let mut users: Vec<&User> = parts.users.iter().collect();
    users.sort_by(|a, b| a.email.cmp(&b.email));
    let of = |user: &User| user.dealer.and_then(|id| dealers.get(&id).copied());
    let users = users.into_iter().map(|user| (user, of(user))).collect();
    in_order(users, |(_, dealer)| (dealer.map(|dealer| dealer.address.country), dealer.and_then(|dealer| dealer.point)))
}

fn in_order<T>(sorted: Vec<T>, at: impl Fn(&T) -> (Option<CountryCode>, Option<Point>)) -> Vec<(u32, T)> {
    let mut placed: Vec<(u32, T)> = (0_u32..).zip(sorted).collect();
    placed.sort_by_cached_key(|(turn, one)| {
        let (country, point) = at(one);
        (Entry::place(country, point), *turn)
    });
    placed
}

pub(super) fn dealer_entries<'a>(parts: &NetworkParts, dealers: &[DealerInTurn<'a>]) -> Vec<Entry<'a>> {
    let entry = |(turn, dealer): &DealerInTurn<'a>| Entry {
        id: Recipient::Dealer(dealer.id),
        label: match dealer.sub_number.as_str() {
            "" => Cow::Borrowed(dealer.number.as_str()),
            sub_number => Cow::Owned(format!("{}/{sub_number}", dealer.number)),
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
        turn: *turn,
    };
    dealers.iter().map(entry).collect()
}

/// Everybody has a mail address, so everybody active can be reached.
pub(super) fn user_entries<'a>(users: &[UserInTurn<'a>]) -> Vec<Entry<'a>> {
    let entry = |(turn, (user, dealer)): &UserInTurn<'a>| Entry {
        id: Recipient::User(user.id),
        label: Cow::Owned(user.name()),
        standing: match user {
            user if !user.active => Standing::Inactive,
            user if user.on_holiday => Standing::NotAccepting,
            _ => Standing::Sound,
        },
        country: dealer.map(|dealer| dealer.address.country),
        point: dealer.and_then(|dealer| dealer.point),
        capacity: Capacity::default(),
        absent: Some((user.time_zone, user.days_off.as_slice())).filter(|(_, days)| !days.is_empty()),
        turn: *turn,
    };
    users.iter().map(entry).collect()
}

pub(super) fn dealer_columns(catalog: &Catalog, parts: &NetworkParts, dealers: &[DealerInTurn<'_>]) -> Vec<Column> {
    let push = |column: &mut Column, field: &Field, dealers: &[DealerInTurn<'_>]| {
        push_dealers(parts, column, field, dealers);
    };
    columns(&stored(catalog, Root::Dealer), dealers, push)
}

pub(super) fn user_columns(catalog: &Catalog, parts: &NetworkParts, users: &[UserInTurn<'_>]) -> Vec<Column> {
    let groups = groups_by_user(parts);
    let push = |column: &mut Column, field: &Field, users: &[UserInTurn<'_>]| {
        push_users(parts, &groups, column, field, users);
    };
    columns(&stored(catalog, Root::User), users, push)
}

/// The columns of the fields, in their order. Each processor fills some of them, a few rows at a time: as many as stay at hand while one
/// column after the other is filled from them.
fn columns<T: Sync>(fields: &[&Field], rows: &[T], push: impl Fn(&mut Column, &Field, &[T]) + Sync) -> Vec<Column> {
    let fill = |fields: &[&Field]| {
        let mut columns: Vec<Column> = fields.iter().map(|field| Column::of(field.ty, rows.len())).collect();
        for rows in rows.chunks(ROWS_AT_HAND) {
            fields.iter().zip(&mut columns).for_each(|(field, column)| push(column, field, rows));
        }
        columns.into_iter().map(Column::finish).collect::<Vec<_>>()
    };
    let threads = threads(rows.len());
    if threads == 1 {
        return fill(fields);
    }
    std::thread::scope(|scope| {
        let shares = fields.chunks(fields.len().div_ceil(threads).max(1));
        let filling: Vec<_> = shares.map(|fields| scope.spawn(|| fill(fields))).collect();
        // A thread only panics if filling does, which is a mistake of ours that must not go unseen.
        let joined = filling.into_iter().map(|share| share.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect()
    })
}

/// How many threads are worth their while for so many candidates.
fn threads(candidates: usize) -> usize {
    if candidates < PARALLEL_MIN { 1 } else { std::thread::available_parallelism().map_or(1, NonZero::get) }
}

/// Does two things at a time, if there are enough candidates and processors for it.
pub(super) fn beside<L, R: Send>(
    candidates: usize,
    left: impl FnOnce() -> L,
    right: impl FnOnce() -> R + Send,
) -> (L, R) {
    if threads(candidates) == 1 {
        return (left(), right());
    }
    std::thread::scope(|scope| {
        let right = scope.spawn(right);
        let left = left();
        (left, right.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

fn push_dealers(parts: &NetworkParts, column: &mut Column, field: &Field, dealers: &[DealerInTurn<'_>]) {
    let dealers = dealers.iter().map(|(_, dealer)| *dealer);
    match &field.source {
        FieldSource::Dealer(built_in) => dealers.for_each(|dealer| column.push(&dealer_value(dealer, *built_in))),
        FieldSource::Category(key) => {
            dealers.for_each(|dealer| column.push(&Value::maybe(dealer.categories.get(key))));
        }
        FieldSource::CategoryRank(key) => {
            dealers.for_each(|dealer| column.push(&Value::maybe(category_rank(&parts.categories, key, dealer))));
        }
        FieldSource::Custom(key) => {
            let definition = definition_of(parts, Subject::Dealer, key);
            dealers.for_each(|dealer| push_custom(column, definition, dealer.custom.get(key)));
        }
        FieldSource::Lead(_) | FieldSource::User(_) | FieldSource::Now => {
            dealers.for_each(|_| column.push(&Value::Missing));
        }
    }
}

fn push_users(
    parts: &NetworkParts,
    groups: &HashMap<UserId, Vec<String>>,
    column: &mut Column,
    field: &Field,
    users: &[UserInTurn<'_>],
) {
    let users = users.iter().map(|(_, (user, _))| *user);
    match &field.source {
        FieldSource::User(built_in) => users.for_each(|user| {
            let own_groups = groups.get(&user.id).map(Vec::as_slice).unwrap_or_default();
            column.push(&user_value(user, own_groups, *built_in));
        }),
        FieldSource::Custom(key) => {
            let definition = definition_of(parts, Subject::User, key);
            users.for_each(|user| push_custom(column, definition, user.custom.get(key)));
        }
        _ => users.for_each(|_| column.push(&Value::Missing)),
    }
}

/// A stored value that no longer fits its definition reads as missing, as [`crate::domain::field::CustomValues::stored`] has it.
fn push_custom(column: &mut Column, definition: Option<&FieldDefinition>, stored: Option<&serde_json::Value>) {
    let value = definition.zip(stored).and_then(|(definition, json)| CustomValue::parse(definition, json).ok());
    column.push(&Value::maybe(value.as_ref()));
}

/// A stored field of a dealer.
pub(super) fn dealer_value(dealer: &Dealer, field: DealerField) -> Value<'_> {
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

/// A stored field of a user.
pub(super) fn user_value<'a>(user: &'a User, groups: &'a [String], field: UserField) -> Value<'a> {
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

/// The place of a dealer's value in its category's order.
pub(super) fn category_rank(categories: &[Category], key: &str, dealer: &Dealer) -> Option<i64> {
    let value = dealer.categories.get(key)?;
    let group = categories.iter().find(|category| category.key == key)?;
    group.choices.iter().position(|choice| choice == value).map(|place| place as i64)
}

fn stored(catalog: &Catalog, root: Root) -> Vec<&Field> {
    catalog.fields().iter().filter(|field| field.root == root && !field.computed).collect()
}

fn definition_of<'a>(parts: &'a NetworkParts, subject: Subject, key: &str) -> Option<&'a FieldDefinition> {
    parts.fields.iter().find(|field| field.subject() == subject && field.key() == key)
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
