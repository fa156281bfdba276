//! How many objects a field may answer, read from its arguments alone.
//!
//! It resolves variables and their defaults; it never trusts the number to be sensible.

use std::convert::Infallible;

use async_graphql::parser::types::{Field, OperationDefinition};
use async_graphql::{Value, Variables};

/// The variables of one operation: those given, and the defaults of the others.
pub(super) struct Bindings<'a> {
    given: &'a Variables,
    operation: &'a OperationDefinition,
}

impl<'a> Bindings<'a> {
    pub(super) fn new(operation: &'a OperationDefinition, given: &'a Variables) -> Self {
        Self { given, operation }
    }

    /// The larger of `first` and `last`, or the length of `ids`; `None` when none of them is there or tells a
    /// number. A negative number counts as nothing: the resolver refuses it.
    pub(super) fn page_size(&self, field: &Field) -> Option<u64> {
        ["first", "last", "ids"].into_iter().filter_map(|argument| self.size(field, argument)).max()
    }

    /// Whether the field has an argument that a page is asked with.
    pub(super) fn is_paged(field: &Field) -> bool {
        field.get_argument("first").is_some() || field.get_argument("last").is_some()
    }

    fn size(&self, field: &Field, argument: &str) -> Option<u64> {
        let value = field.get_argument(argument)?.node.clone();
        match value.into_const_with(|name| Ok::<_, Infallible>(self.variable(&name))) {
            // As a float, for a number beyond 64 bits is one; the cast stops at both ends.
            Ok(Value::Number(number)) => number.as_f64().map(|number| number as u64),
            Ok(Value::List(items)) => Some(items.len() as u64),
            _ => None,
        }
    }

    fn variable(&self, name: &str) -> Value {
        let default = || {
            let definition = self.operation.variable_definitions.iter().find(|each| each.node.name.node == name)?;
            definition.node.default_value.as_ref().map(|value| &value.node)
        };
        self.given.get(name).or_else(default).cloned().unwrap_or_default()
    }
}
