//! Lists: what is in them, what holds of their items, how many they are.
//!
//! A list is a table of its items. Unknown is counted as a number between false and true, so that one aggregate says what holds of
//! all items without working any of them out twice.

use super::numbers::if_present;
use super::sql::{Dialect, Sql};

/// The items of a list.
pub(super) struct Items {
    /// The table, with its alias.
    pub(super) from: Sql,
    /// The item at hand.
    pub(super) item: Sql,
    /// Whether there is a list at all; none where there always is. INVARIANT: no item is null where this holds, and a stored list has no
    /// items where it does not.
    pub(super) present: Option<Sql>,
}

impl Items {
    /// The texts of a JSON array.
    pub(super) fn texts(dialect: Dialect, array: &Sql, alias: &str, present: Option<Sql>) -> Self {
        let (from, item) = match dialect {
            Dialect::Postgres => (format!("jsonb_array_elements_text({{0,}}) as {alias}(v)"), format!("{alias}.v")),
            Dialect::Sqlite => (format!("json_each({{0,}}) as {alias}"), format!("{alias}.value")),
        };
        Self { from: Sql::closed(&from, &[array]), item: Sql::atom(item), present }
    }

    /// The `prefix` of each object of a JSON array.
    pub(super) fn prefixes(dialect: Dialect, array: &Sql, alias: &str, present: Option<Sql>) -> Self {
        let (from, item) = match dialect {
            Dialect::Postgres => {
                (format!("jsonb_array_elements({{0,}}) as {alias}(v)"), format!("({alias}.v ->> 'prefix')"))
            }
            Dialect::Sqlite => (format!("json_each({{0,}}) as {alias}"), format!("({alias}.value ->> 'prefix')")),
        };
        Self { from: Sql::closed(&from, &[array]), item: Sql::atom(item), present }
    }

    /// Items that are at hand; at least one.
    pub(super) fn of(dialect: Dialect, items: &[Sql], alias: &str, present: Option<Sql>) -> Self {
        let rows: Vec<Sql> = items.iter().map(|item| Sql::closed("({0,})", &[item])).collect();
        let from = match dialect {
            Dialect::Postgres => format!("(values {{0,}}) as {alias}(v)"),
            // There a lone column keeps its own name in `values`.
            Dialect::Sqlite => format!("(with w(v) as (values {{0,}}) select v from w) as {alias}"),
        };
        Self { from: Sql::closed(&from, &[&Sql::listed(&rows)]), item: Sql::atom(format!("{alias}.v")), present }
    }

    /// No items.
    pub(super) fn none(alias: &str) -> Self {
        let from = Sql::atom(format!("(select cast(null as text) as v where false) as {alias}"));
        Self { from, item: Sql::atom(format!("{alias}.v")), present: None }
    }

    fn when_present(&self, then: Sql) -> Sql {
        match &self.present {
            None => then,
            Some(present) => Sql::closed("case when {0,} then {1,} end", &[present, &then]),
        }
    }

    /// How many.
    pub(super) fn size(&self) -> Sql {
        self.when_present(Sql::closed("(select count(*) from {0,})", &[&self.from]))
    }

    /// Whether a value is among them; `sure` if that value is never missing.
    pub(super) fn contain(&self, dialect: Dialect, value: &Sql, sure: bool) -> Sql {
        let found = Sql::comparison("{0} in (select {1,} from {2,})", &[value, &self.item, &self.from]);
        if sure {
            return self.when_present(found);
        }
        // A missing value is unknown, also in an empty list.
        Sql::once(dialect, &[value], |value| match value {
            [value] => {
                let found = Sql::comparison("{0} in (select {1,} from {2,})", &[value, &self.item, &self.from]);
                self.when_present(Sql::closed("case when {0} is not null then {1,} end", &[value, &found]))
            }
            _ => found,
        })
    }

    /// Whether a condition holds of any of them, or of all.
    pub(super) fn hold(&self, dialect: Dialect, every: bool, condition: &Sql) -> Sql {
        // False is 0, unknown 1, true 2: what holds of any is the greatest. What holds of all fails of none.
        let condition = if every { Sql::comparison("not {0}", &[condition]) } else { condition.clone() };
        let (number, fence) = match dialect {
            Dialect::Postgres => ("coalesce(cast({0,} as integer) * 2, 1)", " offset 0"),
            Dialect::Sqlite => ("coalesce(({0,}) * 2, 1)", ""),
        };
        // In a table of its own, because an aggregate of what names no item would belong to the rows outside.
        let greatest = Sql::closed(
            &format!("(select max(i.t) from (select {number} as t from {{1,}}{fence}) i)"),
            &[&condition, &self.from],
        );
        let wanted = if every { 0 } else { 2 };
        let template = format!("nullif(coalesce({{0,}}, 0), 1) = {wanted}");
        self.when_present(Sql::comparison(&template, &[&greatest]))
    }

    /// Whether a condition surely holds of any of them: only true where it does, false or unknown elsewhere.
    pub(super) fn surely_hold(&self, condition: &Sql) -> Sql {
        Sql::closed("exists (select 1 from {1,} where {0,})", &[condition, &self.from])
    }
}

/// Whether all values are there.
pub(super) fn all_present(values: &[Sql]) -> Sql {
    Sql::joined(true, values.iter().map(|value| Sql::comparison("{0} is not null", &[value])).collect())
}

/// Whether a value is among given ones of the same type.
pub(super) fn among(value: &Sql, given: &[Sql]) -> Sql {
    match given {
        [] => if_present(value, false),
        given => Sql::comparison("{0} in ({1,})", &[value, &Sql::listed(given)]),
    }
}
