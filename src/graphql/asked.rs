//! What is asked of an object: where its summary answers all of it, no more is read.

use async_graphql::{Context, SelectionField};

/// Whether only these fields are asked of the object that the field at hand answers.
pub fn of_object(ctx: &Context<'_>, only: &[&str]) -> bool {
    all(ctx.field(), only)
}

/// Whether only these fields are asked of the nodes of the connection that the field at hand answers.
pub fn of_nodes(ctx: &Context<'_>, only: &[&str]) -> bool {
    let connection = ctx.look_ahead();
    let nodes = [connection.field("nodes"), connection.field("edges").field("node")];
    nodes.iter().flat_map(|nodes| nodes.selection_fields()).all(|nodes| all(nodes, only))
}

/// Fragments are looked through whatever their types and directives: rather too much is read than too little.
fn all(object: SelectionField<'_>, only: &[&str]) -> bool {
    object.selection_set().all(|field| only.contains(&field.name()))
}
