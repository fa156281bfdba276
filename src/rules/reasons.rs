//! Why an expression came to what it did for a row: each of its terms with its outcome and the values that it read (IFACE-6).
//!
//! The terms are evaluated by the interpreter that decides, each on its own, so that also what a decided `&&` or `?` never looked
//! at is told.

use super::catalog::{Catalog, FieldId};
use super::eval::Frame;
use super::print::print;
use super::terms::Checked;
use super::tree::{Kind, Node, Type};
use super::value::{Truth, Value, Values};

/// The most terms that are told of: what is longer, nobody reads.
pub const REASONS_MAX: usize = 1_000;
/// The most items of a list for which the body of `exists` or `all` is told.
const ITEMS_TOLD_MAX: usize = 20;

/// What a term came to for one row. Fields, literals and names of items are told with the term that reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The place, in the same list, of the term that this one is part of; it stands before this one. `None` for a term that
    /// stands by itself: the whole expression, or a part between two top-level `&&`.
    pub parent: Option<usize>,
    /// How many terms this one is part of.
    pub depth: usize,
    /// The canonical text.
    pub text: String,
    /// Of a condition whether it holds; `None` for a term that is no condition.
    pub truth: Option<Truth>,
    /// The value as a literal, or `missing`.
    pub shown: String,
    /// The values that it read, in the order of the text, each once.
    pub read: Vec<ReadValue>,
}

/// A field, or an item of a list, and what it was worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadValue {
    /// The field's whole name, or the item's.
    pub path: String,
    /// Its value as a literal, or `missing`.
    pub shown: String,
}

impl Checked {
    /// Each term's outcome for a row, a term before its parts; at most [`REASONS_MAX`]. `catalog` must be the expression's own.
    pub fn explain<V: Values + ?Sized>(&self, catalog: &Catalog, values: &V) -> Vec<Reason> {
        let mut account = Account { catalog, reasons: Vec::new() };
        let frame = Frame::of(values);
        for term in self.term_nodes() {
            account.tell(term, &frame, None);
        }
        account.reasons
    }
}

struct Account<'c> {
    catalog: &'c Catalog,
    reasons: Vec<Reason>,
}

impl Account<'_> {
    fn tell<'v, V: Values + ?Sized>(&mut self, node: &'v Node, frame: &Frame<'v, '_, V>, parent: Option<usize>) {
        if self.reasons.len() >= REASONS_MAX {
            return;
        }
        let place = self.reasons.len();
        let above = parent.and_then(|parent| self.reasons.get(parent));
        let value = frame.value(node);
        self.reasons.push(Reason {
            parent,
            depth: above.map_or(0, |above| above.depth + 1),
            text: print(node, self.catalog),
            truth: (node.ty == Type::Bool).then(|| value.truth()),
            shown: value.shown(),
            read: self.read(node, frame),
        });
        if let Kind::Quantify { parts, .. } = &node.kind {
            let [list, body] = &**parts;
            self.tell_parts(list, frame, place);
            let Value::List(items) = frame.value(list) else { return };
            for item in items.iter().take(ITEMS_TOLD_MAX) {
                self.tell(body, &frame.with(item), Some(place));
            }
            return;
        }
        for part in node.children() {
            self.tell_parts(part, frame, place);
        }
    }

    /// A term without parts is seen in the values that its owner read.
    fn tell_parts<'v, V: Values + ?Sized>(&mut self, node: &'v Node, frame: &Frame<'v, '_, V>, parent: usize) {
        if !matches!(node.kind, Kind::Literal(_) | Kind::Field(_) | Kind::Variable { .. }) {
            self.tell(node, frame, Some(parent));
        }
    }

    fn read<V: Values + ?Sized>(&self, node: &Node, frame: &Frame<'_, '_, V>) -> Vec<ReadValue> {
        let mut read: Vec<ReadValue> = Vec::new();
        each_name(node, 0, &mut |name| {
            let found = match name {
                Name::Field(id) => {
                    let path = self.catalog.field(id).map(|field| field.path.clone()).unwrap_or_default();
                    ReadValue { path, shown: frame.read(id).shown() }
                }
                Name::Item { level, name } => ReadValue { path: name.to_owned(), shown: frame.item(level).shown() },
            };
            if !read.contains(&found) {
                read.push(found);
            }
        });
        read
    }
}

/// What a term reads.
enum Name<'n> {
    Field(FieldId),
    /// The item at hand of a quantifier around the term.
    Item {
        level: usize,
        name: &'n str,
    },
}

