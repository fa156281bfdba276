//! Arithmetic and comparisons of numbers, moments and durations, exactly as memory does them.
//!
//! PostgreSQL raises an error where a result does not fit, SQLite quietly turns whole numbers into decimals and decimals into
//! infinity: here all of these are null. No branch that could raise is ever reached, also not by the planner, which works out what
//! has only constants in it beforehand: what is said of one operand alone never raises, or stands behind a test of that operand.

use super::sql::{Dialect, Sql};
use crate::rules::{Arithmetic, Comparison};

/// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z, in microseconds.
pub(super) const YEARS: (i64, i64) = (-62_135_596_800_000_000, 253_402_300_799_999_999);
/// The longest duration, forwards and backwards, in microseconds.
pub(super) const SPAN: (i64, i64) = (-9_223_372_036_854_775, 9_223_372_036_854_775);

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// A power of two, written out: a double as exact as any.
fn power(exponent: i32) -> String {
    format!("{:e}", 2.0_f64.powi(exponent))
}

/// A comparison of two values of one type.
pub(super) fn compare(op: Comparison, left: &Sql, right: &Sql) -> Sql {
    let symbol = match op {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        _ => op.symbol(),
    };
    Sql::comparison(&format!("{{0}} {symbol} {{1}}"), &[left, right])
}

/// A flag, unknown where the value is missing.
pub(super) fn if_present(value: &Sql, flag: bool) -> Sql {
    Sql::closed(&format!("case when {{0}} is not null then {flag} end"), &[value])
}

/// The same comparison seen from the other side.
pub(super) const fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// A whole number compared with a given double.
pub(super) fn int_with(op: Comparison, int: &Sql, double: f64) -> Sql {
    let whole = |number: f64| compare(op, int, &Sql::bound(number as i64));
    match op {
        _ if double >= TWO_TO_63 => {
            if_present(int, matches!(op, Comparison::NotEqual | Comparison::Less | Comparison::LessOrEqual))
        }
        _ if double < -TWO_TO_63 => {
            if_present(int, matches!(op, Comparison::NotEqual | Comparison::Greater | Comparison::GreaterOrEqual))
        }
        Comparison::Equal | Comparison::NotEqual if double.fract() != 0.0 => {
            if_present(int, op == Comparison::NotEqual)
        }
        Comparison::Less | Comparison::GreaterOrEqual => whole(double.ceil()),
        _ => whole(double.floor()),
    }
}

/// A double compared with a given whole number.
pub(super) fn double_with(op: Comparison, double: &Sql, int: i64) -> Sql {
    let nearest = int as f64;
    let rest = i128::from(int) - nearest as i128;
    // No double lies between the number and the nearest one, so one side of the nearest is one side of the number.
    let op = match (op, rest.signum()) {
        (op, 0) => op,
        (Comparison::Equal | Comparison::NotEqual, _) => return if_present(double, op == Comparison::NotEqual),
        (Comparison::Less | Comparison::LessOrEqual, 1) => Comparison::LessOrEqual,
        (Comparison::Less | Comparison::LessOrEqual, _) => Comparison::Less,
        (_, 1) => Comparison::Greater,
        (_, _) => Comparison::GreaterOrEqual,
    };
    compare(op, double, &Sql::bound(nearest))
}

/// A whole number compared with a double.
pub(super) fn int_with_double(dialect: Dialect, op: Comparison, int: &Sql, double: &Sql) -> Sql {
    // SQLite compares the two exactly; PostgreSQL would round the whole number.
    if dialect == Dialect::Sqlite {
        return compare(op, int, double);
    }
    let (above, below, fits) = match op {
        Comparison::Equal => (false, false, "{0} = cast(floor({1,}) as bigint) and {1} = floor({1,})"),
        Comparison::NotEqual => (true, true, "{0} <> cast(floor({1,}) as bigint) or {1} <> floor({1,})"),
        Comparison::Less => (true, false, "{0} < cast(ceil({1,}) as bigint)"),
        Comparison::LessOrEqual => (true, false, "{0} <= cast(floor({1,}) as bigint)"),
        Comparison::Greater => (false, true, "{0} > cast(floor({1,}) as bigint)"),
        Comparison::GreaterOrEqual => (false, true, "{0} >= cast(ceil({1,}) as bigint)"),
    };
    let template = format!(
        "case when {{0}} is null then null when {{1}} >= 9223372036854775808 then {above} \
         when {{1}} < -9223372036854775808 then {below} else {fits} end"
    );
    Sql::once(dialect, &[int, double], |atoms| Sql::closed(&template, &atoms.iter().collect::<Vec<_>>()))
}

