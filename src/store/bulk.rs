//! Writing many rows with one statement, whatever their number: what is the same in all of them is given once. On PostgreSQL each other
//! column travels as one array, so that a statement's text depends on the table and on which columns differ, and is parsed and planned
//! once.
//!
//! Against one placeholder per value, which every other number of rows makes another statement of, this is several times quicker there,
//! and an array takes a fraction of the time that the same rows as JSON do. SQLite runs inside the process and takes what differs a value
//! for each place; where it has to look rows up it reads them from JSON.

use std::fmt::Write as _;

use sea_orm::sea_query::{ArrayType, ColumnType};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IdenStatic, IntoActiveModel, Iterable, ModelTrait, Value};

use super::conn::Conn;
use super::error::StoreError;

/// SQLite takes 32,766 values per statement.
const VALUES_MAX: usize = 30_000;
/// Rows of one statement otherwise: some megabytes.
const ROWS_MAX: usize = 2_000;

/// Inserts rows, many to a statement.
pub(super) async fn insert_all<A: ActiveModelTrait>(
    conn: &Conn,
    rows: Vec<impl IntoActiveModel<A>>,
) -> Result<(), StoreError> {
    insert_all_or(conn, rows, "").await
}

/// Inserts rows; `otherwise` is an `on conflict` clause, or nothing.
pub(super) async fn insert_all_or<A: ActiveModelTrait>(
    conn: &Conn,
    rows: Vec<impl IntoActiveModel<A>>,
    otherwise: &str,
) -> Result<(), StoreError> {
    let columns = columns::<A::Entity>();
    let into = format!("insert into {} ({})", table::<A::Entity>(), list(&columns, |column| quoted(column.name)));
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let Given { read, from, bound } = if conn.is_postgres() {
            Given::as_arrays(&columns, rows.by_ref().take(ROWS_MAX))
        } else {
            Given::as_values(&columns, rows.by_ref().take(VALUES_MAX / columns.len().max(1)))
        };
        // SQLite takes an `on` for a join's without the condition.
        let sql = format!("{into} select {}{from} where true {otherwise}", read.join(", "));
        conn.execute_sql(&sql, bound).await?;
    }
    Ok(())
}

