//! What can be asked of a field, by its type.

use crate::rules::build;
use crate::rules::catalog::{Catalog, Context, Field, FieldId, FieldSource};
use crate::rules::print::print;
use crate::rules::tree::{Kind, Type};

use super::condition::Asked;
use super::read::Reader;

/// One question to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Is this value.
    Eq,
    /// Is another value.
    Ne,
    /// Is one of these values.
    In,
    /// Is none of these values.
    NotIn,
    /// Is less, earlier.
    Lt,
    /// Is at most.
    Lte,
    /// Is more, later.
    Gt,
    /// Is at least.
    Gte,
    /// Lies between two values, both included.
    Between,
    /// Lies at least so long ago.
    OlderThan,
    /// Lies at most so long ago, or ahead.
    NewerThan,
    /// Begins with this text.
    StartsWith,
    /// Ends with this text.
    EndsWith,
    /// Has this text somewhere.
    Contains,
    /// The list has this item.
    Has,
    /// An item of the list is like this.
    Some,
    /// Every item of the list is like this.
    Every,
    /// The list has no item.
    IsEmpty,
    /// There is no value.
    IsMissing,
}

/// What is given with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// One value of the field's type; of a list's items' type.
    Value,
    /// Values of the field's type.
    Values,
    /// An object with `from` and `to`.
    Range,
    /// A span of time, such as `48h`.
    Age,
    /// Questions to an item of the list.
    Item,
    /// True or false.
    Flag,
}

impl Operator {
    /// In the order in which builders show them.
    pub const ALL: [Self; 19] = [
        Self::Eq,
        Self::Ne,
        Self::In,
        Self::NotIn,
        Self::Lt,
        Self::Lte,
        Self::Gt,
        Self::Gte,
        Self::Between,
        Self::OlderThan,
        Self::NewerThan,
        Self::StartsWith,
        Self::EndsWith,
        Self::Contains,
        Self::Has,
        Self::Some,
        Self::Every,
        Self::IsEmpty,
        Self::IsMissing,
    ];

    /// Its name in the input.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::In => "in",
            Self::NotIn => "notIn",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Between => "between",
            Self::OlderThan => "olderThan",
            Self::NewerThan => "newerThan",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
            Self::Has => "has",
            Self::Some => "some",
            Self::Every => "every",
            Self::IsEmpty => "isEmpty",
            Self::IsMissing => "isMissing",
        }
    }

    /// One sentence for people.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Eq => "Is this.",
            Self::Ne => "Has a value, which is not this.",
            Self::In => "Is one of these.",
            Self::NotIn => "Has a value, which is none of these.",
            Self::Lt => "Is less than this; of moments, earlier.",
            Self::Lte => "Is this or less; of moments, or earlier.",
            Self::Gt => "Is more than this; of moments, later.",
            Self::Gte => "Is this or more; of moments, or later.",
            Self::Between => "Lies between two values, both included.",
            Self::OlderThan => "Lies so long ago or longer: `90s`, `48h`, `1h30m`.",
            Self::NewerThan => "Lies less long ago than this, or ahead: `90s`, `48h`, `1h30m`.",
            Self::StartsWith => "Begins with this text, in the same case.",
            Self::EndsWith => "Ends with this text, in the same case.",
            Self::Contains => "Has this text somewhere, in the same case.",
            Self::Has => "Has this item.",
            Self::Some => "Has an item that is like this.",
            Self::Every => "Has only items that are like this; an empty list does.",
            Self::IsEmpty => "True: has no item. False: has one or more.",
            Self::IsMissing => "True: has no value. False: has one.",
        }
    }

    /// What is given with it.
    pub const fn operand(self) -> Operand {
        match self {
            Self::Eq
            | Self::Ne
            | Self::Lt
            | Self::Lte
            | Self::Gt
            | Self::Gte
            | Self::StartsWith
            | Self::EndsWith
            | Self::Contains
            | Self::Has => Operand::Value,
            Self::In | Self::NotIn => Operand::Values,
            Self::Between => Operand::Range,
            Self::OlderThan | Self::NewerThan => Operand::Age,
            Self::Some | Self::Every => Operand::Item,
            Self::IsEmpty | Self::IsMissing => Operand::Flag,
        }
    }

    /// Whether it can be asked of values of this type.
    pub const fn fits(self, ty: Type) -> bool {
        match self {
            Self::IsMissing => true,
            Self::Eq => matches!(ty, Type::Bool | Type::Text | Type::Int | Type::Double | Type::Timestamp),
            Self::Ne | Self::In | Self::NotIn => {
                matches!(ty, Type::Text | Type::Int | Type::Double | Type::Timestamp)
            }
            Self::Lt | Self::Lte | Self::Gt | Self::Gte | Self::Between => {
                matches!(ty, Type::Int | Type::Double | Type::Timestamp)
            }
            Self::OlderThan | Self::NewerThan => matches!(ty, Type::Timestamp),
            Self::StartsWith | Self::EndsWith | Self::Contains => matches!(ty, Type::Text),
            Self::Has | Self::Some | Self::Every | Self::IsEmpty => matches!(ty, Type::List(_)),
        }
    }

    /// Those that can be asked of values of this type.
    pub fn fitting(ty: Type) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |operator| operator.fits(ty))
    }

    /// The question that is asked most of values of this type.
    pub const fn typical(ty: Type) -> Self {
        match ty {
            Type::Int | Type::Double => Self::Gte,
            Type::Timestamp => Self::NewerThan,
            Type::List(_) => Self::Has,
            Type::Bool | Type::Text | Type::Duration | Type::Null => Self::Eq,
        }
    }

    /// The question put to a field in the expression language, with a value made up; `None` where it can't be asked.
    pub fn example(self, id: FieldId, catalog: &Catalog, context: Context) -> Option<String> {
        let field = catalog.field(id).filter(|field| self.fits(field.ty))?;
        // The moment of evaluation is no field of the row, so `has` can't ask for it.
        if self == Self::IsMissing && field.source == FieldSource::Now {
            return None;
        }
        let asked = Asked { term: build::leaf(Kind::Field(id), field.ty), field: Some(id), whole: true };
        let mut reader = Reader::new(catalog, context);
        let term = reader.answer(&asked, self, &self.sample(field))?;
        Some(print(&term, catalog))
    }

    fn sample(self, field: &Field) -> serde_json::Value {
        use serde_json::json;
        let text = field.choices.first().map_or("A", |choice| choice.value.as_str());
        let value = match field.ty {
            Type::Bool => json!(true),
            Type::Int => json!(1),
            Type::Double => json!(4.0),
            Type::Timestamp => json!("2026-01-01T00:00:00Z"),
            _ => json!(text),
        };
        match self.operand() {
            Operand::Value => value,
            Operand::Values => json!([value]),
            Operand::Range => json!({ "from": value, "to": value }),
            Operand::Age => json!("48h"),
            Operand::Item => json!({ "eq": value }),
            Operand::Flag => json!(true),
        }
    }
}
