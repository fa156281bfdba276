//! The columns that a list can have: the fields of the catalog, and what the customer gave.
//!
//! A column that names a field which was archived since is left out where the list is shown; it does not keep the field alive.

use std::collections::HashSet;

use crate::domain::field::nearest;
use crate::domain::{Invalid, InvalidCode};
use crate::rules::{Catalog, Context, Field, FieldSource, Root};

/// More fit on no screen, and a spreadsheet's reader has long given up.
const COLUMNS_MAX: usize = 100;
/// How a lead's own custom field may be named for short.
const CUSTOM: &str = "custom.";

/// What a new list shows unless it is said otherwise.
pub const DEFAULT: &[&str] = &[
    "lead.received_at",
    "lead.state",
    "customer.last_name",
    "customer.first_name",
    "lead.source",
    "lead.brand",
    "lead.product",
    "lead.dealer.name",
];

/// What the customer gave with the request: shown only to those who may see personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerField {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Mail address.
    Email,
    /// Phone number.
    Phone,
    /// Street and house number.
    Street,
    /// What the customer wrote.
    Comments,
}

/// The customer's fields: path, label, one sentence for people.
const CUSTOMER: &[(CustomerField, &str, &str, &str)] = &[
    (CustomerField::FirstName, "customer.first_name", "First name", "The customer's first name."),
    (CustomerField::LastName, "customer.last_name", "Last name", "The customer's last name."),
    (CustomerField::Email, "customer.email", "Email", "The customer's mail address."),
    (CustomerField::Phone, "customer.phone", "Phone", "The customer's phone number."),
    (CustomerField::Street, "customer.street", "Street", "The customer's street."),
    (CustomerField::Comments, "customer.comments", "Comments", "What the customer wrote."),
];

const EXTERNAL_ID: (&str, &str, &str) =
    ("request.external_id", "External id", "The source's own reference of the request.");

/// Where a column's values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnSource {
    /// A field of the lead, its dealer or its owner.
    Field {
        /// Whose it is.
        root: Root,
        /// Where its value comes from.
        source: FieldSource,
    },
    /// What the customer gave.
    Customer(CustomerField),
    /// The source's own reference of the request.
    ExternalId,
}

/// A column that a list can have.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its whole name: `lead.dealer.name`, `lead.custom.budget`, `customer.email`.
    pub path: String,
    /// Its heading.
    pub label: String,
    /// One sentence for people.
    pub description: String,
    /// Where its values come from.
    pub source: ColumnSource,
}

impl Column {
    fn of_field(field: &Field) -> Self {
        let source = ColumnSource::Field { root: field.root, source: field.source.clone() };
        Self { path: field.path.clone(), label: label(field), description: field.description.clone(), source }
    }

    fn of_customer((field, path, label, description): &(CustomerField, &str, &str, &str)) -> Self {
        let [path, label, description] = [path, label, description].map(|text| (*text).to_owned());
        Self { path, label, description, source: ColumnSource::Customer(*field) }
    }

    fn external_id() -> Self {
        let (path, label, description) = EXTERNAL_ID;
        let [path, label, description] = [path, label, description].map(str::to_owned);
        Self { path, label, description, source: ColumnSource::ExternalId }
    }
}

/// Every column that a list of this tenant can have, in the order in which builders show them.
pub fn available(catalog: &Catalog) -> Vec<Column> {
    let fields = catalog.visible(Context::LeadCondition).filter(|(_, field)| field.root != Root::Now);
    let fields = fields.map(|(_, field)| Column::of_field(field));
    let customer = CUSTOMER.iter().map(Column::of_customer);
    fields.chain(customer).chain([Column::external_id()]).collect()
}

/// The column with this path, if there is one now.
pub fn find(path: &str, catalog: &Catalog) -> Option<Column> {
    if path == EXTERNAL_ID.0 {
        return Some(Column::external_id());
    }
    if let Some(customer) = CUSTOMER.iter().find(|(_, known, ..)| *known == path) {
        return Some(Column::of_customer(customer));
    }
    let field = catalog.find(path).and_then(|id| catalog.field(id))?;
    (field.root != Root::Now && Context::LeadCondition.allows(field)).then(|| Column::of_field(field))
}

