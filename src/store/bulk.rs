//! Writing many rows with one statement, whatever their number: the statement's text depends on the table alone, so that the database
//! parses and plans it once, and the rows travel as one JSON text.
//!
//! Against one placeholder per value, which every other number of rows makes another statement of, this is several times quicker on
//! PostgreSQL. SQLite runs inside the process and is not asked to read JSON where rows can be bound: its decimals would lose their
//! last bit on the way.

use std::fmt::Write as _;

use sea_orm::sea_query::ColumnType;
use sea_orm::{ColumnTrait, EntityName, EntityTrait, IdenStatic, Iterable, ModelTrait, Value};

use super::conn::Conn;
use super::error::StoreError;

/// SQLite takes 32,766 values per statement.
const VALUES_MAX: usize = 30_000;
/// Rows of one statement as JSON: a text of some megabytes.
const ROWS_MAX: usize = 2_000;

/// Inserts rows, many to a statement.
pub(super) async fn insert_all<M: ModelTrait>(conn: &Conn, rows: Vec<M>) -> Result<(), StoreError> {
    let columns = columns::<M>();
    let into = format!("insert into {} ({})", table::<M>(), list(&columns, |column| quoted(column.name)));
    if conn.is_postgres() {
        let sql = format!(
            "{into} select {} from {} as r({})",
            list(&columns, Column::read),
            "json_to_recordset(cast($1 as text)::json)",
            list(&columns, |column| format!("c{} {}", column.place, column.type_name)),
        );
        for rows in rows.chunks(ROWS_MAX) {
            conn.execute_sql(&sql, vec![objects(rows, Bytes::Escaped).into()]).await?;
        }
        return Ok(());
    }
    // Written out here rather than built as a tree of tens of thousands of expressions, which takes longer than the insert.
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    for rows in rows.chunks(VALUES_MAX / columns.len().max(1)) {
        let sql = format!("{into} values {}", vec![row.as_str(); rows.len()].join(", "));
        let of_row =
            |row: &M| <M::Entity as EntityTrait>::Column::iter().map(|column| row.get(column)).collect::<Vec<_>>();
        conn.execute_sql(&sql, rows.iter().flat_map(of_row).collect()).await?;
    }
    Ok(())
}

/// Writes whole rows with `version` raised by one, where the version is still the one that they carry. A conflict if one of them has
/// another version by now or is gone; then some of the others may have been written, and the caller's transaction must not be kept.
pub(super) async fn update_versioned<M: ModelTrait>(conn: &Conn, rows: &[M]) -> Result<(), StoreError> {
    let columns = columns::<M>();
    let place = |name: &str| columns.iter().position(|column| column.name == name).unwrap_or_default();
    let (tenant, id, version) = (place("tenant_id"), place("id"), place("version"));
    let set = columns.iter().filter(|column| ![tenant, id, version].contains(&column.place)).collect::<Vec<_>>();
    let set = list(&set, |column| format!("{} = {}", quoted(column.name), column.read()));
    let given = if conn.is_postgres() {
        let typed = list(&columns, |column| format!("c{} {}", column.place, column.type_name));
        format!("json_to_recordset(cast($1 as text)::json) as r({typed})")
    } else {
        let read = list(&columns, |column| format!("{} as c{}", column.in_json(), column.place));
        format!("(select {read} from json_each($1)) as r")
    };
    let sql = format!(
        "update {} as t set version = r.c{version} + 1, {set} from {given}
         where t.tenant_id = r.c{tenant} and t.id = r.c{id} and t.version = r.c{version}",
        table::<M>()
    );
    let bytes = if conn.is_postgres() { Bytes::Escaped } else { Bytes::Hexadecimal };
    for rows in rows.chunks(ROWS_MAX) {
        let touched = conn.execute_sql(&sql, vec![objects(rows, bytes).into()]).await?;
        if touched != rows.len() as u64 {
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
    /// The column's value in the rows that are given. A JSON null is a value where the column must have one.
    fn read(&self) -> String {
        let Self { place, type_name, is_nullable, .. } = self;
        if *type_name == "jsonb" && !is_nullable {
            format!("coalesce(r.c{place}, 'null')")
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
}

fn columns<M: ModelTrait>() -> Vec<Column> {
    let column = |(place, column): (usize, <M::Entity as EntityTrait>::Column)| {
        let def = column.def();
        let type_name = type_name(def.get_column_type());
        Column { place, name: column.as_str(), type_name, is_nullable: def.is_null() }
    };
    <M::Entity as EntityTrait>::Column::iter().enumerate().map(column).collect()
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

fn table<M: ModelTrait>() -> String {
    quoted(M::Entity::default().table_name())
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn list<T>(of: &[T], part: impl Fn(&T) -> String) -> String {
    of.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// The rows as an array of objects `{"c0": …}`; what is missing is left out.
fn objects<M: ModelTrait>(rows: &[M], bytes: Bytes) -> String {
    let mut text = String::with_capacity(rows.len() * 512);
    text.push('[');
    for (index, row) in rows.iter().enumerate() {
        text.push_str(if index == 0 { "{" } else { ",{" });
        let mut first = true;
        for (place, column) in <M::Entity as EntityTrait>::Column::iter().enumerate() {
            let Some(value) = shown(&row.get(column), bytes) else { continue };
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

/// How bytes stand in the JSON.
#[derive(Clone, Copy)]
enum Bytes {
    /// As PostgreSQL reads them: `\xc0de`.
    Escaped,
    /// As SQLite's `unhex` reads them: `c0de`.
    Hexadecimal,
}

/// A value as JSON; nothing for one that is missing.
fn shown(value: &Value, bytes: Bytes) -> Option<String> {
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
            match bytes {
                Bytes::Escaped => format!("\"\\\\x{digits}\""),
                Bytes::Hexadecimal => format!("\"{digits}\""),
            }
        }),
        // No column has another type; one that is added without a line here is refused by the database, for it must not be null.
        _ => None,
    }
}
