//! A checked rule as SQL: for grids, counts, lists and jobs over leads, dealers and users, on both databases.
//!
//! A rule means here exactly what the interpreter in `rules` says (SPEC EXPR-4, EXPR-5), or it is refused with the term named. What is
//! refused, and why:
//!
//! - `matches` with more than a text between anchors: the databases' patterns differ from ours and from each other;
//! - `int`, `double`, `timestamp` and `duration` of a text that is a field's, `string` of a moment or a duration: the databases
//!   read and write them in other forms;
//! - a time zone that is a field's value: neither database's zones are those of the interpreter, whose tables are copied into
//!   the statement for the one zone that is named;
//! - a list that depends on a condition, and a stored list compared with `==`: there is no list value that both have;
//! - what is worked out for a candidate beside a lead: it is stored nowhere;
//! - what would make a statement of more than 256 KiB.
//!
//! Comparisons of a column with a value stay what they are, so that an index serves them: `lead.state == 'OFFERED'` is
//! `leads.state = $1`. A custom field equals a value where `custom ->> 'key' = $1`; see the README for the index that serves it.

mod answers;
mod fields;
mod known;
mod lists;
mod lower;
mod moments;
mod numbers;
mod plain;
mod sql;
mod texts;

use sea_orm::sea_query::{Condition, Expr, ExprTrait, JoinType, SelectStatement};
use sea_orm::{QuerySelect, Value};

pub use self::answers::{Answers, Sorting, answers};
use self::fields::Join;
pub use self::fields::Rows;
use self::lower::Lowering;
use self::sql::{Dialect, Sql};
use super::conn::Conn;
use super::rows::{dealer, lead, request, user};
use crate::domain::Timestamp;
use crate::rules::{Catalog, Checked, Diagnostic, Type};

/// A rule that the database can be asked as a whole, for rows of one kind at one moment.
#[derive(Clone, Debug)]
pub struct Pushed {
    sql: Sql,
    dialect: Dialect,
    joins: Vec<Join>,
    ty: Type,
}

/// Which of a rule's terms can't be asked of the database, with what to write instead; none when it can be pushed down wholly.
pub fn refusals(checked: &Checked, catalog: &Catalog, rows: Rows) -> Vec<Diagnostic> {
    // What is refused depends neither on the moment nor on the database.
    let mut lowering = Lowering::new((checked, catalog), rows, Timestamp::from_micros(0), Dialect::Postgres);
    let _ = lowering.holds(checked.root());
    lowering.problems()
}

/// A rule as the databases are asked it, for people: on SQLite, then on PostgreSQL.
pub fn shown(rule: (&Checked, &Catalog), rows: Rows, now: Timestamp) -> Result<[String; 2], Vec<Diagnostic>> {
    let on = |dialect| Pushed::new(rule, rows, now, dialect).map(|pushed| pushed.shown());
    Ok([on(Dialect::Sqlite)?, on(Dialect::Postgres)?])
}

impl Pushed {
    /// The rule as a condition, for the database behind `conn`; `catalog` must be the one that it was checked against. Every term that
    /// can't be pushed down is named in the error.
    pub fn condition(
        conn: &Conn,
        rule: (&Checked, &Catalog),
        rows: Rows,
        now: Timestamp,
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::new(rule, rows, now, dialect(conn))
    }

    fn new(
        (checked, catalog): (&Checked, &Catalog),
        rows: Rows,
        now: Timestamp,
        dialect: Dialect,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut lowering = Lowering::new((checked, catalog), rows, now, dialect);
        let root = checked.root();
        let sql = if root.ty == Type::Bool { lowering.holds(root) } else { lowering.value(root) };
        Self::of(sql, lowering, root.ty)
    }

    /// The terms of a condition that can be pushed down: it holds for no row for which these do not. `None` if there is no such term.
    pub fn part(conn: &Conn, (checked, catalog): (&Checked, &Catalog), rows: Rows, now: Timestamp) -> Option<Self> {
        let lowering = || Lowering::new((checked, catalog), rows, now, dialect(conn));
        let mut whole = lowering();
        let found = checked.term_nodes().iter().filter(|term| lowering().holds(term).is_some());
        let terms: Vec<Sql> = found.filter_map(|term| whole.holds(term)).collect();
        let sql = (!terms.is_empty()).then(|| Sql::joined(true, terms));
        Self::of(sql, whole, checked.root().ty).ok()
    }

