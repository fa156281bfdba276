//! Texts, by code points and without any pattern's wildcards.

use super::sql::{Dialect, Sql};
use crate::rules::{Comparison, Pattern};

/// Texts in order, by code point. Columns compare so anyhow; of values and results PostgreSQL must be told.
pub(super) fn compare(dialect: Dialect, op: Comparison, left: &Sql, right: &Sql) -> Sql {
    if op.is_equality() || dialect == Dialect::Sqlite {
        return super::numbers::compare(op, left, right);
    }
    Sql::comparison(&format!("{{0}} {} {{1}} collate \"C\"", op.symbol()), &[left, right])
}

/// How many code points.
pub(super) fn size(dialect: Dialect, text: &Sql) -> Sql {
    match dialect {
        Dialect::Postgres => Sql::closed("cast(length({0,}) as bigint)", &[text]),
        Dialect::Sqlite => Sql::closed("length({0,})", &[text]),
    }
}

/// A to Z become a to z.
pub(super) fn lower_ascii(dialect: Dialect, text: &Sql) -> Sql {
    match dialect {
        Dialect::Postgres => Sql::closed("lower({0} collate \"C\")", &[text]),
        // Without its ICU extension, which Baton does not load, SQLite knows no other letters.
        Dialect::Sqlite => Sql::closed("lower({0,})", &[text]),
    }
}

pub(super) fn contains(dialect: Dialect, text: &Sql, part: &Sql) -> Sql {
    let function = if dialect == Dialect::Postgres { "strpos" } else { "instr" };
    Sql::comparison(&format!("{function}({{0,}}, {{1,}}) > 0"), &[text, part])
}

pub(super) fn starts_with(dialect: Dialect, text: &Sql, part: &Sql) -> Sql {
    match dialect {
        Dialect::Postgres => Sql::closed("starts_with({0,}, {1,})", &[text, part]),
        Dialect::Sqlite => Sql::comparison("instr({0,}, {1,}) = 1", &[text, part]),
    }
}

pub(super) fn ends_with(dialect: Dialect, text: &Sql, part: &Sql) -> Sql {
    let template = match dialect {
        Dialect::Postgres => "right({0,}, length({1,})) = {1}",
        Dialect::Sqlite => "substr({0,}, length({0,}) - length({1,}) + 1) = {1}",
    };
    Sql::once(dialect, &[text, part], |atoms| Sql::comparison(template, &atoms.iter().collect::<Vec<_>>()))
}

/// A pattern that is a text between anchors, if any: `^Gold$`, `^Gold`, `Gold$`, `Gold`. `None` for all others.
pub(super) fn matches(dialect: Dialect, text: &Sql, pattern: &Pattern) -> Option<Sql> {
    let written = pattern.text();
    let (from_start, rest) = written.strip_prefix('^').map_or((false, written), |rest| (true, rest));
    let (to_end, rest) = match rest.strip_suffix('$') {
        // An escaped `$` is a letter; an escaped backslash before it is not worth telling apart.
        Some(rest) if !rest.ends_with('\\') => (true, rest),
        _ => (false, rest),
    };
    let literal = Sql::bound(plain(rest)?);
    Some(match (from_start, to_end) {
        (true, true) => Sql::comparison("{0} = {1}", &[text, &literal]),
        (true, false) => starts_with(dialect, text, &literal),
        (false, true) => ends_with(dialect, text, &literal),
        (false, false) => contains(dialect, text, &literal),
    })
}

/// The text that a pattern without anything special stands for.
fn plain(pattern: &str) -> Option<String> {
    const SPECIAL: &str = "\\.+*?()|[]{}^$";
    let mut plain = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.push(letters.next().filter(|escaped| SPECIAL.contains(*escaped))?),
            letter if SPECIAL.contains(letter) => return None,
            letter => plain.push(letter),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    // EXPR-5
    #[test]
    fn only_a_text_between_anchors_is_a_pattern_that_databases_know() {
        let said = |pattern: &str| {
            let sql = matches(Dialect::Postgres, &Sql::atom("name"), &Pattern::new(pattern).unwrap());
            sql.map(|sql| format!("{} {:?}", sql.numbered(Dialect::Postgres), sql.values()))
        };
        for (pattern, sql) in [
            ("^A b$", "name = $1 [String(Some(\"A b\"))]"),
            ("^A\\.b", "starts_with(name, $1) [String(Some(\"A.b\"))]"),
            ("b\\$$", "right(name, length($1)) = $2 [String(Some(\"b$\")), String(Some(\"b$\"))]"),
            ("100%", "strpos(name, $1) > 0 [String(Some(\"100%\"))]"),
            ("a\\$", "strpos(name, $1) > 0 [String(Some(\"a$\"))]"),
        ] {
            assert_eq!(said(pattern).as_deref(), Some(sql), "{pattern}");
        }
        for pattern in ["a.b", "^a+$", "a|b", "(?i)a", "\\d", "[a]", "a$b", "\\x41"] {
            assert_eq!(said(pattern), None, "{pattern}");
        }
    }
}
