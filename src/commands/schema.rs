//! `baton schema`: prints the GraphQL schema, as `schema/schema.graphql` has it.

use crate::graphql;
use crate::graphql::guard::Limits;

/// Prints the schema.
pub fn print() {
    print!("{}", graphql::build(Limits::default()).sdl());
}