    /// The rule's own value, to sort by or to look at: unknown stays unknown.
    pub fn value(
        conn: &Conn,
        (checked, catalog): (&Checked, &Catalog),
        rows: Rows,
        now: Timestamp,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut lowering = Lowering::new((checked, catalog), rows, now, dialect(conn));
        let sql = lowering.value(checked.root());
        Self::of(sql, lowering, checked.root().ty)
    }

    fn of(sql: Option<Sql>, lowering: Lowering<'_>, ty: Type) -> Result<Self, Vec<Diagnostic>> {
        let (dialect, joins) = (lowering.fields.dialect, lowering.fields.joins().iter().copied().collect());
        match sql {
            Some(sql) => Ok(Self { sql, dialect, joins, ty }),
            None => Err(lowering.problems()),
        }
    }

    /// The SQL with its values below it, for people.
    pub fn shown(&self) -> String {
        let values = self.sql.values().iter().zip(1..).map(|(value, place)| format!("\n${place} = {}", written(value)));
        format!("{}{}\n", self.sql.numbered(self.dialect), values.collect::<String>())
    }

    /// The value as a key to sort by.
    fn key(&self) -> Sql {
        match (self.ty, self.dialect) {
            (Type::Text, Dialect::Postgres) => Sql::open("{0} collate \"C\"", &[&self.sql]),
            // A lone `true` is no key for PostgreSQL.
            (Type::Bool, _) => Sql::closed("cast({0,} as boolean)", &[&self.sql]),
            _ => self.sql.clone(),
        }
    }

    /// The query, of the rule's kind of rows, only for those that it holds for.
    fn narrow(&self, statement: &mut SelectStatement) {
        self.join(statement, &mut Vec::new());
        statement.cond_where(Condition::all().add(self.sql.expr(self.dialect)));
    }

    /// Adds the tables that the rule reads, but for those that are there.
    fn join(&self, statement: &mut SelectStatement, present: &mut Vec<Join>) {
        for join in &self.joins {
            if !present.contains(join) {
                present.push(*join);
                add(*join, statement);
            }
        }
    }
}

/// The query with a rule, if there is one.
pub(super) fn narrowed<Q: QuerySelect<QueryStatement = SelectStatement>>(mut query: Q, rule: Option<&Pushed>) -> Q {
    if let Some(rule) = rule {
        rule.narrow(QuerySelect::query(&mut query));
    }
    query
}

/// Each joined table has one row at most for a lead, so that no lead is lost or doubled.
fn add(join: Join, statement: &mut SelectStatement) {
    use lead::Column::{DealerId, RequestId, TenantId, UserId};
    let of = |column: lead::Column| (lead::Entity, column);
    match join {
        Join::Request => {
            let same = Expr::col((request::Entity, request::Column::TenantId)).equals(of(TenantId));
            let its = Expr::col((request::Entity, request::Column::Id)).equals(of(RequestId));
            statement.join(JoinType::InnerJoin, request::Entity, same.and(its))
        }
        Join::Dealer => {
            let same = Expr::col((dealer::Entity, dealer::Column::TenantId)).equals(of(TenantId));
            let its = Expr::col((dealer::Entity, dealer::Column::Id)).equals(of(DealerId));
            statement.join(JoinType::LeftJoin, dealer::Entity, same.and(its))
        }
        Join::Owner => {
            let same = Expr::col((user::Entity, user::Column::TenantId)).equals(of(TenantId));
            let its = Expr::col((user::Entity, user::Column::Id)).equals(of(UserId));
            statement.join(JoinType::LeftJoin, user::Entity, same.and(its))
        }
    };
}

fn written(value: &Value) -> String {
    match value {
        Value::BigInt(Some(number)) => number.to_string(),
        Value::Double(Some(number)) => format!("{number:?}"),
        Value::String(Some(text)) => format!("{text:?}"),
        other => format!("{other:?}"),
    }
}

fn dialect(conn: &Conn) -> Dialect {
    if conn.is_postgres() { Dialect::Postgres } else { Dialect::Sqlite }
}
