//! The schema, put together from the rooms' queries and mutations, behind the guard.

use async_graphql::{EmptySubscription, MergedObject, Schema};

use super::guard::{Guard, Limits};
use super::leads::LeadQuery;
use super::node::NodeQuery;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(NodeQuery, LeadQuery);

/// The schema with its guard.
pub type BatonSchema = Schema<Query, async_graphql::EmptyMutation, EmptySubscription>;

/// The schema behind `limits`.
pub fn build(limits: Limits) -> BatonSchema {
    Schema::build(Query::default(), async_graphql::EmptyMutation, EmptySubscription)
        .extension(Guard::new(limits))
        .finish()
}
