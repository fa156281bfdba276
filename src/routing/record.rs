//! A lead beside its request and whoever has it, outside a network: what each field of the catalog is worth for it.
//!
//! It says the same as a network does, so that what is shown is what rules read.

use super::fill::{category_rank, dealer_value, user_value};
use super::subject::lead_value;
use crate::domain::category::Category;
use crate::domain::dealer::Dealer;
use crate::domain::field::{CustomValue, FieldDefinition};
use crate::domain::lead::Lead;
use crate::domain::request::Request;
use crate::domain::user::User;
use crate::rules::{FieldSource, Root, Value};

/// What a tenant added to the fields.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// Custom fields of every subject.
    pub fields: &'a [FieldDefinition],
    /// Category groups of dealers.
    pub categories: &'a [Category],
}

/// A copy with what surrounds it.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The copy.
    pub lead: &'a Lead,
    /// What the customer asked for.
    pub request: &'a Request,
    /// The dealer who has it, if it is one.
    pub dealer: Option<&'a Dealer>,
    /// The user who has it, if it is one.
    pub owner: Option<&'a User>,
    /// The names of that user's groups, in order.
    pub groups: &'a [String],
}

impl Record<'_> {
    /// What `look` makes of the value of a stored field of the lead, of its dealer or of its owner; any other field is missing.
    pub fn with_value<T>(
        &self,
        root: Root,
        source: &FieldSource,
        own: Own<'_>,
        look: impl FnOnce(Value<'_>) -> T,
    ) -> T {
        if let FieldSource::Custom(key) = source {
            let custom = self.custom(root, key, own);
            return look(Value::maybe(custom.as_ref()));
        }
        look(match (root, source) {
            (Root::Lead, FieldSource::Lead(field)) => lead_value(self.lead, self.request, *field),
            (Root::LeadDealer, source) => self.dealer.map_or(Value::Missing, |dealer| match source {
                FieldSource::Dealer(field) => dealer_value(dealer, *field),
                FieldSource::Category(key) => Value::maybe(dealer.categories.get(key)),
                FieldSource::CategoryRank(key) => Value::maybe(category_rank(own.categories, key, dealer)),
                _ => Value::Missing,
            }),
            (Root::LeadOwner, FieldSource::User(field)) => {
                self.owner.map_or(Value::Missing, |owner| user_value(owner, self.groups, *field))
            }
            _ => Value::Missing,
        })
    }

    /// The value of a custom field. A stored one that no longer fits its definition is missing.
    pub fn custom(&self, root: Root, key: &str, own: Own<'_>) -> Option<CustomValue> {
        let values = match root {
            Root::Lead => Some(&self.lead.custom),
            Root::LeadDealer => self.dealer.map(|dealer| &dealer.custom),
            Root::LeadOwner => self.owner.map(|owner| &owner.custom),
            Root::Dealer | Root::User | Root::Now => None,
        };
        let is_it = |field: &&FieldDefinition| root.subject() == Some(field.subject()) && field.key() == key;
        let definition = own.fields.iter().find(is_it)?;
        CustomValue::parse(definition, values?.get(key)?).ok()
    }
}