/// `within` is how many quantifiers of the term itself stand around `node`; their items have many values, so none is told.
fn each_name<'n>(node: &'n Node, within: usize, visit: &mut impl FnMut(Name<'n>)) {
    match &node.kind {
        Kind::Field(id) | Kind::Has(id) => visit(Name::Field(*id)),
        Kind::Variable { level, name } => {
            if let Some(level) = level.checked_sub(within) {
                visit(Name::Item { level, name });
            }
        }
        Kind::Quantify { parts, .. } => {
            let [list, body] = &**parts;
            each_name(list, within, visit);
            each_name(body, within + 1, visit);
        }
        _ => node.children().into_iter().for_each(|part| each_name(part, within, visit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{CatalogParts, Context, Expect, check};

    struct Row(Vec<(FieldId, Value<'static>)>);

    impl Values for Row {
        fn field(&self, field: FieldId) -> Value<'_> {
            self.0.iter().find(|(id, _)| *id == field).map_or(Value::Missing, |(_, value)| value.clone())
        }
    }

    /// Lines such as `1 False dealer.rating >= 4.0 [dealer.rating = 3.0]`, depth first.
    fn told(text: &str, row: &[(&str, Value<'static>)]) -> Vec<String> {
        let catalog = Catalog::new(CatalogParts::default());
        let checked = check(text, &catalog, Context::CandidateDealer, Expect::SortKey).unwrap();
        let row = Row(row.iter().map(|(path, value)| (catalog.find(path).unwrap(), value.clone())).collect());
        let line = |reason: &Reason| {
            let came_to = reason.truth.map_or_else(|| reason.shown.clone(), |truth| format!("{truth:?}"));
            let read: Vec<String> = reason.read.iter().map(|read| format!("{} = {}", read.path, read.shown)).collect();
            format!("{} {came_to} {} [{}]", reason.depth, reason.text, read.join(", "))
        };
        let reasons = checked.explain(&catalog, &row);
        for (place, reason) in reasons.iter().enumerate() {
            let above = reason.parent.map(|parent| &reasons[parent]);
            assert_eq!(reason.depth, above.map_or(0, |above| above.depth + 1));
            assert!(reason.parent.is_none_or(|parent| parent < place), "a term stands before its parts");
        }
        reasons.iter().map(line).collect()
    }

    // IFACE-6
    #[test]
    fn every_part_is_told_with_what_it_read_also_what_was_already_decided() {
        let text = "(dealer.active || dealer.rating >= 4.0) && !(lead.brand in dealer.brands)";
        let brands = Value::List(crate::rules::List::Values(vec![Value::text("Audi")]));
        let row = [("dealer.active", Value::Bool(true)), ("dealer.brands", brands)];
        assert_eq!(
            told(text, &row),
            [
                "0 True dealer.active || dealer.rating >= 4.0 [dealer.active = true, dealer.rating = missing]",
                "1 Unknown dealer.rating >= 4.0 [dealer.rating = missing]",
                "0 Unknown !(lead.brand in dealer.brands) [lead.brand = missing, dealer.brands = ['Audi']]",
                "1 Unknown lead.brand in dealer.brands [lead.brand = missing, dealer.brands = ['Audi']]",
            ]
        );
    }

    // IFACE-6
    #[test]
    fn values_on_the_way_to_a_condition_are_told() {
        let row = [("dealer.open_leads", Value::Int(7)), ("dealer.rating", Value::Double(4.5))];
        assert_eq!(
            told("dealer.open_leads / 0 > 1 ? 1.0 : dealer.rating * 2.0", &row),
            [
                "0 missing dealer.open_leads / 0 > 1 ? 1.0 : dealer.rating * 2.0 [dealer.open_leads = 7, dealer.rating = 4.5]",
                "1 Unknown dealer.open_leads / 0 > 1 [dealer.open_leads = 7]",
                "2 missing dealer.open_leads / 0 [dealer.open_leads = 7]",
                "1 9.0 dealer.rating * 2.0 [dealer.rating = 4.5]",
            ]
        );
    }

    // IFACE-6
    #[test]
    fn the_body_of_exists_is_told_for_each_item() {
        let brands = Value::List(crate::rules::List::Values(vec![Value::text("Audi"), Value::text("Kia")]));
        let row = [("dealer.brands", brands), ("dealer.city", Value::text("Kia"))];
        assert_eq!(
            told("dealer.brands.exists(b, b == dealer.city)", &row),
            [
                "0 True dealer.brands.exists(b, b == dealer.city) [dealer.brands = ['Audi', 'Kia'], dealer.city = 'Kia']",
                "1 False b == dealer.city [b = 'Audi', dealer.city = 'Kia']",
                "1 True b == dealer.city [b = 'Kia', dealer.city = 'Kia']",
            ]
        );
    }

    // IFACE-6
    #[test]
    fn what_is_told_is_bounded() {
        let items = vec!["1"; 100].join(",");
        let text = format!("[{items}].all(a, [{items}].all(b, a == b && a + b > 0 && a - b == 0))");
        // 20 items and 20 within each, a chain and its five parts: more than fits.
        assert_eq!(told(&text, &[]).len(), REASONS_MAX);
    }
}
