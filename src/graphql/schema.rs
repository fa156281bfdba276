//! The schema, put together from the rooms' queries and mutations, behind the guard.

use async_graphql::{EmptySubscription, MergedObject, Schema};

use super::guard::{Guard, Limits};
use super::interfaces::{
    BacktestMutation, BacktestQuery, ExpressionQuery, InterfaceMutation, InterfaceQuery, PreviewQuery,
};
use super::jobs::{JobMutation, JobQuery};
use super::leads::{AuditQuery, LeadMutation, LeadQuery, MessageMutation, MessageQuery};
use super::lists::{ListMutation, ListQuery};
use super::network::{CalendarMutation, DealerMutation, DefinitionMutation, NetworkQuery, StaffMutation};
use super::node::NodeQuery;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    NodeQuery,
    LeadQuery,
    ListQuery,
    MessageQuery,
    AuditQuery,
    NetworkQuery,
    InterfaceQuery,
    PreviewQuery,
    BacktestQuery,
    ExpressionQuery,
    JobQuery,
);

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    LeadMutation,
    ListMutation,
    MessageMutation,
    CalendarMutation,
    DealerMutation,
    StaffMutation,
    DefinitionMutation,
    InterfaceMutation,
    BacktestMutation,
    JobMutation,
);

/// The schema with its guard.
pub type BatonSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema behind `limits`.
pub fn build(limits: Limits) -> BatonSchema {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription).extension(Guard::new(limits)).finish()
}