/// Writes whole rows with `version` raised by one, where the version is still the one that they carry. A conflict if one of them has
/// another version by now or is gone; then some of the others may have been written, and the caller's transaction must not be kept.
pub(super) async fn update_versioned<A: ActiveModelTrait, M>(conn: &Conn, rows: Vec<M>) -> Result<(), StoreError>
where
    M: ModelTrait<Entity = A::Entity> + IntoActiveModel<A>,
{
    let columns = columns::<A::Entity>();
    let table = table::<A::Entity>();
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let some: Vec<M> = rows.by_ref().take(ROWS_MAX).collect();
        let count = some.len() as u64;
        let (read, from, bound) = if conn.is_postgres() {
            let Given { read, from, bound } = Given::as_arrays(&columns, some.into_iter());
            (read, from, bound)
        } else {
            let read = columns.iter().map(|column| format!("r.c{}", column.place)).collect();
            let fields = list(&columns, |column| format!("{} as c{}", column.in_json(), column.place));
            (read, format!(" from (select {fields} from json_each($1)) as r"), vec![objects(&some).into()])
        };
        let (mut set, mut held) = (Vec::new(), Vec::new());
        for (column, read) in columns.iter().zip(read) {
            match column.name {
                "tenant_id" | "id" => held.push(format!("t.{} = {read}", column.name)),
                "version" => {
                    set.push(format!("version = {read} + 1"));
                    held.push(format!("t.version = {read}"));
                }
                name => set.push(format!("{} = {read}", quoted(name))),
            }
        }
        let sql = format!("update {table} as t set {}{from} where {}", set.join(", "), held.join(" and "));
        if conn.execute_sql(&sql, bound).await? != count {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

/// A column of a table.
struct Column {
    place: usize,
    name: &'static str,
    type_name: &'static str,
}

impl Column {
    /// The column's value in a row of JSON, as SQLite stores it.
    fn in_json(&self) -> String {
        let place = self.place;
        match self.type_name {
            "uuid" | "bytea" => format!("unhex(value ->> 'c{place}')"),
            "jsonb" => format!("value -> 'c{place}'"),
            _ => format!("value ->> 'c{place}'"),
        }
    }

    /// The type of the column's array, and what stands in it where a value is missing.
    fn in_array(&self) -> (ArrayType, Value) {
        match self.type_name {
            "uuid" => (ArrayType::Uuid, uuid::Uuid::nil().into()),
            "bigint" => (ArrayType::BigInt, 0_i64.into()),
            "double precision" => (ArrayType::Double, 0.0_f64.into()),
            "boolean" => (ArrayType::Bool, false.into()),
            "jsonb" => (ArrayType::Json, serde_json::Value::Null.into()),
            "bytea" => (ArrayType::Bytes, Vec::<u8>::new().into()),
            _ => (ArrayType::String, String::new().into()),
        }
    }
}

/// Whether a value of one of the types that columns have is missing.
fn is_missing(value: &Value) -> bool {
    match value {
        Value::Bool(value) => value.is_none(),
        Value::BigInt(value) => value.is_none(),
        Value::Double(value) => value.is_none(),
        Value::String(value) => value.is_none(),
        Value::Uuid(value) => value.is_none(),
        Value::Json(value) => value.is_none(),
        Value::Bytes(value) => value.is_none(),
        _ => false,
    }
}

fn columns<E: EntityTrait>() -> Vec<Column> {
    let column = |(place, column): (usize, E::Column)| Column {
        place,
        name: column.as_str(),
        type_name: type_name(column.def().get_column_type()),
    };
    E::Column::iter().enumerate().map(column).collect()
}

/// As PostgreSQL calls it. A type that no table has yet becomes text, which the database refuses where it does not fit.
fn type_name(of: &ColumnType) -> &'static str {
    match of {
        ColumnType::Uuid => "uuid",
        ColumnType::BigInteger => "bigint",
        ColumnType::Double => "double precision",
        ColumnType::Boolean => "boolean",
        ColumnType::Json | ColumnType::JsonBinary => "jsonb",
        ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => "bytea",
        _ => "text",
    }
}

fn table<E: EntityTrait>() -> String {
    quoted(E::default().table_name())
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn list<T>(of: &[T], part: impl Fn(&T) -> String) -> String {
    of.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// Rows as a statement is given them.
struct Given {
    /// How each column is read.
    read: Vec<String>,
    /// What it is read from; empty where all is the same in all rows.
    from: String,
    bound: Vec<Value>,
}

impl Given {
    /// As SQLite takes them: what is the same in all rows, and then row by row what differs.
    fn as_values<A: ActiveModelTrait>(
        columns: &[Column],
        rows: impl ExactSizeIterator<Item = impl IntoActiveModel<A>>,
    ) -> Self {
        let count = rows.len();
        let (mut read, mut bound, mut differing) = (Vec::new(), Vec::new(), Vec::new());
        for mut all in by_column(columns, rows) {
            if is_same(&all) {
                bound.extend(all.pop());
                // Places with numbers are looked up one by one, which takes longer than the insert.
                read.push("?".to_owned());
            } else {
                differing.push(all.into_iter());
                read.push(format!("column{}", differing.len()));
            }
        }
        if differing.is_empty() {
            return Self { read, from: as_often(count), bound };
        }
        bound.reserve(count * differing.len());
        for _ in 0..count {
            bound.extend(differing.iter_mut().filter_map(Iterator::next));
        }
        // Written out here rather than built as a tree of tens of thousands of expressions, which takes longer than the insert.
        let row = format!("({})", vec!["?"; differing.len()].join(", "));
        let from = format!(" from (values {})", vec![row.as_str(); count].join(", "));
        Self { read, from, bound }
    }

    /// As PostgreSQL takes them: what is the same in all rows, and each other column as an array. An array bound by sea-query holds no
    /// nulls: where a value is missing stands any other, and a second array says where.
    fn as_arrays<A: ActiveModelTrait>(
        columns: &[Column],
        rows: impl ExactSizeIterator<Item = impl IntoActiveModel<A>>,
    ) -> Self {
        let count = rows.len();
        let mut given = Self { read: Vec::new(), from: String::new(), bound: Vec::new() };
        let mut differing = Vec::new();
        for (column, mut all) in columns.iter().zip(by_column(columns, rows)) {
            let (place, type_name) = (column.place, column.type_name);
            if is_same(&all) {
                given.bound.extend(all.pop());
                given.read.push(format!("${}::{type_name}", given.bound.len()));
                continue;
            }
            let missing: Vec<bool> = all.iter().map(is_missing).collect();
            let (of, blank) = column.in_array();
            all.iter_mut().filter(|value| is_missing(value)).for_each(|value| *value = blank.clone());
            given.bound.push(Value::Array(of, Some(Box::new(all))));
            differing.push(format!("unnest(${}::{type_name}[]) as c{place}", given.bound.len()));
            if !missing.contains(&true) {
                given.read.push(format!("r.c{place}"));
                continue;
            }
            let missing = missing.into_iter().map(Value::from).collect();
            given.bound.push(Value::Array(ArrayType::Bool, Some(Box::new(missing))));
            differing.push(format!("unnest(${}::boolean[]) as m{place}", given.bound.len()));
            given.read.push(format!("case when r.m{place} then null else r.c{place} end"));
        }
        // Side by side in a `select` the arrays go row by row; in a `from` each would be written to a store of its own first.
        given.from = if differing.is_empty() {
            as_often(count)
        } else {
            format!(" from (select {}) as r", differing.join(", "))
        };
        given
    }
}

/// Rows that can't be told from one another are still as many.
fn as_often(count: usize) -> String {
    if count == 1 { String::new() } else { format!(" from (values {})", vec!["(0)"; count].join(", ")) }
}

/// The values of rows, column by column.
fn by_column<A: ActiveModelTrait>(
    columns: &[Column],
    rows: impl ExactSizeIterator<Item = impl IntoActiveModel<A>>,
) -> Vec<Vec<Value>> {
    let mut by_column: Vec<Vec<Value>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        let mut row = row.into_active_model();
        // Each is set, for it comes from a whole row.
        let values = <A::Entity as EntityTrait>::Column::iter().filter_map(|column| row.take(column).into_value());
        by_column.iter_mut().zip(values).for_each(|(all, value)| all.push(value));
    }
    by_column
}

/// Whether all of a column's values are one.
fn is_same(all: &[Value]) -> bool {
    all.split_first().is_some_and(|(first, others)| others.iter().all(|other| other == first))
}

/// The rows as a JSON array of objects `{"c0": …}`, bytes as SQLite's `unhex` reads them; what is missing is left out.
fn objects<M: ModelTrait>(rows: &[M]) -> String {
    let mut text = String::with_capacity(rows.len() * 512);
    text.push('[');
    for (index, row) in rows.iter().enumerate() {
        text.push_str(if index == 0 { "{" } else { ",{" });
        let mut first = true;
        for (place, column) in <M::Entity as EntityTrait>::Column::iter().enumerate() {
            let Some(value) = shown(&row.get(column)) else { continue };
            let separator = if first { "" } else { "," };
            first = false;
            // Writing to a text never fails.
            let _ = write!(text, "{separator}\"c{place}\":{value}");
        }
        text.push('}');
    }
    text.push(']');
    text
}

/// A value as JSON; nothing for one that is missing.
fn shown(value: &Value) -> Option<String> {
    let quote = |text: &str| serde_json::to_string(text).unwrap_or_default();
    match value {
        Value::Bool(value) => value.map(|value| value.to_string()),
        Value::BigInt(value) => value.map(|value| value.to_string()),
        Value::Double(value) => value.and_then(|value| serde_json::to_string(&value).ok()),
        Value::String(value) => value.as_deref().map(quote),
        Value::Uuid(value) => value.map(|value| format!("\"{}\"", value.simple())),
        Value::Json(value) => value.as_ref().map(ToString::to_string),
        Value::Bytes(value) => value.as_ref().map(|value| {
            let digits = value.iter().fold(String::with_capacity(value.len() * 2), |mut digits, byte| {
                let _ = write!(digits, "{byte:02x}");
                digits
            });
            format!("\"{digits}\"")
        }),
        // No column has another type; one that is added without a line here is refused by the database, for it must not be null.
        _ => None,
    }
}