/// The paths as they are kept, or every problem with its place.
pub fn read(given: &[String], catalog: &Catalog) -> Result<Vec<String>, Vec<Invalid>> {
    if given.is_empty() || given.len() > COLUMNS_MAX {
        let message = format!("{} columns are given, give 1 to {COLUMNS_MAX}", given.len());
        return Err(vec![Invalid::new("columns", InvalidCode::OutOfRange, message)]);
    }
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    let mut paths = Vec::with_capacity(given.len());
    for (index, path) in given.iter().enumerate() {
        let path = if path.starts_with(CUSTOM) { format!("lead.{path}") } else { path.clone() };
        let mut refuse =
            |code, message| problems.push(Invalid::new(&index.to_string(), code, message).under("columns"));
        if find(&path, catalog).is_none() {
            refuse(InvalidCode::NotAllowed, unknown(&path, catalog));
        } else if seen.insert(path.clone()) {
            paths.push(path);
        } else {
            refuse(InvalidCode::Taken, format!("`{path}` is given twice, remove one"));
        }
    }
    if problems.is_empty() { Ok(paths) } else { Err(problems) }
}

fn unknown(path: &str, catalog: &Catalog) -> String {
    let known = available(catalog);
    let near = nearest(path, known.iter().map(|column| column.path.as_str()));
    let advice = near.map_or_else(|| "see `listColumns`".to_owned(), |near| format!("did you mean `{near}`?"));
    let shown: String = path.chars().take(60).collect();
    format!("there is no column `{shown}`, {advice}")
}

/// `received_at` → `Received at`, a dealer's → `Dealer: Postal code`; a custom field or category has its own.
fn label(field: &Field) -> String {
    let own = match &field.source {
        FieldSource::Custom(_) | FieldSource::Category(_) => field.description.trim_end_matches('.').to_owned(),
        FieldSource::CategoryRank(key) => sentence(&format!("{key} rank")),
        _ => sentence(field.path.rsplit('.').next().unwrap_or(&field.path)),
    };
    match field.root {
        Root::LeadDealer => format!("Dealer: {own}"),
        Root::LeadOwner => format!("Owner: {own}"),
        _ => own,
    }
}

fn sentence(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::CatalogParts;

    fn catalog() -> Catalog {
        Catalog::new(CatalogParts::default())
    }

    // BULK-1
    #[test]
    fn every_column_that_is_offered_is_found_and_none_is_offered_twice() {
        let columns = available(&catalog());
        let paths: HashSet<&str> = columns.iter().map(|column| column.path.as_str()).collect();
        assert_eq!(paths.len(), columns.len());
        for column in &columns {
            let found = find(&column.path, &catalog()).unwrap();
            assert_eq!((&found.source, &found.label), (&column.source, &column.label));
        }
        assert!(DEFAULT.iter().all(|path| paths.contains(path)));
        assert!(!paths.contains("now") && !paths.contains("dealer.name") && !paths.contains("lead.dealer.open_leads"));
    }

    // BULK-1
    #[test]
    fn an_unknown_or_doubled_column_is_refused_with_its_place() {
        let given = ["lead.stat", "lead.state", "lead.state", "dealer.lottery"].map(str::to_owned);
        let problems = read(&given, &catalog()).unwrap_err();
        let told: Vec<_> = problems.iter().map(|problem| (problem.path.join("."), problem.message.clone())).collect();
        assert_eq!(told[0].0, "columns.0");
        assert_eq!(told[0].1, "there is no column `lead.stat`, did you mean `lead.state`?");
        assert_eq!((told[1].0.as_str(), told[1].1.as_str()), ("columns.2", "`lead.state` is given twice, remove one"));
        assert_eq!(told[2].0, "columns.3");
        assert_eq!(read(&[], &catalog()).unwrap_err()[0].code, InvalidCode::OutOfRange);
    }

    #[test]
    fn headings_are_for_people() {
        let label = |path: &str| find(path, &catalog()).unwrap().label;
        assert_eq!(label("lead.received_at"), "Received at");
        assert_eq!(label("lead.dealer.postal_code"), "Dealer: Postal code");
        assert_eq!(label("customer.email"), "Email");
    }
}
