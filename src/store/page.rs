//! Pages by key, not by offset: a page costs the same wherever it is.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Order as SqlOrder, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QuerySelect, QueryTrait, Select, Value};

use super::conn::Conn;
use super::error::StoreError;
pub use crate::domain::sort::Order;

const fn reversed(order: Order) -> Order {
    match order {
        Order::Asc => Order::Desc,
        Order::Desc => Order::Asc,
    }
}

const fn sql(order: Order) -> SqlOrder {
    match order {
        Order::Asc => SqlOrder::Asc,
        Order::Desc => SqlOrder::Desc,
    }
}

/// The sort key of a row, last part its id: where a page begins or ends.
pub type Key = Vec<KeyPart>;

/// One part of a sort key. Missing values sort before all others.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum KeyPart {
    /// Missing.
    Null,
    /// A moment or a number.
    Int(i64),
    /// A rating.
    Double(f64),
    /// A text.
    Text(String),
    /// An id.
    Id(uuid::Uuid),
}

impl From<KeyPart> for Value {
    fn from(part: KeyPart) -> Self {
        match part {
            KeyPart::Null => Self::BigInt(None),
            KeyPart::Int(value) => value.into(),
            KeyPart::Double(value) => value.into(),
            KeyPart::Text(value) => value.into(),
            KeyPart::Id(value) => value.into(),
        }
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRequest {
    /// How many rows.
    pub size: u64,
    /// Whether from the end of the list.
    pub backward: bool,
    /// Only rows after this key.
    pub after: Option<Key>,
    /// Only rows before this key.
    pub before: Option<Key>,
}

impl PageRequest {
    /// The first `size` rows.
    pub const fn first(size: u64) -> Self {
        Self { size, backward: false, after: None, before: None }
    }
}

/// A part of a list, in the list's order.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows with their keys.
    pub rows: Vec<(Key, T)>,
    /// Whether the list goes on before this page.
    pub has_previous: bool,
    /// Whether the list goes on after this page.
    pub has_next: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_previous: false, has_next: false }
    }
}

impl<T> Page<T> {
    /// The same page of other things.
    pub fn map<U>(self, f: impl Fn(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(|(key, row)| (key, f(row))).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }

    /// The same page of other things, or why one of them can't be.
    pub(super) fn try_map<U, E>(self, f: impl Fn(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let rows = self.rows.into_iter().map(|(key, row)| Ok((key, f(row)?))).collect::<Result<_, E>>()?;
        Ok(Page { rows, has_previous: self.has_previous, has_next: self.has_next })
    }

    /// The rows without their keys.
    pub fn into_rows(self) -> Vec<T> {
        self.rows.into_iter().map(|(_, row)| row).collect()
    }
}

/// The columns that a list is sorted by, all in one direction, the last of them unique.
#[derive(Clone, Debug)]
pub(super) struct SortedBy<C> {
    pub(super) columns: Vec<SortColumn<C>>,
    pub(super) order: Order,
}

/// One column of a sort.
#[derive(Clone, Copy, Debug)]
pub(super) struct SortColumn<C> {
    pub(super) column: C,
    pub(super) nullable: bool,
}

impl<C: ColumnTrait> SortedBy<C> {
    pub(super) fn new(columns: impl IntoIterator<Item = (C, bool)>, order: Order) -> Self {
        Self { columns: columns.into_iter().map(|(column, nullable)| SortColumn { column, nullable }).collect(), order }
    }

    /// Orders, bounds and limits a query to one more row than the page, so that it is known whether the list goes on.
    pub(super) fn apply<Q: QuerySelect<QueryStatement = SelectStatement> + QueryTrait>(
        &self,
        mut query: Q,
        page: &PageRequest,
    ) -> Q {
        let statement = QuerySelect::query(&mut query);
        if let Some(after) = &page.after {
            statement.cond_where(self.beyond(after, self.order));
        }
        if let Some(before) = &page.before {
            statement.cond_where(self.beyond(before, reversed(self.order)));
        }
        let order = if page.backward { reversed(self.order) } else { self.order };
        for sort in &self.columns {
            let column = Expr::col(sort.column.as_column_ref());
            if sort.nullable {
                // Missing first in ascending order, on both databases (they disagree by default).
                statement.order_by_expr(column.clone().is_not_null(), sql(order));
            }
            statement.order_by_expr(column, sql(order));
        }
        statement.limit(page.size + 1);
        query
    }

    /// Rows that come after `key` in `order`: for `(a, b, id)` it is `a > k0 or (a = k0 and (b > k1 or (b = k1 and id > k2)))`.
    fn beyond(&self, key: &Key, order: Order) -> Condition {
        let mut parts = self.columns.iter().zip(key).rev();
        let mut condition = Condition::any();
        if let Some((sort, part)) = parts.next() {
            condition = condition.add(strictly_beyond(sort, part, order));
        }
        for (sort, part) in parts {
            let tie = Condition::all().add(equal(sort, part)).add(condition);
            condition = Condition::any().add(strictly_beyond(sort, part, order)).add(tie);
        }
        // Implied by the rest, and the only part that PostgreSQL turns into the start of an index scan.
        let start =
            self.columns.iter().zip(key).next().filter(|(sort, part)| !sort.nullable && **part != KeyPart::Null);
        let start = start.map(|(sort, part)| match order {
            Order::Asc => Expr::col(sort.column.as_column_ref()).gte(Value::from(part.clone())),
            Order::Desc => Expr::col(sort.column.as_column_ref()).lte(Value::from(part.clone())),
        });
        Condition::all().add_option(start).add(condition)
    }
}

/// How many rows a query finds, counted up to `up_to`.
pub(super) async fn count_up_to<E>(conn: &Conn, query: Select<E>, up_to: u64) -> Result<u64, StoreError>
where
    E: EntityTrait<Model: Send + Sync>,
{
    // Counted are rows of a constant: to read a column of each takes SQLite half as long again.
    Ok(query.select_only().expr_as(Expr::cust("1"), "one").limit(up_to).count(conn).await?)
}

/// Cuts the extra row off and turns a backward page round.
pub(super) fn cut<T>(mut rows: Vec<T>, request: &PageRequest, key: impl Fn(&T) -> Key) -> Page<T> {
    let size = usize::try_from(request.size).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    if request.backward {
        rows.reverse();
    }
    let (has_previous, has_next) =
        if request.backward { (more, request.before.is_some()) } else { (request.after.is_some(), more) };
    Page { rows: rows.into_iter().map(|row| (key(&row), row)).collect(), has_previous, has_next }
}

fn strictly_beyond<C: ColumnTrait>(sort: &SortColumn<C>, part: &KeyPart, order: Order) -> Condition {
    let column = Expr::col(sort.column.as_column_ref());
    let value = Value::from(part.clone());
    match (part, order) {
        (KeyPart::Null, Order::Asc) => Condition::all().add(column.is_not_null()),
        // Nothing sorts before a missing value.
        (KeyPart::Null, Order::Desc) => Condition::all().add(Expr::val(false)),
        (_, Order::Asc) => Condition::all().add(column.gt(value)),
        (_, Order::Desc) if sort.nullable => Condition::any().add(column.clone().lt(value)).add(column.is_null()),
        (_, Order::Desc) => Condition::all().add(column.lt(value)),
    }
}

fn equal<C: ColumnTrait>(sort: &SortColumn<C>, part: &KeyPart) -> Condition {
    let column = Expr::col(sort.column.as_column_ref());
    match part {
        KeyPart::Null => Condition::all().add(column.is_null()),
        _ => Condition::all().add(column.eq(Value::from(part.clone()))),
    }
}
