//! Writing many rows with one statement, whatever their number. On PostgreSQL the statement's text depends on the table alone, so that it
//! is parsed and planned once, and each column travels as one array.
//!
//! Against one placeholder per value, which every other number of rows makes another statement of, this is several times quicker there,
//! and an array takes a fraction of the time that the same rows as JSON do. SQLite runs inside the process and takes a value for each
//! place; where it has to look rows up it reads them from JSON.

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
    if conn.is_postgres() {
        let given = given_as_arrays(&columns);
        let sql = format!("{into} select {} from {given} {otherwise}", list(&columns, Column::read));
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let values = arrays(&columns, rows.by_ref().take(ROWS_MAX));
            conn.execute_sql(&sql, values).await?;
        }
        return Ok(());
    }
    // Written out here rather than built as a tree of tens of thousands of expressions, which takes longer than the insert.
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let count = rows.len().min(VALUES_MAX / columns.len().max(1));
        let sql = format!("{into} values {} {otherwise}", vec![row.as_str(); count].join(", "));
        conn.execute_sql(&sql, rows.by_ref().take(count).flat_map(values).collect()).await?;
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
    let place = |name: &str| columns.iter().position(|column| column.name == name).unwrap_or_default();
    let (tenant, id, version) = (place("tenant_id"), place("id"), place("version"));
    let set = columns.iter().filter(|column| ![tenant, id, version].contains(&column.place)).collect::<Vec<_>>();
    let is_postgres = conn.is_postgres();
    let set = list(&set, |column| {
        format!(
            "{} = {}",
            quoted(column.name),
            if is_postgres { column.read() } else { format!("r.c{}", column.place) }
        )
    });
    let given = if is_postgres {
        given_as_arrays(&columns)
    } else {
        let read = list(&columns, |column| format!("{} as c{}", column.in_json(), column.place));
        format!("(select {read} from json_each($1)) as r")
    };
    let sql = format!(
        "update {} as t set version = r.c{version} + 1, {set} from {given}
         where t.tenant_id = r.c{tenant} and t.id = r.c{id} and t.version = r.c{version}",
        table::<A::Entity>()
    );
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let some: Vec<M> = rows.by_ref().take(ROWS_MAX).collect();
        let count = some.len() as u64;
        let values = if is_postgres { arrays(&columns, some.into_iter()) } else { vec![objects(&some).into()] };
        if conn.execute_sql(&sql, values).await? != count {
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
    is_nullable: bool,
}

impl Column {
    /// The column's value in the arrays that are given: missing where the other array says so.
    fn read(&self) -> String {
        let place = self.place;
        if self.is_nullable {
            format!("case when r.m{place} then null else r.c{place} end")
        } else {
            format!("r.c{place}")
        }
    }

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
    let column = |(place, column): (usize, E::Column)| {
        let def = column.def();
        let type_name = type_name(def.get_column_type());
        Column { place, name: column.as_str(), type_name, is_nullable: def.is_null() }
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

/// The values of a row, taken out of it, in the order of the columns.
fn values<A: ActiveModelTrait>(row: impl IntoActiveModel<A>) -> impl Iterator<Item = Value> {
    let mut row = row.into_active_model();
    // Each is set, for it comes from a whole row.
    <A::Entity as EntityTrait>::Column::iter().filter_map(move |column| row.take(column).into_value())
}

/// What [`arrays`] gives, as the rows of a table `r`: a column `c0` for each column, and `m0` beside each that may be missing.
fn given_as_arrays(columns: &[Column]) -> String {
    let (mut arrays, mut names) = (Vec::new(), Vec::new());
    for column in columns {
        arrays.push(format!("${}::{}[]", arrays.len() + 1, column.type_name));
        names.push(format!("c{}", column.place));
        if column.is_nullable {
            arrays.push(format!("${}::boolean[]", arrays.len() + 1));
            names.push(format!("m{}", column.place));
        }
    }
    format!("unnest({}) as r({})", arrays.join(", "), names.join(", "))
}

/// Each column as one array; for one that may be missing, a second that says where it is, or null if it is nowhere. One that is missing
/// everywhere is null itself. An array bound by sea-query holds no nulls: where a value is missing stands any other.
fn arrays<A: ActiveModelTrait>(columns: &[Column], rows: impl Iterator<Item = impl IntoActiveModel<A>>) -> Vec<Value> {
    let mut arrays: Vec<Array> = columns.iter().map(Array::of).collect();
    for row in rows {
        arrays.iter_mut().zip(values(row)).for_each(|(array, value)| array.push(value));
    }
    arrays.into_iter().flat_map(Array::into_values).collect()
}

/// The values of one column.
struct Array {
    of: ArrayType,
    /// What stands where a value is missing.
    blank: Value,
    values: Vec<Value>,
    /// Which are missing, if any may be.
    missing: Option<Vec<bool>>,
}

impl Array {
    fn of(column: &Column) -> Self {
        let (of, blank) = column.in_array();
        Self { of, blank, values: Vec::new(), missing: column.is_nullable.then(Vec::new) }
    }

    fn push(&mut self, value: Value) {
        let is_missing = is_missing(&value);
        self.values.push(if is_missing { self.blank.clone() } else { value });
        if let Some(missing) = &mut self.missing {
            missing.push(is_missing);
        }
    }

    fn into_values(self) -> impl Iterator<Item = Value> {
        let all = |of, values: Vec<Value>| Value::Array(of, Some(Box::new(values)));
        let (values, flags) = match self.missing {
            None => (all(self.of, self.values), None),
            Some(missing) if missing.iter().all(|is_missing| *is_missing) => {
                (Value::Array(self.of, None), Some(Value::Array(ArrayType::Bool, None)))
            }
            Some(missing) => {
                let is_any = missing.contains(&true);
                let flags = if is_any {
                    all(ArrayType::Bool, missing.into_iter().map(Value::from).collect())
                } else {
                    Value::Array(ArrayType::Bool, None)
                };
                (all(self.of, self.values), Some(flags))
            }
        };
        std::iter::once(values).chain(flags)
    }
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
