//! The typed input's types as the schema has them, one for each row, type of value and range.

use async_graphql::InputType;
use async_graphql::registry::{Deprecation, MetaInputValue, MetaType, Registry};
use chrono::{DateTime, Utc};

use crate::rules::builtin::BuiltIn;
use crate::rules::typed::{Operand, Operator, Relation, camel_case};
use crate::rules::{DealerField, Item, LeadField, Root, Type, UserField};

/// The name of the type by which rows of this kind are asked.
pub fn name_of(root: Root) -> &'static str {
    match root {
        Root::Lead => "LeadWhere",
        Root::Dealer | Root::LeadDealer => "DealerWhere",
        Root::User | Root::LeadOwner | Root::Now => "UserWhere",
    }
}

/// Adds every type, once.
pub fn register(registry: &mut Registry) {
    if registry.types.contains_key(name_of(Root::Lead)) {
        return;
    }
    for scalar in [
        <String as InputType>::create_type_info,
        <i32 as InputType>::create_type_info,
        <f64 as InputType>::create_type_info,
        <bool as InputType>::create_type_info,
        <DateTime<Utc> as InputType>::create_type_info,
    ] {
        scalar(registry);
    }
    for shape in rows().into_iter().chain(values()).chain(ranges()).chain(definitions()) {
        registry.types.insert(shape.name.clone(), shape.into_type());
    }
}

/// An input type.
struct Shape {
    name: String,
    description: String,
    /// Name, type and description.
    fields: Vec<(String, String, String)>,
}

impl Shape {
    fn new(name: &str, description: &str) -> Self {
        Self { name: name.to_owned(), description: description.to_owned(), fields: Vec::new() }
    }

    #[must_use]
    fn with(mut self, name: &str, ty: &str, description: &str) -> Self {
        self.fields.push((name.to_owned(), ty.to_owned(), description.to_owned()));
        self
    }

