//! Conditions that are given as data instead of text: `{rating: {gte: 4}, dealer: {brands: {has: "Ford"}}}` (EXPR-7).
//!
//! [`read`] lowers such a condition to the same checked tree that its text would make; [`Operator`] lists what can be asked of a
//! field. Whoever offers the input (the GraphQL schema) generates it from here, so there is one list of fields and operators.

mod condition;
mod literal;
mod operator;
mod read;
#[cfg(test)]
mod tests;

pub use operator::{Operand, Operator};
pub use read::{ABOVE, BELOW, Relation, camel_case, read};
