//! From a checked tree to SQL, term by term; what can't be said exactly is refused by name, all of it at once.
//!
//! What reads no field is worked out here, by the interpreter itself. INVARIANT: each piece is true, false or null, or a value or
//! null, exactly where the interpreter says true, false or unknown, or a value or missing. Only [`Lowering::holds`] may say false for
//! unknown, where that makes no difference: at the top, and below `&&` and `||` from there.

use crate::domain::Timestamp;
use crate::rules::{
    Arithmetic, Catalog, Checked, Comparison, Diagnostic, FieldId, FieldSource, Function, Kind, Literal, Node, Type,
    clock_changes, eval,
};

use super::fields::{Fields, Rows, indexed_first};
use super::known::{Moment, Term, bound, known, sql};
use super::lists::{self, Items};
use super::sql::{Dialect, Sql};
use super::{moments, numbers, texts};

/// A rule whose SQL is longer is refused. Nesting can repeat a term, so the text's own limits alone do not bound it.
const SQL_BYTES_MAX: usize = 256 * 1024;

/// Turns one rule into SQL.
pub(super) struct Lowering<'c> {
    checked: &'c Checked,
    pub(super) fields: Fields<'c>,
    now: Timestamp,
    /// The items at hand of the quantifiers around, outermost first.
    items: Vec<Sql>,
    /// How many lists have been given a table so far, for its name.
    tables: usize,
    problems: Vec<Diagnostic>,
}

impl<'c> Lowering<'c> {
    pub(super) fn new(
        (checked, catalog): (&'c Checked, &'c Catalog),
        rows: Rows,
        now: Timestamp,
        dialect: Dialect,
    ) -> Self {
        let fields = Fields::new(dialect, catalog, rows);
        Self { checked, fields, now, items: Vec::new(), tables: 0, problems: Vec::new() }
    }

    /// What was refused so far, in the order of the text.
    pub(super) fn problems(mut self) -> Vec<Diagnostic> {
        self.problems.sort();
        self.problems.dedup();
        self.problems
    }

    /// A condition that is true for the rows for which the term holds, and false or null for all others.
    pub(super) fn holds(&mut self, node: &Node) -> Option<Sql> {
        let shorter = match &node.kind {
            Kind::And(terms) => return self.joined(true, terms, Self::holds),
            Kind::Or(terms) => return self.joined(false, terms, Self::holds),
            Kind::Compare(op, sides) => self.custom_compared(*op, sides).or_else(|| self.age_compared(*op, sides)),
            Kind::In(sides) => self.custom_among(sides),
            Kind::Quantify { all: false, parts, .. } => {
                let [list, body] = &**parts;
                if let Kind::Field(_) = list.kind {
                    return self.surely_exists(list, body);
                }
                None
            }
            _ => None,
        };
        shorter.or_else(|| self.truth(node))
    }

    /// True, false or null.
    pub(super) fn truth(&mut self, node: &Node) -> Option<Sql> {
        self.value(node)
    }

    /// The value, or null. A list has none here.
    pub(super) fn value(&mut self, node: &Node) -> Option<Sql> {
        let term = self.term(node)?;
        self.sized(node, sql(term, node.ty))
    }

    fn sized(&mut self, node: &Node, sql: Sql) -> Option<Sql> {
        if sql.len() <= SQL_BYTES_MAX {
            return Some(sql);
        }
        self.refuse(node, "it would be too long a question, split the expression up")
    }

    /// The value of a term that reads no field; `None` for all others, and where it is missing.
    pub(super) fn known(&self, node: &Node) -> Option<Literal> {
        self.is_known(node, 0).then(|| known(&eval(node, &Moment(self.fields.catalog, self.now))))?
    }

    fn term(&mut self, node: &Node) -> Option<Term> {
        if self.is_known(node, 0) {
            return Some(Term::Known(known(&eval(node, &Moment(self.fields.catalog, self.now)))));
        }
        self.asked(node).map(Term::Asked)
    }

    /// Whether a term reads no field and no item of a quantifier around it; `depth` counts those inside.
    fn is_known(&self, node: &Node, depth: usize) -> bool {
        match &node.kind {
            Kind::Field(field) | Kind::Has(field) => {
                self.fields.catalog.field(*field).is_some_and(|field| field.source == FieldSource::Now)
            }
            Kind::Variable { level, .. } => *level < depth,
            Kind::Quantify { parts, .. } => {
                let [list, body] = &**parts;
                self.is_known(list, depth) && self.is_known(body, depth + 1)
            }
            _ => node.children().into_iter().all(|child| self.is_known(child, depth)),
        }
    }