    fn into_type(self) -> MetaType {
        let field = |(name, ty, description): (String, String, String)| {
            let input = MetaInputValue {
                name: name.clone(),
                description: Some(description),
                ty,
                deprecation: Deprecation::NoDeprecated,
                default_value: None,
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                is_secret: false,
                directive_invocations: Vec::new(),
            };
            (name, input)
        };
        MetaType::InputObject {
            name: self.name,
            description: Some(self.description),
            input_fields: self.fields.into_iter().map(field).collect(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: None,
            oneof: false,
            directive_invocations: Vec::new(),
        }
    }
}

fn rows() -> [Shape; 3] {
    [
        row(Root::Lead, "leads", fields(LeadField::ALL)),
        row(Root::Dealer, "dealers", fields(DealerField::ALL)),
        row(Root::User, "users", fields(UserField::ALL)),
    ]
}

/// Name, type and description of the stored fields: what is worked out for a candidate needs a lead beside it.
fn fields<F: Copy>(table: &[BuiltIn<F>]) -> Vec<(String, Type, &'static str)> {
    let stored = table.iter().filter(|line| !line.computed);
    stored.map(|line| (camel_case(line.name), line.ty, line.description)).collect()
}

fn row(root: Root, rows: &str, fields: Vec<(String, Type, &'static str)>) -> Shape {
    let own = name_of(root);
    let description = format!(
        "Which {rows} are wanted: everything that is named must hold. A question to a value that is missing is answered with neither \
         yes nor no, so neither it nor its contrary matches; ask `isMissing` for those. An empty object, an empty list and null \
         are refused."
    );
    let mut shape = Shape::new(own, &description);
    for (name, ty, description) in fields {
        shape = shape.with(&name, value_type(ty), description);
    }
    for relation in Relation::of(root) {
        let holder = format!("What holds of the {} that has the lead.", relation.name.replace("owner", "user"));
        shape = shape.with(relation.name, name_of(relation.root), &holder);
    }
    if root == Root::Dealer {
        shape = shape.with("category", "[CategoryWhere!]", "The dealer's values in category groups.");
    }
    shape
        .with("custom", "[CustomWhere!]", "Values of custom fields.")
        .with("and", &format!("[{own}!]"), "All of these must hold.")
        .with("or", &format!("[{own}!]"), "At least one of these must hold.")
        .with("not", own, "This must not hold.")
}

/// The name of the type by which values of a type are asked.
fn value_type(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "BooleanWhere",
        Type::Int => "IntegerWhere",
        Type::Double => "DecimalWhere",
        Type::Timestamp => "MomentWhere",
        Type::List(_) => "TextsWhere",
        Type::Text | Type::Duration | Type::Null => "TextWhere",
    }
}

/// The scalar of a type's values, and the range of them.
fn scalar(ty: Type) -> (&'static str, &'static str) {
    match ty {
        Type::Bool => ("Boolean", "BooleanRange"),
        Type::Int => ("Int", "IntegerRange"),
        Type::Double => ("Float", "DecimalRange"),
        Type::Timestamp => ("DateTime", "MomentRange"),
        _ => ("String", "TextRange"),
    }
}

fn values() -> [Shape; 7] {
    let all = "everything that is asked must hold.";
    let of = |name: &str, ty: Type, about: &str| {
        Operator::fitting(ty).fold(Shape::new(name, &format!("Questions to {about}; {all}")), |shape, operator| {
            shape.with(operator.name(), &operand_type(operator, ty), operator.description())
        })
    };
    let item = Operator::fitting(Type::Text).filter(|operator| *operator != Operator::IsMissing);
    let item = item
        .fold(Shape::new("TextItemWhere", &format!("Questions to a text in a list; {all}")), |shape, operator| {
            shape.with(operator.name(), &operand_type(operator, Type::Text), operator.description())
        });
    [
        of(value_type(Type::Text), Type::Text, "a text, compared letter by letter"),
        of(value_type(Type::Int), Type::Int, "a whole number of up to 64 bits"),
        of(value_type(Type::Double), Type::Double, "a decimal number"),
        of(value_type(Type::Bool), Type::Bool, "a value that is true or false"),
        of(value_type(Type::Timestamp), Type::Timestamp, "a moment; a date is the moment at which it begins in UTC"),
        of(value_type(Type::List(Item::Text)), Type::List(Item::Text), "a list of texts"),
        item,
    ]
}

fn operand_type(operator: Operator, ty: Type) -> String {
    let (scalar, range) = match ty {
        Type::List(item) => scalar(item.ty().unwrap_or(Type::Text)),
        ty => scalar(ty),
    };
    match operator.operand() {
        Operand::Value => scalar.to_owned(),
        Operand::Values => format!("[{scalar}!]"),
        Operand::Range => range.to_owned(),
        Operand::Age => "String".to_owned(),
        Operand::Item => "TextItemWhere".to_owned(),
        Operand::Flag => "Boolean".to_owned(),
    }
}

fn ranges() -> [Shape; 3] {
    [Type::Int, Type::Double, Type::Timestamp].map(|ty| {
        let (scalar, range) = scalar(ty);
        let ty = format!("{scalar}!");
        Shape::new(range, "From one value to another, both included.").with("from", &ty, "The least.").with(
            "to",
            &ty,
            "The greatest.",
        )
    })
}

fn definitions() -> [Shape; 2] {
    let category = Shape::new("CategoryWhere", "What is asked of a dealer's value in a category group.")
        .with("key", "String!", "The group's key.")
        .with("value", "TextWhere", "The dealer's value.")
        .with("rank", "IntegerWhere", "The place of the value in the group's order, 0 for the first.");
    let custom =
        Shape::new("CustomWhere", "What is asked of a custom field: its key and one question, by the field's type.")
            .with("key", "String!", "The field's key.")
            .with("text", "TextWhere", "Of a text or a choice.")
            .with("integer", "IntegerWhere", "Of a whole number.")
            .with("decimal", "DecimalWhere", "Of a decimal number.")
            .with("boolean", "BooleanWhere", "Of a value that is true or false.")
            .with("moment", "MomentWhere", "Of a date or a date with time.")
            .with("texts", "TextsWhere", "Of a multiple choice.");
    [category, custom]
}
