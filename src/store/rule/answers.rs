//! What the database makes of rules, row by row: to hold it against what memory makes of them.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, NullOrdering, Order as SqlOrder, Query};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{Pushed, Rows};
use crate::domain::Timestamp;
use crate::domain::id::TenantId;
use crate::rules::{Direction, Nulls, SortKey, Type};
use crate::store::conn::Conn;
use crate::store::error::StoreError;
use crate::store::rows::{dealer, lead, user};

/// One row's id and each rule's value for it, in the order of the rules.
pub type Answers = (uuid::Uuid, Vec<SortKey<'static>>);

/// How rows are sorted; equal ones by id.
pub type Sorting<'a> = (&'a Pushed, Direction, Nulls);

/// The value of each rule for every row of a tenant.
pub async fn answers(
    conn: &Conn,
    tenant: TenantId,
    rows: Rows,
    rules: &[Pushed],
    sorting: Option<Sorting<'_>>,
) -> Result<Vec<Answers>, StoreError> {
    let mut statement = Query::select();
    let (id, own) = match rows {
        Rows::Leads => {
            statement.from(lead::Entity);
            (Expr::col((lead::Entity, lead::Column::Id)), Expr::col((lead::Entity, lead::Column::TenantId)))
        }
        Rows::Dealers => {
            statement.from(dealer::Entity);
            (Expr::col((dealer::Entity, dealer::Column::Id)), Expr::col((dealer::Entity, dealer::Column::TenantId)))
        }
        Rows::Users => {
            statement.from(user::Entity);
            (Expr::col((user::Entity, user::Column::Id)), Expr::col((user::Entity, user::Column::TenantId)))
        }
    };
    statement.expr_as(id.clone(), Alias::new("id")).and_where(own.eq(tenant.uuid()));
    let mut joined = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        rule.join(&mut statement, &mut joined);
        statement.expr_as(rule.sql.expr(rule.dialect), Alias::new(format!("r{index}")));
    }
    if let Some((rule, direction, nulls)) = sorting {
        rule.join(&mut statement, &mut joined);
        let order = if direction == Direction::Ascending { SqlOrder::Asc } else { SqlOrder::Desc };
        let ends = if nulls == Nulls::First { NullOrdering::First } else { NullOrdering::Last };
        statement.order_by_expr_with_nulls(rule.key().expr(rule.dialect), order, ends);
    }
    statement.order_by_expr(id, SqlOrder::Asc);
    let found = conn.query_all(&statement).await?;
    found.iter().map(|row| read(row, rules)).collect()
}

fn read(row: &QueryResult, rules: &[Pushed]) -> Result<Answers, StoreError> {
    let cell = |(index, rule): (usize, &Pushed)| key(row, &format!("r{index}"), rule.ty);
    Ok((row.try_get("", "id")?, rules.iter().enumerate().map(cell).collect::<Result<_, _>>()?))
}

fn key(row: &QueryResult, column: &str, ty: Type) -> Result<SortKey<'static>, StoreError> {
    let whole = |of: fn(i64) -> SortKey<'static>| -> Result<SortKey<'static>, StoreError> {
        let number: Option<i64> = row.try_get("", column)?;
        Ok(number.map_or(SortKey::Missing, of))
    };
    match ty {
        Type::Bool => {
            let flag: Option<bool> = row.try_get("", column)?;
            Ok(flag.map_or(SortKey::Missing, SortKey::Bool))
        }
        Type::Double => {
            let number: Option<f64> = row.try_get("", column)?;
            Ok(number.map_or(SortKey::Missing, |number| SortKey::Double(number + 0.0)))
        }
        Type::Text => {
            let text: Option<String> = row.try_get("", column)?;
            Ok(text.map_or(SortKey::Missing, |text| SortKey::Text(text.into())))
        }
        Type::Int => whole(SortKey::Int),
        Type::Duration => whole(SortKey::Duration),
        Type::Timestamp => whole(|micros| SortKey::Timestamp(Timestamp::from_micros(micros))),
        Type::Null | Type::List(_) => Ok(SortKey::Missing),
    }
}