    fn asked(&mut self, node: &Node) -> Option<Sql> {
        let dialect = self.fields.dialect;
        match &node.kind {
            Kind::Literal(literal) => Some(bound(literal)),
            Kind::Field(field) => self.field(node, *field),
            Kind::Variable { level, .. } => self.items.iter().rev().nth(*level).cloned(),
            Kind::And(terms) => self.joined(true, terms, Self::truth),
            Kind::Or(terms) => self.joined(false, terms, Self::truth),
            Kind::Not(term) => Some(Sql::comparison("not {0}", &[&self.truth(term)?])),
            Kind::Choose(parts) => self.chosen(node, parts),
            Kind::Compare(op, sides) => self.compared(node, *op, sides),
            Kind::In(sides) => self.contained(node, sides),
            Kind::Arithmetic(op, sides) => self.combined(*op, sides),
            Kind::Negate(term) => {
                let number = self.value(term)?;
                let is_whole = term.ty == Type::Int;
                Some(if is_whole { numbers::negated_whole(&number) } else { Sql::open("-{0}", &[&number]) })
            }
            Kind::Has(field) => {
                let catalog = self.fields.catalog;
                let found = catalog.field(*field).ok_or(UNKNOWN_FIELD).and_then(|field| self.fields.has(field));
                self.or_refuse(node, found)
            }
            Kind::Quantify { all, parts, .. } => self.quantified(node, *all, parts),
            Kind::Matches(text, pattern) => {
                let text = self.value(text)?;
                match texts::matches(dialect, &text, pattern) {
                    Some(sql) => Some(sql),
                    None => {
                        self.refuse(node, "the databases' patterns differ, use `startsWith`, `endsWith` or `contains`")
                    }
                }
            }
            Kind::Call(function, arguments) => self.called(node, *function, arguments),
            Kind::List(_) => {
                self.refuse(node, "a list has to be looked into at once, by `in`, `exists`, `all` or `size`")
            }
        }
    }

    fn joined(&mut self, all: bool, terms: &[Node], each: impl Fn(&mut Self, &Node) -> Option<Sql>) -> Option<Sql> {
        // All terms are looked at, so that all that is refused is named.
        let found: Vec<Option<Sql>> = terms.iter().map(|term| each(self, term)).collect();
        Some(Sql::joined(all, indexed_first(found.into_iter().collect::<Option<_>>()?)))
    }

    fn field(&mut self, node: &Node, id: FieldId) -> Option<Sql> {
        let catalog = self.fields.catalog;
        let found = catalog.field(id).ok_or(UNKNOWN_FIELD).and_then(|field| self.fields.scalar(field));
        self.or_refuse(node, found)
    }

    fn chosen(&mut self, node: &Node, parts: &[Node; 3]) -> Option<Sql> {
        if let Type::List(_) = node.ty {
            return self.refuse(node, CONDITIONAL);
        }
        let [condition, then, otherwise] = parts;
        let condition = self.truth(condition);
        let (then, otherwise) = (self.value(then), self.value(otherwise));
        let template = "case {0,} when true then {1,} when false then {2,} end";
        Some(Sql::closed(template, &[&condition?, &then?, &otherwise?]))
    }

    fn compared(&mut self, node: &Node, op: Comparison, sides: &[Node; 2]) -> Option<Sql> {
        if let Some(compared) = self.id_compared(op, sides) {
            return Some(compared);
        }
        let [left, right] = sides;
        if let (Type::List(_), Type::List(_)) = (left.ty, right.ty) {
            return self.lists_compared(node, op, sides);
        }
        if (left.ty == Type::Null) != (right.ty == Type::Null) {
            return self.compared_with_null(op, sides);
        }
        let (left_term, right_term) = (self.term(left), self.term(right));
        let (left_term, right_term) = (left_term?, right_term?);
        let compared = match (left.ty, right.ty, &left_term, &right_term) {
            (Type::Null, Type::Null, ..) => {
                let both = Sql::joined(true, vec![sql(left_term, left.ty), sql(right_term, right.ty)]);
                if op == Comparison::Equal { both } else { Sql::comparison("not {0}", &[&both]) }
            }
            (Type::Int, Type::Double, Term::Asked(int), Term::Known(Some(Literal::Double(double)))) => {
                numbers::int_with(op, int, *double)
            }
            (Type::Double, Type::Int, Term::Known(Some(Literal::Double(double))), Term::Asked(int)) => {
                numbers::int_with(numbers::mirrored(op), int, *double)
            }
            (Type::Double, Type::Int, Term::Asked(double), Term::Known(Some(Literal::Int(int)))) => {
                numbers::double_with(op, double, *int)
            }
            (Type::Int, Type::Double, Term::Known(Some(Literal::Int(int))), Term::Asked(double)) => {
                numbers::double_with(numbers::mirrored(op), double, *int)
            }
            (left_type, right_type, ..) => {
                let (left, right) = (sql(left_term, left_type), sql(right_term, right_type));
                self.values_compared(op, (&left, left_type), (&right, right_type))
            }
        };
        self.sized(node, compared)
    }

