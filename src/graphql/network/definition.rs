//! What a tenant adds to the field's own words: category groups and custom fields.

use async_graphql::{Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::domain::{self, Timestamp};

/// What a custom field belongs to.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::field::Subject")]
pub enum FieldSubject {
    /// One copy of a request.
    Lead,
    /// A location that receives leads.
    Dealer,
    /// A staff login.
    User,
}

/// The type of a custom field; fixed once saved.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::field::FieldType")]
pub enum FieldType {
    /// Up to 2,000 characters.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A finite double.
    Decimal,
    /// True or false.
    Boolean,
    /// A day of the calendar, such as `2026-11-21`.
    Date,
    /// A moment, such as `2026-11-21T09:30:00Z`.
    DateTime,
    /// One of the choices.
    Choice,
    /// Any of the choices.
    MultiChoice,
}

/// A value that a choice field may take.
#[derive(SimpleObject)]
pub struct FieldChoice {
    /// As stored and as expressions name it.
    value: String,
    /// As people read it.
    label: String,
}

/// A custom field.
#[derive(Clone)]
pub struct CustomField(pub domain::custom_field::CustomField);

/// A field that the tenant adds to leads, dealers or users.
#[Object]
impl CustomField {
    /// `fld_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it belongs to.
    async fn subject(&self) -> FieldSubject {
        self.0.definition.subject().into()
    }

    /// The name in expressions: `dealer.custom.<key>`.
    async fn key(&self) -> &str {
        self.0.definition.key()
    }

    /// The name for people.
    async fn label(&self) -> &str {
        self.0.definition.label()
    }

    /// The type of its values.
    async fn field_type(&self) -> FieldType {
        self.0.definition.field_type().into()
    }

    /// Whether every write of the subject must leave a value.
    async fn required(&self) -> bool {
        self.0.definition.required()
    }

    /// The allowed values, in order; empty unless the type has choices.
    async fn choices(&self) -> Vec<FieldChoice> {
        let choice =
            |choice: &domain::field::Choice| FieldChoice { value: choice.value.clone(), label: choice.label.clone() };
        self.0.definition.choices().iter().map(choice).collect()
    }

    /// Since when it takes no new values.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at.map(Timestamp::datetime)
    }

    /// Raised by every change; give it as `expectedVersion` so that nobody's change is overwritten.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }
}

/// A category group.
#[derive(Clone)]
pub struct Category(pub domain::category::Category);

/// An ordered group of values for dealers, such as tier = Gold, Silver, Bronze.
#[Object]
impl Category {
    /// `cat_…`
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The name in expressions: `dealer.category.<key>`, and `dealer.category_rank.<key>` for the place in the order.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// The name for people.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// The values, best first.
    async fn choices(&self) -> &[String] {
        &self.0.choices
    }
}