/// A whole number combined with a given one; `None` where no shorter form than [`whole`]'s is exact.
pub(super) fn whole_with(dialect: Dialect, op: Arithmetic, left: &Sql, right: i64) -> Option<Sql> {
    let right_wide = i128::from(right);
    let (low, high) = (i128::from(i64::MIN), i128::from(i64::MAX));
    let (symbol, range) = match op {
        Arithmetic::Add => ("+", (low - right_wide, high - right_wide)),
        Arithmetic::Subtract => ("-", (low + right_wide, high + right_wide)),
        Arithmetic::Multiply if right > 0 => ("*", (low / right_wide, high / right_wide)),
        Arithmetic::Divide | Arithmetic::Modulo if !(-1..=0).contains(&right) => {
            let symbol = if op == Arithmetic::Divide { "/" } else { "%" };
            return Some(Sql::open(&format!("{{0}} {symbol} {{1}}"), &[left, &Sql::bound(right)]));
        }
        _ => return None,
    };
    let [from, to] = [range.0.max(low), range.1.min(high)].map(|bound| Sql::bound(bound as i64));
    let template = format!("case when {{0}} between {{1}} and {{2}} then {{0}} {symbol} {{3}} end");
    let right = Sql::bound(right);
    Some(Sql::once(dialect, &[left], |left| match left {
        [left] => Sql::closed(&template, &[left, &from, &to, &right]),
        _ => Sql::atom("null"),
    }))
}

/// Two whole numbers combined.
pub(super) fn whole(dialect: Dialect, op: Arithmetic, left: &Sql, right: &Sql) -> Sql {
    let least = Sql::bound(i64::MIN);
    let template = match (op, dialect) {
        (Arithmetic::Divide, _) => "case when {1} <> 0 and ({0} <> {2} or {1} <> -1) then {0} / {1} end",
        (Arithmetic::Modulo, _) => "case when {1} <> 0 and ({0} <> {2} or {1} <> -1) then {0} % {1} end",
        (op, Dialect::Postgres) => {
            return within(dialect, (i64::MIN, i64::MAX), op, left, right);
        }
        // A sum that does not fit is a decimal there.
        (Arithmetic::Add, Dialect::Sqlite) => "case typeof({0} + {1}) when 'integer' then {0} + {1} end",
        (Arithmetic::Subtract, Dialect::Sqlite) => "case typeof({0} - {1}) when 'integer' then {0} - {1} end",
        (Arithmetic::Multiply, Dialect::Sqlite) => "case typeof({0} * {1}) when 'integer' then {0} * {1} end",
    };
    Sql::once(dialect, &[left, right], |atoms| match atoms {
        [left, right] => Sql::closed(template, &[left, right, &least]),
        _ => Sql::atom("null"),
    })
}

/// Two whole numbers, moments or durations combined, null outside a range.
pub(super) fn within(dialect: Dialect, (from, to): (i64, i64), op: Arithmetic, left: &Sql, right: &Sql) -> Sql {
    let symbol = op.symbol();
    // PostgreSQL's `numeric` has room for every result; what SQLite can't hold it makes a decimal, far outside of any range.
    let wide = if dialect == Dialect::Postgres { "cast({0,} as numeric)" } else { "{0}" };
    let template = format!("case when {wide} {symbol} {{1}} between {{2}} and {{3}} then {{0}} {symbol} {{1}} end");
    let (from, to) = (Sql::bound(from), Sql::bound(to));
    Sql::once(dialect, &[left, right], |atoms| match atoms {
        [left, right] => Sql::closed(&template, &[left, right, &from, &to]),
        _ => Sql::atom("null"),
    })
}