    /// Two values of one type, or two numbers.
    fn values_compared(&self, op: Comparison, left: (&Sql, Type), right: (&Sql, Type)) -> Sql {
        let dialect = self.fields.dialect;
        match (left.1, right.1) {
            (Type::Int, Type::Double) => numbers::int_with_double(dialect, op, left.0, right.0),
            (Type::Double, Type::Int) => numbers::int_with_double(dialect, numbers::mirrored(op), right.0, left.0),
            (Type::Text, _) => texts::compare(dialect, op, left.0, right.0),
            _ => numbers::compare(op, left.0, right.0),
        }
    }

    /// Null equals only null, and a value that is there is none.
    fn compared_with_null(&mut self, op: Comparison, sides: &[Node; 2]) -> Option<Sql> {
        let mut present = Vec::new();
        for side in sides {
            if let Type::List(_) = side.ty {
                present.extend(self.items(side)?.present);
            } else {
                present.push(Sql::comparison("{0} is not null", &[&self.value(side)?]));
            }
        }
        let both = Sql::joined(true, present);
        let differ = op == Comparison::NotEqual;
        Some(Sql::closed(&format!("case when {{0,}} then {differ} end"), &[&both]))
    }

    /// Lists whose items stand in the expression, item by item.
    fn lists_compared(&mut self, node: &Node, op: Comparison, sides: &[Node; 2]) -> Option<Sql> {
        let [left, right] = sides;
        let whole = "a stored list can't be compared as a whole, ask for its items by `in`, `exists`, `all` or `size`";
        let (left_items, right_items) = (self.written_items(node, left, whole), self.written_items(node, right, whole));
        let (left_items, right_items) = (left_items?, right_items?);
        let all: Vec<&Sql> = left_items.iter().chain(&right_items).map(|(sql, _)| sql).collect();
        let compared = Sql::once(self.fields.dialect, &all, |atoms| {
            let (left_atoms, right_atoms) = atoms.split_at(left_items.len());
            let pairs = left_atoms.iter().zip(&left_items).zip(right_atoms.iter().zip(&right_items));
            let mut equal: Vec<Sql> = pairs
                .map(|((left, (_, left_type)), (right, (_, right_type)))| {
                    self.values_compared(Comparison::Equal, (left, *left_type), (right, *right_type))
                })
                .collect();
            if left_items.len() != right_items.len() || equal.is_empty() {
                equal = vec![Sql::atom(if left_items.len() == right_items.len() { "true" } else { "false" })];
            }
            let equal = Sql::joined(true, equal);
            Sql::closed("case when {0,} then {1,} end", &[&lists::all_present(atoms), &equal])
        });
        let compared = if op == Comparison::Equal { compared } else { Sql::comparison("not {0}", &[&compared]) };
        self.sized(node, compared)
    }

    /// The items of a list that stands in the expression, with their types; for any other list `node` is refused.
    fn written_items(&mut self, node: &Node, list: &Node, why: &str) -> Option<Vec<(Sql, Type)>> {
        match &list.kind {
            Kind::Literal(Literal::List(literal)) => {
                let ty = |literal: &Literal| if let Literal::Int(_) = literal { Type::Int } else { item_type(list) };
                Some(literal.items().iter().map(|item| (bound(item), ty(item))).collect())
            }
            Kind::List(nodes) => {
                let found: Vec<Option<(Sql, Type)>> =
                    nodes.iter().map(|item| Some((self.value(item)?, item.ty))).collect();
                found.into_iter().collect()
            }
            _ => self.refuse(node, why),
        }
    }

