//! Between columns and domain values: enums as their names, moments as microseconds, structures as JSON; and the generic writes.

use sea_orm::sea_query::{ArrayType, Condition, Expr, ExprTrait, Func};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, IntoSimpleExpr, ModelTrait, QueryFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

pub(super) use super::bulk::{insert_all, insert_all_or, update_versioned};
use super::conn::Conn;
use super::error::StoreError;
use crate::domain::dealer::Address;
use crate::domain::lead::Recipient;
use crate::domain::{CountryCode, Point, PostalCode, Timestamp};

/// The name under which an enum is stored: its serde name.
pub(super) fn name_of<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        // INVARIANT: only called with enums without fields, which serialise as strings.
        other => format!("{other:?}"),
    }
}

pub(super) fn named<T: DeserializeOwned>(column: &'static str, name: String) -> Result<T, StoreError> {
    serde_json::from_value(Value::String(name)).map_err(|error| StoreError::corrupt(column, error))
}

pub(super) fn json_of<T: Serialize>(column: &'static str, value: &T) -> Result<Value, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::corrupt(column, error))
}

pub(super) fn from_json<T: DeserializeOwned>(column: &'static str, json: Value) -> Result<T, StoreError> {
    serde_json::from_value(json).map_err(|error| StoreError::corrupt(column, error))
}

/// A document that no query looks into, as text: neither side builds a tree of it.
pub(super) fn text_of<T: Serialize>(column: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt(column, error))
}

pub(super) fn from_text<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(column, error))
}

pub(super) fn object(column: &'static str, json: Value) -> Result<Map<String, Value>, StoreError> {
    match json {
        Value::Object(map) => Ok(map),
        other => Err(StoreError::corrupt(column, format!("expected an object, found {other}"))),
    }
}

pub(super) fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(super) fn point(column: &'static str, lat: Option<f64>, lon: Option<f64>) -> Result<Option<Point>, StoreError> {
    match (lat, lon) {
        (Some(lat), Some(lon)) => Point::new(lat, lon).map(Some).map_err(|error| StoreError::corrupt(column, error)),
        _ => Ok(None),
    }
}

/// Whether a column is one of these ids, however many. On PostgreSQL it is one statement for any number, planned as for a few: for hundreds it
/// would rather read all of a small table, which takes ten times as long as looking each up.
pub(super) fn one_of(conn: &Conn, column: impl ColumnTrait, ids: impl Iterator<Item = Uuid>) -> Expr {
    if !conn.is_postgres() {
        return column.is_in(ids);
    }
    let ids = sea_orm::Value::Array(ArrayType::Uuid, Some(Box::new(ids.map(Into::into).collect())));
    Expr::cust_with_exprs("$1 = any (array(select unnest($2)))", [column.into_simple_expr(), Expr::val(ids)])
}

/// The same in plain SQL: what is to stand behind the column, and the values for its places from `place` on.
pub(super) fn some_of(conn: &Conn, place: usize, ids: impl Iterator<Item = Uuid>) -> (String, Vec<sea_orm::Value>) {
    let ids: Vec<sea_orm::Value> = ids.map(Into::into).collect();
    if conn.is_postgres() {
        let ids = sea_orm::Value::Array(ArrayType::Uuid, Some(Box::new(ids)));
        return (format!("= any (array(select unnest(${place}::uuid[])))"), vec![ids]);
    }
    let places: Vec<String> = (place..place + ids.len()).map(|place| format!("${place}")).collect();
    (format!("in ({})", places.join(", ")), ids)
}

/// Whether a text begins so, whatever the case of its letters. A range, for indexes of `lower(column)`, which are in the order of the bytes on
/// both databases, serve no pattern on SQLite, and none that is given as a value on PostgreSQL.
pub(super) fn begins(column: impl ColumnTrait, begin: &str) -> Condition {
    let lower = || Expr::expr(Func::lower(Expr::col(column.as_column_ref())));
    let from = begin.to_lowercase();
    // After all that begins so: the last code point is no character.
    let to = format!("{from}\u{10FFFF}");
    Condition::all().add(lower().gte(from)).add(lower().lt(to))
}

/// A name that stands in the statement itself: a partial index whose condition names it can be chosen then, which a given value would hide
/// from both planners. The condition must be that of the index word for word.
pub(super) fn fixed(name: &str) -> Expr {
    Expr::Constant(name.into())
}

/// A condition that no index is chosen by; false where it is missing.
pub(super) fn unindexed(condition: Expr) -> Expr {
    Func::coalesce([condition, Expr::val(false)]).into()
}

/// The columns of an address, as several tables have them.
pub(super) struct AddressColumns {
    pub(super) street: Option<String>,
    pub(super) city: Option<String>,
    pub(super) region: Option<String>,
    pub(super) country: String,
    pub(super) postal_code: Option<String>,
}

pub(super) fn address(column: &'static str, columns: AddressColumns) -> Result<Address, StoreError> {
    let corrupt = |error| StoreError::corrupt(column, error);
    let country = CountryCode::parse(&columns.country).map_err(corrupt)?;
    let postal_code = columns.postal_code.map(|code| PostalCode::parse(country, &code)).transpose().map_err(corrupt)?;
    Ok(Address { street: columns.street, city: columns.city, region: columns.region, country, postal_code })
}

/// The pair of columns `dealer_id`, `user_id` of a recipient.
pub(super) fn recipient(dealer: Option<uuid::Uuid>, user: Option<uuid::Uuid>) -> Option<Recipient> {
    match (dealer, user) {
        (Some(dealer), _) => Some(Recipient::Dealer(dealer.into())),
        (None, Some(user)) => Some(Recipient::User(user.into())),
        (None, None) => None,
    }
}

pub(super) fn recipient_columns(recipient: Option<Recipient>) -> (Option<uuid::Uuid>, Option<uuid::Uuid>) {
    match recipient {
        Some(Recipient::Dealer(dealer)) => (Some(dealer.uuid()), None),
        Some(Recipient::User(user)) => (None, Some(user.uuid())),
        None => (None, None),
    }
}

/// Writes a whole row where `condition` holds; a conflict if no row has it any more.
pub(super) async fn update_where<M, A>(conn: &Conn, row: M, condition: Condition) -> Result<(), StoreError>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity>,
{
    let touched =
        M::Entity::update_many().set(row.into_active_model().reset_all()).filter(condition).exec(conn).await?;
    if touched.rows_affected == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}