/// `-x` of a whole number.
pub(super) fn negated_whole(number: &Sql) -> Sql {
    Sql::open("-nullif({0,}, {1})", &[number, &Sql::bound(i64::MIN)])
}

/// Two doubles combined.
pub(super) fn doubles(dialect: Dialect, op: Arithmetic, left: &Sql, right: &Sql) -> Sql {
    if dialect == Dialect::Sqlite {
        // What is not a number is null by itself, and so is a division by zero.
        let template = format!("nullif(nullif({{0}} {} {{1}}, 9e999), -9e999)", op.symbol());
        return Sql::closed(&template, &[left, right]);
    }
    let template = match op {
        Arithmetic::Multiply => product(),
        Arithmetic::Divide => quotient(),
        _ => sum(op.symbol()),
    };
    Sql::once(dialect, &[left, right], |atoms| Sql::closed(&template, &atoms.iter().collect::<Vec<_>>()))
}

/// Half of a sum overflows never, and is half the rounded sum. What is below one is too small to matter for that, and could underflow.
fn sum(symbol: &str) -> String {
    let limit = power(1023);
    format!("case when abs(trunc({{0,}}) * 0.5 {symbol} trunc({{1,}}) * 0.5) < {limit} then {{0}} {symbol} {{1}} end")
}

/// Both factors of a product that overflows are above one, and of one that underflows to zero below; brought near one by powers of
/// two, which is exact, the product is compared with what would just be too much or too little. A product that rounds to just that
/// is decided by its whole digits.
fn product() -> String {
    let (down, tiny, up, up_more) = (power(-512), power(-500), power(537), power(538));
    let digits = |place: usize, scale: &str| {
        format!(
            "cast(cast(cast('x' || substr(encode(float8send(abs({{{place}}}) * {scale}), 'hex'), 4) as bit(52)) as bigint) \
             + 4503599627370496 as numeric)"
        )
    };
    let (left, right) = (digits(0, &up), digits(1, &up_more));
    format!(
        "case when abs({{0,}}) > 1 and abs({{1,}}) > 1 and abs({{0}} * {down}) * abs({{1}} * {down}) >= 1 then null \
         when abs({{0,}}) < 1 and abs({{1,}}) < 1 and (abs({{0,}}) < {tiny} or abs({{1,}}) < {tiny}) then \
         case when abs({{0,}}) * {up} * (abs({{1,}}) * {up_more}) < 1 then 0 \
         when abs({{0,}}) * {up} * (abs({{1,}}) * {up_more}) = 1 and {left} * {right} <= 40564819207303340847894502572032 then 0 \
         else {{0}} * {{1}} end \
         else {{0}} * {{1}} end"
    )
}

/// As [`product`]: both sides of each comparison are exact, and where one is less than the other, their quotient rounds to less than one.
fn quotient() -> String {
    let (least, down, up) = (power(-200), power(-512), power(512));
    let (up_half, down_half) = (power(538), power(-537));
    format!(
        "case when {{1}} = 0 then null \
         when abs({{0,}}) > {least} and abs({{1,}}) < 1 and abs({{0}} * {down}) >= abs({{1}} * {up}) then null \
         when abs({{0,}}) < 1 and abs({{1,}}) > 1 and abs({{0,}}) * {up_half} <= abs({{1,}}) * {down_half} then 0 \
         else {{0}} / {{1}} end"
    )
}

/// A double cut off to a whole number; null beyond the range of those.
pub(super) fn truncated(dialect: Dialect, number: &Sql) -> Sql {
    let whole = if dialect == Dialect::Postgres { "cast(trunc({0,}) as bigint)" } else { "cast({0,} as integer)" };
    let template = format!("case when {{0}} > -9223372036854775808 and {{0}} < 9223372036854775808 then {whole} end");
    Sql::once(dialect, &[number], |atoms| Sql::closed(&template, &atoms.iter().collect::<Vec<_>>()))
}