    fn combined(&mut self, op: Arithmetic, sides: &[Node; 2]) -> Option<Sql> {
        let dialect = self.fields.dialect;
        let [left, right] = sides;
        let (left_term, right_term) = (self.term(left), self.term(right));
        let (left_term, right_term) = (left_term?, right_term?);
        if left.ty == Type::Int {
            let shorter = match (&left_term, &right_term) {
                (Term::Asked(asked), Term::Known(Some(Literal::Int(known)))) => {
                    numbers::whole_with(dialect, op, asked, *known)
                }
                (Term::Known(Some(Literal::Int(known))), Term::Asked(asked))
                    if matches!(op, Arithmetic::Add | Arithmetic::Multiply) =>
                {
                    numbers::whole_with(dialect, op, asked, *known)
                }
                _ => None,
            };
            if shorter.is_some() {
                return shorter;
            }
        }
        let (first, second) = (sql(left_term, left.ty), sql(right_term, right.ty));
        Some(match (left.ty, right.ty) {
            (Type::Int, _) => numbers::whole(dialect, op, &first, &second),
            (Type::Double, _) => numbers::doubles(dialect, op, &first, &second),
            (Type::Timestamp, Type::Duration) | (Type::Duration, Type::Timestamp) => {
                moments::moved(dialect, op, &first, &second)
            }
            (Type::Timestamp | Type::Duration, _) => moments::span(dialect, op, &first, &second),
            _ => Sql::open("{0} || {1}", &[&first, &second]),
        })
    }

    fn called(&mut self, node: &Node, function: Function, arguments: &[Node]) -> Option<Sql> {
        let dialect = self.fields.dialect;
        let first = arguments.first()?;
        if let (Function::Size, Type::List(_)) = (function, first.ty) {
            return Some(self.items(first)?.size());
        }
        if let Some(why) = unsayable(function, first.ty) {
            return self.refuse(node, why);
        }
        let value = self.value(first);
        let second = arguments.get(1);
        if let (Function::Get(part), Type::Timestamp) = (function, first.ty) {
            let changes = match second.map(|zone| self.term(zone)) {
                None => clock_changes("UTC"),
                Some(Some(Term::Known(Some(Literal::Text(zone))))) => clock_changes(&zone),
                Some(Some(Term::Known(_))) => None,
                Some(_) => {
                    return self
                        .refuse(node, "the time zone has to stand in the expression, such as 'America/Chicago'");
                }
            };
            // What is no zone has no hours.
            let Some(changes) = changes else { return Some(Sql::atom("cast(null as bigint)")) };
            return Some(moments::part_of_moment(dialect, part, &value?, &changes));
        }
        let second = second.map(|node| self.value(node));
        let value = value?;
        Some(match (function, second) {
            (Function::StartsWith, Some(part)) => texts::starts_with(dialect, &value, &part?),
            (Function::EndsWith, Some(part)) => texts::ends_with(dialect, &value, &part?),
            (Function::Contains, Some(part)) => texts::contains(dialect, &value, &part?),
            (Function::LowerAscii, _) => texts::lower_ascii(dialect, &value),
            (Function::Size, _) => texts::size(dialect, &value),
            (Function::Get(part), _) => moments::part_of_duration(part, &value)?,
            _ => self.converted(function, first.ty, value),
        })
    }

    fn converted(&self, function: Function, from: Type, value: Sql) -> Sql {
        let dialect = self.fields.dialect;
        match (function, from) {
            (Function::Int, Type::Double) => numbers::truncated(dialect, &value),
            (Function::Int, Type::Timestamp) => moments::seconds(&value),
            (Function::Timestamp, Type::Int) => moments::from_seconds(dialect, &value),
            (Function::Double, Type::Int) => Sql::closed("cast({0,} as double precision)", &[&value]),
            (Function::Text, Type::Int) => Sql::closed("cast({0,} as text)", &[&value]),
            (Function::Text, Type::Bool) => {
                Sql::closed("case {0,} when true then 'true' when false then 'false' end", &[&value])
            }
            // To the type that it has.
            _ => value,
        }
    }

    fn contained(&mut self, node: &Node, sides: &[Node; 2]) -> Option<Sql> {
        if let Some(found) = self.id_among(sides) {
            return Some(found);
        }
        let dialect = self.fields.dialect;
        let [item, list] = sides;
        let term = self.term(item);
        if let Kind::Field(_) = &list.kind {
            let items = self.items(list);
            let term = term?;
            let sure = matches!(term, Term::Known(Some(_)));
            return Some(items?.contain(dialect, &sql(term, item.ty), sure));
        }
        let written = self.written_items(list, list, CONDITIONAL);
        let (value, written) = (sql(term?, item.ty), written?);
        let found = match &list.kind {
            Kind::Literal(Literal::List(literals)) => self.among_literals((&value, item.ty), literals.items()),
            _ => self.among_written((&value, item.ty), &written),
        };
        self.sized(node, found)
    }

