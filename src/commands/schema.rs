//! `baton schema`: prints the GraphQL schema, as `schema/schema.graphql` has it.

use crate::graphql;

/// Prints the schema.
pub fn print() {
    print!("{}", graphql::sdl());
}