    fn among_literals(&self, (value, ty): (&Sql, Type), literals: &[Literal]) -> Sql {
        let is_mixed = |literal: &Literal| {
            matches!((ty, literal), (Type::Int, Literal::Double(_)) | (Type::Double, Literal::Int(_)))
        };
        if !literals.iter().any(is_mixed) {
            return lists::among(value, &literals.iter().map(bound).collect::<Vec<_>>());
        }
        let equal = |value: &Sql, literal: &Literal| match literal {
            Literal::Double(double) if ty == Type::Int => numbers::int_with(Comparison::Equal, value, *double),
            Literal::Int(int) if ty == Type::Double => numbers::double_with(Comparison::Equal, value, *int),
            literal => numbers::compare(Comparison::Equal, value, &bound(literal)),
        };
        Sql::once(self.fields.dialect, &[value], |value| {
            let each = |literal| value.first().map(|value| equal(value, literal));
            Sql::joined(false, literals.iter().filter_map(each).collect())
        })
    }

    /// Of a list with terms in it; missing as a whole when one of them is.
    fn among_written(&self, (value, ty): (&Sql, Type), written: &[(Sql, Type)]) -> Sql {
        let all: Vec<&Sql> = std::iter::once(value).chain(written.iter().map(|(sql, _)| sql)).collect();
        Sql::once(self.fields.dialect, &all, |atoms| {
            let Some((value, items)) = atoms.split_first() else { return Sql::atom("false") };
            let equal = |(atom, (_, item)): (&Sql, &(Sql, Type))| {
                self.values_compared(Comparison::Equal, (value, ty), (atom, *item))
            };
            let any = Sql::joined(false, items.iter().zip(written).map(equal).collect());
            Sql::closed("case when {0,} then {1,} end", &[&lists::all_present(items), &any])
        })
    }

    /// The items of a list as a table.
    fn items(&mut self, list: &Node) -> Option<Items> {
        self.tables += 1;
        let alias = format!("q{}", self.tables);
        if let Kind::Field(field) = &list.kind {
            let catalog = self.fields.catalog;
            let found = catalog.field(*field).ok_or(UNKNOWN_FIELD).and_then(|field| self.fields.list(field, &alias));
            return self.or_refuse(list, found);
        }
        let written: Vec<Sql> = self.written_items(list, list, CONDITIONAL)?.into_iter().map(|(sql, _)| sql).collect();
        if written.is_empty() {
            return Some(Items::none(&alias));
        }
        let present = matches!(list.kind, Kind::List(_)).then(|| lists::all_present(&written));
        Some(Items::of(self.fields.dialect, &written, &alias, present))
    }

    fn quantified(&mut self, node: &Node, every: bool, parts: &[Node; 2]) -> Option<Sql> {
        let [list, body] = parts;
        let items = self.items(list);
        let body = self.of_item(items.as_ref(), |lowering| lowering.truth(body));
        let held = items?.hold(self.fields.dialect, every, &body?);
        self.sized(node, held)
    }

    fn surely_exists(&mut self, list: &Node, body: &Node) -> Option<Sql> {
        let items = self.items(list);
        let body = self.of_item(items.as_ref(), |lowering| lowering.holds(body));
        Some(items?.surely_hold(&body?))
    }

    fn of_item(&mut self, items: Option<&Items>, body: impl FnOnce(&mut Self) -> Option<Sql>) -> Option<Sql> {
        self.items.push(items.map_or_else(|| Sql::atom("null"), |items| items.item.clone()));
        let body = body(self);
        self.items.pop();
        body
    }

    pub(super) fn or_refuse<T>(&mut self, node: &Node, found: Result<T, &'static str>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(why) => self.refuse(node, why),
        }
    }

    pub(super) fn refuse<T>(&mut self, node: &Node, why: &str) -> Option<T> {
        let named = |term: &str| format!("`{term}` can't be asked of the database: {why}");
        self.problems.push(self.checked.problem(node, self.fields.catalog, named));
        None
    }
}

const CONDITIONAL: &str = "a list can't depend on a condition, put the condition around what is asked of the list";
const UNKNOWN_FIELD: &str = "it belongs to another catalog";

/// Why a function has no exact counterpart, if it has none.
const fn unsayable(function: Function, of: Type) -> Option<&'static str> {
    match (function, of) {
        (Function::Int | Function::Double, Type::Text) => {
            Some("the databases read numbers from texts in other ways, use a field that is a number")
        }
        (Function::Timestamp | Function::Duration, Type::Text) => {
            Some("the databases read moments from texts in other ways, use a field that is a moment")
        }
        (Function::Text, Type::Timestamp | Type::Duration) => {
            Some("the databases write moments in other ways, compare the moments themselves")
        }
        _ => None,
    }
}

fn item_type(list: &Node) -> Type {
    match list.ty {
        Type::List(item) => item.ty().unwrap_or(Type::Text),
        other => other,
    }
}
